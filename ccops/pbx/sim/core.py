"""The machine: every part of the simulated PBX put together, without people and without a network."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path

from ccops.pbx.sim.apps import PlainApplications
from ccops.pbx.sim.bridge import Bridges
from ccops.pbx.sim.bus import Bus
from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.chance import dice
from ccops.pbx.sim.channel import Channels, Party
from ccops.pbx.sim.clock import Clock
from ccops.pbx.sim.devices import Devices
from ccops.pbx.sim.dialing import DialApplication
from ccops.pbx.sim.dialplan import Dialplan, Executor
from ccops.pbx.sim.events import Events
from ccops.pbx.sim.legs import Legs
from ccops.pbx.sim.log import QueueLog
from ccops.pbx.sim.members import Member
from ccops.pbx.sim.originate import Originates
from ccops.pbx.sim.parking import Lot, Parking
from ccops.pbx.sim.phones import Phone, Phones
from ccops.pbx.sim.plan import AgentPlan, CentrePlan
from ccops.pbx.sim.queue_app import QueueApplication
from ccops.pbx.sim.queue_calls import QueueCalls
from ccops.pbx.sim.queue_room import QueueRoom
from ccops.pbx.sim.queues import Queue
from ccops.pbx.sim.spy import SpyApplication
from ccops.pbx.sim.transfers import Transfers
from ccops.pbx.sim.versions import Version


class Pbx:
    """A PBX with its phones, queues and dialplan, at a moment of virtual time."""

    def __init__(
        self, plan: CentrePlan, clock: Clock, version: Version, *, seed: int, queue_log: Path | None,
        zone: tzinfo = UTC,
    ) -> None:  # fmt: skip
        """`zone` is where the machine stands: CoreStatus tells local time."""
        self.plan = plan
        self.zone = zone
        self.clock = clock
        self.version = version
        self.started_us = clock.now_us
        self.bus = Bus()
        self.variables: dict[str, str] = {}
        """Global variables of the dialplan."""
        self._build_switch(seed)
        self._build_queues(queue_log)
        self._build_applications()
        self.furnish()

    def _build_switch(self, seed: int) -> None:
        self.events = Events(self.bus, self.version)
        self.channels = Channels(self.clock)
        self.bridges = Bridges(self.events, dice(seed, "bridges"))
        self.devices = Devices(self.clock, self.channels, self.events, ringing_counts=self.version.ringing_counts)
        self.phones = Phones()
        self.calls = Calls(self.clock, self.channels, self.bridges, self.devices, self.events, self.phones)
        self.legs = Legs(self.calls)
        self.executor = Executor(self.calls, Dialplan(*self.plan.dialplan()))

    def _build_queues(self, queue_log: Path | None) -> None:
        self.log = QueueLog(self.clock, queue_log)
        self.down = False
        """It died and has not come back: nobody gets through."""
        self.room = QueueRoom(self.calls, self.log)
        self.queue_calls = QueueCalls(self.calls, self.room)

    def _build_applications(self) -> None:
        PlainApplications(self.calls, self.executor)
        DialApplication(self.calls, self.legs, self.executor)
        QueueApplication(self.calls, self.legs, self.room, self.queue_calls, self.executor)
        self.spies = SpyApplication(self.calls, self.executor)
        self.parking = Parking(self.calls, self.executor, Lot())
        self.transfers = Transfers(self.calls, self.legs, self.queue_calls)
        self.originates = Originates(self.calls, self.legs, self.executor)

    def furnish(self) -> None:
        """Hang the phones on the lines and make the queues."""
        trunk = Phone(self.calls, self.plan.trunk, Party(), context="from-trunk")
        self.phones.add(trunk)
        self.devices.register(trunk.device)
        for number in self.plan.supervisors:
            self._add_phone(number, f"Supervisor {number}", busy_at=0)
        for agent in self.plan.agents:
            self._add_phone(agent.number, agent.name, busy_at=agent.busy_at)
            if self.plan.hints:
                self.devices.add_hint(agent.number, "ext-local", agent.device)
        for queue in self.plan.queues:
            self.room.add_queue(Queue(queue))

    def power_on(self) -> None:
        """Begin to run: the log says so, and static members are there."""
        self.started_us = self.clock.now_us
        self.log.write("QUEUESTART", "")
        for agent in self.plan.agents:
            if agent.kind == "static":
                self.add_members(agent)

    def _add_phone(self, number: str, label: str, *, busy_at: int) -> None:
        phone = self.phones.add(Phone(self.calls, number, Party(number, label)))
        self.devices.register(phone.device, busy_at=busy_at)

    def add_members(self, agent: AgentPlan) -> None:
        """Put an agent into its queues, those where it is already left out."""
        for name, penalty in agent.queues:
            queue = self.room.find(name)
            if queue is not None and agent.interface not in queue.members:
                member = Member(
                    agent.interface, agent.name, agent.state_interface, agent.kind != "static", self.clock.second,
                    penalty, queue.plan.ring_in_use,
                )  # fmt: skip
                self.room.add_member(queue, member)
                if member.dynamic:
                    self.log.write("ADDMEMBER", "", call="MANAGER", queue=name, agent=agent.name)

    def remove_members(self, agent: AgentPlan) -> None:
        """Take an agent out of all queues."""
        for queue, member in self.room.memberships(agent.interface):
            if member.dynamic:
                self.log.write("REMOVEMEMBER", "", call="MANAGER", queue=queue.name, agent=member.name)
                self.room.remove_member(queue, member)

    def die(self) -> None:
        """Lose every channel, bridge and caller at once, as a crash does; nobody is told anything."""
        self.down = True
        self.clock.forget_machine()
        lost = list(self.channels)
        self.room.clear()  # before their threads end, which would take each caller out of line as if it lived
        self.channels.clear()
        for channel in lost:
            if channel.far:
                channel.far.ended(channel)
        self.bridges.clear()
        self.spies.clear()
        self.parking.clear()
        self.transfers.clear()
        self.queue_calls.clear()

    def boot(self) -> None:
        """Come back after `die`: static members, and dynamic ones where they persist."""
        self.down = False
        self.started_us = self.clock.now_us
        self.devices.restart()
        self.room.clear()
        if not self.plan.persistent_members:
            for queue in self.room:
                queue.members = {name: one for name, one in queue.members.items() if not one.dynamic}
        self.log.write("QUEUESTART", "")
