"""Writes what was derived, batch by batch: raw lines, rows and roll-ups are on disk together or not at all."""

import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from sqlite3 import Connection
from zoneinfo import ZoneInfo

from ccops.reports import rollup
from ccops.reports.derive import Derived, Standing, State
from ccops.reports.periods import Period, day_around
from ccops.reports.rules import Rules
from ccops.store import Database, derived, open_store, raw, sums
from ccops.store.audit import pulls
from ccops.store.database import drop_later_indexes, make_later_indexes
from ccops.store.raw import Packed

_NUMBER, _ENTERED, _SINCE = 0, 5, 3
"""Places in the rows of visits, and of sessions and pauses."""
_FOREVER = 1 << 62


@dataclass(slots=True)
class FilePlace:
    """A file that is being taken in."""

    id: int
    path: str
    head: bytes = b""
    base: int = 0
    lines: int = 0
    """Before `base`."""
    known: bool = True
    """Its row stands in the store."""
    device: int | None = None
    inode: int | None = None
    marks: dict[int, str] = field(default_factory=dict)
    """How far its source is read at the end of a block, where bytes do not tell; kept with the block."""


@dataclass(slots=True)
class Batch:
    """What the next transaction writes."""

    blocks: list[tuple[FilePlace, Packed]] = field(default_factory=list)
    derived: list[Derived] = field(default_factory=list)
    bad: list[tuple[FilePlace, list[tuple[int, bytes, str]]]] = field(default_factory=list)
    last_at: int = 0
    bytes: int = 0

    def add(self, place: FilePlace, block: Packed, found: Derived) -> None:
        """Take in a block and what came of it."""
        self.blocks.append((place, block))
        self.derived.append(found)
        self.last_at = max(self.last_at, block.last_at or 0)
        self.bytes += block.end - block.start
        if found.bad:
            self.bad.append((place, found.bad))


class Recorder:
    """The writer of one site's history."""

    def __init__(self, database: Database, rules: Rules, zone: ZoneInfo, site: int = 1) -> None:
        """`rules` and `zone` are what roll-ups are made with; where they changed, `settle_rules` comes first."""
        self.database, self.rules, self.zone, self.site = database, rules, zone, site
        self.derived_to = int(database.meta(self._key("derived_to")) or 0)
        """Stamp of the latest line taken in."""
        self.last_file = int(database.meta(self._key("last_file")) or 0)
        unrolled = database.meta(self._key("unrolled"))
        self.unrolled = None if unrolled is None else int(unrolled)
        """Instant from which on roll-ups are still to be made; None where they keep up."""

    def _key(self, name: str) -> str:
        return f"{name}.{self.site}"

    def state(self) -> State:
        """Return what a deriver must know to go on from what is on disk."""
        since = self.derived_to - derived.REMEMBERED
        queues, agents = derived.names(self.database, self.site)
        sessions, pauses = derived.open_spans(self.database, self.site)
        return State(
            site=self.site,
            latest=int(time.time()) + _FUTURE,
            rules=self.rules,
            actions=pulls(self.database, 0),
            queues=queues,
            agents=agents,
            next_visit=derived.next_visit(self.database),
            open_visits=derived.open_visits(self.database, self.site),
            last_visits=derived.last_visits(self.database, self.site, self.derived_to - _WRAPPED_LATELY),
            nth=derived.visit_counts(self.database, self.site, since),
            members=derived.members(self.database, self.site),
            sessions=sessions,
            pauses=pauses,
        )

    def commit(self, batch: Batch, standing: Standing, *, keep_raw: bool = True) -> None:
        """Put a batch on disk, in one transaction."""
        with self.database.write() as connection:
            self.write(connection, batch, standing, keep_raw=keep_raw)

    def write(self, connection: Connection, batch: Batch, standing: Standing, *, keep_raw: bool = True) -> None:
        """Write a batch inside a transaction that somebody else ends."""
        if keep_raw:
            self._write_raw(connection, batch)
        visits, sessions, pauses = (
            list(chain.from_iterable(getattr(found, kind) for found in batch.derived))
            for kind in ("visits", "sessions", "pauses")
        )
        # They are over in another order than they began; in the order of the table they cost half as much.
        visits.sort(key=itemgetter(_NUMBER))
        self._write_names(connection, [*batch.derived, standing])
        rings = chain.from_iterable(found.rings for found in batch.derived)
        derived.put_closed(connection, visits, rings, sessions, pauses)
        derived.put_open(connection, self.site, standing.visits, standing.sessions, standing.pauses)
        before, self.derived_to = self.derived_to, max(self.derived_to, batch.last_at)
        derived.put_meta(connection, self._key("derived_to"), self.derived_to)
        if batch.blocks:
            self.last_file = batch.blocks[-1][0].id
            derived.put_meta(connection, self._key("last_file"), self.last_file)
        if self.unrolled is not None:
            return
        entered = min(map(itemgetter(_ENTERED), chain(visits, standing.visits)), default=_FOREVER)
        since = min(map(itemgetter(_SINCE), chain(sessions, pauses)), default=_FOREVER)
        self.roll_up(connection, entered, min(entered, since, before - _DISORDER if before else _FOREVER))

    def _write_raw(self, connection: Connection, batch: Batch) -> None:
        now = int(time.time())
        by_file: dict[int, list[Packed]] = {}
        for place, block in batch.blocks:
            if place.id not in by_file:
                self._write_file(connection, place, now)
            by_file.setdefault(place.id, []).append(block)
        for file, blocks in by_file.items():
            raw.append(connection, file, blocks)
        for place, block in batch.blocks:
            if block.end in place.marks:
                derived.put_meta(connection, mark_key(place.id), place.marks.pop(block.end))
        for place, lines in batch.bad:
            derived.put_quarantine(connection, place.id, lines, now)

    def _write_file(self, connection: Connection, place: FilePlace, now: int) -> None:
        if not place.known:
            raw.add_file(
                connection,
                file=place.id,
                site=self.site,
                path=place.path,
                head=place.head,
                base=place.base,
                lines=place.lines,
                now=now,
            )
            place.known = True
        raw.seen_at(connection, place.id, place.path, place.device, place.inode)

    def _write_names(self, connection: Connection, found: Iterable[Derived | Standing]) -> None:
        for new in found:
            if new.queues or new.agents:
                queues = [
                    (name, number, self.rules.threshold_of(name), self.rules.wrap_up_of(name))
                    for name, number in new.queues
                ]
                derived.put_names(connection, self.site, queues, new.agents)

    def roll_up(self, connection: Connection, visits_since: int, anything_since: int) -> None:
        """Bring roll-ups up to date: slots with changed visits, and days with any change that are over."""
        end = self.derived_to + 1
        if visits_since < end:
            sums.refresh_slots(connection, self.site, visits_since, end, self.rules.short_abandon)
        period = self._days_over(anything_since)
        if period is not None:
            days = rollup.agents_by_day(connection, self.site, self.rules, self.zone, period)
            sums.put_agent_days(connection, self.site, *days)

    def _days_over(self, since: int) -> Period | None:
        """Return the days from an instant on that are over; None where there are none."""
        today = day_around(self.derived_to + 1, self.zone)
        return Period(day_around(since, self.zone).start, today.start) if since < today.start else None

    def put_off(self) -> None:
        """Leave roll-ups and the indexes of visits for later: for the first large import, which they would slow down.

        Readers count visits themselves meanwhile.
        """
        waiting = derived.open_visits(self.database, self.site)
        entered = min((row[_ENTERED] for row in waiting), default=self.derived_to)
        self.unrolled = min(entered, self.derived_to - derived.REMEMBERED)
        with self.database.write() as connection:
            drop_later_indexes(connection)
            derived.put_meta(connection, self._key("unrolled"), self.unrolled)

    def make_up(self) -> None:
        """Make what was put off, be it by a run that was killed."""
        if self.unrolled is not None:
            self._roll_up_all(self.unrolled)
        make_later_indexes(self.database)

    def _roll_up_all(self, since: int) -> None:
        make_later_indexes(self.database, ("visits_by_entry", "visits_long"))
        end, period = self.derived_to + 1, self._days_over(since)
        with ThreadPoolExecutor(1) as beside:  # SQLite works without Python's lock, so two cores share this
            agents = beside.submit(self._agents_by_day, period) if period is not None else None
            make_later_indexes(self.database)
            with self.database.write() as connection:
                sums.refresh_slots(connection, self.site, since, end, self.rules.short_abandon)
                if agents is not None:
                    sums.put_agent_days(connection, self.site, *agents.result())
                connection.execute("DELETE FROM meta WHERE key = ?", (self._key("unrolled"),))
        self.unrolled = None

    def _agents_by_day(self, period: Period) -> rollup.Days:
        with open_store(self.database.path, read_only=True) as database, database.snapshot() as connection:
            return rollup.agents_by_day(connection, self.site, self.rules, self.zone, period)

    def rules_changed(self) -> bool:
        """Tell whether the roll-ups on disk were made with other rules or another zone."""
        return self.database.meta(self._key("rules")) != self._rules_text()

    def wrap_up_pauses_changed(self) -> bool:
        """Tell whether visits on disk were derived with other wrap-up pauses."""
        before = json.loads(self.database.meta(self._key("rules")) or "{}").get("pauses", {})
        reasons = {reason for reason, rule in before.items() if rule["wrap_up"]}
        return bool(self.derived_to) and reasons != {
            reason for reason, rule in self.rules.pauses.items() if rule.wrap_up
        }

    def _rules_text(self) -> str:
        return rollup.rules_text(self.rules, self.zone)

    def settle_rules(self) -> None:
        """Make every roll-up anew with the rules and the zone of now."""
        with self.database.write() as connection:
            queues, _agents = derived.names(self.database, self.site)
            connection.executemany(
                "UPDATE queues SET threshold = ?, wrap_up = ? WHERE id = ?",
                [
                    (self.rules.threshold_of(name), self.rules.wrap_up_of(name), number)
                    for name, number in queues.items()
                ],
            )
            first = connection.execute(
                """SELECT min(at) FROM (SELECT min(entered) AS at FROM visits WHERE site = :site UNION ALL
                   SELECT min(since) FROM sessions WHERE site = :site UNION ALL
                   SELECT min(since) FROM pauses WHERE site = :site)""",
                {"site": self.site},
            ).fetchone()[0]
            derived.clear_roll_ups(connection, self.site)
            if first is not None:
                self.roll_up(connection, first, first)
            derived.put_meta(connection, self._key("rules"), self._rules_text())


def mark_key(file: int) -> str:
    """Return under which key it is kept how far the source of a file is read."""
    return f"mark.{file}"


_FUTURE = 366 * 86_400
"""Seconds ahead of our clock from which on a stamp is taken for a fault of the PBX's clock."""
_DISORDER = 60
"""Seconds by which lines may stand out of order."""
_WRAPPED_LATELY = 3600
"""Seconds before the end in which an agent's last call may have ended and a wrap-up pause still be open."""
