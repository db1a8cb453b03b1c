"""`ccops daemon run`: the always-on engine that holds the only link and serves everybody."""

import logging

import typer

from ccops.cmd.lazy import examples, noun
from ccops.cmd.run import Run

app = noun("The always-on engine: one link to the PBX, one writer, everybody's rights by role.")


@app.command("run", epilog=examples("ccops daemon run", "systemctl start ccops", "journalctl -u ccops -f"))
def run_daemon(context: typer.Context) -> None:
    """Serve consoles and commands over the Unix socket until stopped.

    SIGTERM and ctrl+c end it; supervision legs live on in the PBX and are found again by the next one.
    """
    import asyncio

    from ccops.cmd.cores import leave_no_core
    from ccops.desk.daemon.service import serve
    from ccops.errors import ConfigError
    from ccops.i18n import _

    run = Run.of(context)
    leave_no_core(for_good=True)
    if not run.settings.ami.username:
        raise ConfigError(_("No PBX is configured."), remedy=_("Run `ccops init`, or set [ami] in the configuration."))
    _tell_log(run)
    asyncio.run(serve(run.loaded, say=run.narrator.say))


def _tell_log(run: Run) -> None:
    """Send what the engine notes to stderr, which systemd keeps; secrets are masked there."""

    class ToNarrator(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
            run.narrator.say(level + self.format(record))

    root = logging.getLogger("ccops")
    root.addHandler(ToNarrator())
    root.setLevel(logging.DEBUG if run.options.verbose else logging.INFO)
