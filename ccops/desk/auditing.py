"""The audit as a desk uses it: in the store, opened when it is first needed, written off the event loop."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ccops.desk.acting import Audit
from ccops.desk.supervision.legs import Leg
from ccops.errors import CcopsError

log = logging.getLogger(__name__)


class StoreAudit:
    """The audit in the store; whoever never acts never makes one."""

    def __init__(self, path: Path) -> None:
        """`path` is that of the store."""
        self._path = path
        self._lock = threading.Lock()
        self._audit: Any = None

    def _opened(self) -> Any:
        with self._lock:
            if self._audit is None:
                from ccops.store.audit import open_audit

                self._audit = open_audit(self._path)
            return self._audit

    def begin(self, **row: str) -> int:
        """Write the row of an action that is about to go out."""
        number: int = self._opened().begin(**row)
        return number

    def end(self, number: int, *, result: str, detail: str, data: Mapping[str, Any]) -> None:
        """Close the row."""
        self._opened().end(number, result=result, detail=detail, data=data)

    def leg_ended(self, **row: Any) -> None:
        """Write that a supervision leg is over."""
        self._opened().leg_ended(**row)

    def head(self) -> tuple[int, str]:
        """Return number and digest of the newest row."""
        found: tuple[int, str] = self._opened().head()
        return found

    def close(self) -> None:
        """Let go of the store."""
        with self._lock:
            if self._audit is not None:
                self._audit.close()
                self._audit = None


class LegBook:
    """Writes the end of every supervision leg that had run, without holding up the event loop."""

    def __init__(self, audit: Audit, clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._audit = audit
        self._clock = clock
        self._writing: set[asyncio.Task[None]] = set()

    def ended(self, leg: Leg) -> None:
        """Take note of a leg that is over; one that never ran is told by its action's own row."""
        if leg.started_at is None:
            return
        task = asyncio.get_running_loop().create_task(self._write(leg, max(0.0, self._clock() - leg.started_at)))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, leg: Leg, seconds: float) -> None:
        row = {"who": leg.owner, "target": leg.agent, "call_id": leg.call_id, "supervision_id": leg.supervision_id}
        try:
            await asyncio.to_thread(self._audit.leg_ended, **row, why=leg.ended_why, seconds=seconds)
        except CcopsError as error:
            log.error("the end of leg %s could not be written to the audit: %s", leg.supervision_id, error)

    async def settle(self) -> None:
        """Wait until everything is written."""
        if self._writing:
            await asyncio.wait(self._writing)
