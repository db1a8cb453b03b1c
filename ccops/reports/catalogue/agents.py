"""Reports about agents: what they did and how their time was spent."""

from ccops.reports.catalogue.grouping import START
from ccops.reports.catalogue.parts import Part
from ccops.reports.catalogue.tables import AgentTable
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import AGENT_FIGURES, marked
from ccops.reports.paper.model import Chart


def agents(work: Work) -> list[Part]:
    """Figures of each agent, cut by intervals where that is asked for."""
    keys = ("agent",) if not work.interval else ("weekday" if work.interval == "weekday" else START, "agent")
    chart = Chart("bars", "agent", ("answered",))
    return [AgentTable("agents", marked("Agents"), keys, tuple(AGENT_FIGURES), chart=None if work.interval else chart)]
