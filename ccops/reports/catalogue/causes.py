"""Reports about visits that were lost: why, and in which queue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.grouping import grouped
from ccops.reports.catalogue.parts import Found, Part
from ccops.reports.catalogue.tables import VisitTable, doubt
from ccops.reports.catalogue.waiting import wait_counts
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import QUEUE_FIGURES, marked, ratio
from ccops.reports.paper.model import Chart, Column, Row, Section
from ccops.reports.tally import Tally, merged
from ccops.reports.visits import LOST, OFFERED, Outcome

CAUSES = (Outcome.ABANDONED, Outcome.TIMEOUT, Outcome.EXIT_EMPTY, Outcome.EXIT_KEY)


def causes(work: Work) -> list[Part]:
    """Why visits were lost, all together and by queue."""
    figures = ("lost", *(outcome.value for outcome in CAUSES), "offered", "abandon_rate")
    chart = Chart("bars", "queue", tuple(outcome.value for outcome in CAUSES), stacked=True)
    return [CauseTable(), VisitTable("queues", marked("Queues"), ("queue",), figures, chart=chart)]


@dataclass(frozen=True)
class CauseTable:
    """How many visits each cause lost."""

    name: str = "causes"
    comparable: bool = True

    def columns(self, work: Work) -> list[Column]:
        """Return the columns."""
        return [
            columns.plain("cause", _("Cause")),
            columns.data_only(columns.about("outcome")),
            Column.of(QUEUE_FIGURES["lost"], work.worded),
            columns.rate("share", _("Share"), _("of all lost")),
            columns.rate("offered_share", _("Of offered"), _("of all offered")),
            columns.seconds("wait", _("Mean wait"), _("mean wait of those lost")),
        ]

    def section(self, work: Work) -> Section:
        """Make the section."""
        total = merged(grouped(work, ("queue",)).values())
        doubt(work, total)
        counts = wait_counts(work)
        rows = [self._row(outcome, total, counts) for outcome in CAUSES] if total.offered else []
        waits = sum(wait * count for (outcome, wait), count in counts.items() if outcome != Outcome.ANSWERED.value)
        sums = {"lost": total.lost, "offered_share": ratio(total.lost, total.offered), "wait": ratio(waits, total.lost)}
        chart = Chart("share", "cause", ("lost",))
        return Section(self.name, _("Causes"), self.columns(work), rows, sums, chart)

    def _row(self, outcome: Outcome, total: Tally, counts: Mapping[tuple[str, int], int]) -> dict[str, Any]:
        count: int = getattr(total, outcome.value)
        waits = sum(wait * times for (name, wait), times in counts.items() if name == outcome.value)
        return {
            "cause": QUEUE_FIGURES[outcome.value].title,
            "outcome": outcome.value,
            "lost": count,
            "share": ratio(count, total.lost),
            "offered_share": ratio(count, total.offered),
            "wait": ratio(waits, count),
        }

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return the visits that a cause lost; of a share, all that it is a share of."""
        if figure not in ("lost", "share", "offered_share", "wait"):
            return None
        wanted: frozenset[Outcome] = {"share": LOST, "offered_share": OFFERED}.get(figure, LOST)
        if "outcome" in row and figure in ("lost", "wait"):
            wanted = frozenset({Outcome(row["outcome"])})
        found = [visit for visit in work.visits() if visit.outcome in wanted]
        return Found([work.period], work.known_to, found)
