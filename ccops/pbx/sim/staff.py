"""Agents at work: they log in and out, take breaks, answer or miss calls, and make calls of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ccops.pbx.sim.chance import dice, lognormal, milliseconds
from ccops.pbx.sim.channel import Channel, Place
from ccops.pbx.sim.devices import DeviceState
from ccops.pbx.sim.names import PAUSE_REASONS
from ccops.pbx.sim.phones import Habit, Phone
from ccops.pbx.sim.plan import AgentPlan

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx

HOUR = 3600.0
ROUND_THE_CLOCK = (0.0, 24.0)
LUNCH_AFTER_HOURS = 6.0
LOOKS_AGAIN = 45.0
"""Seconds after which an agent who is on the phone looks again whether the shift or the break can be ended."""


class Agent:
    """One agent's working day. It is the person at its phone."""

    def __init__(self, pbx: Pbx, plan: AgentPlan, seed: int, *, lively: bool = True) -> None:
        """A lively agent misses calls, takes breaks and calls out; another one does only what a test asks for."""
        self._pbx = pbx
        self.plan = plan
        self.habit: Habit | None = None if lively else Habit("answer", 2.0)
        """What it does about every call; None leaves it to chance."""
        self.at_work = False
        self.on_break = ""
        self._lively = lively
        self._dice = dice(seed, "agent", plan.number)
        phone = pbx.phones.named(plan.number)
        if phone is None:
            raise LookupError(plan.number)
        self.phone: Phone = phone
        phone.person = self
        self.call_out: Callable[[Agent], Place] | None = None

    # -- the day ------------------------------------------------------------------------------------------------

    def plan_day(self, midnight: float, now: float) -> None:
        """Plan a working day that begins at a local midnight; what is past of it is not made up for."""
        begins, ends = (midnight + hour * HOUR for hour in self.plan.shift)
        begins += self._dice.uniform(-240, 120)
        ends += self._dice.uniform(0, 300)
        breaks = self._breaks(begins, ends)
        if now >= ends:
            return
        self._at(max(begins, now), self.log_in)
        if self.plan.shift != ROUND_THE_CLOCK:
            self._at(ends, self.log_out)
        for start, minutes, reason in breaks:
            if start > now:
                self._at(start, self.take_break, reason, minutes * 60)
        self._plan_own_calls(max(begins, now), ends)

    def _breaks(self, begins: float, ends: float) -> list[tuple[float, float, str]]:
        rng = self._dice
        hours = (ends - begins) / HOUR
        planned: list[tuple[float, float, str]] = []
        if hours >= LUNCH_AFTER_HOURS:
            planned.append(((begins + ends) / 2 + rng.uniform(-40, 40) * 60, rng.uniform(28, 45), "lunch"))
        for _ in range(round(hours / 2.4)):
            reason, minutes, _share = rng.choices(PAUSE_REASONS, weights=[share for *_, share in PAUSE_REASONS])[0]
            planned.append((rng.uniform(begins + 1200, ends - 1200), lognormal(rng, minutes, 0.3), reason))
        return planned

    def _plan_own_calls(self, begins: float, ends: float) -> None:
        for _ in range(round((ends - begins) / HOUR * 0.8)):
            self._at(self._dice.uniform(begins, ends), self.make_call)

    def _at(self, when: float, callback: Callable[..., None], *args: object) -> None:
        self._pbx.clock.outside_at(round(milliseconds(when) * 1_000_000), callback, *args)

    def _later(self, seconds: float, callback: Callable[..., None], *args: object) -> None:
        self._pbx.clock.outside_after(milliseconds(seconds), callback, *args)

    def log_in(self) -> None:
        """Come to work."""
        if not self.at_work:
            self.at_work = True
            self._pbx.devices.set_online(self.plan.device, online=True)
            self._pbx.add_members(self.plan)

    def log_out(self) -> None:
        """Go home, after the call that is under way."""
        if not self.at_work:
            return
        if self.busy():
            self._later(LOOKS_AGAIN, self.log_out)
            return
        self.end_break()
        self.at_work = False
        self._pbx.remove_members(self.plan)
        if self.plan.kind == "static":
            self._pbx.devices.set_online(self.plan.device, online=False)

    def busy(self) -> bool:
        """True while the phone rings or talks."""
        return bool(self._pbx.channels.of_device(self.plan.device))

    def take_break(self, reason: str, seconds: float) -> None:
        """Pause in all queues for a while; a break that meets another one is not taken."""
        if self.at_work and not self.on_break:
            self.on_break = reason
            self._pbx.room.pause(self.plan.interface, "", paused=True, reason=reason)
            self._later(seconds, self.end_break)

    def end_break(self) -> None:
        """Come back."""
        if self.on_break:
            self.on_break = ""
            self._pbx.room.pause(self.plan.interface, "", paused=False, reason="")

    # -- the phone ----------------------------------------------------------------------------------------------

    def decide(self, channel: Channel) -> Habit | None:
        """Answer after some seconds, mostly; who is not at the desk lets it ring."""
        if self.habit is not None:
            return self.habit
        if not self.at_work or self.on_break:
            return Habit("ring")
        throw = self._dice.random()
        seconds = milliseconds(min(40.0, max(0.8, lognormal(self._dice, 3.2, 0.5))))
        if throw < 0.022:
            return Habit("ring")
        if throw < 0.028:
            return Habit("reject")
        return Habit("answer", seconds)

    def make_call(self) -> None:
        """Call somebody, where the phone is free."""
        state = self._pbx.devices.state(self.plan.device)
        if not self.at_work or self.call_out is None or state != DeviceState.NOT_INUSE:
            return
        pbx = self._pbx
        channel = self.phone.call(pbx, self.call_out(self))
        talk = milliseconds(8 + lognormal(self._dice, 70, 0.6))
        pbx.clock.after(talk, pbx.calls.far_hangup, channel)
