"""The watch in the daemon: looks when something changed or is due, and keeps the alerts on the board."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from json import loads
from typing import TYPE_CHECKING, Final, Protocol

from ccops.alerts.ages import SteadyAges
from ccops.alerts.book import Book
from ccops.alerts.channels import Channel, channels_of
from ccops.alerts.episode import revived
from ccops.alerts.evaluate import Evaluator, Subject, Track, restored
from ccops.alerts.figures import FROM_PBX, OF_PLAN, Reading, measure
from ccops.alerts.keeper import Keeper, Sees, World
from ccops.alerts.message import Message
from ccops.alerts.outbox import Outbox, Patience
from ccops.alerts.planned import PLAN_EVERY, PlanLook, in_thread, still
from ccops.alerts.probes import EVERY, LogWatch, Shifts, look
from ccops.alerts.rules import LEVELS, rules_of
from ccops.alerts.shifts import Names
from ccops.board import AlertLevel, AlertRow, Board, Change
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.settings.hours import within
from ccops.store import open_store
from ccops.store.alerts import (
    AlertRecord,
    DeliveryRecord,
    EventRecord,
    events_of,
    forget,
    last_number,
    open_alerts,
    put_alert,
    put_delivery,
    put_event,
    waiting,
)

if TYPE_CHECKING:
    from ccops.settings import Settings

log = logging.getLogger(__name__)

AT_MOST_EVERY: Final = 0.2
"""Seconds between looks while much happens."""
AT_LEAST_EVERY: Final = 15.0
"""Seconds between looks while nothing does."""
SETTLING: Final = 1.0
"""Seconds after which a link that came to life has shown all that there is."""
_A_DAY: Final = 86_400.0
_TOPICS: Final = frozenset({"queue", "agent", "parked", "link"})


class Watched(Protocol):
    """A desk with a board to watch."""

    @property
    def board(self) -> Board:
        """The rows as they stand."""
        ...

    def subscribe(self, listener: Callable[[Sequence[Change]], None]) -> Callable[[], None]:
        """Call `listener` with every batch of changes."""
        ...

    def show(self, change: Change) -> None:
        """Put a row on the board, for everybody."""
        ...


class Watch:
    """Watches one site."""

    def __init__(
        self,
        desk: Watched,
        settings: "Settings",
        *,
        sees: Sees,
        plan: PlanLook | None = None,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConfigError or NotFound for rules and targets that cannot work.

        `plan` tells what the roster says of a moment; called in a thread of its own.
        """
        self._desk, self._settings, self._wall, self._steady = desk, settings, wall, steady
        self.rules = rules_of(settings)
        self._evaluator = Evaluator(self.rules)
        self._ages = SteadyAges()
        self._book = Book(settings.store.path)
        alerts = settings.alerts
        patience = Patience(alerts.tries, alerts.retry_wait)
        self.outbox = Outbox(self._book, patience, quiet=self._quiet, holds=self._holds, clock=wall)
        self.channels: Mapping[str, Sequence[Channel]] = {
            name: channels_of(settings, name) for name in settings.alert_targets
        }
        world = World(
            settings.site.name, self._book, self.outbox, self.channels, settings.alert_targets, self._rests,
            self._show, sees, wall, steady,
        )  # fmt: skip
        self.keeper = Keeper(world)
        self._log = LogWatch(settings.queue_log.path)
        self._shifts_of = Shifts(settings)
        self._disks: Mapping[str, float] = {}
        self._probed = False
        self._shifts: Mapping[Names, float] = {}
        self._plan_look = plan
        self._planned: Sequence[Reading] | None = None if plan is not None else ()
        self._planning: asyncio.Task[None] | None = None
        self._live_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looked_at = -AT_MOST_EVERY
        self._probing: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    # --- life ---

    async def start(self) -> None:
        """Take up what the watch before left, and begin."""
        self._book.start()
        try:
            found = await asyncio.to_thread(self._left_behind)
        except CcopsError as error:
            log.warning(_("Alerts begin anew, since the store cannot be read: %s"), error)
            # A number that no alert in the store has: theirs must not be written over later.
            self.keeper.last = int(self._wall())
        else:
            self._take_up(*found)
        self._desk.board.watched = True
        self._unsubscribe = self._desk.subscribe(self._changed)
        self._probing = asyncio.create_task(self._probe(), name="ccops alert probes")
        if self._plan_look is not None:
            self._planning = asyncio.create_task(self._follow_plan(self._plan_look), name="ccops alert plan")
        self._soon()

    async def close(self) -> None:
        """End: alerts stay open in the store, and what was not delivered waits there."""
        self._unsubscribe()
        if self._timer is not None:
            self._timer.cancel()
        for task in (self._probing, self._planning):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        await self.outbox.close()
        await self._book.close()

    def _left_behind(self) -> tuple[int, list[AlertRecord], dict[int, list[EventRecord]], list[DeliveryRecord]]:
        with open_store(self._settings.store.path) as database:
            records = open_alerts(database)
            events = events_of(database, [record.id for record in records])
            return last_number(database), records, events, waiting(database)

    def _take_up(
        self,
        last: int,
        records: Sequence[AlertRecord],
        events: Mapping[int, Sequence[EventRecord]],
        deliveries: Sequence[DeliveryRecord],
    ) -> None:
        self.keeper.last = last
        rules = {rule.name: rule for rule in self.rules}
        tracks: dict[Subject, Track] = {}
        for record in records:
            rule, number = rules.get(record.rule), len(events[record.id])
            if rule is None or rule.figure != record.figure:
                self._close_orphan(record, number)
                continue
            episode = revived(record, rule, number)
            tracks[episode.subject] = restored(episode.level)
            self.keeper.revive(episode)
        self._evaluator = Evaluator(self.rules, tracks)
        for delivery in deliveries:
            self._send_again(delivery)

    def _close_orphan(self, record: AlertRecord, number: int) -> None:
        """End an alert whose rule is no more; nobody is told, since whoever took the rule away knows."""
        now = self._wall()
        event = EventRecord(record.id, number + 1, now, "cleared", record.level, None, "", _("its rule is no more"))
        ended = replace(record, cleared_at=now)
        self._book.write(partial(put_alert, record=ended), partial(put_event, record=event))

    def _send_again(self, record: DeliveryRecord) -> None:
        ways = self.channels.get(record.target, ())
        channel = next((way for way in ways if way.recipient == record.recipient), None)
        if channel is None:
            ended = replace(
                record, state="dropped", ended_at=self._wall(), detail=_("there is no such target any more")
            )
            self._book.write(partial(put_delivery, record=ended))
        else:
            self.outbox.put(record, Message(record.id, loads(record.body)), channel, None)

    # --- looking ---

    def _changed(self, changes: Sequence[Change]) -> None:
        self._log.saw(changes, self._steady())
        if any(change.topic in _TOPICS for change in changes):
            self._soon()

    def _soon(self) -> None:
        """Look at once after a quiet time, then at most so often."""
        self._plan(max(self._steady(), self._looked_at + AT_MOST_EVERY))

    def _plan(self, at: float) -> None:
        loop = asyncio.get_running_loop()
        when = loop.time() + max(0.0, at - self._steady())
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = loop.call_at(when, self._look)

    def _look(self) -> None:
        self._timer = None
        at, wall = self._steady(), self._wall()
        self._looked_at = at
        try:
            self._judge(wall, at)
        except Exception:
            # A fault in a rule must cost one look, not the watch.
            log.exception(_("Alerts could not be judged"))
        due = [time for time in (self._evaluator.due, self.keeper.due) if time is not None]
        self._plan(max(min([*due, at + AT_LEAST_EVERY]), at + _SHORTEST))

    def _judge(self, wall: float, at: float) -> None:
        board = self._desk.board
        self._ages.look(wall, at)
        site = replace(self._log.site(at, self._disks, self._shifts), plan=self._planned or ())
        readings = measure(board, self._evaluator.figures, self._ages, site)
        self.keeper.take(self._evaluator.look(readings, at, self._held(board, at)))
        self.keeper.refresh(readings)
        self.keeper.tick()

    def _held(self, board: Board, at: float) -> frozenset[str]:
        """Return the figures of which nothing is known now."""
        if board.link.state != "live":
            self._live_since = None
            return FROM_PBX | self._unseen
        if self._live_since is None:
            self._live_since = at
            self._plan(at + SETTLING + _SHORTEST)
        settling = FROM_PBX if at - self._live_since < SETTLING else frozenset()
        return settling | self._unseen

    @property
    def _unseen(self) -> frozenset[str]:
        """The figures that wait for the first look at the machine."""
        unplanned = OF_PLAN if self._planned is None else frozenset()
        return unplanned if self._probed else _OF_SITE | unplanned

    async def _probe(self) -> None:
        """Look at the machine now and then."""
        forgotten = -_A_DAY
        while True:
            seen = await asyncio.to_thread(look, self._settings.queue_log.path, self._settings.store.path)
            self._shifts = await asyncio.to_thread(self._shifts_of.at, self._wall(), self._steady())
            at = self._steady()
            self._log.take(seen.log, at)
            self._disks, self._probed = seen.disks, True
            if at - forgotten >= _A_DAY:
                forgotten = at
                self._book.write(partial(forget, before=self._wall() - self._settings.alerts.keep_days * _A_DAY))
            self._soon()
            await asyncio.sleep(EVERY)

    async def _follow_plan(self, look: PlanLook) -> None:
        """Ask planning now and then; what it does not know changes nothing."""
        while True:
            try:
                found = await in_thread("plan", look, self._wall(), still(self._desk.board))
            except Exception:
                # A fault in planning must cost its alerts, not the watch.
                log.exception(_("Alerts about the plan could not be judged"))
                found = None
            if found is not None:
                self._planned = found
                self._soon()
            await asyncio.sleep(PLAN_EVERY)

    # --- what the keeper asks ---

    def _quiet(self) -> bool:
        return within(self._settings.alerts.quiet, self._wall(), self._settings.zone)

    def _rests(self, level: AlertLevel) -> bool:
        return LEVELS.index(level) < LEVELS.index(self._settings.alerts.quiet_level) and self._quiet()

    def _holds(self, number: int) -> bool:
        return self.keeper.holds(number)

    def _show(self, key: str, row: AlertRow | None) -> None:
        self._desk.show(Change(self._wall(), "alert", key, row))


_SHORTEST: Final = 0.01
"""Seconds between two looks at the least, whatever is due."""
_OF_SITE: Final = frozenset({"disk_free", "log_silence", "late_for_shift"})
