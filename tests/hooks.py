"""A webhook receiver on loopback, in a thread: keeps what it is sent, and fails on demand."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOST = 299
"""An answer that gets lost: the receiver has taken the message, and whoever sent it does not hear so."""


@dataclass
class Got:
    """One request."""

    at: float
    path: str
    headers: dict[str, str]
    raw: bytes
    answered: int

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found


@dataclass
class Hook:
    """The receiver; answers 204 unless told otherwise."""

    port: int = 0
    scheme: str = "http"
    answers: list[int] = field(default_factory=list)
    """Status of the next answers, first to last."""
    down: bool = False
    """Answers everything with 503."""
    got: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook?token=t0ken"

    @property
    def taken(self) -> list[Got]:
        """What was answered with 2xx."""
        return [one for one in self.got if one.answered < 300]

    def events(self) -> list[tuple[str, str, str]]:
        """Event, rule and level of everything that was taken."""
        return [(one.body["event"], one.body["rule"], one.body["level"]) for one in self.taken]


@contextmanager
def hook(tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Hook]:
    """Run a receiver, over TLS where a context is given; `port` is that of one which went away."""
    made = Hook(scheme="http" if tls is None else "https")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            status = 503 if made.down else made.answers.pop(0) if made.answers else 204
            made.got.append(Got(time.time(), self.path, dict(self.headers.items()), raw, status))
            if status == LOST:
                self.close_connection = True
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{made.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    made.port = server.server_address[1]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
