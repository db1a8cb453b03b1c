"""Leave that is asked for and shifts that are offered, with what they would do; approved and denied by right."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from ccops.desk.planning.leave import Capacity, Leaves
from ccops.desk.planning.office import Office
from ccops.desk.planning.rosters import Rosters
from ccops.desk.planning.swaps import Swaps
from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _
from ccops.store.planning import LeaveRow, SwapRow
from ccops.tui.schedule.asks import AskLeave, Ill, Lack, Lacks, Noted, Offer, OpenShift, Take, Takers, Withdraw, Without
from ccops.tui.schedule.errands import Candidate, Candidates, Decide, Request
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


def decide(office: Office, errand: Decide | Take | Withdraw) -> None:
    """Change a request; raises `Short` for leave that the cover does not allow, and what the office raises."""
    if isinstance(errand, Take):
        swaps = Swaps(office)
        row = swaps.get(errand.number)
        swaps.take(errand.number, errand.person, give=_in_return(swaps, row, errand.person))
    elif isinstance(errand, Withdraw):
        room: Leaves | Swaps = Leaves(office) if errand.kind == "leave" else Swaps(office)
        room.withdraw(errand.number, reason=errand.reason)
    elif errand.kind == "swap":
        swaps = Swaps(office)
        (swaps.approve if errand.approve else swaps.deny)(errand.number, reason=errand.reason)
    else:
        _decide_leave(office, errand)


def _decide_leave(office: Office, errand: Decide) -> None:
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


# --- asking ---

Question = Without | AskLeave | Ill | Offer | OpenShift | Takers


def asked(office: Office, errand: Question) -> Lacks | Noted | Candidates:
    """Ask for leave, take a sick call, offer a shift, or say what one of these would do."""
    if isinstance(errand, Without):
        return _lacks(office, errand)
    if isinstance(errand, Takers):
        return _takers(office, errand.number)
    if isinstance(errand, AskLeave):
        return Noted(Leaves(office).request(errand.person, errand.first, errand.last, note=errand.note).leave.id)
    if isinstance(errand, Offer):
        return Noted(Swaps(office).offer(errand.person, errand.day).id)
    if isinstance(errand, OpenShift):
        return Noted(Swaps(office).open_shift(errand.day, errand.shift).id)
    row = Leaves(office).note_sick(errand.person, errand.first, errand.last, note=errand.note)
    return Noted(row.id, works=_works(office, errand))


def _works(office: Office, errand: Ill) -> bool:
    days = Rosters(office).scheduled(errand.first, errand.last)
    return any(row.person == errand.person and row.shift for row in days)


def _lacks(office: Office, errand: Without) -> Lacks:
    row = LeaveRow(0, errand.person, errand.first, errand.last, "sick", "approved", 0.0, "", "", None, "", "")
    found = Leaves(office).capacity(row)
    return Lacks(tuple(Lack(one.day, one.basis == "week", one.before, one.after, one.fits) for one in found))


def _takers(office: Office, number: int) -> Candidates:
    """Return everybody but who offers, those first whose taking it breaks no rule."""
    swaps, team = Swaps(office), office.team()
    row = swaps.get(number)
    found = [Candidate(one.id, _breaks(swaps, team, row, one.id)) for one in team.people if one.id != row.person]
    return Candidates(tuple(sorted(found, key=lambda one: len(one.broken))))


def _breaks(swaps: Swaps, team: Team, row: SwapRow, person: str) -> tuple[str, ...]:
    """Return the rules that somebody's taking an offer breaks; who works on that day gives theirs in return."""
    give = _in_return(swaps, row, person)
    if give is not None and not row.person:
        return ("twice",)
    taken = replace(row, taker=person, taker_day=give)
    return tuple(dict.fromkeys(one.rule for one in swaps.broken(team, swaps.changes(team, taken))))


def _in_return(swaps: Swaps, row: SwapRow, person: str) -> date | None:
    """Return the day of the shift that whoever takes an offer gives in return: the same day, where they work on it."""
    works = any(one.person == person and one.shift for one in swaps.rosters.scheduled(row.day, row.day))
    return row.day if works else None
