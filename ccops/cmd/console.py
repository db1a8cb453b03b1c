"""Opens the console; the only way from a command to the room of widgets."""

import os

from ccops.cmd.run import Run
from ccops.errors import UsageProblem
from ccops.i18n import _


def open_console(run: Run) -> int:
    """Open the console on this run's desk and return its exit code."""
    if not run.environment.has_screen:
        raise UsageProblem(
            _("The console needs a terminal."), remedy=_("Use a command, e.g. `ccops queue list`; `ccops --help`.")
        )
    settings, options = run.desk_settings, run.options
    if options.no_color:
        os.environ["NO_COLOR"] = "1"  # the drawing library knows no other switch
    from ccops.tui.app import run_console

    return run_console(
        run.live_desk,
        settings,
        screen=options.screen,
        read_only=options.read_only,
        wall=options.wall,
        ascii=options.ascii or settings.ui.ascii or run.environment.plain_letters,
        theme=options.theme or settings.ui.theme or None,
    )
