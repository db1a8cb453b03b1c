"""Runs a job from end to end: period, report, forms, deliveries, and the word to the operator where it fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ccops.errors import CcopsError
from ccops.reports.deliver.jobs import (
    contents_of,
    job_of,
    known_ledger,
    ledger_of,
    patience_of,
    targets_of,
)
from ccops.reports.deliver.model import Outcome, Parcel, Target, failure
from ccops.reports.deliver.operator import tell_operator
from ccops.reports.deliver.send import Patience, deliver, planned
from ccops.reports.paper.model import Paper
from ccops.reports.periods import Period
from ccops.reports.when import period_before, period_of

if TYPE_CHECKING:
    from ccops.settings import Settings
    from ccops.settings.reporting import ReportJob

Make = Callable[["ReportJob", Period, Period | None], Paper]
"""Makes the report of a job: its period, and the one before where the job compares."""


def run_job(
    settings: "Settings", name: str, make: Make, *, now: float, again: bool = False, patience: Patience | None = None
) -> list[Outcome]:
    """Make and deliver a job's report, and return what became of each delivery.

    Where anything fails the operator is told by mail, the error says whether that worked, and is raised: that of the
    only failure, or one that lists them. `again` delivers what was delivered before.
    """
    run = _JobRun(settings, name, make, now)
    try:
        run.deliver(again, patience or patience_of(settings))
    except Exception as error:
        told = tell_operator(settings, name, error, run.outcomes, now=now)
        if isinstance(error, CcopsError):
            error.remedy = f"{error.remedy} {told}".strip()
        else:
            error.add_note(told)
        raise
    return run.outcomes


def plan_job(settings: "Settings", name: str, make: Make, *, now: float, again: bool = False) -> list[Outcome]:
    """Make a job's report in all its forms, deliver nothing, and return what would become of each delivery.

    Raises what the job itself would fail with before its first delivery; nobody is told.
    """
    parcel, targets = _JobRun(settings, name, make, now).prepared()
    return planned(parcel, targets, known_ledger(settings), again=again)


@dataclass(slots=True)
class _JobRun:
    """One run: what happened so far is known even where it ends early."""

    settings: "Settings"
    name: str
    make: Make
    now: float
    outcomes: list[Outcome] = field(default_factory=list)

    def deliver(self, again: bool, patience: Patience) -> None:
        """Do it all; raises the error that the job ends with."""
        parcel, targets = self.prepared()
        self.outcomes = deliver(parcel, targets, ledger_of(self.settings), patience, again=again)
        error = failure(self.outcomes)
        if error is not None:
            raise error

    def prepared(self) -> tuple[Parcel, list[Target]]:
        """Return the report in all its forms, and where it goes."""
        job = job_of(self.settings, self.name)
        targets = targets_of(self.settings, job, self.name)
        zone = self.settings.zone
        before = period_before(job.period, self.now, zone) if job.compare else None
        paper = self.make(job, period_of(job.period, self.now, zone), before)
        return Parcel(self.name, paper, contents_of(paper, job.formats, self.settings), _names(job)), targets


def _names(job: "ReportJob") -> dict[str, str]:
    """Return what queue and agent are called in the names of files, where the job is about some of them only."""
    named = {"queue": job.queues, "agent": job.agents}
    return {key: "+".join(names) for key, names in named.items() if names}
