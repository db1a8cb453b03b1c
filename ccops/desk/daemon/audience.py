"""People who see alike: one filter, one encoding, one memory of what they are shown."""

from collections.abc import Iterator, Sequence

from ccops.board import TABLES, Board, Change
from ccops.desk.daemon import codec
from ccops.desk.daemon.session import Session
from ccops.desk.roles import Rights

Encoded = dict[int, tuple[Change, str]]
"""JSON of the changes of one batch by identity, for all audiences that see the same row; the change is kept, since
another one could get the identity of one that is gone."""


class Audience:
    """Sessions with equal eyes."""

    def __init__(self, rights: Rights, board: Board) -> None:
        """`board` is the daemon's own, with every row."""
        self.sessions: set[Session] = set()
        self._rights = rights
        self._board = board
        self._shown: set[tuple[str, str]] = set()
        self._follow(rights.filtered(board))

    def _follow(self, seen: Board) -> None:
        self._shown |= {(topic, key) for topic, name in TABLES.items() for key in getattr(seen, name)}

    def snapshot(self) -> bytes:
        """Return the line of the whole board as these people may see it."""
        seen = self._rights.filtered(self._board)
        self._follow(seen)
        return codec.snapshot(seen)

    def tell(self, changes: Sequence[Change], encoded: Encoded) -> None:
        """Send what these people may see of a batch of changes."""
        texts = [_json(change, encoded) for change in self._visible(changes)]
        if texts:
            line = codec.batch(texts)
            for session in tuple(self.sessions):
                session.tell(line)

    def _visible(self, changes: Sequence[Change]) -> Iterator[Change]:
        if self._rights.everything:
            yield from changes
            return
        for change in changes:
            yield from self._one(change)
            if change.topic == "agent":
                yield from self._legs_of(change)

    def _one(self, change: Change) -> Iterator[Change]:
        """Yield the change as it is seen; that a row is gone is told only to those who were shown it."""
        if change.topic == "link":
            yield change
            return
        place, seen = (change.topic, change.key), self._rights.view(change, self._board)
        if seen.row is not None:
            self._shown.add(place)
            yield seen
        elif place in self._shown:
            self._shown.discard(place)
            yield seen

    def _legs_of(self, change: Change) -> Iterator[Change]:
        """Whether a leg is seen depends on its agent, who may have moved in or out of sight."""
        for key, leg in self._board.supervisions.items():
            if leg.agent_key == change.key:
                place = ("supervision", key)
                if self._rights.sees(leg, self._board) is not (place in self._shown):
                    yield from self._one(Change(change.at, "supervision", key, leg))


def _json(change: Change, encoded: Encoded) -> str:
    known = encoded.get(id(change))
    if known is None:
        known = encoded[id(change)] = change, codec.change_json(change)
    return known[1]
