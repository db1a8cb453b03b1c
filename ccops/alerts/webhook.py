"""Alerts by webhook: JSON by POST, signed, over TLS; no redirect is followed and no proxy asked."""

import hmac
import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ccops import __version__
from ccops.alerts.channels import NotDelivered
from ccops.alerts.message import Message, sentence
from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.settings.secret import Secret

_LATER: Final = (404, 408, 409, 421, 423, 425, 429)
"""Refusals that pass: what stands before a service that is down answers some of these."""


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature of a message: HMAC-SHA256 of `timestamp.body` in hexadecimal.

    The receiver works it out again, compares in constant time, and refuses a timestamp that is minutes old.
    """
    return "v1=" + hmac.new(key, timestamp.encode("ascii") + b"." + body, sha256).hexdigest()


@dataclass(slots=True, frozen=True)
class WebhookChannel:
    """One URL."""

    url: Secret
    """A secret, since many carry a token."""
    key: Secret
    ca_file: Path | None = None
    timeout: float = 15.0
    gather: float = 0.0
    clock: Callable[[], float] = time.time

    @property
    def recipient(self) -> str:
        """Host and a mark of the whole URL, which may hold a token."""
        parts = urlsplit(self.url.reveal())
        return f"webhook:{parts.hostname} #{sha256(self.url.reveal().encode()).hexdigest()[:8]}"

    def send(self, message: Message) -> str:
        """Post it; raises NotDelivered for anything but an answer of 200 to 299."""
        body = json.dumps(
            {"id": message.id, "message": sentence(message.body), **message.body}, ensure_ascii=False
        ).encode("utf-8", "replace")
        parts = urlsplit(self.url.reveal())
        try:
            status, reason = self._post(parts, body, self._headers(message, body))
        except (OSError, http.client.HTTPException) as error:
            why = str(error) or type(error).__name__
            raise NotDelivered(
                _("{host} does not take the webhook: {why}.").format(host=parts.hostname, why=clean(why))
            ) from None
        answer = f"{status} {clean(reason)}".strip()
        if 200 <= status < 300:
            return _("answered {answer}").format(answer=answer)
        raise NotDelivered(
            _("{host} refuses the webhook: {answer}.").format(host=parts.hostname, answer=answer),
            passing=status >= 500 or status in _LATER,
        )

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.clock()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"ccops/{__version__}",
            "X-Ccops-Delivery": message.id,
            "X-Ccops-Timestamp": timestamp,
            "Connection": "close",
        }
        if self.key:
            headers["X-Ccops-Signature"] = signature(self.key.reveal().encode(), timestamp, body)
        return headers

    def _post(self, parts: SplitResult, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        connection = self.connection(parts, self.timeout)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.reason or ""
        finally:
            connection.close()

    def connection(self, parts: SplitResult, timeout: float) -> http.client.HTTPConnection:
        """Return the way to the host, not yet gone; the certificate is checked. `timeout` is in seconds."""
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
        return http.client.HTTPConnection(host, port, timeout=timeout)
