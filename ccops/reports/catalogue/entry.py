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
    """What it can be narrowed by: queue, agent, number; call, the id of one call, for its ladder."""
    intervals: tuple[str, ...] = ("",)
    """Names of `INTERVALS` that it can be cut by, the usual one first; "" is not cut."""
    calls: bool = False
    """It can count calls instead of visits."""
    explains: bool = True
    """Its figures can be traced to what they are made of."""
    dated: bool = True
    """It is about a period; else about everything up to now, and a period only narrows it."""
    counts: bool = True
    """It counts visits or calls, and says which of them."""


@dataclass(slots=True, frozen=True)
class Source:
    """Where the making of a report stands: module of this folder and function."""

    module: str
    function: str


_ALL, _BOTH = frozenset({"queue", "agent", "number"}), frozenset({"queue", "agent"})
_CALLER, _AGENT, _CALL = frozenset({"queue", "number"}), frozenset({"agent"}), frozenset({"call"})
_CUT = tuple(INTERVALS)


@dataclass(slots=True, frozen=True)
class _Line:
    """One line of the list, its texts to be translated."""

    source: str
    title: str
    about: str
    narrows: frozenset[str] = _ALL
    intervals: tuple[str, ...] = ("",)
    calls: bool = False
    explains: bool = True
    dated: bool = True
    counts: bool = True


_REPORTS: dict[str, _Line] = {
    "overview": _Line(
        "visits.overview",
        marked("Overview"),
        marked("What was offered, answered and lost, by queue and day."),
        calls=True,
    ),
    "queues": _Line(
        "visits.queues",
        marked("Queues"),
        marked("What each queue was offered, answered and lost, how long callers waited, how busy its agents were."),
        intervals=("", *_CUT),
        calls=True,
    ),
    "agents": _Line(
        "agents.agents",
        marked("Agents"),
        marked("What each agent answered and missed, and how their time was spent."),
        _BOTH,
        ("", *_CUT),
    ),
    "intervals": _Line(
        "visits.intervals",
        marked("Intervals"),
        marked("What was offered, answered and lost in every interval of the period, the empty ones too."),
        intervals=("30m", "15m", "hour", "day", "weekday"),
        calls=True,
    ),
    "distribution": _Line(
        "visits.distribution",
        marked("Distribution"),
        marked("When callers come: by hour of the day, by weekday, and by both."),
        calls=True,
    ),
    "service-level": _Line(
        "waiting.service_level",
        marked("Service level"),
        marked("How many were answered and abandoned within which time, and the level of each queue."),
        calls=True,
    ),
    "waits": _Line(
        "waiting.waits",
        marked("Waits and talks"),
        marked("How long callers waited until they were answered or lost, and how long they talked."),
        calls=True,
    ),
    "causes": _Line(
        "causes.causes",
        marked("Causes of loss"),
        marked("Why visits were lost, all together and by queue."),
        calls=True,
    ),
    "calls": _Line(
        "calls.calls",
        marked("Calls"),
        marked("Every call one by one: caller, queue, wait, agent, talk and how it ended."),
        calls=True,
    ),
    "abandoned": _Line(
        "calls.abandoned",
        marked("Abandoned calls"),
        marked("Every caller who hung up while waiting, and when the same number came again."),
        _CALLER,
    ),
    "callbacks": _Line(
        "repeats.callbacks",
        marked("To call back"),
        marked("Numbers that were lost and neither answered nor called out since, newest first."),
        _CALLER,
        dated=False,
    ),
    "repeats": _Line(
        "repeats.repeats",
        marked("Repeats"),
        marked("Callers who came again within seven days, and first-call resolution by queue and agent."),
    ),
    "transfers": _Line(
        "calls.transfers",
        marked("Transfers"),
        marked("Who transferred calls to whom, and how."),
    ),
    "ladder": _Line(
        "calls.ladder",
        marked("Steps of a call"),
        marked("Every line of the log about one call, with file and line."),
        _CALL,
        dated=False,
    ),
    "sessions": _Line(
        "agents.sessions",
        marked("Sessions"),
        marked("When each agent was logged in to which queue."),
        _BOTH,
    ),
    "pauses": _Line(
        "agents.pauses",
        marked("Pauses"),
        marked("How long each agent paused for which reason, and which reasons are paid and productive."),
        _BOTH,
        counts=False,
    ),
    "payroll": _Line(
        "payroll.payroll",
        marked("Payroll"),
        marked("Each agent's time by day: logged in, paid and unpaid pauses, productive."),
        _BOTH,
    ),
    "missed": _Line(
        "agents.missed",
        marked("Missed calls"),
        marked("How often each agent's phone rang in vain, and for how long."),
        _BOTH,
    ),
    "supervision": _Line(
        "supervision.supervision",
        marked("Supervision"),
        marked("Who listened to whom or spoke into a call, when, for how long and why."),
        _AGENT,
        counts=False,
    ),
    "adherence": _Line(
        "following.adherence",
        marked("Adherence"),
        marked("How far agents followed the published roster, by agent and day."),
        _BOTH,
        counts=False,
    ),
}


def entries() -> Mapping[str, Entry]:
    """Return every report by name, texts in the reader's language."""
    return {
        name: Entry(
            name,
            _(line.title),
            _(line.about),
            line.narrows,
            line.intervals,
            line.calls,
            line.explains,
            line.dated,
            line.counts,
        )
        for name, line in _REPORTS.items()
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
    module, _dot, function = _REPORTS[name].source.partition(".")
    return Source(module, function)


def _fits(entry: Entry, ask: Ask) -> None:
    for key, value in (("queue", ask.queue), ("agent", ask.agent), ("number", ask.number), ("call", ask.call)):
        if value is not None and key not in entry.narrows:
            message = _("The report “{name}” cannot be narrowed by {key}.").format(name=entry.name, key=key)
            able = ", ".join(f"--{one}" for one in ("queue", "agent", "number", "call") if one in entry.narrows)
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
