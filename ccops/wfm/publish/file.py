"""A roster as a file that another ccops can take in: JSON with a form of its own, checked when it is read."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.store.planning import DayRow
from ccops.wfm.team.model import Team
from ccops.wfm.team.tables import read_text

KIND: Final = "ccops-roster"
FORMAT: Final = 1
_DAY: Final = 24 * 60
_MOST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class RosterFile:
    """What a file says."""

    first: date
    days: int
    rows: Sequence[DayRow]
    document: Mapping[str, Any]


def roster_text(first: date, days: int, rows: Sequence[DayRow], document: Mapping[str, Any]) -> str:
    """Return the file of a roster."""
    content = {
        "kind": KIND,
        "format": FORMAT,
        "first": first.isoformat(),
        "days": days,
        "document": dict(document),
        "rows": [
            [row.person, row.day.isoformat(), row.shift, row.start, row.minutes, row.paid, row.breaks, row.queue]
            for row in rows
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def read_roster(path: Path, team: Team) -> RosterFile:
    """Return the roster of a file; raises `UsageProblem` that says what is wrong with it.

    A file of a later ccops is refused whole, and so is one with people whom the team does not have.
    """
    content = _content(path)
    try:
        rows = [_row(row) for row in content["rows"]]
        found = RosterFile(date.fromisoformat(content["first"]), int(content["days"]), rows, dict(content["document"]))
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise UsageProblem(
            _("{path}: this roster cannot be read ({why}).").format(path=path, why=problem),
            remedy=_("Export it again: `ccops wfm roster export -o FILE.json`."),
        ) from None
    try:
        check_rows(rows, team, found.first, found.days)
        check_document(found.document)
    except UsageProblem as problem:
        if isinstance(problem, NotFound):
            raise
        raise UsageProblem(f"{path}: {problem.message}", remedy=problem.remedy) from None
    return found


def check_rows(rows: Sequence[DayRow], team: Team, first: date, days: int) -> None:
    """Raise `NotFound` for people whom the team does not have, `UsageProblem` for days and times that cannot be."""
    if not 1 <= days <= _MOST_DAYS:
        raise UsageProblem(_("A roster is of 1 to {most} days, not {days}.").format(most=_MOST_DAYS, days=days))
    people = {person.id for person in team.people}
    seen: set[tuple[str, date]] = set()
    for row in rows:
        if row.person not in people:
            raise NotFound(_("person"), row.person, sorted(people))
        if not first <= row.day or (row.day - first).days >= days:
            raise UsageProblem(_("{day} lies outside the roster.").format(day=row.day))
        if (row.person, row.day) in seen:
            raise UsageProblem(_("{person} is there twice on {day}.").format(person=row.person, day=row.day))
        seen.add((row.person, row.day))
        if not _can_be(row):
            raise UsageProblem(_("{person} on {day}: times that cannot be.").format(person=row.person, day=row.day))


def _can_be(row: DayRow) -> bool:
    """Say whether a day has times of a day: a shift begins on it, ends within two, and has its breaks inside."""
    if not row.shift:
        return (row.start, row.minutes, row.paid, tuple(row.breaks)) == (0, 0, 0, ())
    end = row.start + row.minutes
    fits = 0 <= row.start < _DAY and 0 < row.minutes <= _DAY and 0 <= row.paid <= row.minutes
    return fits and all(
        row.start <= start and minutes > 0 and start + minutes <= end for _name, start, minutes, _paid in row.breaks
    )


def check_document(document: Mapping[str, Any]) -> None:
    """Raise `UsageProblem` where what is known of a roster beside its days is not what readers of it expect."""
    needs, shortfalls = document.get("needs", {}), document.get("shortfalls", [])
    interval = document.get("interval", 0)
    if not (
        isinstance(needs, dict)
        and all(isinstance(grid, list) and all(_are_numbers(row) for row in grid) for grid in needs.values())
        and isinstance(shortfalls, list | tuple)
        and all(isinstance(one, dict) for one in shortfalls)
        and isinstance(document.get("costs", {}), dict)
        and isinstance(interval, int)
        and all(_is_known(document.get(name)) for name in ("penalty", "bound", "gap", "seconds"))
    ):
        raise UsageProblem(_("What this roster says of itself cannot be read."))


def _are_numbers(row: object) -> bool:
    return isinstance(row, list) and all(item is not None and _is_known(item) for item in row)


def _is_known(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and math.isfinite(value))


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as problem:
        message = _("{path}:{line}: this is no JSON ({why}).")
        raise UsageProblem(message.format(path=path, line=problem.lineno, why=problem.msg)) from None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise UsageProblem(
            _("{path} is no roster of ccops.").format(path=path),
            remedy=_("`ccops wfm roster export -o FILE.json` writes one."),
        )
    version = content.get("format")
    if version != FORMAT:
        raise UsageProblem(
            _("{path} is a roster of another version of ccops (format {theirs}, this one knows {ours}).").format(
                path=path, theirs=version, ours=FORMAT
            ),
            remedy=_("Install that version; nothing was changed."),
        )
    return content


def _row(values: Sequence[Any]) -> DayRow:
    person, day, shift, start, minutes, paid, breaks, queue = values
    placed = tuple((str(name), int(at), int(length), bool(is_paid)) for name, at, length, is_paid in breaks)
    times = (int(start), int(minutes), int(paid))
    return DayRow(0, str(person), date.fromisoformat(day), str(shift), *times, placed, str(queue))
