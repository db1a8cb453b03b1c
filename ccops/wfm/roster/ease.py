"""Which rule stands in the way of a person's pattern, and the least that has to give where all together cannot hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ccops.i18n import _
from ccops.wfm.roster.core import Core, Reals, Roster, single
from ccops.wfm.roster.limits import OFF, Duties, Limits
from ccops.wfm.roster.pattern import PatternSolver


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be let go, and its name for people."""

    name: str
    without: Callable[[Limits], Limits]
    free_order: bool = False
    """Letting it go lets any shift follow any other."""


def rules() -> Iterator[Rule]:
    """Yield the rules in the order in which they give way."""
    yield Rule(_("minimum hours"), lambda one: replace(one, min_minutes=0))
    yield Rule(_("minimum hours of a week"), lambda one: replace(one, week_min=()))
    yield Rule(_("days off in a row"), lambda one: replace(one, min_off=1))
    yield Rule(_("least days in a row"), lambda one: replace(one, min_run=1))
    yield Rule(_("free weekends"), lambda one: replace(one, max_weekends=None))
    yield Rule(_("how often a shift may be worked"), lambda one: replace(one, counters=()))
    yield Rule(_("most days in a row"), lambda one: replace(one, max_run=400, run_before=min(one.run_before, 1)))
    yield Rule(_("maximum hours of a week"), lambda one: replace(one, week_max=()))
    yield Rule(_("maximum hours"), lambda one: replace(one, max_minutes=None))
    yield Rule(_("rest and order of shifts"), lambda one: one, free_order=True)


class Probe:
    """Asks for one person whether any pattern is allowed, with some rules left out."""

    def __init__(self, core: Core, person: int) -> None:
        self.core, self.person = core, person
        self.limits = core.limits[person]
        self.costs: Reals = np.where(np.isfinite(core.costs[person]), 0.0, np.inf)
        self.off_costs: Reals = np.where(np.isfinite(core.off_costs[person]), 0.0, np.inf)

    def pattern(self, limits: Limits, *, free_order: bool = False, per_minute: float = 0.0) -> Roster | None:
        """Return an allowed pattern (of most minutes where `per_minute` is negative), or None."""
        duties = self.core.rules[limits.rules]
        if free_order:
            duties = Duties(duties.minutes, np.ones_like(duties.follow))
        longest = min(limits.max_run, self.core.calendar.days + limits.run_before + 1)
        solver = PatternSolver(duties, self.core.calendar, [replace(limits, max_run=max(1, longest))])
        costs = self.costs + per_minute * self.core.minutes[None, :]
        return solver.best(single(costs)[None], single(self.off_costs)[None])[0].duties

    def most_minutes(self, limits: Limits, *, free_order: bool) -> int:
        """Return the most minutes that these limits let the person work."""
        found = self.pattern(limits, free_order=free_order, per_minute=-1.0)
        return 0 if found is None else int(self.core.minutes[found[found != OFF]].sum())

    def in_the_way(self) -> list[Rule]:
        """Return the rules that must give way: a single one if one is enough, none if nothing is in the way."""
        if self.pattern(self.limits) is not None:
            return []
        for rule in rules():
            if self.pattern(rule.without(self.limits), free_order=rule.free_order) is not None:
                return [rule]
        return self._several()

    def _several(self) -> list[Rule]:
        """Let rules go one after the other until a pattern is found, then take back those that need not."""
        gone: list[Rule] = []
        for rule in rules():
            gone.append(rule)
            if self._allowed(gone):
                break
        for rule in list(gone[:-1]):
            fewer = [one for one in gone if one is not rule]
            if self._allowed(fewer):
                gone = fewer
        return gone

    def _allowed(self, gone: list[Rule]) -> bool:
        return self.pattern(self.eased(gone), free_order=any(rule.free_order for rule in gone)) is not None

    def eased(self, gone: list[Rule]) -> Limits:
        """Return the limits without some rules."""
        limits = self.limits
        for rule in gone:
            limits = rule.without(limits)
        return limits


@dataclass(frozen=True, slots=True)
class Eased:
    """What had to give for one person."""

    person: int
    rules: tuple[str, ...]
    reachable: int | None
    """Minutes, where the minimum hours gave way: the most that can be worked."""


def ease(core: Core) -> tuple[Core, list[Eased]]:
    """Return the problem with every person able to work some pattern, and whose rules had to give way."""
    limits, told, order = list(core.limits), list[Eased](), list(core.rules)
    for person in range(core.people):
        probe = Probe(core, person)
        gone = probe.in_the_way()
        if not gone:
            continue
        free_order = any(rule.free_order for rule in gone)
        eased = probe.eased(gone)
        reachable = None
        if eased.min_minutes < core.limits[person].min_minutes:
            reachable = probe.most_minutes(eased, free_order=free_order)
            eased = replace(eased, min_minutes=min(reachable, core.limits[person].min_minutes))
        if free_order:
            order.append(Duties(core.minutes, np.ones_like(core.rules[0].follow)))
            eased = replace(eased, rules=len(order) - 1)
        longest = min(eased.max_run, core.calendar.days + eased.run_before + 1)
        limits[person] = replace(eased, max_run=max(1, longest))
        told.append(Eased(person, tuple(rule.name for rule in gone), reachable))
    return replace(core, limits=tuple(limits), rules=tuple(order)), told
