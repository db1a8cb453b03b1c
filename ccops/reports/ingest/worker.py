"""The process that derives, as the one that writes sees it: what is asked of it, its answers, and its end."""

import contextlib
import fcntl
import subprocess
from collections import deque
from io import FileIO
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Final

from ccops.beside import command_of
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.messages import Garbled, Source, frame
from ccops.reports.derive import State
from ccops.reports.deriving import LANGUAGE, Failed, Feed, Stand

_ROOM: Final = 1 << 20
"""Bytes that a pipe should hold: the next block is there before it is asked for, and no answer is waited for."""


class Asked:
    """Something that the process was asked."""

    def __init__(self) -> None:
        self._there = Event()
        self._data: bytearray | None = None

    @property
    def done(self) -> bool:
        """True where it need not be waited for."""
        return self._there.is_set()

    def put(self, data: bytearray | None) -> None:
        """Take the answer; None where there will be none."""
        self._data = data
        self._there.set()

    def get(self) -> object:
        """Return the answer; raises `CcopsError` where the process failed or is gone."""
        self._there.wait()
        if self._data is None:
            message = _("The process that reads the log was stopped.")
            raise CcopsError(message, remedy=_("Run it again: it goes on where it was."))
        answer = LANGUAGE.message(self._data)
        if isinstance(answer, Failed):
            raise _failure(answer)
        return answer


def _failure(failed: Failed) -> CcopsError:
    if not failed.place:
        return CcopsError(failed.text, remedy=failed.remedy)
    return CcopsError(
        _("Reading the log failed: {text} ({place}).").format(text=failed.text, place=failed.place),
        remedy=_("That is a fault of ccops; please report it with this line."),
    )


class Worker:
    """Asks one thing after another, without waiting for the answers."""

    def __init__(self, state: State) -> None:
        """Goes on where `state` stands."""
        self._process = subprocess.Popen(  # noqa: S603 (our own Python and module)
            command_of("ccops.reports.deriving"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # ctrl+c is for us: we stop it when we have put our own things right
        )
        asking, answers = self._process.stdin, self._process.stdout
        assert isinstance(asking, FileIO)  # noqa: S101 (a pipe, without a buffer)
        assert isinstance(answers, FileIO)  # noqa: S101 (the same)
        self._pipes = (asking, answers)
        self._under_way: deque[Asked] = deque()
        self._gone = False
        self._lock = Lock()
        self._out: SimpleQueue[bytes | None] = SimpleQueue()
        self._threads = [
            Thread(target=self._write, args=(asking,), daemon=True),
            Thread(target=self._read, args=(answers,), daemon=True),
        ]
        for pipe in self._pipes:
            _widen(pipe)
        for thread in self._threads:
            thread.start()
        self._out.put(LANGUAGE.framed(state))

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def ask(self, question: Feed | Stand) -> Asked:
        """Ask something; the answer comes later."""
        asked = Asked()
        with self._lock:
            if self._gone:
                asked.put(None)
                return asked
            self._under_way.append(asked)
        self._out.put(LANGUAGE.framed(question))
        return asked

    def close(self) -> None:
        """End the process at once: it holds nothing that is not ours as well."""
        self._process.kill()
        self._process.wait()
        self._out.put(None)
        for thread in self._threads:
            thread.join()
        for pipe in self._pipes:
            pipe.close()

    # --- in threads of their own ---

    def _write(self, pipe: FileIO) -> None:
        with contextlib.suppress(BrokenPipeError):  # whoever reads the answers hears of it
            while (data := self._out.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[pipe.write(view) :]

    def _read(self, pipe: Source) -> None:
        with contextlib.suppress(Garbled):
            while (data := frame(pipe)) is not None:
                with self._lock:
                    asked = self._under_way.popleft()
                asked.put(data)
        with self._lock:
            self._gone = True
            lost, self._under_way = self._under_way, deque()
        for asked in lost:
            asked.put(None)


def _widen(pipe: FileIO) -> None:
    """Let a pipe hold more, where the system allows it."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _ROOM)
