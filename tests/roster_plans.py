"""Small plans of every kind for the roster tests, drawn by hypothesis or by hand."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ccops.wfm.roster import (
    DAY_OFF,
    Before,
    Break,
    Contract,
    Fixed,
    Kept,
    Leave,
    Person,
    Plan,
    QueueNeed,
    Shift,
    ShiftNeed,
    Wish,
)

MONDAY = date(2026, 3, 2)
EARLY = Shift("E", 6 * 60, 480)
LATE = Shift("L", 14 * 60, 480, not_next_day=frozenset({"E"}))
SHORT = Shift("S", 8 * 60, 240)


def days(count: int) -> list[date]:
    """Return the first days from MONDAY on."""
    return [MONDAY + timedelta(days=day) for day in range(count)]


@st.composite
def contracts(draw: Callable[..., Any], name: str, length: int) -> Contract:
    """Draw rules that may bite, and may not hold together."""
    few = st.none() | st.integers(1, length)
    most = draw(few)
    return Contract(
        name,
        max_minutes=None if most is None else most * 480,
        min_minutes=draw(st.sampled_from([0, 240, 480])) if most is None else 0,
        week_max=draw(st.none() | st.sampled_from([960, 1440, 1500])),
        week_min=draw(st.sampled_from([0, 0, 300])),
        day_max=draw(st.sampled_from([None, None, 300])),
        max_days_in_row=draw(st.integers(2, 5)),
        min_days_in_row=draw(st.integers(1, 2)),
        min_days_off=draw(st.integers(1, 2)),
        max_weekends=draw(st.sampled_from([None, 0, 1])),
        min_rest=draw(st.sampled_from([0, 660, 960])),
        max_shifts=draw(st.sampled_from([{}, {"L": 2}, {"E": 1, "S": 0}])),
    )


@st.composite
def shift_plans(draw: Callable[..., Any], people: int = 2, length: int = 7, start: date = MONDAY) -> Plan:
    """Draw a plan with needs per shift."""
    shifts = (EARLY, LATE, SHORT)[: draw(st.integers(1, 2))]
    names = [shift.name for shift in shifts]
    inside = [start + timedelta(days=day) for day in range(length)]
    who = [f"p{number}" for number in range(people)]
    some_day, some_one = st.sampled_from(inside), st.sampled_from(who)
    rules = [draw(contracts(f"c{number}", length)) for number in range(people)]
    shown = [
        Contract(**{**_fields(one), "max_shifts": {k: v for k, v in one.max_shifts.items() if k in names}})
        for one in rules
    ]
    fitting = [Shift(one.name, one.start, one.minutes, not_next_day=one.not_next_day & set(names)) for one in shifts]
    wishes = st.builds(Wish, some_one, some_day, st.sampled_from([*names, DAY_OFF]), st.integers(1, 9), st.booleans())
    needs = [
        ShiftNeed(day, name, draw(st.integers(0, people)), draw(st.sampled_from([3, 20])), 1)
        for day in inside
        for name in names
    ]
    fixed = draw(st.lists(st.tuples(some_one, some_day, st.sampled_from([*names, DAY_OFF])), max_size=1))
    worked = draw(st.integers(0, 2))
    return Plan(
        start,
        length,
        tuple(fitting),
        tuple(shown),
        tuple(Person(name, f"c{number}") for number, name in enumerate(who)),
        leave=tuple(draw(st.lists(st.builds(Leave, some_one, some_day, st.just(480)), max_size=1))),
        wishes=tuple(draw(st.lists(wishes, max_size=4))),
        fixed=tuple(Fixed(*one) for one in fixed),
        shift_needs=tuple(needs),
        before=draw(st.sampled_from([(), (Before("p0", worked, 0 if worked else 1, names[0] if worked else ""),)])),
        kept=tuple(draw(st.lists(st.builds(Kept, some_one, some_day, st.sampled_from(names)), max_size=2))),
    )


def _fields(contract: Contract) -> dict[str, Any]:
    return {name: getattr(contract, name) for name in contract.__dataclass_fields__}


@st.composite
def queue_plans(draw: Callable[..., Any], people: int = 3, length: int = 3) -> Plan:
    """Draw a plan with two queues, breaks, and an interval of two hours: few places, every kind of sharing out."""
    interval = 120
    rest = Break("rest", 120, 120, draw(st.sampled_from([120, 240])), paid=draw(st.booleans()))
    shifts = (Shift("D", 8 * 60, 480, (rest,)), Shift("N", 20 * 60, 480))[: draw(st.integers(1, 2))]
    slots = 1440 // interval
    tables = [
        np.array(draw(st.lists(st.integers(0, 2), min_size=slots * length, max_size=slots * length)), float)
        for _queue in range(2)
    ]
    skills = st.sampled_from([frozenset("a"), frozenset("b"), frozenset("ab")])
    contract = Contract(
        "c", max_days_in_row=draw(st.integers(1, 3)), min_rest=draw(st.sampled_from([0, 660])), max_weekends=None
    )
    return Plan(
        MONDAY,
        length,
        shifts,
        (contract,),
        tuple(Person(f"p{number}", "c", draw(skills)) for number in range(people)),
        wishes=tuple(
            Wish(f"p{draw(st.integers(0, people - 1))}", day, DAY_OFF, 7) for day in days(length) if draw(st.booleans())
        ),
        queue_needs=(
            QueueNeed("a", tables[0].reshape(length, slots), 10.0),
            QueueNeed("b", tables[1].reshape(length, slots), draw(st.sampled_from([4.0, 10.0]))),
        ),
        interval=interval,
        pay=draw(st.sampled_from([0.0, 1.0])),
    )
