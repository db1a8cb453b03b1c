"""The end that is asked: tells what it is, gives up the right to write, and ships what is new of its store."""

import struct
import time
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _
from ccops.store.schema import VERSION
from ccops.store.standby.image import CHUNK, Image, rested
from ccops.store.standby.place import alone_with, claim_in, fence, paired, shipped, state_of
from ccops.store.standby.role import role_of
from ccops.store.standby.wire import PROTOCOL, PeerUnreachable, Wire

PIECE: Final = struct.Struct(">II")
"""Number of a chunk and bytes that follow, packed."""
LAST: Final = 0xFFFFFFFF
"""Instead of a chunk's number: that was all."""


def serve(path: Path, wire: Wire, *, serving: bool) -> None:
    """Answer until the other one hangs up; `serving` tells whether a daemon serves here."""
    wire.say({"ccops": PROTOCOL, "schema": VERSION, "state": state_of(path, serving=serving)})
    while (request := wire.hear()) is not None:
        try:
            _answer(path, wire, request)
        except PeerUnreachable:
            raise
        except CcopsError as error:
            wire.say({"error": error.message, "remedy": error.remedy})


def _answer(path: Path, wire: Wire, request: dict[str, Any]) -> None:
    node, name = _text(request, "node"), _text(request, "host")
    if request.get("do") == "pair":
        _pair(path)
        wire.say({"state": state_of(path)})
    elif request.get("do") == "fence":
        term = request.get("term")
        if not isinstance(term, int):
            raise UsageProblem(_("A take-over must name its term."))
        with alone_with(path):
            fence(path, term=term, node=node, name=name)
        wire.say({"state": state_of(path)})
    elif request.get("do") == "copy":
        _copy(path, wire, node)
    else:
        raise UsageProblem(_("That is no request."))


def _text(request: dict[str, Any], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value or len(value) > 255 or not value.isprintable():
        raise UsageProblem(_("A request must say whose it is."))
    return value


def _pair(path: Path) -> None:
    if not path.exists():
        raise UsageProblem(
            _("There is no store at “{path}” yet.").format(path=path), remedy=_("Start the daemon there first.")
        )
    with alone_with(path):
        role = paired(path)
    if role.kind != "primary":
        raise UsageProblem(_("It does not write its store itself; it is {kind}.").format(kind=role.kind))


def _copy(path: Path, wire: Wire, node: str) -> None:
    role = role_of(path)
    if role is None or (role.kind != "primary" and (role.by or {}).get("node") != node):
        kind = role.kind if role is not None else "single"
        raise UsageProblem(_("It does not write its store itself; it is {kind}.").format(kind=kind))
    claim = claim_in(path)
    if claim is None:
        raise UsageProblem(_("Its store is not the one that was shipped before."))
    at = time.time()
    with Image(path) as image:
        head = {"pages": image.pages, "page_size": image.page_size, "chunk": CHUNK, "at": at, "claim": asdict(claim)}
        digests = image.digests()
        wire.say({**head, "digests": len(digests)}, digests)
        wanted = (wire.hear() or {}).get("want")
        if not isinstance(wanted, list):
            return
        _send(image, wire, wanted)
    if (wire.hear() or {}).get("done") is True:
        shipped(path, at)


def _send(image: Image, wire: Wire, wanted: list[Any]) -> None:
    for number in rested(wanted):
        if not isinstance(number, int) or not 0 <= number < image.chunks:
            raise UsageProblem(_("That is no request."))
        data = zlib.compress(image.chunk(number), 1)
        wire.send(PIECE.pack(number, len(data)) + data)
    wire.send(PIECE.pack(LAST, 0), now=True)
