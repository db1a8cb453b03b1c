"""Compares two states in a canonical form: what a fresh look at the PBX can tell, and nothing of the past."""

from collections.abc import Iterator
from dataclasses import dataclass

from ccops.board import AgentState
from ccops.pbx.state.calls import current
from ccops.pbx.state.model import Agent, Group, State

Fact = tuple[object, ...]
Canonical = dict[str, Fact]


@dataclass(slots=True, frozen=True)
class Difference:
    """One fact that two states do not agree on; None where one does not know the thing."""

    key: str
    """What it is about, e.g. ``member sales PJSIP/1001``."""
    was: Fact | None
    found: Fact | None


@dataclass(slots=True, frozen=True)
class Drift:
    """What a fresh look at the PBX found to be different."""

    differences: tuple[Difference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __len__(self) -> int:
        return len(self.differences)

    def __str__(self) -> str:
        return "; ".join(f"{item.key}: {item.was} → {item.found}" for item in self.differences) or "none"


def compare(was: Canonical, found: Canonical) -> Drift:
    """Return where two canonical states differ."""
    keys = sorted({*was, *found})
    differing = (Difference(key, was.get(key), found.get(key)) for key in keys)
    return Drift(tuple(item for item in differing if item.was != item.found))


def canonical(state: State) -> Canonical:
    """Return the facts of a state by key, equal for equal states however they came about."""
    return dict([*_queues(state), *_agents(state), *_channels(state), *_calls(state)])


def _queues(state: State) -> Iterator[tuple[str, Fact]]:
    for name, queue in state.queues.items():
        yield f"queue {name}", (queue.strategy, queue.service_level)
        yield f"waiting {name}", tuple(queue.waiting)
        for interface, member in queue.members.items():
            agent = state.agents[interface]
            connected = any(connection.queue == name for connection in agent.connections.values())
            yield (
                f"member {name} {interface}",
                (
                    member.name,
                    member.state_interface or interface,
                    member.dynamic,
                    member.penalty,
                    member.paused,
                    member.reason,
                    member.status,
                    connected,
                ),
            )


def _agents(state: State) -> Iterator[tuple[str, Fact]]:
    for key, agent in state.agents.items():
        yield f"agent {key}", (agent.state.value, *_with_whom(agent))


def _with_whom(agent: Agent) -> Fact:
    if agent.state in (AgentState.TALKING, AgentState.ON_HOLD):
        return tuple(sorted((item.queue, item.caller) for item in agent.connections.values()))
    if agent.state is AgentState.RINGING:
        return tuple(sorted((item.queue, item.caller) for item in agent.rings.values()))
    return ()


def _channels(state: State) -> Iterator[tuple[str, Fact]]:
    for uniqueid, channel in state.channels.items():
        yield f"channel {uniqueid}", (channel.name, channel.state, channel.linkedid, channel.bridge)
        yield f"caller {uniqueid}", (channel.number, channel.caller_name)
    for uniqueid, parked in state.parked.items():
        yield f"parked {uniqueid}", (parked.lot, parked.space, parked.number, parked.name)
    for uniqueid, spy in state.spies.items():
        yield f"spy {uniqueid}", (spy.target,)


def _calls(state: State) -> Iterator[tuple[str, Fact]]:
    for linkedid, group in state.groups.items():
        rows = sorted(_call_facts(state, group))
        if rows:
            yield f"call {linkedid}", tuple(rows)


def _call_facts(state: State, group: Group) -> Iterator[tuple[str, str, str]]:
    for call in current(state, group):
        if call.waiting:
            yield call.queue, call.caller, " ".join(sorted(call.ringing))
        elif call.agent:
            yield call.queue, call.caller, call.agent
        else:
            yield "", "", ""
