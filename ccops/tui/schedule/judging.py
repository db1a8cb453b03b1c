"""What a roster covers, costs and breaks as it is changed by hand; kept as a draft; compared with another."""

from collections.abc import Sequence
from datetime import date

from ccops.desk.planning.rosters import Roster, Rosters
from ccops.desk.planning.rosters import difference as differing
from ccops.store.planning import DayRow
from ccops.tui.schedule.asks import Around, Rearranged
from ccops.tui.schedule.edit import clock, given
from ccops.tui.schedule.errands import Candidate, Candidates, Changed, Changes, Difference, Verdict
from ccops.tui.schedule.opened import Opened
from ccops.wfm.plan.build import assignment_of
from ccops.wfm.plan.coverage import missing_hours
from ccops.wfm.publish.papers import cell_text
from ccops.wfm.roster import BrokenRule, Plan, Result, check, price


def verdict(opened: Opened, changes: Changes) -> Verdict:
    """Judge a roster with some changes."""
    return opened.ledger.judge(opened.with_changes(changes))


def _rules(found: Sequence[BrokenRule]) -> set[tuple[str, str, tuple[object, ...]]]:
    return {(one.person, one.rule, one.days) for one in found}


def candidates(opened: Opened, changes: Changes, row: DayRow) -> Candidates:
    """Return whom a shift could go to; who works on that day would give theirs in return."""
    now = opened.with_changes(changes)
    before = _rules(check(opened.plan, [assignment_of(one) for one in now.values()]))
    found = []
    for worker in opened.team.people:
        if worker.id == row.person:
            continue
        after = now | given(now, row, worker.id, worker.skills)
        pair = {worker.id, row.person}
        assignments = [assignment_of(one) for one in after.values() if one.person in pair]
        broken = check(opened.plan, assignments, people=pair)
        rules = [one.rule for one in broken if (one.person, one.rule, one.days) not in before]
        if row.queue and row.queue not in worker.skills:
            rules.insert(0, "skill")
        found.append(Candidate(worker.id, tuple(dict.fromkeys(rules))))
    return Candidates(tuple(sorted(found, key=lambda one: (len(one.broken), _busy(now, one.person, row)))))


def _busy(now: Changes, person: str, row: DayRow) -> bool:
    there = now.get((person, row.day))
    return there is not None and bool(there.shift)


def saved(opened: Opened, changes: Changes, note: str) -> int:
    """Keep a roster with its changes as a draft, and return its number."""
    head, rosters = opened.roster.head, opened.rosters
    rows = list(opened.with_changes(changes).values())
    total = price(opened.plan, opened.assignments(changes)).total
    document = {"needs": opened.needs, "interval": opened.team.interval, "penalty": round(total, 6)}
    kept = rosters.keep(
        head.first, head.days, rows, document, opened.team_number,
        base=opened.version, note=note, changed=len(changes),
    )  # fmt: skip
    return kept.head.id


def difference(opened: Opened, changes: Changes, other: int | None) -> Difference:
    """Return how a roster differs from another version, or from what is published for its days."""
    head, rosters = opened.roster.head, opened.rosters
    rows = opened.with_changes(changes)
    if other is None:
        before: Sequence[DayRow] = rosters.scheduled(head.first, opened.roster.last)
    else:
        before = [row for row in rosters.get(other).rows if head.first <= row.day <= opened.roster.last]
    found = []
    for old, new in differing(before, list(rows.values())):
        row = new or old
        if row is None or not (_works(old) or _works(new)):
            continue
        texts = [cell_text(old), cell_text(new)]
        if texts[0] == texts[1]:  # only breaks were moved
            texts = [_breaks_text(old), _breaks_text(new)]
        member = opened.team.member(row.person)
        found.append(Changed(row.person, row.person if member is None else member.name, row.day, texts[0], texts[1]))
    return Difference(tuple(found), tuple(check(opened.plan, opened.assignments(changes))))


def _breaks_text(row: DayRow | None) -> str:
    return ", ".join(f"{name} {clock(at)}" for name, at, _minutes, _paid in row.breaks) if row is not None else ""


def rearrangement(rosters: Rosters, made: Roster, result: Result, order: Around) -> Rearranged:
    """Return what a roster that was solved around a sick call changed, and what it lacks."""
    base = rosters.get(made.head.base or 0)
    plan = rosters.plan(base)
    inside = (order.first, made.last)
    left = [row for row in base.rows if row.person != order.person or not order.first <= row.day <= order.last]
    changed = differing(base.rows, made.rows)
    rules = [one for one in result.shortfalls if one.kind != "cover"]
    return Rearranged(
        made.head.id,
        others=sum(_moved(old, new) for old, new in changed if _whose(old, new) != order.person),
        planned=_missing(plan, base.rows, inside),
        without=_missing(plan, left, inside),
        now=_missing(plan, made.rows, inside),
        rules=tuple(f"{one.person}: {one.why}" if one.person else one.why for one in rules),
    )


def _missing(plan: Plan, rows: Sequence[DayRow], days: tuple[date, date]) -> float:
    return sum(hours for day, hours in missing_hours(plan, rows).items() if days[0] <= day <= days[1])


def _whose(old: DayRow | None, new: DayRow | None) -> str:
    row = new or old
    return row.person if row is not None else ""


def _moved(old: DayRow | None, new: DayRow | None) -> bool:
    """Say whether more than breaks changed."""
    works = [(row.shift, row.start, row.minutes) if row is not None and row.shift else None for row in (old, new)]
    return works[0] != works[1]


def _works(row: DayRow | None) -> bool:
    return row is not None and bool(row.shift)
