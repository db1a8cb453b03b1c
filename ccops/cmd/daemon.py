"""`ccops daemon run`: the always-on engine that holds the only link and serves everybody."""

import typer

from ccops.cmd.lazy import examples, noun
from ccops.cmd.run import Run

app = noun("The always-on engine: one link to the PBX, one writer, everybody's rights by role.")


@app.command("run", epilog=examples("ccops daemon run", "systemctl start ccops", "journalctl -u ccops -f"))
def run_daemon(context: typer.Context) -> None:
    """Serve consoles and commands over the Unix socket until stopped."""
    import asyncio

    from ccops.desk.daemon.service import serve

    run = Run.of(context)
    asyncio.run(serve(run.settings, say=run.narrator.say))
