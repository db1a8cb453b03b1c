"""Refuses plans that contradict themselves, by name; what merely cannot be met is no error here."""

from collections import Counter
from collections.abc import Iterable

from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.wfm.roster.model import DAY_OFF, Break, Contract, FreeShift, Plan, Shift

_DAY = 24 * 60


def check_plan(plan: Plan) -> None:
    """Raise UsageProblem for the first contradiction."""
    if plan.days < 1:
        raise UsageProblem(_("A roster of {days} days cannot be made.").format(days=plan.days))
    if not plan.people:
        raise UsageProblem(_("Nobody is on the team."), remedy=_("Add at least one person."))
    if not plan.all_shifts():
        raise UsageProblem(_("There is no shift to work."), remedy=_("Add a shift template or a free shift."))
    _once(_("person"), (person.id for person in plan.people))
    _once(_("contract"), (contract.name for contract in plan.contracts))
    _once(_("shift"), (shift.name for shift in plan.all_shifts()))
    for shift in plan.all_shifts():
        _check_shift(shift)
    for free in plan.free_shifts:
        _check_free(free)
    names = {shift.name for shift in plan.all_shifts()}
    for contract in plan.contracts:
        _check_contract(contract)
        _known(_("shift"), contract.max_shifts, names)
    _check_names(plan, names)
    _check_needs(plan)
    _check_fixed(plan)


def _once(kind: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UsageProblem(
            _("The {kind} “{name}” is there twice.").format(kind=kind, name=twice[0]), remedy=_("Rename or remove one.")
        )


def _known(kind: str, wanted: Iterable[str], names: set[str]) -> None:
    for name in wanted:
        if name not in names:
            raise NotFound(kind, name, names)


def _contradiction(what: str, remedy: str) -> UsageProblem:
    return UsageProblem(_("These rules contradict each other: {what}.").format(what=what), remedy=remedy)


def _check_shift(shift: Shift) -> None:
    if not 0 <= shift.start < _DAY or not 0 < shift.minutes <= _DAY:
        raise UsageProblem(
            _("Shift “{name}” starts at minute {start} and lasts {minutes} minutes.").format(
                name=shift.name, start=shift.start, minutes=shift.minutes
            ),
            remedy=_("A shift starts within its day and lasts at most 24 hours."),
        )
    if shift.paid <= 0:
        raise _contradiction(_("shift “{name}” is all breaks").format(name=shift.name), _("Shorten its breaks."))
    ends = 0
    for one in sorted(shift.breaks, key=lambda one: one.earliest):
        _check_break(shift, one, ends)
        ends = one.latest + one.minutes


def _check_break(shift: Shift, one: Break, ends: int) -> None:
    inside = 0 <= one.earliest <= one.latest and one.latest + one.minutes <= shift.minutes and one.minutes > 0
    if not inside:
        raise _contradiction(
            _("break “{name}” does not lie inside shift “{shift}”").format(name=one.name, shift=shift.name),
            _("Give it a window between the start and the end of the shift."),
        )
    if one.earliest < ends:
        raise _contradiction(
            _("break “{name}” of shift “{shift}” may overlap the one before").format(name=one.name, shift=shift.name),
            _("Give the breaks windows one after the other."),
        )


def _check_free(free: FreeShift) -> None:
    if free.step < 1 or free.latest < free.earliest or free.longest < free.shortest:
        raise _contradiction(
            _("free shift “{name}” has a latest before its earliest, or a longest below its shortest").format(
                name=free.name
            ),
            _("Turn the bounds round."),
        )


def _check_contract(contract: Contract) -> None:
    pairs = (
        (contract.min_minutes, contract.max_minutes, _("hours of the period")),
        (contract.week_min, contract.week_max, _("hours of a week")),
        (contract.min_days_in_row, contract.max_days_in_row, _("days in a row")),
    )
    for least, most, what in pairs:
        if most is not None and least > most:
            raise _contradiction(
                _("contract “{name}” asks for at least {least} and at most {most} ({what})").format(
                    name=contract.name, least=least, most=most, what=what
                ),
                _("Make the least the smaller one."),
            )
    if contract.max_days_in_row < 1 or contract.min_days_off < 1 or contract.min_days_in_row < 1:
        raise _contradiction(
            _("contract “{name}” has a run of less than one day").format(name=contract.name), _("Use 1 or more.")
        )


def _check_names(plan: Plan, shifts: set[str]) -> None:
    people = {person.id for person in plan.people}
    _known(_("contract"), (person.contract for person in plan.people), {one.name for one in plan.contracts})
    for part in (plan.leave, plan.wishes, plan.fixed, plan.before, plan.kept):
        _known(_("person"), (one.person for one in part), people)
    for shift in plan.all_shifts():
        _known(_("shift"), shift.not_next_day, shifts)
    for named in (plan.wishes, plan.fixed, plan.kept):
        _known(_("shift"), (one.shift for one in named if one.shift != DAY_OFF), shifts)
    _known(_("shift"), (one.last_shift for one in plan.before if one.last_shift != DAY_OFF), shifts)
    _known(_("shift"), (need.shift for need in plan.shift_needs), shifts)
    for fair in plan.fairness:
        _known(_("shift"), fair.shifts, shifts)


def _check_needs(plan: Plan) -> None:
    if plan.shift_needs and plan.queue_needs:
        raise _contradiction(
            _("the need is given per shift and per queue"), _("Give one of them; the other follows from it.")
        )
    _once(_("queue"), (need.queue for need in plan.queue_needs))
    if plan.queue_needs and (plan.interval < 1 or _DAY % plan.interval):
        raise UsageProblem(_("An interval of {minutes} minutes does not divide a day.").format(minutes=plan.interval))
    wanted = (plan.days, _DAY // max(1, plan.interval))
    for need in plan.queue_needs:
        if need.agents.shape != wanted or not (need.agents >= 0).all():
            raise UsageProblem(
                _(
                    "The need of queue “{name}” is no table of {days} days × {intervals} intervals, 0 or more each."
                ).format(name=need.queue, days=wanted[0], intervals=wanted[1])
            )
    if plan.queue_needs:
        _check_grid(plan)


def _check_grid(plan: Plan) -> None:
    for shift in plan.all_shifts():
        lengths = [shift.start, shift.minutes]
        lengths += [part for one in shift.breaks for part in (one.minutes, one.earliest, one.latest)]
        if any(length % plan.interval for length in lengths):
            raise UsageProblem(
                _("Shift “{name}” does not fit the grid of {minutes} minutes.").format(
                    name=shift.name, minutes=plan.interval
                ),
                remedy=_("Round its times, or use a finer interval."),
            )


def _check_fixed(plan: Plan) -> None:
    seen: dict[tuple[str, object], str] = {}
    for fixed in plan.fixed:
        other = seen.setdefault((fixed.person, fixed.day), fixed.shift)
        if other != fixed.shift:
            raise _contradiction(
                _("{person} is fixed to “{one}” and to “{other}” on {day}").format(
                    person=fixed.person, one=other or _("day off"), other=fixed.shift or _("day off"), day=fixed.day
                ),
                _("Keep one of them."),
            )
