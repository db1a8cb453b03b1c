"""Every figure of METRICS.md, defined once: key, title, unit, rule, and how it is worked out from a tally.

The live board, reports, alerts and planning ask here; what is printed names the rule beside the number. A rate
with a zero denominator is None, never 0 or 100 %.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Generic, TypeVar

from ccops.i18n import _
from ccops.reports.rules import Rules, ServiceLevelRule
from ccops.reports.tally import AgentTally, Tally

Number = int | float | None


class Unit(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    SECONDS = "seconds"
    RATE = "rate"
    """Fraction of 1."""


T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Figure(Generic[T]):
    """One figure over tallies of one kind."""

    key: str
    """Column name, as scripts know it."""
    unit: Unit
    of: Callable[[T, Rules], Number]
    """Work it out; None where it has no value."""
    titled: str
    ruled: str

    @property
    def title(self) -> str:
        """Heading, in the reader's language."""
        return _(self.titled)

    def rule(self, rules: Rules) -> str:
        """Return how it is worked out under the site's rules, in the reader's language."""
        if self.key == "service_level":
            return _(SERVICE_LEVELS[rules.service_level].ruled).format(
                threshold=f"{rules.threshold:g}", short=f"{rules.short_abandon:g}"
            )
        return _(self.ruled).format(short=f"{rules.short_abandon:g}")


def marked(message: str) -> str:
    """Mark a message for the translators; it is translated when it is shown."""
    return message


def ratio(part: float, whole: float) -> float | None:
    """Return part / whole, or None where whole is zero."""
    return part / whole if whole else None


def percentile(waits: Mapping[int, int], share: float) -> int | None:
    """Return the least value that at least `share` of the counted ones do not exceed (nearest rank)."""
    rank = ceil(share * sum(waits.values()) - 1e-9)
    seen = 0
    for value in sorted(waits):
        seen += waits[value]
        if seen >= rank:
            return value
    return None


@dataclass(slots=True, frozen=True)
class ServiceLevel:
    """One of the four rules."""

    of: Callable[[Tally], float | None]
    ruled: str


SERVICE_LEVELS: dict[ServiceLevelRule, ServiceLevel] = {
    ServiceLevelRule.OFFERED_LESS_SHORT: ServiceLevel(
        lambda t: ratio(t.answered_within, t.offered - t.short_abandoned),
        marked("answered within {threshold} s / (offered − abandoned under {short} s)"),
    ),
    ServiceLevelRule.OFFERED: ServiceLevel(
        lambda t: ratio(t.answered_within, t.offered),
        marked("answered within {threshold} s / offered"),
    ),
    ServiceLevelRule.ANSWERED: ServiceLevel(
        lambda t: ratio(t.answered_within, t.answered),
        marked("answered within {threshold} s / answered"),
    ),
    ServiceLevelRule.SL2: ServiceLevel(
        lambda t: ratio(t.answered_within + t.abandoned_within, t.answered + t.abandoned),
        marked("(answered + abandoned within {threshold} s) / (answered + abandoned)"),
    ),
}
"""The four usual service levels; {threshold} is the site's where a queue has no own."""


def _queue(key: str, unit: Unit, title: str, rule: str, of: Callable[[Tally, Rules], Number]) -> Figure[Tally]:
    return Figure(key, unit, of, title, rule)


def _agent(
    key: str, unit: Unit, title: str, rule: str, of: Callable[[AgentTally, Rules], Number]
) -> Figure[AgentTally]:
    return Figure(key, unit, of, title, rule)


_COUNT, _SECONDS, _RATE = Unit.COUNT, Unit.SECONDS, Unit.RATE
_RANK = marked("of the waits of answered and lost, nearest rank")

QUEUE_FIGURES: dict[str, Figure[Tally]] = {
    figure.key: figure
    for figure in (
        _queue(
            "offered",
            _COUNT,
            marked("Offered"),
            marked("visits entered, less withdrawn, interrupted and still waiting"),
            lambda t, r: t.offered,
        ),
        _queue("answered", _COUNT, marked("Answered"), marked("visits that an agent took"), lambda t, r: t.answered),
        _queue(
            "abandoned", _COUNT, marked("Abandoned"), marked("visits hung up while waiting"), lambda t, r: t.abandoned
        ),
        _queue(
            "timeout",
            _COUNT,
            marked("Timed out"),
            marked("visits ended by the queue's time-out"),
            lambda t, r: t.timeout,
        ),
        _queue(
            "exit_empty",
            _COUNT,
            marked("Left empty"),
            marked("visits ended because nobody was logged in"),
            lambda t, r: t.exit_empty,
        ),
        _queue(
            "exit_key",
            _COUNT,
            marked("Left by key"),
            marked("visits the caller left by a key"),
            lambda t, r: t.exit_key,
        ),
        _queue(
            "lost",
            _COUNT,
            marked("Lost"),
            marked("abandoned + timed out + left empty + left by key"),
            lambda t, r: t.lost,
        ),
        _queue(
            "withdrawn",
            _COUNT,
            marked("Withdrawn"),
            marked("visits taken out by a supervisor or an action; not offered"),
            lambda t, r: t.withdrawn,
        ),
        _queue(
            "interrupted",
            _COUNT,
            marked("Interrupted"),
            marked("visits waiting when the PBX restarted; not offered"),
            lambda t, r: t.interrupted,
        ),
        _queue(
            "waiting",
            _COUNT,
            marked("Without end"),
            marked("visits without an end so far; not offered"),
            lambda t, r: t.waiting,
        ),
        _queue(
            "short_abandoned",
            _COUNT,
            marked("Short abandons"),
            marked("abandoned with a wait under {short} s"),
            lambda t, r: t.short_abandoned,
        ),
        _queue(
            "service_level",
            _RATE,
            marked("Service level"),
            marked(""),
            lambda t, r: SERVICE_LEVELS[r.service_level].of(t),
        ),
        _queue(
            "abandon_rate",
            _RATE,
            marked("Abandon rate"),
            marked("(abandoned − abandoned under {short} s) / (offered − abandoned under {short} s)"),
            lambda t, r: ratio(t.abandoned - t.short_abandoned, t.offered - t.short_abandoned),
        ),
        _queue(
            "asa",
            _SECONDS,
            marked("Average speed of answer"),
            marked("mean wait of answered"),
            lambda t, r: ratio(t.answered_wait, t.answered),
        ),
        _queue(
            "longest_wait",
            _SECONDS,
            marked("Longest wait"),
            marked("of answered and lost"),
            lambda t, r: t.longest_wait,
        ),
        _queue("wait_p50", _SECONDS, marked("Wait, median"), _RANK, lambda t, r: percentile(t.waits, 0.5)),
        _queue("wait_p90", _SECONDS, marked("Wait, 90 %"), _RANK, lambda t, r: percentile(t.waits, 0.9)),
        _queue("wait_p95", _SECONDS, marked("Wait, 95 %"), _RANK, lambda t, r: percentile(t.waits, 0.95)),
        _queue(
            "abandon_wait",
            _SECONDS,
            marked("Wait of abandoned"),
            marked("mean wait of abandoned"),
            lambda t, r: ratio(t.abandoned_wait, t.abandoned),
        ),
        _queue("talk", _SECONDS, marked("Talk"), marked("sum over answered"), lambda t, r: t.talk),
        _queue(
            "wrap",
            _SECONDS,
            marked("Wrap-up"),
            marked("sum over answered: the wrap-up pause, else the queue's configured wrap-up"),
            lambda t, r: t.wrap,
        ),
        _queue(
            "aht",
            _SECONDS,
            marked("Average handling time"),
            marked("mean of talk + wrap-up over answered"),
            lambda t, r: ratio(t.talk + t.wrap, t.talked),
        ),
        _queue(
            "transfers",
            _COUNT,
            marked("Transfers"),
            marked("answered visits ended by a transfer"),
            lambda t, r: t.transfers,
        ),
    )
}
"""Figures of a queue, or of any other set of visits."""


def _occupancy(t: AgentTally, r: Rules) -> float | None:
    busy = t.talk + t.wrap
    return None if t.available is None else ratio(busy, busy + t.available)


AGENT_FIGURES: dict[str, Figure[AgentTally]] = {
    figure.key: figure
    for figure in (
        _agent(
            "logged_in",
            _SECONDS,
            marked("Logged in"),
            marked("union of memberships; none for static members"),
            lambda t, r: t.logged_in,
        ),
        _agent(
            "paused",
            _SECONDS,
            marked("Paused"),
            marked("union of pauses inside logged in, wrap-up pauses not among them"),
            lambda t, r: t.paused_seconds,
        ),
        _agent("talk", _SECONDS, marked("Talk"), marked("sum inside the period"), lambda t, r: t.talk),
        _agent("ring", _SECONDS, marked("Ringing"), marked("sum of answered and missed"), lambda t, r: t.ring),
        _agent(
            "wrap",
            _SECONDS,
            marked("Wrap-up"),
            marked("wrap-up pauses, else the queue's configured wrap-up"),
            lambda t, r: t.wrap,
        ),
        _agent(
            "available",
            _SECONDS,
            marked("Available"),
            marked("logged in − paused − talk − wrap-up"),
            lambda t, r: t.available,
        ),
        _agent(
            "occupancy",
            _RATE,
            marked("Occupancy"),
            marked("(talk + wrap-up) / (talk + wrap-up + available)"),
            _occupancy,
        ),
        _agent(
            "utilisation",
            _RATE,
            marked("Utilisation"),
            marked("(talk + wrap-up) / logged in"),
            lambda t, r: None if t.logged_in is None else ratio(t.talk + t.wrap, t.logged_in),
        ),
        _agent("answered", _COUNT, marked("Answered"), marked("visits the agent took"), lambda t, r: t.answered),
        _agent("missed", _COUNT, marked("Missed"), marked("rings without answer"), lambda t, r: t.missed),
        _agent(
            "transfers",
            _COUNT,
            marked("Transfers"),
            marked("answered visits ended by a transfer"),
            lambda t, r: t.transfers,
        ),
        _agent(
            "aht",
            _SECONDS,
            marked("Average handling time"),
            marked("mean of talk + wrap-up over answered"),
            lambda t, r: ratio(t.talk_whole + t.wrap_whole, t.talked),
        ),
        _agent("longest_talk", _SECONDS, marked("Longest talk"), marked("of answered"), lambda t, r: t.longest_talk),
    )
}
"""Figures of an agent."""


def queue_figures(tally: Tally, rules: Rules) -> dict[str, Number]:
    """Return every figure of a set of visits by its key."""
    return {key: figure.of(tally, rules) for key, figure in QUEUE_FIGURES.items()}


def agent_figures(tally: AgentTally, rules: Rules) -> dict[str, Number]:
    """Return every figure of an agent by its key."""
    return {key: figure.of(tally, rules) for key, figure in AGENT_FIGURES.items()}


def agent_team_figures(tallies: Iterable[AgentTally], rules: Rules) -> dict[str, Number]:
    """Return every figure of several agents together, by its key.

    Where one of them is a static member, whose time is unknown, what rests on time is of the others.
    """
    total, known = AgentTally(), AgentTally()
    available = 0
    for tally in tallies:
        total.merge(tally)
        if tally.available is not None:
            known.merge(tally)
            available += tally.available
    found = agent_figures(total, rules)
    if known.logged_in is not None:
        busy = known.talk + known.wrap
        found["available"] = available
        found["occupancy"] = ratio(busy, busy + available)
        found["utilisation"] = ratio(busy, known.logged_in)
    return found
