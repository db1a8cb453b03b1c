"""What if: a centre simulated many times over, every figure with its confidence interval, and changes compared.

The routing is that of `ccops.wfm.routing`; the figures are those of the reports. Also the independent check of every
Erlang answer: one queue, exponential talk, members who are always there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.centre import Centre, SimMember
from ccops.wfm.estimate import Estimate, difference_estimate, ratio_estimate
from ccops.wfm.routing import Call, Run
from ccops.wfm.targets import ServiceRule, number


@dataclass(frozen=True, slots=True)
class Settings:
    """How to simulate; the same settings give the same answer."""

    runs: int = 20
    seed: int = 1
    confidence: float = 0.95
    warm_up: float = 0.0
    """Seconds at the start that are not counted (callers who arrive in them, members' time)."""

    def __post_init__(self) -> None:
        if self.runs < 2:
            raise UsageProblem(
                _("{runs} runs give no interval.").format(runs=self.runs), remedy=_("Ask for 2 or more.")
            )
        number(_("The confidence"), self.confidence, 0.5, 0.9999)
        number(_("The warm-up"), self.warm_up, 0, 1e9)


@dataclass(slots=True)
class Tally:
    """Counts of one queue in one run."""

    offered: float = 0
    answered: float = 0
    in_time: float = 0
    abandoned: float = 0
    short: float = 0
    abandoned_in_time: float = 0
    sent_on: float = 0
    waited: float = 0
    wait_answered: float = 0.0
    wait_all: float = 0.0
    runs: float = 1

    def add(self, call: Call, rule: ServiceRule) -> None:
        """Count one visit."""
        self.offered += 1
        self.wait_all += call.wait
        self.waited += call.wait > 0 or call.state != "answered"
        in_time = call.wait <= rule.threshold
        if call.state == "answered":
            self.answered += 1
            self.wait_answered += call.wait
            self.in_time += in_time
        elif call.state == "abandoned":
            self.abandoned += 1
            self.abandoned_in_time += in_time
            self.short += call.wait < rule.short_abandon
        elif call.state in ("timeout", "full"):
            self.sent_on += 1
        # Who has endless patience and still waits when everybody has gone home is offered, and nothing else.

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum of two queues of the same run."""
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in _SUMMED})


_SUMMED = tuple(one.name for one in fields(Tally) if one.name != "runs")

Part = Callable[[Tally], float]

_LEVELS: Mapping[str, tuple[Part, Part]] = {
    "offered-less-short": (lambda t: t.in_time, lambda t: t.offered - t.short),
    "offered": (lambda t: t.in_time, lambda t: t.offered),
    "answered": (lambda t: t.in_time, lambda t: t.answered),
    "sl2": (lambda t: t.in_time + t.abandoned_in_time, lambda t: t.answered + t.abandoned),
}
_FIGURES: Mapping[str, tuple[Part, Part]] = {
    "offered": (lambda t: t.offered, lambda t: t.runs),
    "answered": (lambda t: t.answered, lambda t: t.runs),
    "asa": (lambda t: t.wait_answered, lambda t: t.answered),
    "mean_wait": (lambda t: t.wait_all, lambda t: t.offered),
    "wait_probability": (lambda t: t.waited, lambda t: t.offered),
    "abandon_rate": (lambda t: t.abandoned - t.short, lambda t: t.offered - t.short),
    "abandoned": (lambda t: t.abandoned, lambda t: t.offered),
    "sent_on": (lambda t: t.sent_on, lambda t: t.offered),
}


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """The figures of one queue, or of all together; seconds and fractions; counts are per run."""

    offered: Estimate
    answered: Estimate
    service_level: Estimate
    asa: Estimate
    mean_wait: Estimate
    wait_probability: Estimate
    abandon_rate: Estimate
    abandoned: Estimate
    sent_on: Estimate
    """Share turned away or sent elsewhere: timeout, or no room."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came out, with the counts of every run so that two settings can be compared."""

    queues: Mapping[str, QueueFigures]
    total: QueueFigures
    occupancy: Estimate
    """Of all members together."""
    members: Mapping[str, Estimate]
    """Occupancy of each."""
    settings: Settings
    tallies: Mapping[str, Sequence[Tally]]
    rules: Mapping[str, ServiceRule]


def _parts(name: str, rule: ServiceRule) -> tuple[Part, Part]:
    return _LEVELS[rule.name] if name == "service_level" else _FIGURES[name]


def _figures(tallies: Sequence[Tally], rule: ServiceRule, confidence: float) -> QueueFigures:
    found = {}
    for one in fields(QueueFigures):
        part, whole = _parts(one.name, rule)
        found[one.name] = ratio_estimate([part(t) for t in tallies], [whole(t) for t in tallies], confidence)
    return QueueFigures(**found)


def _count(run: Run, rules: Sequence[ServiceRule]) -> list[Tally]:
    tallies = [Tally() for _rule in rules]
    start, end = run.window
    for call in run.calls:
        if start <= call.arrived < end:
            tallies[call.queue].add(call, rules[call.queue])
    return tallies


def _played(centre: Centre, settings: Settings) -> Iterator[Run]:
    window = (settings.warm_up, centre.length)
    if window[1] <= window[0]:
        raise UsageProblem(
            _("The warm-up leaves nothing of the simulated time."), remedy=_("Shorten it, or give more intervals.")
        )
    for index in range(settings.runs):
        run = Run(centre, settings.seed, index, window)
        run.play()
        yield run


def simulate(
    centre: Centre,
    rule: ServiceRule,
    settings: Settings | None = None,
    *,
    rules: Mapping[str, ServiceRule] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Simulated:
    """Play the centre `settings.runs` times and return every figure with its interval.

    `rules` overrides the service level rule per queue; `progress` is told how many runs are done.
    """
    how = settings or Settings()
    names = [queue.name for queue in centre.queues]
    own = {name: (rules or {}).get(name, rule) for name in names}
    tallies: dict[str, list[Tally]] = {name: [] for name in names}
    everything: list[Tally] = []
    busy: list[list[float]] = []
    there: list[list[float]] = []
    for done, run in enumerate(_played(centre, how), 1):
        total = Tally()
        for name, tally in zip(names, _count(run, list(own.values())), strict=True):
            tallies[name].append(tally)
            total = total.plus(tally)
        everything.append(total)
        busy.append([member.busy for member in run.members])
        there.append([member.there for member in run.members])
        if progress is not None:
            progress(done)
    occupancies = {
        member.name: ratio_estimate([row[i] for row in busy], [row[i] for row in there], how.confidence)
        for i, member in enumerate(centre.members)
    }
    return Simulated(
        queues={name: _figures(tallies[name], own[name], how.confidence) for name in names},
        total=_figures(everything, rule, how.confidence),
        occupancy=ratio_estimate([sum(row) for row in busy], [sum(row) for row in there], how.confidence),
        members=occupancies,
        settings=how,
        tallies=tallies,
        rules=own,
    )


def compare(before: Simulated, after: Simulated) -> dict[str, dict[str, Estimate]]:
    """Return, per queue of both, how each figure changed (after − before) with its interval.

    Both must come from the same settings: their runs then saw the same calls, so that small changes show.
    """
    if before.settings != after.settings:
        raise UsageProblem(_("These two were simulated differently."), remedy=_("Use the same settings for both."))
    changes: dict[str, dict[str, Estimate]] = {}
    for name in [name for name in before.queues if name in after.queues]:
        sides = (before.tallies[name], after.tallies[name])
        changes[name] = {}
        for one in fields(QueueFigures):
            part, whole = _parts(one.name, after.rules[name])
            old, new = (([part(t) for t in side], [whole(t) for t in side]) for side in sides)
            changes[name][one.name] = difference_estimate(old, new, before.settings.confidence)
    return changes


def extra_members(
    centre: Centre, like: SimMember, queue: str, level: float, rule: ServiceRule, settings: Settings | None = None
) -> int:
    """Return how many more members like `like` bring the service level of `queue` to `level` in the simulation.

    0 when it is reached already. Refuses a level that four times the team does not reach.
    """
    most = 3 * max(1, len(centre.members)) + 8

    def reached(extra: int) -> bool:
        clones = tuple(replace(like, name=f"{like.name} +{number}") for number in range(1, extra + 1))
        found = simulate(replace(centre, members=centre.members + clones), rule, settings)
        return found.queues[queue].service_level.mean >= level

    low, high = -1, 1
    while not reached(high - 1):
        low, high = high - 1, high * 2
        if low >= most:
            raise UsageProblem(
                _("Even {count} more members do not bring “{queue}” to {level:.0%}.").format(
                    count=low, queue=queue, level=level
                ),
                remedy=_("Look at the ring time, or at who serves that queue."),
            )
    high -= 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
