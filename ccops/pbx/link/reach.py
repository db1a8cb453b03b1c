"""Turns what the operating system and TLS say about a connection into words that help."""

import socket
import ssl

from ccops.errors import CcopsError, ConfigError, LinkError, NotAsterisk
from ccops.i18n import _
from ccops.pbx.link.status import LinkSettings


def tls_context(settings: LinkSettings) -> ssl.SSLContext | None:
    """Return the TLS context of `settings`, or None for a plain connection; raises ConfigError for a bad CA file."""
    if not settings.tls:
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        text = _("The file of certificate authorities {path} cannot be used: {why}.")
        why = error.strerror or error
        raise ConfigError(text.format(path=settings.ca_file, why=why), remedy=_("Check ami.ca_file.")) from error


def no_answer(settings: LinkSettings, *, connected: bool) -> CcopsError:
    """Return the error for a peer that let the time limit pass."""
    values = {"address": settings.address, "seconds": f"{settings.connect_timeout:g}"}
    if not connected:
        text = _("{address} did not answer within {seconds} s.")
        return LinkError(text.format(**values), remedy=_("Check the address, the network and the firewall."))
    text = _("{address} takes connections but sent no greeting of an Asterisk manager within {seconds} s.")
    remedy = _("Check the port, and ami.tls where it is the TLS port.")
    return NotAsterisk(text.format(**values), remedy=remedy)


def why_unreachable(settings: LinkSettings, error: OSError) -> CcopsError:
    """Return the error that tells a person why `settings` could not be reached."""
    if isinstance(error, ssl.SSLError):
        return _tls_problem(settings, error)
    if isinstance(error, socket.gaierror):
        text = _("The host name “{host}” is not known.")
        return LinkError(text.format(host=settings.host), remedy=_("Check ami.host."))
    if isinstance(error, ConnectionRefusedError):
        text = _("Nothing listens at {address}.")
        remedy = _("Is Asterisk running, with enabled = yes and this address in manager.conf?")
        return LinkError(text.format(address=settings.address), remedy=remedy)
    text = _("{address} cannot be reached: {why}.")
    return LinkError(text.format(address=settings.address, why=error.strerror or error))


def _tls_problem(settings: LinkSettings, error: ssl.SSLError) -> CcopsError:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = _("The certificate of {address} is not to be trusted: {why}.")
        remedy = _("Check ami.ca_file and the name in the certificate (ami.server_name).")
        why = error.verify_message.rstrip(".")
        return LinkError(text.format(address=settings.address, why=why), remedy=remedy)
    text = _("TLS with {address} failed: {why}.")
    remedy = _("Is it the TLS port of the manager (tlsenable, tlsbindaddr)?")
    return LinkError(text.format(address=settings.address, why=error.reason or error), remedy=remedy)
