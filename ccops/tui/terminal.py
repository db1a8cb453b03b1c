"""The terminal: Textual's driver, made to survive a closed, stuck or hung-up terminal and to leave it clean.

The stock driver spins on a terminal that was closed, dies with a traceback when it cannot write, and blocks the
event loop, and with it the link to the PBX, while a terminal does not read.
"""

import asyncio
import os
import select
import signal
import threading
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

STUCK = 6
"""So many writes waiting mean that the terminal does not keep up."""
_LEAVING = 1.5
"""How long leaving waits for a terminal that does not read, seconds."""
_OFF = (1000, 1003, 1015, 1006, 1016, 2004, 2048, 1004)
"""Mouse in all its kinds, bracketed paste, size and focus reports."""
RESTORE = "".join(f"\x1b[?{mode}l" for mode in _OFF) + "\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"
"""What makes any terminal usable again: reports off, keys as usual, wrap on, main screen, cursor, no colours."""


class _Descriptor:
    """Writes text to a file descriptor; a terminal that is gone is told once and then ignored."""

    def __init__(self, descriptor: int, on_gone: Any) -> None:
        self._descriptor, self._on_gone = descriptor, on_gone
        self.gone = False

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def write(self, text: str) -> None:
        """Write everything, waiting where the terminal is slow."""
        data = memoryview(text.encode("utf-8", "replace"))
        while data and not self.gone:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                select.select((), (self._descriptor,), (), 1.0)
            except OSError:
                self.gone = True
                self._on_gone()

    def flush(self) -> None:
        """Nothing is kept back."""


class ConsoleDriver(LinuxDriver):
    """Textual's Linux driver with an end to every wait."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As the stock driver; the output becomes a bare descriptor."""
        super().__init__(*args, **kwargs)
        self._file: Any = _Descriptor(self._file.fileno(), self._hung_up)
        self._wake_read, self._wake_write = os.pipe()
        self._hangup_told = threading.Event()
        self.in_use = False
        """True from taking the terminal to giving it back."""

    @property
    def keeps_up(self) -> bool:
        """False while the terminal reads slower than we draw."""
        thread: Any = self._writer_thread
        return thread is None or thread._queue.qsize() < STUCK

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self.in_use = True
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        super().stop_application_mode()
        self.in_use = False

    def write(self, data: str) -> None:
        """Queue output; never wait for a terminal that is gone or stuck."""
        thread: Any = self._writer_thread
        if thread is None or self._file.gone:
            return
        if thread._queue.full():  # dropping a frame would leave the screen wrong, waiting would stop the link
            thread._queue.maxsize = 0
        thread._queue.put(data)

    def close(self) -> None:
        """End the writer; a terminal that does not read is left after a moment."""
        thread: WriterThread | None = self._writer_thread
        if thread is not None:
            thread._queue.put(None)
            thread.join(_LEAVING)
            self._writer_thread = None

    def disable_input(self) -> None:
        """Stop reading at once instead of at the next poll."""
        with suppress(OSError):
            os.write(self._wake_write, b"x")  # stays in the pipe, so that the reader cannot miss the end
        super().disable_input()
        with suppress(OSError):
            if select.select((self._wake_read,), (), (), 0)[0]:
                os.read(self._wake_read, 64)

    def run_input_thread(self) -> None:
        """Read keys until told to stop; the end of the terminal ends the console."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        try:
            while not self.exit_event.is_set():
                # The parser needs a beat only while an escape sequence may be cut short.
                patience = 0.1 if parser_busy(parser) else 5.0
                readable, _, _ = select.select((self.fileno, self._wake_read), (), (), patience)
                if self.fileno in readable:
                    data = os.read(self.fileno, 4096)
                    if not data:
                        self._hung_up()
                        return
                    for event in parser.feed(decode(data)):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        except OSError:
            self._hung_up()
        finally:
            with suppress(EOFError, ParseError):
                for _event in parser.feed(""):
                    pass

    def _hung_up(self) -> None:
        """Tell the app once, from whichever thread noticed."""
        if self._hangup_told.is_set():
            return
        self._hangup_told.set()
        with suppress(RuntimeError):  # the loop may be closed already
            self._loop.call_soon_threadsafe(self._app.exit, None, 128 + signal.SIGHUP)


def parser_busy(parser: XTermParser) -> bool:
    """Return whether the parser holds bytes back until their time is up."""
    timeout: Any = getattr(parser, "_timeout_time", None)
    return timeout is not None


def catch_signals(loop: asyncio.AbstractEventLoop, leave: Any) -> None:
    """Leave in order on SIGTERM, SIGHUP and SIGINT, with the exit code that a shell expects."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with suppress(ValueError, NotImplementedError, RuntimeError):  # not in the main thread: a test
            loop.add_signal_handler(number, leave, 130 if number == signal.SIGINT else 128 + number)


def restore(driver: object) -> None:
    """Give the terminal back where the driver could not; where it did, once more would move the cursor."""
    if isinstance(driver, ConsoleDriver) and driver.in_use:
        with suppress(OSError, ValueError):
            os.write(2, RESTORE.encode())
