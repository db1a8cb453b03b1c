"""Where blocks are derived: in this process, or in one beside it that reads ahead while this one writes."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, cast

from ccops.pbx.queue_log.files import Block
from ccops.reports.derive import Derived, Deriver, Standing, State
from ccops.reports.deriving import Feed, Stand
from ccops.reports.ingest.worker import Asked, Worker
from ccops.store.raw import Packed, pack

T = TypeVar("T")


class Answer(Generic[T]):
    """What an engine will have said."""

    def __init__(self, value: T | None = None) -> None:
        """`value` is known already."""
        self._value = value
        self._asked: Asked | None = None
        self._of: Callable[[object], T] | None = None

    @classmethod
    def later(cls, asked: Asked, of: Callable[[object], T]) -> "Answer[T]":
        """Return an answer that another process works on; `of` makes it of what that says."""
        answer = cls()
        answer._asked, answer._of = asked, of
        return answer

    @property
    def ready(self) -> bool:
        """True where it need not be waited for."""
        return self._asked is None or self._asked.done

    def get(self) -> T:
        """Return it; raises `CcopsError` where the other process failed or is gone."""
        if self._asked is None or self._of is None:
            assert self._value is not None  # noqa: S101 (an answer has one or the other)
            return self._value
        return self._of(self._asked.get())


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
        self.worker = Worker(state)

    def block(self, block: Block, file: int) -> Answer[tuple[Derived, Packed]]:
        """Hand a block over."""
        asked = self.worker.ask(Feed(block.data, file, block.offset))
        packed = pack(block, compress=self._compress, latest=self._latest)  # meanwhile
        return Answer.later(asked, lambda answer: (cast("Derived", answer), packed))

    def standing(self) -> Answer[Standing]:
        """Ask what is open after the blocks so far."""
        return Answer.later(self.worker.ask(Stand()), lambda answer: cast("Standing", answer))

    def close(self) -> None:
        """Stop the process."""
        self.worker.close()
