"""The live centre on real Asterisk: after every moment of every play it equals what a fresh client is told."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ccops.board import Board, CallRow
from ccops.pbx.link import LinkSettings
from ccops.pbx.live import LiveCentre
from ccops.pbx.state import Drift, canonical, carry, compare
from tests.lab.pbx import Lab
from tests.lab.proxy import Proxy
from tests.lab.scenario import Scene
from tests.lab.scenes import SCENES
from tests.lab.story import STORY
from tests.live_plays import NASTY, PLAYS, names_with_quotes, queues_come_and_go

PATIENCE = 30.0


def settings(lab: Lab, user: str = "supervisor") -> LinkSettings:
    return LinkSettings(host=lab.host, port=lab.ami_port, username=user, secret=lab.user(user).secret)


@asynccontextmanager
async def centre(lab: Lab, user: str = "supervisor") -> AsyncIterator[LiveCentre]:
    """A live centre that heals nothing by itself: its events alone must tell the truth."""
    live = LiveCentre(settings(lab, user), wrap_up={"wrapup": 5.0}, relist_every=3600)
    task = asyncio.create_task(live.run())
    await until(lambda: live.board.link.state == "live", "the link", live.board)
    try:
        yield live
    finally:
        await live.close()
        await task


async def until(condition: Callable[[], bool], what: str, board: Board, patience: float = PATIENCE) -> None:
    deadline = asyncio.get_running_loop().time() + patience
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"{what}: {shown(board)} {board.link}"
        await asyncio.sleep(0.02)


async def differences(live: LiveCentre, lab: Lab) -> Drift:
    """What a fresh client is told otherwise than the live state has it."""
    fresh = LiveCentre(settings(lab), wrap_up={"wrapup": 5.0})
    try:
        await fresh.start()
    finally:
        await fresh.close()
    carry(live.state, fresh.state, 0.0)
    return compare(canonical(live.state), canonical(fresh.state))


async def assert_true(live: LiveCentre, lab: Lab, moment: str) -> None:
    """Events travel, so the truth may take a moment to arrive; it must arrive."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while drift := await differences(live, lab):
        assert asyncio.get_running_loop().time() < deadline, f"{moment}: {drift}"
        await asyncio.sleep(0.1)


async def moments(play: Iterator[str]) -> AsyncIterator[str]:
    """A play blocks, so each of its steps runs in a thread."""
    while (moment := await asyncio.to_thread(next, play, None)) is not None:
        yield moment


EXPECTED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "live-moments.json").read_text())
"""What the board shows at each moment of each play, checked by hand."""


def shown(board: Board) -> dict[str, list[str]]:
    """The board in words: agents that are not just free, calls, parked calls, spies."""
    agents = (row for row in board.agents.values() if row.state != "available")
    return {
        "agents": sorted(" ".join(filter(None, (f"{row.agent}: {row.state}", row.queue))) for row in agents),
        "calls": sorted(map(_in_words, board.calls.values()))
        + ["parked" for _ in board.parked]
        + [f"{row.mode} {row.state} {row.agent}" for row in board.supervisions.values()],
    }


def _in_words(row: CallRow) -> str:
    agent = f"with {row.agent}" if row.agent else None
    words = (f"{row.caller_number}: {row.state}", row.queue, agent, "held" if row.held else None)
    return " ".join(filter(None, words))


def told(board: Board) -> list[str]:
    """The ended calls of queues with their ladders."""
    return sorted(
        f"{row.caller_number} {row.outcome or '-'} {row.queue}: "
        + ", ".join(f"{step.kind} {step.detail}".strip() for step in row.steps)
        for row in board.ended.values()
        if row.queue
    )


async def played(live: LiveCentre, scene: Scene, name: str, play: Iterator[str]) -> None:
    """Play to the end; at every moment the state is what a fresh client is told, and shows what it should."""
    expected = EXPECTED.get(name, {})
    async for moment in moments(play):
        await assert_true(live, scene.lab, moment)
        if moment in expected:
            await until(lambda moment=moment: shown(live.board) == expected[moment], moment, live.board)  # type: ignore[misc]
    await assert_true(live, scene.lab, "the end")
    await until(lambda: not live.board.calls, "no call left", live.board)
    if "ended" in expected:
        assert as_told(told(live.board)) == as_told(expected["ended"])


def as_told(stories: list[str]) -> list[str]:
    """Forget what is not ours: in which space of the lot a caller was parked depends on who was parked before; of a
    transfer into a queue, the queue and the transfer are told by two threads, in either order."""
    found = [re.sub(r"parked 7\d\d", "parked", story) for story in stories]
    return [re.sub(r"(moved [^,]+), (transferred [^,]+)", r"\2, \1", story) for story in found]


@pytest.mark.parametrize("name", [*SCENES, *PLAYS])
async def test_scene(scene: Scene, name: str) -> None:
    async with centre(scene.lab) as live:
        await played(live, scene, name, (SCENES.get(name) or PLAYS[name])(scene))
        assert live.board.link.drift_repaired == 0
        assert str(await live.resync()) == "none"


@pytest.mark.timeout(240)
async def test_story(scene: Scene) -> None:
    async with centre(scene.lab) as live:
        for name, play in STORY.items():
            live.state.ended.clear()
            live.board.ended.clear()
            await played(live, scene, name, play(scene))


async def test_queues_that_a_reload_brings_and_takes_are_found_by_listing(scene: Scene) -> None:
    async with centre(scene.lab) as live:
        play = queues_come_and_go(scene)
        async for moment in moments(play):
            await live.resync()
            assert ("seasonal" in live.board.queues) is (moment == "one queue more")
            await assert_true(live, scene.lab, moment)
        assert live.board.link.drift_repaired >= 2


async def test_a_fresh_client_finds_calls_spies_and_parked_callers(scene: Scene) -> None:
    """Started in the middle of things: the board is the one of somebody who saw it all."""
    async with centre(scene.lab) as live:
        await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana", style="freepbx")
        await asyncio.to_thread(scene.add_member, "support", "1801", "Silent")
        talking = await asyncio.to_thread(scene.queue_call, "sales", "5550061")
        waiting = await asyncio.to_thread(scene.call_in, "support", "5550062")
        leg = await asyncio.to_thread(scene.leg, "1001")
        spyer = await asyncio.to_thread(scene.spy, "9001", leg, "quwE")
        parked = await asyncio.to_thread(scene.call_in, "sales", "5550063")
        await asyncio.to_thread(scene.park, parked.channel)
        await assert_true(live, scene.lab, "all at once")
        fresh = LiveCentre(settings(scene.lab))
        await fresh.start()
        await fresh.close()
        for board in (live.board, fresh.board):
            ana = next(row for row in board.agents.values() if row.agent == "Ana")
            assert (ana.state, ana.queue, ana.caller_number, ana.channel) == ("talking", "sales", "5550061", leg)
            assert ana.call_id == talking.uniqueid
            assert board.calls[waiting.uniqueid].state == "ringing"
            (spy,) = board.supervisions.values()
            assert (spy.mode, spy.state, spy.agent, spy.channel) == ("whisper", "running", "Ana", spyer)
            assert spy.call_id == talking.uniqueid
            assert board.parked[parked.uniqueid].caller_number == "5550063"
            assert board.calls[parked.uniqueid].held


async def test_a_caller_has_one_name_whoever_tells_it(scene: Scene) -> None:
    async with centre(scene.lab) as live:
        async for moment in moments(names_with_quotes(scene)):
            await assert_true(live, scene.lab, moment)
            fresh = LiveCentre(settings(scene.lab))
            await fresh.start()
            await fresh.close()
            for board in (live.board, fresh.board):
                names = [row.caller_name for row in board.calls.values()]
                names += [row.caller_name for row in board.parked.values()]
                assert names == [NASTY] * 4, "the parked one is a call too"
                assert {(row.agent, row.caller_name) for row in board.agents.values()} >= {("Ana O'Hara ?", NASTY)}
        assert not live.board.link.drift_repaired


@pytest.mark.timeout(180)
async def test_a_restart_in_the_middle_of_calls(scene: Scene) -> None:
    async with centre(scene.lab) as live:
        await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana")
        handle = await asyncio.to_thread(scene.queue_call, "sales")
        await until(lambda: handle.uniqueid in live.board.calls, "the call", live.board)
        await asyncio.to_thread(scene.lab.kill)
        await until(lambda: live.board.link.state == "down", "the loss", live.board)
        assert handle.uniqueid in live.board.calls, "shown as it was, for as long as nobody knows better"
        await asyncio.to_thread(scene.lab.start)
        await until(lambda: live.board.link.state == "live", "the return", live.board, 60)
        assert live.board.link.restarts == 1
        assert live.board.ended[handle.uniqueid].outcome == "interrupted"
        assert not live.board.calls
        await assert_true(live, scene.lab, "after the restart")


async def test_a_cut_line_in_the_middle_of_calls(scene: Scene) -> None:
    """What happened while the line was cut is found; what went on keeps its story; it is no restart."""
    lab = scene.lab
    with Proxy(lab.host, lab.ami_port) as proxy:
        user = lab.user("supervisor")
        line = LinkSettings(
            host=proxy.host, port=proxy.port, username=user.username, secret=user.secret, backoff_first=0.1
        )
        live = LiveCentre(line, relist_every=3600)
        task = asyncio.create_task(live.run())
        await until(lambda: live.board.link.state == "live", "the link", live.board)
        await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana")
        await asyncio.to_thread(scene.add_member, "sales", "1002", "Ben")
        first = await asyncio.to_thread(scene.queue_call, "sales", "5550071")
        second = await asyncio.to_thread(scene.queue_call, "sales", "5550072")
        await until(lambda: len(live.board.calls) == 2, "two calls", live.board)
        await until(lambda: all(row.state == "talking" for row in live.board.calls.values()), "both talk", live.board)
        story = live.board.calls[second.uniqueid].steps
        await asyncio.to_thread(proxy.refuse)
        await until(lambda: live.board.link.state == "down", "the loss", live.board)
        await asyncio.to_thread(scene.hang_up, first)
        await asyncio.to_thread(scene.ended, first)
        await asyncio.to_thread(proxy.accept)
        await until(lambda: live.board.link.state == "live", "the return", live.board)
        assert (live.board.link.restarts, live.board.link.reconnects) == (0, 1)
        assert set(live.board.calls) == {second.uniqueid}
        assert live.board.calls[second.uniqueid].steps == story
        assert live.board.ended[first.uniqueid].outcome == "answered"
        await assert_true(live, lab, "after the cut")
        await live.close()
        await task
