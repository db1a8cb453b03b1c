"""Reads a team from TOML, as the planner's file or as the store kept it; names everything that is wrong at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.settings.problems import Problem, Source
from ccops.wfm.days import SpecialDay
from ccops.wfm.roster.model import DAY_OFF, EVERY_DAY, Break, Contract, Fairness, FreeShift, Shift
from ccops.wfm.team import words
from ccops.wfm.team.cross import check_team
from ccops.wfm.team.model import FORMAT, Activity, Member, QueuePlan, Team, WishRule
from ccops.wfm.team.tables import BadFile, Place, Table, Wrong, read_text


def read_team(path: Path) -> Team:
    """Return the team of a TOML file; raises `BadFile` with every problem, `ConfigError` for what is no TOML."""
    from ccops.settings.files import parse

    text = read_text(path)
    document = parse(path, text)
    return team_of(document, Source(path, text))


def team_of(document: Mapping[str, Any], source: Source | None = None) -> Team:
    """Return the team that a document describes; raises `BadFile` with every problem, in the order of the file."""
    problems: list[Problem] = []
    place = Place(source, problems, str(source.path) if source is not None else "")
    _check_format(document, source)
    team = _team(Table(place, (), document))
    found: list[Problem] = []
    check_team(team, Place(source, found, place.name))
    # Where a value could not be read, what follows from its default is no news.
    known = [problem.key for problem in problems]
    problems += [one for one in found if not any(_inside(key, one.key) for key in known)]
    if problems:
        raise BadFile(sorted(problems, key=place.line))
    return team


def _inside(key: str, other: str) -> bool:
    return f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}.")


def _check_format(document: Mapping[str, Any], source: Source | None) -> None:
    found = document.get("format", FORMAT)
    if isinstance(found, int) and found > FORMAT:
        where = f"{source.path}: " if source is not None else ""
        raise UsageProblem(
            _("{where}this team was written by a later ccops (format {found}, this one knows {known}).").format(
                where=where, found=found, known=FORMAT
            ),
            remedy=_("Install that version; nothing was changed."),
        )


def _team(top: Table) -> Team:
    top.whole("format", FORMAT, 1)
    settings = top.table("settings")
    team = Team(
        people=tuple(_member(name, table) for name, table in top.named("people")),
        contracts=tuple(_contract(name, table) for name, table in top.named("contracts")),
        shifts=tuple(_shift(name, table) for name, table in top.named("shifts")),
        free_shifts=tuple(_free_shift(name, table) for name, table in top.named("free_shifts")),
        queues=tuple(_queue(name, table) for name, table in top.named("queues")),
        activities=tuple(_activity(table) for table in top.tables("activities")),
        days=tuple(day for name, table in top.named("days") if (day := _special(name, table))),
        fairness=tuple(_fair(name, table) for name, table in top.named("fairness")),
        interval=settings.whole("interval", 15, 1, 60),
        shrinkage=settings.number("shrinkage", 0.0, 0, 0.9),
        target=settings.take("target", words.target, (0.8, 20.0)),
        max_occupancy=settings.number("max_occupancy", None, 0.05, 1),
        stability=settings.number("stability", 40.0, 0, 1e6),
    )
    settings.end()
    top.end()
    return team


def _queue(name: str, table: Table) -> QueuePlan:
    queue = QueuePlan(
        name,
        target=table.take("target", words.target, None),
        max_occupancy=table.number("max_occupancy", None, 0.05, 1),
        max_asa=table.number("max_asa", None, 0.1, 1e6),
        patience=table.number("patience", None, 0.1, 1e6),
        aht=table.number("aht", None, 0.1, 1e6),
        shrinkage=table.number("shrinkage", None, 0, 0.9),
        minimum=table.whole("minimum", 0, 0, 10_000),
        weight=table.number("weight", 10.0, 0.001, 1e6),
    )
    table.end()
    return queue


def _contract(name: str, table: Table) -> Contract:
    contract = Contract(
        name,
        max_minutes=table.hours("hours_max", None),
        min_minutes=table.hours("hours_min", 0),
        week_max=table.hours("week_hours_max", None),
        week_min=table.hours("week_hours_min", 0),
        day_max=table.hours("day_hours_max", None),
        max_days_in_row=table.whole("days_in_row_max", 6, 1, 366),
        min_days_in_row=table.whole("days_in_row_min", 1, 1, 31),
        min_days_off=table.whole("days_off_min", 1, 1, 31),
        max_weekends=table.whole("weekends_max", None, 0, 60),
        min_rest=table.hours("rest_hours", 660),
        max_shifts=dict(_counts(table.table("shifts_max"))),
    )
    table.end()
    return contract


def _counts(table: Table) -> list[tuple[str, int]]:
    return [(key, table.whole(key, 0, 0, 366)) for key, _value in list(table.items())]


def _break(table: Table) -> Break:
    one = Break(
        table.text("name", _("break")),
        table.take("minutes", words.length, 15),
        table.take("earliest", words.length, 0),
        table.take("latest", words.length, 0),
        table.flag("paid", False),
    )
    for key in ("minutes", "earliest", "latest"):
        table.must(key)
    return one


def _shift(name: str, table: Table) -> Shift:
    start = table.take("start", words.clock, 0)
    table.must("start")
    minutes = table.take("length", words.length, 0)
    end = table.take("end", words.clock, None)
    if end is not None and table.has("length"):
        table.wrong("end", _("length and end are both given; keep one of them"))
    elif end is not None:
        minutes = (end - start) % words.DAY or words.DAY
    elif not table.has("length"):
        table.wrong("", _("“end” or “length” is missing"))
    shift = Shift(
        name,
        start,
        minutes,
        tuple(_ended(one) for one in table.tables("breaks")),
        table.take("weekdays", words.weekdays, EVERY_DAY),
        frozenset(table.names("not_next_day")),
    )
    table.end()
    return shift


def _ended(table: Table) -> Break:
    one = _break(table)
    table.end()
    return one


def _free_shift(name: str, table: Table) -> FreeShift:
    for key in ("earliest", "latest", "shortest", "longest"):
        table.must(key)
    shift = FreeShift(
        name,
        table.take("earliest", words.clock, 0),
        table.take("latest", words.clock, 0),
        table.take("shortest", words.length, 60),
        table.take("longest", words.length, 60),
        table.take("step", words.length, 30),
        tuple(_due(one) for one in table.tables("breaks")),
        table.take("weekdays", words.weekdays, EVERY_DAY),
    )
    table.end()
    return shift


def _due(table: Table) -> tuple[int, Break]:
    least, one = table.take("from", words.length, 0), _break(table)
    table.end()
    return least, one


def _member(name: str, table: Table) -> Member:
    table.must("contract")
    member = Member(
        name,
        table.text("name", name),
        table.text("contract"),
        table.names("skills"),
        table.text("agent"),
        table.text("interface"),
        table.text("login"),
        _hours(table.table("hours")),
        tuple(wish for one in table.tables("wishes") if (wish := _wish(one))),
        table.hours("leave_hours", None),
    )
    table.end()
    return member


def _hours(table: Table) -> dict[int, tuple[tuple[int, int], ...]]:
    found: dict[int, tuple[tuple[int, int], ...]] = {}
    for key, value in list(table.items()):
        try:
            days = words.weekdays(key)
            spans = tuple(sorted(words.window(item) for item in (value if isinstance(value, list) else [value])))
        except Wrong as problem:
            table.wrong(key, str(problem))
            continue
        found |= dict.fromkeys(days, spans)
    return found


def _wish(table: Table) -> WishRule | None:
    day, weekday = table.day("day"), table.take("weekday", _one_weekday, None)
    shift = table.text("shift", words.OFF)
    wish = WishRule(
        DAY_OFF if shift.casefold() == words.OFF else shift,
        day,
        weekday,
        table.whole("weight", 1, 1, 1_000_000),
        table.flag("wanted", True),
    )
    if (day is None) == (weekday is None):
        table.wrong("", _("a wish is for a day or for a weekday"))
    table.end()
    return wish if (day is None) != (weekday is None) else None


def _one_weekday(value: object) -> int:
    found = words.weekdays(value)
    if len(found) != 1:
        raise Wrong(_("“{text}” is not one weekday.").format(text=value))
    return next(iter(found))


def _activity(table: Table) -> Activity:
    for key in ("name", "start", "length"):
        table.must(key)
    day = table.day("day")
    weekdays: frozenset[int] = table.take("weekdays", words.weekdays, frozenset())
    if (day is None) == (not weekdays):
        table.wrong("", _("an activity is on a day or on weekdays"))
    activity = Activity(
        table.text("name"),
        table.take("start", words.clock, 0),
        table.take("length", words.length, 0),
        table.names("people"),
        day,
        weekdays,
    )
    table.end()
    return activity


def _special(name: str, table: Table) -> SpecialDay | None:
    closed, factor = table.flag("closed", False), table.number("factor", None, 0, 100)
    title = table.text("name", name)
    if closed and factor is not None:
        table.wrong("factor", _("a closed day has no factor"))
    table.end()
    try:
        from datetime import date

        return SpecialDay(date.fromisoformat(name), title, closed, factor)
    except ValueError:
        table.wrong("", _("“{name}” is no day; write [days.2026-12-25]").format(name=name))
        return None


def _fair(name: str, table: Table) -> Fairness:
    table.must("shifts")
    fair = Fairness(
        name,
        frozenset(table.names("shifts")),
        table.take("weekdays", words.weekdays, EVERY_DAY),
        table.number("weight", 5.0, 0.001, 1e6),
    )
    table.end()
    return fair
