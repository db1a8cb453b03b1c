"""Times AMI bytes → live state, beside bare panoramisk with one callback, on the same capture in one run.

    python -m benchmarks.state [--json] [--events N] [--rounds N]

The state takes every event that it wants through the link's parser and its reducer; the rows of what changed are
made once a read of 64 kB, as the live centre makes them once a turn of the event loop. CPU seconds, best of rounds.
"""

import argparse
import asyncio
import json
import sys
import time
from typing import Any

from benchmarks.capture import capture
from benchmarks.link import READ, _Silent, bare_seconds
from ccops.board import Board, LinkRow
from ccops.pbx.link.ledger import Ledger
from ccops.pbx.link.protocol import LinkProtocol
from ccops.pbx.state import WANTED, State, apply, changes


def state_seconds(data: bytes, *, rows: bool) -> tuple[float, int]:
    """Return the CPU seconds from bytes to state (and to rows), and the number of calls that the state saw end."""
    state, board = State(), Board(LinkRow("", "", "live", 0.0))
    silent: Any = _Silent()
    ledger = Ledger(lambda event, at: apply(state, event, at), lambda _status: None, time.time)
    protocol = LinkProtocol(silent, ledger, "benchmark", WANTED)
    protocol.connection_made(silent)
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n")
    protocol.accepted = True
    reads = [data[start : start + READ] for start in range(0, len(data), READ)]
    start = time.process_time()
    for read in reads:
        protocol.data_received(read)
        dirty = state.take_dirty()
        if rows:
            for change in changes(state, dirty, board, {}, 0.0):
                board.apply(change)
    return time.process_time() - start, len(board.ended)


async def measure(events: int, rounds: int) -> dict[str, float]:
    """Return events per CPU second of each, and the ratios."""
    data, count = capture(events)
    bare: list[float] = []
    state: list[float] = []
    rows: list[float] = []
    for _ in range(rounds):
        bare.append(bare_seconds(data)[0])
        state.append(state_seconds(data, rows=False)[0])
        seconds, ended = state_seconds(data, rows=True)
        rows.append(seconds)
        if not ended:
            raise SystemExit("the state saw no call end: nothing was measured")
    rates = {"events": count, "bare": count / min(bare), "state": count / min(state), "rows": count / min(rows)}
    return {**rates, "ratio": rates["state"] / rates["bare"], "ratio_rows": rates["rows"] / rates["bare"]}


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found = asyncio.run(measure(given.events, given.rounds))
    if given.json:
        json.dump(found, sys.stdout)
        print()
        return
    print(f"{found['events']:,.0f} events, events per CPU second:          reach: 2.5×")
    print(f"  bare panoramisk, one callback  {found['bare']:>10,.0f}")
    print(f"  bytes → state                  {found['state']:>10,.0f}   {found['ratio']:.2f}×")
    print(f"  bytes → state → rows           {found['rows']:>10,.0f}   {found['ratio_rows']:.2f}×")


if __name__ == "__main__":
    main()
