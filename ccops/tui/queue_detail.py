"""Detail of one queue: its figures, who waits, its members, and its day as a chart."""

from typing import ClassVar

from textual.app import ComposeResult

from ccops.board import AgentRow, QueueRow, Topic
from ccops.i18n import _
from ccops.tui.agent_columns import AGENTS
from ccops.tui.call_columns import WAITING, CallLine, CallLines
from ccops.tui.cells import count, duration, rate, safe, seconds
from ccops.tui.columns import Moment
from ccops.tui.daychart import DayChart
from ccops.tui.figures import level_cell
from ccops.tui.painted import Painted
from ccops.tui.rowlist import RowList
from ccops.tui.spans import Line, Span
from ccops.tui.station import Station
from ccops.tui.view import View


class QueueFacts(Painted):
    """Today's figures of one queue in a few lines."""

    DEFAULT_CSS = """
    QueueFacts { height: 3; }
    """

    def __init__(self, station: Station, queue: str) -> None:
        """`queue` is its name."""
        super().__init__(station)
        self._queue = queue

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return now, today and the rule of the service level."""
        row = moment.board.queues.get(self._queue)
        if row is None:
            return [((_("  The PBX no longer has this queue."), "warn"),)]
        return [self._now(row, moment), self._today(row, moment), self._rule(row)]

    @staticmethod
    def _now(row: QueueRow, moment: Moment) -> Line:
        oldest = duration(None if row.oldest_entered_at is None else moment.now - row.oldest_entered_at)
        return (
            (f"  {row.waiting} ", "waiting" if row.waiting else "text"),
            (_("waiting, longest {time}").format(time=oldest), "text"),
            (f"   {row.available} ", "available"),
            (_("free"), "text"),
            (f"   {row.talking + row.on_hold} ", "talking"),
            (_("in a call"), "text"),
            (f"   {row.paused} ", "paused"),
            (_("paused"), "text"),
            (f"   {row.unavailable} ", "unavailable"),
            (_("offline"), "text"),
        )

    @staticmethod
    def _today(row: QueueRow, moment: Moment) -> Line:
        today = row.today
        level = level_cell(today, moment)
        parts: list[Span] = [("  ", "text")]
        for name, value in (
            (_("offered"), count(today.offered)),
            (_("answered"), count(today.answered)),
            (_("gave up"), f"{count(today.abandoned)} ({rate(today.abandon_rate)})"),
            (_("ASA"), seconds(today.asa)),
            (_("AHT"), seconds(today.aht)),
            (_("longest wait"), duration(today.longest_wait)),
        ):
            parts += [(f"{name} ", "muted"), (f"{value}   ", "text")]
        return (*parts, (_("service level") + " ", "muted"), level)

    @staticmethod
    def _rule(row: QueueRow) -> Line:
        text = _("  threshold {seconds:g} s · strategy {strategy}").format(
            seconds=row.service_level_threshold, strategy=safe(row.strategy) or "–"
        )
        return ((text, "faint"),)


class QueueDetail(View):
    """One queue."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset({"queue", "agent", "call", "link"})
    SCOPED_CSS: ClassVar[bool] = False  # the rules name the size classes of the console around it
    DEFAULT_CSS = """
    QueueDetail #waiting { height: 7; margin-top: 1; }
    QueueDetail DayChart { height: 7; display: none; margin-top: 1; }
    QueueDetail #agents { height: 1fr; margin-top: 1; }
    .-tall QueueDetail DayChart { display: block; }
    .-short QueueDetail #agents, .-short QueueDetail #waiting { margin-top: 0; }
    """

    def __init__(self, station: Station, _topic: Topic, key: str) -> None:
        """`key` is the queue's name."""
        row = station.board.queues.get(key)
        super().__init__(station, "queue", (row.title or row.queue) if row else key)
        self._key = key
        self._waiting: RowList[CallLine] = self.rows(WAITING)
        self._agents: RowList[AgentRow] = self.rows(AGENTS)
        self._lines = CallLines()
        self._chart = DayChart(station, key)

    def compose(self) -> ComposeResult:
        """Figures, chart, callers, members."""
        yield QueueFacts(self.station, self._key)
        yield self._chart
        yield self._agents
        yield self._waiting

    def subject(self) -> tuple[Topic, str]:
        """The queue, whatever is selected in its lists."""
        return "queue", self._key

    def load(self) -> None:
        """Hand this queue's callers and members to the lists."""
        board = self.station.board
        lines = self._lines.of(board, "waiting")
        self._waiting.load({key: line for key, line in lines.items() if line.call and line.call.queue == self._key})
        self._agents.load({key: row for key, row in board.agents.items() if self._key in row.queues})
