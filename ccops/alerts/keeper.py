"""Keeps the alerts that hold: who has taken them, who is told when, what the board shows and the store remembers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from json import dumps
from typing import TYPE_CHECKING, Protocol

from ccops.alerts.book import Book, Note
from ccops.alerts.channels import Channel
from ccops.alerts.episode import Episode
from ccops.alerts.evaluate import Subject, Transition
from ccops.alerts.figures import Reading
from ccops.alerts.message import Body, Message
from ccops.alerts.outbox import Outbox
from ccops.alerts.rules import LEVELS, chosen
from ccops.board import AlertLevel, AlertRow
from ccops.errors import NotFound
from ccops.i18n import _
from ccops.store.alerts import DeliveryRecord, EventRecord, put_alert, put_delivery, put_event

if TYPE_CHECKING:
    from ccops.settings.alerting import AlertTarget

LONGEST_SNOOZE = 7 * 86_400.0
"""Seconds: what may rest for longer is better changed in the rules."""


class Sees(Protocol):
    """Tells whether a role sees an alert."""

    def __call__(self, role: str, row: AlertRow) -> bool:
        """Return whether it does."""
        ...


@dataclass(slots=True)
class World:
    """What the keeper works with."""

    site: str
    book: Book
    outbox: Outbox
    channels: Mapping[str, Sequence[Channel]]
    """Ways by target."""
    targets: "Mapping[str, AlertTarget]"
    rests: Callable[[AlertLevel], bool]
    """Tells whether quiet hours hold back what is not more pressing than this."""
    show: Callable[[str, AlertRow | None], None]
    """Puts an alert on the board, or takes it off."""
    sees: Sees
    wall: Callable[[], float]
    steady: Callable[[], float]


@dataclass(slots=True)
class Keeper:
    """The alerts of one site."""

    world: World
    episodes: dict[Subject, Episode] = field(default_factory=dict)
    last: int = 0
    """Number of the newest alert."""

    # --- from before ---

    def revive(self, episode: Episode) -> None:
        """Take in an alert that the watch before this one left behind."""
        now, at = self.world.wall(), self.world.steady()
        if episode.snoozed_until is not None:
            episode.wakes = at + max(0.0, min(episode.snoozed_until - now, LONGEST_SNOOZE))
        if not episode.targets and not episode.taken:
            episode.tells = at + max(0.0, episode.rule.tell_after - max(0.0, now - episode.raised_at))
        else:
            self._set_escalation(episode)
        self.episodes[episode.subject] = episode
        self.world.show(str(episode.id), episode.row())

    # --- what the evaluator says ---

    def take(self, transitions: Iterable[Transition]) -> None:
        """Take in what changed."""
        for change in transitions:
            episode = self.episodes.get(change.subject)
            if episode is None:
                if change.after is not None and change.reading is not None:
                    self._raise(change, change.reading)
            elif change.after is None:
                self._clear(episode, change.reading)
            else:
                self._move(episode, change)

    def refresh(self, readings: Mapping[str, Iterable[Reading]]) -> None:
        """Let the words on the board follow the figures; the store keeps those of the beginning."""
        figures = {episode.rule.figure for episode in self.episodes.values()}
        by_figure: dict[tuple[str, str, str], Reading] = {
            (figure, reading.topic, reading.key): reading for figure in figures for reading in readings.get(figure, ())
        }
        for episode in self.episodes.values():
            reading = by_figure.get((episode.rule.figure, episode.topic, episode.key))
            if reading is None or reading.value is None or reading.text == episode.text:
                continue
            episode.text = reading.text
            self.world.show(str(episode.id), episode.row())

    def _raise(self, change: Transition, reading: Reading) -> None:
        now = self.world.wall()
        assert change.after is not None  # noqa: S101 (looked at by `take`)
        self.last += 1
        episode = Episode(
            self.last, change.rule, reading.topic, reading.key, reading.name, reading.text, change.after, change.after,
            reading.value, now if reading.since is None else min(reading.since, now), now, said=reading.text,
        )  # fmt: skip
        self.episodes[change.subject] = episode
        if episode.rule.tell_after > 0:
            episode.tells = self.world.steady() + episode.rule.tell_after
            self._happened(episode, "raised")
        else:
            self._happened(episode, "raised", tell=episode.rule.targets)
            self._set_escalation(episode)

    def _tell(self, episode: Episode) -> None:
        """Tell of what has lasted long enough."""
        episode.tells = None
        self._happened(episode, "told", tell=episode.rule.targets)
        self._set_escalation(episode)

    def _move(self, episode: Episode, change: Transition) -> None:
        assert change.after is not None  # noqa: S101 (looked at by `take`)
        worse = LEVELS.index(change.after) > LEVELS.index(episode.level)
        episode.level = change.after
        if change.reading is not None:
            episode.value, episode.text = change.reading.value, change.reading.text or episode.text
        if not worse:
            self._happened(episode, "better")
            return
        episode.said = episode.text
        episode.highest = max(episode.highest, episode.level, key=LEVELS.index)
        # Who took it did so when it was less pressing.
        episode.acknowledged_by, episode.acknowledged_at = "", None
        episode.snoozed_by, episode.snoozed_until, episode.wakes = "", None, None
        if episode.tells is not None:  # it has not lasted long enough for anybody to be told
            self._happened(episode, "worse")
            return
        self._happened(episode, "worse", tell=dict.fromkeys((*episode.rule.targets, *episode.targets)))
        self._set_escalation(episode)

    def _clear(self, episode: Episode, reading: Reading | None) -> None:
        del self.episodes[episode.subject]
        episode.cleared_at, episode.text = self.world.wall(), episode.said
        if reading is not None:
            episode.value = reading.value
        note = "" if reading is not None else _("what it was about is gone")
        told = [name for name in episode.targets if self._wants_end(name)]
        self._happened(episode, "cleared", note=note, tell=told, whatever_level=True)

    def _wants_end(self, name: str) -> bool:
        target = self.world.targets.get(name)
        return target is not None and target.cleared

    # --- what time does ---

    @property
    def due(self) -> float | None:
        """When, on the monotonic clock, a snooze ends or the next target is told."""
        times = [time for e in self.episodes.values() for time in (e.tells, e.wakes, e.escalates) if time is not None]
        return min(times, default=None)

    def tick(self) -> None:
        """Wake what rested and tell the next where nobody has taken it."""
        at = self.world.steady()
        for episode in list(self.episodes.values()):
            if episode.wakes is not None and episode.wakes <= at:
                episode.snoozed_by, episode.snoozed_until, episode.wakes = "", None, None
                self._happened(episode, "woken", tell=episode.targets or episode.rule.targets)
                self._set_escalation(episode)
            elif episode.tells is not None and episode.tells <= at:
                self._tell(episode)
            elif episode.escalates is not None and episode.escalates <= at:
                self._escalate(episode)

    def _escalate(self, episode: Episode) -> None:
        target = episode.rule.escalate[episode.told]
        episode.told += 1
        self._happened(episode, "escalated", note=target, tell=(target,))
        self._set_escalation(episode)

    def _set_escalation(self, episode: Episode) -> None:
        more = episode.told < len(episode.rule.escalate) and not episode.taken
        episode.escalates = self.world.steady() + episode.rule.escalate_after if more else None

    # --- what people do ---

    def acknowledge(self, alert_id: str, who: str, note: str = "") -> AlertRow:
        """Let somebody take an alert: nobody else is told of it. Raises NotFound."""
        episode = self.find(alert_id)
        episode.acknowledged_by, episode.acknowledged_at = who, self.world.wall()
        episode.escalates = episode.tells = None
        episode.snoozed_by, episode.snoozed_until, episode.wakes = "", None, None
        self._happened(episode, "acknowledged", who=who, note=note)
        return episode.row()

    def snooze(self, alert_id: str, who: str, seconds: float, note: str = "") -> AlertRow:
        """Let an alert rest for a while; then those who were told are told again. Raises NotFound."""
        episode = self.find(alert_id)
        lasts = min(seconds, LONGEST_SNOOZE)
        episode.snoozed_by, episode.snoozed_until = who, self.world.wall() + lasts
        episode.wakes, episode.escalates, episode.tells = self.world.steady() + lasts, None, None
        episode.acknowledged_by, episode.acknowledged_at = "", None
        self._happened(episode, "snoozed", who=who, note=note)
        return episode.row()

    def find(self, alert_id: str) -> Episode:
        """Return the alert of this number; raises NotFound."""
        for episode in self.episodes.values():
            if str(episode.id) == alert_id:
                return episode
        raise NotFound(_("alert that holds"), alert_id, [str(episode.id) for episode in self.episodes.values()])

    def holds(self, number: int) -> bool:
        """Tell whether the alert of this number still holds."""
        return any(episode.id == number for episode in self.episodes.values())

    # --- telling ---

    def _happened(
        self,
        episode: Episode,
        kind: str,
        *,
        who: str = "",
        note: str = "",
        tell: Iterable[str] = (),
        whatever_level: bool = False,
    ) -> None:
        """Note an event, tell the targets that want it, and show the alert as it is now: all in one transaction."""
        event = episode.event(kind, self.world.wall(), who, note)
        row = episode.row()
        wanted = [name for name in tell if whatever_level or self._wants(name, row)]
        if kind != "cleared":
            episode.targets = tuple(dict.fromkeys((*episode.targets, *wanted)))
        made = [item for name in dict.fromkeys(wanted) for item in self._messages(name, episode, event)]
        notes: list[Note] = [partial(put_alert, record=episode.record()), partial(put_event, record=event)]
        notes += [partial(put_delivery, record=record) for record, _message, _channel in made]
        noted = self.world.book.write(*notes)
        for record, message, channel in made:
            self.world.outbox.put(record, message, channel, noted)
        self.world.show(str(episode.id), None if episode.cleared_at is not None else row)

    def _wants(self, name: str, row: AlertRow) -> bool:
        """Tell whether a target is to be told of such an alert: its level, its queues, what its role sees."""
        target = self.world.targets.get(name)
        if target is None or LEVELS.index(row.level) < LEVELS.index(target.level):
            return False
        if target.queues and row.topic == "queue" and not chosen(row.key, target.queues):
            return False
        return not target.role or self.world.sees(target.role, row)

    def _messages(
        self, name: str, episode: Episode, event: EventRecord
    ) -> list[tuple[DeliveryRecord, Message, Channel]]:
        body = self._body(episode, event)
        urgent = not self.world.rests(episode.highest)
        found = []
        for channel in self.world.channels.get(name, ()):
            place = (self.world.site, episode.id, episode.raised_at, event.number, channel.recipient)
            number = sha256(dumps(place).encode()).hexdigest()[:32]
            record = DeliveryRecord(
                number, episode.id, event.number, name, channel.recipient, dumps(body), int(urgent), event.at
            )
            found.append((record, Message(number, body), channel))
        return found

    def _body(self, episode: Episode, event: EventRecord) -> Body:
        return {
            # For who is told it begins now.
            "event": "raised" if event.kind == "told" else event.kind,
            "alert": str(episode.id),
            "site": self.world.site,
            "at": event.at,
            "rule": episode.rule.name,
            "figure": episode.rule.figure,
            "level": episode.level,
            "highest": episode.highest,
            "topic": episode.topic,
            "key": episode.key,
            "name": episode.name,
            "text": episode.text,
            "value": episode.value,
            "threshold": episode.threshold,
            "since": episode.since,
            "raised_at": episode.raised_at,
            "step": episode.told,
        }
