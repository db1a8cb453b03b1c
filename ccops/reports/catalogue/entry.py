"""The list of reports: what each is called, is about, and can be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.reports.catalogue.ask import INTERVALS, Ask
from ccops.reports.figures import marked


@dataclass(slots=True, frozen=True)
class Entry:
    """One report of the catalogue."""

    name: str
    """As scripts know it."""
    title: str
    """In the reader's language, as what follows."""
    about: str
    """One sentence."""
    narrows: frozenset[str]
    """What it can be narrowed by: queue, agent, number."""
    intervals: tuple[str, ...] = ("",)
    """Names of `INTERVALS` that it can be cut by, the usual one first; "" is not cut."""
    calls: bool = False
    """It can count calls instead of visits."""
    explains: bool = True
    """Its figures can be traced to what they are made of."""
    dated: bool = True
    """It is about a period; else about everything up to now, and a period only narrows it."""


@dataclass(slots=True, frozen=True)
class Source:
    """Where the making of a report stands: module of this folder and function."""

    module: str
    function: str


_BOTH, _ALL = frozenset({"queue", "agent"}), frozenset({"queue", "agent", "number"})
_QUEUE, _AGENT, _CALLER = frozenset({"queue"}), frozenset({"agent"}), frozenset({"queue", "number"})
_CUT = tuple(INTERVALS)

_Line = tuple[str, str, str, frozenset[str], tuple[str, ...], bool, bool, str]
_REPORTS: tuple[_Line, ...] = (
    (
        "queues",
        marked("Queues"),
        marked("What each queue was offered, answered and lost, how long callers waited, how busy its agents were."),
        _ALL,
        ("", *_CUT),
        True,
        True,
        "visits.queues",
    ),
    (
        "agents",
        marked("Agents"),
        marked("What each agent answered and missed, and how their time was spent."),
        _BOTH,
        ("", *_CUT),
        False,
        True,
        "agents.agents",
    ),
    (
        "intervals",
        marked("Intervals"),
        marked("Calls offered, answered and lost in every interval of the period, the empty ones too."),
        _ALL,
        ("30m", "15m", "hour", "day", "weekday"),
        True,
        True,
        "visits.intervals",
    ),
)


def entries() -> Mapping[str, Entry]:
    """Return every report by name, texts in the reader's language."""
    return {
        name: Entry(name, _(title), _(about), narrows, intervals, calls, explains)
        for name, title, about, narrows, intervals, calls, explains, _source in _REPORTS
    }


def entry_of(name: str, ask: Ask | None = None) -> Entry:
    """Return a report by name; raises `NotFound` with the nearest names, `UsageProblem` for what it cannot be asked."""
    known = entries()
    if name not in known:
        raise NotFound(_("report"), name, known)
    entry = known[name]
    if ask is not None:
        _fits(entry, ask)
    return entry


def source_of(name: str) -> Source:
    """Return where a known report is made."""
    place = next(line[-1] for line in _REPORTS if line[0] == name)
    module, _dot, function = place.partition(".")
    return Source(module, function)


def _fits(entry: Entry, ask: Ask) -> None:
    for key, value in (("queue", ask.queue), ("agent", ask.agent), ("number", ask.number)):
        if value is not None and key not in entry.narrows:
            message = _("The report “{name}” cannot be narrowed by {key}.").format(name=entry.name, key=key)
            able = ", ".join(f"--{one}" for one in ("queue", "agent", "number") if one in entry.narrows)
            raise UsageProblem(message, remedy=_("It knows {names}.").format(names=able) if able else "")
    if ask.interval and ask.interval not in entry.intervals:
        able = ", ".join(name for name in entry.intervals if name)
        message = _("The report “{name}” cannot be cut by {interval}.").format(name=entry.name, interval=ask.interval)
        remedy = _("It knows {names}.").format(names=able) if able else _("Leave out --interval.")
        raise UsageProblem(message, remedy=remedy)
    if ask.calls and not entry.calls:
        raise UsageProblem(
            _("The report “{name}” counts visits only.").format(name=entry.name), remedy=_("Leave out --calls.")
        )
