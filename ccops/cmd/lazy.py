"""A group of commands whose modules load when they are named: `ccops --help` pays for none of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from ccops.i18n import _


@dataclass(slots=True, frozen=True)
class Entry:
    """One command of the top level."""

    name: str
    help: str
    """Its help in one line; a test holds it against the command's own."""
    chapter: str
    action: bool = False
    """It is an action of the desk's table, and has no module of its own."""

    def load(self) -> Any:
        """Return the command itself."""
        if self.action:
            app = import_module("ccops.cmd.act").single(self.name)
        else:
            app = import_module(f"ccops.cmd.{self.name}").app
        # Only a noun has a summary; typer would take one with a single verb for that verb.
        command: Any = typer.main.get_group(app) if isinstance(app.info.help, str) else typer.main.get_command(app)
        command.name = self.name
        return command


class _Commands(dict[str, Any]):
    """Commands by name; the value is loaded at the first look."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        super().__init__(dict.fromkeys((entry.name for entry in entries), None))
        self._entries = {entry.name: entry for entry in entries}

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            return default
        if self[name] is None:
            self[name] = self._entries[name].load()
        return self[name]


class LazyGroup(TyperGroup):
    """The top level; its help is printed from the table alone, in chapters."""

    entries: tuple[Entry, ...] = ()

    def __init__(self, **attributes: Any) -> None:
        """Take what typer passes on."""
        super().__init__(**attributes)
        self.commands = _Commands(self.entries)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, a chapter at a time."""
        for chapter, rows in self._chapters():
            with formatter.section(chapter):
                formatter.write_dl(rows)

    def _chapters(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        width = max((len(entry.name) for entry in self.entries), default=0)
        for chapter in dict.fromkeys(entry.chapter for entry in self.entries):
            rows = [(e.name.ljust(width), _(e.help)) for e in self.entries if e.chapter == chapter]
            yield _(chapter), rows


def noun(summary: str = "", *, alone: bool = False) -> typer.Typer:
    """Return an empty typer app in the house style: for a noun with a summary, else for a single command.

    `alone` says that the noun does something without a verb too.
    """
    return typer.Typer(
        help=summary or None,
        no_args_is_help=bool(summary) and not alone,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def examples(*lines: str) -> str:
    """Return the examples that stand at the end of a command's help."""
    return "\b\n" + "\n".join([_("Examples:"), *(f"  {line}" for line in lines)])
