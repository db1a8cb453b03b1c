"""Measures the console in a terminal of 120×60: first paint, CPU, bytes, memory, how late events and keys are.

`python -m benchmarks.console [--seconds N]` prints one table. The terminal is a pty whose output is counted; CPU
and memory come from /proc. On the simulated PBX the whole way is measured: link, live state, figures and screen;
on made-up rows the console alone (their making included).
"""

import argparse
import json
import os
import pty
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.history_year import write_year

COLUMNS, LINES = 120, 60
SEATS, QUEUES = 50, 5
SCREENS = ("overview", "agents", "calls")
YEAR = b"2025"
"""The year that `write_year` writes."""
LONGEST_READING = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")
_STAMP = re.compile(rb"EV(\d{6,})Z")


@dataclass
class Terminal:
    """A child in a pty, and everything that it wrote."""

    pid: int
    descriptor: int
    started: float
    written: int = 0
    tail: bytes = b""
    seen: dict[bytes, float] = field(default_factory=dict)
    """Lateness of each marked event when it was first on the terminal, seconds."""

    def pump(self, seconds: float, until: bytes = b"") -> float | None:
        """Read for so long, or until the bytes appear; returns when they did (monotonic), else None."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select((self.descriptor,), (), (), left)[0]:
                break
            try:
                data = os.read(self.descriptor, 65536)
            except OSError:
                return None
            now = time.monotonic()
            self.written += len(data)
            for stamp in _STAMP.findall(self.tail[-64:] + data):
                self.seen.setdefault(stamp, now - int(stamp) / 1e6)
            self.tail = (self.tail + data)[-200_000:]
            if until and until in self.tail:
                return now
        return None

    def press(self, keys: bytes) -> None:
        """Send keys."""
        os.write(self.descriptor, keys)

    def cpu(self) -> float:
        """Return the processor time used so far, seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Return the resident memory, MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        if found is None:
            raise SystemExit(f"the console ended by itself; its last words: {self.tail[-800:]!r}")
        return int(found.group(1)) / 1024


@contextmanager
def console(*arguments: str, **variables: str) -> Iterator[Terminal]:
    """Start a module in a pty and end it again."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": folder,
            "XDG_DATA_HOME": folder,
            "XDG_CONFIG_HOME": folder,
            **variables,
        }
        started = time.monotonic()
        pid, descriptor = pty.fork()
        if pid == 0:
            termios.tcsetwinsize(0, (LINES, COLUMNS))
            os.execve(sys.executable, [sys.executable, "-m", *arguments], environment)
        terminal = Terminal(pid, descriptor, started)
        try:
            yield terminal
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            terminal.pump(3.0)
            os.close(descriptor)
            os.waitpid(pid, 0)


def made_up(mode: str, screen: str = "overview") -> AbstractContextManager[Terminal]:
    """Return the console alone, on rows made up in its own process."""
    return console("benchmarks.console_child", mode, screen)


@contextmanager
def simulated() -> Iterator[dict[str, str]]:
    """Run the simulated PBX of 50 seats in a process of its own; yields the settings for a console on it."""
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/queue_log"
        command = [sys.executable, "-m", "ccops", "demo", "pbx", "--seats", str(SEATS), "--queues", str(QUEUES)]
        with subprocess.Popen([*command, "--queue-log", log], stdout=subprocess.PIPE, text=True) as pbx:
            try:
                assert pbx.stdout is not None
                place = json.loads(pbx.stdout.readline())
                yield {
                    "CCOPS_AMI__HOST": place["host"],
                    "CCOPS_AMI__PORT": str(place["port"]),
                    "CCOPS_AMI__USERNAME": place["user"],
                    "CCOPS_AMI__SECRET": place["secret"],
                    "CCOPS_SITE__TIMEZONE": place["timezone"],
                    "CCOPS_QUEUE_LOG__PATH": log,
                }
            finally:
                pbx.terminate()


def first_paint(settings: dict[str, str], runs: int = 5) -> tuple[float, float, float]:
    """Return medians in ms from the start of the process: the frame stands, the first queue is read, processor time."""
    figures = []
    for _ in range(runs):
        with console("ccops", **settings) as terminal:
            frame = terminal.pump(20, b"1 Overview")
            row = terminal.pump(20, b"illing")
            if frame is None or row is None:
                raise SystemExit("the console did not paint within 20 s")
            spent = terminal.cpu()
            figures.append((frame - terminal.started, row - terminal.started, spent))
    frames, rows, spent_all = zip(*figures, strict=True)
    return 1000 * statistics.median(frames), 1000 * statistics.median(rows), 1000 * statistics.median(spent_all)


def steady(terminal: Terminal, seconds: float) -> tuple[float, float, float]:
    """Return percent of a core, kB/s to the terminal and MB, over a stretch of a busy hour."""
    terminal.pump(4.0)
    cpu, written, begun = terminal.cpu(), terminal.written, time.monotonic()
    terminal.pump(seconds)
    spent = time.monotonic() - begun
    return (
        100 * (terminal.cpu() - cpu) / spent,
        (terminal.written - written) / spent / 1000,
        terminal.memory(),
    )


def lateness(seconds: float) -> tuple[float, float]:
    """Return median and worst time from an event to its bytes on the terminal, ms."""
    with made_up("events") as terminal:
        terminal.pump(3.0)
        before = set(terminal.seen)
        terminal.pump(seconds)
        late = [1000 * late for stamp, late in terminal.seen.items() if stamp not in before]
        return statistics.median(late), max(late)


def flooded(seconds: float) -> tuple[float, float, float, float]:
    """Return median and worst time from a key to its screen (ms), percent of a core, and MB gained, under a flood."""
    answers = []
    with made_up("flood") as terminal:
        terminal.pump(4.0)
        memory, cpu, begun = terminal.memory(), terminal.cpu(), time.monotonic()
        screens = [(b"2", b"Caller / reason"), (b"1", b"Longest")]
        turn = 0
        while time.monotonic() - begun < seconds:
            key, mark = screens[turn % 2]
            terminal.tail = b""
            pressed = time.monotonic()
            terminal.press(key)
            seen = terminal.pump(3.0, mark)
            answers.append(1000 * ((seen or time.monotonic()) - pressed))
            terminal.pump(0.7)
            turn += 1
        share = 100 * (terminal.cpu() - cpu) / (time.monotonic() - begun)
        return statistics.median(answers), max(answers), share, terminal.memory() - memory


def reading(settings: dict[str, str], store: Path) -> tuple[list[float], list[float], float]:
    """Return times from a key to its screen, ms: while the calls of a year are read, and after it; and s of reading.

    What is read is every visit of the store, one by one: the most that a report can ask for.
    """
    with console("ccops", "--screen", "reports", **{**settings, "CCOPS_STORE__PATH": str(store)}) as terminal:
        _until(terminal, b"compare-rules")
        for keys, mark in ((b"d", b"last-month"), (b"other\r", b"2026-W10"), (YEAR + b"\r", YEAR)):
            terminal.tail = b""
            terminal.press(keys)
            _until(terminal, mark)
            terminal.pump(0.7)
        terminal.press(b"/report:calls\r")
        terminal.pump(1.0)
        terminal.tail = b""
        begun = time.monotonic()
        terminal.press(b"\r")
        _until(terminal, b"Reading")
        meanwhile: list[float] = []
        while _reads(terminal.pid) and time.monotonic() - begun < LONGEST_READING:
            meanwhile.append(_answer(terminal, len(meanwhile)))
        spent = time.monotonic() - begun
        return meanwhile, [_answer(terminal, turn) for turn in range(len(meanwhile))], spent


def _answer(terminal: Terminal, turn: int) -> float:
    """Return the time from a key to the screen that it opens, ms."""
    key, mark = ((b"2", b"Caller / reason"), (b"1", b"Longest"))[turn % 2]
    terminal.tail = b""
    pressed = time.monotonic()
    terminal.press(key)
    seen = terminal.pump(3.0, mark)
    answer = 1000 * ((seen or time.monotonic()) - pressed)
    terminal.pump(0.3)
    return answer


def _until(terminal: Terminal, mark: bytes) -> None:
    if terminal.pump(30.0, mark) is None:
        raise SystemExit(f"the console never showed {mark!r}; its last words: {terminal.tail[-800:]!r}")


def _reads(pid: int) -> bool:
    """Tell whether the console's process that reads the store is at work: it has used the processor lately."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    before = [_ticks_of(child) for child in children]
    time.sleep(0.1)
    return any(_ticks_of(child) > spent for child, spent in zip(children, before, strict=True))


def _ticks_of(pid: int) -> int:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    return 0


def make_year(folder: Path, visits: int) -> Path:
    """Make a store with a year of so many visits."""
    log, store = folder / "queue_log", folder / "ccops.db"
    write_year(log, visits=visits)
    subprocess.run(
        [sys.executable, "-m", "ccops", "--db", str(store), "ingest", "queue-log", str(log)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return store


def _hour(name: str, figures: tuple[float, float, float]) -> list[tuple[str, str, str]]:
    cpu, rate, memory = figures
    return [
        (f"{name}: core", f"{cpu:.1f} %", "≤ 6 %"),
        (f"{name}: to the terminal", f"{rate:.1f} kB/s", "≤ 15 kB/s"),
        (f"{name}: memory", f"{memory:.0f} MB", "≤ 120 MB"),
    ]


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each stretch")
    parser.add_argument("--visits", type=int, default=200_000, help="visits in the year that is read")
    parser.add_argument(
        "--only-reading", action="store_true", help="measure the keys while a year is read, nothing else"
    )
    options = parser.parse_args()
    if options.only_reading:
        _print(_reading_lines(options.visits))
        return
    seconds = options.seconds
    lines: list[tuple[str, str, str]] = []
    with simulated() as settings:
        time.sleep(3)  # the PBX makes its history first, which takes a core
        frame, rows, spent = first_paint(settings)
        lines.append(("first paint: frame stands / first queue is read", f"{frame:.0f} / {rows:.0f} ms", "≤ 700 ms"))
        lines.append(("first paint: processor time until then", f"{spent:.0f} ms", "–"))
        for screen in SCREENS:
            with console("ccops", "--screen", screen, **settings) as terminal:
                lines += _hour(f"simulated PBX, {screen}", steady(terminal, seconds))
    for screen in SCREENS:
        with made_up("busy", screen) as terminal:
            lines += _hour(f"made-up rows, {screen}", steady(terminal, seconds))
    middle, worst = lateness(seconds)
    lines.append(("event to terminal: median / worst", f"{middle:.0f} / {worst:.0f} ms", "≤ 250 ms"))
    middle, worst, share, gained = flooded(seconds)
    lines.append(("5,000 changes/s: key to screen, median / worst", f"{middle:.0f} / {worst:.0f} ms", "≤ 200 ms"))
    lines.append(("5,000 changes/s: core (the made-up centre included)", f"{share:.0f} %", "–"))
    lines.append(("5,000 changes/s: memory gained", f"{gained:+.1f} MB", "flat"))
    _print([*lines, *_reading_lines(options.visits)])


def _reading_lines(visits: int) -> list[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder, simulated() as settings:
        meanwhile, after, seconds = reading(settings, make_year(Path(folder), visits))
    return [
        (f"the calls of a year are read, {visits} visits, in", f"{seconds:.1f} s", "–"),
        ("meanwhile, key to screen: median / worst", _pair(meanwhile), "≤ 200 ms"),
        ("after it", _pair(after), "–"),
    ]


def _pair(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} / {max(times):.0f} ms"


def _print(lines: list[tuple[str, str, str]]) -> None:
    width = max(len(line[0]) for line in lines)
    for name, value, reach in (("console, 120×60, 50 seats, 5 queues", "measured", "reach"), *lines):
        print(f"{name:<{width}}  {value:>18}  {reach:>10}")


if __name__ == "__main__":
    main()
