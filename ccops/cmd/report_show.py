"""`ccops report NAME`: one report in any form, on the terminal, into a pipe or into a file."""

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import FieldsOption, HeaderOption, JsonOption, SortOption
from ccops.cmd.report_asking import Asked, reporting
from ccops.cmd.report_explain import explain
from ccops.cmd.report_group import ANY, ReportCommand
from ccops.cmd.report_output import Paperwork, ReportForm
from ccops.cmd.run import Run
from ccops.errors import UsageProblem
from ccops.i18n import _

app = noun()

FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="DATE", help="First day, or date-time, in the site's zone unless it has an offset."),
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Last day, included; or date-time, not included.")
]
PeriodOption = Annotated[
    str | None,
    typer.Option(
        "--period",
        "-p",
        metavar="WORD",
        help="today, yesterday, this-week, last-week, this-month, last-month, a month such as 2026-03, a week such as"
        " 2026-W10, a year, a day, or FROM..TO. Without any of the three: today.",
    ),
]
QueueOption = Annotated[
    str | None, typer.Option("--queue", metavar="QUEUE", help="Only this queue; several with commas, patterns with *.")
]
AgentOption = Annotated[
    str | None, typer.Option("--agent", metavar="AGENT", help="Only this agent; several with commas, patterns with *.")
]
NumberOption = Annotated[
    str | None, typer.Option("--number", metavar="NUMBER", help="Only this caller, however the number is written.")
]
CallOption = Annotated[str | None, typer.Option("--call", metavar="CALL", help="The id of one call, for its ladder.")]
IntervalOption = Annotated[
    str | None, typer.Option("--interval", metavar="TIME", help="Cut by 15m, 30m, hour, day or weekday.")
]
CallsOption = Annotated[
    bool, typer.Option("--calls", help="Count calls, all visits of one caller together, instead of visits.")
]
CompareOption = Annotated[
    str | None,
    typer.Option(
        "--compare", metavar="PERIOD", help="Put former, year or FROM..TO beside it: the period before, a year back."
    ),
]
SectionOption = Annotated[
    str | None, typer.Option("--section", metavar="NAME", help="This section instead of the first.")
]
SectionsOption = Annotated[
    bool, typer.Option("--sections", help="All sections; in data with period, zone, filters and rules.")
]
FileOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write this file; its ending says the form. - is stdout."),
]
FormOption = Annotated[
    ReportForm | None,
    typer.Option("--format", "-f", case_sensitive=False, help="Form of the report; a table unless FILE says else."),
]
ChartOption = Annotated[
    bool | None,
    typer.Option("--chart/--no-chart", help="Charts of characters above tables; without: on a terminal."),
]
ExplainOption = Annotated[
    str | None,
    typer.Option(
        "--explain",
        metavar="[FIGURE[@ROW]]",
        help="What a figure is made of: its rule, visits, and their lines in the log. Without FIGURE: every rule. ROW"
        " is what the row is about, such as sales or 2026-03-02, or #3; without: the total.",
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        "--limit", metavar="N", min=0, help="With --explain: so many visits; 0 is all. Without: 20, in data all."
    ),
]


@app.command(
    cls=ReportCommand,
    epilog=examples(
        f"ccops report {ANY} --period last-month",
        "ccops report queues --from 2026-03-01 --to 2026-03-31 --compare former",
        "ccops report intervals --period yesterday --interval hour --queue sales --json",
        "ccops report agents --period 2026-03 -o agents.xlsx",
        "ccops report calls --number 5550001 -f csv",
        "ccops report ladder --call 1795289739.18",
        "ccops report queues --explain service_level@sales",
    ),
)
def show(
    context: typer.Context,
    since: FromOption = None,
    until: ToOption = None,
    period: PeriodOption = None,
    queue: QueueOption = None,
    agent: AgentOption = None,
    number: NumberOption = None,
    call: CallOption = None,
    interval: IntervalOption = None,
    calls: CallsOption = False,
    compare: CompareOption = None,
    section: SectionOption = None,
    sections: SectionsOption = False,
    output: FileOption = None,
    form: FormOption = None,
    as_json: JsonOption = False,
    fields: FieldsOption = None,
    sort: SortOption = None,
    no_header: HeaderOption = False,
    chart: ChartOption = None,
    explained: ExplainOption = None,
    limit: LimitOption = None,
) -> None:
    """Print a report: one of the catalogue, one of your own by its name, or that of a FILE.toml.

    Rows of the first section unless --section or --sections says else; xlsx, html and pdf hold all of them. A listing
    in JSON is an array of rows under the names of the figures; --sections makes it an object with everything. A report
    without a row is a report, and ends with 0.
    """
    run = Run.of(context)
    asked = Asked(str(context.command.name), since, until, period, queue, agent, number, call, interval, calls, compare)
    work = Paperwork.of(run, form, as_json, output, header=not no_header, chart=chart)
    printed(run, asked, work, Picked(section, sections, fields, sort), explained, limit)


class Picked(NamedTuple):
    """What of a report is printed, in which order."""

    section: str | None = None
    sections: bool = False
    fields: str | None = None
    sort: str | None = None


def printed(run: Run, asked: Asked, work: Paperwork, picked: Picked, explained: str | None, limit: int | None) -> None:
    """Print a report, or what one of its figures is made of."""
    if explained is None and limit is not None:
        raise UsageProblem(_("--limit is about --explain."), remedy=_("Add --explain, or leave --limit out."))
    with reporting(run, asked) as report:
        if explained is not None:
            made = explain(report, work, explained, picked.section, limit)
        else:
            paper = work.chosen(report.paper(), *picked)
    # Out of the store first: a reader who takes hours must not keep its log from being tidied.
    work.put(made if explained is not None else work.rendered(paper))
