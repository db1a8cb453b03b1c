"""Where blocks are derived: in this process, or in one beside it that reads ahead while this one writes."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Generic, Protocol, TypeVar

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.pbx.queue_log.files import Block
from ccops.reports import derive
from ccops.reports.derive import Derived, Deriver, Standing, State
from ccops.store.raw import Packed, pack

T = TypeVar("T")


class Answer(Generic[T]):
    """What an engine will have said."""

    def __init__(self, value: T | None = None, future: "Future[bytes] | None" = None) -> None:
        """`future` brings the value packed."""
        self._value, self._future = value, future
        self._unpack: Callable[[bytes], T] | None = None

    @classmethod
    def later(cls, future: "Future[bytes]", unpack: Callable[[bytes], T]) -> "Answer[T]":
        """Return an answer that another process works on."""
        answer = cls(future=future)
        answer._unpack = unpack
        return answer

    @property
    def ready(self) -> bool:
        """True where it need not be waited for."""
        return self._future is None or self._future.done()

    def get(self) -> T:
        """Return it; raises what went wrong."""
        if self._future is None or self._unpack is None:
            assert self._value is not None  # noqa: S101 (an answer has one or the other)
            return self._value
        try:
            return self._unpack(self._future.result())
        except BrokenProcessPool as problem:
            message = _("The process that reads the log was stopped.")
            raise CcopsError(message, remedy=_("Run it again: it goes on where it was.")) from problem


class Engine(Protocol):
    """Derives blocks in order."""

    def block(self, block: Block, file: int) -> Answer[tuple[Derived, Packed]]:
        """Take a block of a file in; the answer is what came of it, and the block ready to be stored."""
        ...

    def standing(self) -> Answer[Standing]:
        """Ask what is open after the blocks so far."""
        ...

    def close(self) -> None:
        """Stop."""
        ...


class Here:
    """Derives at once, in this process."""

    def __init__(self, state: State, *, compress: bool = True) -> None:
        """Goes on where `state` stands; without `compress` blocks are not to be stored."""
        self.deriver, self._compress, self._latest = Deriver(state), compress, state.latest

    def block(self, block: Block, file: int) -> Answer[tuple[Derived, Packed]]:
        """Take a block in."""
        derived = self.deriver.block(block.data, file, block.offset)
        return Answer((derived, pack(block, compress=self._compress, latest=self._latest)))

    def standing(self) -> Answer[Standing]:
        """Tell what is open after the blocks so far."""
        return Answer(self.deriver.standing())

    def close(self) -> None:
        """Nothing to stop."""


class Beside:
    """Derives in a process of its own."""

    def __init__(self, state: State, *, compress: bool = True) -> None:
        """Goes on where `state` stands; without `compress` blocks are not to be stored."""
        self._compress, self._latest = compress, state.latest
        # Not forked: this process may have threads, a terminal and a database open.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, context, initializer=derive.start_worker, initargs=(state,))

    def block(self, block: Block, file: int) -> Answer[tuple[Derived, Packed]]:
        """Hand a block over."""
        asked = self._pool.submit(derive.work_block, block.data, file, block.offset)
        packed = pack(block, compress=self._compress, latest=self._latest)  # meanwhile
        return Answer.later(asked, lambda answer: (derive.unpacked_derived(answer), packed))

    def standing(self) -> Answer[Standing]:
        """Ask what is open after the blocks so far."""
        return Answer.later(self._pool.submit(derive.work_standing), derive.unpacked_standing)

    def close(self) -> None:
        """Stop the process."""
        self._pool.shutdown(wait=True, cancel_futures=True)
