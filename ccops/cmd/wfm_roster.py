"""`ccops wfm roster`: rosters made by the solver, looked at, checked, compared."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.lazy import examples
from ccops.cmd.output import Output, Section, listing
from ccops.cmd.planning import planning
from ccops.cmd.quantities import figure
from ccops.cmd.run import Run
from ccops.cmd.wfm_common import (
    NoteOption,
    day,
    office_of,
)
from ccops.cmd.wfm_roster_app import VersionArgument, app
from ccops.cmd.wfm_solving import solving
from ccops.errors import ExitCode, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.desk.planning.rosters import Roster, Rosters
    from ccops.wfm.roster import Fixed
    from ccops.wfm.team.model import Team

MADE_COLUMNS = columns(
    "version:count", "first", "days:count", "state", "penalty:count", "bound:count", "gap:rate", "proved:flag",
    "seconds:seconds", "covered:rate", "missing_hours:count", "required_hours:count", "scheduled_hours:count",
    "paid_hours:count", extra="costs:data",
)  # fmt: skip
SHORTFALL_COLUMNS = columns("kind", "day", "start", "end", "queue", "person", "missing:count", "why")
LIST_COLUMNS = columns(
    "version:count", "first", "last", "state", "at:instant", "who", "note", "penalty:count", "gap:rate",
    extra="published_at:instant published_by base:count team:count",
)  # fmt: skip
DAY_COLUMNS = columns("day", "person", "name", "shift", "start", "end", "queue", "breaks", extra="minutes:count paid")
BROKEN_COLUMNS = columns("person", "name", "rule", "days:list", "text")
DIFF_COLUMNS = columns("day", "person", "name", "before", "after")


@app.command(
    "solve",
    epilog=examples(
        "ccops wfm roster solve --weeks 4",
        "ccops wfm roster solve --weeks 4 --from 2026-03-02 --seconds 120 --json",
        "ccops wfm roster solve --weeks 4 --from 2026-03-02 --keep 7 --until 2026-03-09 --deterministic",
        "ccops wfm roster solve --weeks 1 --fix anna=2026-03-05=early --fix bob=2026-03-06=off",
    ),
)
@listing(MADE_COLUMNS, one=True)
@planning()
def solve_roster(
    context: typer.Context,
    out: Output,
    weeks: Annotated[int, typer.Option("--weeks", metavar="N", min=1, max=13, help="How many weeks.")] = 4,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day; without: next Monday.")] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0.1, max=86400, help="Longest time to search.")
    ] = 60.0,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="Count work instead of time: the same roster on every machine.")
    ] = False,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="VERSION", help="Stay as close as can be to this version.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="With --keep: days before this one stay as they are.")
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(
            "--fix", metavar="PERSON=DAY=SHIFT", help="A day that is settled; SHIFT may be off.", show_default=False
        ),
    ] = None,
    from_csv: Annotated[
        Path | None, typer.Option("--from-csv", metavar="FILE", help="Learn the requirement from this file.")
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option(
            "--simulate", help="Require what people with several skills need together (`require --simulate`)."
        ),
    ] = False,
    note: NoteOption = "",
) -> None:
    """Make a roster and keep it as a draft.

    There always is one: where rules or people do not suffice, the shortfalls say what is missing and why. ctrl+c ends
    the search and keeps the best roster so far. `bound` is what no roster can be better than, `gap` how far off.
    """
    run = Run.of(context)
    from ccops.desk.planning.rosters import Order, Rosters
    from ccops.wfm.plan.weeks import next_monday

    office = office_of(run)
    start = day("--from", first) if first else next_monday(office.today())
    if until and keep is None:
        raise UsageProblem(_("--until says what stays of a version."), remedy=_("Name it with --keep."))
    stays = day("--until", until) if until else None
    fixed = tuple(_fixed(office.team(), text) for text in fix or [])
    order = Order(start, weeks * 7, seconds, deterministic, keep, stays, fixed, from_csv, note, simulate)
    rosters = Rosters(office)
    with solving(run) as watch:
        roster, _result = rosters.solve(order, progress=watch.tell, stop=watch.stopped, note=run.narrator.say)
    if watch.interrupted:
        run.narrator.say(_("Stopped; the best roster so far is kept."))
    out.one(made_record(rosters, roster), [Section("shortfalls", SHORTFALL_COLUMNS)])


def _fixed(team: "Team", text: str) -> "Fixed":
    """Return the settled day of PERSON=DAY=SHIFT."""
    from ccops.wfm.roster import DAY_OFF, Fixed

    person, first, rest = text.partition("=")
    when, second, shift = rest.partition("=")
    if not (first and second and shift.strip()):
        raise UsageProblem(
            _("--fix: “{text}” does not say who, when and what.").format(text=text),
            remedy=_("Write PERSON=DAY=SHIFT, such as anna=2026-03-05=early or anna=2026-03-05=off."),
        )
    name = shift.strip()
    return Fixed(team.person(person.strip()).id, day("--fix", when), DAY_OFF if name.casefold() == "off" else name)


def made_record(rosters: "Rosters", roster: "Roster") -> dict[str, Any]:
    """Return a roster as `solve` and `show` print it."""
    from ccops.wfm.plan.coverage import summary

    document = roster.head.document
    figures: dict[str, Any] = {name: figure(document.get(name)) for name in ("penalty", "bound", "gap")}
    figures |= {name: document.get(name) for name in ("proved", "seconds")}
    return {
        "version": roster.head.id,
        "first": roster.head.first.isoformat(),
        "days": roster.head.days,
        "state": roster.head.state,
        **figures,
        **summary(rosters.plan(roster), roster.rows),
        "costs": document.get("costs", {}),
        "shortfalls": list(document.get("shortfalls", [])),
    }


@app.command("list", epilog=examples("ccops wfm roster list", "ccops wfm roster list --json"))
@listing(LIST_COLUMNS)
@planning()
def list_rosters(context: typer.Context, out: Output) -> None:
    """List the versions, newest first."""
    run = Run.of(context)
    from datetime import timedelta

    from ccops.desk.planning.rosters import Rosters

    office = office_of(run)

    def instant(at: float | None) -> str | None:
        return None if at is None else datetime.fromtimestamp(at, UTC).astimezone(office.zone).isoformat("T", "seconds")

    out.listing(
        {
            "version": head.id,
            "first": head.first.isoformat(),
            "last": (head.first + timedelta(days=head.days - 1)).isoformat(),
            "state": head.state,
            "at": instant(head.at),
            "who": head.who,
            "note": head.note,
            "penalty": head.document.get("penalty"),
            "gap": figure(head.document.get("gap")),
            "published_at": instant(head.published_at),
            "published_by": head.published_by or None,
            "base": head.base,
            "team": head.team,
        }
        for head in Rosters(office).heads()
    )


@app.command(
    "show",
    epilog=examples(
        "ccops wfm roster show",
        "ccops wfm roster show 7 --person anna",
        "ccops wfm roster show --grid",
        "ccops wfm roster show --json",
    ),
)
@listing(DAY_COLUMNS)
@planning()
def show_roster(
    context: typer.Context,
    out: Output,
    version: VersionArgument = None,
    person: Annotated[str | None, typer.Option("--person", metavar="PERSON", help="Only this one.")] = None,
    grid: Annotated[bool, typer.Option("--grid", help="Weeks as a grid of people by days, for people.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Days off too.")] = False,
) -> None:
    """Show who works when."""
    run = Run.of(context)
    from ccops.desk.planning.rosters import Rosters
    from ccops.wfm.publish.papers import day_record

    office = office_of(run)
    roster, team = Rosters(office).get(version), office.team()
    who = None if person is None else team.person(person).id
    if grid:
        from ccops.desk.planning.exports import Export, exported

        run.write(exported(office, roster, Export("table", person=who or "")).decode())
        return
    rows = [row for row in roster.rows if (off or row.shift) and who in (None, row.person)]
    rows.sort(key=lambda row: (row.day, row.start, row.person))
    out.listing({**day_record(team, row), "day": row.day.isoformat()} for row in rows)


@app.command(
    "check",
    epilog=examples(
        "ccops wfm roster check",
        "ccops wfm roster check 7 --json",
        "ccops wfm roster check || mail -s 'roster' planner",
    ),
)
@listing(BROKEN_COLUMNS)
@planning()
def check_roster(context: typer.Context, out: Output, version: VersionArgument = None) -> int:
    """List the hard rules that a roster breaks, with today's team and leave; exit code 1 where it breaks any."""
    run = Run.of(context)
    from ccops.desk.planning.rosters import Rosters

    rosters = Rosters(office_of(run))
    roster, team = rosters.get(version), rosters.office.team()
    broken = rosters.broken(roster)
    out.listing(
        {
            "person": one.person,
            "name": one.person if (member := team.member(one.person)) is None else member.name,
            "rule": one.rule,
            "days": [day_.isoformat() for day_ in one.days],
            "text": one.text,
        }
        for one in broken
    )
    return ExitCode.FAILED if broken else ExitCode.OK


@app.command("diff", epilog=examples("ccops wfm roster diff 7 8", "ccops wfm roster diff 7 8 --json"))
@listing(DIFF_COLUMNS)
@planning()
def compare_rosters(
    context: typer.Context,
    out: Output,
    old: Annotated[int, typer.Argument(metavar="OLD", help="Version before.", show_default=False)],
    new: Annotated[int, typer.Argument(metavar="NEW", help="Version after.", show_default=False)],
) -> None:
    """List the days on which two versions differ."""
    run = Run.of(context)
    from ccops.desk.planning.rosters import Rosters, difference
    from ccops.wfm.publish.papers import cell_text

    rosters = Rosters(office_of(run))
    team = rosters.office.team()
    found = difference(rosters.get(old).rows, rosters.get(new).rows)

    def record(before: Any, after: Any) -> dict[str, Any]:
        row = after or before
        member = team.member(row.person)
        name = row.person if member is None else member.name
        cells = {"before": cell_text(before), "after": cell_text(after)}
        if cells["before"] == cells["after"]:  # only breaks were moved
            cells = {"before": cell_text(before, breaks=True), "after": cell_text(after, breaks=True)}
        return {"day": row.day.isoformat(), "person": row.person, "name": name, **cells}

    out.listing(record(before, after) for before, after in found)
