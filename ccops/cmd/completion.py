"""`ccops completion`: scripts that let a shell complete commands and options."""

from enum import StrEnum
from typing import Annotated

import typer

from ccops.cmd.lazy import examples, noun
from ccops.cmd.run import Run

app = noun("Completion of commands and options in your shell.")


class Shell(StrEnum):
    """Shells that have a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command(
    "show",
    epilog=examples(
        'eval "$(ccops completion show bash)"                          for this shell',
        "ccops completion show bash > /etc/bash_completion.d/ccops     for everybody",
        "ccops completion show fish > ~/.config/fish/completions/ccops.fish",
    ),
)
def show(
    context: typer.Context, shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]
) -> None:
    """Print the script for one shell."""
    from typer._completion_shared import get_completion_script  # typer's own flag can only guess the shell

    script = get_completion_script(prog_name="ccops", complete_var="_CCOPS_COMPLETE", shell=shell.value)
    Run.of(context).write(script + "\n")
