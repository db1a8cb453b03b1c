"""An action that waits for its answer: one response, a list of events, or the outcome of an originate."""

import asyncio
from collections.abc import Callable
from typing import Literal

from ccops.errors import LinkLost
from ccops.i18n import _
from ccops.pbx.link.status import Event, Reply

Wants = Literal["reply", "list", "outcome"]


class Request:
    """One action on its way; `done` yields the reply, or raises LinkLost when the link dies first."""

    __slots__ = ("_on_ok", "_reply", "_rows", "action", "action_id", "done", "wants")

    def __init__(
        self, action: str, action_id: str, wants: Wants = "reply", on_ok: Callable[[], None] | None = None
    ) -> None:
        """`action` is its name only: headers may hold secrets and stay out of messages and logs.

        `on_ok` is called when the PBX agrees, before any message behind that response is looked at.
        """
        self._on_ok = on_ok
        self.action = action
        self.action_id = action_id
        self.wants = wants
        self.done: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._reply: Event | None = None
        self._rows: list[Event] = []

    @property
    def rows(self) -> int:
        """Rows of the list so far: tells a slow list from a silent one."""
        return len(self._rows)

    def take_response(self, message: Event) -> None:
        """Take the PBX's response."""
        if self._reply is not None:
            return
        self._reply = message
        ok = Reply(message).ok
        if ok and self._on_ok is not None:
            self._on_ok()
        if self.wants == "reply" or not ok or (self.wants == "list" and not _starts_list(message)):
            self._finish()

    def take_event(self, event: Event) -> bool:
        """Take an event with our ActionID; return whether it is a row of our list and nobody else's business."""
        if self.wants == "outcome" and event["Event"] == "OriginateResponse":
            self._rows.append(event)
            self._finish()
        if self.wants != "list":
            return False
        if "EventList" in event:
            self._finish()
        else:
            self._rows.append(event)
        return True

    def lose(self, why: str) -> None:
        """End without an answer: whether the PBX did it is unknown, and it is never sent again."""
        if not self.done.done():
            text = _("The link to the PBX was lost before it answered {action} ({why}).")
            remedy = _("It is unknown whether it was done; it is not sent again.")
            self.done.set_exception(LinkLost(text.format(action=self.action, why=why), remedy=remedy))
            # Whoever waited may have given up already; that is no programming error to complain about.
            self.done.exception()

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(Reply(self._reply or {}, tuple(self._rows)))


def _starts_list(message: Event) -> bool:
    return message.get("EventList", "").lower() == "start" or "will follow" in message.get("Message", "")
