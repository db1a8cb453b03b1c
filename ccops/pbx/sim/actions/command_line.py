"""The few commands of the Asterisk command line that the simulated PBX knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ccops.pbx.sim.devices import DeviceState
from ccops.pbx.sim.members import Member
from ccops.pbx.sim.queues import Queue

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx

_STATE_TEXT = {
    DeviceState.UNKNOWN: "Unknown",
    DeviceState.NOT_INUSE: "Not in use",
    DeviceState.INUSE: "In use",
    DeviceState.BUSY: "Busy",
    DeviceState.INVALID: "Invalid",
    DeviceState.UNAVAILABLE: "Unavailable",
    DeviceState.RINGING: "Ringing",
    DeviceState.RINGINUSE: "Ring+Inuse",
    DeviceState.ONHOLD: "On Hold",
}


class CommandLine:
    """Runs commands and gives their lines."""

    modules = frozenset(
        {"app_queue", "app_chanspy", "app_mixmonitor", "chan_pjsip", "res_parking", "bridge_builtin_features"}
    )

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._commands: dict[str, Callable[[str], list[str]]] = {
            "core show version": self._version,
            "core show uptime": self._uptime,
            "core show channels count": self._channels,
            "queue show": self._queues,
            "dialplan show": self._dialplan,
        }

    def run(self, command: str) -> tuple[bool, list[str]]:
        """Whether a command is known, and what it prints."""
        words = " ".join(command.split())
        for name, run in self._commands.items():
            if words == name or words.startswith(name + " "):
                return True, run(words[len(name) :].strip())
        return False, [f"No such command '{command}' (type 'core show help {command}' for other possible commands)"]

    def _version(self, argument: str) -> list[str]:
        version = self._pbx.version
        return [
            f"Asterisk {version.asterisk} built by nobody @ localhost on a unknown running Linux on {version.built}"
        ]

    def _uptime(self, argument: str) -> list[str]:
        text = _duration((self._pbx.clock.now_us - self._pbx.started_us) // 1_000_000)
        return [f"System uptime: {text}", f"Last reload: {text}"]

    def _channels(self, argument: str) -> list[str]:
        channels = list(self._pbx.channels)
        calls = len({one.linkedid for one in channels})
        return [f"{len(channels)} active channels", f"{calls} active calls",
                f"{self._pbx.channels.processed} calls processed"]  # fmt: skip

    def _dialplan(self, argument: str) -> list[str]:
        return ["There is no existence of a context named '" + argument + "'"] if argument else []

    def _queues(self, argument: str) -> list[str]:
        lines: list[str] = []
        for queue in sorted(self._pbx.room.named(argument), key=lambda one: one.name):
            lines += [*self._queue(queue), ""]
        return [*lines, ""] if lines else [f"No such queue: {argument}."]

    def _queue(self, queue: Queue) -> list[str]:
        first, second = queue.service_levels()
        most = str(queue.plan.max_length or "unlimited")
        head = (
            f"{queue.name} has {queue.count} calls (max {most}) in '{queue.plan.strategy}' strategy "
            f"({queue.hold_time}s holdtime, {queue.talk_time}s talktime), W:{queue.plan.weight}, C:{queue.completed}, "
            f"A:{queue.abandoned}, SL:{first:.1f}%, SL2:{second:.1f}% within {queue.plan.service_level}s"
        )
        members = [f"      {self._member(one)}" for one in queue.members.values()]
        now = self._pbx.clock.second
        callers = [
            f"      {one.position}. {one.channel.name} (wait: {_clock(now - one.entered)}, prio: {one.priority})"
            for one in queue.entries
        ]
        return [
            head,
            *(["   Members: ", *members] if members else ["   No Members"]),
            *(["   Callers: ", *callers] if callers else ["   No Callers"]),
        ]

    def _member(self, member: Member) -> str:
        now = self._pbx.clock.second
        taken = f"has taken {member.calls} calls (last was {now - member.last_call} secs ago)"
        if not member.calls:
            taken = f"has taken no calls yet (login was {now - member.login_time} secs ago)"
        watched = f" from {member.state_interface}" if member.state_interface != member.interface else ""
        flags = [
            f"({member.interface}{watched})", f"(ringinuse {'enabled' if member.ring_in_use else 'disabled'})",
            "(dynamic)" if member.dynamic else "", "(in call)" if member.in_call else "",
            f"(paused:{member.reason} was {now - member.last_pause} secs ago)" if member.paused else "",
            f"({_STATE_TEXT[member.status]})",
        ]  # fmt: skip
        return " ".join([member.name, *(flag for flag in flags if flag), taken])


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _duration(seconds: int) -> str:
    parts = []
    for name, length in (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(seconds, length)
        if number:
            parts.append(f"{number} {name}{'s' if number > 1 else ''}")
    return ", ".join(parts) or "0 seconds"
