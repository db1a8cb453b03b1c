"""The evaluator: from figures and a clock to what was raised, got worse or better, or is over. It is pure.

`advance` takes one rule, what is known of one thing, and its figure at a moment of the monotonic clock. A level is
reached once the figure has been beyond its threshold for `lasting` seconds without a break, and is left once it has
been inside the threshold by `hysteresis` for `calm` seconds without a break. A figure that is not known changes
nothing, and breaks both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ccops.alerts.figures import Reading
from ccops.alerts.rules import LEVELS, Rule, any_chosen, chosen
from ccops.board import AlertLevel

NONE: Final = -1
"""Index of no level."""
_JUST_AFTER: Final = 0.001
"""Seconds after a threshold is met at which it is passed."""

Subject = tuple[str, str, str]
"""Rule, kind and key of what it is about."""


@dataclass(slots=True, frozen=True)
class Track:
    """What is known of one thing under one rule."""

    level: int = NONE
    """Index into LEVELS of the level that holds."""
    over: tuple[float | None, float | None, float | None] = (None, None, None)
    """Since when the figure is beyond each threshold."""
    under: float | None = None
    """Since when it is inside the threshold of the level that holds."""


@dataclass(slots=True, frozen=True)
class Transition:
    """A level that was reached or left."""

    rule: Rule
    subject: Subject
    before: AlertLevel | None
    after: AlertLevel | None
    reading: Reading | None
    """None where what it was about is gone."""


def advance(rule: Rule, track: Track, value: float | None, at: float) -> Track:
    """Return what is known after a look at `at` (monotonic seconds)."""
    if value is None:
        return Track(track.level)
    over = [
        (since if since is not None else at) if rule.beyond(value, index) else None
        for index, since in enumerate(track.over)
    ]
    reached = max((i for i, since in enumerate(over) if since is not None and at - since >= rule.lasting), default=NONE)
    level, under = track.level, None
    if reached > level:
        level = reached
    else:
        kept = max((i for i in range(level + 1) if rule.beyond(value, i, rule.hysteresis)), default=NONE)
        if kept < level:
            under = at if track.under is None else track.under
            if at - under >= rule.calm:
                level, under = max(kept, reached), None
    return Track(level, (over[0], over[1], over[2]), under)


def next_look(rule: Rule, track: Track, value: float | None, growth: float, at: float) -> float | None:
    """Return when time alone may change the level; None where it cannot.

    `growth` is by how much the value grows each second while nothing happens.
    """
    if value is None:
        return None
    times = []
    for index in range(track.level + 1, len(LEVELS)):
        since, limit = track.over[index], rule.limits[index]
        if since is not None:
            times.append(since + rule.lasting)
        elif limit is not None and growth > 0 and rule.above and value <= limit:
            times.append(at + (limit - value) / growth + _JUST_AFTER)
    if track.under is not None:
        times.append(track.under + rule.calm)
    elif track.level != NONE and growth > 0 and not rule.above:
        limit = rule.limits[track.level]
        if limit is not None:  # it grows out of what is bad
            times.append(at + max(0.0, limit + rule.hysteresis - value) / growth + _JUST_AFTER)
    return min(times, default=None)


class Evaluator:
    """All rules over all things, look by look."""

    def __init__(self, rules: Sequence[Rule], tracks: Mapping[Subject, Track] | None = None) -> None:
        """`tracks` is what was known before, e.g. by the daemon before this one."""
        self.rules = tuple(rules)
        self.tracks: dict[Subject, Track] = dict(tracks or {})
        self._mildest = {rule.name: next((x for x in rule.limits if x is not None), None) for rule in self.rules}
        self.due: float | None = None
        """When, by the monotonic clock, to look again although nothing happened."""

    @property
    def figures(self) -> frozenset[str]:
        """The figures that the rules need."""
        return frozenset(rule.figure for rule in self.rules)

    def look(
        self, readings: Mapping[str, Iterable[Reading]], at: float, held: frozenset[str] = frozenset()
    ) -> list[Transition]:
        """Take in the figures of a moment (monotonic seconds); return what changed, by rule.

        `readings` are by figure; of the figures in `held` nothing is known now, and what was known of them stays.
        """
        found: list[Transition] = []
        tracks: dict[Subject, Track] = {}
        due: list[float] = []
        seen: set[Subject] = set()
        for rule in self.rules:
            if rule.figure in held:
                tracks |= {subject: Track(track.level) for subject, track in self._of(rule) if track.level != NONE}
                continue
            for reading in readings.get(rule.figure, ()):
                few = reading.offered is not None and reading.offered < rule.min_offered
                # Too few to say anything, or a new day: what was said of yesterday is over.
                if not few and is_meant(rule, reading):
                    seen.add(self._one(rule, reading, at, tracks, found, due))
            found += [_gone(rule, *item) for item in self._of(rule) if item[0] not in seen and item[1].level != NONE]
        self.tracks, self.due = tracks, min(due, default=None)
        return found

    def _of(self, rule: Rule) -> list[tuple[Subject, Track]]:
        return [item for item in self.tracks.items() if item[0][0] == rule.name]

    def _one(
        self,
        rule: Rule,
        reading: Reading,
        at: float,
        tracks: dict[Subject, Track],
        found: list[Transition],
        due: list[float],
    ) -> Subject:
        subject = (rule.name, reading.topic, reading.key)
        if subject not in self.tracks and self._is_fine(rule, reading, at, due):
            return subject
        before = self.tracks.get(subject) or _NOTHING
        track = advance(rule, before, reading.value, at)
        if track != _NOTHING:
            tracks[subject] = track
        if track.level != before.level:
            found.append(Transition(rule, subject, _named(before.level), _named(track.level), reading))
        when = next_look(rule, track, reading.value, reading.growth, at)
        if when is not None:
            due.append(when)
        return subject

    def _is_fine(self, rule: Rule, reading: Reading, at: float, due: list[float]) -> bool:
        """Tell at little cost that a figure of which nothing was known is inside every threshold, as most are."""
        limit, value = self._mildest[rule.name], reading.value
        if limit is None or value is None or (value > limit if rule.above else value < limit):
            return False
        if reading.growth > 0 and rule.above:
            due.append(at + (limit - value) / reading.growth + _JUST_AFTER)
        return True


_NOTHING: Final = Track()


def _named(level: int) -> AlertLevel | None:
    return None if level == NONE else LEVELS[level]


def _gone(rule: Rule, subject: Subject, track: Track) -> Transition:
    return Transition(rule, subject, _named(track.level), None, None)


def is_meant(rule: Rule, reading: Reading) -> bool:
    """Tell whether a rule is about this reading, by queue, agent, state and pause reason."""
    if rule.states and reading.state not in rule.states:
        return False
    if rule.reasons and not chosen(reading.reason, rule.reasons):
        return False
    if rule.queues and reading.queues and not any(chosen(queue, rule.queues) for queue in reading.queues):
        return False
    return not rule.agents or not reading.agents or any_chosen(reading.agents, rule.agents)


def restored(level: AlertLevel) -> Track:
    """Return the track of an alert that held when the last watch ended."""
    return replace(_NOTHING, level=LEVELS.index(level))
