"""A generated year of a 50-seat centre as its queue_log: a million visits, about five million lines, from a seed."""

import heapq
import math
import random
from collections.abc import Iterator
from pathlib import Path

START = 1_735_689_600
"""2025-01-01 00:00 UTC."""
DAY = 86_400
SEATS = 50
QUEUES = ("sales", "support", "billing", "orders", "complaints", "账单")
_FAMILY = ("Ana", "Ben", "Chi", "Dora", "王芳", "李雷", "Eva", "Fred", "Gül", "O'Hara")
_PAUSES = ("lunch", "coffee", "meeting", "training", "")
_SHAPE = [0, 0, 0, 0, 0, 0, 1, 4, 9, 13, 14, 12, 9, 10, 12, 12, 10, 7, 5, 3, 2, 1, 0, 0]
"""Arrivals by hour, in proportion."""


def agents() -> list[str]:
    """Return the names of the seats."""
    return [f"{_FAMILY[number % len(_FAMILY)]} {number:02d}" for number in range(SEATS)]


def write_year(path: Path, *, visits: int = 1_000_000, seed: int = 1) -> int:
    """Write the log; return how many lines it has."""
    dice = random.Random(seed)
    lines, number, left = 0, 0, visits
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for day in range(365):
            share = 0.35 if day % 7 in (3, 4) else 1.26  # the year begins on a Wednesday
            today = min(left, round(visits / 365 * share)) if day < 364 else left
            left -= today
            events = sorted(_day(dice, START + day * DAY, today, number), key=_stamp)
            number += today
            stream.writelines(f"{at}|{text}\n" for at, text in events)
            lines += len(events)
    return lines


def _stamp(event: tuple[int, str]) -> int:
    return event[0]


def _day(dice: random.Random, midnight: int, visits: int, number: int) -> Iterator[tuple[int, str]]:
    names = agents()
    for seat, name in enumerate(names):
        yield from _shift(dice, midnight, seat, name)
    free = [(midnight + 7 * 3600, name) for name in names]
    heapq.heapify(free)
    hours = dice.choices(range(24), weights=_SHAPE, k=visits)
    arrivals = sorted(midnight + hour * 3600 + dice.randrange(3600) for hour in hours)
    for place, at in enumerate(arrivals):
        yield from _visit(dice, at, number + place, free)


def _shift(dice: random.Random, midnight: int, seat: int, name: str) -> Iterator[tuple[int, str]]:
    queues = {QUEUES[seat % len(QUEUES)], QUEUES[(seat * 5 + 1) % len(QUEUES)]}
    begin, end = midnight + 25_000 + dice.randrange(1800), midnight + 72_000 + dice.randrange(3600)
    for queue in queues:
        yield begin, f"MANAGER|{queue}|{name}|ADDMEMBER|"
        yield end, f"MANAGER|{queue}|{name}|REMOVEMEMBER|"
    for _pause in range(dice.randrange(3, 6)):
        at = begin + 600 + dice.randrange(40_000)
        until, reason = at + dice.randrange(60, 2400), dice.choice(_PAUSES)
        yield at, f"NONE|NONE|{name}|PAUSEALL|{reason}"
        yield until, f"NONE|NONE|{name}|UNPAUSEALL|"
        for queue in queues:
            yield at, f"NONE|{queue}|{name}|PAUSE|{reason}"
            yield until, f"NONE|{queue}|{name}|UNPAUSE|"


def _visit(dice: random.Random, at: int, number: int, free: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    queue, callid = dice.choice(QUEUES), f"{at}.{number * 3}"
    start = f"{callid}|{queue}|"
    yield at, f"{start}NONE|ENTERQUEUE||{_caller(dice)}|1"
    yield at, f"{start}NONE|DID|8001234{dice.randrange(10)}"
    ready, name = free[0]
    wait, patience = max(0, ready - at), int(-90 * math.log(1 - dice.random()))
    for _ring in range(dice.choice((0, 0, 0, 1, 1, 2))):
        yield at + min(wait, patience), f"{start}{dice.choice(free)[1]}|RINGNOANSWER|{dice.randrange(2, 20)}000"
    if wait > patience:
        verb = dice.choices(("ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY"), weights=(17, 2, 1))[0]
        yield at + patience, f"{start}NONE|{verb}|1|1|{patience}"
        return
    talk = 10 + int(dice.expovariate(1 / 200))
    wait += dice.randrange(2, 9)
    heapq.heapreplace(free, (at + wait + talk + 10, name))
    yield at + wait, f"{start}{name}|CONNECT|{wait}|{at + wait}.{number * 3 + 1}|{min(wait, 8)}"
    end, kind = at + wait + talk, dice.random()
    if kind < 0.04:
        yield end, f"{start}{name}|BLINDTRANSFER|{1000 + dice.randrange(90)}|internal|{wait}|{talk}|1"
    else:
        yield end, f"{start}{name}|{'COMPLETEAGENT' if kind < 0.4 else 'COMPLETECALLER'}|{wait}|{talk}|1"


def _caller(dice: random.Random) -> str:
    return "" if dice.random() < 0.02 else f"0{int(dice.paretovariate(0.9) * 9_000_000) % 10**9:09d}"
