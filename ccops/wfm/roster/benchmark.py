"""Reads the shift-scheduling benchmark of Curtois & Qu (2014) into the same plan that a centre's roster is made from.

Format: sections HORIZON, SHIFTS, STAFF, DAYS_OFF, SHIFT_ON_REQUESTS, SHIFT_OFF_REQUESTS and COVER; day 0 is a Monday.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.roster.model import DAY_OFF, Contract, Fixed, Person, Plan, Shift, ShiftNeed, Wish
from ccops.wfm.roster.result import Result

FIRST_DAY = date(2024, 1, 1)
"""A Monday; the benchmark's days have numbers only."""

Line = tuple[int, list[str]]
Made = TypeVar("Made")


def read_plan(path: Path) -> Plan:
    """Return the plan of a benchmark file; UsageProblem names file and line where it cannot be read."""
    return _Reader(path).plan()


def shifts_by_person(roster: Result) -> dict[str, list[str]]:
    """Return one shift name, or an empty string, per day of each person."""
    found: dict[str, list[str]] = {}
    for one in roster.assignments:
        found.setdefault(one.person, []).append(one.shift)
    return found


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.sections = self._split()

    def _split(self) -> dict[str, list[Line]]:
        sections: dict[str, list[Line]] = {}
        current: list[Line] | None = None
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise UsageProblem(_("{file} cannot be read: {why}.").format(file=self.path, why=problem)) from problem
        for number, line in enumerate(text.splitlines(), 1):
            content = line.strip()
            if content.startswith("SECTION_"):
                current = sections.setdefault(content.removeprefix("SECTION_"), [])
            elif content and not content.startswith("#"):
                if current is None:
                    raise self._wrong(number, _("stands before the first section"))
                current.append((number, [cell.strip() for cell in content.split(",")]))
        return sections

    def _wrong(self, number: int, why: str) -> UsageProblem:
        return UsageProblem(
            _("{file}, line {number}: {why}.").format(file=self.path, number=number, why=why),
            remedy=_("The format is that of schedulingbenchmarks.org."),
        )

    def _rows(self, section: str, cells: int, *, needed: bool = True) -> list[Line]:
        if needed and not self.sections.get(section):
            raise UsageProblem(
                _("{file} has no section {name}.").format(file=self.path, name=f"SECTION_{section}"),
                remedy=_("The format is that of schedulingbenchmarks.org."),
            )
        rows = self.sections.get(section, [])
        for number, row in rows:
            if len(row) < cells:
                raise self._wrong(number, _("has fewer than {count} cells").format(count=cells))
        return rows

    def _each(self, section: str, cells: int, make: Callable[[list[str]], Made]) -> list[Made]:
        """Return what `make` makes of the rows of a section that may be missing."""
        found = []
        for number, row in self._rows(section, cells, needed=False):
            try:
                found.append(make(row))
            except ValueError:
                raise self._wrong(number, _("“{text}” is not understood").format(text=",".join(row))) from None
        return found

    def plan(self) -> Plan:
        number, first = self._rows("HORIZON", 1)[0]
        if not first[0].isdigit():
            raise self._wrong(number, _("“{text}” is no number of days").format(text=first[0]))
        self._rows("SHIFTS", 2)
        self._rows("STAFF", 8)
        shifts = self._each("SHIFTS", 2, _shift)
        staff = self._each("STAFF", 8, _contract)
        return Plan(
            FIRST_DAY,
            int(first[0]),
            tuple(shifts),
            tuple(staff),
            tuple(Person(contract.name, contract.name) for contract in staff),
            # Not leave, beside which days off may be fewer: here they count like any others.
            fixed=tuple(day for days in self._each("DAYS_OFF", 2, _days_off) for day in days),
            wishes=(
                *self._each("SHIFT_ON_REQUESTS", 4, lambda row: _wish(row, wanted=True)),
                *self._each("SHIFT_OFF_REQUESTS", 4, lambda row: _wish(row, wanted=False)),
            ),
            shift_needs=tuple(self._each("COVER", 5, _need)),
        )


def _day(text: str) -> date:
    return FIRST_DAY + timedelta(days=int(text))


def _shift(row: list[str]) -> Shift:
    not_next = frozenset(name for name in row[2].split("|") if name) if len(row) > 2 else frozenset[str]()
    return Shift(row[0], 0, int(row[1]), not_next_day=not_next)


def _contract(row: list[str]) -> Contract:
    name, limits, *numbers = row
    most, least, longest, shortest, rest, weekends = (int(number) for number in numbers[:6])
    pairs = (pair.split("=") for pair in limits.split("|") if pair)
    return Contract(
        name,
        max_minutes=most,
        min_minutes=least,
        max_days_in_row=longest,
        min_days_in_row=shortest,
        min_days_off=rest,
        max_weekends=weekends,
        min_rest=0,
        max_shifts={shift: int(count) for shift, count in pairs},
    )


def _days_off(row: list[str]) -> list[Fixed]:
    return [Fixed(row[0], _day(day), DAY_OFF) for day in row[1:] if day]


def _wish(row: list[str], *, wanted: bool) -> Wish:
    return Wish(row[0], _day(row[1]), row[2], int(row[3]), wanted)


def _need(row: list[str]) -> ShiftNeed:
    return ShiftNeed(_day(row[0]), row[1], int(row[2]), int(row[3]), int(row[4]))
