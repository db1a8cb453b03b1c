"""The board's figures of today and today's report are the same figures: one log, one set of rules, one definition."""

from dataclasses import fields, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from ccops.board import AgentRow, Figures, QueueRow
from ccops.cmd.demo_past import plan_of, write_day
from ccops.desk.today import TodayFeed
from ccops.reports import catalogue
from ccops.reports.archive import Archive
from ccops.reports.catalogue import Ask, Sources
from ccops.reports.ingest import ingest
from ccops.reports.periods import day_period
from ccops.reports.rules import Rules
from ccops.settings import Settings
from ccops.settings.model import PauseReason, Queue, QueueLog, ServiceLevel, Site, Store

DAY = date(2026, 3, 10)
SHAPE = (6, 2, 5)


@pytest.mark.parametrize("rule", ["offered-less-short", "offered", "answered", "sl2"])
async def test_every_figure_of_the_board_is_that_of_the_report(tmp_path: Path, rule: Any) -> None:
    settings = replace(
        Settings(),
        site=Site(timezone="Europe/Berlin"),
        store=Store(path=tmp_path / "ccops.db"),
        queue_log=QueueLog(path=tmp_path / "queue_log"),
        service_level=ServiceLevel(threshold=6.5, rule=rule, short_abandon=9.5),
        queues={"sales": Queue(threshold=3.5, wrap_up=7.0)},
        pause_reasons={"lunch": PauseReason(paid=False)},
    )
    await write_day(tmp_path / "queue_log", plan_of(SHAPE, 0, DAY), DAY, "Europe/Berlin")
    ingest(settings.store.path, [tmp_path / "queue_log"], Rules.of(settings), settings.zone)
    evening = datetime.combine(DAY, time(22), settings.zone).timestamp()
    today = TodayFeed(settings, clock=lambda: evening, changed=lambda: None)
    today.read()
    with Archive.opened(settings.store.path, Rules.of(settings), settings.zone) as archive:
        ask, sources = Ask(day_period(DAY, settings.zone), evening), Sources.of(archive, settings)
        queues = catalogue.make_paper("queues", ask, sources).sections[0].rows
        agents = catalogue.make_paper("agents", ask, sources).sections[0].rows
    assert len(queues) == 2
    assert len(agents) >= 4
    for row in queues:
        _same(today.dress_queue(QueueRow(row["queue"])).today, row)
    for row in agents:
        _same(today.dress_agent(AgentRow(row["agent"], row["agent"], row["agent"], "")).today, row)
    await today.close()


def _same(board: Figures, row: Any) -> None:
    compared = [field.name for field in fields(Figures) if field.name in row and getattr(board, field.name) is not None]
    assert len(compared) >= 3
    for name in compared:
        assert getattr(board, name) == pytest.approx(row[name]), name
