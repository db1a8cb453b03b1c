"""Measures the daemon: its CPU for 20 clients, how late the slowest sees a change, keys, clients that do not read.

    python -m benchmarks.desk [--seconds N] [--json] [--ordinary]

All processes of the measurement run before those of others on the machine where that is allowed (root), since a delay
by a neighbour says nothing about ccops; `--ordinary` leaves the scheduler alone. The simulated PBX, the daemon and the
clients run in processes of their own. CPU is compared with one desk in-process that only keeps its board: no drawing
is counted in its favour. "On the wire" is what a proxy before the PBX reads.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ccops.desk.daemon.client import RemoteDesk
from ccops.desk.local import LocalDesk
from ccops.settings import load

RATE, CLIENTS, PER_PROCESS, STUCK = 200, 20, 5, 5


class Child:
    """A process that says a line when it is ready and another when its standard input ends."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: dict[str, Any] = {}

    async def line(self) -> dict[str, Any]:
        """Return what it says next."""
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return said

    async def last_word(self) -> dict[str, Any]:
        """Tell it to end; return what it has to say."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return await self.line()

    def cpu(self) -> float:
        """Return the processor time used so far, seconds."""
        return sum(int(thread.read_text().split()[0]) for thread in self._threads()) / 1e9

    def _threads(self) -> Iterator[Path]:
        """Yield where the kernel counts the nanoseconds of each thread."""
        return Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")

    def memory(self) -> float:
        """Return the resident memory, MB."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.asynccontextmanager
async def child(*arguments: str, ready: bool = True) -> AsyncIterator[Child]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=2**26
    )
    one = Child(process)
    try:
        if ready:
            one.said = await one.line()
        yield one
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; no measure begins without it."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def config(folder: Path, place: dict[str, Any]) -> Path:
    path = folder / "config.toml"
    path.write_text(
        f'[ami]\nport = {place["port"]}\nusername = "{place["username"]}"\nsecret = "{place["secret"]}"\n'
        f'[store]\npath = "{folder / "ccops.db"}"\n[daemon]\nsocket = "{folder / "s"}"\n'
        '[supervisor]\nphone = "PJSIP/9001"\n[site]\ntimezone = "UTC"\n'
    )
    path.chmod(0o600)
    return path


@contextlib.asynccontextmanager
async def daemon_on(folder: Path, place: dict[str, Any]) -> AsyncIterator[Child]:
    """Run a daemon and wait until its board is live."""
    path = config(folder, place)
    async with child("-m", "ccops", "--quiet", "--config", str(path), "daemon", "run", ready=False) as daemon:
        await until((folder / "s").exists)
        desk = RemoteDesk(folder / "s")
        await desk.open()
        await until(lambda: desk.board.link.state == "live")
        await desk.close()
        yield daemon


@contextlib.asynccontextmanager
async def crowd(folder: Path) -> AsyncIterator[list[Child]]:
    """Open all clients, in several processes."""
    async with contextlib.AsyncExitStack() as stack:
        arguments = ("-m", "benchmarks.desk_child", "clients", "--path", str(folder / "s"), "--count", str(PER_PROCESS))
        yield [await stack.enter_async_context(child(*arguments)) for _n in range(CLIENTS // PER_PROCESS)]


def flooded(seconds: float) -> Any:
    """A centre that never sleeps, with so many events a second."""
    arguments = ["--seats", "50", "--queues", "5", "--flood", str(RATE), "--flood-seconds", str(seconds + 60)]
    return child("-m", "ccops.pbx.sim", *arguments)


def in_process(path: Path) -> Any:
    """A desk that holds its own link, in a process of its own."""
    return child("-m", "benchmarks.desk_child", "local", "--path", str(path))


async def share(process: Child, seconds: float) -> float:
    """Return the share of a core that a process uses, once it has settled."""
    await asyncio.sleep(2)
    before, begin = process.cpu(), time.monotonic()
    await asyncio.sleep(seconds)
    return (process.cpu() - before) / (time.monotonic() - begin)


async def processor(seconds: float) -> dict[str, float]:
    """Compare the daemon that serves all clients with one desk in-process, on the same load."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with flooded(seconds) as pbx, in_process(config(folder, pbx.said)) as local:
            alone = await share(local, seconds)
            changes = (await local.last_word())["changes"]
        async with flooded(seconds) as pbx, daemon_on(folder, pbx.said) as daemon:
            idle = await share(daemon, seconds / 2)
            async with crowd(folder):
                served = await share(daemon, seconds)
    return {
        "in_process": alone,
        "daemon_alone": idle,
        "daemon": served,
        "ratio": served / alone,
        "changes_per_s": changes / (seconds + 2),
    }


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Return median and p99 in ms."""
    ordered = sorted(values)
    return {
        "count": len(ordered),
        "median_ms": 1000 * statistics.median(ordered),
        "p99_ms": 1000 * ordered[int(0.99 * len(ordered))],
    }


async def slowest(children: Sequence[Child]) -> list[float]:
    """Return for each change how long it took to the last of all clients, seconds."""
    words = [(await one.last_word())["slowest"] for one in children]
    common = set.intersection(*(set(word) for word in words))
    return [(max(word[stamp] for word in words) - int(stamp)) / 1e9 for stamp in common]


def centre() -> Any:
    return child("-m", "benchmarks.desk_child", "centre", "--rate", str(RATE))


async def machine(seconds: float) -> list[float]:
    """Return how late this idle process itself is woken, seconds: what the machine adds to every figure."""
    late = []
    end = time.monotonic() + seconds
    while (begin := time.monotonic()) < end:
        await asyncio.sleep(0.005)
        late.append(max(0.0, time.monotonic() - begin - 0.005))
    return late


async def lateness(seconds: float) -> dict[str, Any]:
    """Measure how long a change takes to the slowest client."""
    with tempfile.TemporaryDirectory() as name:
        async with centre() as pbx, daemon_on(Path(name), pbx.said), crowd(Path(name)) as children:
            noise = await machine(seconds)
            return {**quantiles(await slowest(children)), "machine": quantiles(noise)}


async def stuck(seconds: float) -> dict[str, float]:
    """The same beside clients that never read: are the others late, what does it cost, are they dropped?"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with centre() as pbx, daemon_on(folder, pbx.said) as daemon, crowd(folder) as children:
            before = daemon.memory()
            silent = [await _never_reads(folder / "s") for _n in range(STUCK)]
            most = 0.0
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                most = max(most, daemon.memory())
                await asyncio.sleep(0.2)
            dropped = sum(_is_dropped(one) for one in silent)
            found = quantiles(await slowest(children))
    return {**found, "memory_before_mb": before, "memory_most_mb": most, "dropped": dropped}


async def _never_reads(path: Path) -> Any:
    import socket

    one = socket.socket(socket.AF_UNIX)
    one.connect(str(path))
    return one


def _is_dropped(one: Any) -> bool:
    """Return whether the other side has gone: what it had sent is read first."""
    one.setblocking(False)
    try:
        while one.recv(2**20):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
    return True


class Wire:
    """A proxy before the PBX that notes when actions pass."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._seen: dict[bytes, asyncio.Future[float]] = {}
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen on a free port."""
        server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    def waits_for(self, text: bytes) -> asyncio.Future[float]:
        """Return what will hold the time at which these bytes pass next."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._seen[text] = future
        return future

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        for task in (asyncio.create_task(self._pass(reader, back)), asyncio.create_task(self._pass(there, writer))):
            self._tasks.add(task)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                self._note(data, time.perf_counter())
                sink.write(data)
        sink.close()

    def _note(self, data: bytes, now: float) -> None:
        for text in [text for text in self._seen if text in data]:
            future = self._seen.pop(text)
            if not future.done():
                future.set_result(now)


async def keys(seconds: float, *, daemon: bool) -> dict[str, dict[str, float]]:
    """Measure from the key to the manager's wire, under load, with all clients connected where there is a daemon."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pbx = await stack.enter_async_context(centre())
        wire = Wire(pbx.said["port"])
        await wire.open()
        place = {**pbx.said, "port": wire.port}
        desk: Any
        if daemon:
            await stack.enter_async_context(daemon_on(folder, place))
            await stack.enter_async_context(crowd(folder))
            desk = RemoteDesk(folder / "s")
            await desk.open()
        else:
            desk = LocalDesk(load(config(folder, place), {}).settings)
            await desk.run()
        await until(lambda: desk.board.link.state == "live")
        try:
            return await _pressed(desk, wire, seconds)
        finally:
            await desk.close()


async def _pressed(desk: Any, wire: Wire, seconds: float) -> dict[str, dict[str, float]]:
    originate: list[float] = []
    switch: list[float] = []
    agents = [row.key for row in desk.board.agents.values() if row.channel and row.call_id]
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        agent = agents[number % len(agents)]
        number += 1
        originate.append(await _press(desk, wire, b"Action: Originate", "listen", agent))
        switch += [
            await _press(desk, wire, b"Action: PlayDTMF", mode, agent) for mode in ("whisper", "barge", "listen")
        ]
        await desk.do("supervision.stop", agent)
    return {"originate": quantiles(originate), "switch": quantiles(switch)}


async def _press(desk: Any, wire: Wire, text: bytes, action: str, agent: str) -> float:
    """Press one key; return the seconds until the action is on the wire."""
    passed = wire.waits_for(text)
    begin = time.perf_counter()
    await desk.do(action, agent)
    return await passed - begin


async def measure(seconds: float) -> dict[str, Any]:
    return {
        "processor": await processor(seconds),
        "lateness": await lateness(seconds),
        "stuck": await stuck(max(40.0, seconds)),
        "keys_daemon": await keys(seconds, daemon=True),
        "keys_in_process": await keys(seconds / 2, daemon=False),
    }


def table(found: dict[str, Any]) -> str:
    """Return the measures as a table."""
    cpu, late, bad = found["processor"], found["lateness"], found["stuck"]
    through, within = found["keys_daemon"], found["keys_in_process"]
    rows = [
        ("what", "measured", "reach"),
        (f"one desk in-process, {RATE} ev/s ({cpu['changes_per_s']:.0f} changes/s)", f"{cpu['in_process']:.1%}", ""),
        ("daemon without clients, against it", f"{cpu['daemon_alone']:.1%}", ""),
        (f"daemon with {CLIENTS} clients, against it", f"{cpu['daemon']:.1%} = {cpu['ratio']:.2f}×", "≤ 3×"),
        (f"change seen by the slowest of {CLIENTS}, p99 (median)", _ms(late), "≤ 100 ms"),
        ("  how late the machine wakes an idle process meanwhile", _ms(late["machine"]), ""),
        (f"the same beside {STUCK} that never read", _ms(bad), "≤ 100 ms"),
        (
            "  memory of the daemon before, at most",
            f"{bad['memory_before_mb']:.1f}, {bad['memory_most_mb']:.1f} MB",
            "",
        ),
        ("  dropped of them", f"{bad['dropped']:.0f} of {STUCK}", "all"),
        ("key → Originate on the wire, through the daemon", _ms(through["originate"]), "≤ 30 ms"),
        ("mode key → PlayDTMF on the wire, through the daemon", _ms(through["switch"]), "≤ 30 ms"),
        ("key → Originate on the wire, in-process", _ms(within["originate"]), "≤ 30 ms"),
        ("mode key → PlayDTMF on the wire, in-process", _ms(within["switch"]), "≤ 30 ms"),
    ]
    rows.append(("run before other processes of the machine", "yes" if found["before_others"] else "no", ""))
    return "\n".join(f"{what:<60}{measured:<28}{reach}" for what, measured, reach in rows)


def _ms(found: dict[str, float]) -> str:
    return f"{found['p99_ms']:.1f} ms ({found['median_ms']:.1f}; n={found['count']:.0f})"


def goes_first() -> bool:
    """Let this process and its children run before ordinary ones; return whether the kernel allows it."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))
    except PermissionError:
        return False
    return True


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--ordinary", action="store_true", help="compete with whatever else runs here")
    given = parser.parse_args()
    alone = not given.ordinary and goes_first()
    found = {"before_others": alone, **asyncio.run(measure(given.seconds))}
    print(json.dumps(found) if given.json else table(found))


if __name__ == "__main__":
    main()
