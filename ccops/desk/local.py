"""A desk in this process: it holds the link, the live centre, today's figures and the action table."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ccops.board import AgentRow, Board, Change, LinkRow, QueueRow, SupervisionRow, Topic
from ccops.desk.acting import Actor, Audit, Delayed
from ccops.desk.actions import TABLE
from ccops.desk.api import Desk, Listener, Outcome, Unsubscribe
from ccops.desk.auditing import LegBook, StoreAudit
from ccops.desk.context import AlertKeeper
from ccops.desk.daemon.peer import myself
from ccops.desk.roles import SPYING, Person, Rights
from ccops.desk.supervision.registry import Registry
from ccops.desk.supervision.watch import Watch
from ccops.desk.today import TodayFeed
from ccops.errors import CcopsError, ConfigError, LinkError, LoginRefused, PermissionRefused
from ccops.i18n import _
from ccops.pbx.link import Event, LinkSettings
from ccops.pbx.live import LiveCentre
from ccops.settings import Settings

log = logging.getLogger(__name__)


def link_settings(settings: Settings) -> LinkSettings:
    """Return what the link needs of the configuration."""
    ami = settings.ami
    return LinkSettings(
        host=ami.host,
        port=ami.port,
        username=ami.username,
        secret=ami.login_secret().reveal(),
        events=",".join(ami.events),
        tls=ami.tls,
        ca_file=str(ami.ca_file) if ami.ca_file else None,
        server_name=ami.server_name or None,
        connect_timeout=ami.connect_timeout,
        action_timeout=ami.action_timeout,
        silence=ami.silence,
    )


class LocalDesk:
    """The engine and one person at it."""

    table = TABLE

    def __init__(
        self,
        settings: Settings,
        *,
        read_only: bool = False,
        audit: Audit | None = None,
        person: Person | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`audit` is opened on the first action where none is given."""
        self.settings = settings
        self.person = person or myself()
        self._read_only = read_only
        self._clock = clock
        self._listeners: list[Listener] = []
        self._pending: dict[tuple[str, str], Change] = {}
        self._publish = Delayed(self._flush)
        self._task: asyncio.Task[None] | None = None
        self.live = self._centre()
        self.board = Board(self.live.board.link)
        self.today = TodayFeed(settings, clock=clock, changed=self._figures_changed)
        self.audit = audit or StoreAudit(settings.store.path)
        self.history_trouble, self.history_since = "", None  # type: str, float | None
        """Why history is not being kept, where it should be; the daemon tells."""
        self.alerts: AlertKeeper | None = None
        """Who keeps the alerts on the board; the daemon puts one there."""
        self._legs = LegBook(self.audit, clock)
        self.registry = Registry(self._supervision, self._legs.ended)
        self._watch = Watch(self.registry, self._channel_alive, self.live.link)
        self._actor = Actor(
            self.table,
            board=self.board,
            settings=settings,
            wire=self.live.link,
            registry=self.registry,
            subscribe=self.subscribe,
            relist=self.live.resync,
            audit=self.audit,
            history=self.today,
            alerts=lambda: self.alerts,
        )
        self.live.subscribe(self._changed)
        self.live.on_raw(self._raw)

    def _centre(self) -> LiveCentre:
        settings = self.settings
        reasons = {name for name, reason in settings.pause_reasons.items() if reason.wrap_up}
        return LiveCentre(
            link_settings(settings),
            site=settings.site.name,
            titles={name: queue.title for name, queue in settings.queues.items() if queue.title},
            wrap_up={name: queue.wrap_up for name, queue in settings.queues.items() if queue.wrap_up is not None},
            wrap_up_reasons=frozenset(reasons),
            relist_every=settings.ami.relist,
            clock=self._clock,
        )

    def _channel_alive(self, name: str) -> bool:
        """Return whether the PBX has this channel, by name or uniqueid."""
        state = self.live.state
        return name in state.channels or name in state.names

    @property
    def read_only(self) -> bool:
        """True where every action is refused."""
        return self._read_only

    async def start(self) -> None:
        """Connect once and take the whole board, for a command that asks and leaves; raises the link's errors."""
        self.today.read()
        self.today.nothing()
        await self.live.start()
        self._take_all()
        await self._watch.refresh()

    async def run(self) -> None:
        """Keep the board live in the background; returns at once, trouble shows on the board's link row."""
        self.today.read()
        self._take_all()
        self._task = asyncio.create_task(self._keep(), name="ccops desk")
        self.today.follow()

    async def _keep(self) -> None:
        try:
            await self.live.run()
        except LoginRefused as error:
            log.error("%s", error)
            self._note_trouble("refused", str(error))
        except CcopsError as error:
            log.error("%s", error)
            self._note_trouble("down", str(error))

    def _note_trouble(self, state: Any, detail: str) -> None:
        row = replace(self.board.link, state=state, detail=detail, since=self._clock())
        self._put(Change(self._clock(), "link", "link", row))

    def _take_all(self) -> None:
        """Show everything that the live centre has, with figures."""
        now = self._clock()
        live = self.live.board
        self._changed([Change(now, "link", "link", live.link)])
        for topic, rows in _tables(live):
            self._changed([Change(now, topic, key, row) for key, row in rows.items()])
        self._watch.synced()
        self._flush()

    def _changed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.topic == "supervision":
                self._watch.changed(change)
            else:
                self._put(self._dressed(change))

    def _dressed(self, change: Change) -> Change:
        """Put today's figures and the configured titles on a row of the live centre."""
        row = change.row
        if isinstance(row, QueueRow):
            return replace(change, row=self.today.dress_queue(row))
        if isinstance(row, AgentRow):
            return replace(change, row=self.today.dress_agent(row))
        if isinstance(row, LinkRow):
            before = self.board.link.state
            if row.state == "live" and before != "live":
                self._watch.synced()
            return replace(change, row=self._dressed_link(row))
        return change

    def _dressed_link(self, row: LinkRow) -> LinkRow:
        source, since = self.today.source, self.today.since
        trouble, began = self.history_trouble, self.history_since
        return replace(row, figures_from=source, figures_since=since, history_trouble=trouble, history_since=began)

    def _figures_changed(self) -> None:
        now = self._clock()
        live = self.live.board
        queues, agents = self.today.take_dirty()
        for name in queues:
            if name in live.queues:
                self._put(self._dressed(Change(now, "queue", name, live.queues[name])))
        for key, row in live.agents.items() if agents else ():
            if row.agent in agents or row.interface in agents:
                self._put(self._dressed(Change(now, "agent", key, row)))

    def _supervision(self, key: str, row: SupervisionRow | None) -> None:
        if row is not None and row.state == "ended":
            # Its end is shown, then the row goes; both must reach the listeners.
            self._put(Change(self._clock(), "supervision", key, row))
            self._flush()
            return
        self._put(Change(self._clock(), "supervision", key, row))

    def tell_history(self, trouble: str) -> None:
        """Show why history is not being kept; empty where it is again."""
        now = self._clock()
        since = (now if self.history_since is None else self.history_since) if trouble else None
        self.history_trouble, self.history_since = trouble, since
        row = replace(self.board.link, history_trouble=trouble, history_since=since)
        self._put(Change(now, "link", "link", row))

    def show(self, change: Change) -> None:
        """Put a row on the board that does not come from the PBX: an alert."""
        self._put(change)

    def _put(self, change: Change) -> None:
        self.board.apply(change)
        self._pending[change.topic, change.key] = change
        self._publish()

    def _flush(self) -> None:
        changes, self._pending = list(self._pending.values()), {}
        if changes:
            for listener in tuple(self._listeners):
                listener(changes)

    def _raw(self, event: Event, at: float) -> None:
        self.today.saw(event, at)
        if event.get("Event") == "Hangup":
            self._watch.hung_up(event.get("Uniqueid", ""), event.get("Cause", ""))

    def subscribe(self, listener: Listener) -> Unsubscribe:
        """Call `listener` on the event loop with every batch of changes until unsubscribed."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def offers(self, topic: str) -> Sequence[str]:
        """Names of the actions on rows of this topic; none on a read-only desk."""
        return () if self._read_only else tuple(action.name for action in self.table.on(topic))

    async def do(
        self, action: str, target: str = "", *, reason: str = "", dry_run: bool = False, **arguments: Any
    ) -> Outcome:
        """Do an action as the person who runs this process."""
        rights = Rights({}, everything=True)
        return await self.do_as(self.person, rights, action, target, arguments, reason=reason, dry_run=dry_run)

    async def do_as(
        self,
        person: Person,
        rights: Rights,
        action: str,
        target: str,
        arguments: Mapping[str, Any],
        *,
        reason: str = "",
        dry_run: bool = False,
    ) -> Outcome:
        """Do an action for somebody; raises why not."""
        if self._read_only:
            raise PermissionRefused(_("This is a read-only session."), remedy=_("Start without --read-only."))
        if (action in SPYING or action.startswith("supervision.")) and rights.grants(action):
            await self._watch.refresh()
        return await self._actor.do(person, rights, action, target, arguments, reason=reason, dry_run=dry_run)

    async def close(self) -> None:
        """Leave: the link is closed, supervision legs live on in the PBX."""
        self._watch.close()
        await self._legs.settle()
        if isinstance(self.audit, StoreAudit):
            self.audit.close()
        await self.today.close()
        await self.live.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def _tables(board: Board) -> list[tuple[Topic, Mapping[str, Any]]]:
    return [
        ("queue", board.queues),
        ("agent", board.agents),
        ("call", board.calls),
        ("ended", board.ended),
        ("parked", board.parked),
        ("supervision", board.supervisions),
    ]


async def open_desk(settings: Settings, *, read_only: bool = False, live: bool = True) -> Desk:
    """Open a desk for one command: through the daemon where one serves, else in this process.

    Raises the link's errors; the caller closes it. Where `live` is False a daemon without a link will do: it keeps
    alerts all the same, above all the one about the link.
    """
    from ccops.desk.daemon.find import daemon_desk, linked

    remote = await daemon_desk(settings, read_only=read_only)
    desk = _own_desk(settings, read_only) if remote is None else remote
    try:
        if isinstance(desk, LocalDesk):
            await desk.start()
        elif live:
            await linked(desk, settings.ami.connect_timeout)
    except BaseException:
        await desk.close()
        raise
    return desk


async def live_desk(settings: Settings, *, read_only: bool = False) -> Desk:
    """Open a desk that stays: the console's. It shows trouble with the link instead of raising it."""
    from ccops.desk.daemon.find import daemon_desk

    remote = await daemon_desk(settings, read_only=read_only)
    if remote is not None:
        return remote
    desk = _own_desk(settings, read_only)
    await desk.run()
    return desk


def _own_desk(settings: Settings, read_only: bool) -> LocalDesk:
    """Return a desk in this process; where only the daemon may read the secret, say that the daemon is missing."""
    try:
        return LocalDesk(settings, read_only=read_only)
    except ConfigError:
        secret = settings.ami.secret_file
        if secret is None or not os.path.lexists(secret) or os.access(secret, os.R_OK, effective_ids=True):
            raise
        raise LinkError(
            _("No daemon serves {path}, and only it may read the PBX's secret.").format(path=settings.daemon.socket),
            remedy=_("Start it: systemctl start ccops."),
        ) from None
