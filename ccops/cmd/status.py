"""`ccops status`: the whole centre in one glance."""

import typer

from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.rows import STATUS_COLUMNS, status_record
from ccops.cmd.run import Run

app = noun()


@app.command(
    "status",
    epilog=examples(
        "ccops status",
        "ccops status --json",
        "ccops status --fields state,waiting,available -f csv",
    ),
)
@listing(STATUS_COLUMNS, one=True)
def status(context: typer.Context, out: Output) -> None:
    """Say how the centre is doing, in one glance.

    The link to the PBX, agents by state, callers waiting, today's counts and where they come from. Exit code 3
    where the PBX cannot be reached, 4 where it refuses the login.
    """
    run = Run.of(context)
    board = run.board()
    out.one(status_record(board, run.now(), run.zone))
