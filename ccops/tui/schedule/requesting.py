"""Leave that is asked for and shifts that are offered, with what they would do; approved and denied by right."""

from collections.abc import Iterator

from ccops.desk.planning.leave import Capacity, Leaves
from ccops.desk.planning.office import Office
from ccops.desk.planning.swaps import Swaps
from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _
from ccops.store.planning import LeaveRow, SwapRow
from ccops.tui.schedule.errands import Decide, Request
from ccops.wfm.team.model import Team


class Short(CcopsError):
    """The cover does not allow it; it may be forced."""


def waiting(office: Office) -> int:
    """Return how many requests wait for somebody to decide."""
    leave = sum(row.state == "requested" for row in Leaves(office).all())
    return leave + sum(row.state in ("offered", "taken") for row in Swaps(office).all())


def listed(office: Office) -> tuple[Request, ...]:
    """Return what there is to decide on, oldest first."""
    team = office.team()
    rows = [*_leaves(office, team), *_swaps(office, team)]
    return tuple(sorted(rows, key=lambda row: row.at))


def _leaves(office: Office, team: Team) -> Iterator[Request]:
    leaves = Leaves(office)
    for row in leaves.all():
        if row.state == "requested":
            found = leaves.capacity(row)
            fits = all(one.fits for one in found) if found else None
            what = row.note or _("leave")
            yield Request("leave", row.id, row.person, _name(team, row.person), row.first, row.last, what,
                          row.state, _effect(found), fits, row.at, ready=True)  # fmt: skip


def _effect(found: list[Capacity]) -> str:
    lost = sum(max(0.0, one.after - one.before) for one in found)
    if not found:
        return _("nobody knows: no roster, no forecast")
    if all(one.fits for one in found):
        return _("the cover allows it")
    return _("{hours:.1f} more hours missing").format(hours=lost)


def _swaps(office: Office, team: Team) -> Iterator[Request]:
    swaps = Swaps(office)
    for row in swaps.all():
        if row.state in ("offered", "taken"):
            effect, fits = _swap_effect(swaps, team, row)
            yield Request("swap", row.id, row.person, _name(team, row.person), row.day, row.day, _swap_text(team, row),
                          row.state, effect, fits, row.at, ready=row.state == "taken")  # fmt: skip


def _swap_text(team: Team, row: SwapRow) -> str:
    if row.state == "offered":
        return _("offers {shift}").format(shift=row.shift)
    text = _("{shift} to {person}").format(shift=row.shift, person=_name(team, row.taker))
    return text if row.taker_day is None else _("{text}, for {day}").format(text=text, day=row.taker_day)


def _swap_effect(swaps: Swaps, team: Team, row: SwapRow) -> tuple[str, bool | None]:
    if row.state != "taken":
        return _("nobody took it yet"), None
    try:
        broken = swaps.broken(team, swaps.changes(team, row))
    except CcopsError as error:
        return error.message, False
    return ("; ".join(one.text for one in broken), False) if broken else (_("breaks no rule"), True)


def _name(team: Team, person: str) -> str:
    member = team.member(person)
    return member.name if member is not None else person or _("open shift")


# --- deciding ---


def decide(office: Office, errand: Decide) -> None:
    """Approve or deny; raises `Short` for leave that the cover does not allow, and what the office raises."""
    if errand.kind == "swap":
        swaps = Swaps(office)
        if errand.approve:
            swaps.approve(errand.number, reason=errand.reason)
        else:
            swaps.deny(errand.number, reason=errand.reason)
        return
    leaves = Leaves(office)
    if not errand.approve:
        leaves.deny(errand.number, reason=errand.reason)
        return
    row = leaves.get(errand.number)
    _may(office, row, errand)
    try:
        leaves.approve(errand.number, force=errand.force, reason=errand.reason)
    except UsageProblem:
        raise
    except CcopsError as error:
        if type(error) is CcopsError and not errand.force:
            raise Short(error.message, remedy=error.remedy) from error
        raise


def _may(office: Office, row: LeaveRow, errand: Decide) -> None:
    """Refuse before the cover is worked out: who may not decide need not be told what would be missing."""
    office.check("wfm.leave.decide", office.team().member(row.person), errand.reason)
