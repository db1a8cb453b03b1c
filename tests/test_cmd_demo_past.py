"""The weeks before today of the demo: what is in its store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from ccops.cmd import demo_past
from ccops.pbx.sim import CentrePlan
from ccops.reports.archive import Archive
from ccops.reports.periods import day_period
from ccops.reports.rules import Rules
from ccops.settings import Settings
from ccops.settings.model import Site, Store

TODAY = date(2026, 3, 30)  # a Monday; the clock was put forward on the day before
SHAPE = (4, 2, 3)


def settings_in(folder: Path) -> Settings:
    return replace(Settings(), site=Site(timezone="Europe/Berlin"), store=Store(path=folder / "ccops.db"))


def test_the_days_before_today_are_in_the_store_with_the_people_of_the_centre(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    demo_past.make_past(settings, SHAPE, TODAY, _after(7))
    zone = settings.zone
    with Archive.opened(settings.store.path, Rules.of(settings), zone) as archive:
        covers = archive.covers
        assert covers is not None
        first, last = (date(2026, 3, 2), date(2026, 3, 8))
        assert day_period(first, zone).start < covers.start < covers.end < day_period(last, zone).end
        assert set(archive.queues()) == {queue.name for queue in CentrePlan.default(*SHAPE).queues}
        assert {agent.name for agent in CentrePlan.default(*SHAPE).agents} <= set(archive.agents())
        monday = archive.queue_tallies(day_period(first, zone))
        sunday = archive.queue_tallies(day_period(last, zone))
        assert sum(tally.offered for tally in monday.values()) > 1.5 * sum(tally.offered for tally in sunday.values())


def _after(days: int) -> Callable[[], bool]:
    """Stop once so many days were asked about."""
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > days

    return stopped


def test_the_same_day_is_made_up_alike() -> None:
    one, other = (demo_past.plan_of(SHAPE, 3, TODAY) for _ in range(2))
    assert one.queues == other.queues
    assert demo_past.plan_of(SHAPE, 3, date(2026, 3, 29)).queues[0].calls_per_hour < one.queues[0].calls_per_hour
