"""A made-up centre to roster: three queues, quarter-hour needs by Erlang, breaks, contracts, wishes and leave."""

import random
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ccops.wfm.erlang import Traffic
from ccops.wfm.roster.model import (
    DAY_OFF,
    Break,
    Contract,
    Fairness,
    Leave,
    Person,
    Plan,
    QueueNeed,
    Shift,
    Wish,
)
from ccops.wfm.staffing import agents_needed
from ccops.wfm.targets import ServiceRule, Target

QUEUES = {"sales": 1.0, "support": 0.9, "billing": 0.45}
"""Queue → share of the volume."""
_SKILLS = (
    ({"sales"}, 5),
    ({"support"}, 5),
    ({"billing"}, 2),
    ({"sales", "support"}, 4),
    ({"support", "billing"}, 3),
    ({"sales", "support", "billing"}, 2),
)
_OPEN = {day: (7, 21) if day < 5 else (9, 18) for day in range(7)}
_RULE, _TARGET = ServiceRule("offered", 20), Target(0.8)


def shifts() -> tuple[Shift, ...]:
    """Return full shifts of 8½ hours with lunch and two short breaks, and part-time ones of 5 hours with one break."""
    found = []
    for start in range(7 * 60, 12 * 60 + 31, 30):
        pause = (
            Break("break", 15, 90, 150, paid=True),
            Break("lunch", 30, 210, 300),
            Break("break", 15, 375, 435, paid=True),
        )
        found.append(Shift(f"F{start // 60:02}{start % 60:02}", start, 510, pause))
    short = (Break("break", 15, 120, 180, paid=True),)
    found += [Shift(f"P{start // 60:02}{start % 60:02}", start, 300, short) for start in range(7 * 60, 16 * 60 + 1, 60)]
    return tuple(found)


def _volume(day: int, hour: float) -> float:
    """Return relative calls at an hour of a weekday."""
    begin, end = _OPEN[day]
    if not begin <= hour < end:
        return 0.0
    shape = np.exp(-(((hour - 10.5) / 2.4) ** 2)) + 0.8 * np.exp(-(((hour - 15.5) / 2.8) ** 2)) + 0.25
    return float(shape * (1.15, 1.05, 1.0, 1.0, 0.95, 0.45, 0.3)[day])


def needs(people: int, weeks: int, first: date, need: float = 1.0) -> tuple[QueueNeed, ...]:
    """Return what each queue needs per quarter hour, scaled to what that many people can give."""
    found = []
    for queue, share in QUEUES.items():
        week = np.array([[_volume((first.weekday() + day) % 7, slot / 4) for slot in range(96)] for day in range(7)])
        calls = week * share * people * 0.5 * need
        agents = agents_needed(Traffic(calls, 900, 240, 120), _TARGET, _RULE)
        found.append(QueueNeed(queue, np.tile(agents.astype(float), (weeks, 1))))
    return tuple(found)


def centre(people: int, weeks: int, first: date, seed: int, part: float = 0.25, need: float = 1.0) -> Plan:
    """Return the plan; the same seed gives the same centre. `part` is the share of part-timers."""
    luck = random.Random(seed)
    contracts = (
        Contract(
            "full",
            week_max=2400,
            week_min=2100,
            max_days_in_row=6,
            min_days_off=1,
            max_weekends=weeks // 2 + 1,
            max_shifts={one.name: 0 for one in shifts() if one.name.startswith("P")},
        ),
        Contract(
            "part",
            week_max=1500,
            week_min=1140,
            max_days_in_row=5,
            min_days_off=1,
            max_weekends=weeks // 2 + 1,
            max_shifts={one.name: 0 for one in shifts() if one.name.startswith("F")},
        ),
    )
    kinds = [skills for skills, weight in _SKILLS for _one in range(weight)]
    team = [
        Person(f"a{number:02}", "part" if luck.random() > 1 - part else "full", frozenset(luck.choice(kinds)))
        for number in range(people)
    ]
    days = [first + timedelta(days=day) for day in range(7 * weeks)]
    names = {
        "full": [one.name for one in shifts() if one.name.startswith("F")],
        "part": [one.name for one in shifts() if one.name.startswith("P")],
    }
    leave, wishes = [], []
    for person in team:
        if luck.random() < 0.2:
            begin = luck.randrange(len(days) - 4)
            paid = 480 if person.contract == "full" else 285
            leave += [Leave(person.id, day, paid) for day in days[begin : begin + 5] if day.weekday() < 5]
        for _wish in range(2):
            wishes.append(Wish(person.id, luck.choice(days), DAY_OFF, 15))
            wishes.append(Wish(person.id, luck.choice(days), luck.choice(names[person.contract]), 5))
    late = frozenset(name for name in ("F1200", "F1230", "P1600"))
    return Plan(
        first,
        7 * weeks,
        shifts(),
        contracts,
        tuple(team),
        leave=tuple(leave),
        wishes=tuple(wishes),
        queue_needs=needs(people, weeks, first, need),
        fairness=(Fairness("late", late, weight=2.0),),
        zone=ZoneInfo("Europe/Vienna"),
    )
