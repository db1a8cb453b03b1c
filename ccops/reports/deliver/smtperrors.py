"""What goes wrong with a mail server, told so that a person knows what to do, and whether to try again."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.deliver.model import DeliveryFailed, DeliveryRefused, DeliveryTimeout


@contextmanager
def told(host: str, port: int, recipient: str) -> Iterator[None]:
    """Turn every error of a talk with a mail server into ours."""
    import smtplib

    server = f"{host}:{port}"
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise DeliveryRefused(
            _("The certificate of {server} is not to be trusted: {why}.").format(
                server=server, why=error.verify_message
            ),
            remedy=_("Name its authority as smtp.ca_file, and the host as its certificate does."),
        ) from None
    except ssl.SSLError as error:
        raise DeliveryFailed(
            _("TLS with {server} failed: {why}.").format(server=server, why=error.reason or error),
            remedy=_('Port 465 usually wants security = "tls", port 587 "starttls".'),
        ) from None
    except smtplib.SMTPAuthenticationError as error:
        raise _refused(server, error) from None
    except smtplib.SMTPRecipientsRefused as error:
        code, words = error.recipients.get(recipient, (550, b""))
        raise _answered(server, code, words, recipient) from None
    except smtplib.SMTPResponseException as error:
        raise _answered(server, error.smtp_code, error.smtp_error, recipient) from None
    except smtplib.SMTPNotSupportedError as error:
        raise DeliveryFailed(
            _("{server} does not offer what is needed: {why}").format(server=server, why=clean(str(error))),
            remedy=_("Check port and security in [smtp]."),
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise _unreachable(server, error) from None


def _refused(server: str, error: "object") -> DeliveryFailed:
    code, words = getattr(error, "smtp_code", 535), getattr(error, "smtp_error", b"")
    if 400 <= code < 500:
        return _answered(server, code, words, "")
    return DeliveryRefused(
        _("{server} refuses the login: {code} {words}").format(server=server, code=code, words=_text(words)),
        remedy=_("Check smtp.username and the password."),
    )


def _answered(server: str, code: int, words: bytes | str, recipient: str) -> DeliveryFailed:
    what = _("{server} refuses mail to {recipient}: {code} {words}") if recipient else _("{server}: {code} {words}")
    return DeliveryFailed(
        what.format(server=server, recipient=clean(recipient), code=code, words=_text(words)),
        passing=400 <= code < 500 or code < 0,
    )


def _text(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return clean(" ".join(text.split()))


def _unreachable(server: str, error: Exception) -> DeliveryFailed:
    # smtplib tells a silence within a talk as a lost connection, and keeps the reason as the context.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return DeliveryTimeout(_("{server} does not answer.").format(server=server), passing=True)
    if isinstance(error, socket.gaierror):
        return DeliveryFailed(
            _("{server}: there is no such host.").format(server=server),
            remedy=_("Check smtp.host."),
            passing=error.errno == socket.EAI_AGAIN,
        )
    why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else clean(str(error))
    return DeliveryFailed(_("{server} cannot be reached: {why}.").format(server=server, why=why), passing=True)
