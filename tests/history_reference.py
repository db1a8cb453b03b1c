"""The slow, obvious way from rows to figures, to hold the real one against: nothing incremental, nothing shared."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from ccops.pbx.queue_log import LogRow

EXITS = {
    "ABANDON": ("abandoned", 2),
    "EXITWITHTIMEOUT": ("timeout", 2),
    "EXITEMPTY": ("exit_empty", 2),
    "EXITWITHKEY": ("exit_key", 3),
    "WITHDRAW": ("withdrawn", 2),
}
ENDS = {
    "COMPLETEAGENT": ("agent", 1),
    "COMPLETECALLER": ("caller", 1),
    "BLINDTRANSFER": ("blind", 3),
    "ATTENDEDTRANSFER": ("attended", -2),
    "TRANSFER": ("transfer", 3),
}


def reference_visits(rows: Sequence[LogRow], actions: Iterable[tuple[str, float, str]] = ()) -> list[dict[str, Any]]:
    """For every entry look through all later rows for what became of it."""
    left = list(actions)
    return [_visit(rows, index, left) for index, row in enumerate(rows) if row.event == "ENTERQUEUE"]


def _visit(rows: Sequence[LogRow], index: int, actions: list[tuple[str, float, str]]) -> dict[str, Any]:
    entry = rows[index]
    visit: dict[str, Any] = {
        "callid": entry.callid,
        "queue": entry.queue,
        "entered": entry.at,
        "outcome": "waiting",
        "wait": None,
        "agent": "",
        "talk": None,
        "ended_by": "",
        "ended": None,
    }
    for row in rows[index + 1 :]:
        if row.event == "QUEUESTART":
            return _interrupted(visit, row)
        if (row.callid, row.queue) != (entry.callid, entry.queue):
            continue
        if row.event == "ENTERQUEUE":
            return {**visit, "ended_by": "unknown"}
        if row.event == "CONNECT":
            visit.update(outcome="answered", wait=int(row.params[0]), agent=row.agent)
        elif row.event in EXITS and visit["outcome"] == "waiting":
            return _left(visit, row, actions)
        elif row.event in ENDS and visit["outcome"] == "answered":
            return _hung_up(visit, row, actions)
    return visit


def _interrupted(visit: dict[str, Any], row: LogRow) -> dict[str, Any]:
    if visit["outcome"] == "answered":
        return {**visit, "ended": row.at, "ended_by": "interrupted"}
    return {**visit, "outcome": "interrupted", "ended": row.at, "wait": row.at - visit["entered"]}


def _left(visit: dict[str, Any], row: LogRow, actions: list[tuple[str, float, str]]) -> dict[str, Any]:
    outcome, place = EXITS[row.event]
    if row.event == "ABANDON" and _take(actions, row, {"pull", "move"}):
        outcome = "withdrawn"
    return {**visit, "outcome": outcome, "wait": int(row.params[place]), "ended": row.at}


def _hung_up(visit: dict[str, Any], row: LogRow, actions: list[tuple[str, float, str]]) -> dict[str, Any]:
    ended_by, place = ENDS[row.event]
    if row.event.startswith("COMPLETE") and _take(actions, row, {"takeover"}):
        ended_by = "takeover"
    return {**visit, "talk": int(row.params[place]), "ended_by": ended_by, "ended": row.at}


def _take(actions: list[tuple[str, float, str]], row: LogRow, kinds: set[str]) -> bool:
    fits = [one for one in actions if one[0] == row.callid and one[2] in kinds and abs(one[1] - row.at) <= 10]
    if not fits:
        return False
    actions.remove(min(fits, key=lambda one: abs(one[1] - row.at)))
    return True


def reference_figures(visits: list[dict[str, Any]], threshold: float, short: float, wrap_up: int) -> dict[str, Any]:
    """METRICS.md's table, word by word."""
    of = {name: [v for v in visits if v["outcome"] == name] for name in {v["outcome"] for v in visits} | OUTCOMES}
    answered, abandoned = of["answered"], of["abandoned"]
    lost = [v for name in ("abandoned", "timeout", "exit_empty", "exit_key") for v in of[name]]
    offered = len(answered) + len(lost)
    shorts = sum(v["wait"] < short for v in abandoned)
    within = sum(v["wait"] <= threshold for v in answered)
    abandoned_within = sum(v["wait"] <= threshold for v in abandoned)
    waits = sorted(v["wait"] for v in answered + lost)
    done = [v["talk"] + wrap_up for v in answered if v["talk"] is not None]
    return {
        "offered": offered,
        "answered": len(answered),
        "lost": len(lost),
        "short_abandoned": shorts,
        "abandon_rate": _share(len(abandoned) - shorts, offered - shorts),
        "asa": _share(sum(v["wait"] for v in answered), len(answered)),
        "abandon_wait": _share(sum(v["wait"] for v in abandoned), len(abandoned)),
        "longest_wait": waits[-1] if waits else None,
        "wait_p50": _percentile(waits, 50),
        "wait_p90": _percentile(waits, 90),
        "wait_p95": _percentile(waits, 95),
        "aht": _share(sum(done), len(done)),
        "talk": sum(v["talk"] or 0 for v in answered),
        "transfers": sum(v["ended_by"] in {"blind", "attended", "transfer"} for v in answered),
        "offered-less-short": _share(within, offered - shorts),
        "sl-offered": _share(within, offered),
        "sl-answered": _share(within, len(answered)),
        "sl2": _share(within + abandoned_within, len(answered) + len(abandoned)),
    }


OUTCOMES = {"answered", "abandoned", "timeout", "exit_empty", "exit_key", "withdrawn", "interrupted", "waiting"}


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _percentile(ordered: list[int], percent: int) -> int | None:
    if not ordered:
        return None
    return next(value for place, value in enumerate(ordered, 1) if place * 100 >= percent * len(ordered))


def reference_seconds(spans: Iterable[tuple[int, int | None]], start: int, end: int) -> set[int]:
    """Every second of a period that lies in any of the spans, one by one."""
    found: set[int] = set()
    for since, until in spans:
        found.update(range(max(since, start), min(end if until is None else until, end)))
    return found


def reference_agent(rows: Sequence[LogRow], agent: str, start: int, end: int) -> dict[str, Any]:
    """Look at every second of the period: was the agent in a queue, was the agent paused, and for what."""
    mine = [row for row in rows if row.agent == agent and row.event in AGENT_EVENTS]
    marks = sorted({start, end, *(row.at for row in mine if start < row.at < end)})
    paused: dict[str, int] = {}
    logged_in, ever = 0, False
    for since, until in pairwise(marks):
        queues, reason = _state(mine[: bisect_left([row.at for row in mine], since + 1)])
        ever = ever or bool(queues)
        if queues:
            logged_in += until - since
        if reason is not None:
            paused[reason] = paused.get(reason, 0) + until - since
    return {"logged_in": logged_in if ever else None, "paused": paused}


AGENT_EVENTS = {"ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL"}


def _state(rows: Sequence[LogRow]) -> tuple[set[str], str | None]:
    queues: set[str] = set()
    paused: set[str] = set()
    reason: str | None = None
    logs_in = False
    for row in rows:
        if row.event == "ADDMEMBER":
            queues.add(row.queue)
            logs_in = True
        elif row.event == "REMOVEMEMBER":
            was_in = row.queue in queues
            queues.discard(row.queue)
            paused.discard(row.queue)
            if was_in and not queues:
                paused.clear()
        elif row.event in {"PAUSE", "PAUSEALL"} and (queues or not logs_in):
            paused.add("" if row.event == "PAUSEALL" else row.queue)
            reason = "|".join(row.params)
        elif row.event == "UNPAUSE":
            paused.discard(row.queue)
        elif row.event == "UNPAUSEALL":
            paused.clear()
        if not paused - {""} and row.event in {"UNPAUSE", "REMOVEMEMBER"}:
            paused.clear()
    return queues, reason if paused else None
