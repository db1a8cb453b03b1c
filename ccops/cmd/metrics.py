"""`ccops metrics`: the figures as OpenMetrics, for Prometheus and its node exporter's text files."""

from pathlib import Path
from typing import Annotated

import typer

from ccops.cmd.lazy import examples, noun
from ccops.cmd.run import Run
from ccops.i18n import _

app = noun()


@app.command(
    "metrics",
    epilog=examples(
        "ccops metrics",
        "ccops metrics --agents",
        "ccops metrics -o /var/lib/node_exporter/ccops.prom",
    ),
)
def metrics(
    context: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there; readers see a whole file or the one before."),
    ] = None,
    agents: Annotated[bool, typer.Option("--agents", help="Figures of single agents too, by name.")] = False,
) -> None:
    """Print the figures for Prometheus, or write them to a file.

    The form is OpenMetrics 1.0. The daemon serves the same over HTTP on 127.0.0.1 where alerts.metrics_port is set.
    """
    run = Run.of(context)
    from ccops.alerts.metrics import text

    # A daemon without a link says so on its page; a file left as it was would not.
    page = text(run.board(live=False), run.now(), agents=agents)
    if output is None:
        run.write(page)
        return
    from ccops.reports.deliver.files import write_file

    write_file(output, page.encode("utf-8", "replace"))
    run.narrator.detail(_("{path} was written.").format(path=output))
