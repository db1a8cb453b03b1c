"""Since when a state lasts that began before anybody looked: it is told as a lower bound, not as the truth."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ccops.board import AgentRow, AgentState, Board, Change
from ccops.pbx.link import LinkSettings
from ccops.pbx.live import LiveCentre
from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from ccops.tui.cells import duration
from ccops.tui.journal import Journal
from tests.tui_app import NOW, Bench, agent, console, small_desk

PLAN = CentrePlan(
    queues=[QueuePlan("sales")],
    agents=[
        AgentPlan(number, name, queues=(("sales", 0),), shift=(0.0, 24.0))
        for number, name in (("1001", "Ana"), ("1002", "Ben"))
    ],
)


async def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_what_the_pbx_does_not_date_lasts_at_least_since_it_was_seen_and_what_follows_is_dated() -> None:
    async with SimPbx(PLAN, secret="s", quiet=True) as sim:
        sim.phone_online("1001", online=False)
        live = LiveCentre(LinkSettings(host="127.0.0.1", port=sim.port, username=sim.username, secret="s"))
        task = asyncio.create_task(live.run())
        try:
            await until(lambda: live.board.link.state == "live" and len(live.board.agents) == 2)

            def row(number: str) -> AgentRow:
                return live.board.agents[f"PJSIP/{number}"]

            assert (row("1001").state, row("1001").since_before) == (AgentState.UNAVAILABLE, True)
            assert (row("1002").state, row("1002").since_before) == (AgentState.AVAILABLE, False)  # its login is told
            seen = row("1001").state_since
            sim.drop_clients()
            await until(lambda: live.board.link.state == "down")
            await until(lambda: live.board.link.state == "live")
            assert (row("1001").state_since, row("1001").since_before) == (seen, True)
            sim.phone_online("1001", online=True)
            await until(lambda: row("1001").state is AgentState.AVAILABLE)
            assert not row("1001").since_before
        finally:
            await live.close()
            await task


def _shows(bench: Bench, mark: str) -> bool:
    return mark in bench.text()


async def test_the_console_marks_a_lower_bound_in_every_place() -> None:
    desk = small_desk()
    away = replace(
        desk.board.agents["PJSIP/1001"], state=AgentState.UNAVAILABLE, state_since=NOW - 71, since_before=True
    )
    desk.board.agents["PJSIP/1001"] = away
    for ascii_only, mark in ((False, "≥1:11"), (True, ">1:11")):
        async with console(desk, ascii=ascii_only) as bench:
            await bench.until(partial(_shows, bench, mark))
            await bench.press("2")
            await bench.until(partial(_shows, bench, mark))
            bench.rows().select(away.key)
            await bench.press("enter")
            await bench.until(partial(_shows, bench, mark))


def test_the_journal_does_not_pass_a_lower_bound_off_as_a_time() -> None:
    away = agent("Anna", 1001, AgentState.UNAVAILABLE, state_since=NOW - 61, since_before=True)
    journal = Journal()
    journal.prime(Board(small_desk().board.link, agents={away.key: away}))
    back = replace(away, state=AgentState.AVAILABLE, state_since=NOW, since_before=False)
    journal.absorb([Change(NOW, "agent", away.key, back)], news=True)
    assert f"was offline for {duration(61)} or longer" in journal.records[-1].text
