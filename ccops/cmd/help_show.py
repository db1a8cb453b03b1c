"""Shows a page to a person: drawn in the width of the terminal, through their pager where it is longer than that."""

import io
import shlex
import signal
import subprocess
import sys
from typing import Final, TextIO

from ccops.cmd.help_pages import with_readable_links
from ccops.cmd.run import Run

WIDEST: Final = 100
"""Columns; longer lines of prose are hard to read."""


def show(run: Run, text: str, *, pager: bool) -> None:
    """Show Markdown on a terminal; whatever is no terminal gets it as it was written."""
    environment = run.environment
    columns, lines = environment.columns, environment.lines
    if columns is None or lines is None:
        run.write(text)
        return
    drawn = text if run.options.ascii or environment.plain_letters else draw(run, text, min(columns, WIDEST))
    fits = drawn.count("\n") < lines
    if pager and not fits and _is_ours(environment.stdout) and _paged(run, drawn):
        return
    run.write(drawn)


def _is_ours(stdout: TextIO) -> bool:
    """Tell whether this is the process's own terminal, which alone can be lent to another program."""
    try:
        return stdout.fileno() == sys.__stdout__.fileno() if sys.__stdout__ is not None else False
    except (OSError, ValueError):
        return False


def draw(run: Run, text: str, columns: int) -> str:
    """Return Markdown as it looks on a terminal of that many columns."""
    from rich.console import Console

    from ccops.cmd.help_markdown import Page

    out = io.StringIO()
    colour = run.environment.colour(run.options.no_color)
    console = Console(file=out, width=columns, force_terminal=colour, no_color=not colour, highlight=False)
    console.print(Page(with_readable_links(text), hyperlinks=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _paged(run: Run, text: str) -> bool:
    """Hand the text to $PAGER, without a shell; return whether there was one."""
    variables = {"LESS": "FRX", **run.environment.variables}
    run.flush()
    # A handler of ours, not SIG_IGN: the pager must begin with the default to have ctrl+c for itself.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        words = shlex.split(variables.get("PAGER") or "less")
        child = subprocess.Popen(words, stdin=subprocess.PIPE, env=variables)  # noqa: S603 (the person's own pager)
        child.communicate(text.encode(run.environment.stdout.encoding or "utf-8", "replace"))
    except (OSError, ValueError, IndexError):
        return False
    finally:
        signal.signal(signal.SIGINT, before)
    return True
