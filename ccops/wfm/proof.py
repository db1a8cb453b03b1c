"""An Erlang answer checked by playing it: one queue, exponential handle times, agents who are always there."""

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.centre import Centre, Demand, SimMember, SimQueue
from ccops.wfm.simulate import QueueFigures, Settings, simulate
from ccops.wfm.targets import ServiceRule

MOST_AGENTS = 500
"""More take minutes to play, and chance hardly matters to them."""
_RUNS = 30
_CALLS = 1500.0
"""Per run, about: enough for intervals of a few percent."""
_SETTLED = 20.0
"""Handle times (or waits) after which a queue that began empty is what it always is."""


def played(
    calls: float, interval: float, aht: float, patience: float | None, agents: int, rule: ServiceRule, seed: int = 1
) -> QueueFigures:
    """Return the figures of a queue that is played many times over; seconds, calls per `interval`.

    Raises `UsageProblem` where there is nothing to play, or the queue grows without end, or it would take minutes.
    """
    if calls <= 0 or agents <= 0:
        raise UsageProblem(_("Without calls or agents there is nothing to simulate."))
    if agents > MOST_AGENTS:
        raise UsageProblem(
            _("{agents} agents take too long to simulate.").format(agents=agents),
            remedy=_("Up to {most} can be.").format(most=MOST_AGENTS),
        )
    rate, load = calls / interval, calls * aht / interval
    if patience is None and load >= agents:
        raise UsageProblem(_("The queue grows without end: there is nothing to simulate."))
    warm, length = _times(rate, aht, agents, None if patience is not None else load / agents)
    steps = max(1, round(length / interval) + 1)
    centre = Centre(
        (SimQueue("queue"),),
        (Demand("queue", (calls,) * steps, interval, aht, patience),),
        tuple(SimMember(f"agent {number}", {"queue": 0}) for number in range(agents)),
    )
    found = simulate(centre, rule, Settings(runs=_RUNS, seed=seed, warm_up=warm))
    return found.queues["queue"]


def _times(rate: float, aht: float, agents: int, occupancy: float | None) -> tuple[float, float]:
    """Return seconds of warm-up and of a whole run; the occupancy of a queue that nobody leaves.

    Without patience a nearly full queue forgets slowly: within handle times / (1 − occupancy)².
    """
    slow = 1.0 if occupancy is None else min(1 / (1 - occupancy) ** 2, 50.0)
    warm = aht * max(5.0, _SETTLED * slow / agents**0.5)
    return warm, warm + max(_CALLS / rate, 5 * aht * slow)
