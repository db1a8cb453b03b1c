"""Does an action of the table for a person: rights, target, audit before and after, outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from ccops.board import Board, Row
from ccops.desk import resolve
from ccops.desk.api import Listener, Outcome, Unsubscribe
from ccops.desk.context import Context, Wire
from ccops.desk.roles import Person, Rights
from ccops.desk.supervision.registry import Registry
from ccops.desk.table import Action, Table, harmless, target_label
from ccops.errors import CcopsError, NotFound
from ccops.settings import Settings


class Audit(Protocol):
    """Where every action is written before it goes out and closed with its outcome."""

    def begin(
        self, *, who: str, origin: str, action: str, target: str, call_id: str, arguments: str, reason: str
    ) -> int:
        """Write the row of an action that is about to go out; return its number. Raises where it cannot."""
        ...

    def end(self, number: int, *, result: str, detail: str, data: Mapping[str, Any]) -> None:
        """Close the row: result is done, refused, failed or unknown."""
        ...


class Actor:
    """Runs actions of the table on one centre."""

    def __init__(
        self,
        table: Table,
        *,
        board: Board,
        settings: Settings,
        wire: Wire,
        registry: Registry,
        subscribe: Callable[[Listener], Unsubscribe],
        relist: Callable[[], Awaitable[Any]],
        audit: Audit,
    ) -> None:
        """All parts are shared with the desk."""
        self.table = table
        self._board = board
        self._settings = settings
        self._wire = wire
        self._registry = registry
        self._subscribe = subscribe
        self._relist = relist
        self._audit = audit

    async def do(
        self,
        person: Person,
        rights: Rights,
        name: str,
        target: str,
        arguments: Mapping[str, Any],
        *,
        reason: str = "",
        dry_run: bool = False,
    ) -> Outcome:
        """Do it, or raise why not; both end up in the audit, a dry run does not."""
        action = self.table[name]
        given = action.bind(arguments)
        reason = harmless("reason", reason)
        row = self._target(action, harmless("target", target), given)
        context = Context(
            action=name,
            board=self._board,
            settings=self._settings,
            wire=self._wire,
            subscribe=self._subscribe,
            registry=self._registry,
            relist=self._relist,
            who=person.name,
            dry_run=dry_run,
            reason=reason,
        )
        if dry_run:
            rights.check(action, row, reason, given)
            return await action.procedure(context, row, given)
        number = self._begin(person, action, row, given, reason)
        try:
            rights.check(action, row, reason, given)
            outcome = await action.procedure(context, row, given)
        except CcopsError as error:
            self._audit.end(number, result=_result(error), detail=str(error), data={})
            raise
        except BaseException as error:
            # Cancelled or broken half way: what the PBX did is not known, and the audit must say so.
            self._audit.end(number, result="unknown", detail=type(error).__name__, data={})
            raise
        self._audit.end(number, result="done", detail=outcome.message, data=dict(outcome.data))
        return outcome

    def _begin(self, person: Person, action: Action, row: Row | None, given: Mapping[str, Any], reason: str) -> int:
        import json

        told = {name: value for name, value in given.items() if value not in (None, "")}
        return self._audit.begin(
            who=person.name,
            origin=person.origin,
            action=action.name,
            target=target_label(row),
            call_id=str(getattr(row, "call_id", None) or ""),
            arguments=json.dumps(told, ensure_ascii=False, sort_keys=True),
            reason=reason,
        )

    def _target(self, action: Action, target: str, given: Mapping[str, Any]) -> Any:
        """Return the row that the words mean; an agent who is to be logged in need not be known yet."""
        if action.topic == "none":
            return None
        if action.name == "agent.login":
            return resolve.agent_or_new(self._board, target, self._settings.agents)
        return resolve.row(self._board, action.topic, target)


def _result(error: CcopsError) -> str:
    from ccops.errors import ActionTimeout, LinkLost, PermissionRefused, UsageProblem

    if isinstance(error, PermissionRefused):
        return "denied"
    if isinstance(error, UsageProblem | NotFound):
        return "refused"
    return "unknown" if isinstance(error, ActionTimeout | LinkLost) else "failed"


class Delayed:
    """Runs a callable once at the end of the event-loop turn, however often it is asked for."""

    def __init__(self, call: Callable[[], None]) -> None:
        """`call` takes nothing and must not raise."""
        self._call = call
        self._due = False

    def __call__(self) -> None:
        """Ask for the call."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        self._due = False
        self._call()
