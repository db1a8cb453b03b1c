"""The console in a real pseudo-terminal: what it leaves behind, however it ends, and what bytes it sends."""

import os
import pty
import re
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.tui_child import CANARY

_DROPPED = ("NO_COLOR", "LC_ALL", "LC_CTYPE", "COLUMNS", "LINES")
_REPORTS = (1000, 1003, 1006, 1015, 2004, 1004, 1049)
_ESCAPE = re.compile(rb"\x1b(\[[0-9;?>=<$]*[a-zA-Z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)", re.DOTALL)
_EXPECTED = re.compile(
    rb"\[(?:[0-9;]*[mH]|\?[0-9]+[hl]|\?[0-9]+\$p|>[0-9]*u|<u|[0-9]*[ABCDJK]|[0-9]*n)|\]22;default\x07"
)


class Child:
    """The console in a pty."""

    def __init__(
        self, folder: Path, kind: str, *flags: str, size: tuple[int, int] = (30, 100), **variables: str
    ) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
        environment = {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        environment |= {"XDG_STATE_HOME": str(folder), **variables}
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            termios.tcsetwinsize(0, size)
            os.execve(sys.executable, [sys.executable, "-m", "tests.tui_child", kind, *flags], environment)
        self.out = b""
        self.code: int | None = None
        self.closed = False

    def read(self, seconds: float) -> bool:
        """Take what the child wrote; False where it has ended."""
        if self.closed or not select.select((self.descriptor,), (), (), seconds)[0]:
            return True
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:
            return False
        self.out += data
        return bool(data)

    def until(self, holds: Callable[[], object], seconds: float = 20.0) -> None:
        """Read until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, self.out[-2000:]
            if not self.read(0.05):
                self.wait()
                assert holds(), self.out[-2000:]

    def shows(self, word: bytes) -> None:
        """Read until a word was written."""
        self.until(lambda: word in self.out)

    def press(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def escape(self) -> None:
        """Press Esc and nothing else for long enough that it is no Alt."""
        self.press(b"\x1b")
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            self.read(0.05)

    def wait(self, seconds: float = 15.0) -> int:
        """Read to the end and return the exit code."""
        end = time.monotonic() + seconds
        while self.code is None:
            assert time.monotonic() < end, self.out[-2000:]
            if not self.closed:
                self.read(0.02)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.code = os.waitstatus_to_exitcode(status)
            elif self.closed:
                time.sleep(0.02)
        while not self.closed and select.select((self.descriptor,), (), (), 0)[0] and self.read(0):
            pass
        return self.code

    def hang_up(self) -> None:
        """Close the terminal under the child."""
        os.close(self.descriptor)
        self.closed = True

    def end(self) -> None:
        if self.code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if not self.closed:
            os.close(self.descriptor)


Start = Callable[..., Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    children: list[Child] = []

    def make(kind: str, *flags: str, size: tuple[int, int] = (30, 100), **variables: str) -> Child:
        children.append(Child(tmp_path, kind, *flags, size=size, **variables))
        return children[-1]

    yield make
    for child in children:
        child.end()


def assert_clean(out: bytes) -> None:
    """Every mode that was switched on is off again, the cursor is back, the main screen is shown."""
    for mode in _REPORTS:
        switches = re.findall(rb"\x1b\[\?%d([hl])" % mode, out)
        assert switches, mode
        assert switches[-1] == b"l", mode
    assert re.findall(rb"\x1b\[\?25([hl])", out)[-1] == b"h"
    assert re.findall(rb"\x1b\[\?7([hl])", out)[-1] == b"h"
    assert out.count(b"\x1b[<u") == out.count(b"\x1b[>25u")


@pytest.mark.parametrize(
    ("leave", "code"),
    [(b"q", 0), (b"\x03", 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["q", "ctrl+c", "SIGTERM", "SIGHUP"],
)
def test_however_it_ends_the_terminal_is_left_clean(start: Start, leave: bytes | int, code: int) -> None:
    child = start("busy")
    child.shows(b"Sales")
    if isinstance(leave, bytes):
        child.press(leave)
    else:
        os.kill(child.pid, leave)
    assert child.wait() == code
    assert_clean(child.out)
    assert b"Traceback" not in child.out


def test_a_closed_terminal_ends_it(start: Start) -> None:
    child = start("busy")
    child.shows(b"Sales")
    child.hang_up()
    assert child.wait() == 129


def test_a_terminal_that_does_not_read_cannot_hold_it(start: Start) -> None:
    child = start("busy", size=(60, 200))
    child.shows(b"Sales")
    child.press(b"2")
    time.sleep(1.5)  # nobody reads: the pty fills up
    os.kill(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + 12
    while time.monotonic() < deadline and child.code is None:
        done, status = os.waitpid(child.pid, os.WNOHANG)
        if done:
            child.code = os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    assert child.code == 143


def test_it_can_be_put_to_sleep_and_woken(start: Start) -> None:
    child = start("calm")
    child.shows(b"Sales")
    child.press(b"\x1a")
    stopped = 0
    end = time.monotonic() + 15
    while not stopped and time.monotonic() < end:
        child.read(0.05)
        stopped, status = os.waitpid(child.pid, os.WNOHANG | os.WUNTRACED)
    assert stopped
    assert os.WIFSTOPPED(status)
    while select.select((child.descriptor,), (), (), 0.2)[0]:
        child.read(0)
    assert_clean(child.out)
    child.out = b""
    os.kill(child.pid, signal.SIGCONT)
    child.shows(b"Sales")
    child.press(b"q")
    assert child.wait() == 0
    assert_clean(child.out)


def test_trouble_with_the_desk_is_said_after_the_terminal_is_back(start: Start) -> None:
    child = start("refused")
    assert child.wait() == 4
    assert_clean(child.out)
    after = child.out.rpartition(b"\x1b[?1049l")[2]
    assert b"The PBX refuses the secret. Check ami.secret." in after


def test_a_fault_of_ours_is_one_line_and_a_file(start: Start, tmp_path: Path) -> None:
    child = start("broken")
    assert child.wait() == 1
    assert_clean(child.out)
    after = child.out.rpartition(b"\x1b[?1049l")[2]
    assert b"fault of ccops" in after
    assert b"5550123" not in child.out
    [kept] = (tmp_path / "ccops").glob("crash-*.txt")
    assert "ZeroDivisionError: boom" in kept.read_text()
    assert CANARY.encode() not in child.out
    assert CANARY not in kept.read_text()


def test_a_storm_of_sizes_is_survived(start: Start) -> None:
    child = start("busy")
    child.shows(b"Sales")
    for number in range(40):
        size = [(5, 20), (1, 1), (60, 200), (24, 80), (2, 300), (200, 2)][number % 6]
        termios.tcsetwinsize(child.descriptor, size)
        os.kill(child.pid, signal.SIGWINCH)
        child.read(0.01)
    child.out = b""
    termios.tcsetwinsize(child.descriptor, (5, 20))
    os.kill(child.pid, signal.SIGWINCH)
    child.shows(b"enlarge to")
    child.out = b""
    termios.tcsetwinsize(child.descriptor, (30, 100))
    os.kill(child.pid, signal.SIGWINCH)
    child.shows(b"1 Overview")
    child.press(b"q")
    assert child.wait() == 0


def test_hostile_names_send_nothing_but_what_is_ours(start: Start) -> None:
    child = start("hostile", size=(70, 120))
    child.shows(b"Overview")
    for keys, word in ((b"2", b"Caller / reason"), (b"\r", b"Member of"), (b"3", b"Waiting ("), (b"?", b"Everywhere")):
        child.out, seen = b"", child.out
        child.press(keys)
        child.shows(word)
        child.out = seen + child.out
    child.escape()
    child.press(b"q")
    child.until(lambda: not child.read(0.05) or b"\x1b[?1049l" in child.out)
    text = child.out.decode("utf-8")
    assert "owned" in text  # the letters of it are shown, its power is gone
    for code in _ESCAPE.findall(child.out):
        assert _EXPECTED.fullmatch(code), code
    rest = _ESCAPE.sub(b"", child.out).decode("utf-8")
    assert not any((ord(char) < 32 and char not in "\r\n") or 127 <= ord(char) < 160 for char in rest)
    assert "\u202e" not in rest


def test_refused_colours_never_reach_the_terminal(start: Start) -> None:
    child = start("calm", NO_COLOR="1")
    child.shows(b"Sales")
    child.press(b"2")
    child.shows(b"Caller / reason")
    child.press(b"\x10")
    child.shows(b"What next?")
    os.kill(child.pid, signal.SIGTERM)
    child.wait()
    used = {part for codes in re.findall(rb"\x1b\[([\d;]*)m", child.out) for part in codes.split(b";")}
    assert used <= {b"", b"0", b"1", b"2", b"3", b"4", b"7"}
    assert b"7" in used


@pytest.mark.parametrize(
    ("flags", "language", "names"), [(("--ascii",), "C.UTF-8", True), ((), "de_DE.ISO-8859-1", False)]
)
def test_plain_characters_only(start: Start, flags: tuple[str, ...], language: str, names: bool) -> None:
    child = start("calm", *flags, size=(70, 120), LANG=language, PYTHONUTF8="1")
    child.shows(b"Sales")
    for key, word in ((b"2", b"Caller / reason"), (b"\x10", b"What next?"), (b"?", b"Everywhere")):
        child.press(key)
        child.shows(word)
        child.escape()
    os.kill(child.pid, signal.SIGTERM)
    child.wait()
    strange = set(child.out.decode("utf-8")) - set(map(chr, range(128)))
    assert strange == (set("王小明") if names else set())
