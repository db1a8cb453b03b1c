"""The actions that the simulated PBX obeys: who may do which, and how each is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccops.pbx.sim.bus import mask_of, words_of
from ccops.pbx.sim.wire import Message, block

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx
    from ccops.pbx.sim.session import Session


@dataclass(slots=True)
class Request:
    """One action under way."""

    session: Session
    message: Message

    @property
    def id(self) -> str:
        """Its ActionID."""
        return self.message.get("ActionID")

    def get(self, name: str, default: str = "") -> str:
        """A header of the action."""
        return self.message.get(name, default)

    def ok(self, text: str = "") -> None:
        """Answer that it was done."""
        if text:
            self.session.success(text, self.id)
        else:
            self.reply()

    def refuse(self, text: str) -> None:
        """Answer that it cannot be done."""
        self.session.error(text, self.id)

    def reply(self, *headers: tuple[str, object]) -> None:
        """Answer with headers of one's own."""
        self.session.write(block(("Response", "Success"), *headers, action_id=self.id))

    def begin_list(self, text: str) -> None:
        """Answer that a list follows."""
        self.session.write(block(("Response", "Success"), ("EventList", "start"), ("Message", text), action_id=self.id))

    def row(self, event: str, headers: str, *, id_first: bool = False) -> None:
        """One row of the list; some lists carry the ActionID first, some last."""
        own = f"ActionID: {self.id}\r\n" if self.id else ""
        body = own + headers if id_first else headers + own
        self.session.write(f"Event: {event}\r\n{body}\r\n")

    def end_list(self, event: str, items: int, *extra: tuple[str, object]) -> None:
        """The end of the list."""
        self.session.write(
            block(("Event", event), ("EventList", "Complete"), ("ListItems", items), *extra, action_id=self.id)
        )


Handler = Callable[[Request], None]


@dataclass(slots=True, frozen=True)
class Action:
    """A row of the table of actions."""

    name: str
    classes: str
    """Who may do it: any of these write classes suffices; empty lets everybody."""
    synopsis: str
    handler: Handler


class Actions:
    """The table of actions."""

    def __init__(self, pbx: Pbx) -> None:
        from ccops.pbx.sim.actions import calling, channels, lists, media, members, queues, system

        self._pbx = pbx
        self._table: dict[str, Action] = {}
        for family in (system, queues, members, channels, calling, media, lists):
            for action in family.actions(pbx, self):
                self._table[action.name.casefold()] = action

    def run(self, session: Session, message: Message) -> None:
        """Carry an action out for a session that is logged in."""
        name = message.get("Action")
        request = Request(session, message)
        action = self._table.get(name.casefold())
        if action is None:
            request.refuse(f"Invalid/unknown command: {name}. Use Action: ListCommands to show available commands.")
        elif not self.allowed(session, action):
            request.refuse("Permission denied")
        else:
            action.handler(request)

    @staticmethod
    def allowed(session: Session, action: Action) -> bool:
        """Whether the user of a session has one of the classes of an action."""
        wanted = mask_of(action.classes)
        return session.user is not None and (not wanted or bool(session.user.write & wanted))

    def of(self, session: Session) -> list[tuple[str, str]]:
        """What a session may do, as ListCommands says it."""
        rows = sorted(self._table.values(), key=lambda one: one.name.casefold())
        return [
            (one.name, f"{one.synopsis}  (Priv: {words_of(mask_of(one.classes))})")
            for one in rows
            if self.allowed(session, one)
        ]
