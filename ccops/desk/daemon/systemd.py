"""The little that systemd wants to hear (sd_notify(3)); without systemd nothing happens."""

import contextlib
import os
import socket


def notify(text: str) -> None:
    """Send a state such as READY=1, STOPPING=1 or WATCHDOG=1."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out, contextlib.suppress(OSError):
        out.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else address)


def watchdog_interval() -> float | None:
    """Return how often systemd wants a sign of life, seconds; None where it does not watch."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    # Twice in its time, as sd_watchdog_enabled(3) recommends.
    return int(usec) / 2_000_000 if usec.isdecimal() and int(usec) > 0 and mine else None
