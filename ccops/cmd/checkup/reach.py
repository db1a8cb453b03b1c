"""Checks of the ways on which people are told: every one is tried up to the point where something would be sent."""

import os
import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from ccops.alerts.channels import Channel, CommandChannel, JournalChannel, MailChannel, NotDelivered, SyslogChannel
from ccops.alerts.webhook import WebhookChannel
from ccops.cmd.checkup.model import Check
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.settings import Settings

_LONGEST = 5.0
"""Seconds for which a way may be silent: who asks sits and waits."""


def rules(settings: Settings) -> Check:
    """Say whether the rules of alerts can be kept; a daemon with wrong ones does not start."""
    from ccops.alerts.rules import rules_of

    try:
        found = rules_of(settings)
    except CcopsError as error:
        return Check("alert_rules", False, error.message, error.remedy or _("Mend [alert_rules.…]."))
    told = {name for rule in found for name in (*rule.targets, *rule.escalate)}
    if not told:
        remedy = _("Name targets in [alerts] and [alert_targets.…]: `ccops help alerts`.")
        return Check(
            "alert_rules", True, _("{count} rules; alerts stay in the console.").format(count=len(found)), remedy
        )
    return Check("alert_rules", True, _("{count} rules, {told} targets.").format(count=len(found), told=len(told)))


def targets(settings: Settings, *, kept: bool) -> Iterator[Check]:
    """Try every target of alerts; `kept` says that a daemon tells them, whose keys are not for everybody."""
    from ccops.alerts.channels import channels_of

    for name, target in settings.alert_targets.items():
        check = f"alert_target_{name}"
        keys = (target.webhook_file, target.signing_key_file, settings.smtp.password_file if target.mail else None)
        if kept and any(key is not None and key.exists() and not os.access(key, os.R_OK) for key in keys):
            remedy = _("Run `ccops doctor` as the daemon's user to have it tried.")
            yield Check(check, None, _("Its keys are for the daemon alone."), remedy)
            continue
        try:
            ways = channels_of(settings, name)
        except CcopsError as error:
            yield Check(check, False, error.message, error.remedy or _("Mend its table in the configuration."))
        else:
            yield _tried(check, name, ways)


def _tried(check: str, name: str, ways: list[Channel]) -> Check:
    said, remedy, ok = [], "", True
    for way in ways:
        try:
            said.append(f"{way.recipient}: {reach(way)}")
        except CcopsError as error:
            said.append(f"{way.recipient}: {error.message}")
            remedy, ok = error.remedy or remedy, False
    if not ok:
        again = _("Alerts for it are kept and tried again; `ccops alert test {name}` sends one.").format(name=name)
        return Check(check, False, "\n".join(said), f"{remedy} {again}".strip())
    return Check(check, True, "\n".join(said))


def mail_server(settings: Settings) -> Iterator[Check]:
    """Try the mail server, where reports go by mail; targets of alerts try theirs by themselves."""
    from ccops.reports.deliver.mail import MailServer

    if not any(job.mail for job in settings.report_jobs.values()) and not settings.reports.operator:
        return
    try:
        yield Check("mail_server", True, MailServer.of(settings).greet(_LONGEST))
    except CcopsError as error:
        yield Check("mail_server", False, error.message, error.remedy or _("Check [smtp]."))


def reach(way: Channel) -> str:
    """Go a way up to where a message would be sent, and say how far that was; raises CcopsError."""
    if isinstance(way, MailChannel):
        return way.server.greet(_LONGEST)
    if isinstance(way, WebhookChannel):
        return _hook(way)
    if isinstance(way, CommandChannel):
        return _command(way.argv[0])
    if isinstance(way, SyslogChannel | JournalChannel):
        return _local(way.path)
    raise TypeError(f"no way to try {type(way).__name__}")


def _hook(way: WebhookChannel) -> str:
    """Connect, over TLS where it is spoken, and ask for nothing: any request might count as a message."""
    parts = urlsplit(way.url.reveal())
    connection = way.connection(parts, min(way.timeout, _LONGEST))
    try:
        connection.connect()
    except OSError as error:
        why = str(error) or type(error).__name__
        if isinstance(error, ssl.SSLCertVerificationError):
            remedy = _("Name its authority as ca_file, and the host as its certificate does.")
        else:
            remedy = _("Check the URL, the receiver, and the firewall between.")
        raise NotDelivered(
            _("{host} cannot be reached: {why}.").format(host=parts.hostname, why=clean(why)), remedy=remedy
        ) from None
    finally:
        connection.close()
    return _("reached; nothing was sent")


def _command(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise NotDelivered(
            _("there is no such program, or this user may not run it."),
            remedy=_("Name it by its whole path, and let the daemon's user run it (chmod +x)."),
        )
    return _("{path} is there; it was not run").format(path=found)


def _local(path: Path) -> str:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.connect(str(path))
    except OSError as error:
        raise NotDelivered(
            _("{path} takes no messages: {why}.").format(path=path, why=error.strerror or error),
            remedy=_("Is the system's log running, and visible to the service (PrivateDevices, BindPaths)?"),
        ) from None
    return _("reached; nothing was written")
