"""A queue_log table in a database, read through SQLAlchemy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _
from ccops.names import nearest
from ccops.reports.ingest.table import Mark, Row, columns_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Select

_AT_ONCE = 5000


class DatabaseUnreachable(CcopsError):
    """The database with the table cannot be reached, or refuses."""


class SqlTable:
    """One table; raises `UsageProblem` where there is none such, `DatabaseUnreachable` where it cannot be read."""

    def __init__(self, url: str, table: str = "queue_log") -> None:
        """`url` is one of SQLAlchemy; `table` may be “schema.table”."""
        self._engine = _engine(url)
        self.name = table
        self._where = self._engine.url.render_as_string(hide_password=True)
        with self._told(), self._engine.connect() as connection:
            self._reflect(connection)

    def _reflect(self, connection: "Connection") -> None:
        from sqlalchemy import MetaData, Table, inspect
        from sqlalchemy.exc import NoSuchTableError

        schema, _dot, name = self.name.rpartition(".")
        try:
            self._table = Table(name, MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False)
        except NoSuchTableError as problem:
            there = inspect(connection).get_table_names(schema or None)
            near = ", ".join(nearest(name, there) or there[:5]) or "–"
            message = _("There is no table “{table}” in {url}.").format(table=self.name, url=self._where)
            raise UsageProblem(message, remedy=_("There are: {names}.").format(names=near)) from problem
        self._columns = columns_of([column.name for column in self._table.columns], self.name)

    def going_by(self, mark: Mark) -> Mark:
        """Return the mark without its number where the table was emptied and counts from 1 again."""
        if mark.id is None or "id" not in self._columns:
            return mark
        from sqlalchemy import func, select

        with self._told(), self._engine.connect() as connection:
            last = connection.execute(select(func.max(self._table.columns[self._columns["id"]]))).scalar()
        return mark if last is not None and int(last) >= mark.id else replace(mark, id=None)

    def rows(self, mark: Mark | None) -> Iterator[Row]:
        """Yield rows in order: by id where there is one, else by time."""
        with self._told(), self._engine.connect() as connection:
            streaming = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
            for values in streaming.execute(self._query(mark)):
                yield dict(zip(self._columns, values, strict=True))

    def _query(self, mark: Mark | None) -> "Select[Any]":
        from sqlalchemy import select

        columns = {meaning: self._table.columns[name] for meaning, name in self._columns.items()}
        query = select(*columns.values())
        query = query.order_by(columns["id" if "id" in columns else "time"])
        if mark is None:
            return query
        if "id" in columns and mark.id is not None:
            return query.where(columns["id"] >= mark.id)
        return query.where(columns["time"] >= _like(columns["time"], mark.time))

    @contextmanager
    def _told(self) -> Iterator[None]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as problem:
            reason = str(getattr(problem, "orig", None) or problem).splitlines()[0]
            message = _("The database {url} cannot be read: {reason}.").format(
                url=self._where, reason=reason.rstrip(".")
            )
            raise DatabaseUnreachable(message, remedy=_("Check address, user and rights (SELECT).")) from problem


def _like(column: Any, text: str) -> Any:
    """Return a time as its column compares it."""
    from datetime import datetime

    try:
        kind = column.type.python_type
    except NotImplementedError:
        kind = str
    if kind is datetime:
        return datetime.fromisoformat(text)
    return text if kind is str else kind(text)


def _engine(url: str) -> "Engine":
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ModuleNotFoundError as problem:
        raise UsageProblem(
            _("Tables are read through SQLAlchemy, which is not installed."),
            remedy=_("Install ccops with its extra: pip install 'ccops[database]', and the driver of the database."),
        ) from problem
    try:
        return create_engine(url)
    except (ArgumentError, NoSuchModuleError, ValueError) as problem:
        raise UsageProblem(
            _("This is no address of a database: {reason}.").format(reason=str(problem).splitlines()[0].rstrip(".")),
            remedy=_("It reads like mysql+pymysql://user@host/asterisk or postgresql+psycopg://host/asterisk."),
        ) from problem
    except ModuleNotFoundError as problem:
        message = _("The driver “{name}” is not installed.").format(name=problem.name)
        raise UsageProblem(message, remedy=_("pip install {name}").format(name=problem.name)) from problem
