"""The output options that every listing shares, and the writing of its records to stdout."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer

from ccops.cmd.columns import Column, Record
from ccops.cmd.formats import WRITERS, Format, json_line, json_text
from ccops.cmd.run import Run
from ccops.cmd.table import Look, sheet, table
from ccops.errors import NotFound
from ccops.i18n import _

FormatOption = Annotated[
    Format, typer.Option("--format", "-f", case_sensitive=False, help="Form of the output.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
FieldsOption = Annotated[str | None, typer.Option("--fields", metavar="A,B", help="Only these fields, in this order.")]
SortOption = Annotated[
    str | None, typer.Option("--sort", metavar="FIELD", help="Sort by this field; -FIELD for the largest first.")
]
HeaderOption = Annotated[bool, typer.Option("--no-header", help="No line of headings.")]


@dataclass(slots=True, frozen=True)
class Section:
    """A part of one thing that is a listing of its own, such as the callers of a queue."""

    name: str
    columns: Sequence[Column]


@dataclass(slots=True)
class Output:
    """Prints records in the form that was asked for."""

    run: Run
    columns: Sequence[Column]
    format: Format = Format.TABLE
    fields: Sequence[str] = ()
    sort: str = ""
    header: bool = True

    def listing(self, records: Iterable[Record]) -> None:
        """Print a listing; an empty one is a listing too."""
        rows = self._sorted(list(records))
        if self.format in (Format.JSON, Format.JSONL):
            chosen = [self._chosen(row) for row in rows]
            self.run.write(
                json_text(chosen, ascii_only=self._ascii)
                if self.format is Format.JSON
                else "".join(json_line(row, ascii_only=self._ascii) for row in chosen)
            )
            return
        shown = self._shown()
        if self.format is Format.TABLE:
            self.run.write(table(shown, rows, self._look, header=self.header))
        else:
            self.run.write(WRITERS[self.format](shown, rows, self.header))

    def one(self, record: Record, sections: Sequence[Section] = ()) -> None:
        """Print one thing: an object in JSON, name and value for people, one row elsewhere."""
        if self.format is Format.JSON:
            self.run.write(json_text(self._chosen(record), ascii_only=self._ascii))
        elif self.format is Format.TABLE:
            self.run.write(sheet(self._shown(), record, self._look))
            for section in [] if self.fields else sections:
                self._section(section, record[section.name])
        else:
            self.listing([record])

    def _section(self, section: Section, records: Sequence[Record]) -> None:
        self.run.write(f"\n{section.name.replace('_', ' ').upper()}: {len(records)}\n")
        if records:
            columns = [column for column in section.columns if not column.extra]
            self.run.write(table(columns, records, self._look, header=self.header))

    @property
    def _ascii(self) -> bool:
        return self.run.options.ascii or self.run.environment.plain_letters

    @property
    def _look(self) -> Look:
        environment = self.run.environment
        return Look(environment.columns, environment.colour(self.run.options.no_color), self._ascii)

    def _chosen(self, record: Record) -> Record:
        return {name: record.get(name) for name in self.fields} if self.fields else record

    def _shown(self) -> Sequence[Column]:
        if not self.fields:
            return [column for column in self.columns if self.format is not Format.TABLE or not column.extra]
        known = {column.name: column for column in self.columns}
        return [known[name] for name in self.fields]

    def _sorted(self, rows: list[Record]) -> list[Record]:
        if not self.sort:
            return rows
        name = self.sort.removeprefix("-")
        known = [row for row in rows if row.get(name) is not None]
        known.sort(key=lambda row: _sort_key(row[name]), reverse=self.sort.startswith("-"))
        return known + [row for row in rows if row.get(name) is None]


def _sort_key(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    return [_sort_key(item) for item in value] if isinstance(value, list) else value


def output_of(
    run: Run,
    columns: Sequence[Column],
    form: Format,
    as_json: bool,
    fields: str | None,
    sort: str | None,
    header: bool,
) -> Output:
    """Return the output that the options ask for; raises NotFound for a field that does not exist."""
    names = [column.name for column in columns]
    chosen = [name.strip() for name in (fields or "").split(",") if name.strip()]
    for name in [*chosen, *([sort.removeprefix("-")] if sort else [])]:
        if name not in names:
            raise _no_field(name, names)
    return Output(run, columns, Format.JSON if as_json else form, chosen, sort or "", header)


def _no_field(name: str, names: Sequence[str]) -> NotFound:
    error = NotFound(_("field"), name, names)
    error.remedy = f"{error.remedy} {_('Fields: {names}.').format(names=', '.join(names))}".strip()
    return error


def listing(columns: Sequence[Column], *, one: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the output options; its parameter `out` receives the Output.

    `one` says that it prints one thing, where sorting has no meaning.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function)

        @wraps(function)
        def command(
            *args: Any,
            output_format: Format,
            as_json: bool,
            fields: str | None,
            sort: str | None = None,
            no_header: bool,
            **arguments: Any,
        ) -> Any:
            run = Run.of(arguments["context"])
            out = output_of(run, columns, output_format, as_json, fields, sort, not no_header)
            return function(*args, out=out, **arguments)

        command.__signature__ = _with_options(signature, one)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in _with_options(signature, one).parameters.values()}
        return command

    return decorate


def _with_options(signature: inspect.Signature, one: bool) -> inspect.Signature:
    def option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    own = [parameter for name, parameter in signature.parameters.items() if name != "out"]
    added = [
        option("output_format", FormatOption, Format.TABLE),
        option("as_json", JsonOption, False),
        option("fields", FieldsOption, None),
        *([] if one else [option("sort", SortOption, None)]),
        option("no_header", HeaderOption, False),
    ]
    return signature.replace(parameters=[*own, *added])
