"""Gathers news of one rule for one recipient into one message: a storm of queues must be no storm of mails.

The first is sent at once. What follows of the same rule within the recipient's `gather` seconds waits for their end and
goes as one message; what is more pressing than all that went before it waits for nothing and takes along what waits.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ccops.alerts.message import Message
from ccops.alerts.rules import LEVELS
from ccops.store.alerts import DeliveryRecord

_OVER = -1
"""How pressing it is that something is over."""


@dataclass(slots=True, frozen=True, eq=False)
class Item:
    """A message that waits for its recipient."""

    record: DeliveryRecord
    message: Message
    noted: "asyncio.Future[None] | None"
    """Done once it stands in the store."""

    @property
    def rule(self) -> str:
        """The rule that it is about."""
        return str(self.message.body["rule"])

    @property
    def pressing(self) -> int:
        """Index of its level, below all of them for what is over."""
        body = self.message.body
        return _OVER if body["event"] == "cleared" else LEVELS.index(body["level"])


class Gathering:
    """When one recipient may be told of which rule again; instants are on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is for how long news of one rule are gathered; 0 sends each alone."""
        self._seconds = seconds
        self._sent: dict[str, tuple[float, int]] = {}
        """Rule → until when it is gathered, and how pressing was what has been sent meanwhile."""

    def ripe(self, items: Sequence[Item], at: float) -> list[Item]:
        """Return what goes next, in order and as one message; empty where all of it waits."""
        if not self._seconds:
            return list(items[:1])
        return next((group for rule, group in _by_rule(items).items() if self._opens(rule, group, at)), [])

    def due(self, items: Sequence[Item]) -> float | None:
        """Return when the first of them may go, where none may now; None where there are none."""
        return min((self._sent[rule][0] for rule in _by_rule(items) if rule in self._sent), default=None)

    def went(self, items: Sequence[Item], at: float) -> None:
        """Note that these, all of one rule, have been sent."""
        rule, pressing = items[0].rule, max(item.pressing for item in items)
        until, before = self._sent.get(rule, (at, _OVER))
        self._sent[rule] = at + self._seconds, max(pressing, before if at < until else _OVER)

    def _opens(self, rule: str, group: Sequence[Item], at: float) -> bool:
        until, pressing = self._sent.get(rule, (at, _OVER))
        return at >= until or any(item.pressing > pressing for item in group)


def _by_rule(items: Sequence[Item]) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.rule, []).append(item)
    return groups
