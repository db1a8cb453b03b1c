"""The report that people are paid by: each agent's time by day, what of it is paid, what of it is work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.grouping import Key, agents_grouped
from ccops.reports.catalogue.parts import Found, Part
from ccops.reports.catalogue.tables import by_agent, parts_of
from ccops.reports.catalogue.times import agent_found
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import AGENT_FIGURES
from ccops.reports.paper.model import Chart, Column, Row, Section
from ccops.reports.periods import DAY, Period, days_of
from ccops.reports.rules import Rules
from ccops.reports.tally import AgentTally

_FIGURES = ("logged_in", "paused", "paid_pauses", "unpaid_pauses", "paid", "talk", "wrap", "productive")
_OF_SESSIONS = frozenset({"logged_in", "paid"})
_MADE_OF = {"paid_pauses": "paused", "unpaid_pauses": "paused", "paid": "available", "productive": "available"}
"""Figures of this report, and that of agents which is made of the same things."""


def payroll(work: Work) -> list[Part]:
    """Each agent's time by day, and over the whole period."""
    chart = Chart("bars", "agent", ("paid", "unpaid_pauses"), stacked=True)
    return [
        PayTable("payroll", _("Agents and days"), ("agent", "day")),
        PayTable("agents", _("Agents"), ("agent",), chart),
    ]


def payroll_values(tally: AgentTally, rules: Rules) -> dict[str, Any]:
    """Return the figures of one agent's time; a static member's paid time is unknown."""
    paid = sum(seconds for reason, seconds in tally.paused.items() if rules.pause(reason).paid)
    unpaid = tally.paused_seconds - paid
    productive = sum(seconds for reason, seconds in tally.paused.items() if rules.pause(reason).productive)
    return {
        "logged_in": tally.logged_in,
        "paused": tally.paused_seconds,
        "paid_pauses": paid,
        "unpaid_pauses": unpaid,
        "paid": None if tally.logged_in is None else max(0, tally.logged_in - unpaid),
        "talk": tally.talk,
        "wrap": tally.wrap,
        "productive": tally.talk + tally.wrap + productive,
    }


@dataclass(frozen=True)
class PayTable:
    """Paid and productive time by agent, and by day."""

    name: str
    title: str
    keys: Sequence[str]
    chart: Chart | None = None

    @property
    def comparable(self) -> bool:
        """Nobody comes at the same second on two days."""
        return "day" not in self.keys

    def columns(self, work: Work) -> list[Column]:
        """Return the columns."""
        of_agents = {column.key: column for column in columns.agent_columns(("logged_in", "talk", "wrap"), work.rules)}
        daily = "day" in self.keys
        ends = [
            columns.plain("first_login", _("First login"), "instant"),
            columns.plain(
                "last_logoff",
                _("Last logoff"),
                "instant",
                _("or the end of the day, or now, where the session goes on"),
            ),
        ]
        return [
            *map(columns.about, self.keys),
            *(ends if daily else []),
            of_agents["logged_in"],
            columns.seconds("paused", AGENT_FIGURES["paused"].title, _("paid and unpaid pauses")),
            columns.seconds("paid_pauses", _("Paid pauses")),
            columns.seconds("unpaid_pauses", _("Unpaid pauses")),
            columns.seconds("paid", _("Paid time"), _("logged in − unpaid pauses")),
            of_agents["talk"],
            of_agents["wrap"],
            columns.seconds("productive", _("Productive"), _("talk + wrap-up + productive pauses")),
        ]

    def section(self, work: Work) -> Section:
        """Make the section."""
        tallies = agents_grouped(work, self.keys)
        ends = _ends(work) if "day" in self.keys else {}
        nobody = {"first_login": None, "last_logoff": None} if "day" in self.keys else {}
        rows = [
            {**dict(zip(self.keys, key, strict=True)), **ends.get(key, nobody), **payroll_values(tally, work.rules)}
            for key, tally in tallies.items()
        ]
        return Section(self.name, self.title, self.columns(work), rows, _total(work, by_agent(tallies)), self.chart)

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return the times that a figure is made of; of paid time, the sessions and pauses."""
        if figure not in _FIGURES:
            return None
        agents = frozenset([row["agent"]]) if "agent" in row else work.crew()
        parts = parts_of(work, row, [key for key in self.keys if key == "day" and key in row])
        found = agent_found(work, parts, agents, _MADE_OF.get(figure, figure))
        rule = work.rules.pause
        tests = {
            "paid_pauses": lambda one: rule(one.reason).paid,
            "unpaid_pauses": lambda one: not rule(one.reason).paid,
            "paid": lambda one: not rule(one.reason).paid and not rule(one.reason).wrap_up,
            "productive": lambda one: rule(one.reason).productive or rule(one.reason).wrap_up,
        }
        pauses = [one for one in found.pauses if figure not in tests or tests[figure](one)]
        if figure == "paid":  # nothing is known of a static member's
            known = {one.agent for one in found.sessions}
            pauses = [one for one in pauses if one.agent in known]
        visits = [] if figure == "paid" else found.visits
        sessions = [] if figure == "productive" else found.sessions
        return Found(found.periods, found.now, visits, sessions, pauses)


def _total(work: Work, tallies: Mapping[str, AgentTally]) -> dict[str, Any]:
    values = [payroll_values(tally, work.rules) for tally in tallies.values()]
    known = {key: [one[key] for one in values if one[key] is not None] for key in _FIGURES}
    return {key: sum(some) if some or key not in _OF_SESSIONS else None for key, some in known.items()}


def _ends(work: Work) -> dict[Key, dict[str, Any]]:
    """Return when each agent came first and went last on each day, as far as it lies in the day."""
    days = list(days_of(work.period, work.zone))
    found: dict[Key, dict[str, Any]] = {}
    for session in work.sessions():
        until = work.known_to if session.until is None else session.until
        for day, part in _touched(days, session.since, until):
            ends = found.setdefault((session.agent, day), {"first_login": None, "last_logoff": None})
            first, last = ends["first_login"], ends["last_logoff"]
            came, went = max(session.since, part.start), min(until, part.end)
            ends["first_login"] = came if first is None else min(first, came)
            ends["last_logoff"] = went if last is None else max(last, went)
    return found


def _touched(days: Sequence[tuple[Any, Period]], since: int, until: int) -> list[tuple[Any, Period]]:
    if not days:
        return []
    first = max(0, (since - days[0][1].start) // DAY - 1)
    return [(day, part) for day, part in takewhile(lambda one: one[1].start < until, days[first:]) if since < part.end]
