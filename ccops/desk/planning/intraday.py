"""The day under way at one site: read from store and board, with the alarms that the console's ribbon shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np

from ccops.alerts.figures import Reading
from ccops.alerts.rules import BUILT_IN, LEVELS
from ccops.board import Board
from ccops.desk.demand import store_history
from ccops.desk.planning.deeds import deed
from ccops.desk.planning.following import present
from ccops.desk.planning.office import Office
from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.reports.rules import Rules
from ccops.store import planning as store
from ccops.wfm.adherence.live import is_of, live_rows
from ccops.wfm.follow.day import QueueDay, Today, levels_of
from ccops.wfm.follow.suggest import Suggestion, gaps, suggestions
from ccops.wfm.forecast import Model, fit
from ccops.wfm.history import Array, History, moments
from ccops.wfm.holidays import with_holidays
from ccops.wfm.intraday import Echo, learn_echo, rest_of_day
from ccops.wfm.require import staffed
from ccops.wfm.roster import Assignment, coverage
from ccops.wfm.team.model import SpecialDay, Team
from ccops.wfm.team.words import clock_text

if TYPE_CHECKING:
    from ccops.settings import Settings

Level = Literal["critical", "warning", "info"]
LATE = 300.0
"""Seconds in the wrong state after which it is told."""
_PAST = timedelta(days=3 * 366)
"""How far back holidays are told: further than forecasts learn from."""
_SOON = 2.0
"""Hours ahead that alarms look."""
_NOTICEABLE = 0.5
"""Agents by which it must get worse to be told beside what is missing now."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that planning has to say now; the fields are those of the desk's notices."""

    level: Level
    kind: str
    """staffing, adherence or volume."""
    topic: str
    """queue or agent."""
    key: str
    text: str
    since: float | None = None


# --- the day ---


@lru_cache(maxsize=32)
def _learned(
    path: Path, queue: str, day: date, interval: int, rules: "_Frozen", specials: tuple[SpecialDay, ...]
) -> tuple[Model, Echo]:
    """Return the model of the days before, and how errors echo through a day: the same all day long."""
    history = store_history(path, rules.rules, rules.zone, interval, queue=queue).until(day)
    if not history.days:
        raise UsageProblem(_("Nothing is known of “{queue}” before {day}.").format(queue=queue, day=day))
    model = fit(history, specials)
    return model, learn_echo(model)


class _Frozen:
    """The site's rules as a key of the cache: they are read once per process."""

    def __init__(self, rules: Rules, zone: ZoneInfo) -> None:
        self.rules, self.zone = rules, zone

    def __hash__(self) -> int:
        return hash(self.zone.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and (self.rules, self.zone.key) == (other.rules, other.zone.key)


@deed("today", reading=True)
def today_of(office: Office, *, queue: str | None = None) -> Today:
    """Return the day as it stands; raises `UsageProblem` where nobody planned it or nothing is known of its calls."""
    from ccops.desk.planning.needs import planned_queues

    team = office.team()
    now = datetime.fromtimestamp(office.clock(), office.zone)
    place = (now.hour * 60 + now.minute) // team.interval
    names = planned_queues(office, team, queue)
    frozen = _Frozen(Rules.of(office.settings), office.zone)
    queues = tuple(_queue(office, team, name, now.date(), place, frozen) for name in names)
    with office.reading() as database:
        rows = tuple(store.scheduled(database, now.date(), now.date()))
        leave = tuple(store.leave(database, now.date(), now.date()))
    return Today(now.date(), place, team, office.zone, queues, rows, leave)


def _queue(office: Office, team: Team, name: str, day: date, place: int, frozen: _Frozen) -> QueueDay:
    path = office.settings.store.path
    told = with_holidays(team.days, office.settings.site.country, day - _PAST, day + timedelta(days=1))
    model, echo = _learned(path, name, day, team.interval, frozen, told)
    seen = _seen(store_history(path, frozen.rules, office.zone, team.interval, queue=name), day, place)
    rest = rest_of_day(model, echo, day, seen)
    open_ = model.profiles.open[day.weekday()] & (not team.closed(day))
    plan, weekday = team.queue(name), model.aht[day.weekday()]
    usual = float(np.nanmean(model.aht)) if np.isfinite(model.aht).any() else plan.aht or np.nan
    aht = np.full(len(seen), plan.aht) if plan.aht else np.where(np.isfinite(weekday), weekday, usual)
    expected = np.where(open_ | np.isfinite(seen), np.nan_to_num(rest.calls), 0.0)
    needed = staffed(
        team, plan, expected[None, :], aht[None, :], (open_ | (expected > 0))[None, :], office.rule, team.interval
    )
    planned = model.expected(np.array([model.place(day)]))[0][0]
    return QueueDay(name, planned, seen, expected, rest.low, rest.high, rest.factor, needed)


def _seen(history: History, day: date, place: int) -> Array:
    """Return the counts of the intervals that are over; NaN for the others."""
    row = (day - history.first).days
    seen = history.calls[row].copy() if 0 <= row < history.days else np.full(history.calls.shape[1], np.nan)
    seen[place:] = np.nan
    return seen


# --- who is there ---


@dataclass(frozen=True)
class Staff:
    """Who is really there."""

    present: Mapping[str, bool]
    """Of those who should be on the phones now."""
    members: Mapping[str, Sequence[str]] | None
    """Queues in which each person is a member on the PBX; None without a board."""
    phones: frozenset[str]
    """Everybody who is on the phones."""


def staff_of(office: Office, today: Today, board: Board | None = None) -> Staff:
    """Return who is there, from the board, or from the history where there is none."""
    rows = present(office, board)
    phones = frozenset(row["person"] for row in rows if row["state"] == "phones")
    there = {row["person"]: row["state"] == "phones" for row in rows if row["scheduled"] == "phones"}
    if board is None:
        return Staff(there, None, phones)
    members = {
        member.id: list(row.queues)
        for member in today.team.people
        for row in board.agents.values()
        if is_of(member, row)
    }
    return Staff(there, members, phones)


def logged_in(today: Today, staff: Staff) -> dict[str, float]:
    """Return how many agents each queue has at this moment, everybody counted once."""
    if not today.queues or not staff.phones or not today.team.people:
        return dict.fromkeys((queue.queue for queue in today.queues), 0.0)
    start = today.place * today.interval
    now = [Assignment(one, today.day, "now", start, today.interval, today.interval) for one in sorted(staff.phones)]
    return {one.queue: float(one.scheduled[0, today.place]) for one in coverage(today.plan, now)}


# --- rows ---


def interval_rows(today: Today, staff: Staff) -> list[dict[str, Any]]:
    """Return a row per interval and queue of the day: what was forecast, what came, what is expected and needed."""
    scheduled, there = today.scheduled(whole=True), logged_in(today, staff)
    empty = np.zeros(24 * 60 // today.interval)
    rows = []
    for queue in today.queues:
        agents = scheduled.get(queue.queue, empty)
        levels = levels_of(queue, agents[today.place :], today)
        for place, start in moments(today.day, today.interval, today.zone):
            if not (queue.needed.open[0, place] or agents[place]):
                continue
            ahead = place >= today.place
            needed = int(queue.needed.agents[0, place])
            rows.append(
                {
                    "start": start,
                    "queue": queue.queue,
                    "forecast": round(float(queue.planned[place]), 2),
                    "calls": None if np.isnan(queue.seen[place]) else float(queue.seen[place]),
                    "expected": round(float(queue.expected[place]), 2),
                    "low": round(float(queue.low[place]), 2),
                    "high": round(float(queue.high[place]), 2),
                    "required": needed,
                    "scheduled": float(agents[place]),
                    "logged_in": there[queue.queue] if place == today.place else None,
                    "gap": float(agents[place]) - needed,
                    "service_level": levels[place - today.place] if ahead else None,
                }
            )
    rows.sort(key=lambda row: (row["start"], row["queue"]))
    return rows


def suggested(today: Today, staff: Staff) -> list[Suggestion]:
    """Return what would help."""
    return suggestions(today, staff.present, staff.members)


# --- alarms ---


def alarms(settings: "Settings", now: float, board: Board | None = None) -> list[Alarm]:
    """Return what planning has to say at `now` (epoch seconds), most pressing first; nothing where nobody plans.

    Takes some seconds at the first call of a day, which learns from the history, then some hundredths: call it from
    a thread.
    """
    office = Office(settings, clock=lambda: now)
    if not settings.store.path.exists():
        return []
    try:
        today = today_of(office)
    except UsageProblem:  # no team, no history: nobody plans here
        return []
    readings = _readings(settings, today, now, board)
    found = [alarm for reading in readings if (alarm := _alarm(reading, now)) is not None]
    rank = {"critical": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda one: (rank[one.level], one.since or now, one.text))


def measured(settings: "Settings", now: float, board: Board) -> list[Reading]:
    """Return the figures of `ccops.alerts.figures.OF_PLAN` at `now`; none where nobody plans.

    Who is not even logged in is left out: the figure `late_for_shift` tells of them. As slow as `alarms`.
    """
    try:
        today = today_of(Office(settings, clock=lambda: now))
    except UsageProblem:
        return []
    return [one for one in _readings(settings, today, now, board) if one.state != "off"]


def _readings(settings: "Settings", today: Today, now: float, board: Board | None) -> list[Reading]:
    return [*_short(today), *_late(settings, now, board), *_volume(today)]


def _alarm(reading: Reading, now: float) -> Alarm | None:
    """Return a reading as an alarm by the built-in rule, None where it is within its limits."""
    rule = next(rule for rule in BUILT_IN if rule.figure == reading.figure)
    value = reading.value if reading.since is None else now - reading.since
    reached = [level for place, level in enumerate(LEVELS) if value is not None and rule.beyond(value, place)]
    if not reached:
        return None
    kind = rule.name.partition("_")[0]
    return Alarm(reached[-1], kind, reading.topic, reading.key, reading.text, reading.since)


def _short(today: Today) -> Iterator[Reading]:
    """Tell how many agents each queue lacks now, and will lack within the next hours where that is more."""
    if not today.rows:
        return
    last = today.place + round(_SOON * 60 / today.interval)
    for name, gap in gaps(today).items():
        part = np.maximum(0.0, -gap[today.place : last])
        if not len(part):
            continue
        worse = part > part[0] + _NOTICEABLE
        yield _gap(today, "agents_short", name, float(part[0]), 0)
        yield _gap(today, "agents_short_soon", name, float(part.max()) if worse.any() else 0.0, int(np.argmax(worse)))


def _gap(today: Today, figure: str, queue: str, count: float, first: int) -> Reading:
    """Return a gap with the time at which it begins."""
    start = clock_text((today.place + first) * today.interval)
    text = _("{queue}: agents missing from {start}: {count:.0f}")
    words = partial(text.format, queue=queue, count=count, start=start)
    return Reading(figure, "queue", queue, queue, count, words, queues=(queue,))


def _late(settings: "Settings", now: float, board: Board | None) -> Iterator[Reading]:
    """Tell of people who are not where the roster has them; only where the board knows it as it is now."""
    if board is None:
        return
    keys = _keys(settings, board)
    for row in live_rows(settings, now, board):
        if row["adherent"] or row["scheduled"] != "phones":
            continue
        key = keys.get(row["person"], row["person"])
        agent = board.agents.get(key)
        names = (row["name"],) if agent is None else (agent.agent, agent.interface, agent.device)
        words = partial(_("{person} should be on the phones").format, person=row["name"])
        since = now - LATE - 1 if row["since"] is None else row["since"]
        yield Reading(
            "off_roster", "agent", key, row["name"], now - since, words, since,
            queues=() if agent is None else agent.queues, agents=names, state=row["state"],
        )  # fmt: skip


def _keys(settings: "Settings", board: Board) -> dict[str, str]:
    team = Office(settings).team()
    return {member.id: key for member in team.people for key, row in board.agents.items() if is_of(member, row)}


def _volume(today: Today) -> Iterator[Reading]:
    for queue in today.queues:
        change = queue.factor - 1
        words = partial(
            _("{queue}: {change:+.0%} calls against the forecast for the rest of the day").format,
            queue=queue.queue, change=change,
        )  # fmt: skip
        yield Reading("volume_change", "queue", queue.queue, queue.queue, abs(change), words, queues=(queue.queue,))
