"""Detail of one call: its ladder from entry to end, followed while it lasts and kept after it ended."""

from typing import ClassVar

from textual.app import ComposeResult

from ccops.board import CallRow, Topic
from ccops.tui.cells import person
from ccops.tui.ladder import Ladder
from ccops.tui.listspec import Selection
from ccops.tui.station import Station
from ccops.tui.view import View


class CallDetail(View, can_focus=True):
    """One call; keys act on it while it is live."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset({"call", "ended", "link"})

    def __init__(self, station: Station, _topic: Topic, key: str) -> None:
        """`key` is the call's id."""
        self._key = key
        self._call = self._found(station)
        title = person(self._call.caller_number, self._call.caller_name) if self._call else key
        super().__init__(station, "call", title)
        self._ladder = Ladder(station)

    def compose(self) -> ComposeResult:
        """The ladder alone."""
        yield self._ladder

    def load(self) -> None:
        """Show the call as it stands; the last that was known of it where the board has forgotten it."""
        self._call = self._found(self.station) or self._call
        self._ladder.show(self._call)

    def _found(self, station: Station) -> CallRow | None:
        return station.board.calls.get(self._key) or station.board.ended.get(self._key)

    def selections(self) -> list[Selection]:
        """The call, while it is live."""
        row = self.station.board.calls.get(self._key)
        return [Selection("call", self._key, row)] if row is not None else []

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()
