"""`ccops wfm adherence`: who kept to the roster, by person and day or interval, and who does at this moment."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.output import Output, listing
from ccops.cmd.planning import planning
from ccops.cmd.quantities import duration
from ccops.cmd.run import Run
from ccops.cmd.wfm_common import days, office_of
from ccops.errors import UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.desk.planning.office import Office

ADHERENCE_COLUMNS = columns(
    "start:instant", "day", "agent", "person", "scheduled:duration", "worked:duration", "adherence:rate",
    "conformance:rate", "scheduled_state:state", "state:state", "detail", "since:instant", "until:instant",
    "adherent:flag", extra="in_state:duration",
)  # fmt: skip
_DAYS = ("day", "agent", "person", "scheduled", "worked", "adherence", "conformance", "in_state")
_INTERVALS = ("start", *_DAYS[1:])
_NOW = ("agent", "person", "scheduled_state", "state", "detail", "since", "until", "adherent")


@listing(ADHERENCE_COLUMNS)
@planning()
def show_adherence(
    context: typer.Context,
    out: Output,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First day; without: today.")] = "",
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", metavar="AGENT", help="Only this person.")] = None,
    interval: Annotated[str, typer.Option("--interval", metavar="TIME", help="day, or a length such as 30m.")] = "day",
    live: Annotated[bool, typer.Option("--live", help="Who should be and who is in which state now.")] = False,
) -> None:
    """Say who kept to the published roster.

    Adherence is the time in the scheduled state / scheduled time, conformance worked / scheduled time; what is to
    come does not count. Of static members the log does not tell when they were there: theirs is null. --live compares
    with the state of this moment.
    """
    run = Run.of(context)
    office = office_of(run)
    who = None if agent is None else office.team().person(agent).id
    if live:
        if first or last:
            raise UsageProblem(_("--live is now; --from and --to are not."), remedy=_("Leave one of them out."))
        _print(out, _NOW, [row for row in _live(run, office) if who in (None, row["person"])])
        return
    span = days(first, last, office.today())
    rows = _past(run, office, span, who, interval)
    _print(out, _DAYS if interval == "day" else _INTERVALS, rows)


def _print(out: Output, names: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    """Print only the columns that this question has."""
    if not out.fields:
        known = {column.name: column for column in out.columns}
        out.columns = [known[name] for name in names]
    out.listing({name: row[name] for name in names} for row in rows)


def _past(run: Run, office: "Office", span: tuple[date, date], who: str | None, interval: str) -> list[dict[str, Any]]:
    from ccops.desk.planning.following import adherence

    seconds = 0
    if interval != "day":
        seconds = round(duration("--interval", interval, unit=True))
        if seconds < 60:
            raise UsageProblem(_("--interval: {text} is too short.").format(text=interval))
    return [_plain(run, row) for row in adherence(office, *span, who, seconds)]


def _live(run: Run, office: "Office") -> list[dict[str, Any]]:
    from ccops.desk.planning.following import present

    has_pbx = bool(run.settings.ami.username) or run.settings.daemon.socket.exists()
    board = run.board() if has_pbx and office.away is None else None  # the daemon looks at its own
    found = []
    for row in present(office, board):
        renamed = {**row, "agent": row["name"], "scheduled_state": row["scheduled"], "detail": row["detail"] or None}
        found.append(_plain(run, renamed))
    return found


def _plain(run: Run, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with days and instants as text."""
    found = dict(row)
    for name in ("start", "since", "until"):
        at = found.get(name)
        if at is not None:
            found[name] = datetime.fromtimestamp(at, UTC).astimezone(run.zone).isoformat("T", "seconds")
    if isinstance(found.get("day"), date):
        found["day"] = found["day"].isoformat()
    for name in ("adherence", "conformance"):
        if found.get(name) is not None:
            found[name] = round(found[name], 6)
    return found
