"""The live centre on real Asterisk: after every moment of every play it equals what a fresh client is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from ccops.pbx.link import LinkSettings
from ccops.pbx.live import LiveCentre
from ccops.pbx.state import Drift, canonical, carry, compare
from tests.lab.pbx import Lab
from tests.lab.scenario import Scene
from tests.lab.scenes import SCENES
from tests.lab.story import STORY

PATIENCE = 6.0


def settings(lab: Lab, user: str = "supervisor") -> LinkSettings:
    return LinkSettings(host=lab.host, port=lab.ami_port, username=user, secret=lab.user(user).secret)


@asynccontextmanager
async def centre(lab: Lab, user: str = "supervisor") -> AsyncIterator[LiveCentre]:
    """A live centre that heals nothing by itself: its events alone must tell the truth."""
    live = LiveCentre(settings(lab, user), wrap_up={"wrapup": 5.0}, relist_every=3600)
    task = asyncio.create_task(live.run())
    await until(lambda: live.board.link.state == "live", "the link")
    try:
        yield live
    finally:
        await live.close()
        await task


async def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    deadline = asyncio.get_running_loop().time() + patience
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(what)
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


@pytest.mark.parametrize("name", SCENES)
async def test_scene(scene: Scene, name: str) -> None:
    async with centre(scene.lab) as live:
        async for moment in moments(SCENES[name](scene)):
            await assert_true(live, scene.lab, moment)
        await assert_true(live, scene.lab, "the end")
        assert not live.board.calls
        assert live.board.link.drift_repaired == 0


@pytest.mark.timeout(240)
async def test_story(scene: Scene) -> None:
    async with centre(scene.lab) as live:
        for play in STORY.values():
            async for moment in moments(play(scene)):
                await assert_true(live, scene.lab, moment)
        await assert_true(live, scene.lab, "the end")
        assert not live.board.calls
