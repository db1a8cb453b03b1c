"""People as a CSV, for spreadsheets: one row each; what a row cannot say (wishes) stays as the team has it."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.names import nearest
from ccops.pbx.text import guarded
from ccops.wfm.team import words
from ccops.wfm.team.model import Team
from ccops.wfm.team.read import team_of
from ccops.wfm.team.tables import BadFile, read_text
from ccops.wfm.team.write import document_of

COLUMNS: Final = ("id", "name", "agent", "interface", "login", "contract", "skills", "leave_hours", *words.WEEKDAYS)
"""Skills (or by semicolons) and the spans of a weekday are separated by spaces.

An empty weekday is free for any shift, “off” for none.
"""


def people_csv(team: Team) -> str:
    """Return the people of a team as CSV, guarded against formulas."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for name, person in document_of(team).get("people", {}).items():
        writer.writerow([_guarded(cell) for cell in _cells(name, person)])
    return out.getvalue()


def _skills_text(skills: Sequence[str]) -> str:
    """Return queues apart by spaces; by semicolons where one has a space in its name."""
    if any(" " in skill for skill in skills):
        return "; ".join(skills) + ";"
    return " ".join(skills)


def _skills(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()] if ";" in text else text.split()


def _guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; one that begins with an apostrophe gets another."""
    return f"'{cell}" if cell.startswith("'") else guarded(cell)


def _plain(cell: str) -> str:
    """Return what was guarded."""
    return cell[1:] if cell.startswith("'") and _guarded(cell[1:]) == cell else cell


def _cells(name: str, person: Mapping[str, Any]) -> list[str]:
    hours = person.get("hours", {})
    days = [" ".join(hours[day]) or words.OFF if day in hours else "" for day in words.WEEKDAYS]
    texts = [person.get(key, "") for key in ("name", "agent", "interface", "login", "contract")]
    return [name, *texts, _skills_text(person.get("skills", [])), f"{person.get('leave_hours', '')}", *days]


def read_people(path: Path, team: Team) -> Team:
    """Return the team with the people of a CSV file in place of its own; raises `UsageProblem` with file and line."""
    rows: dict[str, tuple[int, Mapping[str, str]]] = {}
    problems: list[str] = []
    for line, row in _rows(path):
        name = row.get("id", "")
        if not name:
            problems.append(_("{path}:{line}: “id” is missing.").format(path=path, line=line))
        elif (first := next((known for known in rows if known.casefold() == name.casefold()), None)) is not None:
            text = _("{path}:{line}: “{name}” is there twice, in line {first} before.")
            problems.append(text.format(path=path, line=line, name=name, first=rows[first][0]))
        else:
            rows[name] = (line, row)
    if problems:
        raise UsageProblem("\n".join(problems), remedy=_("Nothing was taken in."))
    return _merged(path, team, rows)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        _check_header(path, header)
        for row in reader:
            if any(cell.strip() for cell in row):
                cells = [cell.strip() for cell in row]
                yield reader.line_num, dict(zip(header, map(_plain, cells), strict=False))
    except csv.Error as problem:
        message = _("{path}:{line}: {why}.").format(path=path, line=reader.line_num, why=problem)
        raise UsageProblem(message, remedy=_("Save it as UTF-8 CSV.")) from None


def _check_header(path: Path, header: list[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            near = nearest(name, COLUMNS, 1)
            remedy = _("Did you mean {names}?").format(names=near[0]) if near else ", ".join(COLUMNS)
            raise UsageProblem(_("{path}:1: there is no column “{name}”.").format(path=path, name=name), remedy=remedy)
    if "id" not in header:
        raise UsageProblem(_("{path}:1: there is no column “id”.").format(path=path), remedy=", ".join(COLUMNS))


def _merged(path: Path, team: Team, rows: Mapping[str, tuple[int, Mapping[str, str]]]) -> Team:
    document = document_of(replace(team, people=()))
    before = document_of(team).get("people", {})
    document["people"] = {name: _person(path, line, row, before.get(name, {})) for name, (line, row) in rows.items()}
    try:
        return team_of(document)
    except BadFile as bad:
        raise UsageProblem("\n".join(_placed(path, rows, problem) for problem in bad.problems)) from None


def _placed(path: Path, rows: Mapping[str, tuple[int, Mapping[str, str]]], problem: Any) -> str:
    """Return a problem of the merged team with the line of the CSV that it comes from."""
    name = next((name for name in rows if f"people.{name}" in problem.key), None)
    return f"{path}:{rows[name][0] if name else 1}: {problem}"


def _person(path: Path, line: int, row: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    person: dict[str, Any] = {**before}
    for key in ("name", "agent", "interface", "login", "contract"):
        _put(person, row, key, lambda text: text)
    _put(person, row, "skills", _skills)
    if row.get("leave_hours"):
        person["leave_hours"] = _hours(path, line, row["leave_hours"])
    hours: dict[str, list[str]] = dict(person.pop("hours", {}))
    for day in words.WEEKDAYS:
        if day in row:
            hours.pop(day, None)
            text = row[day].casefold()
            if text:
                hours[day] = [] if text == words.OFF else text.split()
    return person | ({"hours": hours} if hours else {})


def _put(person: dict[str, Any], row: Mapping[str, str], key: str, read: Any) -> None:
    if key in row:
        person.pop(key, None)
        if row[key]:
            person[key] = read(row[key])


def _hours(path: Path, line: int, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        message = _("{path}:{line}: “{text}” is no number of hours.").format(path=path, line=line, text=text)
        raise UsageProblem(message) from None
