"""A real mail server in this process, with TLS, login, and faults on demand."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "reports", "s3cret pässword"

Answer = Callable[["Mailbox", str], str]


@dataclass
class Mailbox:
    """What arrived, and what is answered instead of taking it."""

    port: int = 0
    password: str = PASSWORD
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    data_answers: list[str] = field(default_factory=list)
    """Answers to DATA, first to last; then everything is taken."""
    refused: dict[str, str] = field(default_factory=dict)
    """Answers to recipients by address."""
    hang_up_after_data: bool = False
    """Takes the message, and drops the connection without having said so."""
    tls_seen: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data_answers:
            return self.data_answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        self.tls_seen.append(server.transport is not None and bool(server.transport.get_extra_info("ssl_object")))
        if self.hang_up_after_data and server.transport is not None:
            self.hang_up_after_data = False
            server.transport.abort()  # type: ignore[attr-defined]
        return "250 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, kind: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        right = (data.login.decode(), data.password.decode()) == (USER, self.password)
        return AuthResult(success=right, handled=False)


@contextmanager
def mail_server(
    port: int = 0, /, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, login: bool = False
) -> Iterator[Mailbox]:
    """Run a server on loopback: `tls` from the first byte, `starttls` on request and then required.

    `port` is that of one which went away.
    """
    box = Mailbox()
    how: dict[str, Any] = {"hostname": "mail.test"}
    if starttls is not None:
        how |= {"tls_context": starttls, "require_starttls": True}
    if login:
        how |= {"authenticator": box.authenticate, "auth_required": True, "auth_require_tls": starttls is not None}
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    box.port = listener.getsockname()[1]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> asyncio.Server:
        return await loop.create_server(lambda: SMTP(box, loop=loop, **how), sock=listener, ssl=tls)

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield box
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
