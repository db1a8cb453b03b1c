"""Reads the values of AMI events: numbers that may be garbage, names of channels, instants of the PBX."""

from typing import Final

from ccops.pbx.text import unescaped

Event = dict[str, str]
"""One AMI message: cleaned headers by name, the name of the event under "Event"."""

NOBODY: Final = frozenset({"", "<unknown>", "unknown"})


def whole(event: Event, header: str, default: int = 0) -> int:
    """Return a header as an integer, or `default` where it is missing or no number."""
    try:
        return int(event[header])
    except (KeyError, ValueError):
        return default


def party(event: Event, header: str) -> str:
    """Return somebody's number, or the name in a row of a queue; empty where Asterisk writes that it knows none."""
    text = event.get(header, "")
    return "" if text in NOBODY else text


def name_in(event: Event, header: str) -> str:
    """Return somebody's name where a channel is described, which Asterisk escapes; empty where it knows none."""
    text = event.get(header, "")
    return "" if text in NOBODY else unescaped(text)


def true(event: Event, header: str, default: bool = False) -> bool:
    """Return whether a header says 1, or `default` where it is missing."""
    value = event.get(header)
    return default if value is None else value == "1"


def duration(text: str) -> float:
    """Return the seconds of ``HH:MM:SS`` (hours unbounded) or of a plain number; 0 for anything else."""
    total = 0
    try:
        for part in text.split(":"):
            total = total * 60 + int(part)
    except ValueError:
        return 0.0
    return float(max(total, 0))


def device_of(channel: str) -> str:
    """Return the device that a channel belongs to: ``PJSIP/1001`` of ``PJSIP/1001-0000000c``."""
    return channel.rpartition("-")[0]


def device_in(interface: str) -> str:
    """Return the device that an interface rings, without options or a dialled address.

    ``Local/1002@from-queue/n`` is ``Local/1002@from-queue``; ``PJSIP/1001/sip:1001@host`` is ``PJSIP/1001``.
    """
    return "/".join(interface.split("/", 2)[:2])


def is_local(channel: str) -> bool:
    """Return whether a channel, device or interface is one of Asterisk's Local pairs."""
    return channel.startswith("Local/")


def partner_of(channel: str) -> str:
    """Return the name of the other half of a Local channel; empty for any other."""
    if channel.endswith(";1"):
        return channel[:-1] + "2"
    return channel[:-1] + "1" if channel.endswith(";2") else ""


def older(one: str, other: str) -> str:
    """Return the uniqueid that was given out first: ``[system-]seconds.serial``, as Asterisk compares them."""
    return one if _age(one) <= _age(other) else other


def _age(uniqueid: str) -> tuple[int, int]:
    seconds, _, serial = uniqueid.rpartition("-")[2].partition(".")
    try:
        return int(seconds), int(serial)
    except ValueError:
        return 1 << 62, 0
