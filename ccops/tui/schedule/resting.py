"""The rest of today, for the console: forecast anew, what it lacks interval by interval, and what would help."""

import math
from datetime import datetime, time, timedelta

from ccops.desk.planning.intraday import Staff, interval_rows, staff_of, suggested, today_of
from ccops.desk.planning.office import Office
from ccops.tui.schedule.asks import Advice, Outlook, QueueRest, Rest, Slot
from ccops.wfm.follow.day import Effect, QueueDay, Today, effect_of
from ccops.wfm.follow.suggest import Suggestion


def outlook(office: Office, errand: Rest) -> Outlook:
    """Return how the rest of the day looks, as `ccops wfm intraday` tells it."""
    today = today_of(office, queue=errand.queue)
    staff = staff_of(office, today, errand.board)
    effect = effect_of(today)
    rows = interval_rows(today, staff)
    midnight = datetime.combine(today.day, time(), today.zone)
    return Outlook(
        today.day,
        (midnight + timedelta(minutes=today.place * today.interval)).timestamp(),
        effect.missing,
        tuple(_rest(today, queue, effect) for queue in today.queues),
        tuple(Slot(**{**row, "start": row["start"].timestamp(), "gap": _known(row["gap"])}) for row in rows),
        tuple(_advice(one) for one in suggested(today, staff)),
        _absent(today, staff),
    )


def _rest(today: Today, queue: QueueDay, effect: Effect) -> QueueRest:
    hours = today.interval / 60
    return QueueRest(
        queue.queue,
        _known(queue.factor),
        float(queue.expected[today.place :].sum()),
        float(queue.needed.agents[0][today.place :].sum()) * hours,
        effect.lacking[queue.queue],
        effect.service_level[queue.queue],
    )


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _advice(one: Suggestion) -> Advice:
    before, after = one.before, one.after
    return Advice(
        one.kind, one.person, one.text, one.start, one.end, one.queue, before.missing, after.missing,
        before.service_level.get(one.queue), after.service_level.get(one.queue), one.minutes,
    )  # fmt: skip


def _absent(today: Today, staff: Staff) -> tuple[str, ...]:
    members = (today.team.member(person) for person, there in sorted(staff.present.items()) if not there)
    return tuple(member.name for member in members if member is not None)
