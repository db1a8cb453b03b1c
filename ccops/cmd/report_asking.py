"""One report from the options of a command: its period, its request, what the person may see of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ccops.cmd.run import Run
from ccops.errors import NotFound, PermissionRefused, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.desk.past import Sight
    from ccops.reports.archive import Archive
    from ccops.reports.catalogue import Ask, Entry, Sources, Trace
    from ccops.reports.own import OwnReport
    from ccops.reports.paper.model import Paper, Row
    from ccops.reports.periods import Period

_MOST_INTERVALS: Final = 500_000
"""More than a quarter of an hour needs for fourteen years."""
_EVERY: Final = frozenset({"queue", "agent", "number"})
"""What own reports, and the rules compared, can be narrowed by."""


@dataclass(slots=True, frozen=True)
class Asked:
    """What the options say."""

    name: str
    """A report of the catalogue, one of the site's own, or the file of one."""
    since: str | None = None
    until: str | None = None
    period: str | None = None
    queue: str | None = None
    agent: str | None = None
    number: str | None = None
    call: str | None = None
    interval: str | None = None
    calls: bool = False
    compare: str | None = None

    @property
    def dated(self) -> bool:
        """True where a period is named."""
        return any(text is not None for text in (self.since, self.until, self.period))


@dataclass
class Report:
    """A report that can be made: everything about the request is in order."""

    run: Run
    name: str
    own: "OwnReport | None"
    """None for a report of the catalogue."""
    ask: "Ask"
    compared: "Period | None"
    sources: "Sources"
    sight: "Sight | None"
    """What a role keeps back; None is nothing."""
    says_period: bool = False
    """The report is about no period, but was narrowed to one."""

    def paper(self) -> "Paper":
        """Make it, as the person may see it."""
        made = replace(self._made, period=self.ask.period) if self.says_period else self._made
        if not self.masked:
            return made
        from ccops.desk.past import masked_paper

        return masked_paper(made)

    @cached_property
    def _made(self) -> "Paper":
        from ccops.reports import catalogue

        if self.name == RULES:
            return catalogue.compare_rules(self.ask, self.sources)
        if self.own is not None:
            return catalogue.own_report(self.own, self.ask, self.sources, compared=self.compared)
        return catalogue.make_paper(self.name, self.ask, self.sources, compared=self.compared)

    @property
    def masked(self) -> bool:
        """True where the person may not see callers' numbers."""
        return self.sight is not None and self.sight.masked

    def refuse_narrowed(self) -> None:
        """Raise `PermissionRefused` for a person who may not see all of it: others are to get it whole."""
        if self.sight is not None and not self.sight.whole:
            raise PermissionRefused(
                _("Your roles do not show all that this job delivers."), remedy=_("Leave it to the user of the daemon.")
            )

    def trace(self, section: str, row: "Row", figure: str) -> "Trace":
        """Return what a figure of a row is made of."""
        from ccops.reports import catalogue

        if self.own is not None:
            return catalogue.trace_own(self.own, self.ask, self.sources, row, figure, compared=self.compared)
        return catalogue.trace(self.name, self.ask, self.sources, section, row, figure, compared=self.compared)


@contextmanager
def reporting(
    run: Run, asked: Asked, period: "Period | None" = None, former: "Period | None" = None
) -> Iterator[Report]:
    """Open the store and prepare a report; raises why it cannot be made. A job says itself about which period."""
    own, entry = _known(run, asked.name)
    from ccops.reports.catalogue import Sources

    always = period is None and entry is not None and not entry.dated and not asked.dated
    if period is None:
        period, former = _periods(run, asked, always)
    with opened(run) as archive:
        if always:
            period = _ever(archive, period)
        _refuse_endless(asked, entry, period)
        narrows = entry.narrows if entry is not None else _EVERY
        ask, sight = _seen(run, _ask(asked, period, run.now()), archive, narrows)
        says = entry is not None and not entry.dated and not always and "call" not in narrows
        yield Report(run, asked.name, own, ask, former, Sources.of(archive, run.settings), sight, says)


def _refuse_endless(asked: Asked, entry: "Entry | None", period: "Period") -> None:
    """Raise `UsageProblem` where a period is cut into more intervals than anybody reads or any machine likes."""
    from ccops.reports.catalogue import INTERVALS

    interval = asked.interval or (entry.intervals[0] if entry is not None and entry.intervals else "")
    seconds = INTERVALS.get(interval, 0)
    count = period.seconds // seconds if seconds else 0
    if count > _MOST_INTERVALS:
        raise UsageProblem(
            _("That would be {count} intervals of {interval}.").format(count=count, interval=interval),
            remedy=_("Name a shorter period, or a longer --interval."),
        )


def _ever(archive: "Archive", today: "Period") -> "Period":
    """Return all the time up to the end of today."""
    from ccops.reports.periods import Period

    covers = archive.covers
    return today if covers is None else Period(min(covers.start, today.start), today.end)


def _periods(run: Run, asked: Asked, always: bool) -> "tuple[Period, Period | None]":
    """Return the period that the options mean, and the one to compare with."""
    from ccops.reports import when

    if always and asked.compare is not None:
        raise UsageProblem(
            _("“{name}” is about no period, so there is none before it.").format(name=asked.name),
            remedy=_("Add --period, or leave --compare out."),
        )
    now, zone = run.now(), run.zone
    period = when.asked(asked.since, asked.until, asked.period, now, zone)
    return period, None if asked.compare is None else when.compared(asked.compare, period, now, zone)


def _known(run: Run, name: str) -> "tuple[OwnReport | None, Entry | None]":
    """Return the site's own report of a name, or the catalogue's entry; neither for the rules compared."""
    from ccops.reports.catalogue import entries

    known = entries()
    if name in known:
        return None, known[name]
    return (None, None) if name == RULES else (own_of(run, name, known), None)


def own_of(run: Run, name: str, others: "Iterable[str]") -> "OwnReport":
    """Return a report of the site's own by name or file; raises `NotFound` with the nearest of all names."""
    from ccops.reports.own import own_report, read_own

    if name.endswith(".toml") or "/" in name:
        path = Path(name).expanduser()
        if not path.is_file():
            raise NotFound(_("file"), name)
        return read_own(path)
    try:
        return own_report(run.settings.reports.own, name, [*others, *COMMANDS])
    except NotFound as error:
        error.remedy = f"{error.remedy} {_('`ccops report list` lists them.')}".strip()
        raise


RULES: Final = "compare-rules"
COMMANDS: Final = ("list", "jobs", "job", RULES)
"""What `report` is followed by beside names of reports."""


def _ask(asked: Asked, period: "Period", now: float) -> "Ask":
    from ccops.reports.catalogue import Ask

    return Ask(
        period,
        now,
        asked.queue,
        asked.agent,
        asked.number,
        asked.call,
        interval=asked.interval or "",
        calls=asked.calls,
    )


@contextmanager
def opened(run: Run) -> "Iterator[Archive]":
    """Open the store for reading; raises `UsageProblem` where there is none, `PermissionRefused` where it is barred."""
    from ccops.reports.archive import Archive
    from ccops.reports.rules import Rules

    settings = run.settings
    path = settings.store.path
    _refuse_barred(path)
    with Archive.opened(path, Rules.of(settings), settings.zone) as archive, archive.database.snapshot():
        yield archive  # of one moment, though the log is followed meanwhile


def _refuse_barred(path: Path) -> None:
    """Raise `PermissionRefused` where this user may not read the store."""
    try:
        barred = path.exists() and not path.is_dir() and not _readable(path)
    except PermissionError:
        barred = True
    if barred:
        raise PermissionRefused(
            _("You may not read the store {path}.").format(path=path),
            remedy=_(
                "Reports read it directly. Run this as its owner (sudo -u ccops ccops report …), let a job mail or"
                " save the report, or ask to be put into the group that may read it."
            ),
        )


def _readable(path: Path) -> bool:
    try:
        path.open("rb").close()
    except PermissionError:
        return False
    return True


def _seen(run: Run, ask: "Ask", archive: "Archive", narrows: frozenset[str]) -> "tuple[Ask, Sight | None]":
    """Return the request as the person may make it, and what is kept back."""
    if not run.settings.roles:
        return ask, None
    from ccops.desk.past import narrowed, sights

    return narrowed(ask, sights(run.settings, archive), archive, narrows)
