"""The queue_log in a database table or an export of it: the same visits as from the file, again only what is new."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from ccops.errors import UsageProblem
from ccops.pbx.queue_log import parse_block
from ccops.reports.ingest.run import Counts, Ingest
from ccops.reports.ingest.table import Lines
from ccops.reports.ingest.tabledump import ExportedTable
from ccops.reports.ingest.tablesql import DatabaseUnreachable, SqlTable
from ccops.reports.rules import Rules
from ccops.reports.visits import visits_of
from ccops.store import check
from tests.cmd_tools import invoke
from tests.history_logs import Log, logs
from tests.test_ingest_once import stored_visits, told

BERLIN = ZoneInfo("Europe/Berlin")
DATA = (Path(__file__).parent / "data" / "asterisk-22.10.queue_log").read_bytes()
NAMES = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
Line = tuple[str, ...]


def table_rows(data: bytes) -> list[Line]:
    """What Asterisk writes into adaptive columns for lines of the file."""
    rows = []
    for row in parse_block(data):
        at = datetime.fromtimestamp(row.at, BERLIN).strftime("%Y-%m-%d %H:%M:%S.000000")
        more = (*row.params[:4], "|".join(row.params[4:]))
        rows.append((at, row.callid, row.queue, row.agent, row.event, *more, *("",) * (5 - len(more))))
    return rows


class Db:
    """A table in a file of SQLite."""

    def __init__(self, folder: Path, *, with_id: bool = True, columns: Sequence[str] = NAMES) -> None:
        self.url = f"sqlite:///{folder / 'asterisk.db'}"
        self.columns = columns
        self.engine = create_engine(self.url)
        number = "id INTEGER PRIMARY KEY AUTOINCREMENT, " if with_id else ""
        self.run(f"CREATE TABLE queue_log ({number}{', '.join(f'{name} VARCHAR(80)' for name in columns)})")

    def run(self, sql: str, rows: Sequence[Line] | None = None) -> None:
        with self.engine.begin() as connection:
            values = None if rows is None else [dict(zip(self.columns, row, strict=True)) for row in rows]
            connection.execute(text(sql), values)

    def add(self, rows: Sequence[Line]) -> None:
        if rows:
            marks = ", ".join(f":{name}" for name in self.columns)
            self.run(f"INSERT INTO queue_log ({', '.join(self.columns)}) VALUES ({marks})", rows)


def take(folder: Path, source: Any, name: str = "queue_log") -> Counts:
    with Ingest(folder / "s.db", Rules(), BERLIN) as work:
        return work.add_table(source, name, BERLIN)


def expected(data: bytes) -> list[tuple[Any, ...]]:
    return [row[1:] for row in told(visits_of(parse_block(data)))]


def found(folder: Path) -> list[tuple[Any, ...]]:
    return [row[1:] for row in told(stored_visits(folder / "s.db"))]


@settings(max_examples=20, deadline=None)
@given(logs(restarts=1), st.lists(st.integers(0, 60), max_size=3), st.booleans())
def test_any_cut_into_runs_gives_what_the_file_gives(
    tmp_path_factory: pytest.TempPathFactory, log: Log, cuts: list[int], with_id: bool
) -> None:
    folder = tmp_path_factory.mktemp("table")
    data = log.data()
    rows = table_rows(data)
    if not with_id:  # then only the time tells their order
        seconds: dict[str, int] = {}
        rows = [
            (f"{row[0][:-6]}{seconds.setdefault(row[0], 0):06}", *row[1:]) for row in rows if not _count(seconds, row)
        ]
    db, before = Db(folder, with_id=with_id), 0
    for cut in [*sorted(min(cut, len(rows)) for cut in cuts), len(rows)]:
        db.add(rows[before:cut])
        assert take(folder, SqlTable(db.url)).new == cut - before
        before = cut
    assert take(folder, SqlTable(db.url)).new == 0
    assert found(folder) == expected(data)


def _count(seconds: dict[str, int], row: Line) -> bool:
    seconds[row[0]] = seconds.get(row[0], -1) + 1
    return False


def test_rows_of_one_time_without_an_id_are_taken_once(tmp_path: Path) -> None:
    db = Db(tmp_path, with_id=False)
    rows = [("1772438400", f"c{number}", "q", "NONE", "ENTERQUEUE", "", "1", "1", "", "") for number in range(4)]
    for number in range(4):
        db.add(rows[number : number + 1])
        assert take(tmp_path, SqlTable(db.url)).new == 1
    db.add(rows[:1])  # two rows that are the same in everything are two
    assert take(tmp_path, SqlTable(db.url)).new == 1
    assert take(tmp_path, SqlTable(db.url)).new == 0


def test_one_column_for_all_parameters(tmp_path: Path) -> None:
    db = Db(tmp_path, columns=(*NAMES[:5], "data"))
    db.add([(*row[:5], "|".join(row[5:]).rstrip("|")) for row in table_rows(DATA)])
    assert take(tmp_path, SqlTable(db.url)).new == DATA.count(b"\n")
    assert found(tmp_path) == expected(DATA)


def as_csv(rows: Sequence[Line]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(("Id", *NAMES))
    writer.writerows((number, *row) for number, row in enumerate(rows, 1))
    return out.getvalue()


def quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def as_mysql(rows: Sequence[Line]) -> str:
    columns = ",\n".join(f"  `{name}` varchar(80) DEFAULT ''" for name in NAMES)
    head = f"-- MySQL dump 10.19\n/*!40101 SET x */;\nCREATE TABLE `queue_log` (\n  `id` int NOT NULL,\n{columns},\n"
    values = ",".join(
        f"({number},{','.join(map(quoted, row[:-1]))},NULL)"
        if not row[-1]
        else f"({number},{','.join(map(quoted, row))})"
        for number, row in enumerate(rows, 1)
    )
    rest = "  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\nINSERT INTO `other` VALUES (1,'x');\n"
    return f"{head}{rest}INSERT INTO `queue_log` VALUES {values};\n"


def as_postgres(rows: Sequence[Line]) -> str:
    lines = "".join(
        f"{number}\t" + "\t".join(value or "\\N" for value in row) + "\n" for number, row in enumerate(rows, 1)
    )
    head = "--\n-- PostgreSQL database dump\n--\nSET x = 0;\n"
    return f"{head}COPY public.queue_log (id, {', '.join(NAMES)}) FROM stdin;\n{lines}\\.\n"


@pytest.mark.parametrize("form", [as_csv, as_mysql, as_postgres])
def test_exports_give_what_the_file_gives_and_go_on_with_the_table(tmp_path: Path, form: Any) -> None:
    rows = table_rows(DATA)
    half = len(rows) // 2
    export = tmp_path / "export"
    export.write_text(form(rows[:half]))
    assert take(tmp_path, ExportedTable(export)).new == half
    export.write_text(form(rows[: half + 3]))
    assert take(tmp_path, ExportedTable(export)).new == 3
    db = Db(tmp_path)
    db.add(rows)
    assert take(tmp_path, SqlTable(db.url)).new == len(rows) - half - 3
    assert take(tmp_path, ExportedTable(export)).new == 0
    assert found(tmp_path) == expected(DATA)
    assert check(tmp_path / "s.db") == []


def test_hostile_values(tmp_path: Path) -> None:
    name = "O'Hara\\; DROP (x), 'y'"
    rows = [("1772438400", "a", "q", "NONE", "ENTERQUEUE", "", "1", "1", "", "")]
    rows.append(("1772438405", "a", "q", name, "CONNECT", "5", "m", "2", "", ""))
    rows.append(("1772438406", "a", "q", "Ana\nBen", "RINGNOANSWER", "1000", "", "", "", ""))
    (tmp_path / "dump.sql").write_text(as_mysql(rows))
    take(tmp_path, ExportedTable(tmp_path / "dump.sql"))
    assert [visit.agent for visit in stored_visits(tmp_path / "s.db")] == [name]


def test_a_table_that_was_emptied_goes_on_by_time(tmp_path: Path) -> None:
    db, rows = Db(tmp_path), table_rows(DATA)
    db.add(rows[:20])
    take(tmp_path, SqlTable(db.url))
    db.run("DELETE FROM queue_log")
    db.run("DELETE FROM sqlite_sequence")
    db.add(rows[15:25])
    assert take(tmp_path, SqlTable(db.url)).new == 5
    db.run("DELETE FROM queue_log WHERE id < 8")  # what was purged is not missed
    db.add(rows[25:])
    assert take(tmp_path, SqlTable(db.url)).new == len(rows) - 25
    assert found(tmp_path) == expected(DATA)


def test_another_table_under_the_same_name_is_refused(tmp_path: Path) -> None:
    rows = table_rows(DATA)
    (tmp_path / "one.csv").write_text(as_csv(rows[:10]))
    (tmp_path / "other.csv").write_text(as_csv(rows[10:30]))
    take(tmp_path, ExportedTable(tmp_path / "one.csv"))
    with pytest.raises(UsageProblem, match="another table"):
        take(tmp_path, ExportedTable(tmp_path / "other.csv"))
    assert take(tmp_path, ExportedTable(tmp_path / "other.csv"), "second").new == 20


def test_a_time_that_is_none_goes_into_quarantine(tmp_path: Path) -> None:
    db = Db(tmp_path)
    db.add([("soon", "a", "q", "NONE", "ENTERQUEUE", "", "", "", "", "")])
    db.add([("1772438400", "b", "q", "NONE", "ENTERQUEUE", "", "", "", "", "")])
    counts = take(tmp_path, SqlTable(db.url))
    assert (counts.new, counts.quarantined, counts.visits) == (2, 1, 1)


def test_the_hour_that_comes_twice_is_told_by_the_order() -> None:
    lines = Lines(BERLIN)
    times = [
        "2026-10-25 01:59:00",
        "2026-10-25 02:30:00",
        "2026-10-25 02:59:50",
        "2026-10-25 02:00:10",
        "2026-10-25 02:30:00",
    ]
    row = dict.fromkeys(("callid", "queue", "agent", "event"), "x")
    stamps = [int(lines.line({**row, "time": time}).split(b"|")[0]) for time in times]
    assert stamps == sorted(stamps)
    assert datetime.fromtimestamp(stamps[-1], UTC).hour == 1
    aware = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert lines.line({**row, "time": aware}).startswith(b"%d|" % aware.timestamp())


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    db = Db(tmp_path, columns=("time", "callid", "x"))
    with pytest.raises(UsageProblem, match="queuename, agent, event"):
        SqlTable(db.url)
    with pytest.raises(UsageProblem, match="no table") as error:
        SqlTable(db.url, "queue_lok")
    assert "queue_log" in error.value.remedy
    with pytest.raises(UsageProblem, match="address"):
        SqlTable("nonsense://x")
    with pytest.raises(DatabaseUnreachable, match="cannot be read") as refused:
        SqlTable(f"sqlite:///{tmp_path}/no/such/folder.db")
    assert refused.value.remedy
    (tmp_path / "empty.csv").write_text("")
    assert take(tmp_path, ExportedTable(tmp_path / "empty.csv")).new == 0
    (tmp_path / "dump.sql").write_text("INSERT INTO `cdr` VALUES (1);\n")
    with pytest.raises(UsageProblem, match="no rows of a table"):
        take(tmp_path, ExportedTable(tmp_path / "dump.sql"))


def test_the_command(tmp_path: Path) -> None:
    db = Db(tmp_path)
    db.add(table_rows(DATA))
    world = {"CCOPS_SITE__TIMEZONE": "Europe/Berlin"}
    arguments = ("--db", str(tmp_path / "s.db"), "ingest", "queue-log", "--table")
    done = invoke(*arguments, db.url, "--json", env=world)
    assert (done.code, json.loads(done.out)["new"]) == (0, DATA.count(b"\n"))
    assert json.loads(invoke(*arguments, db.url, "--json", env=world).out)["new"] == 0
    refused = invoke(*arguments, "mysql://me:secret@127.0.0.1:1/x", env=world)
    assert refused.code in (1, 2)
    assert "secret" not in refused.err
    assert invoke(*arguments, db.url, "--follow", env=world).code == 2
    assert found(tmp_path) == expected(DATA)
