"""Requirement: from the forecast of each queue to the agents and positions that its intervals need.

Days and intervals are those of the site's clock: in the hour that a clock change repeats, both halves need the same.
Shrinkage here is what neither planned breaks nor leave cover: the roster places those itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.erlang import Traffic
from ccops.wfm.forecast import Model, fit
from ccops.wfm.history import Array, History, moments
from ccops.wfm.profile import Mask
from ccops.wfm.staffing import Index, agents_needed, positions, staff
from ccops.wfm.targets import ServiceRule, Target
from ccops.wfm.team.model import QueuePlan, Team

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is tried instead of what forecast and team say; None changes nothing."""

    calls: float = 1.0
    """Factor."""
    aht: float = 1.0
    """Factor."""
    target: tuple[float, float] | None = None
    max_occupancy: float | None = None
    shrinkage: float | None = None
    patience: float | None = None


@dataclass(frozen=True, eq=False)
class QueueRequirement:
    """What one queue needs: arrays of days × intervals of a day."""

    queue: str
    calls: Array
    aht: Array
    """Seconds; NaN where closed."""
    agents: Whole
    positions: Whole
    rule: ServiceRule
    target: Target
    patience: float | None
    open: Mask

    def records(self, interval: int) -> Mapping[tuple[int, int], dict[str, object]]:
        """Return (day, place) → figures that its agents achieve, of every open interval; minutes."""
        places = [(int(day), int(place)) for day, place in np.argwhere(self.open)]
        calls, aht = self.calls[self.open], self.aht[self.open]
        known = np.where(aht > 0, aht, 1.0)
        found = staff(Traffic(calls, interval * 60, known, self.patience), self.rule, self.agents[self.open])
        return {
            place: {
                "queue": self.queue,
                "calls": round(float(calls[number]), 3),
                "aht": round(float(aht[number]), 1) if aht[number] > 0 else None,
                "agents": int(self.agents[place]),
                "positions": int(self.positions[place]),
                "service_level": found[number].service_level,
                "asa": found[number].asa,
                "occupancy": found[number].occupancy,
            }
            for number, place in enumerate(places)
        }


@dataclass(frozen=True)
class Requirement:
    """What all queues need over some days."""

    first: date
    days: int
    interval: int
    """Minutes."""
    zone: ZoneInfo
    queues: tuple[QueueRequirement, ...]
    notes: tuple[str, ...] = ()

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield every open interval of every queue in order of time; `start` is aware."""
        queues = [queue.records(self.interval) for queue in self.queues]
        for offset in range(self.days):
            day = self.first + timedelta(days=offset)
            for place, start in moments(day, self.interval, self.zone):
                for known in queues:
                    if (offset, place) in known:
                        yield {"start": start, **known[offset, place]}

    def scaled(self, factors: Mapping[str, float]) -> "Requirement":
        """Return a requirement with the agents of some queues multiplied, rounded up."""
        return replace(self, queues=tuple(_scaled(queue, factors.get(queue.queue, 1.0)) for queue in self.queues))

    def at(self, moment: datetime) -> tuple[int, int]:
        """Return (day, place in the day) of a moment."""
        local = moment.astimezone(self.zone)
        return (local.date() - self.first).days, (local.hour * 60 + local.minute) // self.interval


def _scaled(queue: QueueRequirement, factor: float) -> QueueRequirement:
    def times(numbers: Whole) -> Whole:
        found: Whole = np.ceil(numbers * factor - 1e-9).astype(np.int64)
        return found

    return replace(queue, agents=times(queue.agents), positions=times(queue.positions))


def require(
    team: Team,
    histories: Mapping[str, History],
    first: date,
    days: int,
    rule: ServiceRule,
    what_if: WhatIf | None = None,
) -> Requirement:
    """Return what the queues of `histories` need from `first` on, each forecast from what was known before it.

    Raises `UsageProblem` for a first day that the history does not reach, or handle times that nobody knows.
    """
    found, notes = [], []
    for name, history in histories.items():
        known = history.until(first)
        if not known.days:
            raise UsageProblem(
                _("Nothing is known of “{queue}” before {first}.").format(queue=name or "–", first=first),
                remedy=_("Choose a later first day, or give --from-csv FILE."),
            )
        model = fit(known, team.days, ahead=max(0, (first - known.after).days) + days)
        notes += [f"{name}: {note}" if name else note for note in model.notes]
        found.append(_queue(team, team.queue(name), model, first, days, rule, what_if or WhatIf()))
    interval = next((history.interval for history in histories.values()), team.interval)
    zone = next((history.zone for history in histories.values()), ZoneInfo("UTC"))
    return Requirement(first, days, interval, zone, tuple(found), tuple(notes))


def _queue(
    team: Team, plan: QueuePlan, model: Model, first: date, days: int, rule: ServiceRule, what_if: WhatIf
) -> QueueRequirement:
    places = np.arange(days) + model.place(first)
    weekdays = (first.weekday() + np.arange(days)) % 7
    calls = np.maximum(model.expected(places)[0], 0.0) * what_if.calls
    closed = np.array([team.closed(first + timedelta(days=offset)) for offset in range(days)])
    open_: Mask = model.profiles.open[weekdays] & ~closed[:, None]
    calls = np.where(open_, calls, 0.0)
    return staffed(team, plan, calls, _handle_times(plan, model, weekdays, calls) * what_if.aht, open_, rule,
                   model.history.interval, what_if)  # fmt: skip


def staffed(
    team: Team,
    plan: QueuePlan,
    calls: Array,
    aht: Array,
    open_: Mask,
    rule: ServiceRule,
    interval: int,
    what_if: WhatIf | None = None,
) -> QueueRequirement:
    """Return what given calls and handle times of one queue need; arrays of days × intervals."""
    asked = what_if or WhatIf()
    level, seconds = asked.target or plan.target or team.target
    target = Target(level, asked.max_occupancy or plan.max_occupancy or team.max_occupancy, plan.max_asa)
    patience = asked.patience or plan.patience
    own = replace(rule, threshold=seconds)
    busy = open_ & (calls > 0) & (aht > 0)
    agents: Index = np.zeros(calls.shape, np.int64)
    if busy.any():
        agents[busy] = agents_needed(Traffic(calls[busy], interval * 60, aht[busy], patience), target, own)
    agents = np.where(open_, np.maximum(agents, plan.minimum), 0)
    shrinkage = next(one for one in (asked.shrinkage, plan.shrinkage, team.shrinkage) if one is not None)
    return QueueRequirement(plan.name, calls, aht, agents, positions(agents, shrinkage), own, target, patience, open_)


def _handle_times(plan: QueuePlan, model: Model, weekdays: npt.NDArray[np.int64], calls: Array) -> Array:
    if plan.aht is not None:
        return np.full(calls.shape, plan.aht)
    known = model.aht[weekdays]
    if np.isfinite(known).any():
        return np.where(np.isfinite(known), known, float(np.nanmean(known)))
    everyday = model.history.aht
    if np.isfinite(everyday).any():
        return np.full(calls.shape, float(np.nanmean(everyday)))
    if not (calls > 0).any():
        return np.full(calls.shape, np.nan)
    raise UsageProblem(
        _("Nobody knows how long calls of “{queue}” take.").format(queue=plan.name or "–"),
        remedy=_("Set aht in [queues.{queue}] of the team, or give the CSV a column aht.").format(
            queue=plan.name or "NAME"
        ),
    )
