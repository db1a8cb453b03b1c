"""Cells that several lists share: ages with their limit, today's figures, states with their glyph."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from ccops.board import AgentRow, AgentState, Figures, QueueRow
from ccops.tui.cells import count, duration, rate, seconds
from ccops.tui.columns import Column, Moment
from ccops.tui.look import Look
from ccops.tui.spans import Span
from ccops.tui.words import call_word, state_word


def aged(start: float | None, moment: Moment, limit: float | None, tone: str = "text", *, before: bool = False) -> Span:
    """Return how long something lasts; past its limit it is marked by glyph and tone, past twice of it more so.

    What began `before` that, nobody knows when, lasts at least so long, and says so.
    """
    if start is None:
        return f"{moment.look.glyph('dash')} ", "faint"
    lasts = moment.now - start
    text = moment.look.glyph("at_least") * before + duration(lasts)
    if limit is None or lasts <= limit:
        return f"{text} ", tone
    level = "crit" if lasts > 2 * limit else "warn"
    return f"{text}{moment.look.glyph(level)}", level


def waited(start: float, threshold: float, moment: Moment) -> Span:
    """Return a caller's wait, marked past the queue's threshold and past the limit of patience."""
    lasts = moment.now - start
    text = duration(lasts)
    if lasts <= threshold:
        return f"{text} ", "text"
    level = "crit" if lasts > threshold * moment.limits.wait_factor else "warn"
    return f"{text}{moment.look.glyph(level)}", level


def state_cell(state: AgentState, look: Look) -> Span:
    """Return glyph and word of an agent's state."""
    return f"{look.glyph(state.value)} {state_word(state)}", state.value


def call_state_cell(state: str, look: Look) -> Span:
    """Return glyph and word of a call's state."""
    return f"{look.glyph(state)} {call_word(state)}", "muted" if state == "ended" else state


def number_cell(value: int | None, tone: str = "text") -> Span:
    """Return a count; nought and unknown recede, so that what is there stands out."""
    return count(value), tone if value else "faint"


def level_cell(today: Figures, moment: Moment) -> Span:
    """Return the service level, marked where it is below its target and enough calls say so."""
    value = today.service_level
    if value is None:
        return f"{rate(None)} ", "faint"
    judged = (today.offered or 0) >= moment.limits.min_offered
    if judged and value < moment.limits.service_level:
        level = "crit" if value < moment.limits.service_level * 0.75 else "warn"
        return f"{rate(value)}{moment.look.glyph(level)}", level
    return f"{rate(value)} ", "ok" if judged else "text"


def mean_cell(value: float | None) -> Span:
    """Return a mean duration."""
    return seconds(value), "text" if value is not None else "faint"


def rate_cell(value: float | None) -> Span:
    """Return a fraction."""
    return rate(value), "text" if value is not None else "faint"


def threshold_of(queue: str | None, moment: Moment) -> float:
    """Return the service-level threshold of a queue, the usual one where the queue is unknown."""
    row = moment.board.queues.get(queue or "")
    return row.service_level_threshold if row is not None else QueueRow("").service_level_threshold


def state_age(agent: AgentRow, moment: Moment, tone: str) -> Span:
    """Return how long an agent's state lasts."""
    return aged(agent.state_since, moment, agent_limit(agent, moment), tone, before=agent.since_before)


def agent_limit(agent: AgentRow, moment: Moment) -> float | None:
    """Return from when on this agent's state is unusually long."""
    return moment.limits.of_state(agent.state)


def today_column(
    key: str, title: str, rank: int, help_: str, cell: Callable[[Any], Span] = number_cell, width: int = 4
) -> Column[Any]:
    """Return the column of one of today's figures of a queue or an agent, the largest first."""
    of = attrgetter(f"today.{key}")
    return Column(
        key,
        title,
        width,
        lambda row, _moment: cell(of(row)),
        of,
        align="right",
        rank=rank,
        descending=True,
        help=help_,
    )
