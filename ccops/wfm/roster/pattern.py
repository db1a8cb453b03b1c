"""The cheapest allowed pattern of duties for one person, by dynamic programming over days; many people at once.

A pattern says for each day of the horizon which duty is worked, or none. The state after a day is: in a run of work
(its length and what may follow the last duty) or in a run of days off, together with the counts that have a limit
(`axes`). Every count is an axis of one array and a step moves along it, so that numpy does the work for all people of
like limits together. The answer is exact.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccops.wfm.roster.axes import Axes
from ccops.wfm.roster.limits import IMPOSSIBLE, NEVER, OFF, Calendar, Costs, Duties, Limits, Pattern, Truths, Whole


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring rows whose people have the same rules for runs, and where these put them on the axes of runs.

    Runs of work end at the last place and runs off at theirs, whatever their length: who may work fewer days in a row
    begins further on.
    """

    rows: slice
    enter: int
    """Place of a run's first day."""
    stop: int
    """Place from which a run may end."""
    rest: int
    """Place of the first day off."""
    known: bool
    """What was before the horizon is known."""


class PatternSolver:
    """Finds patterns for people who have the same kinds of limits (see `shape_of`)."""

    def __init__(self, duties: Duties, calendar: Calendar, people: list[Limits]) -> None:
        self.duties, self.calendar = duties, calendar
        self.order = sorted(range(len(people)), key=lambda row: _runs_of(people[row]))
        self.people = people = [people[row] for row in self.order]
        self.max_run = max(limits.max_run for limits in people)
        self.min_off = max(limits.min_off for limits in people)
        self.blocks = self._blocks()
        self.block_of = [block for block in self.blocks for _row in range(block.rows.start, block.rows.stop)]
        self.classes = duties.classes
        self.kinds = int(self.classes.max()) + 1 if len(self.classes) else 1
        self.works = self.kinds * self.max_run
        self._after = _predecessors(duties.follow, self.classes, self.kinds)
        self._after_on = {
            day: _predecessors(follow, self.classes, self.kinds) for day, follow in duties.special.items()
        }
        self.members = [tuple(np.flatnonzero(self.classes == kind).tolist()) for kind in range(self.kinds)]
        self.axes = Axes(duties, calendar, people)
        self.bundles = self._bundles()
        self.entries = [
            (enter, slice(rows[0].start, rows[-1].stop))
            for enter, group in itertools.groupby(self.blocks, key=lambda block: block.enter)
            if (rows := [block.rows for block in group])
        ]
        days = range(calendar.days)
        self.away = [[row for row, limits in enumerate(people) if day in limits.away] for day in days]
        self.returned = [[row for row, limits in enumerate(people) if day - 1 in limits.away] for day in days]
        self._moves: dict[tuple[int, int, int], tuple[tuple[slice, ...], tuple[slice, ...]]] = {}

    @property
    def cells(self) -> int:
        """How many array cells one answer needs: memory and time grow with it."""
        inside = sum(int(np.prod(sizes)) for _lows, sizes in self.axes.open)
        return (self.works + self.min_off) * len(self.people) * inside

    def _blocks(self) -> list[Block]:
        found = []
        for rules, group in itertools.groupby(enumerate(self.people), key=lambda pair: _runs_of(pair[1])):
            rows = [row for row, _limits in group]
            longest, shortest, rest, known = rules
            enter = self.max_run + longest
            found.append(Block(slice(rows[0], rows[-1] + 1), enter, enter + shortest - 1, self.min_off - rest, known))
        return found

    def _bundles(self) -> list[list[int]]:
        """Return the duties in groups that differ in nothing but their cost: one step serves them all."""
        groups: dict[tuple[object, ...], list[int]] = {}
        for duty, kind in enumerate(self.classes.tolist()):
            steps = tuple(axis.steps[duty] for axis in self.axes.axes)
            after = (self._after[duty], *(special[duty] for special in self._after_on.values()))
            groups.setdefault((kind, after, steps), []).append(duty)
        return list(groups.values())

    # --- forwards ---

    def _blank(self, states: tuple[int, ...], sizes: tuple[int, ...]) -> Costs:
        return np.full((*states, len(self.people), *sizes), NEVER, np.float32)

    def _begin(self) -> tuple[Costs, Costs]:
        """Return the state before the first day."""
        lows, sizes = self.axes.open[0]
        work, off = self._blank((self.kinds, self.max_run), sizes), self._blank((self.min_off,), sizes)
        for row, limits in enumerate(self.people):
            places = [axis.starts[row] - low for axis, low in zip(self.axes.axes, lows, strict=True)]
            if any(not 0 <= place < size for place, size in zip(places, sizes, strict=True)):
                continue
            at: tuple[int, ...] = (row, *places)
            block = self.block_of[row]
            if limits.run_before:
                # Where the last duty is not known, whatever comes next may follow it.
                unknown = limits.duty_before == OFF
                for kind in range(self.kinds) if unknown else [int(self.classes[limits.duty_before])]:
                    work[kind, min(block.enter + limits.run_before, self.max_run) - 1][at] = 0
            elif limits.off_before is not None:
                off[min(block.rest + max(limits.off_before, 1), self.min_off) - 1][at] = 0
            else:
                off[self.min_off - 1][at] = 0
        return work, off

    def moves(self, day: int, duty: int, weekend: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """Return which counts a duty takes and where it puts them."""
        key = (day, duty, weekend)
        if key not in self._moves:
            self._moves[key] = self.axes.moves(day, duty, weekend)
        return self._moves[key]

    def after(self, day: int, duty: int) -> tuple[int, ...]:
        """Return the classes that a duty may follow on a day."""
        return self._after_on.get(day, self._after)[duty]

    def weekend_steps(self, day: int) -> tuple[int, int]:
        """Return what working this day adds to the weekends after a day off and after a day of work."""
        weekday = int(self.calendar.weekday[day])
        # Sunday after a worked Saturday is the same weekend.
        return int(weekday in (5, 6)), int(weekday == 5)

    def may_stop(self, block: Block, day: int) -> list[int]:
        """Return the places on the axis of runs from which `day` may be off."""
        # A run that fills all days so far may have begun before the horizon, where nothing is known of it.
        long = block.enter + day - 1
        return [
            run for run in range(block.enter, self.max_run) if run >= block.stop or (not block.known and run == long)
        ]

    def is_new_week(self, day: int) -> bool:
        """Say whether minutes start again from 0 with this day."""
        return self.axes.weekly and day > 0 and bool(self.calendar.week[day] != self.calendar.week[day - 1])

    def close_before(self, day: int, work: Costs, off: Costs) -> tuple[Costs, Costs]:
        """Return the states as the day finds them: where a week has ended, its minutes are checked and back at 0."""
        if not self.is_new_week(day):
            return work, off
        low, high = self.axes.week_bounds(int(self.calendar.week[day - 1]))
        places = np.arange(self.axes.open[day][1][0])
        bad = (places[None, :] < low[:, None]) | (places[None, :] > high[:, None])
        price = np.where(bad, NEVER, np.float32(0)).astype(np.float32)
        price = price.reshape((*bad.shape, *(1,) * (len(self.axes.axes) - 1)))
        return (work + price).min(axis=3, keepdims=True), (off + price).min(axis=2, keepdims=True)

    def _step(self, day: int, costs: Costs, off_price: Costs, work: Costs, off: Costs) -> tuple[Costs, Costs]:
        """Return the states after `day`."""
        sizes = self.axes.open[day + 1][1]
        new_work, new_off = self._blank((self.kinds, self.max_run), sizes), self._blank((self.min_off,), sizes)
        from_off, from_work = self.weekend_steps(day)
        lower = (1,) * len(sizes)
        sources: dict[tuple[int, ...], Costs] = {}
        for bundle in self.bundles:
            price = costs[:, bundle].min(axis=1)
            if (price >= IMPOSSIBLE).all():
                continue
            duty = bundle[0]
            own = price.reshape((1, len(self.people), *lower))
            target = new_work[self.classes[duty]]
            come, go = self.moves(day, duty, from_off)
            for enter, rows in self._entries(day):
                first = target[enter][rows][go]
                np.minimum(first, off[-1][rows][come] + own[0][rows], out=first)
            after = self.after(day, duty)
            if self.max_run > 1 and after:
                if after not in sources:
                    sources[after] = work[list(after), :-1].min(axis=0)
                come, go = self.moves(day, duty, from_work)
                longer = target[1:][(slice(None), *go)]
                np.minimum(longer, sources[after][(slice(None), *come)] + own, out=longer)
        self._rest(day, work, off, new_off)
        new_off += off_price.reshape((1, len(self.people), *lower))
        return new_work, new_off

    def _entries(self, day: int) -> Iterator[tuple[int, slice]]:
        """Yield where runs begin; one that begins after leave may be short: it may begin as if it were longer."""
        yield from self.entries
        for row in self.returned[day]:
            block = self.block_of[row]
            for place in range(block.enter + 1, min(block.stop, self.max_run - 1) + 1):
                yield place, slice(row, row + 1)

    def began_after_leave(self, day: int, row: int, run: int) -> bool:
        """Say whether a run may be at a place further on with the first day after leave."""
        return row in self.returned[day] and run <= self.block_of[row].stop

    def _rest(self, day: int, work: Costs, off: Costs, new_off: Costs) -> None:
        """Put the states in which the day is off into `new_off`."""
        come, go = self.axes.rest(day)
        if self.min_off > 1:
            new_off[1:][(slice(None), *go)] = off[:-1][(slice(None), *come)]
        last = new_off[-1][go]
        np.minimum(last, off[-1][come], out=last)
        for block in self.blocks:
            stops = self.may_stop(block, day)
            if stops:
                rested = new_off[block.rest][block.rows][go]
                np.minimum(rested, work[:, stops, block.rows].min(axis=(0, 1))[come], out=rested)
        for row in self.away[day]:
            # Leave ends every run, and work may begin the day after.
            rows = slice(row, row + 1)
            rested = new_off[-1][rows][go]
            cheapest = np.minimum(off[:, rows].min(axis=0), work[:, :, rows].min(axis=(0, 1)))
            np.minimum(rested, cheapest[come], out=rested)

    def best(self, costs: Costs, off_costs: Costs) -> list[Pattern]:
        """Return the cheapest pattern per person for costs (people × days × duties) and (people × days) of days off.

        A cost of NEVER (or more) forbids; costs in single precision, so the answer is good to about 1e-6 of them.
        """
        costs, off_costs = costs[self.order], off_costs[self.order]
        work, off = self._begin()
        history = [(work, off)]
        for day in range(self.calendar.days):
            work, off = self.close_before(day, work, off)
            work, off = self._step(day, costs[:, day], off_costs[:, day], work, off)
            history.append((work, off))
        answers = _Trace(self, costs, history).patterns()
        return [answers[place] for place in np.argsort(self.order)]


def _runs_of(limits: Limits) -> tuple[int, int, int, bool]:
    known = bool(limits.run_before or limits.off_before is not None)
    return -limits.max_run, limits.min_run, limits.min_off, known


def _predecessors(follow: Truths, classes: Whole, kinds: int) -> list[tuple[int, ...]]:
    """Return per duty the classes that it may follow."""
    samples = [int(np.flatnonzero(classes == kind)[0]) for kind in range(kinds)]
    return [tuple(kind for kind in range(kinds) if follow[samples[kind], duty]) for duty in range(len(follow))]


class _Trace:
    """Finds back from the last day which duties led to the cheapest end, person by person."""

    def __init__(self, solver: PatternSolver, costs: Costs, history: list[tuple[Costs, Costs]]) -> None:
        self.solver, self.history = solver, history
        self.costs = costs.tolist()
        self.closed = [solver.close_before(day, *states) for day, states in enumerate(history[:-1])]

    def patterns(self) -> list[Pattern]:
        """Return the pattern of every person."""
        costs, states, counts = self._ends()
        return [
            Pattern(float(cost), self._follow_back(row, int(states[row]), [int(count) for count in counts[row]]))
            if cost < IMPOSSIBLE
            else Pattern(float("inf"), None)
            for row, cost in enumerate(costs)
        ]

    def _ends(self) -> tuple[Costs, Whole, Whole]:
        """Return cost, state and counts of the cheapest end of everybody."""
        solver = self.solver
        work, off = self.history[-1]
        lows, sizes = solver.axes.open[-1]
        people = np.arange(len(solver.people))
        states = np.concatenate([work.reshape(-1, len(people), *sizes), off])
        flat = (states + solver.axes.end_price()[None]).reshape(len(states), len(people), -1)
        by_person = flat.transpose(1, 0, 2).reshape(len(people), -1)
        best = by_person.argmin(axis=1)
        state, where = np.divmod(best, flat.shape[2])
        counts = np.zeros((len(people), 0), np.int64)
        if sizes:
            counts = np.stack(np.unravel_index(where, sizes), axis=1) + np.array(lows)
        return by_person[people, best], state, counts

    def _place(self, day: int, counts: list[int], *, closed: bool = True) -> tuple[int, ...] | None:
        """Return where counts stand in the arrays before `day`; None where they are left out."""
        lows, sizes = (self.solver.axes.closed if closed else self.solver.axes.open)[day]
        places = tuple(count - low for count, low in zip(counts, lows, strict=True))
        inside = all(0 <= place < size for place, size in zip(places, sizes, strict=True))
        return places if inside else None

    def _follow_back(self, row: int, state: int, counts: list[int]) -> npt.NDArray[np.int16]:
        """Return the duties that lead to an end state; states are numbered runs of each class first, then days off."""
        solver = self.solver
        found = np.full(solver.calendar.days, OFF, np.int16)
        for day in range(solver.calendar.days - 1, -1, -1):
            if state < solver.works:
                kind, run = divmod(state, solver.max_run)
                duty, state, counts = self._worked(day, row, kind, run, counts)
                found[day] = duty
            else:
                state = self._rested(day, row, state - solver.works, counts)
            if solver.is_new_week(day):
                counts = self._reopen_week(day, row, state, counts)
        return found

    def _worked(self, day: int, row: int, kind: int, run: int, counts: list[int]) -> tuple[int, int, list[int]]:
        """Return the duty of a day of work, and state and counts before it."""
        solver = self.solver
        work, off = self.closed[day]
        from_off, from_work = solver.weekend_steps(day)
        longer = run > solver.block_of[row].enter
        prices = self.costs[row][day]
        best, answer = float("inf"), (0, 0, counts)
        ways = [(from_work, True)] if longer else []
        if not longer or solver.began_after_leave(day, row, run):
            ways.append((from_off, False))
        for duty, (weekend, goes_on) in itertools.product(solver.members[kind], ways):
            came = [count - solver.axes.step(place, day, duty, weekend) for place, count in enumerate(counts)]
            at = self._place(day, came)
            if at is None:
                continue
            if goes_on:
                sources = [(work[(earlier, run - 1, row, *at)], earlier) for earlier in solver.after(day, duty)]
                value, earlier = min(sources, default=(NEVER, 0))
                before = earlier * solver.max_run + run - 1
            else:
                value, before = off[(-1, row, *at)], solver.works + solver.min_off - 1
            if value + prices[duty] < best:
                best, answer = value + prices[duty], (duty, before, came)
        return answer

    def _rested(self, day: int, row: int, rest: int, counts: list[int]) -> int:
        """Return the state before a day off."""
        solver = self.solver
        work, off = self.closed[day]
        at = self._place(day, counts) or ()
        sources = [
            (float(off[(earlier, row, *at)]), solver.works + earlier)
            for earlier in range(solver.min_off)
            if min(earlier + 1, solver.min_off - 1) == rest
        ]
        block = solver.block_of[row]
        if rest == block.rest:
            sources += [
                (float(work[(kind, run, row, *at)]), kind * solver.max_run + run)
                for kind, run in itertools.product(range(solver.kinds), solver.may_stop(block, day))
            ]
        if rest == solver.min_off - 1 and row in solver.away[day]:
            ended = itertools.product(range(solver.kinds), range(solver.max_run))
            sources += [(float(off[(earlier, row, *at)]), solver.works + earlier) for earlier in range(solver.min_off)]
            sources += [(float(work[(kind, run, row, *at)]), kind * solver.max_run + run) for kind, run in ended]
        return min(sources)[1]

    def _reopen_week(self, day: int, row: int, state: int, counts: list[int]) -> list[int]:
        """Return the counts with the minutes of the week that ended the day before: the cheapest allowed ones."""
        solver = self.solver
        work, off = self.history[day]
        low, high = solver.axes.week_bounds(int(solver.calendar.week[day - 1]))
        lead = divmod(state, solver.max_run) if state < solver.works else (state - solver.works,)
        states = work if state < solver.works else off
        last = solver.axes.open[day][1][0] - 1
        at = self._place(day, [0, *counts[1:]], closed=False) or (0,)
        allowed = range(int(low[row]), min(int(high[row]), last) + 1)
        return [min(allowed, key=lambda place: float(states[(*lead, row, place, *at[1:])])), *counts[1:]]
