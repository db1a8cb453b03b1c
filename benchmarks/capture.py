"""A capture of AMI traffic for benchmarks: real events of Asterisk 16.28 and 22.10, multiplied without repeating.

`data/agent-call-system.ami.gz` holds what two recordings of the same calls sent in the classes agent, call and
system, in order. Each copy gets ids, channels and callers of its own, so that nothing gains by meeting the same
call twice.
"""

import gzip
import re
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "agent-call-system.ami.gz"
_UNIQUEID = re.compile(rb"\b17952(\d{5})\.(\d+)")
_CHANNEL = re.compile(rb"-0000([0-9a-f]{4})\b")
_CALLER = re.compile(rb"\b555(\d{4})\b")
_END = b"\r\n\r\n"


def capture(events: int) -> tuple[bytes, int]:
    """Return about `events` events as bytes, and their exact number."""
    once = gzip.decompress(_FILE.read_bytes())
    copies = max(1, round(events / once.count(_END)))
    data = b"".join(_renumbered(once, copy) for copy in range(copies))
    return data, data.count(_END)


def _renumbered(data: bytes, copy: int) -> bytes:
    data = _UNIQUEID.sub(rb"%d\1.\2" % (17952 + copy), data)
    data = _CHANNEL.sub(rb"-%04x\1" % copy, data)
    return _CALLER.sub(rb"5%02d\1" % (copy % 100), data)
