"""Screen 6: what happened lately, newest first: changes, link notices, actions and what became of them."""

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult

from ccops.board import Topic
from ccops.i18n import _
from ccops.tui.cells import clock
from ccops.tui.columns import Column, Order
from ccops.tui.feed import Frame
from ccops.tui.journal import Record
from ccops.tui.listspec import ListSpec, Selection
from ccops.tui.rowlist import RowList
from ccops.tui.station import Station
from ccops.tui.view import View

_COLUMNS: tuple[Column[Record], ...] = (
    Column(
        "at",
        _("Time"),
        8,
        lambda row, moment: (clock(int(row.at), moment.zone), "muted"),
        lambda row: row.number,
        descending=True,
    ),
    Column("kind", _("What"), 11, lambda row, _moment: (row.kind, "muted"), lambda row: row.kind, rank=2),
    Column(
        "subject", _("Who"), 22, lambda row, _moment: (row.subject, "text"), lambda row: row.subject.casefold(), grow=14
    ),
    Column(
        "text", _("Happened"), 30, lambda row, _moment: (row.text, row.tone), lambda row: row.text.casefold(), grow=80
    ),
    Column("queue", _("Queue"), 9, lambda row, _moment: (row.queue, "muted"), lambda row: row.queue, rank=1, grow=5),
)


def _fields(row: Record) -> Mapping[str, str]:
    return {"kind": row.kind, "who": row.subject, "text": row.text, "queue": row.queue}


LOG: ListSpec[Record] = ListSpec(
    name="log",
    title=_("Log"),
    columns=_COLUMNS,
    order=Order("at", descending=True),
    fields=_fields,
    tie=lambda row: row.number,
    pick=lambda _row: None,
    empty=_("Nothing has happened since this console was opened."),
    help=_("Changes of the centre, notices about the link, and your actions with their outcome."),
    sticky=True,
)


class Log(View):
    """The journal as a list."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset({"agent", "call", "ended", "parked", "supervision", "link"})

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """Build the list with its remembered order."""
        super().__init__(station, view_name, title)
        self._log: RowList[Record] = self.rows(LOG)
        self._shown = -1

    def compose(self) -> ComposeResult:
        """The list alone."""
        yield self._log

    def frame(self, frame: Frame) -> None:
        """Take news in once a second: a list of thousands is not sorted for every event."""
        if frame.tick:
            self.load()

    def load(self) -> None:
        """Hand the records to the list where there are new ones."""
        journal = self.station.journal
        if journal.last != self._shown and not self.station.feed.frozen:
            self._shown = journal.last
            self._log.load({str(record.number): record for record in journal.records})

    def target(self) -> Selection | None:
        """Return the board row that a record is about, where it is still there."""
        record = self._log.row
        if record is None or record.topic is None:
            return None
        board = self.station.board
        tables = {"agent": board.agents, "call": board.calls, "parked": board.parked}
        row = tables.get(record.topic, board.supervisions).get(record.key)  # type: ignore[attr-defined]
        return None if row is None else Selection(record.topic, record.key, row)
