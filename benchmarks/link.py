"""Times AMI bytes → event for the link, beside bare panoramisk with one callback, on the same capture in one run.

    python -m benchmarks.link [--json] [--events N] [--rounds N]

Both get the bytes as a socket would give them, in reads of 64 kB; both hand each event to a handler that does
nothing. CPU seconds of this process, best of some rounds, the two taken in turn. "wanted" leaves out what the live
state has no use for, as the live layer asks of the link.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Container
from typing import Any

from benchmarks.capture import capture
from ccops.pbx.link.ledger import Ledger
from ccops.pbx.link.protocol import LinkProtocol

READ = 65_536
UNWANTED = frozenset({"DialState", "MusicOnHoldStart", "MusicOnHoldStop", "SoftHangupRequest", "HangupRequest"})
"""A careful guess at what any live state can do without, for a link that is measured alone."""


class _Everything(Container[str]):
    """All events but the unwanted ones."""

    def __contains__(self, name: object) -> bool:
        return name not in UNWANTED


class _Silent:
    """Stands in for the socket and the manager."""

    def is_closing(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of nothing."""


def link_seconds(data: bytes, wanted: Container[str] | None) -> tuple[float, int]:
    """Return the CPU seconds that the link takes for `data`, and the events it delivered."""
    seen = 0

    def count(_event: dict[str, str], _at: float) -> None:
        nonlocal seen
        seen += 1

    silent: Any = _Silent()
    protocol = LinkProtocol(silent, Ledger(count, lambda _status: None, time.time), "benchmark", wanted)
    protocol.connection_made(silent)
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n")
    protocol.accepted = True
    return _timed(protocol.data_received, data), seen


def bare_seconds(data: bytes) -> tuple[float, int]:
    """Return the CPU seconds that bare panoramisk takes for `data`, and the events it delivered."""
    from panoramisk import Manager
    from panoramisk.ami_protocol import AMIProtocol

    seen = 0

    def count(_manager: Any, _event: Any) -> None:
        nonlocal seen
        seen += 1

    manager = Manager(loop=asyncio.get_running_loop())
    manager.register_event("*", count)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding = manager, "utf8"
    return _timed(protocol.data_received, data), seen


def _timed(receive: Callable[[bytes], None], data: bytes) -> float:
    reads = [data[start : start + READ] for start in range(0, len(data), READ)]
    start = time.process_time()
    for read in reads:
        receive(read)
    return time.process_time() - start


async def measure(events: int, rounds: int) -> dict[str, float]:
    """Return events per CPU second of each, and the ratios."""
    data, count = capture(events)
    bare: list[float] = []
    link: list[float] = []
    wanted: list[float] = []
    for _ in range(rounds):
        for seconds, (taken, seen) in (
            (bare, bare_seconds(data)),
            (link, link_seconds(data, None)),
            (wanted, link_seconds(data, _Everything())),
        ):
            if seconds is not wanted and seen != count:
                raise SystemExit(f"{seen} events were delivered of {count}")
            seconds.append(taken)
    rates = {"events": count, "bare": count / min(bare), "link": count / min(link), "wanted": count / min(wanted)}
    return {**rates, "ratio": rates["link"] / rates["bare"], "ratio_wanted": rates["wanted"] / rates["bare"]}


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
    print(f"{found['events']:,.0f} events, events per CPU second:")
    print(f"  bare panoramisk      {found['bare']:>10,.0f}")
    print(f"  link, every event    {found['link']:>10,.0f}   {found['ratio']:.2f}×")
    print(f"  link, wanted events  {found['wanted']:>10,.0f}   {found['ratio_wanted']:.2f}×")


if __name__ == "__main__":
    main()
