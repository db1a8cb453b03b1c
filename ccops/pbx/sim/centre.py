"""The centre's day: agents come and go, callers call, and some calls go past the queues."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from ccops.pbx.sim.callers import Callee, Caller, Traits
from ccops.pbx.sim.chance import dice, lognormal, milliseconds
from ccops.pbx.sim.channel import FarEnd, Place
from ccops.pbx.sim.demand import Demand
from ccops.pbx.sim.staff import Agent

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx

DIRECT_CALLS_PER_HOUR = 0.25
"""Calls from outside straight to an agent's number, per agent at the busiest time."""


class Centre:
    """Everybody in and around the centre."""

    def __init__(self, pbx: Pbx, seed: int, zone: tzinfo, *, quiet: bool) -> None:
        """In a quiet centre everybody is logged in and nothing happens by itself."""
        self._pbx = pbx
        self._zone = zone
        self._quiet = quiet
        self._dice = dice(seed, "outside")
        self.agents = {plan.interface: Agent(pbx, plan, seed, lively=not quiet) for plan in pbx.plan.agents}
        self._demand = [Demand(pbx, queue, seed, zone, self._free_phones) for queue in pbx.plan.queues]
        if not quiet:
            pbx.phones.outside = self._callee
        for agent in self.agents.values():
            agent.call_out = self._whom_to_call

    @property
    def calls(self) -> int:
        """Calls that came in for queues."""
        return sum(demand.calls for demand in self._demand)

    def begin(self) -> None:
        """Start life at the present moment."""
        if self._quiet:
            for agent in self.agents.values():
                agent.log_in()
            return
        for agent in self.agents.values():
            if agent.plan.kind == "static":
                self._pbx.devices.set_online(agent.plan.device, online=False)
        self._begin_day(self._midnight())
        for demand in self._demand:
            demand.begin()
        self._next_direct_call()

    def _midnight(self) -> datetime:
        now = datetime.fromtimestamp(self._pbx.clock.now, self._zone)
        return now.replace(hour=0, minute=0, second=0, microsecond=0)

    def _begin_day(self, midnight: datetime) -> None:
        now = self._pbx.clock.now
        for agent in self.agents.values():
            agent.plan_day(midnight.timestamp(), now)
        tomorrow = datetime.combine(midnight.date() + timedelta(days=1), midnight.timetz())
        self._pbx.clock.outside_at(round(tomorrow.timestamp() * 1_000_000), self._begin_day, tomorrow)

    # -- calls past the queues ----------------------------------------------------------------------------------

    def _free_phones(self) -> list[str]:
        return [agent.plan.number for agent in self.agents.values() if agent.at_work and not agent.busy()]

    def _whom_to_call(self, agent: Agent) -> Place:
        phones = [number for number in self._free_phones() if number != agent.plan.number]
        if phones and self._dice.random() < 0.4:
            return Place("internal", self._dice.choice(phones), 1)
        return Place("internal", f"0{self._dice.randrange(10**8, 10**9)}", 1)

    def _callee(self, number: str) -> FarEnd:
        answers = milliseconds(self._dice.uniform(3, 12)) if self._dice.random() < 0.75 else None
        return Callee(self._pbx, answers, milliseconds(lognormal(self._dice, 80, 0.7)))

    def _next_direct_call(self) -> None:
        rate = DIRECT_CALLS_PER_HOUR * max(1, len(self.agents))
        gap = self._dice.expovariate(rate / 3600)
        self._pbx.clock.outside_after(milliseconds(gap), self._direct_call)

    def _direct_call(self) -> None:
        self._next_direct_call()
        phones = self._free_phones()
        if phones and not self._pbx.down:
            traits = Traits(
                f"0171{self._dice.randrange(10**6, 10**7)}", "", 40.0,
                milliseconds(lognormal(self._dice, 60, 0.6)), "caller",
            )  # fmt: skip
            Caller(self._pbx, traits).call(self._dice.choice(phones))
