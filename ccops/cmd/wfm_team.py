"""`ccops wfm team`: the people, contracts, shifts and queues that planning works with."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ccops.cmd.columns import columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, Section, listing
from ccops.cmd.planning import planning
from ccops.cmd.run import Run
from ccops.cmd.wfm_common import DryRunOption, NoteOption, ResultOption, YesOption, done, office_of
from ccops.errors import UsageProblem
from ccops.i18n import _

app = noun("The team: people, contracts, shifts, queues, special days.")

PEOPLE_COLUMNS = columns("person", "name", "contract", "skills:list", "agent", extra="interface login wishes:count")
TEAM_COLUMNS = columns(
    "version:count", "people:count", "contracts:list", "shifts:list", "queues:list", "interval:count", "target",
    "shrinkage:rate", "special_days:count",
)  # fmt: skip
VERSION_COLUMNS = columns("version:count", "at:instant", "who", "note", "people:count")

_FILE = typer.Argument(metavar="FILE", help="TOML is a whole team, CSV the people of the team.", show_default=False)


@app.command(
    "import",
    epilog=examples(
        "ccops wfm team import team.toml --dry-run",
        "ccops wfm team import team.toml --note 'new contracts'",
        "ccops wfm team import people.csv --json",
    ),
)
@planning()
def import_team(
    context: typer.Context,
    file: Annotated[Path, _FILE],
    note: NoteOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Take a team in as a new version; everything that is wrong with the file is named, and nothing is taken then."""
    run = Run.of(context)
    from ccops.desk.planning.teams import import_team as take

    taken = take(office_of(run), file, note=note, dry_run=dry_run)
    record = {
        "version": taken.version,
        "people": len(taken.team.people),
        "changes": list(taken.changes),
        "dry_run": dry_run,
    }
    if taken.version is not None:
        text = _("Version {version}: {people} people, {count} changes.")
    else:
        text = _("{people} people, {count} changes; nothing was written.")
    told = text.format(version=taken.version, people=len(taken.team.people), count=len(taken.changes))
    done(run, told, record, as_json=as_json)


@app.command(
    "export",
    epilog=examples(
        "ccops wfm team export > team.toml",
        "ccops wfm team export -o people.csv",
        "ccops wfm team export --version 3 -o before.toml",
    ),
)
@planning()
def export_team(
    context: typer.Context,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="TOML or CSV.")] = None,
    version: Annotated[int | None, typer.Option("--version", metavar="N", help="An older version.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole team as one object.")] = False,
) -> None:
    """Write the team as the file that `import` takes: TOML, or the people alone as CSV."""
    run = Run.of(context)
    from ccops.cmd.formats import json_text
    from ccops.wfm.team.write import document_of, toml_of

    team = office_of(run).team(version)
    text = json_text(document_of(team)) if as_json else toml_of(team)
    if output is not None and output.suffix.casefold() == ".csv":
        from ccops.wfm.team.people_csv import people_csv

        text = people_csv(team)
    elif output is not None and output.suffix.casefold() not in (".toml", ".json"):
        raise UsageProblem(_("“{path}” is neither .toml nor .csv.").format(path=output))
    if output is None:
        run.write(text)
        return
    output.write_text(text, encoding="utf-8", newline="")
    run.narrator.say(_("{path}: written.").format(path=output))


@app.command("show", epilog=examples("ccops wfm team show", "ccops wfm team show --json"))
@listing(TEAM_COLUMNS, one=True)
@planning()
def show_team(context: typer.Context, out: Output) -> None:
    """Show the team: what it consists of, and its people."""
    run = Run.of(context)
    from ccops.wfm.team.words import target_text

    version, team = office_of(run).team_version()
    record = {
        "version": version,
        "people": len(team.people),
        "contracts": [contract.name for contract in team.contracts],
        "shifts": [*(shift.name for shift in team.shifts), *(shift.name for shift in team.free_shifts)],
        "queues": list(team.queue_names()),
        "interval": team.interval,
        "target": target_text(team.target),
        "shrinkage": team.shrinkage,
        "special_days": len(team.days),
        "members": [
            {
                "person": one.id,
                "name": one.name,
                "contract": one.contract,
                "skills": list(one.skills),
                "agent": one.agent or None,
                "interface": one.interface or None,
                "login": one.login or None,
                "wishes": len(one.wishes),
            }
            for one in team.people
        ],
    }
    out.one(record, [Section("members", PEOPLE_COLUMNS)])


@app.command("list", epilog=examples("ccops wfm team list", "ccops wfm team list --json"))
@listing(VERSION_COLUMNS)
@planning()
def list_versions(context: typer.Context, out: Output) -> None:
    """List the versions of the team, newest first."""
    run = Run.of(context)
    from ccops.desk.planning.teams import versions

    office = office_of(run)
    out.listing(
        {
            "version": one.id,
            "at": datetime.fromtimestamp(one.at, UTC).astimezone(office.zone).isoformat(timespec="seconds"),
            "who": one.who,
            "note": one.note,
            "people": len(one.document.get("people", {})),
        }
        for one in versions(office)
    )
