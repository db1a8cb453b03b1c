"""Adherence and conformance of one person over some time (METRICS).

adherence = time in the scheduled state / scheduled time. The scheduled state is: on the phones; on a break (paused
for a reason that is no work, or logged off); in a planned activity (paused for productive work, or logged off).

conformance = worked / scheduled time. Worked is time on the phones and productive pauses, whenever it was, and breaks
up to what was scheduled: who takes the breaks as planned has worked the whole shift.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ccops.reports.spans import Span, clip, common, seconds
from ccops.wfm.adherence.actual import Done
from ccops.wfm.adherence.schedule import Asked, without


@dataclass(frozen=True, slots=True)
class Score:
    """Seconds."""

    scheduled: int = 0
    kept: int = 0
    """In the scheduled state."""
    worked: int = 0

    def plus(self, other: "Score") -> "Score":
        """Return both together."""
        return Score(self.scheduled + other.scheduled, self.kept + other.kept, self.worked + other.worked)

    @property
    def adherence(self) -> float | None:
        """Share of the scheduled time in the scheduled state."""
        return self.kept / self.scheduled if self.scheduled else None

    @property
    def conformance(self) -> float | None:
        """Worked against scheduled time."""
        return self.worked / self.scheduled if self.scheduled else None


def score(asked: Sequence[Asked], done: Done, window: Span) -> Score:
    """Return the score of what was asked within a window of time."""
    start, end = window
    shifts = clip((one.shift for one in asked), start, end)
    phones = clip((span for one in asked for span in one.phones), start, end)
    breaks = clip((span for one in asked for span in one.breaks), start, end)
    activities = clip((span for one in asked for _name, span in one.activities), start, end)
    absent = _absent(asked, done)
    # Nobody is on a break before they came or after they left.
    away = without(breaks, [*done.phones, *done.productive, *absent])
    busy = without(activities, [*done.phones, *done.paused, *absent])
    kept = seconds(common(phones, done.phones)) + seconds(away) + seconds(busy)
    worked = seconds(clip(done.phones, start, end)) + seconds(clip(done.productive, start, end))
    # A break that was taken as a pause or by logging off; longer ones than planned are no work.
    free = seconds(without(shifts, [*done.phones, *done.productive, *absent]))
    return Score(seconds(shifts), kept, worked + min(seconds(breaks), free))


def _absent(asked: Sequence[Asked], done: Done) -> list[Span]:
    """Return the parts of shifts before somebody came and after they left: no break is earned there."""
    there = sorted([*done.phones, *done.productive, *done.paused])
    found: list[Span] = []
    for one in asked:
        inside = clip(there, *one.shift)
        if not inside:
            found.append(one.shift)
            continue
        found += [(one.shift[0], inside[0][0]), (inside[-1][1], one.shift[1])]
    return [(start, end) for start, end in found if end > start]
