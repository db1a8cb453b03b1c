"""The daemon on real Asterisk 22 and 16: one login for many desks, a leg that outlives the daemon, heard in audio."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ccops.store import open_store
from ccops.store.audit import records
from tests.daemons import Daemon, live, short_folder, shows, write_config
from tests.lab.scenario import Scene
from tests.supervising import BARGE, LISTEN, WHISPER, ears, in_call


@asynccontextmanager
async def daemon_on(scene: Scene, roles: str = "") -> AsyncIterator[Daemon]:
    user = scene.lab.user("supervisor")
    with short_folder() as folder:
        daemon = Daemon(folder, write_config(folder, scene.lab.ami_port, user.username, user.secret, roles))
        await daemon.start()
        try:
            yield daemon
        finally:
            await daemon.close()


def logins(scene: Scene) -> int:
    user = scene.lab.user("supervisor").username
    return sum(line.split()[:1] == [user] for line in scene.lab.rx("manager show connected").splitlines())


def legs(scene: Scene, phone: str) -> int:
    return sum(row["Channel"].startswith(f"PJSIP/{phone}-") for row in scene.channels())


async def answered_call(scene: Scene) -> Any:
    await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana")
    return await asyncio.to_thread(scene.queue_call, "sales")


async def test_many_desks_and_commands_cost_one_login(scene: Scene) -> None:
    async with daemon_on(scene) as daemon, daemon.desk() as one, daemon.desk() as two:
        await live(one)
        await live(two)
        await answered_call(scene)
        for desk in (one, two):
            await in_call(desk, "Ana")  # type: ignore[arg-type]
        listed = await daemon.cli("agent", "list", "--json")
        assert '"talking"' in listed.out
        assert await asyncio.to_thread(logins, scene) == 1
        assert one.board.agents == two.board.agents


async def test_a_leg_outlives_kill_9_and_the_next_daemon_switches_and_stops_it(scene: Scene) -> None:
    async with daemon_on(scene) as daemon:
        async with daemon.desk() as desk:
            await live(desk)
            caller = await answered_call(scene)
            await in_call(desk, "Ana")  # type: ignore[arg-type]
            first = (await desk.do("whisper", "Ana", reason="new here")).data["supervision_id"]
            assert await asyncio.to_thread(ears, scene, caller) == WHISPER
            await daemon.signal(signal.SIGKILL)
        assert await asyncio.to_thread(ears, scene, caller) == WHISPER
        await daemon.start()
        async with daemon.desk() as desk:
            await shows(desk, lambda board: first in board.supervisions and board.supervisions[first].owner, "the leg")
            row = desk.board.supervisions[first]
            assert (row.owner, row.mode, row.agent) == (desk.hello["person"], "whisper", "Ana")
            for mode, heard in (("barge", BARGE), ("listen", LISTEN)):
                assert (await desk.do(mode, "Ana")).data["supervision_id"] == first
                assert await asyncio.to_thread(ears, scene, caller) == heard
            await desk.do("supervision.stop", first)
            await shows(desk, lambda board: not board.supervisions, "it has ended")
            assert await asyncio.to_thread(legs, scene, "9001") == 0
            assert await asyncio.to_thread(legs, scene, "1001") == 1
        assert await daemon.signal(signal.SIGTERM) == 0
        with open_store(daemon.store, read_only=True) as database:
            told = {row["action"]: row for row in records(database)}
        assert set(told) == {"whisper", "barge", "listen", "supervision.stop", "supervision.end"}
        assert all(row["result"] == "done" for row in told.values())
        assert told["whisper"]["call_id"] == told["supervision.end"]["call_id"] == caller.uniqueid
