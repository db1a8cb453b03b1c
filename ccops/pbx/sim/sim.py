"""The simulated PBX as others use it: start it, warm it up, drive it in tests, break it on purpose."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from time import time
from zoneinfo import ZoneInfo

from ccops.errors import NotFound
from ccops.i18n import _
from ccops.pbx.sim.bus import ALL, Tap, mask_of
from ccops.pbx.sim.callers import Caller, Traits
from ccops.pbx.sim.centre import Centre
from ccops.pbx.sim.chance import dice
from ccops.pbx.sim.channel import Channel, Place
from ccops.pbx.sim.clock import SECOND, Clock
from ccops.pbx.sim.core import Pbx
from ccops.pbx.sim.figures import LogCounter, SimStats, Truth
from ccops.pbx.sim.pace import Pacer
from ccops.pbx.sim.phones import Habit, HabitKind
from ccops.pbx.sim.plan import CentrePlan
from ccops.pbx.sim.server import Server
from ccops.pbx.sim.session import User
from ccops.pbx.sim.versions import version_named

WARM_UP_SLICE_US = 600 * SECOND


class SimPbx:
    """A simulated Asterisk with a centre of people around it.

    Virtual time begins at `start` (epoch seconds; None: now) and follows the wall at `speed` once it is started.
    The same plan, seed and start give the same events and the same queue_log, whatever the speed, as long as
    nobody acts on it.
    """

    def __init__(
        self, plan: CentrePlan | None = None, *, seed: int = 1, speed: float = 1.0, start: float | None = None,
        zone: str = "UTC", queue_log: Path | None = None, host: str = "127.0.0.1", port: int = 0,
        username: str = "ccops", secret: str | None = None, version: str = "22", quiet: bool = False,
    ) -> None:  # fmt: skip
        """`quiet`: everybody is logged in and nothing happens by itself, so that a test can drive it."""
        self.plan = plan or CentrePlan.default(seed=seed)
        self.host, self.port = host, port
        self.username = username
        self.secret = secret or f"{dice(seed, 'secret', time()).getrandbits(80):020x}"
        self.zone = ZoneInfo(zone)
        self._seed = seed
        self._start = time() if start is None else start
        self._clock = Clock(self._start)
        self._version = version_named(version)
        self._queue_log = queue_log
        self._quiet = quiet
        self._users = {username: User(username, self.secret)}
        self._callers: dict[str, Caller] = {}
        self._begun = False
        self._speed = speed
        self._pbx = Pbx(
            self.plan, self._clock, self._version, seed=self._seed, queue_log=self._queue_log, zone=self.zone
        )
        self._log_counter = LogCounter()
        self._pbx.log.told.append(self._log_counter.note)
        self.truth = Truth(self._pbx)
        self._centre = Centre(self._pbx, self._seed, self.zone, quiet=self._quiet)
        self._pacer = Pacer(self._clock, self._speed, self._pbx.log.flush)
        self._server = Server(self._pbx, self._users, self._seed, self._pacer.catch_up)

    # -- life ---------------------------------------------------------------------------------------------------

    async def warm_up(self, until: float | None = None, *, history_days: int = 0) -> None:
        """Live through the day up to an instant (epoch seconds; None: the start given), as fast as possible.

        Begins at opening time of that local day, or `history_days` days before. Only before `start`.
        """
        if self._begun:
            raise RuntimeError("a centre can be warmed up only before it begins")
        until = self._start if until is None else until
        self._clock.rebase(min(self._opening(until, history_days), until))
        self._begin()
        until_us = round(until * SECOND)
        while self._clock.now_us < until_us:
            self._clock.run_until(min(until_us, self._clock.now_us + WARM_UP_SLICE_US))
            await asyncio.sleep(0)
        self._pbx.log.flush()

    def _opening(self, until: float, days: int) -> float:
        day = datetime.fromtimestamp(until, self.zone).date() - timedelta(days=days)
        opens = timedelta(hours=self.plan.opens) - timedelta(minutes=15)
        return (datetime(day.year, day.month, day.day, tzinfo=self.zone) + opens).timestamp()

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._pbx.power_on()
            self._centre.begin()

    async def start(self) -> None:
        """Open the port and let time run."""
        self._begin()
        self.port = await self._server.listen(self.host, self.port)
        self._pacer.start()

    async def stop(self) -> None:
        """Close everything."""
        await self._pacer.stop()
        await self._server.close()
        self._pbx.log.close()

    async def __aenter__(self) -> SimPbx:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    def add_user(self, name: str, secret: str, read: str = "all", write: str = "all") -> None:
        """Add a manager user with comma lists of read and write classes, as in manager.conf."""
        self._users[name] = User(name, secret, mask_of(read), mask_of(write))

    @property
    def now(self) -> float:
        """Virtual epoch seconds."""
        return self._clock.now

    @property
    def stats(self) -> SimStats:
        """Counts since the simulation began."""
        return SimStats(
            events=self._pbx.bus.count, calls=self._centre.calls + len(self._callers),
            log_lines=self._pbx.log.lines, clients=self._server.sessions,
            virtual_seconds=self._clock.now - self._pbx.started_us / SECOND, **self._log_counter.counts,
        )  # fmt: skip

    def tap(self, hear: Tap | None = None) -> list[str]:
        """A list that every event from now on is appended to, as text."""
        heard: list[str] = []
        self._pbx.bus.add(hear or Tap(heard.append, ALL))
        return heard

    def set_speed(self, speed: float) -> None:
        """Let time run faster or slower."""
        self._speed = speed
        self._pacer.set_speed(speed)

    # -- doors for tests ----------------------------------------------------------------------------------------

    def call_in(
        self, to: str, number: str, name: str = "", patience: float | None = None, talk: float | None = None
    ) -> str:  # fmt: skip
        """Let somebody call a queue or an extension; return the channel's uniqueid.

        `patience` is how long the caller waits, `talk` how long the conversation lasts, in virtual seconds; None
        is until `hang_up`.
        """
        self._pacer.catch_up()
        caller = Caller(self._pbx, Traits(number, name, patience, talk))
        channel = caller.call(to)
        self._callers[channel.uniqueid] = caller
        return channel.uniqueid

    def hang_up(self, uniqueid: str) -> None:
        """The far end of a channel, caller or phone, puts the phone down."""
        self._pacer.catch_up()
        channel = self._channel(uniqueid)
        if channel.uniqueid in self._callers:
            self._callers[channel.uniqueid].hang_up()
        else:
            self._pbx.calls.far_hangup(channel)

    def hold(self, uniqueid: str, *, on: bool = True) -> None:
        """The phone of a channel presses hold, or takes the call back."""
        self._pacer.catch_up()
        channel = self._channel(uniqueid)
        if on:
            self._pbx.calls.hold(channel)
        else:
            self._pbx.calls.unhold(channel)

    def dial(self, device: str, exten: str, context: str = "internal") -> str:
        """The person at a phone calls an extension; return the channel's uniqueid."""
        self._pacer.catch_up()
        phone = self._pbx.phones.named(device)
        if phone is None:
            raise NotFound(_("phone"), device)
        return phone.call(self._pbx, Place(context, exten, 1)).uniqueid

    def transfer(self, uniqueid: str, exten: str, context: str = "internal") -> bool:
        """The phone of a channel sends its partner somewhere else; False where it talks to nobody."""
        self._pacer.catch_up()
        return self._pbx.transfers.blind(self._channel(uniqueid), Place(context, exten, 1))

    def press_key(self, uniqueid: str, digit: str) -> None:
        """The far end of a channel presses a key."""
        from ccops.pbx.sim.queue_ring import Digit

        self._pacer.catch_up()
        channel = self._channel(uniqueid)
        spy = self._pbx.spies.of(channel)
        if spy is not None:
            spy.key(digit)
        elif channel.task is not None:
            channel.task.post(Digit(digit))

    def leg_of(self, device: str) -> str:
        """The uniqueid of the oldest live channel of a phone (1001 or PJSIP/1001)."""
        channels = self._pbx.channels.of_device(device if "/" in device else f"PJSIP/{device}")
        if not channels:
            raise NotFound(_("live channel of"), device)
        return channels[0].uniqueid

    def _channel(self, uniqueid: str) -> Channel:
        channel = self._pbx.channels.find(uniqueid)
        if channel is None:
            raise NotFound(_("channel"), uniqueid, self.truth.channels())
        return channel

    def agent_behaviour(self, interface: str, kind: HabitKind = "answer", seconds: float = 2.0) -> None:
        """What an agent (by interface or number) does about every call from now on."""
        agent = self._centre.agents.get(interface) or next(
            (one for one in self._centre.agents.values() if one.plan.number == interface), None
        )
        if agent is None:
            raise NotFound(_("agent"), interface, self._centre.agents)
        agent.habit = Habit(kind, seconds)

    def phone_behaviour(self, device: str, behaviour: HabitKind | float) -> None:
        """What a phone does when it is rung: answer, busy, reject, ring, or be picked up after so many seconds."""
        phone = self._pbx.phones.named(device)
        if phone is None:
            raise NotFound(_("phone"), device)
        habit = Habit(behaviour) if isinstance(behaviour, str) else Habit("answer", float(behaviour))
        phone.habit = habit
        if phone.person is not None:
            phone.person.habit = habit

    def phone_online(self, device: str, *, online: bool) -> None:
        """A phone registers, or its line is cut."""
        self._pacer.catch_up()
        self._pbx.devices.set_online(device if "/" in device else f"PJSIP/{device}", online=online)

    def messages(self, device: str) -> list[str]:
        """Texts that were sent to a phone."""
        phone = self._pbx.phones.named(device)
        return list(phone.messages) if phone else []

    async def settle(self, seconds: float = 0.0) -> None:
        """Move virtual time on at once, and let clients hear of it."""
        self._pacer.catch_up()
        until = self._clock.now_us + round(seconds * SECOND)
        while self._clock.now_us < until:
            self._clock.run_until(min(until, self._clock.now_us + 60 * SECOND))
            await asyncio.sleep(0)
        self._clock.run_until(until)
        self._pacer.rebase()
        self._pbx.log.flush()
        await asyncio.sleep(0)

    # -- doors for faults ---------------------------------------------------------------------------------------

    async def client(self) -> None:
        """Wait until somebody has logged in."""
        await self._server.client()

    def drop_clients(self) -> None:
        """Cut every connection; the PBX goes on."""
        self._server.drop_clients()

    def stall(self) -> None:
        """Let the PBX process hang: connections stay, nothing is said."""
        self._server.freeze()
        self._pacer.paused = True

    def unstall(self) -> None:
        """Let it go on; what should have happened meanwhile happens now."""
        self._pacer.paused = False
        self._server.thaw()

    def garbage(self, data: bytes) -> None:
        """Send bytes to every client, whatever they are."""
        self._server.send_raw(data)

    async def flood(self, rate: float, seconds: float) -> None:
        """Give so many events a second for so many wall seconds, by letting virtual time run as fast as that takes.

        Counts what clients hear. The events are those of the centre, and as consistent as ever. Use a plan that
        never sleeps, and have a client.
        """
        await self._pacer.by_events(rate, seconds, lambda: self._pbx.bus.heard)

    async def restart(self, *, away: float = 0.0, clean: bool = False) -> None:
        """Let the PBX die and come back on the same port after `away` wall seconds; a clean one says so before."""
        self._pacer.catch_up()
        if clean:
            self._pbx.events.system("Shutdown", [("Shutdown", "Cleanly"), ("Restart", "True")])
            await asyncio.sleep(0)
        await self._server.close()
        self._pbx.die()
        self._callers.clear()
        if away:
            await asyncio.sleep(away)
        self._pacer.catch_up()
        self._pbx.boot()
        self._pbx.log.flush()
        self.port = await self._server.listen(self.host, self.port)
