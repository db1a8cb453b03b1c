"""Times AMI bytes → live state, beside bare panoramisk with one callback, on the same capture in one run.

    python -m benchmarks.state [--json] [--events N] [--rounds N]

Both get the bytes as a socket would give them, in reads of 64 kB, classes agent, call and system only. Measured are the
link with the reducer behind it; the same with the board made current and its changes handed out after every read; and
the reducer alone on events that are read already. CPU seconds of this process, best of some rounds, taken in turn.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.capture import capture
from benchmarks.link import READ, bare_seconds
from ccops.board import Board, LinkRow
from ccops.pbx.link.ledger import Ledger
from ccops.pbx.link.protocol import LinkProtocol
from ccops.pbx.state import WANTED, State, apply, changes


class _Silent:
    """Stands in for the socket and the manager."""

    def is_closing(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of nothing."""


def receiver(hear: Callable[[dict[str, str], float], None]) -> Callable[[bytes], None]:
    """Return what takes the bytes of a link that is logged in and asks for what the state wants."""
    silent: Any = _Silent()
    protocol = LinkProtocol(silent, Ledger(hear, lambda _status: None, time.time), "benchmark", WANTED)
    protocol.connection_made(silent)
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n")
    protocol.accepted = True
    return protocol.data_received


def state_seconds(data: bytes) -> float:
    """Return the CPU seconds from bytes to state."""
    state = State()
    receive = receiver(partial(apply, state))
    start = time.process_time()
    for begin in range(0, len(data), READ):
        receive(data[begin : begin + READ])
        state.take_dirty()
    return time.process_time() - start


def board_seconds(data: bytes) -> tuple[float, int]:
    """Return the CPU seconds from bytes to board, and how many changes were handed out."""
    state, board, handed = State(), Board(LinkRow("", "", "live", 0.0)), 0
    receive = receiver(partial(apply, state))
    start = time.process_time()
    for begin in range(0, len(data), READ):
        receive(data[begin : begin + READ])
        for change in changes(state, state.take_dirty(), board, {}, 0.0):
            board.apply(change)
            handed += 1
    return time.process_time() - start, handed


def reducer_seconds(events: list[dict[str, str]]) -> float:
    """Return the CPU seconds of the reducer alone."""
    state = State()
    start = time.process_time()
    for event in events:
        apply(state, event, 0.0)
    return time.process_time() - start


def read_events(data: bytes) -> list[dict[str, str]]:
    """Return the events that the state wants."""
    events: list[dict[str, str]] = []
    receiver(lambda event, _at: events.append(event))(data)
    return events


async def measure(count: int, rounds: int) -> dict[str, float]:
    """Return events per CPU second of each, counting those that are skipped as well, and the ratios."""
    data, count = capture(count)
    bare, state, board, reducer, handed = [], [], [], [], 0
    for _ in range(rounds):
        bare.append(bare_seconds(data)[0])
        state.append(state_seconds(data))
        taken, handed = board_seconds(data)
        board.append(taken)
    events = read_events(data)  # afterwards, for so many events in memory slow down whatever is measured beside them
    for _ in range(rounds):
        reducer += [reducer_seconds(events)]
    return {
        "events": count,
        "wanted": len(events),
        "changes": handed,
        "bare": count / min(bare),
        "state": count / min(state),
        "board": count / min(board),
        "ratio": min(bare) / min(state),
        "ratio_board": min(bare) / min(board),
        "reducer_microseconds": min(reducer) / len(events) * 1e6,
    }


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
    print(f"{found['events']:,.0f} events ({found['wanted']:,.0f} wanted), events per CPU second:")
    print(f"  bare panoramisk             {found['bare']:>10,.0f}")
    print(f"  bytes to state              {found['state']:>10,.0f}   {found['ratio']:.2f}×")
    print(f"  bytes to board and changes  {found['board']:>10,.0f}   {found['ratio_board']:.2f}×")
    print(f"  reducer alone               {found['reducer_microseconds']:>10.2f} µs an event")


if __name__ == "__main__":
    main()
