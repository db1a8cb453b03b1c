"""`ccops report`: the list of reports, every report by its name, rules compared, and jobs that deliver reports."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from ccops.cmd.columns import Record, columns
from ccops.cmd.formats import Format
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import FieldsOption, HeaderOption, JsonOption, Output, listing
from ccops.cmd.report_asking import Asked, reporting
from ccops.cmd.report_group import NARROWS, ReportGroup
from ccops.cmd.report_output import Paperwork
from ccops.cmd.report_show import (
    CallsOption,
    ChartOption,
    ExplainOption,
    FileOption,
    FormOption,
    FromOption,
    LimitOption,
    PeriodOption,
    Picked,
    QueueOption,
    SectionsOption,
    ToOption,
    printed,
)
from ccops.cmd.run import Run
from ccops.errors import CcopsError
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.reports.paper.model import Paper
    from ccops.reports.periods import Period
    from ccops.settings.reporting import ReportJob

app = noun("Reports: print one, write it to a file, trace its figures, deliver it.")
app.info.cls = ReportGroup

REPORT_COLUMNS = columns(
    "report", "title", "about", extra="narrows:list intervals:list calls:flag explains:flag file"
)  # fmt: skip
JOB_COLUMNS = columns(
    "job", "report", "period", "formats:list", "mail:list", "save:flag", "command:list",
    extra="compare:flag queues:list agents:list",
)  # fmt: skip
DELIVERY_COLUMNS = columns("recipient", "content", "state", "detail", extra="job tries:count")


@app.command("list", epilog=examples("ccops report list", "ccops report list --json --fields report,intervals"))
@listing(REPORT_COLUMNS)
def list_reports(context: typer.Context, out: Output) -> None:
    """List the reports: those of the catalogue, then the site's own, each with what it can be asked for."""
    run = Run.of(context)
    out.listing([*_catalogue(), *_own(run)])


def _catalogue() -> Iterator[Record]:
    from ccops.reports.catalogue import entries

    for name, entry in entries().items():
        yield {
            "report": name,
            "title": entry.title,
            "about": entry.about,
            "narrows": [key for key in NARROWS if key in entry.narrows],
            "intervals": [interval for interval in entry.intervals if interval],
            "calls": entry.calls,
            "explains": entry.explains,
            "file": None,
        }


def _own(run: Run) -> Iterator[Record]:
    """Yield the site's own reports; of one that is wrong it is told what, and the others are listed all the same."""
    from ccops.reports.own import own_reports, read_own

    for name, path in own_reports(run.settings.reports.own).items():
        try:
            own = read_own(path)
        except CcopsError as error:
            run.narrator.warn(str(error))
            continue
        figures = ", ".join(own.figures)
        yield {
            "report": name,
            "title": own.title,
            "about": own.note or _("Own report: {figures}.").format(figures=figures),
            "narrows": ["queue", "agent"],
            "intervals": [],
            "calls": own.source == "visits",
            "explains": True,
            "file": str(path),
        }


@app.command(
    "compare-rules",
    epilog=examples(
        "ccops report compare-rules --period last-month",
        "ccops report compare-rules --from 2026-03-01 --to 2026-03-31 --queue sales --json",
        "ccops report compare-rules --explain service_level_answered@sales",
    ),
)
def rules_compared(
    context: typer.Context,
    since: FromOption = None,
    until: ToOption = None,
    period: PeriodOption = None,
    queue: QueueOption = None,
    calls: CallsOption = False,
    sections: SectionsOption = False,
    output: FileOption = None,
    form: FormOption = None,
    as_json: JsonOption = False,
    fields: FieldsOption = None,
    no_header: HeaderOption = False,
    chart: ChartOption = None,
    explained: ExplainOption = None,
    limit: LimitOption = None,
) -> None:
    """Print the service level of one period under each of the four rules, side by side.

    What one tool calls 80 percent is 90 in another; this says by how much, with your own calls.
    """
    run = Run.of(context)
    work = Paperwork.of(run, form, as_json, output, header=not no_header, chart=chart)
    asked = Asked("compare-rules", since, until, period, queue, calls=calls)
    printed(run, asked, work, Picked(None, sections, fields), explained, limit)


# --- jobs ---


@app.command("jobs", epilog=examples("ccops report jobs", "ccops report jobs --json"))
@listing(JOB_COLUMNS)
def list_jobs(context: typer.Context, out: Output) -> None:
    """List the jobs of the configuration ([report_jobs.NAME]): what each makes, and where to."""
    jobs = Run.of(context).settings.report_jobs
    out.listing(
        {
            "job": name,
            "report": job.report or None,
            "period": job.period,
            "formats": list(job.formats),
            "mail": list(job.mail),
            "save": job.save or bool(job.file),
            "command": list(job.command),
            "compare": job.compare,
            "queues": list(job.queues),
            "agents": list(job.agents),
        }
        for name, job in jobs.items()
    )


@app.command(
    "job",
    epilog=examples(
        "ccops report job daily",
        "ccops report job daily --dry-run",
        "ccops --quiet report job monthly     for cron: says only what is wrong",
    ),
)
@listing(DELIVERY_COLUMNS)
def run_one_job(
    context: typer.Context,
    out: Output,
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of the job in the configuration.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make the report, deliver nothing, say what would be.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Deliver also what was delivered before.")] = False,
) -> None:
    """Make the report of a job and deliver it; a job that ran twice delivers once.

    Where anything fails the operator gets a mail, and the command ends with another code than 0: 1, or 2, 4, 5 where
    configuration, login or time were the cause.
    """
    run = Run.of(context)
    from ccops.reports.deliver.run import plan_job, run_job

    def make(found: "ReportJob", period: "Period", before: "Period | None") -> "Paper":
        return _paper_of_job(run, found, period, before)

    act = plan_job if dry_run else run_job
    outcomes = act(run.settings, job, make, now=run.now(), again=again)
    if out.format is not Format.TABLE or not run.options.quiet:
        out.listing(outcome.record() for outcome in outcomes)


def _paper_of_job(run: Run, job: "ReportJob", period: "Period", before: "Period | None") -> "Paper":
    """Return the report of a job; raises `PermissionRefused` for a person whose role keeps something back."""
    asked = Asked(job.report, queue=",".join(job.queues) or None, agent=",".join(job.agents) or None)
    with reporting(run, asked, period, before) as report:
        report.refuse_narrowed()
        return report.paper()
