"""What happened lately: changes of the board, link notices and actions with their outcome, as records to read."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ccops.board import (
    TABLES,
    AgentRow,
    AlertRow,
    Board,
    CallRow,
    Change,
    LinkRow,
    ParkedRow,
    Row,
    SupervisionRow,
    Topic,
)
from ccops.i18n import _
from ccops.tui.cells import duration, person
from ccops.tui.words import call_outcome, state_word

Kind = Literal["agent", "call", "parked", "supervision", "link", "alert", "action", "console"]
KEPT = 2000
_KINDS: dict[Topic, Kind] = {
    "agent": "agent",
    "call": "call",
    "ended": "call",
    "parked": "parked",
    "supervision": "supervision",
    "link": "link",
    "alert": "alert",
}


@dataclass(slots=True, frozen=True)
class Record:
    """One thing that happened."""

    number: int
    at: float
    kind: Kind
    tone: str
    subject: str
    text: str
    queue: str = ""
    topic: Topic | None = None
    key: str = ""
    """The row that it is about, where there is one to look at."""


_Said = tuple[str, str, str, str]
"""Tone, subject, text, queue."""


class Journal:
    """Turns changes into records; keeps the newest."""

    def __init__(self, kept: int = KEPT) -> None:
        """`kept` bounds the memory: older records are forgotten."""
        self.records: deque[Record] = deque(maxlen=kept)
        self.last = 0
        """Number of the newest record: tells a reader whether there is news."""
        self._before: dict[tuple[str, str], Row] = {}

    def prime(self, board: Board) -> None:
        """Take the board as it stands without reporting it as news."""
        self._before = {("link", ""): board.link}
        for topic in ("agent", "call", "parked", "supervision", "alert"):
            table: dict[str, Row] = getattr(board, TABLES[topic])
            self._before |= {(topic, key): row for key, row in table.items()}

    def absorb(self, changes: Iterable[Change], *, news: bool) -> None:
        """Take changes in; `news` is False while a snapshot is being read, which is no event of the centre.

        Changes that come together with a link that turns live are such a snapshot too: a daemon sends its whole board
        at once, on which the link may have been live for hours.
        """
        changes = list(changes)
        news = news and not any(self._turns_live(change) for change in changes)
        for change in changes:
            if change.topic == "queue":
                continue
            place = (change.topic, "" if change.topic == "link" else change.key)
            before = self._before.pop(place, None)
            if change.row is not None and change.topic != "ended":
                self._before[place] = change.row
            if news or change.topic == "link":
                for tone, subject, text, queue in _told(change, before):
                    self._add(change, tone, subject, text, queue)

    def _turns_live(self, change: Change) -> bool:
        before = self._before.get(("link", ""))
        was_live = isinstance(before, LinkRow) and before.state == "live"
        return isinstance(change.row, LinkRow) and change.row.state == "live" and not was_live

    def note(
        self,
        kind: Kind,
        tone: str,
        subject: str,
        text: str,
        *,
        at: float,
        queue: str = "",
        topic: Topic | None = None,
        key: str = "",
    ) -> Record:
        """Add one record; `topic` and `key` say which row it is about."""
        self.last += 1
        record = Record(self.last, at, kind, tone, subject, text, queue, topic, key)
        self.records.append(record)
        return record

    def _add(self, change: Change, tone: str, subject: str, text: str, queue: str) -> None:
        kind: Kind = _KINDS[change.topic]
        topic: Topic | None = change.topic if change.topic != "link" else None
        self.note(kind, tone, subject, text, at=change.at, queue=queue, topic=topic, key=change.key)

    def about(self, topic: Topic, key: str) -> list[Record]:
        """Return the records about one row, newest first."""
        return [record for record in reversed(self.records) if record.key == key and record.topic == topic]


def _told(change: Change, before: Row | None) -> Iterator[_Said]:
    row = change.row
    if change.topic == "agent":
        yield from _agent(before, row)
    elif change.topic == "call":
        yield from _call(before, row)
    elif change.topic == "ended" and isinstance(row, CallRow):
        yield from _ended(row)
    elif change.topic == "supervision":
        yield from _supervision(before, row)
    elif change.topic == "parked":
        yield from _parked(before, row)
    elif change.topic == "alert":
        yield from _alert(before, row)
    elif isinstance(row, LinkRow):
        yield from _link(before, row)


def _alert(before: Row | None, row: Row | None) -> Iterator[_Said]:
    if isinstance(before, AlertRow) and row is None:
        yield "ok", before.name, _("over: {text}").format(text=before.text), ""
    if not isinstance(row, AlertRow):
        return
    was = before if isinstance(before, AlertRow) else None
    if was is None or was.level != row.level:
        yield {"critical": "crit", "warning": "warn", "info": "muted"}[row.level], row.name, row.text, ""
    elif row.acknowledged_by and row.acknowledged_by != was.acknowledged_by:
        yield "muted", row.name, _("taken by {who}: {text}").format(who=row.acknowledged_by, text=row.text), ""


def _agent(before: Row | None, row: Row | None) -> Iterator[_Said]:
    if isinstance(before, AgentRow) and row is None:
        yield "muted", before.agent, _("logged out"), ""
    if not isinstance(row, AgentRow):
        return
    if not isinstance(before, AgentRow):
        yield "muted", row.agent, _("logged in"), ", ".join(row.queues)
        return
    if gone := set(before.queues) - set(row.queues):
        yield "muted", row.agent, _("left {queues}").format(queues=", ".join(sorted(gone))), ""
    if new := set(row.queues) - set(before.queues):
        yield "muted", row.agent, _("joined {queues}").format(queues=", ".join(sorted(new))), ""
    if (row.state, row.pause_reason) != (before.state, before.pause_reason):
        yield row.state.value, row.agent, _state_text(before, row), row.queue or ""


def _state_text(before: AgentRow, row: AgentRow) -> str:
    text = state_word(row.state)
    if row.pause_reason and row.state.value == "paused":
        text += f" ({row.pause_reason})"
    elif row.state.value in ("talking", "ringing", "on_hold") and (row.caller_number or row.caller_name):
        text += f" · {person(row.caller_number, row.caller_name)}"
    if before.state_since is not None and row.state_since is not None and row.state != before.state:
        spent = duration(row.state_since - before.state_since)
        told = _("was {state} for {time} or longer") if before.since_before else _("was {state} for {time}")
        text += " · " + told.format(state=state_word(before.state), time=spent)
    return text


def _call(before: Row | None, row: Row | None) -> Iterator[_Said]:
    if not isinstance(row, CallRow):
        return
    subject, queue = person(row.caller_number, row.caller_name), row.queue or ""
    if not isinstance(before, CallRow):
        yield "waiting", subject, _("called") if row.queue is None else _("entered {queue}").format(queue=queue), queue
        return
    if row.queue != before.queue and row.queue and row.state != "talking":
        text = _("moved to {queue}") if before.queue else _("entered {queue}")
        yield "waiting", subject, text.format(queue=queue), queue
    if row.state != before.state and row.state == "talking" and row.agent:
        yield "talking", subject, _answer(row), queue
    if row.held != before.held:
        yield "on_hold", subject, _("put on hold") if row.held else _("taken off hold"), queue


def _answer(row: CallRow) -> str:
    if row.answered_at is None or row.queue is None:
        return _("answered by {agent}").format(agent=row.agent)
    wait = duration(row.answered_at - row.entered_at)
    return _("answered by {agent} after {wait}").format(agent=row.agent, wait=wait)


def _ended(row: CallRow) -> Iterator[_Said]:
    lost = row.outcome in ("abandoned", "timeout", "exit_empty", "exit_key")
    yield "warn" if lost else "muted", person(row.caller_number, row.caller_name), call_outcome(row), row.queue or ""


def _supervision(before: Row | None, row: Row | None) -> Iterator[_Said]:
    if isinstance(row, SupervisionRow):
        if isinstance(before, SupervisionRow) and (before.mode, before.state) == (row.mode, row.state):
            return
        text = _("{mode} on {agent}: {state}").format(mode=row.mode, agent=row.agent or "?", state=row.state)
        yield "info", row.owner or row.phone, text, ""
    elif isinstance(before, SupervisionRow):
        text = _("{mode} on {agent} ended").format(mode=before.mode, agent=before.agent or "?")
        yield "info", before.owner or before.phone, text, ""


def _parked(before: Row | None, row: Row | None) -> Iterator[_Said]:
    if isinstance(row, ParkedRow) and before is None:
        text = _("parked on {space}").format(space=row.space)
        yield "parked", person(row.caller_number, row.caller_name), text, ""
    elif isinstance(before, ParkedRow) and row is None:
        yield "muted", person(before.caller_number, before.caller_name), _("no longer parked"), ""


def _link(before: Row | None, row: LinkRow) -> Iterator[_Said]:
    old = before if isinstance(before, LinkRow) else None
    if old is None or old.state != row.state:
        tone = "ok" if row.state == "live" else "muted" if row.state in ("connecting", "syncing") else "crit"
        text = _("link {state}").format(state=row.state) + (f": {row.detail}" if row.detail else "")
        yield tone, row.host, text, ""
    if old is not None and row.restarts > old.restarts:
        yield "warn", row.host, _("the PBX was restarted"), ""
    if old is not None and row.drift_repaired > old.drift_repaired:
        count = row.drift_repaired - old.drift_repaired
        yield "warn", row.host, _("{count} rows had drifted from the PBX and were repaired").format(count=count), ""
