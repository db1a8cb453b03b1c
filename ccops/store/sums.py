"""Sums over visits and rings in SQL, and the roll-ups made of them.

The sums are those of `ccops.reports.tally`, which says what each of them means; a property test holds one against
the other.
"""

from collections.abc import Iterable, Sequence
from sqlite3 import Connection
from typing import Any, NamedTuple

from ccops.store.codes import END_CODES, OUTCOME_CODES

STORED, SET = "main.queues", "temp.queue_rules"
"""Where sums take thresholds and wrap-up times from: the rules that roll-ups are made with, or those that were set."""
SLOT = 900
"""Seconds: every time zone of today differs from UTC by a multiple of it."""
LONG = 7200
"""Seconds from entry to end above which a visit is found by an index of its own."""
DAY = 86_400
_LONGEST_WRAP = 3600
"""Seconds of wrap-up beyond which nothing is carried into another period."""

_ANSWERED, _ABANDONED = OUTCOME_CODES["answered"], OUTCOME_CODES["abandoned"]
_NOT_OFFERED = ", ".join(str(OUTCOME_CODES[name]) for name in ("waiting", "withdrawn", "interrupted"))
_TRANSFERS = ", ".join(str(END_CODES[name]) for name in ("blind", "attended", "transfer"))
_IS_ANSWERED, _IS_ABANDONED = f"v.outcome = {_ANSWERED}", f"v.outcome = {_ABANDONED}"
_TALKED = f"{_IS_ANSWERED} AND v.talk IS NOT NULL"
_WRAP = "coalesce(v.wrap, q.wrap_up)"


def _counted(condition: str) -> str:
    return f"count(CASE WHEN {condition} THEN 1 END)"


def _summed(condition: str, value: str) -> str:
    return f"coalesce(sum(CASE WHEN {condition} THEN {value} END), 0)"


VISIT_SUMS: dict[str, str] = {
    **{
        name: _counted(f"v.outcome = {OUTCOME_CODES[name]}")
        for name in (
            "answered",
            "abandoned",
            "timeout",
            "exit_empty",
            "exit_key",
            "withdrawn",
            "interrupted",
            "waiting",
        )
    },
    "short_abandoned": _counted(f"{_IS_ABANDONED} AND v.wait < :short"),
    "answered_within": _counted(f"{_IS_ANSWERED} AND v.wait <= q.threshold"),
    "abandoned_within": _counted(f"{_IS_ABANDONED} AND v.wait <= q.threshold"),
    "answered_wait": _summed(_IS_ANSWERED, "v.wait"),
    "abandoned_wait": _summed(_IS_ABANDONED, "v.wait"),
    "longest_wait": f"max(CASE WHEN v.outcome NOT IN ({_NOT_OFFERED}) THEN coalesce(v.wait, 0) END)",
    "talked": _counted(_TALKED),
    "talk": _summed(_TALKED, "v.talk"),
    "wrap": _summed(_TALKED, _WRAP),
    "longest_talk": f"max(CASE WHEN {_TALKED} THEN v.talk END)",
    "transfers": _counted(f"{_IS_ANSWERED} AND v.ended_by IN ({_TRANSFERS})"),
}
"""Name of each sum of a `Tally`, and the SQL over `visits v JOIN queues q` that makes it."""

VISIT_SUM_COLUMNS = ", ".join(f"{sql} AS {name}" for name, sql in VISIT_SUMS.items())

SLOT_SUMS: dict[str, str] = {
    name: f"max({name})" if name.startswith("longest") else f"sum({name})" for name in VISIT_SUMS
}
"""The same, over rows of `queue_slots`."""


def set_rules(connection: Connection, rules: Iterable[tuple[int, float, int]]) -> None:
    """Put (queue, threshold, wrap-up) into a table of this connection's own, for sums with other rules than stored."""
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS queue_rules (id INTEGER PRIMARY KEY, threshold REAL, wrap_up INTEGER)"
    )
    connection.execute("DELETE FROM temp.queue_rules")
    connection.executemany("INSERT INTO temp.queue_rules VALUES (?, ?, ?)", rules)


class Grouping(NamedTuple):
    """How sums are grouped."""

    step: int
    """Seconds of one bucket; the bucket is (entry + shift) / step."""
    shift: int
    queue: int | None
    """The only queue; None for all."""
    apart: bool
    """Keeps the queues apart; else the queue is given as 0."""


def visit_sums(
    connection: Connection, site: int, start: int, end: int, how: Grouping, short: float
) -> list[tuple[int, ...]]:
    """Return (bucket, queue, *VISIT_SUMS) straight from visits, under the rules that were set."""
    group = "v.queue" if how.apart else "0"
    return connection.execute(
        f"""SELECT (v.entered + :shift) / :step AS bucket, {group} AS one, {VISIT_SUM_COLUMNS}
            FROM visits v CROSS JOIN temp.queue_rules q ON q.id = v.queue
            WHERE v.entered >= :start AND v.entered < :end AND +v.site = :site AND (:queue IS NULL OR +v.queue = :queue)
            GROUP BY bucket, one ORDER BY bucket, one""",  # noqa: S608
        {"start": start, "end": end, "site": site, "short": short, **how._asdict()},
    ).fetchall()


def slot_sums(connection: Connection, site: int, start: int, end: int, how: Grouping) -> list[tuple[int, ...]]:
    """Return (bucket, queue, *VISIT_SUMS) from the roll-up; start, end, step and shift are multiples of `SLOT`."""
    columns = ", ".join(SLOT_SUMS.values())
    group = "s.queue" if how.apart else "0"
    return connection.execute(
        f"""SELECT (s.slot * {SLOT} + :shift) / :step AS bucket, {group} AS one, {columns} FROM queue_slots s
            WHERE s.slot >= :first AND s.slot < :last AND (:queue IS NULL OR s.queue = :queue)
              AND s.queue IN (SELECT id FROM queues WHERE site = :site)
            GROUP BY bucket, one ORDER BY bucket, one""",  # noqa: S608
        {"first": start // SLOT, "last": end // SLOT, "site": site, **how._asdict()},
    ).fetchall()


def wait_counts(
    connection: Connection, site: int, start: int, end: int, *, queue: int | None
) -> list[tuple[int, int, int]]:
    """Return (queue, wait, how many) of answered and lost."""
    # Queue and wait in one number: sorting by one is half the work of sorting by two, and a month has 80,000 of them.
    return connection.execute(
        f"""SELECT both >> 32, (both & 4294967295) - 2147483648, visits FROM (
                SELECT (v.queue << 32) + coalesce(v.wait, 0) + 2147483648 AS both, count(*) AS visits FROM visits v
                WHERE v.entered >= :start AND v.entered < :end AND v.outcome NOT IN ({_NOT_OFFERED}) GROUP BY 1)
            WHERE (both >> 32) IN (SELECT id FROM queues WHERE site = :site)
              AND (:queue IS NULL OR (both >> 32) = :queue)""",  # noqa: S608
        {"start": start, "end": end, "site": site, "queue": queue},
    ).fetchall()


def refresh_slots(connection: Connection, site: int, start: int, end: int, short: float) -> None:
    """Make the roll-up of the slots that [start, end) touches anew."""
    first, last = start // SLOT, -(-end // SLOT)
    connection.execute(
        """DELETE FROM queue_slots WHERE slot >= ? AND slot < ?
           AND queue IN (SELECT id FROM queues WHERE site = ?)""",
        (first, last, site),
    )
    names = ", ".join(VISIT_SUMS)
    # The names and expressions are this module's own.
    connection.execute(
        f"""INSERT INTO queue_slots (slot, queue, {names})
            SELECT v.entered / {SLOT}, v.queue, {VISIT_SUM_COLUMNS}
            FROM visits v CROSS JOIN queues q ON q.id = v.queue
            WHERE v.entered >= :start AND v.entered < :end AND +v.site = :site GROUP BY 1, 2""",  # noqa: S608
        {"start": first * SLOT, "end": last * SLOT, "site": site, "short": short},
    )


def set_spans(connection: Connection, spans: Iterable[tuple[int, int]]) -> None:
    """Put the spans that the sums below are made over into a table of this connection's own."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS spans (start INTEGER PRIMARY KEY, end INTEGER)")
    connection.execute("DELETE FROM temp.spans")
    connection.executemany("INSERT INTO temp.spans VALUES (?, ?)", spans)


AGENT_SUMS = (
    "answered",
    "transfers",
    "talked",
    "talk_whole",
    "wrap_whole",
    "longest_talk",
    "talk",
    "wrap",
    "ring",
)
"""What `agent_sums` gives after start and agent, in the words of an `AgentTally`."""


def agent_sums(
    connection: Connection, site: int, agent: int | None = None, *, rules: str = STORED
) -> list[tuple[int, ...]]:
    """Return (start, agent, *AGENT_SUMS) over the visits that entered in each of the spans that were set.

    Times are whole, also where they reach out of the span: `reaching` finds those. A talk that lasts, or whose end was
    never written, has none.
    """
    return connection.execute(
        f"""SELECT s.start, v.agent, count(*), {_counted(f"v.ended_by IN ({_TRANSFERS})")}, count(v.talk),
                   coalesce(sum(v.talk), 0), {_summed("v.talk IS NOT NULL", _WRAP)}, max(v.talk),
                   sum(coalesce(v.talk, v.ended - v.connected, 0)),
                   {_summed("v.ended IS NOT NULL AND v.wrap IS NULL", "q.wrap_up")}, coalesce(sum(v.ring), 0)
            FROM temp.spans s CROSS JOIN visits v CROSS JOIN {rules} q ON q.id = v.queue
            WHERE v.entered >= s.start AND v.entered < s.end AND v.agent IS NOT NULL AND +v.site = :site
              AND (:agent IS NULL OR +v.agent = :agent)
            GROUP BY 1, 2""",  # noqa: S608
        {"site": site, "agent": agent},
    ).fetchall()


class Reaching(NamedTuple):
    """A visit whose talk or wrap-up goes over the end of a span."""

    id: int
    agent: int
    entered: int
    connected: int
    ring: int | None
    ended: int
    talk: int | None
    wrap: int
    """Configured wrap-up; 0 where a wrap-up pause takes its place."""


def reaching(connection: Connection, site: int, agent: int | None = None, *, rules: str = STORED) -> list[Reaching]:
    """Return the visits that entered before the start or the end of a span that was set and reach beyond it."""
    found: set[Reaching] = set()
    for reach, compare in ((LONG, "<="), (2 * DAY, ">")):
        rows = connection.execute(
            f"""SELECT v.id, v.agent, v.entered, v.connected, v.ring, v.ended, v.talk,
                       CASE WHEN v.wrap IS NULL THEN q.wrap_up ELSE 0 END
                FROM (SELECT start AS at FROM temp.spans UNION SELECT end FROM temp.spans) m
                CROSS JOIN visits v CROSS JOIN {rules} q ON q.id = v.queue
                WHERE v.entered < m.at AND v.entered >= m.at - {reach + _LONGEST_WRAP}
                  AND v.ended - v.entered {compare} {LONG}
                  AND max(v.ended + q.wrap_up, v.connected + coalesce(v.talk, 0)) > m.at
                  AND v.agent IS NOT NULL AND +v.site = :site AND (:agent IS NULL OR +v.agent = :agent)""",  # noqa: S608
            {"site": site, "agent": agent},
        )
        found.update(map(Reaching._make, rows))
    return sorted(found)


def ring_sums(connection: Connection, site: int, agent: int | None = None) -> list[tuple[int, ...]]:
    """Return (start, agent, missed, ms of ringing) of phones that rang in vain in each of the spans."""
    return connection.execute(
        """SELECT s.start, r.agent, count(CASE WHEN NOT r.canceled THEN 1 END), sum(r.ring)
           FROM temp.spans s CROSS JOIN rings r
           WHERE r.at >= s.start AND r.at < s.end AND +r.site = :site AND (:agent IS NULL OR +r.agent = :agent)
           GROUP BY 1, 2""",
        {"site": site, "agent": agent},
    ).fetchall()


def spans_between(
    connection: Connection, table: str, site: int, start: int, end: int
) -> list[tuple[int, str | int | None, int, int | None]]:
    """Return (agent, queue or reason, since, until) of the `sessions` or `pauses` that touch [start, end)."""
    what = {"sessions": "queue", "pauses": "reason"}[table]
    return connection.execute(
        f"""SELECT agent, {what}, since, until FROM {table} WHERE until > :start AND since < :end AND site = :site
            UNION ALL
            SELECT agent, {what}, since, until FROM {table} WHERE until IS NULL AND since < :end AND site = :site""",  # noqa: S608
        {"start": start, "end": end, "site": site},
    ).fetchall()


def agent_days(
    connection: Connection, site: int, start: int, end: int, agent: int | None = None
) -> list[tuple[Any, ...]]:
    """Return the roll-up of agents on the days that begin in [start, end), rows in the order of the table's columns."""
    return connection.execute(
        """SELECT * FROM agent_days WHERE day >= ? AND day < ? AND (? IS NULL OR agent = ?)
           AND agent IN (SELECT id FROM agents WHERE site = ?)""",
        (start, end, agent, agent, site),
    ).fetchall()


def put_agent_days(connection: Connection, site: int, days: Sequence[int], rows: Iterable[Sequence[object]]) -> None:
    """Replace the roll-up of some days; the rows are in the order of the table's columns."""
    connection.executemany(
        "DELETE FROM agent_days WHERE day = ? AND agent IN (SELECT id FROM agents WHERE site = ?)",
        [(day, site) for day in days],
    )
    connection.executemany("INSERT INTO agent_days VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
