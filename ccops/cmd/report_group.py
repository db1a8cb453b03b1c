"""How `ccops report` finds its way: any name is a report, and options stand before or after it."""

from collections.abc import Iterator, Sequence
from copy import copy
from functools import lru_cache
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from ccops.i18n import _

ANY: Final = "NAME"
"""Stands for every report in help and docs."""
NARROWS: Final = ("queue", "agent", "number", "call")
"""What reports are narrowed by, as the options are called."""
EXPLAIN: Final = "--explain"


class ReportGroup(TyperGroup):
    """The commands that have a name of their own; what else is named is a report."""

    def __init__(self, **attributes: Any) -> None:
        """Take what typer passes on."""
        super().__init__(**attributes)
        self.subcommand_metavar = "NAME|COMMAND [OPTIONS]"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name first, where the options may stand before it."""
        return super().parse_args(ctx, arranged(args, valued()))

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands; to the shell that completes, the reports of the catalogue too."""
        names = list(self.commands)
        return [*names, *_abouts()] if ctx.resilient_parsing else [*names, ANY]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by name; whether there is such a report is seen when it is made."""
        return super().get_command(ctx, cmd_name) or report_command(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the reports."""
        own = [(name, command.get_short_help_str(200)) for name, command in self.commands.items()]
        with formatter.section(_("Commands")):
            formatter.write_dl([*own, (ANY, _("Print a report, one of those below or one of your own."))])
        with formatter.section(_("Reports")):
            formatter.write_dl(list(_abouts().items()))


def _abouts() -> dict[str, str]:
    from ccops.reports.catalogue import entries

    return {name: entry.about for name, entry in entries().items()}


class ReportCommand(TyperCommand):
    """The command of one report; its help says what that report is about."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write what the report is about before what holds for all."""
        from ccops.reports.catalogue import entries

        entry = entries().get(str(self.name))
        if entry is not None:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(entry.about)
                formatter.write_paragraph()
                for line in told(entry):
                    formatter.write_text(line)
        super().format_help_text(ctx, formatter)


def told(entry: Any) -> Iterator[str]:
    """Yield what a report can be asked for, in lines."""
    narrows = [f"--{name}" for name in NARROWS if name in entry.narrows]
    if narrows:
        yield _("It can be narrowed by {options}.").format(options=", ".join(narrows))
    cuts = [name for name in entry.intervals if name]
    if cuts:
        yield _("It can be cut by --interval {intervals}.").format(intervals="|".join(cuts))
    if entry.calls:
        yield _("With --calls it counts calls instead of visits.")
    if not entry.explains:
        yield _("Its figures cannot be traced by --explain.")


@lru_cache(maxsize=1)
def _any_report() -> Any:
    from ccops.cmd.report_show import app

    return typer.main.get_command(app)


def report_command(name: str) -> Any:
    """Return the command that prints a report."""
    command = copy(_any_report())
    command.name = name
    return command


def valued() -> frozenset[str]:
    """Return the options of a report that are followed by a value."""
    parameters = _any_report().params
    return frozenset(
        option for one in parameters if one.param_type_name == "option" and not one.is_flag for option in one.opts
    ) - {EXPLAIN}


def arranged(args: Sequence[str], valued: frozenset[str]) -> list[str]:
    """Return arguments with the name of the report first, and an --explain that names no figure told as such."""
    place = _name_at(args, valued)
    if place is not None:
        args = [args[place], *args[:place], *args[place + 1 :]]
    found = []
    for index, text in enumerate(args):
        bare = text == EXPLAIN and (index + 1 == len(args) or args[index + 1].startswith("-"))
        found.append(f"{EXPLAIN}=" if bare else text)
    return found


def _name_at(args: Sequence[str], valued: frozenset[str]) -> int | None:
    skip = False
    for index, text in enumerate(args):
        if skip:
            skip = False
        elif text in valued:
            skip = True
        elif not text.startswith("-") or text == "-":
            return index
    return None
