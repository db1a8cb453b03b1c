"""Checks of the PBX over a link of its own: reach, login, rights, version, clock, queues, events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ccops.cmd.checkup.here import tail
from ccops.cmd.checkup.model import Check
from ccops.cmd.checkup.rights import allowed_actions, rights_checks
from ccops.cmd.checkup.versions import holes_check, version_check
from ccops.desk.local import link_settings
from ccops.errors import ActionTimeout, CcopsError, LinkError, LoginRefused, NotAsterisk
from ccops.i18n import _
from ccops.pbx.link import Event, Link, Reply
from ccops.settings import Settings

AFTER_LOGIN = ("rights_live", "rights_actions", "version", "holes", "clock", "queues", "events")
MOST_OFF = 2.0
"""Seconds by which the clocks may differ before durations and days look wrong to people."""
NEEDED = ("agent", "call", "system")
_WRITTEN = 3
"""Seconds after which a caller's entry has reached the log."""


async def pbx_checks(settings: Settings, clock: Callable[[], float], listen: float) -> AsyncIterator[Check]:
    """Yield every check of the PBX; `listen` is how many seconds to wait for events."""
    ear = _Ear(settings)
    link = Link(link_settings(settings), on_event=ear.hear, clock=clock)
    try:
        opened = await _open(link)
        for check in opened:
            yield check
        if not all(check.ok for check in opened):
            for name in AFTER_LOGIN:
                yield Check(name, None, _("Not looked at: there is no link."))
            return
        async for check in _inside(link, settings, clock):
            yield check
        yield await ear.check(listen)
    finally:
        await link.close()


async def _open(link: Link) -> list[Check]:
    address = link.settings.address
    try:
        await link.open()
    except (LinkError, NotAsterisk) as error:
        skipped = Check("login", None, _("Not looked at: there is no link."))
        return [Check("reach", False, error.message, error.remedy), skipped]
    except LoginRefused as error:
        reached = Check("reach", True, _("{banner} at {address}.").format(banner=_banner(link), address=address))
        remedy = error.remedy or _("Compare ami.username and ami.secret with manager.conf.")
        return [reached, Check("login", False, error.message, remedy)]
    except ActionTimeout as error:
        reached = Check("reach", True, _("{banner} at {address}.").format(banner=_banner(link), address=address))
        return [reached, Check("login", False, error.message, _stuck())]
    except CcopsError as error:
        return [Check("reach", False, error.message, error.remedy)]
    reached = Check("reach", True, _("{banner} at {address}.").format(banner=_banner(link), address=address))
    return [reached, Check("login", True, _("As “{user}”.").format(user=link.settings.username))]


def _stuck() -> str:
    return _("Asterisk is overloaded or stuck: see `asterisk -rx 'core show taskprocessors'` and its log.")


def _banner(link: Link) -> str:
    return link.status.banner or _("An Asterisk manager")


async def _inside(link: Link, settings: Settings, clock: Callable[[], float]) -> AsyncIterator[Check]:
    commands = await _asked("rights_live", link.send({"Action": "ListCommands"}))
    allowed: set[str] = set()
    if isinstance(commands, Check):
        yield commands
    else:
        allowed = allowed_actions(commands.headers)
        for check in rights_checks(allowed, settings.ami.username):
            yield check
    core = await _asked("version", link.send({"Action": "CoreSettings"}))
    if isinstance(core, Check):
        yield core
    else:
        text = core.headers.get("AsteriskVersion", "")
        yield version_check(text, datetime.fromtimestamp(clock(), UTC).date())
        yield holes_check(text, allowed)
    yield await _clock(link, clock)
    queues = await _asked("queues", link.listing({"Action": "QueueStatus"}))
    if isinstance(queues, Check):
        yield queues
        return
    yield _queues(queues)
    if settings.queue_log.path is not None:
        yield _log_is_ours(settings.queue_log.path, queues)


async def _asked(name: str, question: Any) -> Reply | Check:
    """Return the reply to a question, or the check that failed with it."""
    try:
        reply: Reply = await question
    except ActionTimeout as error:
        return Check(name, False, error.message, _stuck())
    except CcopsError as error:
        return Check(name, False, error.message, error.remedy)
    if reply.ok:
        return reply
    return Check(name, False, _("The PBX refuses: {why}.").format(why=reply.message or "?"))


async def _clock(link: Link, clock: Callable[[], float]) -> Check:
    before = clock()
    try:
        theirs = await link.ping()
    except CcopsError as error:
        return Check("clock", False, error.message, error.remedy)
    if theirs is None:
        return Check("clock", None, _("The PBX does not tell its time."))
    off = theirs - (before + clock()) / 2
    detail = _("The PBX's clock differs by {seconds:+.2f} s.").format(seconds=off)
    if abs(off) <= MOST_OFF:
        return Check("clock", True, detail)
    return Check("clock", False, detail, _("Let both machines keep time by NTP."))


def _queues(reply: Reply) -> Check:
    queues = [row for row in reply.events if row.get("Event") == "QueueParams"]
    members = [row for row in reply.events if row.get("Event") == "QueueMember"]
    detail = _("{queues} queues with {members} members.").format(queues=len(queues), members=len(members))
    if not queues:
        remedy = _("Define queues in the PBX (queues.conf), or load app_queue.")
        return Check("queues", False, detail, remedy)
    blind = [row for row in members if _blind(row)]
    if not blind:
        return Check("queues", True, detail)
    names = ", ".join(row.get("Name", "?") for row in blind[:5])
    detail += " " + _("The phone of {names} is not known to the PBX.").format(names=names)
    return Check("queues", True, detail, _("Give Local members a state interface, e.g. hint:1001@ext-local."))


def _log_is_ours(path: Path, reply: Reply) -> Check:
    """Look for the callers who wait now in the log: it may be another PBX's, or written no more."""
    callers = [
        row["Uniqueid"] for row in reply.events if row.get("Event") == "QueueEntry" and _seconds(row) >= _WRITTEN
    ]
    if not callers:
        return Check("queue_log_live", None, _("Nobody waits, so nothing can be compared."))
    try:
        text = tail(path)
    except OSError as error:
        return Check("queue_log_live", None, _("{path} cannot be read.").format(path=error.filename or path))
    missing = [caller for caller in callers if caller.encode() not in text]
    if not missing:
        return Check("queue_log_live", True, _("All {count} who wait are in the log.").format(count=len(callers)))
    detail = _("{missing} of {count} who wait are not in {path}.")
    remedy = _("Set queue_log.path to the log of this PBX; there, queue_log in logger.conf must be yes.")
    return Check("queue_log_live", False, detail.format(missing=len(missing), count=len(callers), path=path), remedy)


def _seconds(row: Event) -> int:
    text = row.get("Wait", "")
    return int(text) if text.isdecimal() and row.get("Uniqueid") else 0


def _blind(row: Event) -> bool:
    interface = row.get("Location", "")
    return interface.startswith("Local/") and row.get("StateInterface", interface) in ("", interface)


class _Ear:
    """Hears which classes of events come."""

    def __init__(self, settings: Settings) -> None:
        self._user = settings.ami.username
        self._wanted = {name for name in NEEDED if {name, "all", "on"} & set(settings.ami.events)}
        self._classes: set[str] = set()
        self._complete = asyncio.Event()

    def hear(self, event: Event, _at: float) -> None:
        """Take an event; its Privilege header names its class."""
        self._classes.update(name.strip() for name in event.get("Privilege", "").split(",") if name.strip() != "all")
        if self._wanted <= self._classes:
            self._complete.set()

    async def check(self, seconds: float) -> Check:
        """Wait for all classes that are wanted, and say which came."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._complete.wait(), seconds)
        came = ", ".join(sorted(self._classes - {""})) or "–"
        missing = ",".join(sorted(self._wanted - self._classes))
        if not missing:
            return Check("events", True, _("Came: {names}.").format(names=came))
        detail = _("Came within {seconds:g} s: {names}; not yet: {missing}.")
        remedy = _("On a quiet PBX that says nothing; else add {missing} to read in [{user}] of manager.conf.")
        return Check(
            "events",
            None,
            detail.format(seconds=seconds, names=came, missing=missing),
            remedy.format(missing=missing, user=self._user),
        )
