"""Writes a team as the document that the reader takes, and as TOML text: what was read comes back unchanged."""

from collections.abc import Mapping
from typing import Any

from ccops.wfm.roster.model import DAY_OFF, EVERY_DAY, Break, Contract, FreeShift, Shift
from ccops.wfm.team import words
from ccops.wfm.team.model import FORMAT, Activity, Member, QueuePlan, Team, WishRule

Document = dict[str, Any]


def document_of(team: Team) -> Document:
    """Return the document of a team: only what differs from the defaults, JSON values throughout."""
    return _given(
        format=FORMAT,
        settings=_settings(team),
        queues={queue.name: _queue(queue) for queue in team.queues},
        contracts={contract.name: _contract(contract) for contract in team.contracts},
        shifts={shift.name: _shift(shift) for shift in team.shifts},
        free_shifts={shift.name: _free_shift(shift) for shift in team.free_shifts},
        fairness={
            fair.name: _given(shifts=sorted(fair.shifts), weekdays=_days(fair.weekdays), weight=fair.weight)
            for fair in team.fairness
        },
        days={
            special.day.isoformat(): _given(name=special.name, closed=special.closed or None, factor=special.factor)
            for special in team.days
        },
        activities=[_activity(activity) for activity in team.activities],
        people={person.id: _member(person) for person in team.people},
    )


def toml_of(team: Team) -> str:
    """Return the TOML file of a team."""
    import tomlkit

    return tomlkit.dumps(document_of(team))


def _given(**values: Any) -> Document:
    """Return what is there; empty parts and None are left out."""
    return {key.rstrip("_"): value for key, value in values.items() if value not in (None, {}, [], "")}


def _settings(team: Team) -> Document:
    return _given(
        interval=team.interval,
        target=words.target_text(team.target),
        shrinkage=team.shrinkage,
        max_occupancy=team.max_occupancy,
        stability=team.stability,
    )


def _queue(queue: QueuePlan) -> Document:
    return _given(
        target=words.target_text(queue.target) if queue.target else None,
        max_occupancy=queue.max_occupancy,
        max_asa=queue.max_asa,
        patience=queue.patience,
        aht=queue.aht,
        shrinkage=queue.shrinkage,
        minimum=queue.minimum or None,
        weight=queue.weight,
    )


def _hours(minutes: int | None) -> float | None:
    return None if not minutes else minutes / 60


def _contract(contract: Contract) -> Document:
    return _given(
        hours_min=_hours(contract.min_minutes),
        hours_max=None if contract.max_minutes is None else contract.max_minutes / 60,
        week_hours_min=_hours(contract.week_min),
        week_hours_max=None if contract.week_max is None else contract.week_max / 60,
        day_hours_max=None if contract.day_max is None else contract.day_max / 60,
        days_in_row_min=contract.min_days_in_row,
        days_in_row_max=contract.max_days_in_row,
        days_off_min=contract.min_days_off,
        weekends_max=contract.max_weekends,
        rest_hours=contract.min_rest / 60,
        shifts_max=dict(contract.max_shifts),
    )


def _days(days: frozenset[int]) -> list[str] | None:
    return None if days == EVERY_DAY else words.weekdays_text(days)


def _break(one: Break, least: int | None = None) -> Document:
    return {
        "name": one.name,
        "minutes": one.minutes,
        "earliest": words.length_text(one.earliest),
        "latest": words.length_text(one.latest),
        "paid": one.paid,
        **({} if least is None else {"from": words.length_text(least)}),
    }


def _shift(shift: Shift) -> Document:
    return _given(
        start=words.clock_text(shift.start),
        length=words.length_text(shift.minutes),
        weekdays=_days(shift.weekdays),
        not_next_day=sorted(shift.not_next_day),
        breaks=[_break(one) for one in shift.breaks],
    )


def _free_shift(free: FreeShift) -> Document:
    return _given(
        earliest=words.clock_text(free.earliest),
        latest=words.clock_text(free.latest),
        shortest=words.length_text(free.shortest),
        longest=words.length_text(free.longest),
        step=words.length_text(free.step),
        weekdays=_days(free.weekdays),
        breaks=[_break(one, least) for least, one in free.breaks],
    )


def _activity(activity: Activity) -> Document:
    return _given(
        name=activity.name,
        start=words.clock_text(activity.start),
        length=words.length_text(activity.minutes),
        day=activity.day.isoformat() if activity.day else None,
        weekdays=words.weekdays_text(activity.weekdays),
        people=list(activity.people),
    )


def _member(person: Member) -> Document:
    found = _given(
        name=person.name,
        agent=person.agent,
        interface=person.interface,
        login=person.login,
        contract=person.contract,
        skills=list(person.skills),
        leave_hours=None if person.leave_minutes is None else person.leave_minutes / 60,
        wishes=[_wish(wish) for wish in person.wishes],
    )
    # A weekday without any span is a day on which nobody may plan this person: it must stay.
    hours = {words.WEEKDAYS[day]: [words.window_text(span) for span in spans] for day, spans in person.hours.items()}
    return found | ({"hours": hours} if hours else {})


def _wish(wish: WishRule) -> Document:
    when: Mapping[str, Any] = (
        {"day": wish.day.isoformat()} if wish.day else {"weekday": words.WEEKDAYS[wish.weekday or 0]}
    )
    shift = words.OFF if wish.shift == DAY_OFF else wish.shift
    return {**when, "shift": shift, "weight": wish.weight, "wanted": wish.wanted}
