"""The reducer: one event after the other changes the state; rows of a snapshot go the same way as live events.

Pure: no clock, no input or output. Whatever a PBX sends, nothing raises: headers may be missing, numbers garbage.
Besides AMI events it takes a few of our own (`TICK` and the like), so that a recording of both replays alike.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

from ccops.pbx.state import agents, bridges, callers, channels, members, parking, spies
from ccops.pbx.state.calls import end_call
from ccops.pbx.state.fields import Event
from ccops.pbx.state.model import SPENT_FOR, State

Handler = Callable[[State, Event, float], None]

TICK: Final[Event] = {"Event": "ccops/Tick"}
"""Time went on: wrap-up may be over. Due at `State.next_tick()`."""
RESTARTED: Final[Event] = {"Event": "ccops/Restarted"}
"""The PBX was restarted: no call survives that."""


def clock_offset(seconds: float) -> Event:
    """Return the event that says how far the PBX clock is ahead of ours."""
    return {"Event": "ccops/ClockOffset", "Offset": repr(seconds)}


def channels_listed(listed: bool) -> Event:
    """Return the event that says whether the PBX lets us list its channels."""
    return {"Event": "ccops/ChannelsListed", "Listed": "1" if listed else "0"}


def apply(state: State, event: Event, at: float) -> None:
    """Take one event into `state`; `at` is when it was heard, epoch seconds of our clock. Unknown ones are left."""
    handler = HANDLERS.get(event.get("Event", ""))
    if handler is not None:
        handler(state, event, at)


def _tick(state: State, event: Event, at: float) -> None:
    for uniqueid, since in list(state.spent.items()):
        if since + SPENT_FOR <= at:
            channels.unspend(state, state.channels[uniqueid], at)
    for key, until in list(state.wrapping.items()):
        if until <= at:
            del state.wrapping[key]
            agents.settle(state, state.agents[key], at)


def _restarted(state: State, event: Event, at: float) -> None:
    for group in list(state.groups.values()):
        for call in list(group.calls.values()):
            agents.release(state, call, at)
            end_call(state, group, call, at, outcome="interrupted")
    for channel in list(state.channels.values()):
        channels.drop(state, channel, at)


def _clock_offset(state: State, event: Event, at: float) -> None:
    try:
        offset = float(event.get("Offset", ""))
    except ValueError:
        return
    if not math.isfinite(offset):
        return
    state.offset = offset
    for agent in state.agents.values():
        agents.refresh_wrap_up(state, agent)
        agents.mark(state, agent)
        agents.settle(state, agent, at)


def _channels_listed(state: State, event: Event, at: float) -> None:
    state.channels_listed = event.get("Listed") == "1"
    for agent in state.agents.values():
        agents.settle(state, agent, at)


HANDLERS: Final[Mapping[str, Handler]] = {
    "AgentCalled": callers.on_called,
    "AgentComplete": callers.on_complete,
    "AgentConnect": callers.on_connect,
    "AgentDump": callers.on_dump,
    "AgentRingNoAnswer": callers.on_no_answer,
    "AttendedTransfer": bridges.on_attended_transfer,
    "BlindTransfer": bridges.on_blind_transfer,
    "BridgeEnter": bridges.on_enter,
    "BridgeLeave": bridges.on_leave,
    "ChanSpyStart": spies.on_start,
    "ChanSpyStop": spies.on_stop,
    "CoreShowChannel": channels.on_listed,
    "DialBegin": channels.on_dial,
    "ExtensionStatus": members.on_extension,
    "Hangup": channels.on_hangup,
    "HangupRequest": channels.on_hangup_request,
    "Hold": channels.on_hold,
    "MusicOnHoldStart": channels.on_music,
    "MusicOnHoldStop": channels.on_music,
    "NewCallerid": channels.on_caller_id,
    "Newchannel": channels.on_new,
    "Newstate": channels.on_state,
    "OriginateResponse": spies.on_originated,
    "ParkedCall": parking.on_parked,
    "ParkedCallGiveUp": parking.on_give_up,
    "ParkedCallTimeOut": parking.on_timeout,
    "QueueCallerAbandon": callers.on_abandon,
    "QueueCallerJoin": callers.on_join,
    "QueueCallerLeave": callers.on_leave,
    "QueueEntry": callers.on_entry,
    "QueueMember": members.on_listed,
    "QueueMemberAdded": members.on_change,
    "QueueMemberPause": members.on_change,
    "QueueMemberPenalty": members.on_change,
    "QueueMemberRemoved": members.on_removed,
    "QueueMemberRinginuse": members.on_change,
    "QueueMemberStatus": members.on_change,
    "QueueParams": members.on_params,
    "Rename": channels.on_rename,
    "UnParkedCall": parking.on_unparked,
    "Unhold": channels.on_unhold,
    "ccops/ChannelsListed": _channels_listed,
    "ccops/ClockOffset": _clock_offset,
    "ccops/Restarted": _restarted,
    "ccops/Tick": _tick,
}

WANTED: Final = frozenset(name for name in HANDLERS if not name.startswith("ccops/"))
"""Names of the events that change the state: the link may skip all others."""
