"""What both front doors hold in their hands: the desk protocol and the outcome of an action."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ccops.board import Board, Change

Listener = Callable[[Sequence[Change]], None]
Unsubscribe = Callable[[], None]


@dataclass(slots=True, frozen=True)
class Outcome:
    """What became of one action."""

    action: str
    ok: bool
    message: str
    """For a person, in their language."""
    target: str = ""
    dry_run: bool = False
    sent: tuple[Mapping[str, Any], ...] = ()
    """The AMI actions, in order (what would be sent, on a dry run); secrets never among them."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What a script gets besides, e.g. supervision_id."""


class Desk(Protocol):
    """One person's access to a live centre."""

    @property
    def board(self) -> Board:
        """The rows as they stand; changed in place before listeners hear of it."""
        ...

    @property
    def read_only(self) -> bool:
        """True where every action is refused."""
        ...

    def subscribe(self, listener: Listener) -> Unsubscribe:
        """Call `listener` on the event loop with every batch of changes until unsubscribed."""
        ...

    def offers(self, topic: str) -> Sequence[str]:
        """Names of the actions that this person may do on a row of this topic (queue, agent, call, …)."""
        ...

    async def do(
        self, action: str, target: str = "", *, reason: str = "", dry_run: bool = False, **arguments: Any
    ) -> Outcome:
        """Do an action of the table on a target (agent, call, queue …).

        Raises the errors of `ccops.errors`: not found, refused, no permission, no link, time-out.
        """
        ...

    async def close(self) -> None:
        """Leave: the link or the socket is closed, supervision legs live on in the PBX."""
        ...
