"""A busy hour seen by the live state from events alone is what the simulated PBX knows to be true."""

from __future__ import annotations

import asyncio

import pytest

from ccops.pbx.link import LinkSettings
from ccops.pbx.live import LiveCentre
from ccops.pbx.sim import CentrePlan, SimPbx

NOON = 1_794_268_800.0 + 12 * 3600


Row = tuple[int, tuple[tuple[str, bool, str], ...]]
"""Callers waiting, and members with whether and why they pause."""


def true_rows(sim: SimPbx) -> dict[str, Row]:
    """What every queue is like."""
    return {
        name: (
            len(queue.waiting),
            tuple(sorted((one.interface, one.paused, one.reason) for one in queue.members)),
        )
        for name, queue in sim.truth.queues().items()
    }


def seen_rows(live: LiveCentre) -> dict[str, Row]:
    """The same from the board."""
    members: dict[str, list[tuple[str, bool, str]]] = {name: [] for name in live.board.queues}
    for agent in live.board.agents.values():
        for one in agent.memberships:
            members[one.queue].append((agent.interface, one.paused, one.pause_reason))
    return {name: (row.waiting, tuple(sorted(members[name]))) for name, row in live.board.queues.items()}


async def agree(live: LiveCentre, sim: SimPbx) -> bool:
    """True as soon as the live state has heard everything and sees what is so; false where that never comes."""
    for _ in range(4000):
        if seen_rows(live) == true_rows(sim):
            return True
        await asyncio.sleep(0.005)
    return False


@pytest.mark.parametrize("version", ["22", "16"])
async def test_what_the_live_state_sees_is_true_at_every_moment(version: str) -> None:
    sim = SimPbx(CentrePlan.default(12, 3, 2), seed=2, speed=0, start=NOON, version=version)
    await sim.warm_up()
    async with sim:
        settings = LinkSettings(host=sim.host, port=sim.port, username=sim.username, secret=sim.secret)
        live = LiveCentre(settings, site="sim", relist_every=1e9, clock=lambda: sim.now)
        await live.start()
        running = asyncio.create_task(live.run())
        try:
            for _ in range(60):
                await sim.settle(60)
                assert await agree(live, sim)
        finally:
            await live.close()
            running.cancel()
            await asyncio.wait([running])
    assert sim.stats.answered > 100
