"""`ccops queue`: the queues of the centre."""

from typing import Annotated

import typer

from ccops.cmd.columns import columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, Section, listing
from ccops.cmd.rows import CALL_COLUMNS, QUEUE_COLUMNS, queue_detail, queue_record, queues_of
from ccops.cmd.run import Run

app = noun("Queues: who waits, who answers, today's figures.")

QueueArgument = Annotated[str, typer.Argument(metavar="QUEUE", help="Name or title, in any case.", show_default=False)]

_MEMBERS = columns(
    "agent",
    "interface",
    "state:state",
    "state_for:duration:for",
    "pause_reason::reason",
    "penalty:count",
    "calls_taken:count:taken",
)
_CALLERS = [column for column in CALL_COLUMNS if column.name not in ("queue", "call_id")]


@app.command(
    "list",
    epilog=examples(
        "ccops queue list",
        "ccops queue list --json",
        "ccops queue list --sort -waiting --fields queue,waiting,longest_wait",
        "ccops queue list -f csv > queues.csv",
    ),
)
@listing(QUEUE_COLUMNS)
def list_queues(context: typer.Context, out: Output) -> None:
    """List queues with callers, agents by state and today's figures."""
    run = Run.of(context)
    board, now = run.board(), run.now()
    out.listing(queue_record(row, now, run.zone) for row in queues_of(board))


@app.command("show", epilog=examples("ccops queue show sales", "ccops queue show sales --json"))
@listing(QUEUE_COLUMNS, one=True)
def show_queue(context: typer.Context, queue: QueueArgument, out: Output) -> None:
    """Show one queue with its callers and members."""
    from ccops.desk.resolve import find_queue

    run = Run.of(context)
    board, now = run.board(), run.now()
    record = queue_detail(board, find_queue(board, queue), now, run.zone)
    out.one(record, [Section("callers", _CALLERS), Section("agents", _MEMBERS)])
