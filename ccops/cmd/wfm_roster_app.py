"""The noun of `ccops wfm roster`, shared by the files of its commands."""

from typing import Annotated

import typer

from ccops.cmd.lazy import noun

app = noun("Rosters: solve, look, check, publish, export.")

VersionArgument = Annotated[
    int | None, typer.Argument(metavar="VERSION", help="Without: the newest.", show_default=False)
]
