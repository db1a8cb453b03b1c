"""One reducer over the log: visits, missed rings, sessions, pauses, and the wrap-up pause that belongs to a visit."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ccops.pbx.queue_log.lines import EVENT, QUEUE, Fields, LogRow
from ccops.reports.deeds import ActionLog
from ccops.reports.rules import Rules
from ccops.reports.spans import Pause, Session, Spans
from ccops.reports.spelling import QueueNames
from ccops.reports.visits import Missed, Visit, Visits, fields_of

WRAP_UP_REACH = 30
"""Seconds after a call within which a wrap-up pause must begin to belong to it."""


@dataclass(slots=True, frozen=True)
class Sinks:
    """Who is told what; every finding once, when it is over."""

    visit: Callable[[Visit], None]
    missed: Callable[[Missed], None]
    session: Callable[[Session], None]
    pause: Callable[[Pause], None]
    wrapped: Callable[[Visit, int | None], None]
    """A visit that was over got its wrap-up from a pause; with the wrap-up that it had before."""


class History:
    """Reduces rows in the log's order."""

    def __init__(self, rules: Rules, sinks: Sinks, *, actions: ActionLog | None = None, first_number: int = 1) -> None:
        """`first_number` continues the numbers of an earlier run."""
        self.rules = rules
        self.names = QueueNames()
        self._sinks = sinks
        self._last_visit: dict[str, Visit] = {}
        self._follow_wrap_up = any(rule.wrap_up for rule in rules.pauses.values())
        closed = self._visit_closed if self._follow_wrap_up else sinks.visit
        self.visits = Visits(closed=closed, missed=sinks.missed, actions=actions, first_number=first_number)
        self.spans = Spans(session=sinks.session, pause=self._pause_closed)
        self.handlers = {**self.visits.handlers, **self.spans.handlers}
        """What each event does; a row of any other event changes nothing."""

    def feed(self, row: LogRow) -> LogRow | None:
        """Take in the next row; return it, its queue in the usual spelling, or None if it changes nothing."""
        handler = self.handlers.get(row.event)
        if handler is None:
            return None
        fields = fields_of(row)
        self.names.spell(fields)
        handler(row.at, fields, row.file, row.offset)
        return row if fields[QUEUE] == row.queue else row._replace(queue=fields[QUEUE])

    def feed_all(self, rows: Iterable[tuple[int, Fields, int]], file: int) -> None:
        """Take in many rows of a file, as `split_block` gives them: what `feed` does to each, without its calls."""
        handlers, usual, spell = self.handlers, self.names.usual, self.names.spell
        for at, fields, offset in rows:
            handler = handlers.get(fields[EVENT])
            if handler is not None:
                if fields[QUEUE] not in usual:
                    spell(fields)
                handler(at, fields, file, offset)

    def remember(self, visit: Visit) -> None:
        """Take a visit of an earlier run as its agent's last, so that a wrap-up pause finds it."""
        self._last_visit[visit.agent] = visit

    def _visit_closed(self, visit: Visit) -> None:
        if visit.connected is not None:
            self._last_visit[visit.agent] = visit
        self._sinks.visit(visit)

    def _pause_closed(self, pause: Pause) -> None:
        self._sinks.pause(pause)
        visit = self._last_visit.get(pause.agent)
        if visit is None or pause.until is None or not self.rules.pause(pause.reason).wrap_up:
            return
        ended = visit.ended
        if ended is None or pause.since - ended > WRAP_UP_REACH or pause.until <= ended:
            return
        before = visit.wrap
        visit.wrap = (before or 0) + pause.until - max(pause.since, ended)
        self._sinks.wrapped(visit, before)
