"""Reads of who called when: the few columns of visits that repeats and call-backs are found by."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ccops.store.codes import OUTCOMES
from ccops.store.database import Database
from ccops.store.derived import names

TAIL = 7
"""Last characters of a number, separators left out, by which candidates are found."""
_SEPARATORS = " -/.()"


_BARE = "v.caller"
for _one in _SEPARATORS:
    _BARE = f"replace({_BARE}, '{_one}', '')"
_TAILS = "IN (SELECT tail FROM temp.tails)"
_MAY_BE = f"""CASE WHEN v.caller NOT GLOB '*[^0-9+]*' THEN substr(v.caller, -{TAIL}) {_TAILS}
                   ELSE v.caller GLOB '*[^-0-9+ /.()]*' OR substr({_BARE}, -{TAIL}) {_TAILS} END"""
"""Whether a number ends like one that is looked for; only uncommon ways of writing take long."""


class Contact(NamedTuple):
    """A visit, as far as its caller goes."""

    number: int
    callid: str
    queue: str
    entered: int
    caller: str
    agent: str
    outcome: str


def contacts(
    database: Database, site: int, start: int, end: int, callers: Iterable[str] | None = None
) -> Iterator[Contact]:
    """Yield the visits that entered in [start, end), in order of entry.

    With `callers`, all ways in which they may be written, only visits that may be theirs: those whose numbers end
    alike, and those whose numbers are written in an uncommon way.
    """
    queues, agents = ({number: name for name, number in known.items()} for known in names(database, site))
    tails = None if callers is None else {tail(caller) for caller in callers}
    for number, callid, queue, entered, caller, agent, outcome in _rows(database, site, start, end, tails):
        name = "" if agent is None else agents[agent]
        yield Contact(number, callid, queues[queue], entered, caller, name, OUTCOMES[outcome])


def tail(caller: str) -> str:
    """Return the end of a number without separators."""
    return caller.translate({ord(one): None for one in _SEPARATORS})[-TAIL:]


def _rows(database: Database, site: int, start: int, end: int, tails: set[str] | None) -> list[tuple[Any, ...]]:
    condition = ""
    if tails is not None:
        connection = database.connection
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS tails (tail TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.execute("DELETE FROM temp.tails")
        connection.executemany("INSERT INTO temp.tails VALUES (?)", [(one,) for one in sorted(tails)])
        condition = f"AND {_MAY_BE}"
    # Names of tables and separators are this module's own. Most of a store is read: an index would only be in the way.
    return database.rows(
        f"""SELECT v.id, v.callid, v.queue, v.entered, v.caller, v.agent, v.outcome FROM visits v
            WHERE v.entered >= ? AND v.entered < ? AND +v.site = ? {condition} ORDER BY v.entered, v.id""",  # noqa: S608
        (start, end, site),
    )
