"""Values as people read them: one way to write each kind, in the zone of the paper."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.figures import Unit
from ccops.reports.paper.model import Column, Row

Writer = Callable[[Any], str]

NARROW_SPACE: Final = "\u202f"
"""Between groups of three digits on paper (ISO 80000-1); four digits stay together."""
_GROUPED_FROM: Final = 10_000
_MEASURED: Final = frozenset({Unit.COUNT, Unit.SECONDS, Unit.RATE})


@dataclass(slots=True, frozen=True)
class Writing:
    """How values are written."""

    zone: ZoneInfo
    unknown: str = "–"
    minus: str = "−"
    grouping: str = ""
    """Stands between groups of three digits."""

    @classmethod
    def plain(cls, zone: ZoneInfo) -> "Writing":
        """Return the way for readers with nothing but ASCII."""
        return cls(zone, unknown="-", minus="-")


def writer_of(column: Column, writing: Writing) -> Writer:
    """Return what turns a value of a column into text."""
    write = _MAKERS[column.kind](writing)
    if column.change:
        write = _signed(column, writing)

    def text(value: Any) -> str:
        return writing.unknown if value is None or value == [] else write(value)

    return text


def texts(columns: Sequence[Column], rows: Iterable[Row], writing: Writing) -> list[list[str]]:
    """Return rows as texts, in the order of the columns."""
    writers = [(column.key, _remembering(column, writing)) for column in columns]
    return [[write(row.get(key)) for key, write in writers] for row in rows]


def _remembering(column: Column, writing: Writing) -> Writer:
    # Most numbers of a long table come again and again.
    write = writer_of(column, writing)
    return cache(write) if column.kind in _MEASURED else write


def total_texts(columns: Sequence[Column], total: Row, writing: Writing) -> list[str]:
    """Return the texts of a total: nothing where it has no figure, its name at the left."""
    found = [writer_of(column, writing)(total[column.key]) if column.key in total else "" for column in columns]
    if found and not found[0]:
        found[0] = _("Total")
    return found


def duration(seconds: float) -> str:
    """Return seconds as 1:05 or 1:02:05; a negative span keeps its sign."""
    sign, whole = ("-" if seconds < 0 else ""), round(abs(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{sign}{hours}:{minute:02}:{second:02}" if hours else f"{sign}{minute}:{second:02}"


def local(at: float, zone: ZoneInfo) -> datetime:
    """Return an instant in a zone."""
    return datetime.fromtimestamp(at, zone)


def weekday_name(number: int) -> str:
    """Return the name of a weekday, 1 being Monday."""
    names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return names[number - 1]


def time_of_day(seconds: int) -> str:
    """Return seconds since midnight as 08:30."""
    hour, rest = divmod(seconds, 3600)
    return f"{hour:02}:{rest // 60:02}"


def _count(writing: Writing) -> Writer:
    def write(value: float) -> str:
        if value != int(value):  # a mean of counts
            return f"{value:.1f}".replace("-", writing.minus)
        grouped = writing.grouping and abs(value) >= _GROUPED_FROM
        text = f"{int(value):,}".replace(",", writing.grouping) if grouped else str(int(value))
        return text.replace("-", writing.minus)

    return write


def _number(writing: Writing) -> Writer:
    def write(value: float) -> str:
        whole = f"{value:,.1f}" if abs(value) >= _GROUPED_FROM else f"{value:.1f}"
        return whole.replace(",", writing.grouping).replace("-", writing.minus)

    return write


def _signed(column: Column, writing: Writing) -> Writer:
    size = _change_size(column, writing)

    def write(value: float) -> str:
        text = size(abs(value))
        if text == size(0):
            return text
        return ("+" if value > 0 else writing.minus) + text

    return write


def _change_size(column: Column, writing: Writing) -> Writer:
    if column.kind is Unit.RATE:
        return lambda value: _("{points} pp").format(points=f"{value * 100:.1f}")
    return _MAKERS[column.kind](writing)


def _seconds(writing: Writing) -> Writer:
    return lambda value: duration(value).replace("-", writing.minus)


def _rate(writing: Writing) -> Writer:
    return lambda value: f"{value:.1%}".replace("-", writing.minus)


def _text(_writing: Writing) -> Writer:
    return lambda value: clean(str(value))


def _list(_writing: Writing) -> Writer:
    return lambda value: ", ".join(clean(str(item)) for item in value)


def _flag(_writing: Writing) -> Writer:
    return lambda value: _("yes") if value else _("no")


def _instant(writing: Writing) -> Writer:
    return lambda value: local(value, writing.zone).isoformat(" ")[:19]


def _day(_writing: Writing) -> Writer:
    def write(value: date) -> str:
        return value.isoformat()

    return write


def _time(_writing: Writing) -> Writer:
    return time_of_day


def _weekday(_writing: Writing) -> Writer:
    return weekday_name


_MAKERS: Final[dict[str, Callable[[Writing], Writer]]] = {
    Unit.COUNT: _count,
    Unit.SECONDS: _seconds,
    Unit.RATE: _rate,
    "number": _number,
    "text": _text,
    "phone": _text,
    "list": _list,
    "flag": _flag,
    "instant": _instant,
    "day": _day,
    "time": _time,
    "weekday": _weekday,
}
