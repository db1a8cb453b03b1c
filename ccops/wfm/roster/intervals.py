"""Cover by interval and queue: what agents on duty, with their skills and outside their breaks, do for the need.

An agent counts once. How many agents are missing in an interval is what the best sharing out of the agents over the
queues leaves open: the largest excess of the need of a set of queues over the agents who serve any of them (Hall 1935;
max-flow min-cut). Queues whose shortage costs more are filled first, which is the cheapest sharing (the agents that
can be used form a matroid, for which the greedy choice is best: Edmonds 1971).
"""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ccops.wfm.roster.core import Breaks, Presence, Reals, Roster
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.model import Break, Plan, Shift

_MIDDLE = 1e-7
"""What a break's distance from the middle of its window weighs: it only breaks ties."""


@dataclass(frozen=True)
class IntervalCover:
    """Needs per queue and interval; counts are agents of each skill group present in each interval."""

    slots: int
    """Intervals of a day."""
    days: int
    groups: npt.NDArray[np.int64]
    """Which skill group each person belongs to; -1: serves no queue that is needed."""
    serves: npt.NDArray[np.bool_]
    """groups × queues."""
    required: Reals
    """queues × intervals of the whole horizon; queues with the dearest shortage first."""
    under: Reals
    """Per queue: cost of one agent missing for one interval."""
    starts: npt.NDArray[np.int64]
    """Per duty: first interval of the day."""
    lengths: npt.NDArray[np.int64]
    breaks: tuple[tuple[Break, ...], ...]
    interval: int

    @property
    def size(self) -> int:
        """How many intervals there are; the last day's late shifts reach into one day more, where nothing counts."""
        return int(self.required.shape[1])

    # --- what is missing ---

    @cached_property
    def _sets(self) -> list[tuple[int, npt.NDArray[np.bool_]]]:
        """Every set of queues, with the number of the last (cheapest) queue in it."""
        queues = len(self.under)
        found = []
        for size in range(1, queues + 1):
            for chosen in itertools.combinations(range(queues), size):
                mask = np.zeros(queues, bool)
                mask[list(chosen)] = True
                found.append((max(chosen), mask))
        return found

    @cached_property
    def _hits(self) -> npt.NDArray[np.bool_]:
        """Sets × groups: whether the group serves any queue of the set."""
        return np.array([(self.serves & mask).any(axis=1) for _last, mask in self._sets])

    @cached_property
    def _wanted(self) -> Reals:
        """Sets × intervals: the need of all queues of the set."""
        return np.array([self.required[mask].sum(axis=0) for _last, mask in self._sets])

    def _missing(self, open_: Reals) -> Reals:
        """Return, for the first 1, 2, … queues, how many agents are missing; `open_` is need − agents per set."""
        found = np.zeros((len(self.under), open_.shape[1]))
        for queue in range(len(self.under)):
            inside = [place for place, (last, _mask) in enumerate(self._sets) if last <= queue]
            found[queue] = np.maximum(open_[inside].max(axis=0), 0.0)
        return found

    def _price_missing(self, missing: Reals) -> Reals:
        """Return the cost per interval: dear queues are filled first, so each adds what it leaves open beyond them."""
        steps = np.append(self.under[:-1] - self.under[1:], self.under[-1])
        price: Reals = steps @ missing
        return price

    def costs(self, counts: Reals, part: slice = slice(None)) -> Reals:
        """Return the cost of each interval."""
        agents = counts[:, part]
        return self._price_missing(self._missing(self._wanted[:, part] - self._hits.astype(float) @ agents))

    def missing_by_queue(self, counts: Reals) -> Reals:
        """Return how many agents each queue lacks in each interval (queues × intervals)."""
        open_ = self._wanted - self._hits.astype(float) @ counts
        missing = self._missing(open_)
        return np.diff(missing, axis=0, prepend=0.0)

    # --- the protocol of covers ---

    def empty(self) -> Reals:
        """Return the counts of nobody."""
        return np.zeros((len(self.serves), self.size))

    def cost(self, counts: Reals) -> float:
        """Return what these counts cost."""
        return float(self.costs(counts).sum())

    def _presence_price(self, counts: Reals, group: int, part: slice) -> Reals:
        """Return what one more agent of a group adds to the cost in each interval."""
        agents = counts[:, part]
        open_ = self._wanted[:, part] - self._hits.astype(float) @ agents
        before = self._price_missing(self._missing(open_))
        after = self._price_missing(self._missing(open_ - self._hits[:, [group]].astype(float)))
        price: Reals = after - before
        return price

    def marginal(self, counts: Reals, person: int, first: int, last: int) -> Reals:
        """Return what one more duty of a person would add to the cost, for some days (days × duties)."""
        group = int(self.groups[person])
        if group < 0:
            return np.zeros((last - first, len(self.starts)))
        part = slice(first * self.slots, min(self.size, (last + 1) * self.slots))
        return self.duty_prices(self._presence_price(counts, group, part), last - first)

    def duty_prices(self, price: Reals, days: int) -> Reals:
        """Return the price of each duty (days × duties) where presence costs `price` per interval, from day 0 on."""
        summed = np.concatenate([[0.0], np.cumsum(np.append(price, np.zeros(2 * self.slots)))])
        begin = np.arange(days)[:, None] * self.slots + self.starts[None, :]
        found: Reals = summed[begin + self.lengths[None, :]] - summed[begin]
        for duty, breaks in enumerate(self.breaks):
            for one in breaks:
                found[:, duty] -= self._away(summed, begin[:, duty], one).max(axis=1)
        return found

    def group_worth(self, worth: Reals) -> Reals:
        """Return what one agent of each group is worth in each interval, from that of the queues."""
        held = np.where(self.serves[:, :, None], worth[None], -np.inf)
        found: Reals = held.max(axis=1)
        return found

    def prices_of(self, worth: Reals) -> Reals:
        """Return the price of each duty for everybody (people × days × duties) where queues are worth `worth`."""
        prices = [self.duty_prices(-group, self.days) for group in self.group_worth(worth)]
        idle = np.zeros((self.days, len(self.starts)))
        return np.array([prices[group] if group >= 0 else idle for group in self.groups])

    def _away(self, summed: Reals, begin: npt.NDArray[np.int64], one: Break) -> Reals:
        """Return what being away saves, for each start of a duty and each place of the break."""
        places = np.arange(one.earliest // self.interval, one.latest // self.interval + 1)
        at = begin[:, None] + places[None, :]
        middle = np.abs(places - places.mean()) * _MIDDLE
        found: Reals = summed[at + one.minutes // self.interval] - summed[at] - middle[None, :]
        return found

    def presence(self, counts: Reals, person: int, pattern: Roster) -> Presence:
        """Return when a person is there beside the others, with breaks where they hurt least."""
        group = int(self.groups[person])
        found = self.empty()
        price = np.zeros(self.size) if group < 0 else self._presence_price(counts, group, slice(0, self.size))
        there, placed = self._place(price, pattern)
        if group >= 0:
            found[group] = there
        return Presence(found, placed)

    def presence_with(self, person: int, pattern: Roster, breaks: Breaks) -> Presence:
        """Return when a person is there with breaks at given places."""
        found, group = self.empty(), int(self.groups[person])
        there = np.zeros(self.size + 2 * self.slots)
        for day in np.flatnonzero(pattern != OFF):
            duty = int(pattern[day])
            begin = int(day) * self.slots + int(self.starts[duty])
            there[begin : begin + int(self.lengths[duty])] += 1.0
            for place, one in enumerate(self.breaks[duty]):
                at = begin + int(breaks[day, place])
                there[at : at + one.minutes // self.interval] -= 1.0
        if group >= 0:
            found[group, : self.days * self.slots] = there[: self.days * self.slots]
        return Presence(found, breaks)

    def presence_at(self, price: Reals, pattern: Roster) -> Reals:
        """Return when a pattern is there (1 or 0 per interval) if presence costs `price`."""
        return self._place(price, pattern)[0]

    def _place(self, price: Reals, pattern: Roster) -> tuple[Reals, Breaks]:
        """Return presence and breaks of a pattern, breaks where presence costs most."""
        most = max((len(breaks) for breaks in self.breaks), default=0)
        placed: Breaks = np.full((self.days, most), -1, np.int16)
        summed = np.concatenate([[0.0], np.cumsum(np.append(price, np.zeros(2 * self.slots)))])
        there = np.zeros(self.size + 2 * self.slots)
        for day in np.flatnonzero(pattern != OFF):
            duty = int(pattern[day])
            begin = int(day) * self.slots + int(self.starts[duty])
            there[begin : begin + int(self.lengths[duty])] += 1.0
            for place, one in enumerate(self.breaks[duty]):
                best = int(self._away(summed, np.array([begin]), one)[0].argmax()) + one.earliest // self.interval
                placed[day, place] = best
                there[begin + best : begin + best + one.minutes // self.interval] -= 1.0
        there = there[: self.size]
        there[self.days * self.slots :] = 0.0
        return there, placed


def make_interval_cover(plan: Plan, shifts: tuple[Shift, ...]) -> IntervalCover:
    """Return the cover of a plan with needs per queue."""
    needs = sorted(plan.queue_needs, key=lambda need: -need.under)
    queues = [need.queue for need in needs]
    slots = 24 * 60 // plan.interval
    skills = [frozenset(person.skills & set(queues)) for person in plan.people]
    kinds = sorted({skill for skill in skills if skill}, key=sorted)
    required = np.zeros((len(queues), (plan.days + 1) * slots))
    for row, need in enumerate(needs):
        required[row, : plan.days * slots] = need.agents.ravel()
    return IntervalCover(
        slots=slots,
        days=plan.days,
        groups=np.array([kinds.index(skill) if skill else -1 for skill in skills]),
        serves=np.array([[queue in kind for queue in queues] for kind in kinds]).reshape(len(kinds), len(queues)),
        required=required,
        under=np.array([need.under for need in needs]),
        starts=np.array([shift.start // plan.interval for shift in shifts]),
        lengths=np.array([shift.minutes // plan.interval for shift in shifts]),
        breaks=tuple(shift.breaks for shift in shifts),
        interval=plan.interval,
    )
