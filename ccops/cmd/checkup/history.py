"""Checks of the history in the store: what about the log may make figures wrong, and which reports it touches."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ccops.cmd.checkup.model import Check
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.reports.soundness import Soundness
from ccops.settings import Settings

BAD_SHARE = 0.01
"""Share of visits or lines from which on figures are wrong in a way that people notice."""
_NAMED = 5


def history_checks(settings: Settings, *, kept: bool = False) -> Iterator[Check]:
    """Yield the checks of the store's history; one that says so where there is none.

    `kept` says that a daemon keeps it, whose store is not for everybody.
    """
    from ccops.reports.archive import Archive
    from ccops.reports.rules import Rules
    from ccops.reports.soundness import audited

    path = settings.store.path
    try:
        there = path.exists()
    except PermissionError:
        yield Check("history", None, _("This user may not read {path}.").format(path=path))
        return
    if not there:
        yield Check("history", None, _("There is none yet."), _("`ccops ingest queue-log` takes the log in."))
        return
    if kept and not os.access(path, os.R_OK):
        remedy = _("Run `ccops doctor` as the daemon's user to have it looked at.")
        yield Check("history", None, _("{path} is for the daemon alone.").format(path=path), remedy)
        return
    try:
        with Archive.opened(path, Rules.of(settings), settings.zone) as archive:
            covers, found = archive.covers, audited(archive)
    except CcopsError as error:
        yield Check("history", False, error.message, error.remedy)
        return
    if covers is None:
        yield Check("history", None, _("The store holds no log."), _("`ccops ingest queue-log` takes the log in."))
        return
    first, last = (_minute(at, settings.zone) for at in covers.span)
    detail = _("{visits} visits in {lines} lines, {first} – {last}.")
    yield Check("history", True, detail.format(visits=found.visits, lines=found.lines, first=first, last=last))
    yield from checks_of(found, settings.zone)


def checks_of(found: Soundness, zone: ZoneInfo) -> Iterator[Check]:
    """Yield what was found, check by check."""
    yield _unreadable(found)
    yield _endless(found)
    yield _local(found)
    yield _static(found)
    yield _clock(found, zone)
    yield _doubles(found)
    yield _gaps(found, zone)


def _unreadable(found: Soundness) -> Check:
    name = "log_unreadable"
    if not found.unreadable:
        return Check(name, True, _("Every line could be read."))
    detail = _("{count} lines could not be read. Any report may lack what they told.").format(count=found.unreadable)
    return Check(name, _judged(found.unreadable, found.lines), detail, _("`ccops ingest quarantine` lists them."))


def _judged(bad: int, of: int) -> bool | None:
    return False if bad >= BAD_SHARE * of else None


def _endless(found: Soundness) -> Check:
    name = "log_ends"
    if not found.endless:
        return Check(name, True, _("Every visit has its end."))
    detail = _(
        "{count} visits have no end, {talks} of them answered. They count as waiting, not as offered, in queues,"
        " intervals and service-level; their talk is missing in agents."
    )
    remedy = _("A few come from attended transfers between queues; many mean that parts of the log are missing.")
    checked = _judged(found.endless, found.visits)
    return Check(name, checked, detail.format(count=found.endless, talks=found.endless_talks), remedy)


def _local(found: Soundness) -> Check:
    name = "log_local_channels"
    if not found.local_agents:
        return Check(name, True, _("Agents have names or phones."))
    detail = _(
        "Agents are written as Local channels: {names}. In agents, sessions, pauses and missed they stand under that"
        " name, and ends under other call ids are matched by agent and time."
    )
    remedy = _("Give members a name and a state interface (member => Local/…,0,Name,PJSIP/1001).")
    return Check(name, None, detail.format(names=_some(found.local_agents)), remedy)


def _static(found: Soundness) -> Check:
    name = "log_static_members"
    if not found.static_agents:
        return Check(name, True, _("Everybody who takes calls logs in."))
    detail = _(
        "{names} take calls and never log in: static members. Their logged-in and available time, occupancy and"
        " utilisation are not known in agents, sessions, payroll and adherence."
    )
    remedy = _("Let agents log in (AddQueueMember) where those figures are wanted.")
    return Check(name, None, detail.format(names=_some(found.static_agents)), remedy)


def _clock(found: Soundness, zone: ZoneInfo) -> Check:
    name = "log_clock"
    if not found.steps:
        return Check(name, True, _("The clock never went back."))
    steps = [f"{_minute(step.before, zone)} → {_minute(step.after, zone)}" for step in found.steps]
    detail = _(
        "The PBX's clock went back: {steps}. Visits around stand in the wrong interval, in intervals, queues and calls;"
        " spans of sessions and pauses may be too short."
    )
    return Check(
        name, False, detail.format(steps=_some(steps)), _("Let the PBX keep time by NTP, slewing, not stepping.")
    )


def _doubles(found: Soundness) -> Check:
    name = "log_doubles"
    if not found.doubles:
        return Check(name, True, _("No visit was written twice."))
    detail = _("{count} visits stand twice: every count of queues, intervals, calls and agents may be too high.")
    remedy = _(
        "Is the log of one PBX taken in from two places, e.g. its file and its table, or written by two loggers?"
        " Make the store anew from one of them."
    )
    return Check(name, False, detail.format(count=found.doubles), remedy)


def _gaps(found: Soundness, zone: ZoneInfo) -> Check:
    name = "log_gaps"
    if not found.gaps:
        return Check(name, True, _("No time is empty in which people usually call."))
    gaps = [
        _("{start} – {end} (usually {count})").format(
            start=_minute(gap.period.start, zone), end=_minute(gap.period.end, zone), count=gap.expected
        )
        for gap in sorted(found.gaps, key=lambda gap: -gap.expected)
    ]
    detail = _("Nobody called at times when many do: {gaps}. Every report of these times may lack calls.")
    remedy = _("Holidays are none; else look for a rotated log that was never taken in: `ccops ingest queue-log FILE`.")
    return Check(name, None, detail.format(gaps=_some(gaps)), remedy)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return (
        shown if len(names) <= _NAMED else _("{names} and {count} more").format(names=shown, count=len(names) - _NAMED)
    )


def _minute(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")
