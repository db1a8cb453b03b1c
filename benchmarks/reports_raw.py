"""Works a month of queues out from the raw log, in SQL alone: what `benchmarks.reports` measures ours against.

    python reports_raw.py QUEUE_LOG START END

By DuckDB, or where it is not installed by SQLite over a table of the month's lines.
"""

import json
import sys
from importlib.util import find_spec

_COLUMNS = ("stamp", "callid", "queue", "agent", "event", "p1", "p2", "p3", "p4", "p5")
_LATER = 86_400
"""Seconds after the month in which its visits have ended."""

_FIGURES = """
WITH entered AS (SELECT callid, queue FROM log WHERE event = 'ENTERQUEUE' AND stamp < {end}),
answered AS (SELECT callid, queue, CAST(p1 AS INTEGER) AS wait FROM log WHERE event = 'CONNECT'),
talked AS (
    SELECT callid, queue, CAST(CASE WHEN event = 'BLINDTRANSFER' THEN p4 ELSE p2 END AS INTEGER) AS talk
    FROM log WHERE event IN ('COMPLETEAGENT', 'COMPLETECALLER', 'BLINDTRANSFER')
),
lost AS (
    SELECT callid, queue, event, CAST(p3 AS INTEGER) AS wait
    FROM log WHERE event IN ('ABANDON', 'EXITWITHTIMEOUT', 'EXITEMPTY')
),
visits AS (
    SELECT e.queue, a.wait AS answer, l.event, coalesce(a.wait, l.wait) AS wait, t.talk
    FROM entered e LEFT JOIN answered a USING (callid, queue) LEFT JOIN talked t USING (callid, queue)
    LEFT JOIN lost l USING (callid, queue)
){placed}
SELECT queue, count(*) AS offered, count(answer) AS answered, count(*) FILTER (WHERE event = 'ABANDON') AS abandoned,
    count(*) FILTER (WHERE event = 'ABANDON' AND wait < 5) AS short_abandoned, max(wait) AS longest_wait,
    {percentile} AS wait_p90, CAST(sum(talk) AS BIGINT) AS talk
FROM {source} GROUP BY queue
"""
_PLACED = """, placed AS (
    SELECT *, row_number() OVER (PARTITION BY queue ORDER BY wait) AS place, count(*) OVER (PARTITION BY queue) AS total
    FROM visits
)"""
_BY_PLACE = {"placed": _PLACED, "percentile": "min(wait) FILTER (WHERE place * 10 >= total * 9)", "source": "placed"}
_BY_QUANTILE = {"placed": "", "percentile": "quantile_disc(wait, 0.9)", "source": "visits"}
_NAMES = ("queue", "offered", "answered", "abandoned", "short_abandoned", "longest_wait", "wait_p90", "talk")


def by_duckdb(path: str, start: int, end: int) -> list[tuple[object, ...]]:
    import duckdb

    # Lines differ in how many fields they have, which its CSV reader takes three times as long for as for whole lines.
    fields = ", ".join(f"field[{place}] AS {name}" for place, name in enumerate(_COLUMNS[1:], 2))
    lines = f"""CREATE TEMP TABLE log AS SELECT CAST(field[1] AS BIGINT) AS stamp, {fields}
        FROM (SELECT string_split(line, '|') AS field FROM read_csv('{path}', delim='\x01', header=false, quote='',
            escape='', auto_detect=false, columns={{'line': 'VARCHAR'}})
            WHERE line >= '{start}' AND line < '{end + _LATER}')"""
    connection = duckdb.connect()
    connection.execute(lines)
    return list(connection.execute(_FIGURES.format(end=end, **_BY_QUANTILE)).fetchall())


def by_sqlite(path: str, start: int, end: int) -> list[tuple[object, ...]]:
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE log ({', '.join(_COLUMNS)})")
    with open(path, encoding="utf-8") as stream:
        rows = (line.rstrip("\n").split("|") for line in stream)
        month = (
            (int(row[0]), *row[1:10], *("",) * (10 - len(row))) for row in rows if start <= int(row[0]) < end + _LATER
        )
        connection.executemany(f"INSERT INTO log VALUES ({', '.join('?' * 10)})", month)
    connection.execute("CREATE INDEX log_by_call ON log (callid, queue, event)")
    return connection.execute(_FIGURES.format(end=end, **_BY_PLACE)).fetchall()


def main() -> None:
    path, start, end = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rows = (by_duckdb if find_spec("duckdb") else by_sqlite)(path, start, end)
    print(json.dumps([dict(zip(_NAMES, row, strict=True)) for row in rows], ensure_ascii=False))


if __name__ == "__main__":
    main()
