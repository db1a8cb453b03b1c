"""The site's rules that figures depend on: service level, wrap-up, what a pause reason means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccops.settings import Settings


class ServiceLevelRule(StrEnum):
    """Which of the four usual service levels is meant; METRICS has the formulas."""

    OFFERED_LESS_SHORT = "offered-less-short"
    OFFERED = "offered"
    ANSWERED = "answered"
    SL2 = "sl2"


@dataclass(slots=True, frozen=True)
class QueueRule:
    """What one queue does differently; None where the site's rule holds."""

    threshold: float | None = None
    """Seconds within which a caller should be answered; "within" is ≤."""
    wrap_up: int | None = None
    """Seconds an agent has after each call."""


@dataclass(slots=True, frozen=True)
class PauseRule:
    """What a pause reason means."""

    paid: bool = True
    productive: bool = False
    wrap_up: bool = False
    """Time of this pause is wrap-up of the call before, not pause."""


@dataclass(slots=True, frozen=True)
class Rules:
    """All rules of one site."""

    service_level: ServiceLevelRule = ServiceLevelRule.OFFERED_LESS_SHORT
    threshold: float = 20
    short_abandon: float = 5
    """Abandons with a shorter wait, seconds, are not held against the centre."""
    wrap_up: int = 0
    queues: Mapping[str, QueueRule] = field(default_factory=dict)
    pauses: Mapping[str, PauseRule] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: "Settings", pbx_wrap_up: Mapping[str, int] | None = None) -> "Rules":
        """Return the rules in a site's settings.

        `pbx_wrap_up` is what the PBX is configured for, by queue; it holds where the settings name none.
        """
        level, wrap_ups = settings.service_level, dict(pbx_wrap_up or {})
        queues = {name: QueueRule(wrap_up=wrap_up) for name, wrap_up in wrap_ups.items()}
        for name, own in settings.queues.items():
            wrap_up = wrap_ups.get(name) if own.wrap_up is None else round(own.wrap_up)
            queues[name] = QueueRule(own.threshold, wrap_up)
        pauses = {
            reason: PauseRule(own.paid, own.productive, own.wrap_up) for reason, own in settings.pause_reasons.items()
        }
        rule = ServiceLevelRule(level.rule)
        return cls(rule, level.threshold, level.short_abandon, queues=queues, pauses=pauses)

    def _own(self, queue: str) -> QueueRule:
        own = self.queues.get(queue)
        if own is None and self.queues:  # the PBX, and so the settings, tell queues apart without regard to case
            folded = queue.casefold()
            own = next((rule for name, rule in self.queues.items() if name.casefold() == folded), _SITE_RULE)
        return own or _SITE_RULE

    def threshold_of(self, queue: str) -> float:
        """Return the service-level threshold of a queue, seconds."""
        own = self._own(queue)
        return self.threshold if own.threshold is None else own.threshold

    def wrap_up_of(self, queue: str) -> int:
        """Return the wrap-up time configured for a queue, seconds."""
        own = self._own(queue)
        return self.wrap_up if own.wrap_up is None else own.wrap_up

    def pause(self, reason: str) -> PauseRule:
        """Return what a pause reason means; an unknown one is paid and no work."""
        return self.pauses.get(reason, _PLAIN_PAUSE)


_PLAIN_PAUSE = PauseRule()
_SITE_RULE = QueueRule()
