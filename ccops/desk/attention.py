"""What needs a supervisor's attention now: the rules of the alerts, as ribbon, wall and cells show them.

There is one definition of every limit, the rules of `ccops.alerts`. Where a daemon keeps alerts on the board, those are
shown, with who has taken them; else the same rules are evaluated here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ccops.alerts.ages import Ages, PlainAges
from ccops.alerts.evaluate import Evaluator
from ccops.alerts.figures import Reading, Site, link_text, measure
from ccops.alerts.rules import BUILT_IN, LEVELS, Rule
from ccops.board import AgentState, AlertLevel, AlertRow, Board, Topic

Level = AlertLevel
_RANK: dict[Level, int] = {"critical": 0, "warning": 1, "info": 2}
_NEVER = float("inf")


def _built_in(name: str, level: Level = "warning") -> float:
    limit = next(rule for rule in BUILT_IN if rule.name == name).limit(level)
    return _NEVER if limit is None else limit


@dataclass(slots=True, frozen=True)
class Limits:
    """From when on a cell is marked; seconds, fractions of one, counts. They are those of the rules."""

    wait_factor: float = _built_in("wait", "critical")
    """A wait beyond the queue's threshold warns; beyond this many thresholds it is critical."""
    paused: float = _built_in("paused")
    ringing: float = _built_in("ringing")
    talking: float = _built_in("talking", "info")
    on_hold: float = _built_in("on_hold")
    wrap_up: float = _built_in("wrap_up")
    busy: float = _built_in("busy", "info")
    parked: float = _built_in("parked")
    service_level: float = _built_in("service_level")
    abandon_rate: float = _built_in("abandon_rate", "info")
    min_offered: int = 5
    """A service level of fewer visits says nothing."""
    clock_offset: float = _built_in("clock")
    rules: tuple[Rule, ...] = BUILT_IN
    """Where the limits come from."""

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "Limits":
        """Return the limits of these rules: of each the mildest, and none where the rule is switched off."""
        known = {rule.name: rule for rule in rules}
        found = {name: _mildest(known.get(rule)) for name, rule in _OF_RULE.items()}
        level, wait = known.get("service_level"), known.get("wait")
        found["service_level"] = _mildest(level) if level is not None else 0.0
        critical = None if wait is None else wait.limit("critical")
        found["wait_factor"] = _NEVER if critical is None else critical
        return cls(
            **found, rules=tuple(known.values()), min_offered=cls().min_offered if level is None else level.min_offered
        )

    def of_state(self, state: AgentState) -> float | None:
        """Return how long an agent may be in this state before it is unusual; None where time does not matter."""
        # The fields are named after the states that have a limit.
        limit: float | None = getattr(self, state.value, None)
        return None if limit == _NEVER else limit


_OF_RULE = {
    "paused": "paused",
    "ringing": "ringing",
    "talking": "talking",
    "on_hold": "on_hold",
    "wrap_up": "wrap_up",
    "busy": "busy",
    "parked": "parked",
    "abandon_rate": "abandon_rate",
    "clock_offset": "clock",
}
"""Limit → rule."""


def _mildest(rule: Rule | None) -> float:
    return _NEVER if rule is None else next((limit for limit in rule.limits if limit is not None), _NEVER)


@dataclass(slots=True, frozen=True)
class Notice:
    """One thing that needs attention."""

    level: Level
    kind: str
    """What is wrong, for scripts and filters: the rule's name."""
    topic: Topic
    key: str
    """The row that it is about."""
    text: str
    since: float | None = None
    """When it began, where its age matters; the reader adds the age."""
    alert_id: str = ""
    """The alert behind it, where a daemon keeps alerts."""
    taken_by: str = ""
    """Who has acknowledged it, or lets it rest for a while."""


def notices(board: Board, now: float, limits: Limits | None = None) -> list[Notice]:
    """Return what needs attention at `now` (epoch seconds), most pressing first, longest first within a level.

    Looks once, so a rule with `lasting` says nothing; `Attention` looks again and again.
    """
    return Attention((limits or Limits()).rules).notices(board, now)


class Attention:
    """Judges a board look by look, by rules, or shows the alerts that a daemon keeps on it."""

    def __init__(self, rules: Sequence[Rule] = BUILT_IN) -> None:
        """`rules` are those of the settings."""
        self._rules = {rule.name: rule for rule in rules}
        self._evaluator = Evaluator(rules)
        self.site = Site()
        """What is known of machine and plan besides the board; whoever looks there puts it here."""

    def notices(self, board: Board, now: float, ages: Ages | None = None, at: float | None = None) -> list[Notice]:
        """Return what needs attention at `now` (epoch seconds; `at` on the monotonic clock)."""
        if board.watched:
            found = [_of_alert(row) for row in board.alerts.values()]
        else:
            found = self._judged(board, ages or PlainAges(now), now if at is None else at)
        found += _connecting(board)
        hidden = {(notice.topic, notice.key) for notice in found if notice.kind == "nobody"}
        # That nobody is free says more than how long somebody waits for that.
        found = [notice for notice in found if notice.kind != "wait" or (notice.topic, notice.key) not in hidden]
        found.sort(key=lambda item: _order(item, now))
        return found

    def _judged(self, board: Board, ages: Ages, at: float) -> list[Notice]:
        readings = measure(board, self._evaluator.figures, ages, self.site)
        self._evaluator.look(readings, at)
        by_place = {(r.figure, r.topic, r.key): r for found in readings.values() for r in found}
        found = []
        for (name, topic, key), track in self._evaluator.tracks.items():
            reading = by_place.get((self._rules[name].figure, topic, key))  # type: ignore[arg-type]
            if track.level >= 0 and reading is not None:
                found.append(_of_reading(LEVELS[track.level], name, reading))
        return found


def _order(notice: Notice, now: float) -> tuple[bool, int, bool, float, str]:
    return bool(notice.taken_by), _RANK[notice.level], notice.kind != "link", notice.since or now, notice.text


def _topic(topic: str) -> Topic:
    """Return the topic that a reader can go to; what is of the machine itself is told with the link."""
    return topic if topic in ("queue", "agent", "parked") else "link"  # type: ignore[return-value]


def _of_reading(level: Level, name: str, reading: Reading) -> Notice:
    return Notice(level, name, _topic(reading.topic), reading.key, reading.text, reading.since)


def _of_alert(row: AlertRow) -> Notice:
    taken = row.acknowledged_by or row.snoozed_by
    since = (
        None if row.figure in ("service_level", "abandon_rate", "clock_offset", "disk_free", *_COUNTED) else row.since
    )
    return Notice(row.level, row.rule, _topic(row.topic), row.key, row.text, since, row.alert_id, taken)


_COUNTED = ("agents_short", "agents_short_soon", "volume_change")
"""Figures whose age says nothing."""


def _connecting(board: Board) -> list[Notice]:
    """The first connection is news, but no alarm; a daemon that is gone is one."""
    link = board.link
    if board.watched and link.state != "live" and not any(row.rule == "link" for row in board.alerts.values()):
        # The daemon itself is out of reach: nobody is there to keep an alert about it.
        since = link.since if link.heard_at is None else link.heard_at
        return [Notice("critical", "link", "link", link.site, link_text(board), since)]
    if link.heard_at is not None or link.state not in ("connecting", "syncing"):
        return []
    return [Notice("info", "link", "link", link.site, link_text(board), link.since)]
