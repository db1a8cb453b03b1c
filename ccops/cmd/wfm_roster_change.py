"""`ccops wfm roster`: rosters changed by hand, published, written to files and taken in from them."""

from pathlib import Path
from typing import Annotated

import typer

from ccops.cmd.lazy import examples
from ccops.cmd.planning import planning
from ccops.cmd.run import Run
from ccops.cmd.wfm_common import (
    DryRunOption,
    NoteOption,
    PersonArgument,
    ResultOption,
    YesOption,
    ask,
    day,
    done,
    office_of,
)
from ccops.cmd.wfm_roster_app import VersionArgument, app
from ccops.errors import ExitCode
from ccops.i18n import _


@app.command(
    "assign",
    epilog=examples(
        "ccops wfm roster assign anna 2026-03-05 late",
        "ccops wfm roster assign bob 2026-03-06 off --version 7 --json",
    ),
)
@planning()
def assign_shift(
    context: typer.Context,
    person: PersonArgument,
    when: Annotated[str, typer.Argument(metavar="DAY", help="Day of the roster.", show_default=False)],
    shift: Annotated[str, typer.Argument(metavar="SHIFT", help="A shift of the team, or off.", show_default=False)],
    version: Annotated[int | None, typer.Option("--version", metavar="N", help="Without: the newest.")] = None,
    note: NoteOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> int:
    """Change one day of a roster by hand, and keep that as a draft; hard rules that it breaks are told.

    Exit code 1 where rules are broken that held before; the draft is kept all the same.
    """
    run = Run.of(context)
    from ccops.desk.planning.rosters import Rosters
    from ccops.desk.planning.swaps import template
    from ccops.wfm.plan.build import day_row

    rosters = Rosters(office_of(run))
    team = rosters.office.team()
    member, base = team.person(person), rosters.get(version)
    wanted = None if shift.casefold() == "off" else template(team, shift)
    changes = [day_row(member.id, day("DAY", when), wanted, team.interval)]
    if dry_run:
        rosters.office.check("wfm.roster")
        made = rosters.edited(base.head.id, changes)
    else:
        made = rosters.edit(base.head.id, changes, note=note)
    before = {(one.rule, one.days) for one in rosters.broken(base, [member.id])}
    broken = [one for one in rosters.broken(made, [member.id]) if (one.rule, one.days) not in before]
    for one in broken:
        run.narrator.warn(f"{one.person}: {one.text}")
    number = None if dry_run else made.head.id
    record = {"version": number, "base": base.head.id, "person": member.id, "day": when, "shift": shift}
    rules = [{"rule": one.rule, "text": one.text} for one in broken]
    told = _("Nothing was written.") if dry_run else _("Roster {version}: a draft.").format(version=number)
    done(run, told, {**record, "broken": rules, "dry_run": dry_run}, as_json=as_json)
    return ExitCode.FAILED if broken else ExitCode.OK


@app.command(
    "publish",
    epilog=examples("ccops wfm roster publish", "ccops wfm roster publish 7 --yes --json"),
)
@planning()
def publish_roster(
    context: typer.Context,
    version: VersionArgument = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Make a roster the one that holds for its days; calendars tell what changed.

    Hard rules that it breaks are told before; they do not keep it back.
    """
    run = Run.of(context)
    from ccops.desk.planning.rosters import Rosters

    rosters = Rosters(office_of(run))
    roster = rosters.get(version)
    rosters.office.check("wfm.publish")
    roster.publishable()
    broken = rosters.broken(roster)
    for one in broken:
        run.narrator.warn(f"{one.person}: {one.text} ({', '.join(str(item) for item in one.days)})")
    record = {"version": roster.head.id, "first": roster.head.first.isoformat(), "days": roster.head.days}
    record |= {"state": roster.head.state, "changed": None, "broken": len(broken), "dry_run": dry_run}
    if dry_run:
        done(run, _("Roster {version} would be published.").format(version=roster.head.id), record, as_json=as_json)
        return
    question = _("Publish roster {version} ({first}, {days} days)?")
    told = question.format(version=roster.head.id, first=roster.head.first, days=roster.head.days)
    ask(run, told, yes=yes)
    roster, changed = rosters.publish(roster.head.id)
    record |= {"state": roster.head.state, "changed": changed}
    text = _("Roster {version} is published; {count} days changed.")
    done(run, text.format(version=roster.head.id, count=changed), record, as_json=as_json)


@app.command(
    "export",
    epilog=examples(
        "ccops wfm roster export -o roster.pdf",
        "ccops wfm roster export 7 -o anna.ics --person anna",
        "ccops wfm roster export -o /srv/www/rosters/ --calendars",
        "ccops wfm roster export -o roster.json",
    ),
)
@planning()
def export_roster(
    context: typer.Context,
    version: VersionArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Its ending says what: html, pdf, xlsx, csv, md, ics, json."
        ),
    ] = None,
    person: Annotated[str | None, typer.Option("--person", metavar="PERSON", help="Only this one.")] = None,
    calendars: Annotated[
        bool, typer.Option("--calendars", help="A calendar per person into the folder of --output.")
    ] = False,
    as_json: ResultOption = False,
) -> None:
    """Write a roster as a page, a print, a table, calendars, or the file that `import` takes (json).

    Calendars hold what is published, whatever the version: events keep their UID, changed ones have a higher
    SEQUENCE, those that are gone are CANCELLED.
    """
    run = Run.of(context)
    from ccops.desk.planning.exports import write_export

    office = office_of(run)
    who = "" if person is None else office.team().person(person).id
    written = write_export(office, version, output, person=who, calendars=calendars, form="json" if as_json else "csv")
    if written.content is not None:
        run.write(written.content.decode())
        return
    paths = [str(path) for path in written.paths]
    done(run, "\n".join(paths), {"version": written.version, "files": paths}, as_json=as_json)


@app.command(
    "import",
    epilog=examples("ccops wfm roster import roster.json", "ccops wfm roster import roster.json --dry-run --json"),
)
@planning()
def import_roster(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `export` wrote as json.", show_default=False)],
    note: NoteOption = "",
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Take in a roster that `export` wrote, as a draft; one of another version of ccops is refused whole."""
    run = Run.of(context)
    from ccops.desk.planning.exports import take_roster

    roster, days = take_roster(office_of(run), file, note=note, dry_run=dry_run)
    record = {"version": None if roster is None else roster.head.id, "days": days, "dry_run": dry_run}
    text = _("Roster {version}: a draft of {days} days.") if roster is not None else _("{days} days; nothing written.")
    done(run, text.format(version=record["version"], days=days), record, as_json=as_json)
