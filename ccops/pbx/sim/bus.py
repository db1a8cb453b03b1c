"""Where events go: to every session whose mask wants their class, and to whoever taps the line."""

from collections.abc import Callable
from typing import Protocol

CLASSES = (
    "system", "call", "log", "verbose", "command", "agent", "user", "config", "dtmf", "reporting", "cdr", "dialplan",
    "originate", "agi", "cc", "aoc", "test", "security", "message",
)  # fmt: skip
BITS: dict[str, int] = {name: 1 << place for place, name in enumerate(CLASSES)}
ALL = (1 << len(CLASSES)) - 1
SYSTEM, CALL, AGENT, DIALPLAN, USER, DTMF = (
    BITS[name] for name in ("system", "call", "agent", "dialplan", "user", "dtmf")
)


def mask_of(words: str) -> int:
    """The mask of a comma list of classes as manager.conf and `Events` write it; unknown words count nothing."""
    mask = 0
    for word in words.replace(" ", "").lower().split(","):
        mask |= ALL if word == "all" else BITS.get(word, 0)
    return mask


def words_of(mask: int) -> str:
    """The text of a mask as ListCommands shows it."""
    return ",".join([name for name, bit in BITS.items() if mask & bit] + ["all"]) if mask else "<none>"


class Listener(Protocol):
    """Somebody who hears events."""

    mask: int

    def hear(self, text: str) -> None:
        """Take one whole event, blank line included."""
        ...


class Tap:
    """A listener for tests and figures."""

    def __init__(self, hear: Callable[[str], None], mask: int = ALL) -> None:
        self.mask = mask
        self.hear = hear


class Bus:
    """Passes events on. `idle` is true where nobody would hear a class, so that nobody need write the text."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._wanted = 0
        self.count = 0
        """Events since the start, heard or not."""
        self.heard = 0
        """Events that somebody wanted."""

    def add(self, listener: Listener) -> None:
        """Let it hear what its mask wants from now on."""
        self._listeners.append(listener)
        self.masks_changed()

    def drop(self, listener: Listener) -> None:
        """It hears no more."""
        if listener in self._listeners:
            self._listeners.remove(listener)
        self.masks_changed()

    def masks_changed(self) -> None:
        """Take note that a listener wants other classes."""
        self._wanted = 0
        for listener in self._listeners:
            self._wanted |= listener.mask

    def idle(self, klass: int) -> bool:
        """Count an event of this class; true where nobody would hear it."""
        self.count += 1
        return not self._wanted & klass

    def send(self, klass: int, text: str) -> None:
        """Hand an event to who wants its class; `idle` has counted it."""
        self.heard += 1
        for listener in self._listeners:
            if listener.mask & klass:
                listener.hear(text)
