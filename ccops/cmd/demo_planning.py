"""The planning of the demo: the simulated people as a team, with rosters that say what they do."""

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccops.settings import Settings
    from ccops.wfm.demo import DemoCentre

Shape = tuple[int, int, int]
"""Seats, queues and seed."""


def plan_demo(settings: "Settings", shape: Shape, today: date, first: date) -> None:
    """Put team, published rosters and open requests into the demo's store, whose history begins on `first`.

    Raises `ModuleNotFoundError` where the packages for planning are not installed.
    """
    from ccops.desk.planning.demo import make
    from ccops.desk.planning.office import Office

    make(Office(settings), demo_centre(shape, today, first))


def demo_centre(shape: Shape, today: date, first: date) -> "DemoCentre":
    """Return the simulated centre as planning sees it."""
    from ccops.cmd.demo_rota import crew_of, people_of
    from ccops.pbx.sim import CentrePlan
    from ccops.wfm.demo import DemoCentre, DemoPerson, DemoQueue

    @lru_cache
    def crew(day: date) -> frozenset[str]:
        return frozenset(agent.number for agent in crew_of(shape, day, today))

    def works(person: str, day: date) -> bool:
        return day >= first and person in crew(day)

    people = tuple(
        DemoPerson(
            agent.number, agent.name, agent.interface, tuple(name for name, _penalty in agent.queues), agent.shift
        )
        for agent in people_of(shape)
    )
    plan = CentrePlan.default(*shape)
    queues = tuple(DemoQueue(queue.name, float(queue.service_level), queue.patience_mean) for queue in plan.queues)
    return DemoCentre(queues, people, works)
