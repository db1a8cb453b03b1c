"""Corrects visits that were taken in before it was known what a supervisor had done to the call."""

from collections.abc import Iterable
from sqlite3 import Connection

from ccops.reports.deeds import ACTION_REACH, TAKEN_OUT, TAKEN_OVER
from ccops.reports.ingest.recorder import Recorder
from ccops.reports.visits import EXITS
from ccops.store.codes import END_CODES, OUTCOME_CODES


def correct(recorder: Recorder, actions: Iterable[tuple[str, float, str]]) -> None:
    """Make abandons that were pulls withdrawals, and completions that were take-overs take-overs."""
    with recorder.database.write() as connection:
        entered = [at for action in actions for at in _corrected(connection, recorder.site, *action)]
        if entered:
            recorder.roll_up(connection, min(entered), min(entered))


def _corrected(connection: Connection, site: int, callid: str, at: float, kind: str) -> list[int]:
    """Correct the visit that an action explains; return when it entered."""
    if kind in TAKEN_OVER:
        ends = [END_CODES["agent"], END_CODES["caller"]]
        return _set(connection, site, callid, at, "ended_by", ends, END_CODES["takeover"])
    outcomes = [OUTCOME_CODES[EXITS[event]] for event, kinds in TAKEN_OUT.items() if kind in kinds]
    return _set(connection, site, callid, at, "outcome", outcomes, OUTCOME_CODES["withdrawn"])


def _set(
    connection: Connection, site: int, callid: str, at: float, column: str, before: list[int], after: int
) -> list[int]:
    marks = ", ".join("?" * len(before))
    # The column's name is this module's own.
    found = connection.execute(
        f"""SELECT id, entered, {column} FROM visits WHERE callid = ? AND site = ? AND {column} IN ({marks}, ?)
            AND abs(ended - ?) <= ? ORDER BY abs(ended - ?) LIMIT 1""",  # noqa: S608
        (callid, site, *before, after, at, ACTION_REACH, at),
    ).fetchone()
    if found is None or found[2] == after:
        return []
    connection.execute(f"UPDATE visits SET {column} = ? WHERE id = ?", (after, found[0]))  # noqa: S608
    return [int(found[1])]
