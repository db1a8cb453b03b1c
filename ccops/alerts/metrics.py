"""The centre's figures as OpenMetrics text (https://openmetrics.io), for Prometheus and everything that reads it.

Names follow its conventions: base units (seconds, ratios of 1), counters that end in _total and say since when they
count. Callers are never named, agents only where that is wanted.

Only types are used that the older text format knows as well (a state is a gauge of 0 or 1, a version one of 1): the
node exporter reads its text files as that, and a single unknown type makes it refuse the whole file.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ccops import __version__
from ccops.board import AgentRow, AgentState, Board, LinkRow, QueueRow

CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

Labels = Mapping[str, str]
Kind = Literal["gauge", "counter"]
_LINK_STATES: Final = ("connecting", "syncing", "live", "stale", "down", "refused")
_OUTCOMES: Final = ("answered", "abandoned")
_SUFFIX: Final[Mapping[str, str]] = {"counter": "_total"}


@dataclass(slots=True, frozen=True)
class Sample:
    """One value with its labels."""

    labels: Labels
    value: float | None
    """None where it is not known: then there is no line, since a wrong 0 would be believed."""


@dataclass(slots=True, frozen=True)
class Family:
    """All values of one name."""

    name: str
    kind: Kind
    unit: str
    help: str
    samples: Sequence[Sample]
    created: float | None = None
    """Since when a counter counts (epoch seconds)."""

    def lines(self) -> Iterator[str]:
        """Yield it line by line."""
        known = [sample for sample in self.samples if sample.value is not None]
        if not known:
            return
        yield f"# TYPE {self.name} {self.kind}"
        if self.unit:
            yield f"# UNIT {self.name} {self.unit}"
        yield f"# HELP {self.name} {escaped(self.help, quotes=False)}"
        name = self.name + _SUFFIX.get(self.kind, "")
        for sample in known:
            labels = labelled(sample.labels)
            yield f"{name}{labels} {number(sample.value)}"
            if self.kind == "counter" and self.created is not None:
                yield f"{self.name}_created{labels} {number(self.created)}"


def escaped(text: str, *, quotes: bool = True) -> str:
    """Return a text as a label's value or a help text holds it; lone surrogates are no UTF-8."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    text = text.replace('"', '\\"') if quotes else text
    # Line ends that some readers know besides \n would tear a line apart.
    text = "".join(" " if char in "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029" else char for char in text)
    return text.encode("utf-8", "replace").decode()


def labelled(labels: Labels) -> str:
    """Return labels in braces; nothing where there are none."""
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items()) + "}"


def number(value: float | None) -> str:
    """Return a number as the format writes it."""
    if value is None:
        return "NaN"
    return str(value) if isinstance(value, int) else repr(round(float(value), 6))


def text(board: Board, now: float, *, agents: bool = False) -> str:
    """Return the figures of a moment (epoch seconds) as a whole exposition; `agents` names single agents."""
    families = [*_of_link(board.link, now), *_of_alerts(board)]
    if board.link.state == "live":  # else they would be as they were, and nobody could tell
        families += [*_of_queues(board, now), *_of_centre(board)]
        if agents:
            families += _of_agents(list(board.agents.values()), now)
    lines = [line for family in families for line in family.lines()]
    return "\n".join([*lines, "# EOF", ""])


# --- the link ---


def _of_link(link: LinkRow, now: float) -> Iterator[Family]:
    site = {"site": link.site}
    yield _gauge("ccops_build_info", "", "Version of ccops.", [Sample({"version": __version__}, 1)])
    yield _gauge("ccops_link_up", "", "Whether the link to the PBX is live.", [Sample(site, int(link.state == "live"))])
    states = [Sample({**site, "state": state}, int(link.state == state)) for state in _LINK_STATES]
    yield _gauge("ccops_link_state", "", "How the link to the PBX stands: 1 for its state, 0 for the others.", states)
    heard = None if link.heard_at is None else max(0.0, now - link.heard_at)
    yield _gauge("ccops_link_age_seconds", "seconds", "Time since the PBX was last heard.", [Sample(site, heard)])
    offset = link.clock_offset
    yield _gauge(
        "ccops_pbx_clock_offset_seconds", "seconds", "Clock of the PBX less this machine's.", [Sample(site, offset)]
    )
    if link.figures_from == "queue_log" or link.history_trouble:
        kept = [Sample(site, int(not link.history_trouble))]
        yield _gauge("ccops_history_kept", "", "Whether the queue_log is taken into the store.", kept)
    yield Family(
        "ccops_link_reconnects", "counter", "", "Times the link was made anew.", [Sample(site, link.reconnects)]
    )
    yield Family(
        "ccops_pbx_restarts", "counter", "", "Restarts of the PBX that were seen.", [Sample(site, link.restarts)]
    )
    yield Family(
        "ccops_drift_repaired",
        "counter",
        "",
        "Differences to the PBX that were mended.",
        [Sample(site, link.drift_repaired)],
    )


def _gauge(name: str, unit: str, about: str, samples: Sequence[Sample]) -> Family:
    return Family(name, "gauge", unit, about, samples)


# --- queues ---


def _of_queues(board: Board, now: float) -> Iterator[Family]:
    rows = sorted(board.queues.values(), key=lambda row: row.queue)
    since = board.link.figures_since

    def gauge(name: str, unit: str, about: str, values: Mapping[str, float | None]) -> Family:
        return _gauge(name, unit, about, [Sample({"queue": queue}, value) for queue, value in values.items()])

    yield gauge("ccops_queue_waiting_callers", "", "Callers who wait now.", {r.queue: r.waiting for r in rows})
    yield gauge(
        "ccops_queue_longest_wait_seconds", "seconds", "Wait of the caller who waits longest now; 0 where nobody does.",
        {r.queue: _wait(r, now) for r in rows},
    )  # fmt: skip
    yield _gauge(
        "ccops_queue_agents", "", "Members of the queue by state.",
        [Sample({"queue": r.queue, "state": state.value}, getattr(r, state.value)) for r in rows
         for state in AgentState],
    )  # fmt: skip
    yield from _today(rows, since)
    for name, unit, about in _RATES:
        field = name.removeprefix("ccops_queue_").removesuffix(f"_{unit}")
        yield gauge(name, unit, about, {r.queue: _field(r, field) for r in rows})


_RATES: Final = (
    ("ccops_queue_service_level_ratio", "ratio", "Service level today, by the site's rule."),
    ("ccops_queue_abandon_rate_ratio", "ratio", "Abandon rate today."),
    ("ccops_queue_occupancy_ratio", "ratio", "Occupancy today of the queue's agents."),
    ("ccops_queue_asa_seconds", "seconds", "Mean wait of the answered today."),
    ("ccops_queue_aht_seconds", "seconds", "Mean handle time today."),
)


def _field(row: QueueRow, name: str) -> float | None:
    value: float | None = getattr(row.today, name)
    return value


def _wait(row: QueueRow, now: float) -> float:
    return max(0.0, now - row.oldest_entered_at) if row.waiting and row.oldest_entered_at is not None else 0.0


def _today(rows: Sequence[QueueRow], since: float | None) -> Iterator[Family]:
    samples = [
        Sample({"queue": row.queue, "outcome": outcome}, getattr(row.today, outcome))
        for row in rows
        for outcome in _OUTCOMES
    ]
    about = "Visits by outcome since the site's midnight, or since ccops began to count."
    yield Family("ccops_queue_visits", "counter", "", about, samples, since)
    offered = [Sample({"queue": row.queue}, row.today.offered) for row in rows]
    yield Family("ccops_queue_offered", "counter", "", "Visits offered, likewise.", offered, since)
    lost = [Sample({"queue": row.queue}, row.today.lost) for row in rows]
    yield Family("ccops_queue_lost", "counter", "", "Visits that nobody answered, likewise.", lost, since)


# --- the centre, alerts, agents ---


def _of_centre(board: Board) -> Iterator[Family]:
    counts = dict.fromkeys(AgentState, 0)
    for agent in board.agents.values():
        counts[agent.state] += 1
    samples = [Sample({"state": state.value}, count) for state, count in counts.items()]
    yield _gauge("ccops_agents", "", "Agents of the centre by state.", samples)
    yield _gauge("ccops_calls", "", "Live calls.", [Sample({}, len(board.calls))])
    yield _gauge("ccops_parked_calls", "", "Parked calls.", [Sample({}, len(board.parked))])
    running = sum(row.state == "running" for row in board.supervisions.values())
    yield _gauge("ccops_supervisions", "", "Supervisions that run.", [Sample({}, running)])


def _of_alerts(board: Board) -> Iterator[Family]:
    if not board.watched:
        return
    counts: dict[tuple[str, str, str], int] = {}
    for row in board.alerts.values():
        place = row.rule, row.level, "yes" if row.acknowledged_by or row.snoozed_by else "no"
        counts[place] = counts.get(place, 0) + 1
    samples = [Sample(dict(zip(("rule", "level", "taken"), place, strict=True)), n) for place, n in counts.items()]
    yield _gauge("ccops_alerts", "", "Alerts that hold; taken says whether somebody looks after it.", samples)


def _of_agents(rows: Sequence[AgentRow], now: float) -> Iterator[Family]:
    people = sorted(rows, key=lambda row: (row.agent, row.key))

    def who(row: AgentRow) -> dict[str, str]:
        return {"agent": row.agent, "interface": row.interface}

    states = [
        Sample({**who(row), "state": state.value}, int(row.state is state)) for row in people for state in AgentState
    ]
    yield _gauge("ccops_agent_state", "", "What an agent is doing: 1 for its state, 0 for the others.", states)
    lasts = [Sample(who(r), None if r.state_since is None else max(0.0, now - r.state_since)) for r in people]
    yield _gauge("ccops_agent_state_age_seconds", "seconds", "For how long.", lasts)
    answered = [Sample(who(row), row.today.answered) for row in people]
    yield Family("ccops_agent_answered", "counter", "", "Calls answered since the site's midnight.", answered)
    missed = [Sample(who(row), row.today.missed) for row in people]
    yield Family("ccops_agent_missed", "counter", "", "Calls not taken since the site's midnight.", missed)
