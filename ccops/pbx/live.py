"""The live centre of one PBX: link, snapshot, reducer and board, kept in step.

Events are heard before the first list is asked for; what comes while lists come is kept, and told again to the state
that the lists give (`ccops.pbx.state.snapshot`). Every minute the lists are asked for again: where they differ from
what the events made of the centre, they win, and the difference is counted.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from ccops.board import Board, Change, LinkRow
from ccops.errors import CcopsError
from ccops.pbx.link import Event, Link, LinkSettings, LinkStatus
from ccops.pbx.listing import Lists, core_facts, list_all
from ccops.pbx.state import (
    RESTARTED,
    TICK,
    WANTED,
    Drift,
    State,
    apply,
    canonical,
    carry,
    changes,
    channels_listed,
    clock_offset,
    compare,
    read,
    repair,
)

log = logging.getLogger("ccops.pbx.live")

GRACE: Final = 0.25
"""Seconds in which events of what a list shows already may still be on their way."""
_OFFSET_NOTED: Final = 0.05
"""Seconds by which a measured clock difference must change to be taken over: the measurement itself is not better."""
_HEARD: Final = WANTED | {"Reload"}

ChangeListener = Callable[[Sequence[Change]], None]
RawListener = Callable[[Event, float], None]
Stop = Callable[[], None]
_T = TypeVar("_T")


class LiveCentre:
    """What goes on at one PBX, as rows that are kept current. Lives in the event loop that starts it."""

    def __init__(
        self,
        settings: LinkSettings,
        *,
        site: str = "",
        titles: Mapping[str, str] | None = None,
        wrap_up: Mapping[str, float] | None = None,
        wrap_up_reasons: frozenset[str] = frozenset(),
        relist_every: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`titles` and `wrap_up` (seconds) are by queue; `relist_every` is in seconds; `clock` gives epoch seconds."""
        self.state = State(site=site, wrap_up=dict(wrap_up or {}), wrap_up_reasons=wrap_up_reasons)
        self.link = Link(settings, on_event=self._hear, on_status=self._turned, wanted=_HEARD, clock=clock)
        self.board = Board(LinkRow(site, settings.host, "connecting", clock()))
        self._titles = dict(titles or {})
        self._relist_every = relist_every
        self._clock = clock
        self._listeners: list[ChangeListener] = []
        self._taps: list[RawListener] = []
        self._window: list[tuple[Event, float]] | None = None
        self._synced = False
        self._synced_at = 0.0
        self._notes: tuple[str, ...] = ()
        self._version = self._started = ""
        self._pbx_started_at: float | None = None
        self._drift_repaired = self._restarts = 0
        self._sync = asyncio.Lock()
        self._wake = asyncio.Event()
        self._closed = False
        self._flush_due = False
        self._ticker: asyncio.TimerHandle | None = None

    # --- being live ---

    async def start(self) -> None:
        """Connect and take one snapshot, one attempt; raises the errors of the link."""
        await self.link.open()
        await self._up()
        self._flush()

    async def run(self) -> None:
        """Stay live until `close`: reconnect, list anew, keep time. Raises LoginRefused where the PBX refuses us."""
        self.link.keep(self._up)
        while not self._closed:
            await self._sleep(self._relist_every)
            status = self.link.status
            if status.state == "refused" and status.error is not None:
                raise status.error
            if self._synced and status.state == "up" and not self._closed:
                await self._relist()

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        self._wake.clear()

    async def _relist(self) -> None:
        try:
            await self.resync()
        except CcopsError as error:
            log.warning("the PBX could not be listed again: %s", error)

    async def close(self) -> None:
        """End the link; the board stays as it is."""
        self._closed = True
        self._wake.set()
        if self._ticker is not None:
            self._ticker.cancel()
        await self.link.close()

    # --- listening ---

    def subscribe(self, listener: ChangeListener) -> Stop:
        """Call `listener` with the changes of each turn of the event loop, after the board has them."""
        return _enlist(self._listeners, listener)

    def on_raw(self, listener: RawListener) -> Stop:
        """Call `listener` with each event and when it was heard, before the state takes it."""
        return _enlist(self._taps, listener)

    # --- events ---

    def _hear(self, event: Event, at: float) -> None:
        for tap in tuple(self._taps):
            tap(event, at)
        if self._window is not None:
            self._window.append((event, at))
        if self._synced:
            apply(self.state, event, at)
            self._schedule()
        if event.get("Event") == "Reload":
            self._wake.set()

    def _tick(self) -> None:
        self._ticker = None
        now = self._clock()
        if self._window is not None:
            self._window.append((TICK, now))
        apply(self.state, TICK, now)
        self._schedule()

    def _schedule(self) -> None:
        """Make the rows once in this turn of the loop, however many events it brings."""
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        dirty = self.state.take_dirty()
        if dirty:
            self._publish(changes(self.state, dirty, self.board, self._titles, self._clock()))
        self._set_ticker()

    def _set_ticker(self) -> None:
        due = self.state.next_tick()
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None
        if due is not None and not self._closed:
            wait = max(due - self._clock(), 0.01)
            self._ticker = asyncio.get_running_loop().call_later(wait, self._tick)

    def _publish(self, batch: Sequence[Change]) -> None:
        if not batch:
            return
        for change in batch:
            self.board.apply(change)
        for listener in tuple(self._listeners):
            try:
                listener(batch)
            except Exception:
                log.exception("a listener of the live centre failed")

    # --- the link ---

    def _turned(self, status: LinkStatus) -> None:
        if status.state in ("down", "refused", "connecting"):
            self._synced_at = 0.0
        if status.state == "refused":
            self._wake.set()
        self._show_link(status)

    def _show_link(self, status: LinkStatus | None = None) -> None:
        status = status or self.link.status
        live = status.state == "up" and self._synced_at > 0
        connected: Final = "live" if live else "syncing"
        row = LinkRow(
            site=self.state.site,
            host=self.link.settings.host,
            state=connected if status.state == "up" else status.state,
            since=max(status.since, self._synced_at) if live else status.since,
            heard_at=status.heard_at,
            version=self._version,
            pbx_started_at=self._pbx_started_at,
            clock_offset=self.state.offset if self._synced else None,
            drift_repaired=self._drift_repaired,
            reconnects=status.reconnects,
            restarts=self._restarts,
            detail="; ".join((*((status.detail,) if status.detail else ()), *self._notes)),
        )
        if replace(row, heard_at=None) != replace(self.board.link, heard_at=None):
            self._publish([Change(self._clock(), "link", "link", row)])

    async def _up(self) -> None:
        """Take a snapshot after a login, the first or one after a gap."""
        async with self._sync:
            self._window = []
            try:
                await self._note_core()
                lists = await list_all(self.link, self.state, self._clock, gap=True)
                self._take(lists, gap=True)
            finally:
                self._window = None
        self._flush()  # the board holds what was found before it says that it is live
        self._synced_at = self._clock()
        self._show_link()

    async def _note_core(self) -> None:
        """Learn version, start and clock of the PBX, and whether it is another run of it than before."""
        await self._check_clock()
        facts = await core_facts(self.link)
        status = self.link.status
        if self._synced and self._is_new_run(facts.started, status):
            self._restarts += 1
            log.warning("the PBX was restarted")
            apply(self.state, RESTARTED, self._clock())
        if status.uptime is not None:
            self._pbx_started_at = self._clock() - status.uptime
        self._version = facts.version or self._version
        self._started = facts.started or self._started

    def _is_new_run(self, started: str, status: LinkStatus) -> bool:
        if started and self._started:
            return started != self._started
        heard = self.board.link.heard_at
        gap = self._clock() - heard if heard is not None else 0.0
        return status.shutdown or (status.uptime is not None and status.uptime < gap)

    def _apply(self, event: Event) -> None:
        """Apply an event of our own, also to what is being listed."""
        now = self._clock()
        if self._window is not None:
            self._window.append((event, now))
        apply(self.state, event, now)

    # --- lists ---

    async def resync(self) -> Drift:
        """List the PBX anew, repair what differs and return it; raises the errors of the link.

        A difference counts when it is still there after the time that an event takes.
        """
        async with self._sync:
            window: list[tuple[Event, float]] = []
            self._window = window
            try:
                await self._check_clock()
                lists = await list_all(self.link, self.state, self._clock, gap=False)
                if _differs(self.state, lists, window, self._clock()):
                    await asyncio.sleep(GRACE)
                drift = self._take(lists, gap=False)
            finally:
                self._window = None
        if drift:
            self._drift_repaired += len(drift)
            log.warning("repaired %d difference(s): %s", len(drift), drift)
        self._show_link()
        self._flush()  # whoever asked for it finds the board current
        return drift

    async def _check_clock(self) -> None:
        before = self._clock()
        pbx_clock = await self.link.ping()
        if pbx_clock is not None:
            offset = pbx_clock - (before + self._clock()) / 2
            if abs(offset - self.state.offset) >= _OFFSET_NOTED:
                self._apply(clock_offset(offset))

    def _take(self, lists: Lists, *, gap: bool) -> Drift:
        """Build the state that the lists and the events since tell, and take it over."""
        now = self._clock()
        if lists.channels is not self.state.channels_listed:
            self._apply(channels_listed(lists.channels))
        fresh = read(self.state, lists.rows, self._window or (), now)
        drift = repair(self.state, fresh, now, gap=gap)
        self._synced, self._notes = True, lists.notes
        self._schedule()
        return drift


def _differs(state: State, lists: Lists, window: Sequence[tuple[Event, float]], at: float) -> bool:
    """Return whether the lists differ from a state as things stand."""
    fresh = read(state, lists.rows, window, at)
    carry(state, fresh, at)
    return bool(compare(canonical(state), canonical(fresh)))


def _enlist(listeners: list[_T], listener: _T) -> Stop:
    listeners.append(listener)

    def stop() -> None:
        if listener in listeners:
            listeners.remove(listener)

    return stop
