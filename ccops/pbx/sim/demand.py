"""Demand: who calls which queue when, drawn from the plan by chance that can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from ccops.pbx.sim.callers import Caller, Traits
from ccops.pbx.sim.chance import dice, exponential, lognormal, milliseconds
from ccops.pbx.sim.channel import Place
from ccops.pbx.sim.names import CALLER_NAMES, HOSTILE_NAME
from ccops.pbx.sim.plan import QueuePlan

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx

CALLS_AGAIN = 0.38
"""Share of callers who were not answered and try again."""
HOSTILE_EVERY = 97
"""One caller in so many has a name that tries to do harm."""


class Demand:
    """The calls for one queue."""

    def __init__(
        self, pbx: Pbx, queue: QueuePlan, seed: int, zone: tzinfo, colleagues: Callable[[], list[str]]
    ) -> None:
        """`colleagues` says to which phones a caller can be transferred."""
        self._pbx = pbx
        self._queue = queue
        self._zone = zone
        self._colleagues = colleagues
        self._gaps = dice(seed, "arrivals", queue.name)
        self._people = dice(seed, "callers", queue.name)
        self._prefix = 100 + [one.name for one in pbx.plan.queues].index(queue.name)
        self.calls = 0

    def begin(self) -> None:
        """Let calls come, from now on."""
        if self._queue.calls_per_hour > 0:
            self._next()

    def _next(self) -> None:
        # Thinning: throw for the busiest time, and let through what the hour allows.
        gap = exponential(self._gaps, 3600 / self._queue.calls_per_hour)
        self._pbx.clock.outside_after(milliseconds(gap), self._arrive, self._gaps.random())

    def _arrive(self, throw: float) -> None:
        self._next()
        local = datetime.fromtimestamp(self._pbx.clock.second, self._zone)
        if throw < self._pbx.plan.demand(local.hour + local.minute / 60):
            self._call(self._traits())

    def _call(self, traits: Traits) -> None:
        if self._pbx.down:
            return
        self.calls += 1
        Caller(self._pbx, traits, self._ended, self._somewhere).call(self._queue.name)

    def _ended(self, caller: Caller) -> None:
        if not caller.talked and self._people.random() < CALLS_AGAIN:
            again = self._traits()
            again.number, again.name = caller.traits.number, caller.traits.name
            self._pbx.clock.outside_after(milliseconds(60 + exponential(self._people, 900)), self._call_again, again)

    def _call_again(self, traits: Traits) -> None:
        local = datetime.fromtimestamp(self._pbx.clock.second, self._zone)
        if self._pbx.plan.demand(local.hour + local.minute / 60):
            self._call(traits)

    def _traits(self) -> Traits:
        rng, queue = self._people, self._queue
        talk = min(3600.0, max(8.0, lognormal(rng, queue.talk_median, queue.talk_sigma)))
        traits = Traits(
            self._number(), self._name(), milliseconds(max(1.5, self._patience())), milliseconds(talk),
            "agent" if rng.random() < 0.62 else "caller",
        )  # fmt: skip
        self._embellish(traits, talk)
        return traits

    def _number(self) -> str:
        # Some callers are regulars; one in thirty hides its number.
        throw = self._people.random()
        if throw < 0.03:
            return ""
        if throw < 0.15:
            return f"0{self._prefix}55500{self._people.randrange(40):02d}"
        return f"0{self._people.choice((151, 160, 171, 30, 40, 89, 221))}{self._people.randrange(10**6, 10**7)}"

    def _name(self) -> str:
        if self._people.randrange(HOSTILE_EVERY) == 0:
            return HOSTILE_NAME
        return self._people.choice(CALLER_NAMES)

    def _patience(self) -> float:
        if self._queue.patience_law == "exponential":
            return exponential(self._people, self._queue.patience_mean)
        return lognormal(self._people, self._queue.patience_mean * 0.7, 0.85)

    def _embellish(self, traits: Traits, talk: float) -> None:
        """Add what happens in some conversations: hold, transfers, a key pressed while waiting."""
        rng = self._people
        if rng.random() < 0.16 and talk > 40:
            traits.hold_at = milliseconds(talk * rng.uniform(0.2, 0.6))
            traits.hold_for = milliseconds(min(lognormal(rng, 25, 0.6), talk * 0.35))
        throw = rng.random()
        if throw < 0.055 and talk > 30:
            traits.transfer = "blind" if throw < 0.035 else "attended"
            traits.transfer_at = milliseconds(talk * rng.uniform(0.62, 0.9))
        if self._queue.exit_context and rng.random() < 0.03:
            traits.exit_key_at = milliseconds(rng.uniform(15, 90))

    def _somewhere(self, device: str) -> Place:
        """Where the agent at a device transfers a caller to: another queue, or a colleague."""
        others = [queue.name for queue in self._pbx.plan.queues if queue is not self._queue]
        phones = [number for number in self._colleagues() if device != f"PJSIP/{number}"]
        if others and (self._people.random() < 0.5 or not phones):
            return Place("internal", self._people.choice(others), 1)
        return Place("internal", self._people.choice(phones or list(self._pbx.plan.supervisors)), 1)
