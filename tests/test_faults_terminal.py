"""A supervisor's line is lost in the middle of listening: nothing goes on unseen, and the leg is found again."""

import asyncio
import json
import os
import pty
import signal
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ccops.errors import NotFound
from ccops.pbx.sim import SimPbx
from tests.daemons import Daemon, live, shows, simulated, talking, until
from tests.test_daemon_process import audited
from tests.test_tui_terminal import Child

ROOT = Path(__file__).parents[1]


class Console(Child):
    """The real console in a pty."""

    def __init__(self, variables: Mapping[str, str], *arguments: str) -> None:
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent", "TERM": "xterm-256color",
            "LANG": "C.UTF-8", "CCOPS_SUPERVISOR__PHONE": "PJSIP/9001", **variables,
        }  # fmt: skip
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            termios.tcsetwinsize(0, (40, 140))
            os.execve(sys.executable, [sys.executable, "-m", "ccops", *arguments, "--screen", "agents"], environment)
        self.out, self.code, self.closed = b"", None, False


@contextmanager
def console(daemon: Daemon, alone: bool) -> Iterator[Console]:
    """Open a console through the daemon, or by itself on the daemon's configuration."""
    if alone:
        made = Console({"CCOPS_DAEMON__SOCKET": str(daemon.folder / "none")}, "--config", str(daemon.config))
    else:
        made = Console({"CCOPS_DAEMON__SOCKET": str(daemon.place), "CCOPS_STORE__PATH": str(daemon.store)})
    try:
        yield made
    finally:
        made.end()


async def listens(sim: SimPbx, opened: Console) -> str:
    """Press `l` on the first agent until the phone is in the call; return the leg's id."""
    await asyncio.to_thread(opened.shows, b"talking")
    for _try in range(20):
        opened.press(b"l")
        for _look in range(20):
            await asyncio.sleep(0.05)
            opened.read(0)
            with suppress(NotFound):  # it rings, or not even that
                if leg := sim.leg_of("9001"):
                    return leg
    raise AssertionError(opened.out[-2000:])


@pytest.mark.parametrize("alone", [False, True], ids=["through the daemon", "by itself"])
@pytest.mark.parametrize("how", ["the line", signal.SIGKILL], ids=str)
async def test_a_console_lost_in_mid_supervision_leaves_a_leg_that_is_seen_found_and_stopped(
    how: "str | signal.Signals", alone: bool
) -> None:
    async with simulated() as (sim, daemon), daemon.desk() as other:
        await live(other)
        call = await talking(sim, other)
        with console(daemon, alone) as mine:
            leg = await listens(sim, mine)
            await shows(other, lambda board: leg in board.supervisions, "everybody sees who listens")
            if isinstance(how, signal.Signals):
                os.kill(mine.pid, how)
            else:
                mine.hang_up()
            assert await asyncio.to_thread(mine.wait) == (-how if isinstance(how, signal.Signals) else 129)
        await asyncio.sleep(1.0)
        # The phone is still in the call: whoever has it hears on, and the board says so.
        assert sim.leg_of("9001") == leg
        assert other.board.supervisions[leg].state == "running"
        assert sim.truth.channels()
        with console(daemon, alone) as again:
            await asyncio.to_thread(again.shows, b"listen")
        listed = await daemon.cli("supervision", "list", "--json")
        assert [row["supervision_id"] for row in json.loads(listed.out)] == [leg]
        stopped = await daemon.cli("supervision", "stop", leg)
        assert stopped.code == 0, stopped.err
        await shows(other, lambda board: not board.supervisions, "it is over")
        assert call in other.board.calls, "the call goes on"
        await until(lambda: [row["action"] for row in audited(daemon)].count("supervision.stop") == 1)
        assert next((row["action"], row["result"]) for row in audited(daemon)) == ("listen", "done")
