"""`ccops supervision`: the legs by which supervisors hear calls."""

import typer

from ccops.cmd.act import add_actions
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.rows import SUPERVISION_COLUMNS, supervision_record
from ccops.cmd.run import Run

app = noun("Supervisions that run: see them, stop them.")


@app.command("list", epilog=examples("ccops supervision list", "ccops supervision list --json"))
@listing(SUPERVISION_COLUMNS)
def list_supervisions(context: typer.Context, out: Output) -> None:
    """List supervisions that run, whoever started them."""
    run = Run.of(context)
    board, now = run.board(), run.now()
    out.listing(supervision_record(row, now, run.zone) for row in board.supervisions.values())


add_actions(app, "supervision")
