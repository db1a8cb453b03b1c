"""Fills the tables of docs/console.md from the program: keys, actions, columns, themes, limits.

`python -m ccops.tui.reference` rewrites the file; a test keeps it current.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ccops.desk.attention import Limits
from ccops.tui.actions import action_table
from ccops.tui.agent_columns import AGENTS
from ccops.tui.alerts import ALERTS
from ccops.tui.call_columns import CALLS
from ccops.tui.help import GLOBAL_KEYS, LIST_KEYS
from ccops.tui.listspec import ListSpec
from ccops.tui.log import LOG
from ccops.tui.look import Look
from ccops.tui.queue_columns import QUEUES
from ccops.tui.themes import PALETTES
from ccops.tui.words import STATE_ORDER, state_word

DOCUMENT = Path(__file__).parents[2] / "docs" / "console.md"
_BLOCK = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _keys() -> str:
    return table(("key", "what it does"), [(f"`{key}`", text) for key, text in (*GLOBAL_KEYS, *LIST_KEYS)])


def _actions() -> str:
    rows = []
    for action in action_table():
        marks = ["asks first"] if action.harmful else []
        marks += ["several at once"] if action.plural else []
        key = f"`{action.key}`" if action.key else "palette"
        rows.append((key, action.topic, f"{action.title}: {action.help}", ", ".join(marks)))
    return table(("key", "on", "action", ""), rows)


def _columns() -> str:
    specs: tuple[ListSpec[Any], ...] = (QUEUES, AGENTS, CALLS, ALERTS, LOG)
    rows = [(spec.title, column.title, column.help) for spec in specs for column in spec.columns if column.help]
    return table(("list", "column", "meaning"), rows)


def _fields() -> str:
    specs: tuple[ListSpec[Any], ...] = (QUEUES, AGENTS, CALLS, ALERTS, LOG)
    rows = [(spec.title, ", ".join(f"`{field}:`" for field in _field_names(spec))) for spec in specs]
    return table(("list", "fields"), rows)


def _field_names(spec: ListSpec[Any]) -> list[str]:
    from ccops.board import AgentRow, AlertRow, QueueRow
    from ccops.tui.call_columns import CallLine
    from ccops.tui.journal import Record

    samples: dict[str, Any] = {
        "queues": QueueRow(""),
        "agents": AgentRow("", "", "", ""),
        "calls": CallLine("", "waiting", "waiting", None),
        "alerts": AlertRow("1", "", "", "info", "", "", "", "", 0.0, 0.0),
        "log": Record(0, 0.0, "console", "", "", ""),
    }
    return list(spec.fields(samples[spec.name]))


def _states() -> str:
    fine, plain = Look(), Look(ascii=True)
    rows = [(fine.glyph(state.value), plain.glyph(state.value), state_word(state)) for state in STATE_ORDER]
    return table(("glyph", "plain", "state"), rows)


def _themes() -> str:
    return table(("theme", ""), [(f"`{palette.name}`", palette.title) for palette in PALETTES.values()])


def _limits() -> str:
    limits = Limits()
    values = {item.name: getattr(limits, item.name) for item in fields(Limits)}
    rows = [(f"`{name}`", f"{value:g}") for name, value in values.items() if isinstance(value, int | float)]
    return table(("limit", "value"), rows)


def _report_keys() -> str:
    from ccops.tui.reports.report import ReportView

    return table(("key", "what it does"), [(f"`{key}`", text) for key, text in ReportView.KEYS])


def _schedule_keys() -> str:
    from ccops.tui.schedule.room import Schedule

    return table(("key", "what it does"), [(f"`{key}`", text) for key, text in Schedule.KEYS])


def _schedule_signs() -> str:
    from ccops.tui.schedule.signs import SIGN_WORDS, sign

    fine, plain = Look(), Look(ascii=True)
    return table(("glyph", "plain", "meaning"), [(sign(fine, n), sign(plain, n), w) for n, w in SIGN_WORDS.items()])


BLOCKS: dict[str, Callable[[], str]] = {
    "keys": _keys,
    "report_keys": _report_keys,
    "schedule_keys": _schedule_keys,
    "schedule_signs": _schedule_signs,
    "actions": _actions,
    "columns": _columns,
    "fields": _fields,
    "states": _states,
    "themes": _themes,
    "limits": _limits,
}


def filled(text: str) -> str:
    """Return the document with every table made anew."""
    return _BLOCK.sub(lambda found: found.group(1) + BLOCKS[found.group(2)]() + found.group(3), text)


if __name__ == "__main__":
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
