"""`ccops wfm leave` and `sick`: asked for, measured against what is needed, decided; the rest solved anew."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.planning import planning
from ccops.cmd.run import Run
from ccops.cmd.wfm_common import (
    DryRunOption,
    NoteOption,
    PersonArgument,
    ReasonOption,
    ResultOption,
    YesOption,
    days,
    done,
    known_state,
    office_of,
)
from ccops.cmd.wfm_solving import solving
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.desk.planning.leave import Asked
    from ccops.store.planning import DayRow, LeaveRow
    from ccops.wfm.roster import Result

app = noun("Leave: ask for it, decide on it, see who is away.")

LEAVE_COLUMNS = columns("leave:count", "person", "first", "last", "kind", "state", "note", "decided_by", "reason")

FromOption = Annotated[str, typer.Option("--from", metavar="DAY", help="First day away; without: today.")]
ToOption = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day away; without: the first.")]
NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="Of the leave, see `list`.", show_default=False)]


def leave_record(row: "LeaveRow") -> dict[str, Any]:
    """Return a leave as data."""
    return {
        "leave": row.id or None,
        "person": row.person,
        "first": row.first.isoformat(),
        "last": row.last.isoformat(),
        "kind": row.kind,
        "state": row.state,
        "note": row.note or None,
        "decided_by": row.decided_by or None,
        "reason": row.reason or None,
    }


def asked_record(asked: "Asked") -> dict[str, Any]:
    """Return a leave with what it would do to the cover."""
    capacity = [
        {
            "day": one.day.isoformat(),
            "basis": one.basis,
            "missing_before": one.before,
            "missing_after": one.after,
            "fits": one.fits,
        }
        for one in asked.capacity
    ]
    return {**leave_record(asked.leave), "fits": asked.fits, "capacity": capacity}


def _verdict(asked: "Asked") -> str:
    if asked.fits is None:
        return _("nobody can say whether it fits")
    short = sum(one.after - one.before for one in asked.capacity)
    return _("it fits") if asked.fits else _("{hours:.1f} agent hours would be missing").format(hours=short)


@app.command(
    "request",
    epilog=examples(
        "ccops wfm leave request anna --from 2026-03-02 --to 2026-03-06",
        "ccops wfm leave request anna --from 2026-03-02 --note wedding --dry-run --json",
    ),
)
@planning()
def request_leave(
    context: typer.Context,
    person: PersonArgument,
    first: FromOption = "",
    last: ToOption = None,
    note: NoteOption = "",
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: ResultOption = False,
) -> None:
    """Ask for leave, and say what it would do to the cover of these days.

    Days of a published roster are measured by the agent hours missing without this person, later ones by the contract
    hours of the team against the requirement of the week.
    """
    run = Run.of(context)
    from ccops.desk.planning.leave import Leaves

    office = office_of(run)
    asked = Leaves(office).request(person, *days(first, last, office.today()), note=note, dry_run=dry_run)
    record = {**asked_record(asked), "dry_run": dry_run}
    text = _("Leave {number} of {person}, {first} to {last}: {verdict}.").format(
        number=asked.leave.id or "–", person=asked.leave.person, first=asked.leave.first, last=asked.leave.last,
        verdict=_verdict(asked),
    )  # fmt: skip
    done(run, text, record, as_json=as_json)


@app.command(
    "approve",
    epilog=examples(
        "ccops wfm leave approve 3", "ccops wfm leave approve 3 --force --reason 'agreed with lead' --json"
    ),
)
@planning()
def approve_leave(
    context: typer.Context,
    number: NumberArgument,
    force: Annotated[bool, typer.Option("--force", help="Even where agents will be missing.")] = False,
    reason: ReasonOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Approve a leave; published shifts of these days become open shifts.

    Refused where more agents would be missing than are already, unless forced.
    """
    run = Run.of(context)
    from ccops.desk.planning.leave import Leaves

    asked, made = Leaves(office_of(run)).approve(number, force=force, reason=reason, dry_run=dry_run)
    text = _("Leave {number} would be approved: {verdict}.") if dry_run else _("Leave {number} is approved: {verdict}.")
    record = {**asked_record(asked), "rosters": made, "dry_run": dry_run}
    done(run, text.format(number=number, verdict=_verdict(asked)), record, as_json=as_json)


@app.command(
    "deny", epilog=examples("ccops wfm leave deny 3 --reason 'too many away'", "ccops wfm leave deny 3 --json")
)
@planning()
def deny_leave(
    context: typer.Context,
    number: NumberArgument,
    reason: ReasonOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Deny a leave."""
    run = Run.of(context)
    from ccops.desk.planning.leave import Leaves

    row = Leaves(office_of(run)).deny(number, reason=reason, dry_run=dry_run)
    _closed(run, row, dry_run=dry_run, as_json=as_json)


def _closed(run: Run, row: "LeaveRow", *, dry_run: bool, as_json: bool) -> None:
    text = _("Leave {number} would be {state}.") if dry_run else _("Leave {number} is {state}.")
    told = text.format(number=row.id, state=row.state)
    done(run, told, {**leave_record(row), "dry_run": dry_run}, as_json=as_json)


@app.command("withdraw", epilog=examples("ccops wfm leave withdraw 3", "ccops wfm leave withdraw 3 --json"))
@planning()
def withdraw_leave(
    context: typer.Context,
    number: NumberArgument,
    reason: ReasonOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Take a leave back; shifts that were given away stay with whoever has them."""
    run = Run.of(context)
    from ccops.desk.planning.leave import Leaves

    row = Leaves(office_of(run)).withdraw(number, reason=reason, dry_run=dry_run)
    _closed(run, row, dry_run=dry_run, as_json=as_json)


@app.command("list", epilog=examples("ccops wfm leave list", "ccops wfm leave list --state requested --json"))
@listing(LEAVE_COLUMNS)
@planning()
def list_leave(
    context: typer.Context,
    out: Output,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="requested, approved, denied or withdrawn.")
    ] = None,
    person: Annotated[str | None, typer.Option("--person", metavar="PERSON", help="Only this one.")] = None,
) -> None:
    """List leave and sickness, by its first day."""
    run = Run.of(context)
    from ccops.desk.planning.leave import Leaves

    known_state(state, ("requested", "approved", "denied", "withdrawn"))
    office = office_of(run)
    who = None if person is None else office.team().person(person).id
    rows = [row for row in Leaves(office).all() if state in (None, row.state) and who in (None, row.person)]
    out.listing(leave_record(row) for row in rows)


@planning()
def report_sick(
    context: typer.Context,
    person: PersonArgument,
    first: FromOption = "",
    last: ToOption = None,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0.1, max=3600, help="Longest time to search.")
    ] = 15.0,
    no_solve: Annotated[bool, typer.Option("--no-solve", help="Only write it down.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the new roster at once.")] = False,
    deterministic: Annotated[bool, typer.Option("--deterministic", help="Count work instead of time.")] = False,
    note: NoteOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Take a sick call, and solve the published roster anew around it, changing as few other days as can be.

    The result is a draft, to be looked at (`roster diff`) and published. Days before the first one stay as they are.
    """
    run = Run.of(context)
    from ccops.desk.planning.leave import Leaves
    from ccops.desk.planning.rosters import Order, Rosters, difference

    office = office_of(run)
    start, end = days(first, last, office.today())
    order = None if no_solve else Order(start, 1, seconds, deterministic)
    with solving(run) as watch:
        row, roster, result = Leaves(office).sick(
            person, start, end, note=note, order=order, progress=watch.tell, stop=watch.stopped, dry_run=dry_run
        )
    record: dict[str, Any] = {**leave_record(row), "version": None, "changed": None, "published": False}
    text = (
        _("{person} would be sick from {first} to {last}.")
        if dry_run
        else _("{person} is sick from {first} to {last}.")
    )
    told = text.format(person=row.person, first=row.first, last=row.last)
    if roster is not None and result is not None:
        rosters = Rosters(office)
        changed = difference(rosters.get(roster.head.base).rows, roster.rows)
        others = [new for old, new in changed if new is not None and new.person != row.person and _moved(old, new)]
        _warn(run, result)
        if publish:
            rosters.publish(roster.head.id)
        record |= {"version": roster.head.id, "changed": len(others), "published": publish}
        told += " " + _("Roster {version}: {count} days of others changed.").format(
            version=roster.head.id, count=len(others)
        )
    done(run, told, {**record, "dry_run": dry_run}, as_json=as_json)


def _warn(run: Run, result: "Result") -> None:
    """Tell which rules gave way; what falls short of the cover is told by `roster show`."""
    for one in result.shortfalls:
        if one.kind != "cover":
            run.narrator.warn(f"{one.person}: {one.why}" if one.person else one.why)


def _moved(old: "DayRow | None", new: "DayRow") -> bool:
    """Say whether more than breaks changed."""
    return old is None or (old.shift, old.start, old.minutes) != (new.shift, new.start, new.minutes)
