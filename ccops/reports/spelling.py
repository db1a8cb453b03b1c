"""One spelling for each queue, however lines of the log write it."""

from ccops.pbx.queue_log.lines import QUEUE, Fields


class QueueNames:
    """One spelling per queue.

    Asterisk tells queues apart without regard to case, but writes an entry as the dialplan spells the queue and a
    connect as its configuration does.
    """

    def __init__(self) -> None:
        self.usual: set[str] = set()
        """Spellings that stand for their queue."""
        self._spelt: dict[str, str] = {}
        self._by_folded: dict[str, str] = {}

    def spell(self, row: Fields) -> None:
        """Write the row's queue as it was spelt first."""
        queue = row[QUEUE]
        row[QUEUE] = self._spelt.get(queue) or self._learn(queue)

    def learn(self, queue: str) -> None:
        """Take a spelling as known."""
        self._learn(queue)

    def spelling(self, queue: str) -> str:
        """Return how a queue is spelt here."""
        return self._by_folded.get(queue.casefold(), queue)

    def _learn(self, queue: str) -> str:
        self._spelt[queue] = first = self._by_folded.setdefault(queue.casefold(), queue)
        self.usual.add(first)
        return first
