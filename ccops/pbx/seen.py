"""Rows of a queue_log made from manager events, for a site whose log cannot be read.

Needs the event mask `agent,call,system`. The rows agree with the log in every visit's outcome, wait and talk, but:
- A queue's time-out and "nobody logged in" look alike on the port, so both become EXITWITHTIMEOUT; so does a
  withdrawal, unless our own action log explains it. All of them are lost visits, except the withdrawal.
- A caller whom a Redirect takes out becomes ABANDON, as in the log; our own action log says that it was a pull.
- PAUSEALL does not show; the PAUSE of every queue does. An attended transfer's target may be empty.
- What happened before the link was up, and in a gap of it, is known only as far as the lists say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ccops.pbx.queue_log.lines import LogRow
from ccops.pbx.text import clean, unescaped

Event = Mapping[str, str]

LEFT_FOR = 30.0
"""Seconds after which a caller who left a queue and met no agent has left by a key: connecting runs the dialplan's
own steps between the two."""
_RESTART_SLACK = 10.0


@dataclass(slots=True)
class _Caller:
    entered: float
    position: str
    place: tuple[str, str]
    """Context and extension on entry: elsewhere, somebody redirected the channel."""
    left: float | None = None
    music: bool | None = None
    """Whether music on hold plays; None where it never did."""


@dataclass(slots=True)
class _Talk:
    callid: str
    queue: str
    agent: str
    interface: str
    position: str


class Seen:
    """Turns events into rows; keeps just what is needed to tell the ends apart."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], _Caller] = {}
        self._talks: dict[str, _Talk] = {}
        """By uniqueid of the member's channel."""
        self._hung_up: set[str] = set()
        self._blind: dict[str, tuple[str, str]] = {}
        self._attended: dict[str, tuple[str, ...]] = {}
        self._members: set[tuple[str, str]] = set()
        self._started: float | None = None
        self._handlers: dict[str, Callable[[Event, float], list[LogRow]]] = {
            "QueueCallerJoin": self._join,
            "QueueEntry": self._listed_caller,
            "QueueCallerLeave": self._leave,
            "QueueCallerAbandon": self._abandon,
            "AgentConnect": self._connect,
            "AgentComplete": self._complete,
            "AgentRingNoAnswer": self._ring_no_answer,
            "AgentDump": self._dump,
            "BlindTransfer": self._blind_transfer,
            "AttendedTransfer": self._attended_transfer,
            "HangupRequest": self._asked_to_hang_up,
            "SoftHangupRequest": self._asked_to_hang_up,
            "Hangup": self._hangup,
            "ParkedCall": self._parked,
            "BridgeEnter": self._bridged,
            "MusicOnHoldStart": self._music,
            "MusicOnHoldStop": self._music,
            "QueueMember": self._listed_member,
            "QueueMemberAdded": self._added,
            "QueueMemberRemoved": self._removed,
            "QueueMemberPause": self._pause,
            "QueueMemberPenalty": self._penalty,
            "FullyBooted": self._booted,
        }

    @property
    def events(self) -> frozenset[str]:
        """Names of the events that make rows; no other need be fed."""
        return frozenset(self._handlers)

    def feed(self, event: Event, at: float) -> list[LogRow]:
        """Return the rows that an event stands for; `at` is when it was received, on the PBX's clock.

        Where the PBX stamps its events (`timestampevents`), its own stamp is taken.
        """
        handler = self._handlers.get(event.get("Event", ""))
        if handler is None:
            return []
        at = _number(event, "Timestamp", at)
        return self.settle(at) + handler(event, at)

    def settle(self, now: float) -> list[LogRow]:
        """Return the rows of callers who left long enough ago to know that no agent took them."""
        gone = [key for key, one in self._waiting.items() if one.left is not None and now - one.left > LEFT_FOR]
        return [self._left_by_key(key) for key in gone]

    def _left_by_key(self, key: tuple[str, str]) -> LogRow:
        # The only way out of a queue that raises neither an abandon nor a connect.
        caller = self._waiting.pop(key)
        left = caller.left or caller.entered
        params = ("", caller.position, caller.position, str(int(left) - int(caller.entered)))
        return LogRow(int(left), key[0], key[1], "NONE", "EXITWITHKEY", params)

    def _settle_call(self, callid: str) -> list[LogRow]:
        gone = [key for key, one in self._waiting.items() if key[0] == callid and one.left is not None]
        return [self._left_by_key(key) for key in gone]

    def _join(self, event: Event, at: float) -> list[LogRow]:
        callid = _text(event, "Uniqueid")
        rows = self._settle_call(callid)
        return rows + self._enter(event, callid, at)

    def _listed_caller(self, event: Event, at: float) -> list[LogRow]:
        key = (_text(event, "Uniqueid"), _text(event, "Queue"))
        if key in self._waiting:
            return []
        rows = self._enter(event, key[0], at - _number(event, "Wait", 0))
        self._waiting[key].place = ("", "")  # a list does not say where the channel is
        return rows

    def _enter(self, event: Event, callid: str, at: float) -> list[LogRow]:
        queue, position = _text(event, "Queue"), _text(event, "Position")
        self._waiting[callid, queue] = _Caller(at, position, _place(event))
        self._hung_up.discard(callid)
        number, name = _known(event, "CallerIDNum"), _name(event)
        params = ("", number, position, name) if name else ("", number, position)
        return [LogRow(int(at), callid, queue, "NONE", "ENTERQUEUE", params)]

    def _leave(self, event: Event, at: float) -> list[LogRow]:
        caller = self._waiting.get((_text(event, "Uniqueid"), _text(event, "Queue")))
        if caller is not None:
            caller.left = at
        return []

    def _abandon(self, event: Event, at: float) -> list[LogRow]:
        callid, queue = _text(event, "Uniqueid"), _text(event, "Queue")
        caller = self._waiting.pop((callid, queue), None)
        if caller is None:
            return []  # raised twice for a caller who hangs up just before being connected
        # A caller who hangs up was asked to. Whom a Redirect takes out is elsewhere by now (Asterisk 22) or has the
        # music stopped already (16); the queue's own time-out does that only afterwards.
        redirected = caller.music is False or caller.place not in {("", ""), _place(event)}
        verb = "ABANDON" if callid in self._hung_up or redirected else "EXITWITHTIMEOUT"
        wait = event.get("HoldTime") or str(int(at) - int(caller.entered))
        params = (_text(event, "Position"), event.get("OriginalPosition") or caller.position, wait)
        return [LogRow(int(at), callid, queue, "NONE", verb, params)]

    def _parked(self, event: Event, at: float) -> list[LogRow]:
        return self._taken_away(_text(event, "ParkeeUniqueid"), at)

    def _bridged(self, event: Event, at: float) -> list[LogRow]:
        return self._taken_away(_text(event, "Uniqueid"), at)

    def _taken_away(self, callid: str, at: float) -> list[LogRow]:
        """A waiting caller whom Park or Bridge takes: the log books ABANDON, no event of the queue tells of it."""
        gone = [key for key, one in self._waiting.items() if key[0] == callid and one.left is None]
        rows = []
        for key in gone:
            caller = self._waiting.pop(key)
            params = (caller.position, caller.position, str(int(at) - int(caller.entered)))
            rows.append(LogRow(int(at), callid, key[1], "NONE", "ABANDON", params))
        return rows

    def _connect(self, event: Event, at: float) -> list[LogRow]:
        callid, queue = _text(event, "Uniqueid"), _text(event, "Queue")
        caller = self._waiting.pop((callid, queue), None)
        member = _text(event, "DestUniqueid")
        position = caller.position if caller is not None else ""
        self._talks[member] = _Talk(callid, queue, _agent(event), _text(event, "Interface"), position)
        params = (_text(event, "HoldTime"), member, _text(event, "RingTime"))
        return [LogRow(int(at), callid, queue, _agent(event), "CONNECT", params)]

    def _complete(self, event: Event, at: float) -> list[LogRow]:
        talk = self._pop_talk(event)
        if talk is None:
            return []
        numbers = (_text(event, "HoldTime"), _text(event, "TalkTime"), talk.position)
        reason = event.get("Reason", "")
        if reason == "transfer":
            verb, target = self._transfer_of(talk, _text(event, "DestUniqueid"))
            params = (*target, *numbers)
        else:
            verb, params = ("COMPLETEAGENT" if reason == "agent" else "COMPLETECALLER"), numbers
        return [LogRow(int(at), talk.callid, talk.queue, talk.agent, verb, params)]

    def _pop_talk(self, event: Event) -> _Talk | None:
        """Find whose talk ends; a channel that is gone already leaves its headers out of the event."""
        talk = self._talks.pop(_text(event, "DestUniqueid"), None)
        if talk is not None:
            return talk
        callid, queue, interface = _text(event, "Uniqueid"), _text(event, "Queue"), _text(event, "Interface")
        for member, one in self._talks.items():
            if one.queue == queue and one.interface == interface and callid in ("", one.callid):
                return self._talks.pop(member)
        return None

    def _transfer_of(self, talk: _Talk, member: str) -> tuple[str, tuple[str, ...]]:
        blind = self._blind.pop(talk.callid, None) or self._blind.pop(member, None)
        if blind is not None:
            return "BLINDTRANSFER", blind
        target = self._attended.pop(talk.callid, None) or self._attended.pop(member, None)
        return "ATTENDEDTRANSFER", target or ("BRIDGE", "")

    def _ring_no_answer(self, event: Event, at: float) -> list[LogRow]:
        return [_row(event, at, "RINGNOANSWER", _agent(event), _text(event, "RingTime"))]

    def _dump(self, event: Event, at: float) -> list[LogRow]:
        return [_row(event, at, "AGENTDUMP", _agent(event))]

    def _blind_transfer(self, event: Event, at: float) -> list[LogRow]:
        if event.get("Result", "Success") == "Success":
            target = (_text(event, "Extension"), _text(event, "Context"))
            for header in ("TransfereeUniqueid", "TransfererUniqueid"):
                if event.get(header):
                    self._blind[_text(event, header)] = target
        return []

    def _attended_transfer(self, event: Event, at: float) -> list[LogRow]:
        if event.get("Result", "Success") == "Success":
            target = _attended_target(event)
            for header in ("TransfereeUniqueid", "OrigTransfererUniqueid"):
                if event.get(header):
                    self._attended[_text(event, header)] = target
        return []

    def _asked_to_hang_up(self, event: Event, at: float) -> list[LogRow]:
        self._hung_up.add(_text(event, "Uniqueid"))
        return []

    def _music(self, event: Event, at: float) -> list[LogRow]:
        uniqueid, plays = _text(event, "Uniqueid"), event.get("Event") == "MusicOnHoldStart"
        for (callid, _queue), caller in self._waiting.items():
            if callid == uniqueid:
                caller.music = plays
        return []

    def _hangup(self, event: Event, at: float) -> list[LogRow]:
        uniqueid = _text(event, "Uniqueid")
        self._hung_up.discard(uniqueid)
        self._blind.pop(uniqueid, None)
        self._attended.pop(uniqueid, None)
        return self._settle_call(uniqueid)

    def _listed_member(self, event: Event, at: float) -> list[LogRow]:
        # Lists say Name and Location where events say MemberName and Interface.
        member = {**event, "MemberName": event.get("Name", ""), "Interface": event.get("Location", "")}
        login = _number(event, "LoginTime", at)
        rows = self._added(member, login if login > 0 else at)
        if rows and event.get("Paused") == "1":
            since = _number(event, "LastPause", at)
            rows += self._pause(member, since if since > 0 else at)
        return rows

    def _added(self, event: Event, at: float) -> list[LogRow]:
        key = (_text(event, "Queue"), _text(event, "Interface"))
        if event.get("Membership") == "static" or key in self._members:
            return []
        self._members.add(key)
        return [_row(event, at, "ADDMEMBER", _agent(event), "")]

    def _removed(self, event: Event, at: float) -> list[LogRow]:
        self._members.discard((_text(event, "Queue"), _text(event, "Interface")))
        return [_row(event, at, "REMOVEMEMBER", _agent(event), "")]

    def _pause(self, event: Event, at: float) -> list[LogRow]:
        verb = "PAUSE" if event.get("Paused") == "1" else "UNPAUSE"
        reason = _text(event, "PausedReason") or _text(event, "Reason")
        return [_row(event, at, verb, _agent(event), reason)]

    def _penalty(self, event: Event, at: float) -> list[LogRow]:
        return [_row(event, at, "PENALTY", _text(event, "Interface"), _text(event, "Penalty"))]

    def _booted(self, event: Event, at: float) -> list[LogRow]:
        """Tell a restart of the PBX from a new login: it has not been up for as long as we have known it."""
        uptime = _number(event, "Uptime", -1)
        if uptime < 0:
            return []
        before, self._started = self._started, at - uptime
        if before is None or self._started - before <= _RESTART_SLACK:
            return []
        for known in (self._waiting, self._talks, self._blind, self._attended):
            known.clear()
        self._hung_up.clear()
        return [LogRow(int(self._started), "NONE", "NONE", "NONE", "QUEUESTART", ("",))]


def _row(event: Event, at: float, verb: str, agent: str, *params: str) -> LogRow:
    callid = _text(event, "Uniqueid") or "NONE"
    return LogRow(int(at), callid, _text(event, "Queue"), agent, verb, params)


def _text(event: Event, header: str) -> str:
    return clean(event.get(header, ""))


def _known(event: Event, header: str) -> str:
    text = _text(event, header)
    return "" if text in ("<unknown>", "unknown") else text


def _name(event: Event) -> str:
    """Return the caller's name, which Asterisk escapes in its events but not in a row of QueueStatus."""
    text = _known(event, "CallerIDName")
    return text if event.get("Event") == "QueueEntry" else unescaped(text)


def _agent(event: Event) -> str:
    return _text(event, "MemberName") or _text(event, "Interface")


def _place(event: Event) -> tuple[str, str]:
    return event.get("Context", ""), event.get("Exten", "")


def _number(event: Event, header: str, default: float) -> float:
    try:
        return float(event.get(header, default))
    except ValueError:
        return default


def _attended_target(event: Event) -> tuple[str, ...]:
    kind = event.get("DestType", "")
    if kind == "App":
        return "APP", _text(event, "DestApp")
    if kind == "Link":
        return "LINK", _text(event, "LocalOneChannel"), _text(event, "LocalTwoChannel")
    return "BRIDGE", _text(event, "DestBridgeUniqueid")
