"""Fills the tables of docs/alerts.md from the program: figures and built-in rules.

`python -m ccops.alerts.reference` rewrites the file; a test keeps it current.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from ccops.alerts.figures import FIGURES
from ccops.alerts.message import quantity
from ccops.alerts.rules import BUILT_IN, LEVELS, Rule

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "alerts.md"
_BLOCK: Final = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _figures() -> str:
    rows = (
        (f"`{figure.name}`", figure.topic, figure.unit, "above" if figure.above else "below", figure.help)
        for figure in FIGURES.values()
    )
    return _table(("figure", "of a", "unit", "bad", "meaning"), rows)


def _rules() -> str:
    return _table(("rule", "figure", *LEVELS, "besides"), map(_rule_row, BUILT_IN))


def _rule_row(rule: Rule) -> list[str]:
    sign = "> " if rule.above else "< "
    limits = ["–" if limit is None else sign + quantity(rule.figure, limit) for limit in rule.limits]
    more = [f"state {', '.join(rule.states)}"] if rule.states else []
    more += [f"hysteresis {quantity(rule.figure, rule.hysteresis)}"] if rule.hysteresis else []
    more += [f"calm {quantity('state_time', rule.calm)}"] if rule.calm else []
    more += [f"told after {quantity('state_time', rule.tell_after)}"] if rule.tell_after else []
    more += (
        [f"from {rule.min_offered} visits on"]
        if FIGURES[rule.figure].unit == "rate" and rule.figure != "disk_free"
        else []
    )
    return [f"`{rule.name}`", f"`{rule.figure}`", *limits, "; ".join(more)]


_BLOCKS: Final[dict[str, Callable[[], str]]] = {"figures": _figures, "rules": _rules}


def filled(text: str) -> str:
    """Return the document with every table made anew."""
    return _BLOCK.sub(lambda found: found.group(1) + _BLOCKS[found.group(2)]() + found.group(3), text)


if __name__ == "__main__":
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
