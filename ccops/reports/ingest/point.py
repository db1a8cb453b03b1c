"""Brings a store to a moment: its own log lines and those of logs, up to an instant, and everything derived anew."""

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from ccops.reports.ingest.run import Ingest
from ccops.reports.rules import Rules
from ccops.store.cut import cut


def bring_to(path: Path, logs: Sequence[Path | None], until: float | None, rules: Rules, zone: ZoneInfo) -> int:
    """Take `logs` into the store at `path`, then leave out what is stamped `until` or later.

    Return how many lines were left out. Audit, planning and alerts stay as they are.
    """
    with Ingest(path, rules, zone) as work:
        if logs:
            work.add(logs)
        if until is None:
            return 0
        gone = cut(work.database, until)
    with Ingest(path, rules, zone):  # derives anew, with the names and places that are left
        return gone
