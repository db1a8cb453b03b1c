"""`ccops call`: the calls of this moment."""

from typing import Annotated

import typer

from ccops.cmd.act import add_actions
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.rows import CALL_COLUMNS, PARKED_COLUMNS, call_record, in_order, parked_record
from ccops.cmd.run import Run

app = noun("Calls that wait or are being talked.")


@app.command(
    "list",
    epilog=examples(
        "ccops call list",
        "ccops call list --queue sales --sort -wait",
        "ccops call list --json --fields call_id,queue,state,wait",
    ),
)
@listing(CALL_COLUMNS)
def list_calls(
    context: typer.Context,
    out: Output,
    queue: Annotated[str | None, typer.Option("--queue", metavar="QUEUE", help="Only calls of this queue.")] = None,
) -> None:
    """List live calls, those who wait first."""
    run = Run.of(context)
    board, now = run.board(), run.now()
    rows = in_order(board.calls.values())
    if queue is not None:
        from ccops.desk.resolve import find_queue

        name = find_queue(board, queue).queue
        rows = [row for row in rows if row.queue == name]
    out.listing(call_record(row, now, run.zone) for row in rows)


@app.command("parked", epilog=examples("ccops call parked", "ccops call fetch 701 --to 9001"))
@listing(PARKED_COLUMNS)
def list_parked(context: typer.Context, out: Output) -> None:
    """List parked calls by their space."""
    run = Run.of(context)
    board, now = run.board(), run.now()
    rows = sorted(board.parked.values(), key=lambda row: (row.lot, row.space))
    out.listing(parked_record(row, now, run.zone) for row in rows)


add_actions(app, "call")
