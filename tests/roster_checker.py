"""An independent check of rosters: written from the rules as published, sharing nothing with the solver."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from scipy import optimize

from ccops.wfm.roster.model import DAY_OFF, Contract, Person, Plan, Shift
from ccops.wfm.roster.result import Assignment, Result

LEAVE = "on leave"


@dataclass
class Benchmark:
    """A benchmark file, read line by line."""

    days: int = 0
    minutes: dict[str, int] = field(default_factory=dict)
    not_after: dict[str, set[str]] = field(default_factory=dict)
    staff: dict[str, tuple[dict[str, int], list[int]]] = field(default_factory=dict)
    off: dict[str, set[int]] = field(default_factory=dict)
    want: list[tuple[str, int, str, int]] = field(default_factory=list)
    avoid: list[tuple[str, int, str, int]] = field(default_factory=list)
    cover: list[tuple[int, str, int, int, int]] = field(default_factory=list)


def read_benchmark(path: Path) -> Benchmark:
    """Read a benchmark file without the project's own reader."""
    found, section = Benchmark(), ""
    for raw in path.read_text().splitlines():
        line = raw.strip()
        if line.startswith("SECTION_"):
            section = line[8:]
        elif line and line[0] != "#":
            _READERS[section](found, line.split(","))
    return found


def _read_shift(found: Benchmark, cell: list[str]) -> None:
    found.minutes[cell[0]] = int(cell[1])
    found.not_after[cell[0]] = set(filter(None, cell[2].split("|"))) if len(cell) > 2 else set()


def _read_staff(found: Benchmark, cell: list[str]) -> None:
    limits = dict(pair.split("=") for pair in cell[1].split("|"))
    found.staff[cell[0]] = ({name: int(most) for name, most in limits.items()}, [int(c) for c in cell[2:8]])


def _read_wish(into: list[tuple[str, int, str, int]], cell: list[str]) -> None:
    into.append((cell[0], int(cell[1]), cell[2], int(cell[3])))


_READERS: dict[str, Callable[[Benchmark, list[str]], None]] = {
    "HORIZON": lambda found, cell: setattr(found, "days", int(cell[0])),
    "SHIFTS": _read_shift,
    "STAFF": _read_staff,
    "DAYS_OFF": lambda found, cell: found.off.setdefault(cell[0], set()).update(int(day) for day in cell[1:]),
    "SHIFT_ON_REQUESTS": lambda found, cell: _read_wish(found.want, cell),
    "SHIFT_OFF_REQUESTS": lambda found, cell: _read_wish(found.avoid, cell),
    "COVER": lambda found, cell: found.cover.append((int(cell[0]), cell[1], int(cell[2]), int(cell[3]), int(cell[4]))),
}


def broken_rules(file: Benchmark, roster: dict[str, list[str]]) -> list[str]:
    """Return every hard rule that the roster breaks."""
    broken = []
    for name, (limits, numbers) in file.staff.items():
        row = roster.get(name, [])
        if len(row) != file.days:
            broken.append(f"{name}: {len(row)} days")
            continue
        most, least, longest, shortest, rest, weekends = numbers
        worked = [shift for shift in row if shift]
        broken += [f"{name}: unknown {shift}" for shift in worked if shift not in file.minutes]
        broken += [f"{name}: {shift} too often" for shift in set(worked) if worked.count(shift) > limits.get(shift, 0)]
        minutes = sum(file.minutes[shift] for shift in worked)
        if not least <= minutes <= most:
            broken.append(f"{name}: {minutes} minutes")
        broken += [f"{name}: works on day off {day}" for day in file.off.get(name, ()) if row[day]]
        for day in range(1, file.days):
            if row[day - 1] and row[day] in file.not_after[row[day - 1]]:
                broken.append(f"{name}: {row[day]} after {row[day - 1]} on {day}")
        saturdays = range(5, file.days, 7)
        if sum(1 for day in saturdays if row[day] or (day + 1 < file.days and row[day + 1])) > weekends:
            broken.append(f"{name}: weekends")
        broken += [f"{name}: {what}" for what in _bad_runs(row, longest, shortest, rest)]
    return broken


def _bad_runs(row: list[str], longest: int, shortest: int, rest: int) -> list[str]:
    # Leave makes no run too short, be it of work beside it or of days off that hold it.
    text = "".join("-" if shift == LEAVE else "w" if shift else "o" for shift in row)
    bad = []
    if "w" * (longest + 1) in text:
        bad.append("too many days in a row")
    bad += [f"only {length} days of work" for length in range(1, shortest) if "o" + "w" * length + "o" in text]
    bad += [f"only {length} days off" for length in range(1, rest) if "w" + "o" * length + "w" in text]
    return bad


def penalty_of(file: Benchmark, roster: dict[str, list[str]]) -> int:
    """Return the penalty of a roster."""
    total = sum(weight for name, day, shift, weight in file.want if roster[name][day] != shift)
    total += sum(weight for name, day, shift, weight in file.avoid if roster[name][day] == shift)
    for day, shift, required, under, over in file.cover:
        there = sum(1 for row in roster.values() if row[day] == shift)
        total += under * max(0, required - there) + over * max(0, there - required)
    return total


def broken_rules_of_plan(plan: Plan, roster: Result) -> list[str]:
    """Return every hard rule of a plan that a roster of it breaks, breaks inside shifts included."""
    shifts = {shift.name: shift for shift in plan.all_shifts()}
    contracts = {contract.name: contract for contract in plan.contracts}
    broken = []
    for person in plan.people:
        row = list(roster.of(person.id))
        if [one.day for one in row] != [plan.first + timedelta(days=day) for day in range(plan.days)]:
            broken.append(f"{person.id}: days missing")
            continue
        contract = contracts[person.contract]
        broken += [f"{person.id}: {what}" for what in _person_breaks(plan, person, contract, shifts, row)]
        broken += [f"{person.id}: {what}" for one in row if one.works for what in _break_places(shifts[one.shift], one)]
    return broken


def _person_breaks(
    plan: Plan, person: Person, contract: Contract, shifts: dict[str, Shift], row: list[Assignment]
) -> list[str]:
    away = {leave.day: leave.minutes for leave in plan.leave if leave.person == person.id}
    bad = [f"works on leave {one.day}" for one in row if one.works and one.day in away]
    fixed = {one.day: one.shift for one in plan.fixed if one.person == person.id and one.day not in away}
    bad += [f"fixed day {one.day} changed" for one in row if one.day in fixed and one.shift != fixed[one.day]]
    for one in row:
        if one.works and one.day not in fixed:
            bad += _bad_day(person, contract, shifts[one.shift], one)
    past = _past(plan, person, shifts)
    bad += _bad_rest(contract, shifts, [*past[-1:], *row])
    flags = [one.shift for one in row]
    bad += _bad_runs(
        [LEAVE if one.day in away and not one.works else one.shift for one in (*past, *row)],
        contract.max_days_in_row,
        contract.min_days_in_row,
        contract.min_days_off,
    )
    bad += _bad_hours(plan, contract, row, away)
    every = (*past, *row) if past and past[-1].works else row
    weekends = {one.day - timedelta(days=one.day.weekday()) for one in every if one.works and one.day.weekday() >= 5}
    # A weekend that began before the first day belongs to the roster before.
    weekends -= {one.day - timedelta(days=one.day.weekday()) for one in past if one.works and one.day.weekday() >= 5}
    if contract.max_weekends is not None and len(weekends) > contract.max_weekends:
        bad.append("weekends")
    free = [one.shift for one in row if one.day not in fixed]
    for name, most in contract.max_shifts.items():
        if (flags if most else free).count(name) > most:
            bad.append(f"{name} too often")
    return bad


def _past(plan: Plan, person: Person, shifts: dict[str, Shift]) -> list[Assignment]:
    """Return the days that are known of before the horizon: the last run and the day before it."""
    known = [one for one in plan.before if one.person == person.id]
    if not known or not (known[0].days_worked or known[0].days_off):
        return []
    before = known[0]
    last = before.last_shift or next(iter(shifts))
    flags = ["", *[last] * before.days_worked] if before.days_worked else [last, *[""] * before.days_off]
    rows = []
    for place, name in enumerate(flags):
        day = plan.first - timedelta(days=len(flags) - place)
        shift = shifts.get(name)
        rows.append(
            Assignment(person.id, day, name, shift.start, shift.minutes) if shift else Assignment(person.id, day, "")
        )
    return rows


def _bad_day(person: Person, contract: Contract, shift: Shift, one: Assignment) -> list[str]:
    bad = []
    if one.day.weekday() not in shift.weekdays:
        bad.append(f"{shift.name} on a {one.day:%A}")
    windows = person.hours.get(one.day.weekday())
    if windows is not None and not any(a <= shift.start and shift.start + shift.minutes <= b for a, b in windows):
        bad.append(f"not available on {one.day}")
    if contract.day_max is not None and shift.paid > contract.day_max:
        bad.append(f"too long on {one.day}")
    return bad


def _bad_rest(contract: Contract, shifts: dict[str, Shift], row: list[Assignment]) -> list[str]:
    bad = []
    for before, after in itertools.pairwise(row):
        if before.works and after.works:
            late, early = shifts[before.shift], shifts[after.shift]
            if 1440 + early.start - late.start - late.minutes < contract.min_rest:
                bad.append(f"rest before {after.day}")
            if after.shift in late.not_next_day:
                bad.append(f"{after.shift} after {before.shift}")
    return bad


def _bad_hours(plan: Plan, contract: Contract, row: list[Assignment], away: dict[date, int]) -> list[str]:
    bad = []
    total = sum(one.paid for one in row) + sum(minutes for day, minutes in away.items() if day in {o.day for o in row})
    if contract.max_minutes is not None and total > max(contract.max_minutes, sum(away.values())):
        bad.append(f"{total} minutes")
    if total < contract.min_minutes:
        bad.append(f"only {total} minutes")
    weeks: dict[object, list[Assignment]] = {}
    for one in row:
        weeks.setdefault(one.day - timedelta(days=one.day.weekday()), []).append(one)
    for monday, days in weeks.items():
        credit = sum(away.get(one.day, 0) for one in days)
        worked = sum(one.paid for one in days)
        if contract.week_max is not None and worked > max(0, contract.week_max - credit):
            bad.append(f"{worked} minutes in the week of {monday}")
        if worked < contract.week_min * len(days) // 7 - credit:
            bad.append(f"only {worked} minutes in the week of {monday}")
    return bad


def _break_places(shift: Shift, one: Assignment) -> list[str]:
    bad = []
    if one.shift != DAY_OFF and len(one.breaks) not in (0, len(shift.breaks)):
        bad.append(f"breaks missing on {one.day}")
    ends = shift.start
    for placed, rule in zip(one.breaks, shift.breaks, strict=False):
        if not shift.start + rule.earliest <= placed.start <= shift.start + rule.latest or placed.start < ends:
            bad.append(f"{placed.name} at {placed.start} on {one.day}")
        ends = placed.start + placed.minutes
    return bad


def penalty_of_plan(plan: Plan, roster: Result) -> float:
    """Return the penalty of a roster without fairness, from the plan's own words."""
    worked = {(one.person, one.day): one for one in roster.assignments if one.works}
    total = 0.0
    for wish in plan.wishes:
        one = worked.get((wish.person, wish.day))
        total += wish.weight * (((one.shift if one else DAY_OFF) == wish.shift) != wish.wanted)
    for kept in plan.kept:
        one = worked.get((kept.person, kept.day))
        total += kept.weight * ((one.shift if one else DAY_OFF) != kept.shift)
    for need in plan.shift_needs:
        there = sum(1 for one in worked.values() if one.day == need.day and one.shift == need.shift)
        total += need.under * max(0, need.people - there) + need.over * max(0, there - need.people)
    if plan.queue_needs:
        total += plan.pay * sum(one.paid for one in worked.values()) / 60
        total += sum(_missing_cost(plan, worked.values(), slot) for slot in range(plan.days * 1440 // plan.interval))
    return total


def _missing_cost(plan: Plan, worked: Iterable[Assignment], slot: int) -> float:
    """Return the cheapest way to share out who is there in an interval: an assignment of agents to wanted seats."""
    minute, skills = slot * plan.interval, {person.id: person.skills for person in plan.people}
    there = [skills[one.person] for one in worked if _there(plan, one, minute)]
    day, place = divmod(slot, 1440 // plan.interval)
    seats = [(need.queue, need.under) for need in plan.queue_needs for _seat in range(int(need.agents[day, place]))]
    if not seats:
        return 0.0
    gains = np.array([[-under if queue in skill else 0.0 for queue, under in seats] for skill in there])
    filled = gains[optimize.linear_sum_assignment(gains)].sum() if there else 0.0
    return float(sum(under for _queue, under in seats) + filled)


def _there(plan: Plan, one: Assignment, minute: int) -> bool:
    at = minute - (one.day - plan.first).days * 1440
    resting = any(rest.start <= at < rest.start + rest.minutes for rest in one.breaks)
    return one.start <= at < one.start + one.minutes and not resting
