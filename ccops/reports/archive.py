"""The past of one site as figures are counted from it: tallies by queue, interval and agent; visits and their lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ccops.errors import NotFound
from ccops.i18n import _
from ccops.reports import rollup
from ccops.reports.derive import visit_of
from ccops.reports.periods import Period, day_around, segments_of
from ccops.reports.rules import Rules
from ccops.reports.spans import Pause, Session
from ccops.reports.tally import AgentTally, Tally
from ccops.reports.visits import Missed, Outcome, Visit
from ccops.store import Database, derived, open_store, raw, sums
from ccops.store.codes import END_CODES, OUTCOME_CODES
from ccops.store.raw import RawLine
from ccops.store.sums import SLOT

_DAY = 86_400
_SHORTEST_DAY = 22 * 3600
_EVER = SLOT << 40
"""A step that all of time lies in."""


class Interval(NamedTuple):
    """What entered in one interval; queue is empty where all are taken together."""

    period: Period
    queue: str
    tally: Tally


@dataclass(slots=True)
class _Names:
    queues: dict[int, str]
    agents: dict[int, str]


class Archive:
    """Reads of one store; sees what was written last at every call."""

    def __init__(self, database: Database, rules: Rules, zone: ZoneInfo, site: int = 1) -> None:
        """Roll-ups are used where they were made with these very rules and this zone; else visits are counted."""
        self.database, self.rules, self.zone, self.site = database, rules, zone, site

    @classmethod
    def opened(cls, path: Path, rules: Rules, zone: ZoneInfo, site: int = 1) -> "Archive":
        """Open the store at `path` for reading; raises the store's errors."""
        return cls(open_store(path, read_only=True), rules, zone, site)

    def close(self) -> None:
        """Let go of the store."""
        self.database.close()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # --- what there is ---

    @property
    def covers(self) -> Period | None:
        """The time from the first line to the last; None for an empty store."""
        rows = self.database.rows("SELECT min(first_at), max(last_at) FROM files WHERE site = ?", (self.site,))
        first, last = rows[0]
        return None if first is None else Period(first, last + 1)

    @property
    def known_to(self) -> int:
        """Stamp of the latest line: what lasts is counted up to there."""
        return int(self.database.meta(f"derived_to.{self.site}") or 0)

    def queues(self) -> list[str]:
        """Return the names of all queues, in order."""
        return sorted(self._names().queues.values())

    def agents(self) -> list[str]:
        """Return the names of all agents, in order."""
        return sorted(self._names().agents.values())

    def _names(self) -> _Names:
        queues, agents = derived.names(self.database, self.site)
        return _Names({number: name for name, number in queues.items()}, {n: name for name, n in agents.items()})

    def queue_number(self, name: str) -> int:
        """Return a queue's number; raises `NotFound` with the nearest names."""
        queues, _agents = derived.names(self.database, self.site)
        folded = {known.casefold(): number for known, number in queues.items()}
        if name.casefold() not in folded:
            raise NotFound(_("queue"), name, queues)
        return folded[name.casefold()]

    def agent_number(self, name: str) -> int:
        """Return an agent's number; raises `NotFound` with the nearest names."""
        _queues, agents = derived.names(self.database, self.site)
        if name not in agents:
            raise NotFound(_("agent"), name, agents)
        return agents[name]

    # --- visits as sums ---

    def queue_tallies(self, period: Period, *, queue: str | None = None, waits: bool = True) -> dict[str, Tally]:
        """Return the sums of each queue over the visits that entered in a period; queues without a visit are left out.

        `waits` asks for what percentiles need, the costly part.
        """
        one = self.queue_number(queue) if queue is not None else None
        found: dict[int, Tally] = {}
        for _bucket, number, *values in self._sums(period, step=_EVER, shift=0, queue=one, apart=True):
            found.setdefault(number, Tally()).merge(_tally(values))
        if waits:
            for number, wait, count in sums.wait_counts(
                self.database.connection, self.site, period.start, period.end, queue=one
            ):
                found[number].waits[wait] = count
        names = self._names().queues
        return {names[number]: tally for number, tally in sorted(found.items(), key=lambda item: names[item[0]])}

    def interval_tallies(
        self, period: Period, seconds: int, *, queue: str | None = None, apart: bool = False
    ) -> Iterator[Interval]:
        """Yield the sums of each interval of the site's day in which a visit entered, in order, without percentiles.

        `seconds` divides a day; intervals begin at multiples of it since local midnight, days at midnight. `apart`
        gives one row per queue.
        """
        if seconds == _DAY:
            yield from self._days(period, queue, apart)
            return
        one = self.queue_number(queue) if queue is not None else None
        names = self._names().queues
        for part, offset in segments_of(period, self.zone):
            for bucket, number, *values in self._sums(part, step=seconds, shift=offset, queue=one, apart=apart):
                start = max(bucket * seconds - offset, part.start)
                end = min((bucket + 1) * seconds - offset, part.end)
                yield Interval(Period(start, end), names.get(number, ""), _tally(values))

    def _days(self, period: Period, queue: str | None, apart: bool) -> Iterator[Interval]:
        found: dict[tuple[int, str], Tally] = {}
        for interval in self.interval_tallies(period, 3600, queue=queue, apart=apart):
            day = day_around(interval.period.start, self.zone)
            found.setdefault((day.start, interval.queue), Tally()).merge(interval.tally)
        for (start, name), tally in sorted(found.items(), key=lambda item: item[0]):
            day = day_around(start, self.zone)
            yield Interval(Period(max(start, period.start), min(day.end, period.end)), name, tally)

    def _sums(self, period: Period, *, step: int, shift: int, queue: int | None, apart: bool) -> list[tuple[int, ...]]:
        place = (self.database.connection, self.site, period.start, period.end)
        how = sums.Grouping(step, shift, queue, apart)
        if self._rolled_up() and not any(value % SLOT for value in (period.start, period.end, step, shift)):
            return sums.slot_sums(*place, how)
        self._set_rules()
        return sums.visit_sums(*place, how, self.rules.short_abandon)

    def _rolled_up(self) -> bool:
        if self.database.meta(f"unrolled.{self.site}") is not None:
            return False  # a large import is under way
        return self.database.meta(f"rules.{self.site}") == rollup.rules_text(self.rules, self.zone)

    def _set_rules(self) -> None:
        rules = self.rules
        sums.set_rules(
            self.database.connection,
            [
                (number, rules.threshold_of(name), rules.wrap_up_of(name))
                for number, name in self._names().queues.items()
            ],
        )

    # --- agents ---

    def agent_tallies(self, period: Period, *, agent: str | None = None) -> dict[str, AgentTally]:
        """Return the sums of each agent over a period; who neither was there nor took a call is left out."""
        one = self.agent_number(agent) if agent is not None else None
        found: dict[int, AgentTally] = {}
        for part, rolled_up in self._cut(period):
            for _start, number, tally in self._agent_rows(part, rolled_up, one):
                found.setdefault(number, AgentTally()).merge(tally)
        names = self._names().agents
        return {names[number]: tally for number, tally in sorted(found.items(), key=lambda item: names[item[0]])}

    def agent_interval_tallies(
        self, periods: Sequence[Period], *, agent: str | None = None
    ) -> Iterator[tuple[Period, str, AgentTally]]:
        """Yield the sums of each agent in each of some periods that do not overlap, in order."""
        one = self.agent_number(agent) if agent is not None else None
        ready = self._ready_days(periods)
        found = self._counted([period for period in periods if period.start not in ready], one)
        if ready:
            rows = sums.agent_days(self.database.connection, self.site, min(ready), max(ready) + 1, one)
            found |= {(start, number): tally for start, number, tally in rollup.rolled_up_days(rows) if start in ready}
        names, by_start = self._names().agents, {period.start: period for period in periods}
        for (start, number), tally in sorted(found.items(), key=lambda item: (item[0][0], names[item[0][1]])):
            yield by_start[start], names[number], tally

    def _ready_days(self, periods: Sequence[Period]) -> set[int]:
        """Return the starts of those periods that are whole days whose sums are kept ready."""
        if not self._rolled_up():
            return set()
        today = day_around(self.known_to + 1, self.zone)
        long = (period for period in periods if period.end <= today.start and period.seconds >= _SHORTEST_DAY)
        return {period.start for period in long if period == day_around(period.start, self.zone)}

    def _cut(self, period: Period) -> list[tuple[Period, bool]]:
        """Cut a period into whole days that are rolled up (True), and what is before and after them."""
        if not self._rolled_up():
            return [(period, False)]
        first, today = day_around(period.start, self.zone), day_around(self.known_to + 1, self.zone)
        start = first.start if first.start == period.start else first.end
        end = min(day_around(period.end, self.zone).start, today.start)
        if start >= end:
            return [(period, False)]
        parts = [(Period(period.start, start), False), (Period(start, end), True), (Period(end, period.end), False)]
        return [part for part in parts if part[0].seconds > 0]

    def _agent_rows(self, part: Period, rolled_up: bool, agent: int | None) -> list[tuple[int, int, AgentTally]]:
        if rolled_up:
            rows = sums.agent_days(self.database.connection, self.site, part.start, part.end, agent)
            return rollup.rolled_up_days(rows)
        return [(start, number, tally) for (start, number), tally in self._counted([part], agent).items()]

    def _counted(self, periods: Sequence[Period], agent: int | None) -> dict[tuple[int, int], AgentTally]:
        self._set_rules()
        return rollup.agent_tallies(
            self.database.connection,
            self.site,
            self.rules,
            periods,
            now=self.known_to + 1,
            agent=agent,
            source=sums.SET,
        )

    # --- one by one ---

    def visits(
        self,
        period: Period,
        *,
        queue: str | None = None,
        agent: str | None = None,
        caller: str | None = None,
        outcomes: Sequence[Outcome] = (),
        ended_by: Sequence[str] = (),
        callid: str | None = None,
    ) -> Iterator[Visit]:
        """Yield the visits that entered in a period, by entry; `caller` is the number as it stands in the log."""
        conditions, values = ["entered >= ?", "entered < ?", "site = ?"], [period.start, period.end, self.site]
        wanted: list[tuple[str, Any]] = [("caller = ?", caller), ("callid = ?", callid)]
        wanted.append(("queue = ?", None if queue is None else self.queue_number(queue)))
        wanted.append(("agent = ?", None if agent is None else self.agent_number(agent)))
        for condition, value in wanted:
            if value is not None:
                conditions.append(condition)
                values.append(value)
        if outcomes:
            conditions.append(f"outcome IN ({', '.join(str(OUTCOME_CODES[item.value]) for item in outcomes)})")
        if ended_by:
            conditions.append(f"ended_by IN ({', '.join(str(END_CODES[item]) for item in ended_by)})")
        names = self._names()
        sql = f"SELECT {derived.VISIT_COLUMNS} FROM visits WHERE {' AND '.join(conditions)} ORDER BY entered, id"  # noqa: S608
        for row in self.database.rows(sql, values):
            yield visit_of(row, names.queues, names.agents)

    def visits_of_call(self, callid: str) -> list[Visit]:
        """Return all visits of one call, by entry."""
        names = self._names()
        sql = f"SELECT {derived.VISIT_COLUMNS} FROM visits WHERE callid = ? AND site = ? ORDER BY entered, id"  # noqa: S608
        return [visit_of(row, names.queues, names.agents) for row in self.database.rows(sql, (callid, self.site))]

    def sessions(self, period: Period) -> list[Session]:
        """Return the sessions that touch a period, whole, by beginning."""
        names = self._names()
        rows = sums.spans_between(self.database.connection, "sessions", self.site, *period.span)
        found = [
            Session(names.agents[agent], names.queues.get(int(queue or 0), ""), since, until)
            for agent, queue, since, until in rows
        ]
        return sorted(found, key=lambda item: (item.since, item.agent, item.queue))

    def pauses(self, period: Period) -> list[Pause]:
        """Return the pauses that touch a period, whole, by beginning."""
        names = self._names()
        rows = sums.spans_between(self.database.connection, "pauses", self.site, *period.span)
        found = [Pause(names.agents[agent], str(reason), since, until) for agent, reason, since, until in rows]
        return sorted(found, key=lambda item: (item.since, item.agent))

    def missed(self, period: Period) -> list[Missed]:
        """Return the phones that rang in vain in a period, by time."""
        names = self._names()
        rows = self.database.rows(
            """SELECT r.at, r.queue, r.agent, coalesce(v.callid, ''), r.ring, r.canceled, r.visit, r.file, r.offset
               FROM rings r LEFT JOIN visits v ON v.id = r.visit
               WHERE r.at >= ? AND r.at < ? AND r.site = ? ORDER BY r.at, r.file, r.offset""",
            (*period.span, self.site),
        )
        return [
            Missed(at, names.queues[queue], names.agents[agent], callid, ring / 1000, bool(canceled), *more)
            for at, queue, agent, callid, ring, canceled, *more in rows
        ]

    def lines_of(self, visit: Visit) -> list[RawLine]:
        """Return the lines of the log that a visit is made of, with file and line number."""
        words = {visit.callid.encode()}
        parts = [(visit.file, visit.offset, visit.end_offset if visit.end_file == visit.file else 1 << 60)]
        if visit.end_file not in (0, visit.file):
            parts.append((visit.end_file, 0, visit.end_offset))
        if visit.ended is not None:
            last = raw.line_at(self.database, visit.end_file, visit.end_offset)
            if last is not None:
                words.add(last.text.split(b"|", 2)[1])  # an end may carry another callid
        found: list[RawLine] = []
        for file, start, end in parts:
            found += raw.lines_with(self.database, file, start, end, words)
        return found


def _tally(values: Sequence[Any]) -> Tally:
    return Tally(**dict(zip(sums.VISIT_SUMS, values, strict=True)))
