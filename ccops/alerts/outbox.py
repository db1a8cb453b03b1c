"""Delivers messages: one lane per recipient, in order, again after a while until taken, each noted in the store.

Messages of one rule may go as one, where the recipient wants them gathered (`ccops.alerts.gather`); in the store each
has its own row all the same.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from ccops.alerts.book import Book
from ccops.alerts.channels import Channel
from ccops.alerts.gather import Gathering, Item
from ccops.alerts.message import Message, gathered
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.store.alerts import DeliveryRecord, put_delivery

log = logging.getLogger(__name__)

LONGEST_WAIT: Final = 60.0
"""Seconds between tries at most: an alert should come soon after its way is open again."""
ON_DISK_WITHIN: Final = 0.5
"""Seconds that a message waits for its place on the disk; where that fails it goes out all the same."""
_FINISH_WITHIN: Final = 3.0
_SPREAD: Final = 0.2
_MOST_AT_ONCE: Final = 16
_QUIET_LOOK: Final = 5.0
"""Seconds between looks at whether quiet hours are over."""


@dataclass(slots=True, frozen=True)
class Patience:
    """How often and how long a delivery is tried."""

    tries: int = 240
    first_wait: float = 2.0

    def wait(self, tried: int) -> float:
        """Return how long to wait after so many tries, seconds; varied, so that many do not come back together."""
        plain = min(LONGEST_WAIT, self.first_wait * 2.0 ** min(tried - 1, 20))
        return plain * (1 + _SPREAD * (secrets.randbelow(2001) / 1000 - 1))


class _Lane:
    """What waits for one recipient."""

    def __init__(self, channel: Channel) -> None:
        self.channel, self.gathering = channel, Gathering(channel.gather)
        self.waiting: list[Item] = []
        self.news = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.dropped: set[int] = set()
        """Alerts whose beginning nobody was told, since they were over before quiet hours were."""


class Outbox:
    """All deliveries under way."""

    def __init__(
        self,
        book: Book,
        patience: Patience,
        *,
        quiet: Callable[[], bool],
        holds: Callable[[int], bool],
        clock: Callable[[], float],
    ) -> None:
        """`quiet` tells of quiet hours, `holds` whether an alert still holds, `clock` the epoch seconds."""
        self._book, self._patience = book, patience
        self._quiet, self._holds, self._clock = quiet, holds, clock
        self._lanes: dict[str, _Lane] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._closing = asyncio.Event()

    def put(
        self, record: DeliveryRecord, message: Message, channel: Channel, noted: "asyncio.Future[None] | None"
    ) -> None:
        """Deliver a message; `noted` is done once it stands in the store."""
        lane = self._lanes.get(record.recipient)
        if lane is None:
            lane = self._lanes[record.recipient] = _Lane(channel)
        lane.waiting.append(Item(record, message, noted))
        lane.news.set()
        if lane.task is None or lane.task.done():
            lane.task = asyncio.get_running_loop().create_task(self._work(lane), name=f"ccops {record.recipient}")

    @property
    def waiting(self) -> Mapping[str, int]:
        """How many messages wait, by recipient."""
        return {recipient: len(lane.waiting) for recipient, lane in self._lanes.items() if lane.waiting}

    async def close(self) -> None:
        """Stop once what is being sent is sent; what waits stands in the store and is delivered by the next."""
        self._closing.set()
        for lane in self._lanes.values():
            lane.news.set()
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None and not lane.task.done()]
        if tasks:
            _done, late = await asyncio.wait(tasks, timeout=_FINISH_WITHIN)
            for task in late:
                task.cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    # --- a lane ---

    async def _work(self, lane: _Lane) -> None:
        while lane.waiting and not self._closing.is_set():
            lane.news.clear()
            self._drop_vain(lane)
            ready = self._ready(lane)
            batch = lane.gathering.ripe(ready, time.monotonic())
            if batch:
                if not await self._deliver(lane, batch):
                    return
                lane.gathering.went(batch, time.monotonic())
                lane.waiting = [item for item in lane.waiting if item not in batch]
            elif lane.waiting:
                due = lane.gathering.due(ready)
                left = _QUIET_LOOK if due is None else max(0.0, due - time.monotonic())
                await _either(lane.news, min(left, _QUIET_LOOK))

    def _ready(self, lane: _Lane) -> list[Item]:
        """Return what quiet hours do not hold back."""
        quiet = self._quiet()
        return [item for item in lane.waiting if item.record.urgent or not quiet]

    def _drop_vain(self, lane: _Lane) -> None:
        for item in self._ready(lane):
            if self._in_vain(lane, item.record, item.message.body["event"]):
                self._end(item.record, "dropped", _("it was over before quiet hours ended"), 0)
                lane.waiting.remove(item)

    async def _deliver(self, lane: _Lane, batch: Sequence[Item]) -> bool:
        """Send them as one until that is taken or given up; False where the daemon ends before."""
        noted = [item.noted for item in batch if item.noted is not None]
        if noted:
            await asyncio.wait(noted, timeout=ON_DISK_WITHIN)
        records, message = [item.record for item in batch], gathered([item.message for item in batch])
        tried, first = max(record.tries for record in records), records[0]
        while True:
            tried += 1
            try:
                detail = await self._send(lane.channel, message)
            except CcopsError as error:
                if not getattr(error, "passing", False) or tried >= self._patience.tries:
                    log.error(_("alert %s was not delivered to %s: %s"), first.alert, first.recipient, error)
                    self._end_all(records, "failed", str(error), tried)
                    return True
                if tried == 1:
                    log.warning(_("alert %s: %s It is tried again."), first.alert, error)
                self._note(*(replace(record, tries=tried, detail=str(error)) for record in records))
                if await _either(self._closing, self._patience.wait(tried)):
                    return False
            else:
                self._end_all(records, "delivered", detail, tried)
                return True

    def _in_vain(self, lane: _Lane, record: DeliveryRecord, kind: str) -> bool:
        """Tell whether quiet hours made news old: an alert that is over, of whose beginning nobody was told."""
        if record.urgent or self._holds(record.alert):
            return False
        if kind == "cleared":
            return record.alert in lane.dropped
        if kind in ("raised", "escalated"):  # what somebody hears of it first
            lane.dropped.add(record.alert)
        return True

    async def _send(self, channel: Channel, message: Message) -> str:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="alert")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, channel.send, message)
        except (OSError, ValueError) as error:  # what a channel did not foresee must not end its lane
            raise _Unforeseen(f"{type(error).__name__}: {error}") from error

    def _end_all(self, records: Sequence[DeliveryRecord], state: str, detail: str, tried: int) -> None:
        if len(records) > 1:
            detail = _("{detail}, as one message with {count} others").format(detail=detail, count=len(records) - 1)
        ended = self._clock()
        self._note(*(replace(r, state=state, detail=detail, tries=tried, ended_at=ended) for r in records))

    def _end(self, record: DeliveryRecord, state: str, detail: str, tried: int) -> None:
        self._end_all([record], state, detail, tried)

    def _note(self, *records: DeliveryRecord) -> None:
        self._book.write(*(partial(put_delivery, record=record) for record in records))


class _Unforeseen(CcopsError):
    """Something failed that should not."""

    passing = True


async def _either(news: asyncio.Event, seconds: float) -> bool:
    """Wait for news, but not longer; tell whether they came."""
    try:
        await asyncio.wait_for(news.wait(), seconds)
    except TimeoutError:
        return False
    return True
