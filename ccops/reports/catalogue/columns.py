"""Columns that several reports have: what a row is about, and figures by their keys."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from ccops.i18n import _
from ccops.reports.figures import AGENT_FIGURES, QUEUE_FIGURES, Unit
from ccops.reports.paper.model import Column, Kind
from ccops.reports.rules import Rules
from ccops.reports.tally import SUMS, AgentTally, Tally

_KINDS: dict[str, Kind] = {
    "day": "day",
    "weekday": "weekday",
    "hour": "time",
    "half_hour": "time",
    "quarter_hour": "time",
    "start": "instant",
    "entered_at": "instant",
    "since": "instant",
    "until": "instant",
    "at": "instant",
    "caller_number": "phone",
    "number": "phone",
}


def titles() -> Mapping[str, str]:
    """Return the headings of columns that say what a row is about, in the reader's language."""
    return {
        "queue": _("Queue"),
        "agent": _("Agent"),
        "outcome": _("Outcome"),
        "did": _("Dialled"),
        "month": _("Month"),
        "week": _("Week"),
        "day": _("Day"),
        "weekday": _("Weekday"),
        "hour": _("Hour"),
        "half_hour": _("Time"),
        "quarter_hour": _("Time"),
        "start": _("From"),
        "since": _("Since"),
        "until": _("Until"),
        "at": _("At"),
        "entered_at": _("Entered"),
        "caller_number": _("Number"),
        "caller_name": _("Caller"),
        "number": _("Number"),
        "call_id": _("Call"),
        "reason": _("Reason"),
    }


def about(key: str) -> Column:
    """Return the column that says what a row is about."""
    return Column(key, titles()[key], _KINDS.get(key, "text"))


def plain(key: str, title: str, kind: Kind = "text", rule: str = "") -> Column:
    """Return a column of this report alone."""
    return Column(key, title, kind, rule)


def count(key: str, title: str, rule: str = "") -> Column:
    """Return a column of whole numbers."""
    return Column(key, title, Unit.COUNT, rule)


def seconds(key: str, title: str, rule: str = "") -> Column:
    """Return a column of durations."""
    return Column(key, title, Unit.SECONDS, rule)


def rate(key: str, title: str, rule: str) -> Column:
    """Return a column of fractions of 1."""
    return Column(key, title, Unit.RATE, rule)


def data_only(column: Column) -> Column:
    """Return a column that is in data only."""
    return replace(column, extra=True)


def queue_columns(keys: Iterable[str], rules: Rules, extras: Iterable[str] = ()) -> list[Column]:
    """Return the columns of figures over visits; `extras` are in data only."""
    hidden = [data_only(Column.of(QUEUE_FIGURES[key], rules)) for key in extras]
    return [*(Column.of(QUEUE_FIGURES[key], rules) for key in keys), *hidden]


def agent_columns(keys: Iterable[str], rules: Rules) -> list[Column]:
    """Return the columns of figures of agents."""
    return [Column.of(AGENT_FIGURES[key], rules) for key in keys]


def queue_values(keys: Sequence[str], rules: Rules) -> Callable[[Tally], dict[str, Any]]:
    """Return what works out figures over visits by their keys; those that are a sum as it stands are just read."""
    plain = [key for key in keys if key in SUMS]
    worked_out = [(key, QUEUE_FIGURES[key].of) for key in keys if key not in SUMS]
    read = attrgetter(*plain, "answered", "lost")  # of several it gives a tuple

    def values(tally: Tally) -> dict[str, Any]:
        found = dict(zip(plain, read(tally), strict=False))
        for key, of in worked_out:
            found[key] = of(tally, rules)
        return found

    return values


def agent_values(keys: Sequence[str], rules: Rules) -> Callable[[AgentTally], dict[str, Any]]:
    """Return what works out figures of an agent by their keys."""
    known = [(key, AGENT_FIGURES[key].of) for key in keys]
    return lambda tally: {key: of(tally, rules) for key, of in known}
