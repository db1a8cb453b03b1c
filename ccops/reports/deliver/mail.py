"""Reports by mail: SMTP with STARTTLS or TLS, the certificate checked, login, one message per recipient."""

import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ccops.errors import ConfigError
from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.deliver.model import Errand, Key, Parcel
from ccops.reports.deliver.smtperrors import told
from ccops.reports.deliver.template import file_name, filled, names_of
from ccops.reports.paper.about import empty_text, facts, rules, warnings
from ccops.reports.paper.headline import headline
from ccops.reports.paper.model import Paper
from ccops.reports.paper.values import Writing
from ccops.settings.secret import Secret

if TYPE_CHECKING:
    from smtplib import SMTP

    from ccops.settings import Settings

_LOGGED_IN = 235


@dataclass(slots=True, frozen=True)
class MailServer:
    """A mail server and how to talk to it."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: Secret = field(default_factory=Secret)
    ca_file: Path | None = None
    timeout: float = 30.0
    """Seconds that the server may be silent."""

    @classmethod
    def of(cls, settings: "Settings") -> "MailServer":
        """Return the server of the settings; raises ConfigError where there is none."""
        smtp = settings.smtp
        if not smtp.host or not smtp.sender:
            missing = "smtp.host" if not smtp.host else "smtp.sender"
            raise ConfigError(
                _("Mail cannot be sent: {key} is not set.").format(key=missing),
                remedy=_("Set host and sender in [smtp] of the configuration."),
            )
        password = smtp.login_password()
        return cls(smtp.host, smtp.port, smtp.security, smtp.username, password, smtp.ca_file, smtp.timeout)

    def send(self, message: EmailMessage, sender: str, recipient: str) -> str:
        """Hand a message over, and return the server's name; raises DeliveryFailed, ConfigError.

        Once the server has taken the message, nothing that goes wrong counts any more.
        """
        self._refuse_bare_password()
        with told(self.host, self.port, recipient):
            server = self._connected(self.timeout)
            try:
                self._enter(server)
                server.send_message(message, sender, [recipient])
            except BaseException:
                server.close()
                raise
        with suppress(OSError, *_smtp_errors()):
            server.quit()
        server.close()
        return f"{self.host}:{self.port}"

    def greet(self, patience: float) -> str:
        """Connect and log in without sending anything, and say how far that was; raises as `send` does.

        `patience` is how long the server may be silent, seconds, where that is less than in the settings.
        """
        self._refuse_bare_password()
        server: SMTP | None = None
        with told(self.host, self.port, ""):
            try:
                server = self._connected(min(self.timeout, patience))
                self._enter(server)
                server.quit()
            finally:
                if server is not None:
                    server.close()
        answer = (
            _("{server} lets us in; nothing was sent") if self.username else _("{server} answers; nothing was sent")
        )
        return answer.format(server=f"{self.host}:{self.port}")

    def _connected(self, timeout: float) -> "SMTP":
        import smtplib

        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=timeout, context=self._tls())
        return smtplib.SMTP(self.host, self.port, timeout=timeout)

    def _enter(self, server: "SMTP") -> None:
        server.ehlo()
        if self.security == "starttls":
            server.starttls(context=self._tls())
            server.ehlo()
        if self.username:
            self._login(server)

    def _login(self, server: "SMTP") -> None:
        name, password = self.username, self.password.reveal()
        if (name + password).isascii():
            server.login(name, password)
            return
        # smtplib knows ASCII passwords only; the standard (RFC 4616) says UTF-8.
        import smtplib
        from base64 import b64encode

        answer = b64encode(f"\0{name}\0{password}".encode()).decode("ascii")
        code, words = server.docmd("AUTH", f"PLAIN {answer}")
        if code != _LOGGED_IN:
            raise smtplib.SMTPAuthenticationError(code, words)

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                _("smtp.ca_file: {path} cannot be used: {why}.").format(path=self.ca_file, why=error.strerror or error),
                remedy=_("Name a file with certificates in PEM form."),
            ) from None

    def _refuse_bare_password(self) -> None:
        if self.username and self.security == "none" and not _is_here(self.host):
            raise ConfigError(
                _("The password for {host} would be sent without protection.").format(host=self.host),
                remedy=_('Set smtp.security to "starttls" or "tls", or leave smtp.username empty.'),
            )


def _smtp_errors() -> tuple[type[Exception], ...]:
    import smtplib

    return (smtplib.SMTPException,)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


@dataclass(slots=True, frozen=True)
class MailTarget:
    """People who get a report by mail; each gets a message of their own with all forms attached."""

    server: MailServer
    sender: str
    recipients: Sequence[str]
    subject: str = "{title}, {period}"
    """Template, see `template`."""
    file: str = "{name}-{from}-{to}.{ext}"
    """Template of the names of what is attached."""

    def errands(self, parcel: Parcel) -> Sequence[Errand]:
        """Return one delivery for each recipient, nobody twice."""
        return [self._errand(parcel, recipient) for recipient in dict.fromkeys(self.recipients)]

    def _errand(self, parcel: Parcel, recipient: str) -> Errand:
        key = Key(parcel.job, parcel.when, f"mail:{recipient}", parcel.content_name(parcel.contents))
        return Errand(key, partial(self._send, parcel, recipient, key))

    def _send(self, parcel: Parcel, recipient: str, key: Key) -> str:
        message = self.message(parcel, recipient, key)
        return _("handed to {server}").format(server=self.server.send(message, self.sender, recipient))

    def message(self, parcel: Parcel, recipient: str, key: Key) -> EmailMessage:
        """Return the message; its identity is that of the key, so that a reader's program knows a second one."""
        subject = filled(self.subject, names_of(parcel), safe=False)
        message = plain_message(subject, body(parcel.paper), (self.sender, recipient))
        message["Message-ID"] = f"<{key.digest()}@{_domain(self.sender)}>"
        message["Date"] = _date(parcel.paper.generated_at)
        for content in parcel.contents:
            main, sub = content.form.media_type.split("/")
            name = file_name(self.file, parcel, content.form).rsplit("/", 1)[-1]
            message.add_attachment(content.data, maintype=main, subtype=sub, filename=name)
        return message


def plain_message(subject: str, text: str, addresses: tuple[str, str]) -> EmailMessage:
    """Return a message of text from one address to another that no program answers by itself."""
    message = EmailMessage()
    message["From"], message["To"] = addresses
    message["Subject"] = clean(subject)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text)
    return message


def _domain(address: str) -> str:
    # A message's identity is ASCII; a domain in another script has its ASCII form for that.
    try:
        return address.rpartition("@")[2].encode("idna").decode("ascii") or "localhost"
    except UnicodeError:
        return "localhost"


def _date(at: float) -> str:
    from email.utils import formatdate

    return formatdate(at)


def body(paper: Paper) -> str:
    """Return what a mail says beside its attachments: what it is about, the main figures, the rules of rates."""
    lines = [clean(paper.title), ""]
    lines += [f"{fact.title}: {fact.text}" for fact in facts(paper)]
    lines += [_("Warning: {text}").format(text=text) for text in warnings(paper)]
    if paper.empty:
        lines += ["", empty_text(paper)]
    tiles = headline(paper, Writing(paper.zone))
    if tiles:
        lines += ["", *(f"{tile.title}: {tile.value}{_beside(tile.change, tile.before)}" for tile in tiles)]
    found = rules(paper, rates_only=True)
    if found:
        lines += ["", *(f"{fact.title}: {fact.text}" for fact in found)]
    return "\n".join(lines) + "\n"


def _beside(change: str, before: str) -> str:
    return _(" ({change}, before {before})").format(change=change, before=before) if change else ""
