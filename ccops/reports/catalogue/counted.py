"""Which visits a figure counts: those that it is worked out from, and no other."""

from collections.abc import Callable, Iterable

from ccops.reports.rules import Rules, ServiceLevelRule
from ccops.reports.tally import Tally
from ccops.reports.visits import LOST, OFFERED, TRANSFERS, Outcome, Visit

Test = Callable[[Visit, Rules], bool]


def is_short(visit: Visit, rules: Rules) -> bool:
    """Tell whether a visit was abandoned so soon that it is not held against the centre."""
    return visit.outcome is Outcome.ABANDONED and (visit.wait or 0) < rules.short_abandon


def _offered(visit: Visit, rules: Rules) -> bool:
    return visit.outcome in OFFERED


def _offered_less_short(visit: Visit, rules: Rules) -> bool:
    return visit.outcome in OFFERED and not is_short(visit, rules)


def _answered(visit: Visit, rules: Rules) -> bool:
    return visit.outcome is Outcome.ANSWERED


def _talked(visit: Visit, rules: Rules) -> bool:
    return visit.outcome is Outcome.ANSWERED and visit.talk is not None


def _is(outcome: Outcome) -> Test:
    return lambda visit, rules: visit.outcome is outcome


_LEVELS: dict[ServiceLevelRule, Test] = {
    ServiceLevelRule.OFFERED_LESS_SHORT: _offered_less_short,
    ServiceLevelRule.OFFERED: _offered,
    ServiceLevelRule.ANSWERED: _answered,
    ServiceLevelRule.SL2: lambda visit, rules: visit.outcome in (Outcome.ANSWERED, Outcome.ABANDONED),
}

COUNTED: dict[str, Test] = {
    "offered": _offered,
    **{outcome.value: _is(outcome) for outcome in Outcome},
    "lost": lambda visit, rules: visit.outcome in LOST,
    "short_abandoned": is_short,
    "service_level": lambda visit, rules: _LEVELS[rules.service_level](visit, rules),
    "abandon_rate": _offered_less_short,
    "asa": _answered,
    **dict.fromkeys(("longest_wait", "wait_p50", "wait_p90", "wait_p95"), _offered),
    "abandon_wait": _is(Outcome.ABANDONED),
    **dict.fromkeys(("talk", "wrap", "aht"), _talked),
    "transfers": lambda visit, rules: _answered(visit, rules) and visit.ended_by in TRANSFERS,
}
"""Whether a figure of visits is worked out from a visit, by the figure's key."""


def level_test(rule: ServiceLevelRule) -> Test:
    """Return which visits a service level is worked out from."""
    return _LEVELS[rule]


def counted(figure: str, visits: Iterable[Visit], rules: Rules) -> list[Visit]:
    """Return those of the visits that a figure is worked out from; of a longest one, those that are as long."""
    test = COUNTED[figure]
    found = [visit for visit in visits if test(visit, rules)]
    if figure == "longest_wait":
        longest = max((visit.wait or 0 for visit in found), default=0)
        return [visit for visit in found if (visit.wait or 0) == longest]
    return found


def tally_of(visits: Iterable[Visit], rules: Rules) -> Tally:
    """Return the sums over some visits."""
    tally = Tally()
    for visit in visits:
        tally.add(visit, rules)
    return tally
