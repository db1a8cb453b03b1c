"""A small report with every kind of column, hostile names and all kinds of charts."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ccops.reports.figures import AGENT_FIGURES, QUEUE_FIGURES
from ccops.reports.paper.model import Chart, Column, Paper, Section
from ccops.reports.periods import Period, start_of
from ccops.reports.rules import Rules, ServiceLevelRule

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 3, 28)
"""The clock is put forward on the 29th."""
PERIOD = Period(start_of(FIRST, BERLIN), start_of(FIRST + timedelta(days=3), BERLIN))
BEFORE = Period(start_of(FIRST - timedelta(days=3), BERLIN), PERIOD.start)
GENERATED_AT = PERIOD.end + 6 * 3600
RULES = Rules(ServiceLevelRule.SL2, threshold=17)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2-3",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[@click=app.quit]x[/]",
    "a|b\nc\td\re",
    "\x1b]0;owned\x07\x1b[2J",
    "‮gnp.exe",
    "https://example.net/x",
    "file:///etc/passwd",
    "{from} %s ${HOME}",
)
NAMES = ("王小明", "김민준", "さくら", "Łukasz Żółć", "Šimková", "Nguyễn Văn Ằ", "Αλεξίου", "Ковальчук", "İpek")


def figures(*keys: str) -> list[Column]:
    """Return columns of figures of queues."""
    return [Column.of(QUEUE_FIGURES[key], RULES) for key in keys]


def queue_rows(scale: int = 1) -> list[dict[str, Any]]:
    """Return rows of three queues, one of them without a call."""
    return [
        {
            "queue": "sales",
            "offered": 120 * scale,
            "answered": 100 * scale,
            "service_level": round(0.8631 + scale / 100, 4),
            "asa": 12.4,
        },
        {"queue": "客户服务", "offered": 12345 * scale, "answered": 12000, "service_level": 0.9, "asa": 3665},
        {"queue": "quiet", "offered": 0, "answered": 0, "service_level": None, "asa": None},
    ]


def queues(scale: int = 1) -> Section:
    """Return a section of queues."""
    columns = [Column("queue", "Queue"), *figures("offered", "answered", "service_level", "asa")]
    total = {"offered": 12465 * scale, "answered": 12100, "service_level": 0.899, "asa": 40.0}
    return Section("queues", "Queues", columns, queue_rows(scale), total, Chart("bars", "queue", ("offered",)))


def calls() -> Section:
    """Return a section with every kind of column, its texts from the phone line."""
    columns = [
        Column("entered_at", "Entered", "instant"),
        Column("day", "Day", "day"),
        Column("time", "Slot", "time"),
        Column("weekday", "Weekday", "weekday"),
        Column("caller_name", "Caller"),
        Column("caller_number", "Number", "phone"),
        Column("queues", "Queues", "list"),
        Column("held", "Held", "flag"),
        Column("wait", "Wait", QUEUE_FIGURES["asa"].unit),
        Column("load", "Load", "number"),
        Column("call_id", "Call", extra=True),
    ]
    return Section("calls", "Calls / all: [x]?", columns, [call(i, name) for i, name in enumerate(HOSTILE + NAMES)])


def call(index: int, name: str) -> dict[str, Any]:
    """Return one call; the second begins an hour after the first although the clock shows two."""
    at = PERIOD.start + 86_400 + 3600 * (1 + index) + (0.25 if index == 3 else 0)
    return {
        "entered_at": at,
        "day": FIRST + timedelta(days=index % 3),
        "time": 1800 * index,
        "weekday": index % 7 + 1,
        "caller_name": name,
        "caller_number": None if index == 2 else f"+49 30 {index:06}",
        "queues": [name, "b"] if index else [],
        "held": index % 2 == 0,
        "wait": index * 61 if index != 5 else None,
        "load": index / 3,
        "call_id": f"1774700000.{index}",
    }


def heat() -> Section:
    """Return a section with a heat map; Sunday at ten has no value."""
    rows = [
        {"weekday": weekday, "time": hour * 3600, "offered": weekday * hour}
        for weekday in (7, 1, 2)
        for hour in (9, 10, 11)
        if (weekday, hour) != (7, 10)
    ]
    columns = [Column("weekday", "Weekday", "weekday"), Column("time", "Hour", "time"), *figures("offered")]
    return Section("heat", "Weekday and hour", columns, rows, chart=Chart("heat", "time", ("offered",), by="weekday"))


def days() -> Section:
    """Return a section by day with lines, one of them broken, and a goal."""
    rows = [
        {"day": FIRST + timedelta(days=number), "service_level": None if number == 4 else 0.5 + number / 25,
         "abandon_rate": 0.1 - number / 200}
        for number in range(10)
    ]  # fmt: skip
    columns = [Column("day", "Day", "day"), *figures("service_level", "abandon_rate")]
    chart = Chart("lines", "day", ("service_level", "abandon_rate"), "By day", goal=0.8)
    return Section("days", "Days", columns, rows, chart=chart, note="Whole days only.")


def waits() -> Section:
    """Return a histogram."""
    rows = [{"from": 10 * number, "offered": 50 - number * 4} for number in range(12)]
    columns = [Column("from", "From", "seconds"), *figures("offered")]  # type: ignore[arg-type]
    return Section("waits", "Waits", columns, rows, chart=Chart("histogram", "from", ("offered",)))


def causes() -> Section:
    """Return shares of a whole."""
    rows = [{"cause": "abandoned", "lost": 75}, {"cause": "timed out", "lost": 25}]
    return Section(
        "causes", "Causes", [Column("cause", "Cause"), *figures("lost")], rows, chart=Chart("share", "cause", ("lost",))
    )


def agents(count: int) -> Section:
    """Return many rows of agents with a wide table."""
    columns = [Column("agent", "Agent"), *(Column.of(figure, RULES) for figure in AGENT_FIGURES.values())]
    rows = [{"agent": f"Agent {number:04}", "logged_in": 3600 * number} for number in range(count)]
    return Section("agents", "Agents", columns, rows, {"logged_in": 1}, Chart("bars", "agent", ("logged_in",)))


def paper(*sections: Section, **changes: Any) -> Paper:
    """Return a report of the sections, or of one of each kind."""
    made = Paper(
        name="queues",
        title="Queues <of> the *site*",
        site="Riverside & Co",
        zone=BERLIN,
        generated_at=GENERATED_AT,
        period=PERIOD,
        sections=sections or (queues(), days(), heat(), waits(), causes(), calls()),
        filters={"Queue": "sales, 客户服务"},
        rules={"Counted": "visits"},
        warnings=["12 visits have no end <here>"],
    )
    return replace(made, **changes)


EMPTY = paper(replace(queues(), rows=(), total=None))
RULE = "(answered + abandoned within 17 s) / (answered + abandoned)"
FACTS = (RULE, "2026-03-28", "2026-03-30", "Europe/Berlin", "sales, 客户服务", "2026-03-31 06:00:00+02:00", "visits")
"""What must stand on every paper: rule, period, zone, filter, generation time."""


def squeezed(text: str) -> str:
    """Return a text without white space, for forms that break lines where they like."""
    return re.sub(r"\s+", "", text)
