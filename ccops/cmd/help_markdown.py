"""Markdown as rich draws it, except that a narrow table breaks words instead of cutting them off."""

from typing import Any, ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown, TableElement
from rich.table import Table


class _WholeTable(TableElement):
    """A table that shows all of its text: a command that is cut off cannot be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for part in super().__rich_console__(console, options):
            if isinstance(part, Table):
                for column in part.columns:
                    column.overflow = "fold"
            yield part


class Page(Markdown):
    """A page of the documentation."""

    elements: ClassVar[Any] = {**Markdown.elements, "table_open": _WholeTable}
