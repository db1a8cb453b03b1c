"""The list of queues: its columns and filter fields."""

from collections.abc import Callable, Mapping

from ccops.board import QueueRow
from ccops.i18n import _
from ccops.tui.cells import opening, sparkline
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.figures import level_cell, mean_cell, number_cell, today_column, waited
from ccops.tui.listspec import ListSpec, Selection
from ccops.tui.spans import Span

HALF_HOURS = 48


def _name(row: QueueRow, _moment: Moment) -> Span:
    return row.title or row.queue, "title"


def _longest(row: QueueRow, moment: Moment) -> Span:
    if row.oldest_entered_at is None or not row.waiting:
        return f"{moment.look.glyph('dash')} ", "faint"
    return waited(row.oldest_entered_at, row.service_level_threshold, moment)


def _waiting(row: QueueRow, _moment: Moment) -> Span:
    return number_cell(row.waiting, "crit" if not row.available and not row.ringing else "waiting")


def _day(row: QueueRow, moment: Moment) -> Span:
    """All queues begin at the same half hour, so that what stands above each other is of one time."""
    start = opening(queue.day for queue in moment.board.queues.values())
    return sparkline(row.day[start:], HALF_HOURS, moment.look.sparks).rstrip(), "accent"


def _abandoned(row: QueueRow, moment: Moment) -> Span:
    part = row.today.abandon_rate
    return number_cell(row.today.abandoned, "warn" if (part or 0) > moment.limits.abandon_rate else "text")


def _state(
    key: str, title: str, rank: int, of: Callable[[QueueRow], int], *, tone: str = "", width: int = 4
) -> Column[QueueRow]:
    return Column(
        key,
        title,
        width,
        lambda row, _moment: number_cell(of(row), tone or key),
        of,
        align="right",
        rank=rank,
        descending=True,
        help=_("Members in this state now."),
    )


_COLUMNS: tuple[Column[QueueRow], ...] = (
    Column("queue", _("Queue"), 10, _name, lambda row: (row.title or row.queue).casefold(), grow=8),
    Column(
        "waiting",
        _("Wait"),
        4,
        _waiting,
        lambda row: row.waiting,
        align="right",
        descending=True,
        help=_("Callers waiting now; marked when nobody is free for them."),
    ),
    Column(
        "longest",
        _("Longest"),
        7,
        _longest,
        lambda row: None if row.oldest_entered_at is None else -row.oldest_entered_at,
        align="right",
        ticks=True,
        descending=True,
        help=_("How long the first of them waits; marked past the service level's threshold."),
    ),
    _state("available", _("Free"), 1, lambda row: row.available),
    _state("ringing", _("Ring"), 5, lambda row: row.ringing),
    _state("talking", _("Talk"), 1, lambda row: row.talking),
    _state("on_hold", _("Hold"), 8, lambda row: row.on_hold),
    _state("wrap_up", _("Wrap"), 5, lambda row: row.wrap_up),
    _state("paused", _("Paus"), 1, lambda row: row.paused),
    _state("busy", _("Busy"), 9, lambda row: row.busy),
    _state("unavailable", _("Off"), 6, lambda row: row.unavailable, width=3),
    today_column(
        "offered", _("Offd"), 2, _("Visits offered today: entered, less withdrawn, interrupted and still waiting.")
    ),
    today_column("answered", _("Answ"), 2, _("Visits answered today.")),
    Column(
        "abandoned",
        _("Abnd"),
        4,
        _abandoned,
        lambda row: row.today.abandoned,
        align="right",
        rank=2,
        descending=True,
        help=_("Callers who gave up today; marked where they are too large a part."),
    ),
    Column(
        "service_level",
        _("SL"),
        5,
        lambda row, moment: level_cell(row.today, moment),
        lambda row: row.today.service_level,
        align="right",
        rank=1,
        help=_("Service level of today, by the rule and threshold of the site; marked below its target."),
    ),
    today_column("asa", _("ASA"), 3, _("Mean wait of today's answered callers."), mean_cell, 5),
    today_column("aht", _("AHT"), 11, _("Mean of talk and wrap-up over today's answered calls."), mean_cell, 5),
    Column(
        "day",
        _("Day"),
        14,
        _day,
        lambda row: sum(row.day),
        align="tail",
        rank=10,
        grow=HALF_HOURS - 14,
        descending=True,
        help=_("Visits offered per half hour since midnight; each queue has its own scale."),
    ),
)


def _fields(row: QueueRow) -> Mapping[str, str]:
    return {"queue": f"{row.queue} {row.title}", "strategy": row.strategy}


QUEUES: ListSpec[QueueRow] = ListSpec(
    name="queues",
    title=_("Queues"),
    columns=_COLUMNS,
    order=Order("queue"),
    fields=_fields,
    tie=lambda row: row.queue.casefold(),
    pick=lambda row: Selection("queue", row.queue, row),
    empty=_("The PBX has no queues, or none has been read yet."),
    help=_("One line per queue: who waits, what the members do now, and today's figures."),
)
