"""A desk without a PBX for the console's tests and benchmark: generated rows, changes at a rate, actions noted."""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ccops.board import (
    AgentRow,
    AgentState,
    Board,
    CallRow,
    Change,
    Figures,
    LinkRow,
    Membership,
    ParkedRow,
    QueueRow,
    Row,
    Step,
    SupervisionRow,
    Topic,
)
from ccops.desk import Listener, Outcome, Unsubscribe
from ccops.errors import ActionRefused

QUEUES = ("sales", "support", "billing", "orders", "vip")
_FIRST = ("Anna", "Bo", "Carla", "Deniz", "Emil", "Farah", "Goran", "Hanna", "Ivo", "Jun", "王小明", "Lena", "Milo")
_LAST = ("Berg", "Chen", "Duarte", "Eriksen", "Fuchs", "Garcia", "Haddad", "Ito", "Jansen", "Kaya", "Lund", "Moreau")
_WARM_UP = 2400.0
_REASONS = ("lunch", "break", "training", "paperwork")
AGENT_ACTIONS = (
    "listen",
    "whisper",
    "private",
    "barge",
    "takeover",
    "agent.pause",
    "agent.unpause",
    "agent.login",
    "agent.logout",
    "agent.penalty",
)
CALL_ACTIONS = ("call.hangup", "call.transfer", "call.pull", "call.move", "call.priority", "call.park")
OFFERS: dict[str, tuple[str, ...]] = {
    "agent": AGENT_ACTIONS,
    "call": CALL_ACTIONS,
    "supervision": ("supervision.stop",),
}


@dataclass(slots=True)
class Asked:
    """One action that the console asked for."""

    action: str
    target: str
    reason: str
    arguments: dict[str, Any] = field(default_factory=dict)


class FakeDesk:
    """Implements the desk protocol on rows in memory."""

    def __init__(
        self, board: Board, *, offers: dict[str, tuple[str, ...]] | None = None, read_only: bool = False
    ) -> None:
        self._board = board
        self._offers = OFFERS if offers is None else offers
        self._read_only = read_only
        self._listeners: list[Listener] = []
        self.asked: list[Asked] = []
        self.refuse: str = ""
        self.closed = False

    @property
    def board(self) -> Board:
        return self._board

    @property
    def read_only(self) -> bool:
        return self._read_only

    def subscribe(self, listener: Listener) -> Unsubscribe:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def offers(self, topic: str) -> Sequence[str]:
        return () if self._read_only else self._offers.get(topic, ())

    async def do(
        self, action: str, target: str = "", *, reason: str = "", dry_run: bool = False, **arguments: Any
    ) -> Outcome:
        self.asked.append(Asked(action, target, reason, arguments))
        await asyncio.sleep(0)
        if self.refuse:
            raise ActionRefused(self.refuse)
        self._obey(action, target, arguments)
        return Outcome(action, True, f"{action} done", target)

    async def close(self) -> None:
        self.closed = True

    # What a test makes happen

    def emit(self, *changes: Change) -> None:
        """Apply changes and tell every listener, as the real desk does."""
        for change in changes:
            self._board.apply(change)
        for listener in list(self._listeners):
            listener(changes)

    def put(self, topic: Topic, key: str, row: Row | None, at: float = 0.0) -> None:
        """Emit one change."""
        self.emit(Change(at, topic, key, row))

    def _obey(self, action: str, target: str, arguments: dict[str, Any]) -> None:
        agent = self._board.agents.get(target)
        if agent is None:
            return
        if action == "agent.pause":
            reason = str(arguments.get("pause_reason") or "")
            self.put("agent", target, replace(agent, state=AgentState.PAUSED, pause_reason=reason))
        elif action == "agent.unpause":
            self.put("agent", target, replace(agent, state=AgentState.AVAILABLE, pause_reason=""))
        elif action == "listen":
            row = SupervisionRow(
                "sup-1", "listen", "running", agent.agent, target, agent.call_id, "PJSIP/9001", ours=True
            )
            self.put("supervision", "sup-1", row)


class Centre:
    """A small centre with a will of its own: every step of it is one change or a few."""

    def __init__(self, seats: int = 50, queues: int = 5, seed: int = 7, now: float = 1_700_000_000.0) -> None:
        self.random = random.Random(seed)
        self.now = now - _WARM_UP
        self._number = 0
        self.names = [
            QUEUES[index % len(QUEUES)] + ("" if index < len(QUEUES) else str(index)) for index in range(queues)
        ]
        link = LinkRow("Riverside", "127.0.0.1", "live", now - 7200, now, "22.10.0", figures_from="queue_log")
        self.board = Board(link)
        for index in range(seats):
            self._seat(index)
        for name in self.names:
            self.board.queues[name] = self._queue(name, history=True)
        steps = seats * 24
        for _ in range(steps):
            self.now += _WARM_UP / steps
            self.step()
        self.now = now

    # Making rows

    def _seat(self, index: int) -> None:
        name = f"{_FIRST[index % len(_FIRST)]} {_LAST[index % len(_LAST)]}"
        key = f"PJSIP/{1001 + index}"
        home = self.names[index % len(self.names)]
        member_of = {home, self.random.choice(self.names)}
        today = Figures(
            answered=self.random.randint(0, 40),
            missed=self.random.choice((0, 0, 0, 1, 3)),
            talk=self.random.uniform(600, 9000),
            aht=self.random.uniform(90, 400),
            occupancy=self.random.uniform(0.4, 0.95),
        )
        self.board.agents[key] = AgentRow(
            key,
            name,
            key,
            key,
            memberships=tuple(Membership(queue) for queue in sorted(member_of)),
            state=AgentState.AVAILABLE,
            state_since=self.now - self.random.uniform(0, 900),
            last_call_at=self.now - self.random.uniform(0, 3000),
            today=today,
        )

    def _queue(self, name: str, *, history: bool = False) -> QueueRow:
        before = self.board.queues.get(name)
        mine = [agent for agent in self.board.agents.values() if name in agent.queues]
        waiting = [call for call in self.board.calls.values() if call.queue == name and call.state != "talking"]
        counts = {state: sum(agent.state is state for agent in mine) for state in AgentState}
        day = before.day if before else ()
        if history:
            shape = [max(0, 12 - abs(hour - 21) + self.random.randint(-3, 3)) for hour in range(16, 29)]
            day = (0,) * 16 + tuple(shape)
        today = before.today if before and not history else self._figures()
        return QueueRow(
            name,
            title=name.title(),
            waiting=len(waiting),
            oldest_entered_at=min((call.entered_at for call in waiting), default=None),
            members=len(mine),
            available=counts[AgentState.AVAILABLE],
            ringing=counts[AgentState.RINGING],
            talking=counts[AgentState.TALKING],
            on_hold=counts[AgentState.ON_HOLD],
            wrap_up=counts[AgentState.WRAP_UP],
            paused=counts[AgentState.PAUSED],
            busy=counts[AgentState.BUSY],
            unavailable=counts[AgentState.UNAVAILABLE],
            strategy="rrmemory",
            today=today,
            day=day,
        )

    def _figures(self) -> Figures:
        offered = self.random.randint(40, 160)
        abandoned = self.random.randint(0, offered // 8)
        return Figures(
            offered=offered,
            answered=offered - abandoned,
            abandoned=abandoned,
            lost=abandoned,
            service_level=self.random.uniform(0.55, 0.98),
            abandon_rate=abandoned / offered,
            asa=self.random.uniform(4, 45),
            aht=self.random.uniform(120, 320),
            longest_wait=self.random.uniform(40, 400),
        )

    # What happens

    def step(self) -> list[Change]:
        """Let one thing happen; returns its changes (already applied to the own board)."""
        act = self.random.choices((self._arrive, self._answer, self._end, self._pause, self._give_up), (4, 5, 4, 2, 1))[
            0
        ]
        return act()

    def _changed(self, *changes: Change, queue: str | None) -> list[Change]:
        for change in changes:
            self.board.apply(change)
        result = list(changes)
        if queue is not None:
            row = self._queue(queue)
            self.board.queues[queue] = row
            result.append(Change(self.now, "queue", queue, row))
        return result

    def _arrive(self) -> list[Change]:
        if sum(call.state == "waiting" for call in self.board.calls.values()) > len(self.board.agents) // 4:
            return []
        self._number += 1
        queue = self.random.choice(self.names)
        uniqueid = f"{int(self.now)}.{self._number}"
        entered = self.now
        name = self.random.choice(("", f"{self.random.choice(_FIRST)} {self.random.choice(_LAST)}"))
        number = f"+4930{self.random.randint(1000000, 9999999)}"
        place = 1 + sum(call.queue == queue and call.state == "waiting" for call in self.board.calls.values())
        row = CallRow(
            uniqueid,
            queue,
            number,
            name,
            "waiting",
            entered,
            position=place,
            channel=f"PJSIP/trunk-{self._number:08x}",
            linkedid=uniqueid,
            steps=(Step(entered, "entered", f"{queue}, position {place}"),),
        )
        return self._changed(Change(self.now, "call", uniqueid, row), queue=queue)

    def _answer(self) -> list[Change]:
        waiting = [call for call in self.board.calls.values() if call.state == "waiting"]
        if not waiting:
            return []
        call = min(waiting, key=lambda item: item.entered_at)
        free = [a for a in self.board.agents.values() if a.state is AgentState.AVAILABLE and call.queue in a.queues]
        if not free:
            return []
        agent = self.random.choice(free)
        answered = self.now
        talking = replace(
            call,
            state="talking",
            position=None,
            answered_at=answered,
            agent=agent.agent,
            agent_key=agent.key,
            steps=(*call.steps, Step(answered - 4, "ringing", agent.agent), Step(answered, "connected", agent.agent)),
        )
        busy = replace(
            agent,
            state=AgentState.TALKING,
            state_since=answered,
            queue=call.queue,
            call_id=call.call_id,
            channel=f"{agent.key}-0000001a",
            caller_number=call.caller_number,
            caller_name=call.caller_name,
        )
        changes = (Change(self.now, "call", call.call_id, talking), Change(self.now, "agent", agent.key, busy))
        return self._changed(*changes, queue=call.queue)

    def _end(self) -> list[Change]:
        live = [call for call in self.board.calls.values() if call.state == "talking"]
        if len(live) < len(self.board.agents) // 2:
            return []
        call = self.random.choice(live)
        ended = replace(
            call,
            ended_at=self.now,
            outcome="answered",
            steps=(*call.steps, Step(self.now, "ended", "caller hung up")),
        )
        changes = [Change(self.now, "call", call.call_id, None), Change(self.now, "ended", call.call_id, ended)]
        changes += self._forgotten()
        agent = self.board.agents.get(call.agent_key or "")
        if agent is not None:
            free = self._idle(agent, self.random.choice((AgentState.WRAP_UP, AgentState.AVAILABLE)))
            changes.append(Change(self.now, "agent", agent.key, free))
        return self._changed(*changes, queue=call.queue)

    def _give_up(self) -> list[Change]:
        waiting = [call for call in self.board.calls.values() if call.state == "waiting"]
        if len(waiting) < 6:
            return []
        call = self.random.choice(waiting)
        ended = replace(call, ended_at=self.now, outcome="abandoned")
        changes = [Change(self.now, "call", call.call_id, None), Change(self.now, "ended", call.call_id, ended)]
        return self._changed(*changes, *self._forgotten(), queue=call.queue)

    def _pause(self) -> list[Change]:
        idle = [a for a in self.board.agents.values() if a.call_id is None]
        if not idle:
            return []
        resting = [a for a in idle if a.state is AgentState.WRAP_UP or a.state is AgentState.PAUSED]
        resting.sort(key=lambda a: (a.state is not AgentState.WRAP_UP, a.state_since or 0.0))
        if len(resting) > len(self.board.agents) // 6 and self.random.random() < 0.9:
            agent = resting[0]
        else:
            agent = self.random.choice(idle)
        if agent.state in (AgentState.PAUSED, AgentState.WRAP_UP):
            row = self._idle(agent, AgentState.AVAILABLE)
        else:
            row = replace(self._idle(agent, AgentState.PAUSED), pause_reason=self.random.choice(_REASONS))
        return self._changed(Change(self.now, "agent", agent.key, row), queue=agent.queues[0])

    def _idle(self, agent: AgentRow, state: AgentState) -> AgentRow:
        return replace(
            agent,
            state=state,
            state_since=self.now,
            queue=None,
            call_id=None,
            channel=None,
            caller_number=None,
            caller_name=None,
            pause_reason="",
            last_call_at=self.now if agent.call_id else agent.last_call_at,
        )

    def _forgotten(self) -> list[Change]:
        old = deque(self.board.ended)
        return [Change(self.now, "ended", old[0], None)] if len(old) >= 60 else []

    def park(self) -> Change:
        """Park one caller."""
        row = ParkedRow(
            "park-1", "default", "701", "+49301234567", "Pia Lund", self.now - 75, self.now + 30, "PJSIP/1001"
        )
        change = Change(self.now, "parked", "park-1", row)
        self.board.apply(change)
        return change


def desk_of(seats: int = 50, queues: int = 5, seed: int = 7, now: float = 1_700_000_000.0, **more: Any) -> FakeDesk:
    """Return a desk on a generated centre."""
    centre = Centre(seats, queues, seed, now)
    centre.park()
    return FakeDesk(centre.board, **more)
