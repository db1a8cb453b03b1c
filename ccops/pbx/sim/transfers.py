"""Transfers of a call that is under way: blind, attended, taken over by a bridge."""

from __future__ import annotations

from dataclasses import dataclass

from ccops.pbx.sim.bridge import Bridge
from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel, Place
from ccops.pbx.sim.legs import Legs
from ccops.pbx.sim.queue_calls import QueueCalls
from ccops.pbx.sim.tasks import Steps, Task


@dataclass(slots=True, eq=False)
class _Consultation:
    """An agent who asks a colleague before handing a caller over."""

    agent: Channel
    caller: Channel
    first: Bridge
    second: Bridge
    leg: Channel


class Transfers:
    """Moves callers from one party to another."""

    def __init__(self, calls: Calls, legs: Legs, queue_calls: QueueCalls) -> None:
        self._calls = calls
        self._legs = legs
        self._queue_calls = queue_calls
        self._consulting: dict[str, _Consultation] = {}
        calls.on_hangup_request.insert(0, self._side_goes)
        calls.on_hangup.append(self._colleague_gone)

    # -- blind --------------------------------------------------------------------------------------------------

    def blind(self, transferer: Channel, to: Place) -> bool:
        """Send whom a channel talks to somewhere else; false where it talks to nobody."""
        bridge = transferer.bridge
        other = bridge.other(transferer) if bridge else None
        if bridge is None or other is None:
            return False
        calls = self._calls
        if transferer.holding:
            calls.unhold(transferer)
        else:
            calls.events.unhold(transferer)
        shown = other.headers("Transferee")
        calls.events.blind_transfer(transferer, shown, bridge, to)
        # Behind a Local member the queue sees its own half stay, and takes the transfer for a long call.
        self._queue_calls.blind_transferred(other, to.exten, to.context)
        calls.redirect(other, to)
        return True

    # -- attended -----------------------------------------------------------------------------------------------

    def consult(self, agent: Channel, to: Place) -> bool:
        """Put the caller on hold and ring a colleague; false where the agent talks to nobody."""
        first = agent.bridge
        caller = first.other(agent) if first else None
        if first is None or caller is None or agent.uniqueid in self._consulting:
            return False
        calls = self._calls
        calls.hold(agent)
        leg = self._legs.request(f"Local/{to.exten}@{to.context}", linkedid=agent.linkedid)
        if leg is None or leg.pair is None:
            return False
        second = calls.bridges.create()
        leg.pair.change(caller=agent.caller)
        calls.events.new_caller_id(leg.pair)
        self._legs.link(leg)
        calls.set_connected(leg, agent.caller)
        first.keep = second.keep = True
        calls.bridges.enter(second, leg)
        calls.bridges.move(agent, second)
        consultation = _Consultation(agent, caller, first, second, leg)
        self._consulting[agent.uniqueid] = consultation
        leg.role = "second"
        leg.owner = Task(calls.clock, self._watch(consultation))
        self._legs.call(leg)
        calls.set_connected(agent, leg.caller)
        return True

    def _watch(self, consultation: _Consultation) -> Steps:
        calls, leg = self._calls, consultation.leg
        while True:
            message = yield None
            match getattr(message, "kind", ""):
                case "identified":
                    calls.set_connected(consultation.agent, leg.caller)
                case "ringing":
                    calls.events.dial_state(None, leg, "RINGING")
                case "answered":
                    calls.events.dial_end(None, leg, "ANSWER")
                    leg.owner = None
                    return

    def cancel(self, agent: Channel) -> bool:
        """Go back to the caller; false where no consultation is under way."""
        consultation = self._consulting.pop(agent.uniqueid, None)
        if consultation is None:
            return False
        calls, first, second = self._calls, consultation.first, consultation.second
        calls.bridges.move(agent, first)
        calls.unhold(agent)
        first.keep = second.keep = False
        consultation.leg.owner = None
        consultation.leg.cause = consultation.leg.cause or 16
        calls.end(consultation.leg)
        if not second.channels and not second.gone:
            calls.bridges.destroy(second)
        calls.set_connected(agent, consultation.caller.caller)
        return True

    def _side_goes(self, channel: Channel) -> None:
        """The agent hangs up in the middle: the colleague has the caller, if there is one."""
        consultation = self._consulting.pop(channel.uniqueid, None)
        if consultation is not None:
            self._complete(consultation)
            return
        caller_of = next((one for one in self._consulting.values() if one.caller is channel), None)
        if caller_of is not None:
            self._caller_goes(caller_of)

    def _complete(self, consultation: _Consultation) -> None:
        calls, first, second = self._calls, consultation.first, consultation.second
        agent, leg, caller = consultation.agent, consultation.leg, consultation.caller
        calls.bridges.leave(agent)
        calls.events.bridge_merge(first, second)
        agent.holding = False
        if caller.music:
            calls.events.music_stop(caller)
        caller.held = False
        calls.devices.changed(caller.device)
        calls.bridges.move(leg, first)
        first.keep = second.keep = False
        calls.events.attended_transfer(agent, first, second, caller)
        self._queue_calls.attended_transferred(caller, first.uniqueid)
        calls.bridges.destroy(second)
        calls.set_connected(caller, leg.caller)
        calls.set_connected(leg, caller.caller)

    def _colleague_gone(self, channel: Channel) -> None:
        """The colleague refuses or hangs up during the consultation: back to the caller."""
        consultation = next((one for one in self._consulting.values() if one.leg is channel), None)
        if consultation is not None:
            self.cancel(consultation.agent)

    def _caller_goes(self, consultation: _Consultation) -> None:
        """The caller hangs up while the agent consults: the two colleagues talk on."""
        self._consulting.pop(consultation.agent.uniqueid, None)
        consultation.first.keep = consultation.second.keep = False
        consultation.agent.holding = False

    # -- taking over --------------------------------------------------------------------------------------------

    def bridge(self, first: Channel, second: Channel) -> None:
        """Let two channels talk to each other, whatever each of them did before (the Bridge action)."""
        calls = self._calls
        to = calls.bridges.create()
        to.go_on = True
        for channel in (first, second):
            self._bring(channel, to)
        calls.set_connected(second, first.caller)
        calls.set_connected(first, second.caller)

    def _bring(self, channel: Channel, to: Bridge) -> None:
        calls = self._calls
        if channel.bridge is not None:
            calls.bridges.move(channel, to)
            return
        if channel.task and channel.task.alive:
            calls.take_from_thread(channel)
        channel.owner = None
        channel.role = "bridged"
        calls.bridges.enter(to, channel)

    def clear(self) -> None:
        """Forget all, as a PBX that dies does."""
        self._consulting.clear()
