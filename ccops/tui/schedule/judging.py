"""What a roster covers, costs and breaks as it is changed by hand; kept as a draft; compared with another."""

from collections.abc import Sequence

from ccops.desk.planning.rosters import difference as differing
from ccops.store.planning import DayRow
from ccops.tui.schedule.edit import given
from ccops.tui.schedule.errands import Candidate, Candidates, Changed, Changes, Difference, Verdict
from ccops.tui.schedule.opened import Opened
from ccops.wfm.plan.build import assignment_of
from ccops.wfm.publish.papers import cell_text
from ccops.wfm.roster import BrokenRule, check, price


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
            texts = [cell_text(old, breaks=True), cell_text(new, breaks=True)]
        member = opened.team.member(row.person)
        found.append(Changed(row.person, row.person if member is None else member.name, row.day, texts[0], texts[1]))
    return Difference(tuple(found), tuple(check(opened.plan, opened.assignments(changes))))


def _works(row: DayRow | None) -> bool:
    return row is not None and bool(row.shift)
