"""The list of agents: its columns, filter fields and groupings."""

from collections.abc import Mapping

from ccops.board import AgentRow, AgentState, SupervisionRow
from ccops.i18n import _
from ccops.tui.arrange import Grouping
from ccops.tui.cells import duration, person
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.figures import mean_cell, number_cell, rate_cell, state_age, state_cell, today_column
from ccops.tui.listspec import ListSpec, Selection
from ccops.tui.spans import Span
from ccops.tui.words import STATE_ORDER, state_rank, state_word


def _doing(agent: AgentRow, moment: Moment) -> Span:
    """What the state is about: the reason of a pause, the caller of a call, before it how the call is supervised."""
    if agent.state is AgentState.PAUSED:
        return agent.pause_reason, "paused"
    if agent.caller_number or agent.caller_name:
        caller = person(agent.caller_number, agent.caller_name)
        modes = " ".join(dict.fromkeys(leg.mode for leg in _legs(agent, moment)))
        return (f"{moment.look.glyph('supervised')} {modes} {caller}", "info") if modes else (caller, "text")
    paused_in = [item.queue for item in agent.memberships if item.paused]
    return (_("paused in {queues}").format(queues=", ".join(paused_in)), "muted") if paused_in else ("", "text")


def _last_call(agent: AgentRow, moment: Moment) -> Span:
    if agent.last_call_at is None:
        return moment.look.glyph("dash"), "faint"
    return duration(moment.now - agent.last_call_at), "muted"


def _legs(agent: AgentRow, moment: Moment) -> list[SupervisionRow]:
    return [leg for leg in moment.board.supervisions.values() if leg.agent_key == agent.key and leg.state != "ended"]


def _supervised(agent: AgentRow, moment: Moment) -> Span:
    legs = _legs(agent, moment)
    return (", ".join(f"{leg.mode} {leg.owner}".strip() for leg in legs), "info") if legs else ("", "text")


_COLUMNS: tuple[Column[AgentRow], ...] = (
    Column(
        "state",
        _("State"),
        12,
        lambda row, moment: state_cell(row.state, moment.look),
        lambda row: (state_rank(row.state), row.state_since or 0.0),
        help=_("What the agent is doing; the glyph says the same."),
    ),
    Column(
        "agent", _("Agent"), 14, lambda row, _moment: (row.agent, "text"), lambda row: row.agent.casefold(), grow=10
    ),
    Column(
        "for",
        _("For"),
        7,
        lambda row, moment: state_age(row, moment, row.state.value),
        lambda row: None if row.state_since is None else -row.state_since,
        align="right",
        ticks=True,
        descending=True,
        help=_("How long the state lasts; marked when it is unusually long. ≥: it began before anybody looked."),
    ),
    Column(
        "doing",
        _("Caller / reason"),
        18,
        _doing,
        lambda row: (
            (row.pause_reason or person(row.caller_number, row.caller_name)).casefold()
            if row.pause_reason or row.caller_number or row.caller_name
            else None
        ),
        grow=14,
        help=_("The caller of a call, the reason of a pause; before a caller, how the call is supervised."),
    ),
    Column("queue", _("Queue"), 9, lambda row, _moment: (row.queue or "", "text"), lambda row: row.queue, grow=5),
    today_column("answered", _("Ans"), 1, _("Calls answered today."), number_cell, 4),
    today_column(
        "missed",
        _("Miss"),
        2,
        _("Calls that rang at the agent today without an answer."),
        lambda value: number_cell(value, "warn"),
        4,
    ),
    today_column("aht", _("AHT"), 3, _("Mean of talk and wrap-up over today's answered calls."), mean_cell, 5),
    today_column("talk", _("Talk"), 4, _("Time in calls today."), mean_cell, 5),
    today_column("occupancy", _("Occ"), 5, _("(talk + wrap-up) / (talk + wrap-up + available)."), rate_cell, 4),
    Column(
        "last",
        _("Last call"),
        9,
        _last_call,
        lambda row: None if row.last_call_at is None else -row.last_call_at,
        align="right",
        rank=6,
        ticks=True,
        help=_("How long ago the last call ended."),
    ),
    Column(
        "supervised",
        _("Supervised"),
        10,
        _supervised,
        lambda row: row.key,
        rank=8,
        grow=6,
        help=_("Who listens, and how."),
    ),
    Column(
        "queues",
        _("Member of"),
        16,
        lambda row, _moment: (", ".join(row.queues), "muted"),
        lambda row: row.queues,
        rank=7,
        grow=14,
    ),
    Column("phone", _("Phone"), 12, lambda row, _moment: (row.device, "muted"), lambda row: row.device, rank=9, grow=6),
)


def _fields(row: AgentRow) -> Mapping[str, str]:
    """Return what a filter looks at."""
    return {
        "state": f"{row.state.value} {state_word(row.state)}",
        "agent": row.agent,
        "queue": " ".join(row.queues),
        "caller": f"{row.caller_name or ''} {row.caller_number or ''}",
        "reason": row.pause_reason,
        "phone": row.device or row.interface,
    }


def _tie(row: AgentRow) -> tuple[str, str]:
    """Keep equal agents in the order of their names."""
    return row.agent.casefold(), row.key


_RANK = {state_word(state): rank for rank, state in enumerate(STATE_ORDER)}
_GROUPINGS: tuple[Grouping[AgentRow], ...] = (
    Grouping("state", _("by state"), lambda row: state_word(row.state), lambda name: _RANK[name]),
    Grouping(
        "queue",
        _("by queue"),
        lambda row: row.queue or (row.queues[0] if row.queues else ""),
        label=lambda name: name or _("no queue"),
    ),
)

AGENTS: ListSpec[AgentRow] = ListSpec(
    name="agents",
    title=_("Agents"),
    columns=_COLUMNS,
    order=Order("state"),
    fields=_fields,
    tie=_tie,
    pick=lambda row: Selection("agent", row.key, row),
    empty=_("No agent is a member of any queue."),
    help=_("One line per agent, with the state that lasts and today's figures."),
    groupings=_GROUPINGS,
    markable=True,
    beside=lambda row, moment: [(leg.mode, leg.owner) for leg in _legs(row, moment)],
)
