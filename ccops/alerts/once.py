"""Alerts at one look, where nobody keeps them."""

from collections.abc import Sequence

from ccops.alerts.ages import PlainAges
from ccops.alerts.evaluate import is_meant
from ccops.alerts.figures import Reading, Site, measure
from ccops.alerts.rules import LEVELS, Rule
from ccops.board import AlertRow, Board


def rows_now(board: Board, now: float, rules: Sequence[Rule], site: Site | None = None) -> list[AlertRow]:
    """Return what is beyond its threshold at `now` (epoch seconds), without numbers: nobody can take it."""
    readings = measure(board, {rule.figure for rule in rules}, PlainAges(now), site)
    pairs = [(rule, item) for rule in rules for item in readings[rule.figure] if is_meant(rule, item)]
    return [row for rule, item in pairs if (row := _row(rule, item, now)) is not None]


def _row(rule: Rule, item: Reading, now: float) -> AlertRow | None:
    if item.value is None or (item.offered is not None and item.offered < rule.min_offered):
        return None
    reached = [index for index in range(len(LEVELS)) if rule.beyond(item.value, index)]
    if not reached:
        return None
    level = LEVELS[reached[-1]]
    since = now if item.since is None else item.since
    return AlertRow(
        "", rule.name, rule.figure, level, item.topic, item.key, item.name, item.text, since, now, item.value,
        rule.limit(level), roles=rule.roles,
    )  # fmt: skip
