"""`ccops wfm swap`: shifts that change hands, and open shifts."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.planning import planning
from ccops.cmd.run import Run
from ccops.cmd.wfm_common import (
    DryRunOption,
    PersonArgument,
    ReasonOption,
    ResultOption,
    YesOption,
    day,
    done,
    known_state,
    office_of,
)
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.store.planning import SwapRow

app = noun("Swaps and open shifts: offer, take, approve.")

SWAP_COLUMNS = columns(
    "swap:count", "day", "shift", "person", "taker", "taker_day", "state", "decided_by", "reason"
)  # fmt: skip

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="Of the offer, see `list`.", show_default=False)]
DayArgument = Annotated[str, typer.Argument(metavar="DAY", help="Day of the shift.", show_default=False)]


def swap_record(row: "SwapRow") -> dict[str, Any]:
    """Return an offer as data; without a person it is an open shift."""
    return {
        "swap": row.id or None,
        "day": row.day.isoformat(),
        "shift": row.shift,
        "person": row.person or None,
        "taker": row.taker or None,
        "taker_day": row.taker_day.isoformat() if row.taker_day else None,
        "state": row.state,
        "decided_by": row.decided_by or None,
        "reason": row.reason or None,
    }


def _told(run: Run, row: "SwapRow", *, dry_run: bool, as_json: bool, **more: Any) -> None:
    text = _("Offer {number}, {shift} on {day}: {state}.")
    if dry_run:
        text = _("Offer {number}, {shift} on {day}: would be {state}.")
    told = text.format(number=row.id or "–", shift=row.shift, day=row.day, state=row.state)
    done(run, told, {**swap_record(row), **more, "dry_run": dry_run}, as_json=as_json)


@app.command(
    "offer", epilog=examples("ccops wfm swap offer anna 2026-03-03", "ccops wfm swap offer anna 2026-03-03 --json")
)
@planning()
def offer_shift(
    context: typer.Context,
    person: PersonArgument,
    when: DayArgument,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Offer a published shift to the others."""
    run = Run.of(context)
    from ccops.desk.planning.swaps import Swaps

    row = Swaps(office_of(run)).offer(person, day("DAY", when), dry_run=dry_run)
    _told(run, row, dry_run=dry_run, as_json=as_json)


@app.command(
    "open", epilog=examples("ccops wfm swap open 2026-03-03 early", "ccops wfm swap open 2026-03-03 early --json")
)
@planning()
def open_shift(
    context: typer.Context,
    when: DayArgument,
    shift: Annotated[str, typer.Argument(metavar="SHIFT", help="A shift of the team.", show_default=False)],
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Offer a shift that nobody has yet."""
    run = Run.of(context)
    from ccops.desk.planning.swaps import Swaps

    row = Swaps(office_of(run)).open_shift(day("DAY", when), shift, dry_run=dry_run)
    _told(run, row, dry_run=dry_run, as_json=as_json)


@app.command(
    "take",
    epilog=examples("ccops wfm swap take 5 bob --dry-run", "ccops wfm swap take 5 bob --give 2026-03-05 --json"),
)
@planning()
def take_shift(
    context: typer.Context,
    number: NumberArgument,
    person: PersonArgument,
    give: Annotated[
        str | None, typer.Option("--give", metavar="DAY", help="Give one's own shift of this day in return.")
    ] = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Take an offered or open shift; refused where it would break a hard rule of anybody."""
    run = Run.of(context)
    from ccops.desk.planning.swaps import Swaps

    back = None if give is None else day("--give", give)
    row = Swaps(office_of(run)).take(number, person, give=back, dry_run=dry_run)
    _told(run, row, dry_run=dry_run, as_json=as_json)


@app.command("approve", epilog=examples("ccops wfm swap approve 5", "ccops wfm swap approve 5 --json"))
@planning()
def approve_swap(
    context: typer.Context,
    number: NumberArgument,
    reason: ReasonOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Approve what was taken: the roster is changed and published at once, the rules being checked once more."""
    run = Run.of(context)
    from ccops.desk.planning.swaps import Swaps

    row, made = Swaps(office_of(run)).approve(number, reason=reason, dry_run=dry_run)
    _told(run, row, dry_run=dry_run, as_json=as_json, rosters=made)


@app.command(
    "deny", epilog=examples("ccops wfm swap deny 5 --reason 'too few in support'", "ccops wfm swap deny 5 --json")
)
@planning()
def deny_swap(
    context: typer.Context,
    number: NumberArgument,
    reason: ReasonOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Deny what was offered or taken."""
    run = Run.of(context)
    from ccops.desk.planning.swaps import Swaps

    row = Swaps(office_of(run)).deny(number, reason=reason, dry_run=dry_run)
    _told(run, row, dry_run=dry_run, as_json=as_json)


@app.command("withdraw", epilog=examples("ccops wfm swap withdraw 5", "ccops wfm swap withdraw 5 --json"))
@planning()
def withdraw_swap(
    context: typer.Context,
    number: NumberArgument,
    reason: ReasonOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: ResultOption = False,
) -> None:
    """Take an offer back."""
    run = Run.of(context)
    from ccops.desk.planning.swaps import Swaps

    row = Swaps(office_of(run)).withdraw(number, reason=reason, dry_run=dry_run)
    _told(run, row, dry_run=dry_run, as_json=as_json)


@app.command("list", epilog=examples("ccops wfm swap list", "ccops wfm swap list --state offered --json"))
@listing(SWAP_COLUMNS)
@planning()
def list_swaps(
    context: typer.Context,
    out: Output,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="offered, taken, approved, denied or withdrawn.")
    ] = None,
) -> None:
    """List offers and open shifts, by their number."""
    run = Run.of(context)
    from ccops.desk.planning.swaps import Swaps

    known_state(state, ("offered", "taken", "approved", "denied", "withdrawn"))
    out.listing(swap_record(row) for row in Swaps(office_of(run)).all() if state in (None, row.state))
