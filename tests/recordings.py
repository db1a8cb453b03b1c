"""The recordings of real Asterisk (data/asterisk-*.ami.gz) as events, whole or step by step.

Two runs of one script against 16.28 and 22.10, every byte of a client with all events on. The script sent its actions
in order, so the ActionID of a response tells which step a place in the stream belongs to.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from ccops.pbx.link.wire import Framer, read_odd, unmix
from tests.pbx_model import Event

DATA = Path(__file__).parent / "data"
VERSIONS = ("16.28", "22.10")
BEGAN = 1_795_289_740.0
"""About when the recordings began; events are given 10 ms each from there."""
STEPS = {
    "login": 2, "pause": 5, "agent hangs up": 6, "caller hangs up": 8, "spy": 10, "blind transfer": 18,
    "take over": 21, "abandon": 24, "timeout": 26, "no answer": 27, "pull": 32, "hostile name": 38, "logout": 40,
    "lists": 45,
}  # fmt: skip
"""First action of each step."""


@cache
def recorded(version: str) -> bytes:
    """Every byte after the greeting."""
    return gzip.decompress((DATA / f"asterisk-{version}.ami.gz").read_bytes()).partition(b"\r\n")[2]


def messages(pieces: Iterable[bytes]) -> Iterator[Event]:
    """What the wire makes of a stream that comes in these pieces."""
    framer = Framer()
    for piece in pieces:
        for message in framer.feed(piece):
            for part in unmix(message):
                if (event := read_odd(part)) is not None:
                    yield event


def timed(found: Iterable[Event]) -> list[tuple[Event, float]]:
    """Events with instants that depend on their place alone."""
    events = [event for event in found if "Event" in event]
    return [(event, BEGAN + number * 0.01) for number, event in enumerate(events)]


@cache
def steps(version: str) -> dict[str, list[tuple[Event, float]]]:
    """The events of each step."""
    found: dict[str, list[tuple[Event, float]]] = {"greeting": []}
    begins = {f"bar-{number}": name for name, number in STEPS.items()}
    current, at = found["greeting"], BEGAN
    for message in messages([recorded(version)]):
        if "Response" in message and message.get("ActionID") in begins:
            current = found.setdefault(begins[message["ActionID"]], [])
        if "Event" in message:
            current.append((message, at))
            at += 0.01
    return found
