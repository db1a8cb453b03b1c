"""Reads the lines of Asterisk's queue_log: `epoch|callid|queue|agent|EVENT|p1|p2|…`, pure and without a file."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.pbx.text import clean

LONGEST_LINE = 65_536
"""Bytes; Asterisk cuts its own lines far below this."""
LATEST_STAMP = 4_102_444_800
"""2100-01-01: a stamp from there on, or before 1970, is no time of a call."""

# How many parameters of a known event, counted from the end, are numbers; None where anything may stand there.
_NUMBERS_AT_END: dict[str, int | None] = {
    "ENTERQUEUE": None,
    "CONNECT": 1,
    "COMPLETEAGENT": 2,
    "COMPLETECALLER": 2,
    "BLINDTRANSFER": 3,
    "ATTENDEDTRANSFER": 3,
    "TRANSFER": 2,
    "ABANDON": 3,
    "EXITWITHTIMEOUT": 1,
    "EXITEMPTY": 1,
    "EXITWITHKEY": 1,
    "WITHDRAW": None,
    "RINGNOANSWER": 1,
    "RINGCANCELED": 1,
    "ADDMEMBER": None,
    "REMOVEMEMBER": None,
    "PAUSE": None,
    "UNPAUSE": None,
    "PAUSEALL": None,
    "UNPAUSEALL": None,
    "PENALTY": None,
    "RINGINUSE": None,
    "AGENTDUMP": None,
    "SYSCOMPAT": None,
    "AGENTLOGIN": None,
    "AGENTCALLBACKLOGIN": None,
    "AGENTLOGOFF": 1,
    "AGENTCALLBACKLOGOFF": None,
    "QUEUESTART": None,
    "CONFIGRELOAD": None,
    "DID": None,
    "INFO": None,
}
VERBS = frozenset(_NUMBERS_AT_END)
"""Events that Asterisk writes, and the two that dialplans write most; any other is kept as it stands."""

Fields = list[str]
"""A line cut at its bars: stamp, callid, queue, agent (bars in it put back), event, parameters."""
CALLID, QUEUE, AGENT, EVENT, P1, P2, P3, P4 = range(1, 9)
"""Places of fields."""

_LOOKS_LIKE_VERB = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_CONTROLS = bytes(code for code in range(32) if code != 10) + b"\x7f"


class LogRow(NamedTuple):
    """One line of the log, its text made harmless."""

    at: int
    """Epoch seconds, UTC."""
    callid: str
    queue: str
    agent: str
    event: str
    params: tuple[str, ...] = ()
    file: int = 0
    """Number of the file, given by whoever reads; 0 where it does not matter."""
    offset: int = 0
    """Byte in the uncompressed file at which the line begins."""


class BadLine(CcopsError):
    """A line that cannot be read; `reason` says why, in the reader's language."""

    def __init__(self, reason: str) -> None:
        """`reason` is kept beside the line in quarantine."""
        super().__init__(reason)
        self.reason = reason


OnBad = Callable[[int, bytes, str], None]
"""Told of every unreadable line: its offset, its bytes, the reason."""


def parse_line(raw: bytes, file: int = 0, offset: int = 0) -> LogRow:
    """Return the row that one line holds; `raw` may end with its line end.

    Raises `BadLine` with the reason where the line is none of the queue_log.
    """
    at, fields = split_line(raw)
    return _row(at, fields, file, offset)


def split_line(raw: bytes) -> tuple[int, Fields]:
    """Return the stamp and the fields of one line; raises `BadLine` as `parse_line` does."""
    if len(raw) > LONGEST_LINE:
        raise BadLine(_("longer than {limit} bytes").format(limit=LONGEST_LINE))
    text = clean(raw.decode("utf-8", "replace"))
    if not text:
        raise BadLine(_("empty"))
    fields = text.split("|")
    if len(fields) < 5:
        raise BadLine(_("fewer than five fields"))
    at = _stamp(fields[0])
    verb = _verb_index(fields)
    if not fields[verb]:
        raise BadLine(_("no event"))
    fields[AGENT:verb] = ["|".join(fields[AGENT:verb])]
    return at, fields


def _row(at: int, fields: Fields, file: int, offset: int) -> LogRow:
    return LogRow(at, fields[CALLID], fields[QUEUE], fields[AGENT], fields[EVENT], tuple(fields[P1:]), file, offset)


def _stamp(text: str) -> int:
    try:
        at = int(text)
    except ValueError:
        raise BadLine(_("does not begin with a time stamp")) from None
    if not 0 < at < LATEST_STAMP:
        raise BadLine(_("time stamp out of range"))
    return at


def _verb_index(fields: list[str]) -> int:
    """Find the event: a `|` in a member's name shifts it to the right."""
    if fields[4] in VERBS:
        return 4
    custom = _LOOKS_LIKE_VERB.match(fields[4]) is not None
    for index in range(5, len(fields)):
        numbers = _NUMBERS_AT_END.get(fields[index], -1)
        if numbers == -1:
            continue
        # An upper-case word before it may be a custom event that carries this word as a parameter.
        if (numbers is None and not custom) or (numbers and _ends_in_numbers(fields[index + 1 :], numbers)):
            return index
    return 4


def _ends_in_numbers(params: list[str], count: int) -> bool:
    return len(params) >= count and all(text.isdigit() for text in params[-count:])


def parse_block(data: bytes, file: int = 0, offset: int = 0, bad: OnBad | None = None) -> Iterator[LogRow]:
    """Yield the rows of a run of whole lines that begins at byte `offset` of its file.

    Gives what `parse_line` gives for every line, several times as fast. Unreadable lines go to `bad` and are
    passed over; an empty line is passed over in silence.
    """
    for at, fields, place in split_block(data, offset, bad):
        yield _row(at, fields, file, place)


def split_block(
    data: bytes,
    offset: int = 0,
    bad: OnBad | None = None,
    *,
    only: Collection[str] = VERBS,
    latest: int = LATEST_STAMP,
) -> Iterator[tuple[int, Fields, int]]:
    """Yield (stamp, fields, offset) of each line of a block: what `parse_block` gives, for who reads millions.

    Of the known events only those in `only` are given; a stamp from `latest` on counts as unreadable.
    """
    others = VERBS.difference(only)
    texts, sizes = _lines_of(data)
    fast = latest if max(sizes) <= LONGEST_LINE else 0  # with an overlong line, all go the careful way
    begin = offset
    for text, size in zip(texts, sizes, strict=True):
        fields = text.split("|")
        try:
            at = int(fields[0])
            event = fields[4]
            if event in only and 0 < at < fast:
                yield at, fields, offset
            elif event not in others or not 0 < at < fast:
                raise ValueError(event)
        except (IndexError, ValueError):
            raw = data[offset - begin : offset - begin + size]
            yield from _carefully(raw, offset, bad, others, latest)
        offset += size + 1


def _lines_of(data: bytes) -> tuple[list[str], list[int]]:
    """Return the lines of a block, harmless, and how many bytes each had."""
    if len(data.translate(None, _CONTROLS)) != len(data):
        raws = data.split(b"\n")
        return [clean(raw.decode("utf-8", "replace")) for raw in raws], [len(raw) for raw in raws]
    # One character per byte, so that only lines that hold more than ASCII are decoded.
    texts = data.decode("latin-1").split("\n")
    sizes = list(map(len, texts))
    if not data.isascii():
        for place, text in enumerate(texts):
            if not text.isascii():
                texts[place] = clean(text.encode("latin-1").decode("utf-8", "replace"))
    return texts, sizes


def _carefully(
    raw: bytes, offset: int, bad: OnBad | None, others: frozenset[str], latest: int
) -> Iterator[tuple[int, Fields, int]]:
    if not raw.strip():
        return
    try:
        at, fields = split_line(raw)
        if at >= latest:
            raise BadLine(_("time stamp lies in the future"))
    except BadLine as problem:
        if bad is not None:
            bad(offset, raw, problem.reason)
        return
    if fields[EVENT] not in others:
        yield at, fields, offset


def whole(params: Sequence[str], index: int) -> int | None:
    """Return a parameter as a whole number, or None where it is missing or no number; may count from the end."""
    try:
        return int(params[index])
    except (IndexError, ValueError):
        return None
