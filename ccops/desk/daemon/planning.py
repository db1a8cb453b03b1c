"""Planning in the daemon: reads and deeds of people whom the kernel has named, one at a time, off the event loop.

A person reads plans by any right in planning; who has none and is in the team, by `login`, reads what is everybody's
(rosters, open shifts) and of leave and wishes only their own.
"""

import asyncio
import base64
import binascii
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from ccops.alerts.planned import still
from ccops.board import Board
from ccops.desk.roles import Person, Rights
from ccops.errors import CcopsError, NotFound, PermissionRefused, UsageProblem
from ccops.i18n import _
from ccops.settings import Loaded, Settings

if TYPE_CHECKING:
    from ccops.desk.planning.office import Office
    from ccops.wfm.team.model import Member

MOST_PIECES: Final = 8 * 1024 * 1024
"""Characters that one client may have under way in pieces."""
_LONGEST: Final = 64 * 1024 * 1024
"""Bytes of a request that was sent in pieces, unpacked."""
_NEEDED: Final = ("numpy", "pandas", "ortools", "scipy")
_MINE: Final = ("hours", "wishes", "login", "leave_hours")
"""Of a person in the team's document: nobody else's business."""


class Pieces:
    """Long requests of one client while they come in."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._parts: dict[str, list[str]] = {}
        self._size = 0

    def add(self, number: object, piece: object) -> None:
        """Take a piece in; raises `UsageProblem` where it is none, or too much."""
        if not isinstance(piece, str):
            raise UsageProblem(_("A piece of a request must be text."))
        self._size += len(piece)
        if self._size > MOST_PIECES:
            self._parts, self._size = {}, 0
            raise UsageProblem(_("A request is longer than {most} bytes.").format(most=MOST_PIECES))
        self._parts.setdefault(str(number), []).append(piece)

    def take(self, number: object) -> Any:
        """Return the arguments that came in pieces; raises `UsageProblem` where they cannot be read."""
        text = "".join(self._parts.pop(str(number), ()))
        self._size -= len(text)
        unpack = zlib.decompressobj()
        try:
            data = unpack.decompress(base64.b64decode(text, validate=True), _LONGEST)
            if not unpack.eof:
                raise ValueError("it does not end")
            return json.loads(data)
        except (ValueError, RecursionError, binascii.Error, zlib.error) as error:
            raise UsageProblem(_("The pieces of a request do not fit together ({why}).").format(why=error)) from None


class PlanningService:
    """Plans for whoever asks through the socket."""

    def __init__(self, loaded: Loaded | Settings, board: Callable[[], Board] | None = None) -> None:
        """Costs nothing until somebody asks; `board` returns what the PBX shows now."""
        self._board = board
        self._loaded = loaded
        self._hand: ThreadPoolExecutor | None = None

    async def answer(self, person: Person, rights: Rights, name: object, arguments: object) -> Any:
        """Return the answer to a request as JSON has it; raises why there is none."""
        if not isinstance(arguments, dict):
            raise UsageProblem(_("A request about plans must have `arguments`."))
        if self._hand is None:
            self._hand = ThreadPoolExecutor(1, thread_name_prefix="planning")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._hand, self._do, person, rights, name, arguments, self._now())

    def _now(self) -> Board | None:
        return None if self._board is None else still(self._board())

    async def close(self) -> None:
        """Let the request at hand end."""
        if self._hand is not None:
            self._hand.shutdown(wait=False, cancel_futures=True)

    # --- in the thread ---

    def _do(
        self, person: Person, rights: Rights, name: object, arguments: Mapping[str, Any], board: Board | None
    ) -> Any:
        try:
            return self._done(person, rights, name, arguments, board)
        except ModuleNotFoundError as problem:
            if problem.name not in _NEEDED:
                raise
            message = _("Planning needs the package “{name}”, which is not installed.").format(name=problem.name)
            raise CcopsError(message, remedy=_("On the daemon's machine: pip install 'ccops[wfm]'.")) from None

    def _done(
        self, person: Person, rights: Rights, name: object, arguments: Mapping[str, Any], board: Board | None
    ) -> Any:
        from ccops.desk.planning.deeds import deed_of
        from ccops.desk.planning.office import Office
        from ccops.desk.planning.wire import tagged

        office = Office(self._loaded, person=person, rights=rights)
        office.board = board
        scope = office.reads()
        if scope == "nothing":
            raise PermissionRefused(
                _("{name} may not see plans.").format(name=person.name),
                remedy=_("Give a role `wfm.read`, or name the user as `login` of a person in the team."),
            )
        if name == "read":
            return _rows(office, arguments, None if scope == "all" else office.me())
        deed = deed_of(name)
        if deed.reading and scope != "all" and deed.name != "check":
            raise PermissionRefused(_("Your roles do not include {action}.").format(action="wfm.read"))
        return tagged(deed.function(deed.owner(office), **deed.bind(arguments)))


def _rows(office: "Office", arguments: Mapping[str, Any], own: "Member | None") -> list[Sequence[Any]]:
    """Return the rows of a read; of some things only one's own where `own` is somebody."""
    from ccops.store.planning import READS

    what, parameters = arguments.get("what"), arguments.get("parameters", [])
    if not isinstance(what, str) or what not in READS:
        raise NotFound(_("what can be read of plans"), str(what)[:80], READS)
    if not isinstance(parameters, list) or not all(isinstance(item, str | int | float | None) for item in parameters):
        raise UsageProblem(_("“{name}” cannot be {value}.").format(name="parameters", value=ascii(parameters)[:80]))
    if len(parameters) != READS[what].count("?"):
        raise UsageProblem(_("{what} takes {count} parameters.").format(what=what, count=READS[what].count("?")))
    if any(isinstance(item, str) and not item.isprintable() for item in parameters) or any(
        isinstance(item, int) and abs(item) > 2**53 for item in parameters
    ):
        raise UsageProblem(_("“{name}” cannot be {value}.").format(name="parameters", value=ascii(parameters)[:80]))
    with office.reading() as database:
        rows = database.rows(READS[what], tuple(parameters))
    return rows if own is None else [row for found in rows for row in _seen(what, found, own)]


def _seen(what: str, row: Sequence[Any], own: "Member") -> list[Sequence[Any]]:
    """Return what somebody without a right in planning sees of a row."""
    if what == "leave":
        return [row] if row[1] == own.id else []
    if what in ("team", "teams"):
        document = json.loads(row[4])
        for name, person in document.get("people", {}).items():
            if name != own.id:
                for key in _MINE:
                    person.pop(key, None)
        return [(*row[:4], json.dumps(document, ensure_ascii=False))]
    return [row]
