"""Today's figures on the board: from the queue_log where its path is known, else from what was seen."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace

from ccops.board import AgentRow, Figures, FiguresSource, QueueRow
from ccops.errors import CcopsError
from ccops.pbx.link import Event
from ccops.pbx.queue_log import Follower
from ccops.pbx.seen import Seen
from ccops.reports.periods import day_around
from ccops.reports.rules import Rules
from ccops.reports.today import LOOK_BACK, Today
from ccops.reports.visits import ActionLog
from ccops.settings import Settings

log = logging.getLogger(__name__)

REFRESH = 1.0
"""Seconds between looks at what changed: figures of a busy centre are worked out once a second, not once an event."""

ALL_AGAIN = 30.0
"""Seconds between looks at figures that grow with time alone, such as occupancy."""


def midnight(now: float, settings: Settings) -> float:
    """Return the beginning of the site's day as epoch seconds."""
    return day_around(now, settings.zone).start


class TodayFeed:
    """Feeds the day's figures and puts them on rows."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        """`changed` is called when figures of some queue or agent may differ; `take_dirty` says whose."""
        self._settings = settings
        self._clock = clock
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._follower: Follower | None = None
        self._seen: Seen | None = None
        self.source: FiguresSource = "none"
        self.since: float | None = None
        self.trouble = ""
        """Why the log cannot be read, where it cannot."""
        self.actions = ActionLog()
        """What supervisors did to calls: a caller whom they pulled out did not give up."""
        self.today = Today(settings.zone, Rules.of(settings), actions=self.actions)
        self._queues: dict[str, tuple[Figures, tuple[int, ...]]] = {}
        self._agents: dict[str, Figures] = {}

    def read(self) -> None:
        """Read today's part of the log; where there is none to read, the day begins now with what is seen."""
        now = self._clock()
        path = self._settings.queue_log.path
        if path is not None:
            self._learn_actions(midnight(now, self._settings) - LOOK_BACK)
            try:
                self._follower = Follower(path, since=midnight(now, self._settings) - LOOK_BACK)
                self._catch_up()
            except (OSError, CcopsError) as error:
                self.trouble = str(error)
                log.warning("queue_log: %s", error)
                self._follower = None
        if self._follower is None:
            self._seen = Seen()
            rules = Rules.of(self._settings)
            self.today = Today(self._settings.zone, rules, source="seen", actions=self.actions)
        self.today.roll(now)
        self.source = self.today.source
        self.since = now if self._follower is None else midnight(now, self._settings)

    def _learn_actions(self, since: float) -> None:
        """Read from the audit what was done to calls before; a store that is not there has nothing to tell."""
        path = self._settings.store.path
        if path is None or not path.exists():
            return
        from ccops.store import open_store
        from ccops.store.audit import pulls

        try:
            with open_store(path, read_only=True) as database:
                for call_id, at, kind in pulls(database, since):
                    self.actions.add(call_id, at, kind)
        except CcopsError as error:
            log.warning("audit: %s", error)

    def acting(self, call_id: str, action: str) -> None:
        """Take in what a supervisor is doing to a call, before the PBX tells of its effect."""
        self.actions.add(call_id, self._clock(), action.rpartition(".")[2])

    def not_acted(self, call_id: str, action: str) -> None:
        """Take that back: it failed."""
        self.actions.forget(call_id, action.rpartition(".")[2])

    def _catch_up(self) -> None:
        """Take in all that stands in the log."""
        follower = self._follower
        while follower is not None and (rows := follower.poll()):
            for row in rows:
                self.today.feed(row)

    def follow(self) -> None:
        """Keep the figures current from now on."""
        self._task = asyncio.create_task(self._keep(), name="ccops today")

    async def _keep(self) -> None:
        asked = 0.0
        while True:
            await asyncio.sleep(REFRESH)
            now = self._clock()
            self._look()
            if now - asked >= ALL_AGAIN:
                asked = now
                self.today.dirty_queues.update(self.today.queues())
            day = self.today.day
            self.today.roll(now)
            if self.today.day != day:
                self.since = midnight(now, self._settings)
            if self.today.dirty_queues or self.today.dirty_agents:
                self._changed()

    def _look(self) -> None:
        try:
            self._catch_up()
        except (OSError, CcopsError) as error:
            if str(error) != self.trouble:
                self.trouble = str(error)
                log.warning("queue_log: %s", error)

    def saw(self, event: Event, at: float) -> None:
        """Take in an event of the PBX, where no log tells the same better."""
        if self._seen is not None:
            for row in self._seen.feed(event, at):
                self.today.feed(row)

    def take_dirty(self) -> tuple[set[str], set[str]]:
        """Return the queues and agents whose figures may differ since last asked."""
        queues, agents = self.today.take_dirty()
        for name in queues:
            self._queues.pop(name, None)
        # A log may call an agent by the interface; then it is not known here whose figures it was.
        for name in agents if agents <= self._agents.keys() else list(self._agents):
            self._agents.pop(name, None)
        return queues, agents

    def dress_queue(self, row: QueueRow) -> QueueRow:
        """Return the row with today's figures and the queue's own threshold.

        Figures are kept until they may differ: a row changes far more often than they do.
        """
        if self.source == "none":
            return row
        known = self._queues.get(row.queue)
        if known is None:
            now = self._clock()
            known = self._queues[row.queue] = self.today.queue(row.queue, now), self.today.per_half_hour(row.queue, now)
        threshold = self._settings.queue(row.queue).threshold
        return replace(
            row,
            today=known[0],
            day=known[1],
            service_level_threshold=row.service_level_threshold if threshold is None else threshold,
        )

    def dress_agent(self, row: AgentRow) -> AgentRow:
        """Return the row with today's figures of the agent, under every name that the log may write."""
        if self.source == "none":
            return row
        known = self._agents.get(row.agent)
        if known is None:
            known = self._agents[row.agent] = self.today.agent(row.agent, self._clock(), also=(row.interface,))
        return replace(row, today=known)

    def nothing(self) -> None:
        """Say that no figures are known: a command that looks once has seen nothing of the day."""
        if self._follower is None:
            self.source, self.since = "none", None

    async def close(self) -> None:
        """Let go of the log."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._follower is not None:
            self._follower.close()
