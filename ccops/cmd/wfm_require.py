"""`ccops wfm require`: from forecast to required agents per interval and queue."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.output import Output, listing
from ccops.cmd.planning import planning
from ccops.cmd.quantities import amount, duration, figure, minutes, share
from ccops.cmd.run import Run
from ccops.cmd.wfm_common import QueueOption, day, office_of
from ccops.errors import UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.desk.planning.office import Office
    from ccops.wfm.require import Requirement, WhatIf

REQUIRE_COLUMNS = columns(
    "start:instant", "queue", "calls", "aht:seconds", "agents:count", "positions:count", "service_level:rate",
    "asa:seconds", "occupancy:rate",
)  # fmt: skip


@listing(REQUIRE_COLUMNS)
@planning()
def require_agents(
    context: typer.Context,
    out: Output,
    weeks: Annotated[int, typer.Option("--weeks", metavar="N", min=1, max=53, help="How many weeks.")] = 1,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day; without: next Monday.")] = None,
    interval: Annotated[
        str | None, typer.Option("--interval", metavar="TIME", help="15m, 30m …; without: the team's.")
    ] = None,
    queue: QueueOption = None,
    from_csv: Annotated[
        Path | None,
        typer.Option("--from-csv", metavar="FILE", help="Learn from start,calls[,aht][,queue] instead of the store."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="P/S", help="What if: P percent answered within S seconds.")
    ] = None,
    calls: Annotated[float, typer.Option("--calls", metavar="X", help="What if: calls times this factor.")] = 1.0,
    aht: Annotated[float, typer.Option("--aht", metavar="X", help="What if: handle times times this factor.")] = 1.0,
    shrinkage: Annotated[str | None, typer.Option("--shrinkage", metavar="X", help="What if: 0.3 or 30%.")] = None,
    max_occupancy: Annotated[
        str | None, typer.Option("--max-occupancy", metavar="X", help="What if: nobody busier than this.")
    ] = None,
    patience: Annotated[
        str | None, typer.Option("--patience", metavar="TIME", help="What if: callers give up after this (Erlang A).")
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="Say by simulation how far people with several skills bring it down."),
    ] = False,
) -> None:
    """Say how many agents every interval of every queue needs.

    Calls and handle times are forecast from the store or a CSV; targets, patience, shrinkage and special days are
    those of the team. A queue with patience is reckoned by Erlang A, another by Erlang C. `agents` are on the phones,
    `positions` on the roster with shrinkage. Without [service_level] in the configuration every caller counts.
    """
    run = Run.of(context)
    what_if = _what_if(target, calls, aht, shrinkage, max_occupancy, patience)
    office = office_of(run)
    from ccops.desk.planning.needs import requirement
    from ccops.wfm.plan.weeks import next_monday

    start = day("--from", first) if first else next_monday(office.today())
    step = None if interval is None else minutes("--interval", interval)
    found = requirement(office, start, weeks * 7, csv=from_csv, queue=queue, what_if=what_if, interval=step)
    for note in found.notes:
        run.narrator.say(note)
    if simulate:
        found = _pooled(run, office, found)
    out.listing(_record(row) for row in found.rows())


def _what_if(
    target: str | None,
    calls: float,
    aht: float,
    shrinkage: str | None,
    max_occupancy: str | None,
    patience: str | None,
) -> "WhatIf":
    from ccops.wfm.require import WhatIf
    from ccops.wfm.targets import parse_service_level

    for option, factor in (("--calls", calls), ("--aht", aht)):
        amount(option, factor, most=1000)
    if not aht:
        raise UsageProblem(_("--aht: 0 cannot be."), remedy=_("Give a factor, such as 1.1."))
    return WhatIf(
        calls=calls,
        aht=aht,
        target=None if target is None else parse_service_level(target),
        max_occupancy=None if max_occupancy is None else share("--max-occupancy", max_occupancy),
        shrinkage=None if shrinkage is None else share("--shrinkage", shrinkage, most=0.9, zero=True),
        patience=None if patience is None else duration("--patience", patience),
    )


def _pooled(run: Run, office: "Office", found: "Requirement") -> "Requirement":
    from ccops.wfm.pooling import pooled

    team = office.team()
    answer = pooled(found, team)
    told = _("Simulated {day} ({runs} runs): {share:.0%} of the agents of single queues are enough together.")
    run.narrator.say(told.format(day=answer.day, runs=answer.runs, share=answer.factor))
    for queue, level in answer.levels.items():
        run.narrator.say(
            _("  {queue}: service level {mean:.1%} ({low:.1%} … {high:.1%})").format(
                queue=queue, mean=level.mean, low=level.low, high=level.high
            )
        )
    return answer.requirement


def _record(row: dict[str, object]) -> dict[str, Any]:
    start = row["start"]
    figures: dict[str, Any] = dict(row)
    for name in ("service_level", "asa", "occupancy"):
        figures[name] = figure(figures[name], 6)
    return {**figures, "start": start.isoformat(timespec="seconds") if isinstance(start, datetime) else None}
