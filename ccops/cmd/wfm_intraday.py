"""`ccops wfm intraday`: the rest of today forecast anew, the gap in staff, and what would help."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.output import Output, Section, listing
from ccops.cmd.planning import planning
from ccops.cmd.quantities import figure
from ccops.cmd.run import Run
from ccops.cmd.wfm_common import QueueOption, office_of

if TYPE_CHECKING:
    from ccops.desk.planning.intraday import Staff
    from ccops.wfm.follow.day import Today
    from ccops.wfm.follow.suggest import Suggestion

DAY_COLUMNS = columns("day", "now", "missing_hours:count", "queues:list")
INTERVAL_COLUMNS = columns(
    "start:instant", "queue", "forecast:count", "calls:count", "expected:count", "low:count", "high:count",
    "required:count", "scheduled:count", "logged_in:count", "gap:count", "service_level:rate",
)  # fmt: skip
QUEUE_COLUMNS = columns(
    "queue", "factor:rate", "expected:count", "required_hours:count", "missing_hours:count", "service_level:rate"
)
SUGGESTION_COLUMNS = columns(
    "kind", "person", "text", "start", "end", "queue", "missing_before:count", "missing_after:count",
    "service_level_before:rate", "service_level_after:rate", "minutes:count",
)  # fmt: skip
_SHOWN = Section("suggestions", SUGGESTION_COLUMNS)


@listing(DAY_COLUMNS, one=True)
@planning()
def show_intraday(
    context: typer.Context,
    out: Output,
    queue: QueueOption = None,
    no_live: Annotated[bool, typer.Option("--no-live", help="Do not ask the PBX who is logged in.")] = False,
) -> None:
    """Say how the rest of today looks: calls forecast anew from what has come, agents needed and there, what helps.

    Every suggestion tells its effect on the rest of the day: agent hours missing and service level, before and after.
    `gap` is scheduled less required agents. Who is really there comes from the PBX, or from the history.
    """
    run = Run.of(context)
    office = office_of(run)
    from ccops.desk.planning.intraday import interval_rows, staff_of, suggested, today_of

    today = today_of(office, queue=queue)
    has_pbx = bool(run.settings.ami.username) or run.settings.daemon.socket.exists()
    staff = staff_of(office, today, None if no_live or not has_pbx else run.board())
    rows = [_interval(row) for row in interval_rows(today, staff)]
    record = {**_head(today, staff), "intervals": rows}
    record["suggestions"] = [_suggestion(one) for one in suggested(today, staff)]
    out.one(record, [Section("totals", QUEUE_COLUMNS), Section("intervals", INTERVAL_COLUMNS), _SHOWN])


def _head(today: "Today", staff: "Staff") -> dict[str, Any]:
    from ccops.wfm.follow.day import effect_of
    from ccops.wfm.follow.suggest import gaps
    from ccops.wfm.team.words import clock_text

    effect, short = effect_of(today), gaps(today)
    hours = today.interval / 60
    totals = [
        {
            "queue": queue.queue,
            "factor": figure(queue.factor, 4),
            "expected": round(float(queue.expected[today.place :].sum()), 1),
            "required_hours": round(float(queue.needed.agents[0][today.place :].sum()) * hours, 2),
            "missing_hours": round(abs(float(short[queue.queue].clip(max=0).sum())) * hours, 2),
            "service_level": figure(effect.service_level[queue.queue], 6),
        }
        for queue in today.queues
    ]
    return {
        "day": today.day.isoformat(),
        "now": clock_text(today.place * today.interval),
        "missing_hours": round(effect.missing, 2),
        "queues": [queue.queue for queue in today.queues],
        "on_the_phones": sorted(staff.phones),
        "absent": sorted(person for person, there in staff.present.items() if not there),
        "totals": totals,
    }


def _interval(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "start": row["start"].isoformat("T", "seconds"), "service_level": figure(row["service_level"], 6)}


def _suggestion(one: "Suggestion") -> dict[str, Any]:
    from ccops.wfm.team.words import clock_text

    return {
        "kind": one.kind,
        "person": one.person,
        "text": one.text,
        "start": clock_text(one.start),
        "end": clock_text(one.end),
        "queue": one.queue or None,
        "missing_before": round(one.before.missing, 2),
        "missing_after": round(one.after.missing, 2),
        "service_level_before": figure(one.before.service_level.get(one.queue), 6),
        "service_level_after": figure(one.after.service_level.get(one.queue), 6),
        "minutes": one.minutes,
    }
