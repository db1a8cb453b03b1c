"""What our own supervisors did to calls, by which the log's words for it are understood."""

from collections.abc import Iterable

ACTION_REACH = 10
"""Seconds between an action in our own log and the row by which the PBX tells its effect."""


class ActionLog:
    """What our own supervisors did to calls: (callid, epoch seconds, kind)."""

    def __init__(self, rows: Iterable[tuple[str, float, str]] = ()) -> None:
        """`kind` is the action's name: pull, move, withdraw, takeover …"""
        self.by_call: dict[str, list[tuple[float, str]]] = {}
        """(epoch seconds, kind) of what was done to each call; only to be read."""
        for callid, at, kind in rows:
            self.add(callid, at, kind)

    def add(self, callid: str, at: float, kind: str) -> None:
        """Remember one action that succeeded; the same told twice is one."""
        done = self.by_call.setdefault(callid, [])
        if (at, kind) not in done:
            done.append((at, kind))

    def forget(self, callid: str, kind: str) -> None:
        """Take back the newest action of a kind: it was tried and failed."""
        done = self.by_call.get(callid, [])
        for index in range(len(done) - 1, -1, -1):
            if done[index][1] == kind:
                del done[index]
                return

    def near(self, callid: str, at: float, kinds: frozenset[str]) -> list[tuple[float, str]]:
        """Return what of `kinds` was done to the call within `ACTION_REACH` of an instant, nearest first."""
        done = self.by_call.get(callid)
        if done is None:
            return []
        found = [(when, kind) for when, kind in done if kind in kinds and abs(when - at) <= ACTION_REACH]
        return sorted(found, key=lambda item: abs(item[0] - at))


TAKEN_OUT = {
    "ABANDON": frozenset({"pull", "move", "transfer", "park", "withdraw"}),
    # The port of the manager shows a withdrawal as it shows a time-out (`ccops.pbx.seen`).
    "EXITWITHTIMEOUT": frozenset({"withdraw"}),
}
"""Events that are our own doing where one of these actions was done to the call."""
TAKEN_OVER = frozenset({"takeover"})
"""Actions that the log shows as the end of a talk."""
