"""A site's own reports: a TOML file says which figures, grouped by what, narrowed to what, in which order, drawn how.

    title = "Mornings"
    source = "visits"                      # or "agents"
    figures = ["offered", "answered", "service_level"]
    group = ["queue", "weekday"]
    order = ["-offered"]
    [filter]
    queue = ["sales", "support*"]
    weekday = ["monday", "friday"]
    hours = "08:00-12:00"
    [chart]
    kind = "bars"
    x = "queue"
    y = ["offered"]

What is wrong is told all at once, with file, line and the nearest name.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from ccops.errors import ConfigError, NotFound
from ccops.i18n import _
from ccops.names import nearest
from ccops.reports.figures import AGENT_FIGURES, QUEUE_FIGURES
from ccops.reports.paper.model import Chart, ChartKind
from ccops.settings.files import read_toml
from ccops.settings.problems import BadSettings, Origin, Problem, Source

OwnSource = Literal["visits", "agents"]

GROUPS: Final[Mapping[OwnSource, Sequence[str]]] = {
    "visits": (
        "queue", "agent", "outcome", "did", "month", "week", "day", "weekday", "hour", "half_hour", "quarter_hour",
    ),
    "agents": ("agent", "queue", "month", "week", "day", "weekday"),
}  # fmt: skip
"""What rows can be grouped by."""
FILTERS: Final[Mapping[OwnSource, Sequence[str]]] = {
    "visits": ("queue", "agent", "outcome", "did", "number", "weekday", "hours"),
    "agents": ("agent", "queue", "weekday"),
}
"""What a report can be narrowed by; texts may hold * and ?."""
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KEYS: Final = ("title", "source", "figures", "group", "filter", "order", "limit", "chart", "note")
_CHART_KEYS: Final = ("kind", "x", "y", "by", "title", "stacked", "goal")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HOURS: Final = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)")
_LAST_MINUTE: Final = 86_400


@dataclass(slots=True, frozen=True)
class Order:
    """One key that rows are sorted by."""

    key: str
    descending: bool = False


@dataclass(slots=True, frozen=True)
class Filters:
    """What a report is narrowed to; nothing where empty."""

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Patterns by what they are about: queue, agent, outcome, did, number."""
    weekdays: Sequence[int] = ()
    """1 is Monday."""
    hours: Sequence[tuple[int, int]] = ()
    """Spans of seconds since local midnight, the end not included."""


@dataclass(slots=True, frozen=True)
class OwnReport:
    """What a site's own report says; the catalogue carries it out."""

    name: str
    """From the name of its file."""
    title: str
    source: OwnSource
    figures: Sequence[str]
    group: Sequence[str]
    filters: Filters = field(default_factory=Filters)
    order: Sequence[Order] = ()
    limit: int | None = None
    chart: Chart | None = None
    note: str = ""
    path: Path | None = None
    """The file that says so."""


def own_reports(folder: Path) -> dict[str, Path]:
    """Return the files of own reports by name; none where there is no such folder. Raises ConfigError."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(_("{path} cannot be read: {why}.").format(path=folder, why=error.strerror)) from None
    return {path.stem: path for path in paths if not path.name.startswith(".")}


def own_report(folder: Path, name: str, others: Iterable[str] = ()) -> OwnReport:
    """Return an own report by name; raises NotFound with the nearest names, `others` among them, and ConfigError."""
    paths = own_reports(folder)
    if name not in paths:
        raise NotFound(_("report"), name, [*others, *paths])
    return read_own(paths[name])


def read_own(path: Path) -> OwnReport:
    """Return the report that a file describes; raises ConfigError with all that is wrong, each with its line."""
    source, document, _loose = read_toml(path)
    reader = _Reader(source, document)
    report = reader.report(path)
    if reader.problems:
        raise BadSettings(reader.problems)
    return report


class _Reader:
    """One reading under way: what is found, and what is wrong."""

    def __init__(self, source: Source, document: Mapping[str, Any]) -> None:
        self._source, self._document = source, document
        self.problems: list[Problem] = []

    def report(self, path: Path) -> OwnReport:
        """Return the report; worth something only where there are no problems."""
        self._known_keys((), self._document, _KEYS)
        if not _NAME.fullmatch(path.stem):
            self._wrong((), _("the name of the file is that of the report: lower-case letters, digits, - and _."))
        kind: OwnSource = self._choice(("source",), get_args(OwnSource), "visits")
        groups = self._names(("group",), GROUPS[kind])
        known = [*QUEUE_FIGURES] if kind == "visits" else [*AGENT_FIGURES]
        figures = self._names(("figures",), known, needed=True)
        columns = [*groups, *figures]
        return OwnReport(
            name=path.stem,
            title=self._text(("title",)) or path.stem,
            source=kind,
            figures=figures,
            group=groups,
            filters=self._filters(kind),
            order=self._order(columns),
            limit=self._limit(),
            chart=self._chart(columns, figures),
            note=self._text(("note",)),
            path=path,
        )

    def _get(self, path: tuple[str, ...]) -> Any:
        value: Any = self._document
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def _wrong(self, path: tuple[str | int, ...], message: str, remedy: str = "") -> None:
        key = ".".join(str(part) for part in path if isinstance(part, str))
        self.problems.append(Problem(Origin("file", str(self._source.path), self._source, path), key, message, remedy))

    def _unknown(self, path: tuple[str | int, ...], name: str, known: Sequence[str]) -> None:
        near = nearest(name, known)
        remedy = _("Did you mean {names}?").format(names=", ".join(near)) if near else ""
        listed = _("There are {names}.").format(names=", ".join(known))
        self._wrong(path, _("there is no “{name}”.").format(name=name), remedy or listed)

    def _known_keys(self, path: tuple[str, ...], table: Mapping[str, Any], known: Sequence[str]) -> None:
        for name in table:
            if name not in known:
                self._unknown((*path, name), name, known)

    def _text(self, path: tuple[str, ...]) -> str:
        value = self._get(path)
        if value is None or isinstance(value, str):
            return value or ""
        self._wrong(path, _("it is no text; put it in quotes."))
        return ""

    def _choice(self, path: tuple[str, ...], known: Sequence[Any], default: Any) -> Any:
        value = self._get(path)
        if value is None:
            return default
        if value in known:
            return value
        self._unknown(path, str(value), known)
        return default

    def _texts(self, path: tuple[str, ...]) -> list[str]:
        value = self._get(path)
        if isinstance(value, str):
            value = [value]
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._wrong(path, _("it is no list of texts."))
            return []
        return value

    def _names(self, path: tuple[str, ...], known: Sequence[str], *, needed: bool = False) -> list[str]:
        names = self._texts(path)
        for index, name in enumerate(names):
            if name not in known:
                self._unknown((*path, index), name, known)
            elif name in names[:index]:
                self._wrong((*path, index), _("“{name}” is there twice.").format(name=name))
        if needed and not names and not any(problem.key == path[-1] for problem in self.problems):
            self._wrong(path, _("it names no figure."), _("There are {names}.").format(names=", ".join(known)))
        return [name for name in names if name in known]

    def _table(self, name: str, known: Sequence[str]) -> Mapping[str, Any] | None:
        table = self._get((name,))
        if table is None:
            return None
        if not isinstance(table, Mapping):
            self._wrong((name,), _("this is a table; write [{name}].").format(name=name))
            return None
        self._known_keys((name,), table, known)
        return table

    def _filters(self, kind: OwnSource) -> Filters:
        table = self._table("filter", FILTERS[kind])
        if table is None:
            return Filters()
        names = {name: self._texts(("filter", name)) for name in table if name not in ("weekday", "hours")}
        days = self._names(("filter", "weekday"), WEEKDAYS)
        weekdays = [WEEKDAYS.index(day) + 1 for day in days]
        hours = [self._span(("filter", "hours"), text) for text in self._texts(("filter", "hours"))]
        return Filters(names, weekdays, [span for span in hours if span is not None])

    def _span(self, path: tuple[str, ...], text: str) -> tuple[int, int] | None:
        found = _HOURS.fullmatch(text.strip())
        if found is not None:
            first, first_minute, last, last_minute = map(int, found.groups())
            start, end = first * 3600 + first_minute * 60, last * 3600 + last_minute * 60
            if start < end <= _LAST_MINUTE:
                return start, end
        self._wrong(path, _("“{text}” is no span of a day.").format(text=text), _("Write it like 08:00-12:30."))
        return None

    def _order(self, columns: Sequence[str]) -> list[Order]:
        found = []
        for index, text in enumerate(self._texts(("order",))):
            name = text.removeprefix("-")
            if name in columns:
                found.append(Order(name, text.startswith("-")))
            else:
                self._unknown(("order", index), name, columns)
        return found

    def _limit(self) -> int | None:
        value = self._get(("limit",))
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
            return value
        self._wrong(("limit",), _("it is no whole number above 0."))
        return None

    def _chart(self, columns: Sequence[str], figures: Sequence[str]) -> Chart | None:
        table = self._table("chart", _CHART_KEYS)
        if table is None:
            return None
        kind: ChartKind = self._choice(("chart", "kind"), get_args(ChartKind), "bars")
        drawn = self._names(("chart", "y"), figures, needed=True)
        if len({_unit(name) for name in drawn}) > 1:
            self._wrong(
                ("chart", "y"), _("these are of different kinds; draw counts, times or rates, not two of them.")
            )
        x = self._choice(("chart", "x"), columns, columns[0] if columns else "")
        by = self._choice(("chart", "by"), columns, "")
        if kind == "heat" and not by:
            self._wrong(("chart",), _("a heat map needs `by`, the column that names its lines."))
        return Chart(kind, x, drawn, self._text(("chart", "title")), by, self._flag("stacked"), self._goal())

    def _flag(self, name: str) -> bool:
        value = self._get(("chart", name))
        if value is not None and not isinstance(value, bool):
            self._wrong(("chart", name), _("it is neither true nor false."))
        return value is True

    def _goal(self) -> float | None:
        value = self._get(("chart", "goal"))
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        self._wrong(("chart", "goal"), _("it is no number; a rate is a fraction of 1."))
        return None


def _unit(name: str) -> str:
    return (QUEUE_FIGURES.get(name) or AGENT_FIGURES[name]).unit
