"""Actions that call and press keys: Originate, PlayDTMF, texts to phones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ccops.pbx.sim.actions import Action, Actions, Request
from ccops.pbx.sim.channel import Party, Place
from ccops.pbx.sim.originate import Order
from ccops.pbx.sim.queue_ring import Digit
from ccops.pbx.sim.wire import TRUE_WORDS, leading_number

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx

DEFAULT_TIMEOUT_MS = 30_000
_CALLER_ID = re.compile(r'\s*"?(?P<name>[^"<]*?)"?\s*<(?P<number>[^>]*)>\s*')


def actions(pbx: Pbx, table: Actions) -> list[Action]:
    """The actions of this family."""
    family = _Calling(pbx)
    return [
        Action("Originate", "originate", "Originate a call.", family.originate),
        Action("PlayDTMF", "call", "Play DTMF signal on a specific channel.", family.play_dtmf),
        Action("SendText", "call", "Sends a text message to channel.", family.send_text),
        Action("MessageSend", "message", "Send an out of call message to an endpoint.", family.message_send),
    ]


def caller_id(text: str) -> Party | None:
    """A caller id as `"Name" <number>` or as a number alone; None where the text is empty."""
    if not text:
        return None
    found = _CALLER_ID.fullmatch(text)
    if found:
        return Party(found["number"], found["name"])
    return Party(text, "") if re.fullmatch(r"[0-9*#+]+", text) else Party("", text)


class _Calling:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    # -- originate ----------------------------------------------------------------------------------------------

    def originate(self, request: Request) -> None:
        order = self._order(request)
        if order is None:
            return
        if request.get("Async").casefold() in TRUE_WORDS:
            request.ok("Originate successfully queued")
            self._pbx.originates.start(order)
            return
        order.told = False
        self._pbx.originates.start(order, lambda ok: self._finished(request, ok=ok))

    @staticmethod
    def _finished(request: Request, *, ok: bool) -> None:
        if ok:
            request.ok("Originate successfully queued")
        else:
            request.refuse("Originate failed")

    def _order(self, request: Request) -> Order | None:
        """What is asked for; what is missing or wrong is answered here."""
        complaint = self._complaint(request)
        if complaint:
            request.refuse(complaint)
            return None
        application = request.get("Application")
        place = None
        if not application:
            place = Place(request.get("Context"), request.get("Exten"), int(request.get("Priority")))
            if not self._pbx.executor.dialplan.exists(place):
                request.refuse("Extension does not exist.")
                return None
        return Order(
            request.get("Channel"), application, request.get("Data"), place, caller_id(request.get("CallerID")),
            leading_number(request.get("Timeout"), DEFAULT_TIMEOUT_MS) / 1000, request.get("ChannelId"),
            request.get("Account"), self._variables(request), request.id,
        )  # fmt: skip

    @staticmethod
    def _complaint(request: Request) -> str:
        channel, timeout = request.get("Channel"), request.get("Timeout")
        priority = request.get("Priority")
        if not channel:
            return "Channel not specified"
        if not request.get("Application") and not all(request.get(name) for name in ("Context", "Exten", "Priority")):
            if priority and not priority.isdigit():
                return "Invalid priority"
            return "Originate with 'Exten' requires 'Context' and 'Priority'"
        if priority and not priority.isdigit():
            return "Invalid priority"
        if timeout and not timeout.isdigit():
            return "Invalid timeout"
        return "" if "/" in channel else "Invalid channel"

    @staticmethod
    def _variables(request: Request) -> dict[str, str]:
        variables: dict[str, str] = {}
        for line in request.message.all("Variable"):
            name, equals, value = line.partition("=")
            if equals:
                variables[name.strip().lstrip("_")] = value
        return variables

    # -- keys and texts -----------------------------------------------------------------------------------------

    def play_dtmf(self, request: Request) -> None:
        channel = self._pbx.channels.find(request.get("Channel"))
        digit = request.get("Digit")[:1]
        if channel is None:
            request.refuse("Channel not found")
        elif not digit:
            request.refuse("No digit specified")
        else:
            request.ok("DTMF successfully queued")
            if request.get("Receive").casefold() in TRUE_WORDS:
                self._receive(channel.uniqueid, digit)

    def _receive(self, uniqueid: str, digit: str) -> None:
        """The PBX hears a key, as if the phone of the channel had been pressed."""
        channel = self._pbx.channels.find(uniqueid)
        if channel is None:
            return
        spy = self._pbx.spies.of(channel)
        if spy is not None:
            spy.key(digit)
        elif channel.task and self._pbx.room.waiting(channel):
            channel.task.post(Digit(digit))

    def send_text(self, request: Request) -> None:
        name, text = request.get("Channel"), request.get("Message")
        channel = self._pbx.channels.find(name) if name else None
        if not name:
            request.refuse("No channel specified")
        elif not text:
            request.refuse("No Message specified")
        elif channel is None:
            request.refuse("No such channel")
        else:
            request.ok("Success")
            phone = self._pbx.phones.find(channel.device)
            if phone is not None:
                phone.messages.append(text)

    def message_send(self, request: Request) -> None:
        to = request.get("To") or request.get("Destination")
        tech, _, address = to.partition(":")
        phone = self._pbx.phones.named(address)
        if not to:
            request.refuse("No 'To' address specified.")
        elif tech.casefold() not in ("pjsip", "sip"):
            request.refuse("Message technology not found.")
        elif phone is None or not self._pbx.devices.online(phone.device):
            request.refuse("Message failed to send.")
        else:
            phone.messages.append(request.get("Body"))
            request.ok("Message successfully sent")
