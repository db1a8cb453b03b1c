"""The screen of alerts (A): what is beyond its threshold, for how long, and who has taken it."""

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult

from ccops.alerts.once import rows_now
from ccops.alerts.rules import LEVELS
from ccops.board import AlertRow, Topic
from ccops.i18n import _
from ccops.tui.cells import clock, safe, since
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.feed import Frame
from ccops.tui.listspec import ListSpec, Selection
from ccops.tui.rowlist import RowList
from ccops.tui.spans import Span
from ccops.tui.station import Station
from ccops.tui.view import View

_TONES = {"critical": "crit", "warning": "warn", "info": "muted"}


def _level(row: AlertRow, moment: Moment) -> Span:
    words = {"critical": _("critical"), "warning": _("warning"), "info": _("info")}
    glyph = {"critical": "crit", "warning": "warn", "info": "info"}[row.level]
    return f"{moment.look.glyph(glyph)} {words[row.level]}", _TONES[row.level]


def _taken(row: AlertRow, moment: Moment) -> Span:
    if row.acknowledged_by:
        return safe(row.acknowledged_by), "ok"
    if row.snoozed_by and row.snoozed_until is not None:
        until = clock(int(row.snoozed_until), moment.zone, with_seconds=False)
        return _("{name}, rests until {time}").format(name=safe(row.snoozed_by), time=until), "muted"
    return moment.look.glyph("dash"), "muted"


def _pressing(row: AlertRow) -> tuple[bool, int, float]:
    return not (row.acknowledged_by or row.snoozed_by), LEVELS.index(row.level), -row.since


_COLUMNS: tuple[Column[AlertRow], ...] = (
    Column(
        "level", _("Level"), 10, _level, _pressing, descending=True,
        help=_("How pressing it is; what somebody has taken stands below."),
    ),
    Column("for", _("For"), 8, lambda row, moment: (since(row.since, moment.now), "text"), lambda row: row.since,
           align="right", ticks=True, help=_("How long it has been so.")),
    Column("about", _("About"), 16, lambda row, _m: (safe(row.name), "text"), lambda row: row.name.casefold(), grow=10),
    Column("what", _("What"), 30, lambda row, _m: (safe(row.text), _TONES[row.level]), lambda row: row.text, grow=60),
    Column("rule", _("Rule"), 13, lambda row, _m: (safe(row.rule), "muted"), lambda row: row.rule, rank=3),
    Column("taken", _("Taken by"), 16, _taken, lambda row: row.acknowledged_by or row.snoozed_by, rank=1, grow=14,
           help=_("Who has acknowledged it, or lets it rest.")),
    Column("id", _("No"), 5, lambda row, _m: (row.alert_id, "muted"), lambda row: int(row.alert_id or 0), rank=4,
           align="right", help=_("Its number, for `ccops alert ack`.")),
)  # fmt: skip


def _fields(row: AlertRow) -> Mapping[str, str]:
    taken = row.acknowledged_by or row.snoozed_by
    return {
        "level": row.level,
        "about": row.name,
        "rule": row.rule,
        "figure": row.figure,
        "taken": taken,
        "id": row.alert_id,
    }


ALERTS: ListSpec[AlertRow] = ListSpec(
    name="alerts",
    title=_("Alerts"),
    columns=_COLUMNS,
    order=Order("level", descending=True),
    fields=_fields,
    tie=lambda row: (row.rule, row.key),
    pick=lambda row: Selection("alert", row.alert_id, row) if row.alert_id else None,
    empty=_("Nothing needs attention."),
    help=_("What is beyond its threshold now. Where the daemon keeps alerts they can be taken and let rest."),
    markable=True,
)


class Alerts(View):
    """The alerts as a list."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset({"alert", "link"})

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """Build the list with its remembered order."""
        super().__init__(station, view_name, title)
        self._alerts: RowList[AlertRow] = self.rows(ALERTS)

    def compose(self) -> ComposeResult:
        """The list alone."""
        yield self._alerts

    def frame(self, frame: Frame) -> None:
        """Judge anew once a second where nobody keeps alerts."""
        if frame.tick and not self.station.board.watched:
            self.load()
        super().frame(frame)

    def load(self) -> None:
        """Hand the alerts to the list."""
        board = self.station.board
        if board.watched:
            self._alerts.load(dict(board.alerts))
            return
        found = rows_now(board, self.station.moment.now, self.station.options.limits.rules)
        self._alerts.load({f"{row.rule}/{row.topic}/{row.key}": row for row in found})

    def target(self) -> Selection | None:
        """Return the row that the alert under the cursor is about."""
        row = self._alerts.row
        if row is None:
            return None
        board = self.station.board
        if row.topic == "queue" and row.key in board.queues:
            return Selection("queue", row.key, board.queues[row.key])
        if row.topic == "agent" and row.key in board.agents:
            return Selection("agent", row.key, board.agents[row.key])
        return None
