"""What a procedure of the action table works with: board, link, dry run, waiting for what the PBX reports."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ccops.board import Board
from ccops.desk.api import Listener, Outcome, Unsubscribe
from ccops.desk.supervision.registry import Registry
from ccops.errors import ActionRefused, PermissionRefused, UsageProblem
from ccops.i18n import _
from ccops.settings import Settings

AmiAction = Mapping[str, str | Sequence[str]]


class Wire(Protocol):
    """The part of the AMI link that procedures use."""

    async def send(self, action: AmiAction, *, timeout: float | None = None) -> Any:
        """Send one action, return its reply."""
        ...

    async def originate(self, action: AmiAction, *, timeout: float) -> dict[str, str]:
        """Send an asynchronous Originate, return its OriginateResponse."""
        ...

    async def listing(self, action: AmiAction, *, timeout: float | None = None) -> Any:
        """Send an action that is answered by a list, return its reply."""
        ...


class AlertKeeper(Protocol):
    """Who keeps the alerts that hold."""

    def acknowledge(self, alert_id: str, who: str, note: str = "") -> Any:
        """Let somebody take an alert; raises NotFound."""
        ...

    def snooze(self, alert_id: str, who: str, seconds: float, note: str = "") -> Any:
        """Let an alert rest for a while; raises NotFound."""
        ...


@dataclass(slots=True)
class Context:
    """One run of one action."""

    action: str
    board: Board
    settings: Settings
    wire: Wire
    subscribe: Callable[[Listener], Unsubscribe]
    registry: Registry
    relist: Callable[[], Awaitable[Any]]
    """Looks at the whole PBX anew, where no event tells what an action changed."""
    who: str = ""
    dry_run: bool = False
    reason: str = ""
    alerts: AlertKeeper | None = None
    """None where nobody keeps alerts: without a daemon."""
    sent: list[AmiAction] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What the person should know besides the outcome."""

    async def send(self, action: AmiAction, *, fine: Sequence[str] = ()) -> bool:
        """Send one action; on a dry run only note it.

        Returns False where the PBX answers with one of the texts in `fine` (what was asked for holds already).
        Raises `ActionRefused` with the PBX's own words otherwise, and the errors of the link.
        """
        self.sent.append(dict(action))
        if self.dry_run:
            return True
        reply = await self.wire.send(action)
        if reply.ok:
            return True
        said = str(reply.message)
        if any(text.lower() in said.lower() for text in fine):
            return False
        name = str(action.get("Action", ""))
        raise ActionRefused(
            _("The PBX refused {name}: {said}").format(name=name, said=said or _("no reason")), reply=said
        )

    async def originate(self, action: AmiAction, *, timeout: float) -> dict[str, str]:
        """Ring a phone; return its OriginateResponse, or raise the errors of the link. Never sent twice."""
        self.sent.append(dict(action))
        if self.dry_run:
            return {"Response": "Success", "Uniqueid": str(action.get("ChannelId", ""))}
        return await self.wire.originate(action, timeout=timeout)

    async def must_exist(self, extension: str, place: str) -> None:
        """Raise `UsageProblem` where the dialplan has no such extension: a call sent there would be cut off."""
        action = {"Action": "ShowDialPlan", "Context": place, "Extension": extension}
        try:
            reply = await self.wire.listing(action)
        except PermissionRefused:
            # Without the reporting right nobody can tell; the PBX decides.
            return
        if not reply.ok:
            raise UsageProblem(
                _("Nothing can be reached at {extension} in the dialplan's {place}.").format(
                    extension=extension, place=place
                ),
                remedy=_("Check the number, or the contexts in [actions] of the configuration."),
            )

    async def until(self, holds: Callable[[Board], bool], timeout: float) -> bool:
        """Wait until the board shows that `holds`; False after `timeout` seconds. True at once on a dry run."""
        if self.dry_run or holds(self.board):
            return True
        seen = asyncio.Event()
        stop = self.subscribe(lambda changes: seen.set() if holds(self.board) else None)
        try:
            await asyncio.wait_for(seen.wait(), timeout)
        except TimeoutError:
            return holds(self.board)
        finally:
            stop()
        return True

    def note(self, text: str) -> None:
        """Add what the person should know besides the outcome."""
        self.notes.append(text)

    def done(self, message: str, *, target: str = "", **data: Any) -> Outcome:
        """Return the outcome of this run."""
        return Outcome(
            action=self.action,
            ok=True,
            message=message,
            target=target,
            dry_run=self.dry_run,
            sent=tuple(dict(item) for item in self.sent),
            data=data,
        )
