"""The ways in which a message reaches somebody; each sends once and says what happened, or raises why not."""

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

from ccops.alerts.message import Message, letter, sentence, subject
from ccops.errors import CcopsError
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.reports.deliver.mail import MailServer
    from ccops.settings import Settings
    from ccops.settings.alerting import AlertTarget

SYSLOG: Final = Path("/dev/log")
JOURNAL: Final = Path("/run/systemd/journal/socket")
MAIL_GATHER: Final = 60.0
"""Seconds for which news of one rule are gathered into one mail, where the target does not say: people read mails one
by one, and more than one a minute about the same trouble hides all others."""
_PRIORITY: Final = {"critical": 2, "warning": 4, "info": 6}
_OVER: Final = 5
"""Priority of what is over: notice."""
_FACILITIES: Final = {"user": 1, "daemon": 3, **{f"local{n}": 16 + n for n in range(8)}}


class NotDelivered(CcopsError):
    """A message did not get where it should."""

    def __init__(self, message: str, *, remedy: str = "", passing: bool = True) -> None:
        """`passing` says that the same may well work a little later."""
        super().__init__(message, remedy=remedy)
        self.passing = passing


class Channel(Protocol):
    """One way to one recipient."""

    @property
    def recipient(self) -> str:
        """Kind and address, e.g. mail:lead@example.net; what makes two deliveries the same."""
        ...

    @property
    def gather(self) -> float:
        """Seconds for which news of one rule are gathered into one message; 0 sends each alone."""
        ...

    def send(self, message: Message) -> str:
        """Send it, and return what happened in a few words; called in a thread. Raises CcopsError."""
        ...


@dataclass(slots=True, frozen=True)
class MailChannel:
    """A person by mail."""

    server: "MailServer"
    sender: str
    address: str
    zone: ZoneInfo
    gather: float = MAIL_GATHER

    @property
    def recipient(self) -> str:
        """The address."""
        return f"mail:{self.address}"

    def send(self, message: Message) -> str:
        """Hand it to the mail server."""
        server = self.server.send(self.letter(message), self.sender, self.address)
        return _("handed to {server}").format(server=server)

    def letter(self, message: Message) -> EmailMessage:
        """Return the mail; those about one alert form a thread, and one that comes twice has one identity."""
        from email.utils import formatdate

        from ccops.reports.deliver.mail import plain_message

        letter_ = plain_message(subject(message.body), letter(message.body, self.zone), (self.sender, self.address))
        domain = self.sender.rpartition("@")[2]
        threads = [sha256(one.encode("utf-8", "replace")).hexdigest()[:32] for one in message.threads[:_THREADS]]
        letter_["Message-ID"] = f"<{message.id}@{_ascii(domain)}>"
        letter_["References"] = " ".join(f"<{thread}@{_ascii(domain)}>" for thread in threads)
        letter_["Date"] = formatdate(message.body["at"])
        letter_["X-Priority"] = "1" if message.body["level"] == "critical" else "3"
        return letter_


_THREADS: Final = 20
"""How many alerts a mail refers to at most: its header must stay short."""


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii") or "localhost"
    except UnicodeError:
        return "localhost"


@dataclass(slots=True, frozen=True)
class CommandChannel:
    """A command that reads the alert from its standard input."""

    argv: Sequence[str]
    timeout: float
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    gather: float = 0.0

    @property
    def recipient(self) -> str:
        """The program, and a mark that tells its arguments apart: they may be nobody's business."""
        mark = sha256("\0".join(self.argv).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        return f"command:{self.argv[0]} #{mark}"

    def send(self, message: Message) -> str:
        """Run it; no shell, no secrets of ours in its environment, and nothing of it is left after the time limit."""
        from ccops.reports.deliver.command import run_command

        body = message.body
        told = {f"CCOPS_ALERT_{name.upper()}": _told_of(body, name) for name in _TOLD}
        kept = {name: value for name, value in self.environment.items() if not name.upper().startswith("CCOPS_")}
        data = json.dumps({"id": message.id, **body}, ensure_ascii=False).encode("utf-8", "replace")
        return run_command(self.argv, data + b"\n", self.timeout, {**kept, **_one_line(told)})


_TOLD: Final = ("event", "level", "rule", "alert", "key")


def _told_of(body: Mapping[str, Any], name: str) -> str:
    """Return one value of a message; of several alerts those of each, once, with blanks between."""
    if name in body:
        return str(body[name])
    return " ".join(dict.fromkeys(str(one[name]) for one in body["alerts"]))


def _one_line(variables: Mapping[str, str]) -> dict[str, str]:
    from ccops.pbx.text import clean

    return {name: clean(value) for name, value in variables.items()}


@dataclass(slots=True, frozen=True)
class SyslogChannel:
    """The system's log (RFC 3164, as local daemons take it)."""

    facility: str
    path: Path = SYSLOG

    gather = 0.0

    @property
    def recipient(self) -> str:
        """The facility."""
        return f"syslog:{self.facility}"

    def send(self, message: Message) -> str:
        """Write one line."""
        number = _FACILITIES[self.facility] * 8 + _priority(message.body)
        line = f"<{number}>ccops[{os.getpid()}]: alert {message.body['alert']} {sentence(message.body)}"
        _datagram(self.path, line.encode("utf-8", "replace")[:8000])
        return _("written")


@dataclass(slots=True, frozen=True)
class JournalChannel:
    """The systemd journal, with fields to filter by: journalctl CCOPS_LEVEL=critical."""

    path: Path = JOURNAL

    gather = 0.0

    @property
    def recipient(self) -> str:
        """There is one journal."""
        return "journal"

    def send(self, message: Message) -> str:
        """Write one entry."""
        body = message.body
        fields = {
            "MESSAGE": sentence(body),
            "PRIORITY": _priority(body),
            "SYSLOG_IDENTIFIER": "ccops",
            **{f"CCOPS_{name.upper()}": body[name] for name in ("alert", "event", "level", "rule", "figure", "key")},
            "CCOPS_VALUE": body["value"],
        }
        _datagram(self.path, b"".join(_field(name, value) for name, value in fields.items() if value is not None))
        return _("written")


def _field(name: str, value: Any) -> bytes:
    """Return a field in the journal's own form: with its length, so that no value can slip in another field."""
    data = str(value).encode("utf-8", "replace")
    return name.encode("ascii") + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"


def _priority(body: Mapping[str, Any]) -> int:
    return _OVER if body["event"] in ("cleared", "test") else _PRIORITY[body["level"]]


def _datagram(path: Path, data: bytes) -> None:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.settimeout(5)
            out.sendto(data, str(path))
    except OSError as error:
        raise NotDelivered(
            _("{path} does not take messages: {why}.").format(path=path, why=error.strerror or error)
        ) from None


def channels_of(settings: "Settings", name: str) -> list[Channel]:
    """Return the ways to a target; raises ConfigError for what cannot work, e.g. mail without a mail server."""
    from ccops.errors import ConfigError

    target = settings.alert_targets[name]
    found: list[Channel] = list(_mail(settings, target))
    url = target.hook_url(name)
    if url:
        from ccops.alerts.webhook import WebhookChannel

        key, gather = target.hook_key(name), target.gather or 0.0
        found.append(WebhookChannel(url, key, target.ca_file, settings.alerts.timeout, gather))
    if target.command:
        found.append(CommandChannel(target.command, settings.alerts.timeout, gather=target.gather or 0.0))
    if target.syslog:
        found.append(SyslogChannel(target.syslog))
    if target.journal:
        found.append(JournalChannel())
    if not found:
        raise ConfigError(
            _("alert_targets.{name}: nobody is told.").format(name=name),
            remedy=_("Set mail, webhook, command, syslog or journal."),
        )
    return found


def _mail(settings: "Settings", target: "AlertTarget") -> list[MailChannel]:
    if not target.mail:
        return []
    from ccops.reports.deliver.mail import MailServer

    server = MailServer.of(settings)
    gather = MAIL_GATHER if target.gather is None else target.gather
    return [MailChannel(server, settings.smtp.sender, address, settings.zone, gather) for address in target.mail]
