"""One alert from its beginning to its end, as the keeper holds it."""

from dataclasses import dataclass

from ccops.alerts.evaluate import Subject
from ccops.alerts.rules import LEVELS, Rule
from ccops.board import AlertLevel, AlertRow
from ccops.store.alerts import AlertRecord, EventRecord


@dataclass(slots=True)
class Episode:
    """An alert; instants are epoch seconds, times to come are on the monotonic clock."""

    id: int
    rule: Rule
    topic: str
    key: str
    name: str
    text: str
    level: AlertLevel
    highest: AlertLevel
    value: float | None
    since: float
    raised_at: float
    acknowledged_at: float | None = None
    acknowledged_by: str = ""
    snoozed_until: float | None = None
    snoozed_by: str = ""
    wakes: float | None = None
    """When the snooze ends."""
    tells: float | None = None
    """When targets are told for the first time."""
    escalates: float | None = None
    """When the next target is told."""
    told: int = 0
    targets: tuple[str, ...] = ()
    cleared_at: float | None = None
    events: int = 0
    """Events so far."""
    said: str = ""
    """Its words when it reached this level: what is over is that, and not how it stands now."""

    @property
    def subject(self) -> Subject:
        """What the evaluator knows it by."""
        return self.rule.name, self.topic, self.key

    @property
    def taken(self) -> bool:
        """True while somebody has acknowledged it or lets it rest."""
        return bool(self.acknowledged_by or self.wakes is not None)

    @property
    def threshold(self) -> float | None:
        """The threshold of the present level."""
        return self.rule.limits[LEVELS.index(self.level)]

    def row(self) -> AlertRow:
        """Return it as the board shows it."""
        return AlertRow(
            str(self.id), self.rule.name, self.rule.figure, self.level, self.topic, self.key, self.name, self.text,
            self.since, self.raised_at, self.value, self.threshold, self.acknowledged_by, self.acknowledged_at,
            self.snoozed_by, self.snoozed_until, self.told, self.rule.roles,
        )  # fmt: skip

    def record(self) -> AlertRecord:
        """Return it as the store keeps it."""
        return AlertRecord(
            self.id, self.rule.name, self.rule.figure, self.level, self.highest, self.topic, self.key, self.name,
            self.text, self.value, self.threshold, self.since, self.raised_at, self.acknowledged_at,
            self.acknowledged_by, self.snoozed_until, self.snoozed_by, self.told, self.targets, self.cleared_at,
        )  # fmt: skip

    def event(self, kind: str, at: float, who: str = "", note: str = "") -> EventRecord:
        """Return the record of what happens to it now."""
        self.events += 1
        return EventRecord(self.id, self.events, at, kind, self.level, self.value, who, note)


def revived(record: AlertRecord, rule: Rule, events: int) -> Episode:
    """Return the alert that another watch left behind."""
    level, highest = _level(record.level), _level(record.highest)
    return Episode(
        record.id, rule, record.topic, record.key, record.name, record.text, level, highest, record.value,
        record.since, record.raised_at, record.acknowledged_at, record.acknowledged_by, record.snoozed_until,
        record.snoozed_by, told=record.told, targets=record.targets, events=events,
        said=record.text,
    )  # fmt: skip


def _level(text: str) -> AlertLevel:
    return next((level for level in LEVELS if level == text), "warning")
