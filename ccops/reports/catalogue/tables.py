"""Tables that are figures by group: over visits, and over agents' time."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.counted import COUNTED, counted
from ccops.reports.catalogue.grouping import (
    Key,
    agents_grouped,
    cuts_for,
    grouped,
    is_time,
    ordered,
    period_of,
    time_key,
    visit_key,
)
from ccops.reports.catalogue.parts import Found
from ccops.reports.catalogue.times import agent_found
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import AGENT_FIGURES, Unit, agent_team_figures, ratio
from ccops.reports.paper.model import Chart, Column, Row, Section
from ccops.reports.periods import Period, days_of
from ccops.reports.spans import union
from ccops.reports.tally import AgentTally, Tally, merged
from ccops.reports.visits import Visit

Fill = Callable[[Work], Iterable[Key]]

CREW = ("agents", "occupancy")
"""Figures of a queue that come from its members."""


def crew_columns() -> list[Column]:
    """Return the columns of figures that come from the members of a queue."""
    occupancy = AGENT_FIGURES["occupancy"]
    rule = _("(talk + wrap-up) / (talk + wrap-up + available) of the queue's members, over all their queues")
    return [
        Column("agents", _("Agents"), Unit.COUNT, _("who had a session in the queue or took a visit of it")),
        Column("occupancy", occupancy.title, Unit.RATE, rule),
    ]


def crew_values(crew: Iterable[str], tallies: Mapping[str, AgentTally]) -> dict[str, Any]:
    """Return the figures that come from the members of a queue."""
    members = sorted(crew)
    known = [tallies[name] for name in members if name in tallies and tallies[name].available is not None]
    busy = sum(tally.talk + tally.wrap for tally in known)
    return {"agents": len(members), "occupancy": ratio(busy, busy + sum(tally.available or 0 for tally in known))}


def days_column() -> Column:
    """Return the column that says over how many days a weekday's figures go."""
    return columns.count("days", _("Days"), _("days of the period that are this weekday"))


def count_days(work: Work, rows: Iterable[dict[str, Any]]) -> None:
    """Put into each row of a weekday how many of them the period has."""
    count = Counter(day.isoweekday() for day, _part in days_of(work.period, work.zone))
    for row in rows:
        row["days"] = count[row["weekday"]]


@dataclass(frozen=True)
class VisitTable:
    """Figures over visits, one row for each group."""

    name: str
    title: str
    """To be translated."""
    keys: Sequence[str]
    figures: Sequence[str]
    extras: Sequence[str] = ()
    """Figures that are in data only."""
    fill: Fill | None = None
    """Groups that have a row though nothing entered in them."""
    chart: Chart | None = None
    crew: bool = False
    """The first key is the queue, and its row has the figures of its members too."""
    note: str = ""
    comparable: bool = True

    @property
    def _all(self) -> list[str]:
        return [*self.figures, *self.extras]

    def _has_crew(self, work: Work) -> bool:
        return self.crew and work.rolled_up

    def columns(self, work: Work) -> list[Column]:
        """Return the columns: keys, figures, those of the members."""
        found = [*map(columns.about, self.keys), *columns.queue_columns(self.figures, work.worded)]
        found += [days_column()] if "weekday" in self.keys else []
        found += crew_columns() if self._has_crew(work) else []
        return found + columns.queue_columns((), work.worded, self.extras)

    def section(self, work: Work) -> Section:
        """Make the section."""
        waits = any(key.startswith("wait_p") for key in self._all)
        tallies = grouped(work, self.keys, waits=waits)
        total = merged(tallies.values())
        doubt(work, total)
        values = columns.queue_values(self._all, work.rules)
        rows = list(self._rows(work, tallies, values))
        sums = values(total)
        if "weekday" in self.keys:
            count_days(work, rows)
        if self._has_crew(work):
            agents = work.agent_tallies()
            for row in rows:
                row.update(crew_values(work.crews.get(row["queue"], ()), agents))
            sums.update(crew_values(everybody(work), agents))
        note = _(self.note) if self.note else ""
        return Section(self.name, _(self.title), self.columns(work), rows, sums, self.chart, note)

    def _rows(self, work: Work, tallies: dict[Key, Tally], values: Callable[[Tally], dict[str, Any]]) -> Iterator[Any]:
        if self.fill is None:
            for key, tally in tallies.items():
                yield {**dict(zip(self.keys, key, strict=True)), **values(tally)}
            return
        nothing = values(Tally())
        for key in self.fill(work):
            known = tallies.get(key)
            yield {**dict(zip(self.keys, key, strict=True)), **(nothing if known is None else values(known))}

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return the visits that a figure of a row counts; of the members' figures, their times."""
        if figure == "agents":
            return _crew_found(work, row)
        if figure in CREW:
            crew = work.crews.get(row["queue"], frozenset()) if "queue" in row else everybody(work)
            return agent_found(work, [work.period], crew, figure)
        if figure not in COUNTED:
            return None
        visits = visits_of_row(work, row, self.keys)
        return Found([work.period], work.known_to, counted(figure, visits, work.rules))


def _crew_found(work: Work, row: Row) -> Found:
    """Return by what each member of a queue is one: sessions in it, visits taken of it."""
    taken = [visit for visit in visits_of_row(work, row, ("queue",)) if visit.agent]
    sessions = [one for one in work.sessions() if one.queue and one.queue == row.get("queue", one.queue)]
    return Found([work.period], work.known_to, taken, sessions)


def everybody(work: Work) -> frozenset[str]:
    """Return the members of all queues that are asked for."""
    crew = work.crew()
    return frozenset().union(*work.crews.values()) if crew is None else crew


def visits_of_row(work: Work, row: Row, keys: Iterable[str]) -> list[Visit]:
    """Return the visits that a row is about; of a total, all of them."""
    named = [key for key in keys if key in row]
    timed = [key for key in named if is_time(key)]
    of: list[tuple[Callable[[Visit], Hashable], Any]] = [(visit_key(key, work), row[key]) for key in named]
    queue = row["queue"] if "queue" in named else None
    found: list[Visit] = []
    for part in parts_of(work, row, timed):
        read = work.visits(part, queue=queue)
        found += [visit for visit in read if all(key(visit) == value for key, value in of)]
    return found


def doubt(work: Work, total: Tally) -> None:
    """Put on the paper what the visits themselves leave open."""
    if total.waiting:
        work.warn(
            _("{count} visits have no end in the log; they count neither as offered nor as lost.").format(
                count=total.waiting
            )
        )
    if total.interrupted:
        work.warn(
            _("{count} visits were waiting when the PBX restarted; they count as interrupted, not as lost.").format(
                count=total.interrupted
            )
        )


@dataclass(frozen=True)
class AgentTable:
    """Figures over agents' visits and time, one row for each group: agent, queue, part of the period."""

    name: str
    title: str
    keys: Sequence[str]
    """Without "agent", of all agents together; with "queue", of its members."""
    figures: Sequence[str]
    chart: Chart | None = None
    comparable: bool = True
    note: str = ""

    def columns(self, work: Work) -> list[Column]:
        """Return the columns: keys, figures."""
        return [*map(columns.about, self.keys), *columns.agent_columns(self.figures, work.worded)]

    def section(self, work: Work) -> Section:
        """Make the section."""
        base = ("agent", *(key for key in self.keys if is_time(key)))
        single = agents_grouped(work, base)
        rows = []
        for key, tallies in self._groups(work, base, single).items():
            values = agent_team_figures(tallies, work.rules)
            named = dict(zip(self.keys, key, strict=True))
            rows.append({**named, **{figure: values[figure] for figure in self.figures}})
        whole = by_agent(single)
        total = agent_team_figures(whole.values(), work.rules)
        sums = {key: total[key] for key in self.figures}
        return Section(self.name, _(self.title), self.columns(work), rows, sums, self.chart, self._note(work, whole))

    def _groups(self, work: Work, base: Sequence[str], single: Mapping[Key, AgentTally]) -> dict[Key, list[AgentTally]]:
        found: dict[Key, list[AgentTally]] = {}
        for values, tally in single.items():
            known = dict(zip(base, values, strict=True))
            queues = self._queues_of(work, str(known["agent"])) if "queue" in self.keys else [""]
            for queue in queues:
                key = tuple(queue if name == "queue" else known[name] for name in self.keys)
                found.setdefault(key, []).append(tally)
        return ordered(found)

    def _queues_of(self, work: Work, agent: str) -> list[str]:
        queues = [queue for queue, members in work.crews.items() if agent in members]
        return [queue for queue in queues if work.queues is None or queue in work.queues]

    def _note(self, work: Work, tallies: Mapping[str, AgentTally]) -> str:
        notes = [_(self.note)] if self.note else []
        if any(tally.logged_in is None for tally in tallies.values()):
            notes.append(_("Static members never log in: how long they were there is unknown."))
        if work.queues is not None or "queue" in self.keys:
            notes.append(_("Members of the queue, with their calls and times in all their queues."))
        return " ".join(notes)

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return the visits and times that a figure of a row is made of."""
        if figure not in AGENT_FIGURES:
            return None
        agents = work.crew()
        if "queue" in row:
            members = work.crews.get(row["queue"], frozenset())
            agents = members if agents is None else agents & members
        if "agent" in row:
            agents = frozenset([row["agent"]])
        timed = [key for key in self.keys if is_time(key) and key in row]
        parts = parts_of(work, row, timed)
        return agent_found(work, parts if work.when is None else days_kept(work, parts), agents, figure)


def days_kept(work: Work, parts: Sequence[Period]) -> list[Period]:
    """Return the days of some parts of the period that the work keeps: filters of agents look at weekdays."""
    days = [day for part in parts for _date, day in days_of(part, work.zone)]
    return [day for day in days if work.when is None or work.when(day.start)]


def by_agent(single: Mapping[Key, AgentTally]) -> dict[str, AgentTally]:
    """Return the tally of each agent over all groups; the agent is the first key."""
    found: dict[str, AgentTally] = {}
    for key, tally in single.items():
        found.setdefault(str(key[0]), AgentTally()).merge(tally)
    return found


def parts_of(work: Work, row: Row, timed: Sequence[str]) -> list[Period]:
    """Return the parts of the work's period that a row is about, in order; neighbours are one."""
    if not timed:
        return [work.period]
    whole = [part for key in timed if (part := period_of(key, row[key], work)) is not None]
    if whole:
        return whole[:1]
    of = [(time_key(key, work), row[key]) for key in timed]
    cuts = [part.span for part in cuts_for(work, timed) if all(key(part.start) == value for key, value in of)]
    return [Period(*span) for span in union(cuts)]
