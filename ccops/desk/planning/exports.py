"""Rosters that leave the house and come back: papers, calendars, files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ccops.desk.planning.office import Office
from ccops.desk.planning.rosters import Roster, Rosters
from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.store import planning as store

if TYPE_CHECKING:
    from ccops.wfm.publish.papers import Printed


@dataclass(frozen=True, slots=True)
class Export:
    """What is wanted."""

    form: str
    """table, html, pdf, xlsx, csv, tsv, md, jsonl, json (a whole roster) or ics."""
    person: str = ""
    """Only this one."""
    days: tuple[date, date] | None = None
    """Of a calendar; without, those of the roster."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, or the content where no file was named."""

    version: int
    paths: Sequence[Path] = ()
    content: bytes | None = None


_BACK, _AHEAD = 31, 180
_DATA = frozenset({"csv", "tsv", "jsonl"})
_WALL = frozenset({"html", "pdf"})
"""Forms that hang on a wall: who works when, and nothing of what the planner worries about."""


def exported(office: Office, roster: Roster, export: Export) -> bytes:
    """Return a roster in a form; raises `UsageProblem` for a form that needs one person."""
    if export.form == "ics":
        if not export.person:
            raise UsageProblem(
                _("A calendar is of one person."), remedy=_("Add --person PERSON, or --calendars for one each.")
            )
        return calendar(office, export.person, export.days or (roster.head.first, roster.last))
    if export.form == "json":
        from ccops.wfm.publish.file import roster_text

        return roster_text(roster.head.first, roster.head.days, roster.rows, roster.head.document).encode()
    from ccops.reports.paper.render import Form, render
    from ccops.wfm.publish.papers import data_paper, grid_paper, workbook_paper

    printed = _printed(office, roster, export)
    makers = {"xlsx": workbook_paper, **dict.fromkeys(_DATA, data_paper)}
    return render(makers.get(export.form, grid_paper)(printed), Form(export.form))


def _printed(office: Office, roster: Roster, export: Export) -> "Printed":
    from ccops.wfm.plan.coverage import slots_of
    from ccops.wfm.publish.papers import Printed

    team = office.team()
    planners = export.form not in _DATA | _WALL
    slots = list(slots_of(Rosters(office).plan(roster, team), roster.rows)) if planners else []
    shortfalls = roster.head.document.get("shortfalls", ()) if planners else ()
    return Printed(
        roster.head.id, roster.head.state, roster.head.first, roster.head.days, roster.rows, team,
        office.settings.site.name, office.zone, office.clock(), slots,
        shortfalls, export.person,
    )  # fmt: skip


def calendar(office: Office, person: str, days: tuple[date, date]) -> bytes:
    """Return a person's calendar over some days (first, last): what is published, changed and cancelled."""
    from ccops.wfm.publish.ical import calendar_of

    member = office.team().member(person)
    with office.reading() as database:
        events, mark = store.events(database, *days, person), store.calendar_id(database)
    name = member.name if member is not None else person
    return calendar_of(person, name, events, mark, office.zone, days=days).encode()


def around_today(office: Office) -> tuple[date, date]:
    """Return the days that a calendar holds where no roster is named: some weeks back, some months ahead."""
    return office.today() - timedelta(days=_BACK), office.today() + timedelta(days=_AHEAD)


def write_export(
    office: Office,
    number: int | None,
    output: Path | None,
    *,
    person: str = "",
    calendars: bool = False,
    form: str = "csv",
) -> Written:
    """Write a roster to a file, whose ending says the form, or a calendar per person into a folder.

    Without a file the content is returned, in `form`.
    """
    roster = Rosters(office).get(number)
    days = around_today(office) if number is None else (roster.head.first, roster.last)
    if calendars:
        return Written(roster.head.id, list(_calendars(office, roster, output, person, days)))
    if output is None:
        return Written(roster.head.id, content=exported(office, roster, Export(form, person)))
    content = exported(office, roster, Export(_form(output), person, days))
    _write(output, content)
    return Written(roster.head.id, [output])


def _calendars(office: Office, roster: Roster, folder: Path | None, person: str, days: tuple[date, date]) -> list[Path]:
    if folder is None:
        raise UsageProblem(_("Calendars need a folder."), remedy=_("Name it with --output."))
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for one in dict.fromkeys(row.person for row in roster.rows):
        if person in ("", one):
            path = folder / f"{_file_name(one)}.ics"
            _write(path, calendar(office, one, days))
            paths.append(path)
    return paths


def _file_name(person: str) -> str:
    """Return a name that stays inside its folder, one for each person."""
    from urllib.parse import quote

    return quote(person, safe=" ").lstrip(".") or "%"


def _form(path: Path) -> str:
    ending = path.suffix.casefold()
    if ending in (".ics", ".json"):
        return ending[1:]
    from ccops.reports.paper.render import form_of

    return str(form_of(path))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageProblem(
            _("{path} cannot be written: {why}.").format(path=path, why=error.strerror or error)
        ) from None


def take_roster(office: Office, path: Path, *, note: str = "", dry_run: bool = False) -> tuple[Roster | None, int]:
    """Take in a roster file as a draft, and return it with its number of days; None on a dry run."""
    from ccops.wfm.publish.file import read_roster

    version, team = office.team_version()
    found = read_roster(path, team)
    if dry_run:
        office.check("wfm.roster")
        return None, found.days
    kept = Rosters(office).keep(found.first, found.days, found.rows, found.document, version, note=note or path.name)
    return kept, found.days
