"""A roster as a file that another ccops can take in: JSON with a form of its own, checked when it is read."""

import json
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
    people = [person.id for person in team.people]
    for row in rows:
        if row.person not in people:
            raise NotFound(_("person"), row.person, people)
        if not found.first <= row.day or (row.day - found.first).days >= found.days:
            raise UsageProblem(_("{path}: {day} lies outside the roster.").format(path=path, day=row.day))
    return found


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
