"""What is fuzzed: each target takes any bytes and raises where the reader of such bytes breaks its promise.

A promise is more than "no crash": fast ways agree with plain ones, nothing harmful gets through, every refusal is an
error of ours that a person can read.
"""

import csv
import io
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from ccops.board import Board, LinkRow
from ccops.cmd.columns import Column
from ccops.cmd.formats import delimited
from ccops.errors import CcopsError, ConfigError, UsageProblem
from ccops.pbx.link.wire import Framer, Reader, read_odd, unmix
from ccops.pbx.queue_log.lines import BadLine, LogRow, parse_block, parse_line
from ccops.pbx.state import State, apply, changes, everything
from ccops.pbx.text import clean
from ccops.reports.visits import visits_of
from ccops.settings import load
from ccops.wfm.history import read_history
from ccops.wfm.team.model import Team
from ccops.wfm.team.people_csv import people_csv, read_people
from tests.fuzz.sockets import served

_ZONE: Final = ZoneInfo("Europe/Berlin")
_FOLDER: Final = tempfile.TemporaryDirectory(prefix="ccops-fuzz.")
_CANARY: Final = "kanarie-9f3b"


def pieces(data: bytes, cuts: bytes) -> list[bytes]:
    """Return `data` cut up; each byte of `cuts` is the length of a piece, the rest comes whole."""
    parts, start = [], 0
    for length in cuts:
        parts.append(data[start : start + length])
        start += length
    return [*parts, data[start:]]


def _events(parts: Sequence[bytes]) -> list[dict[str, str]]:
    framer, reader = Framer(), Reader()
    found = []
    for part in parts:
        for message in framer.feed(part):
            for one in unmix(message):
                event = read_odd(one)
                first = one.partition(b"\r\n")[0]
                if first.startswith((b"Event: ", b"Response: ")) and b"\n" not in first:
                    assert reader.read(one) == event, "the fast way reads otherwise"
                if event is not None:
                    found.append(event)
    return found


def ami(data: bytes) -> None:
    """AMI: the first bytes say how the rest is cut into reads."""
    count = data[0] % 8 if data else 0
    cuts, stream = data[1 : 1 + count], data[1 + count :]
    events = _events([stream])
    if b"\n\n" not in stream.replace(b"\r", b""):
        assert not events
    if _one_kind_of_line_end(stream):
        assert _events(pieces(stream, cuts)) == events, "the cuts of the reads change what is read"
    state, board = State(), Board(LinkRow("", "", "live", 0))
    for event in events:
        assert all(
            clean(name) == name and clean(line) == line for name, text in event.items() for line in text.split("\n")
        )
        apply(state, event, 1_795_000_000.0)
    for change in changes(state, everything(state), board, {}, 0.0):
        board.apply(change)


def _one_kind_of_line_end(stream: bytes) -> bool:
    return b"\n" not in stream.replace(b"\r\n", b"") or b"\r" not in stream


def queue_log(data: bytes) -> None:
    """Lines of queue_log: a block gives what its lines give, and visits can be made of whatever they say."""
    bad: list[tuple[int, bytes]] = []
    rows = list(parse_block(data, bad=lambda offset, raw, reason: bad.append((offset, raw))))
    one_by_one, refused, offset = [], [], 0
    for raw in data.split(b"\n"):
        try:
            one_by_one.append(parse_line(raw, offset=offset))
        except BadLine:
            if raw.strip():
                refused.append((offset, raw))
        offset += len(raw) + 1
    assert rows == one_by_one, "the fast way reads otherwise"
    assert bad == refused
    for row in rows:
        assert all(clean(text) == text for text in (*row[1:5], *row.params))
    _judged(rows)


def _judged(rows: list[LogRow]) -> None:
    for visit in visits_of(sorted(rows, key=lambda row: row.at)):
        assert visit.wait is None or visit.wait >= 0
        assert visit.talk is None or visit.talk >= 0


def config(data: bytes) -> None:
    """A configuration file: settings, or an error of ours that names the file and keeps the secret."""
    path = Path(_FOLDER.name) / "config.toml"
    path.touch(0o600)
    path.write_bytes(data)
    try:
        loaded = load(path, {})
    except ConfigError as error:
        _told(error, str(path), data)
        return
    assert _CANARY not in repr(loaded.settings.ami)
    assert _CANARY not in f"{loaded.settings.ami}"


def _told(error: CcopsError, naming: str = "", data: bytes = b"") -> None:
    assert error.message
    assert naming in error.message
    assert not (_secret_in(data) and _CANARY in error.message), "a secret in an error"


def _secret_in(data: bytes) -> bool:
    """Say whether the canary stands where a secret belongs and nowhere else."""
    try:
        document = tomllib.loads(data.decode())
    except ValueError:
        return data.count(b'secret = "' + _CANARY.encode()) == data.count(_CANARY.encode())
    ami = document.get("ami")
    return isinstance(ami, dict) and ami.get("secret") == _CANARY and data.count(_CANARY.encode()) == 1


def socket(data: bytes) -> None:
    """Lines on the daemon's socket, read by the daemon and by a client."""
    served(data)


def table(data: bytes) -> None:
    """CSV of others (call counts, people) and CSV of ours made of the same text."""
    path = Path(_FOLDER.name) / "table.csv"
    path.write_bytes(data)
    try:
        history = read_history(path, _ZONE, 30)
    except UsageProblem as error:
        _told(error)
    else:
        assert (history.calls[~np.isnan(history.calls)] >= 0).all()
    try:
        team = read_people(path, Team())
    except CcopsError as error:
        _told(error)
    else:
        again = Path(_FOLDER.name) / "again.csv"
        again.write_bytes(people_csv(team).encode())
        assert read_people(again, Team()) == team, "what is written is read otherwise"
    _guarded(data.decode("utf-8", "replace"))


def _guarded(text: str) -> None:
    columns = [Column("a"), Column("b")]
    cells = [clean(part) for part in text.split("|", 1)]
    record = {"a": cells[0], "b": cells[-1]}
    for tabs in (False, True):
        out = delimited(columns, [record], tabs=tabs, header=False)
        (row,) = csv.reader(io.StringIO(out), delimiter="\t" if tabs else ",")
        for cell, given in zip(row, record.values(), strict=True):
            assert cell in (given, f"'{given}")
            assert not cell.startswith(("=", "+", "-", "@"))


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "ami": ami,
    "queue_log": queue_log,
    "config": config,
    "socket": socket,
    "csv": table,
}
"""Every target by its name, which is the name of its folder of kept inputs."""
