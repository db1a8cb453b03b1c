"""One connection's life: panoramisk's Manager with connecting, login, ping and ending replaced.

A manager connects once. Whether and when another one is made is decided by `ccops.pbx.link.link`; nothing here
tries again by itself, and no action is ever sent twice.
"""

import asyncio
import logging
from collections.abc import Callable, Container
from typing import Any, cast

from panoramisk import Manager

from ccops.errors import ActionTimeout, LinkError, LinkLost, LoginRefused
from ccops.i18n import _
from ccops.pbx.link.ledger import Ledger
from ccops.pbx.link.protocol import Action, LinkProtocol
from ccops.pbx.link.pulse import Pulse
from ccops.pbx.link.reach import no_answer, tls_context, why_unreachable
from ccops.pbx.link.requests import Request, Wants
from ccops.pbx.link.status import LinkSettings, Reply

log = logging.getLogger("ccops.pbx.link")

_MAX_ROUNDS = 20
"""Time limits that a list may take in all while it keeps coming."""
_ALREADY_IN = "login already in use"


class LoginInUse(LoginRefused):
    """The PBX lets a user in once only and has not noticed yet that the last session is dead: worth another try."""


class LinkManager(Manager):  # type: ignore[misc]  # panoramisk has no types
    """Connects, logs in, keeps watch, and ends once."""

    protocol: LinkProtocol | None

    def __init__(self, settings: LinkSettings, ledger: Ledger, wanted: Container[str] | None) -> None:
        """The secret stays in `settings`: panoramisk's own configuration, which it logs, never sees it."""
        super().__init__(host=settings.host, port=settings.port, loop=asyncio.get_running_loop(), log=log)
        self.settings, self._ledger, self._wanted = settings, ledger, wanted
        self.ended: asyncio.Future[None] = self.loop.create_future()
        self._pulse: Pulse | None = None

    # -- beginning -----------------------------------------------------------------------------------------------

    async def connect(self, *_args: Any, **_kwargs: Any) -> str:
        """Connect once and return the greeting; raises LinkError, NotAsterisk or ConfigError."""
        settings = self.settings
        try:
            async with asyncio.timeout(settings.connect_timeout) as limit:
                self.protocol = await self._open_socket()
                return await self.protocol.greeting
        except TimeoutError as error:
            if not limit.expired():
                raise why_unreachable(settings, error) from error
            raise no_answer(settings, connected=self.protocol is not None) from None
        except OSError as error:
            raise why_unreachable(settings, error) from error

    async def _open_socket(self) -> LinkProtocol:
        settings = self.settings
        context = tls_context(settings)
        _transport, protocol = await self.loop.create_connection(
            lambda: LinkProtocol(self, self._ledger, settings.address, self._wanted),
            settings.host,
            settings.port,
            ssl=context,
            server_hostname=(settings.server_name or settings.host) if context else None,
        )
        return cast("LinkProtocol", protocol)

    def _line(self) -> LinkProtocol:
        if self.protocol is None:
            raise LinkError(_("There is no link to {address}.").format(address=self.settings.address))
        return self.protocol

    async def login(self, *_args: Any) -> None:
        """Log in once; raises LoginRefused, ActionTimeout or LinkLost."""
        settings = self.settings
        credentials = await self._credentials()
        action = {"Action": "Login", "Username": settings.username, "Events": settings.events, **credentials}
        reply = await self.request(action, settings.action_timeout, on_ok=self._entered)
        if not reply.ok:
            raise self._login_refused(reply)

    async def _credentials(self) -> dict[str, str]:
        if not self.settings.md5:
            return {"Secret": self.settings.secret}
        # Username lets the PBX apply allowmultiplelogin to the challenge as it does to the login.
        challenge = {"Action": "Challenge", "AuthType": "MD5", "Username": self.settings.username}
        reply = await self.request(challenge, self.settings.action_timeout)
        if reply.ok and reply.headers.get("Challenge"):
            return {"AuthType": "MD5", "Key": _md5(reply.headers["Challenge"] + self.settings.secret)}
        if reply.message.lower() == _ALREADY_IN:
            raise self._login_refused(reply)
        if not (self.settings.tls or self._is_this_machine()):
            text = _("{address} offers no MD5 login, and on a plain connection the secret would be readable: {reply}")
            remedy = _("Use TLS, or set ami.md5 = false if you accept that.")
            raise LoginRefused(text.format(address=self.settings.address, reply=reply.message), remedy=remedy)
        return {"Secret": self.settings.secret}

    def _is_this_machine(self) -> bool:
        import ipaddress

        peer = self._line().transport.get_extra_info("peername")
        return bool(peer) and ipaddress.ip_address(str(peer[0]).partition("%")[0]).is_loopback

    def _login_refused(self, reply: Reply) -> LoginRefused:
        values = {"address": self.settings.address, "user": self.settings.username, "reply": reply.message}
        if reply.message.lower() == _ALREADY_IN:
            text = _("{address} has a session of the user “{user}” already and allows only one.")
            return LoginInUse(text.format(**values), remedy=_("Set allowmultiplelogin = yes in manager.conf."))
        text = _("{address} refuses the login of “{user}”: {reply}.")
        remedy = _("Check user, secret, permit and deny in manager.conf.")
        return LoginRefused(text.format(**values), remedy=remedy)

    def _entered(self) -> None:
        protocol = self._line()
        protocol.accepted = self.authenticated = True
        self._pulse = Pulse(
            self.settings.silence, lambda: protocol.heard, ask=self.ping, stale=self._stale, dead=self._dead
        )
        self._pulse.start()
        self._ledger.entered()

    # -- running -------------------------------------------------------------------------------------------------

    async def request(
        self, action: Action, timeout: float, wants: Wants = "reply", on_ok: Callable[[], None] | None = None
    ) -> Reply:
        """Send `action` once and return the answer; raises ActionTimeout, LinkLost, LinkError or UsageProblem."""
        protocol = self._line()
        request = protocol.send(action, wants, on_ok)
        try:
            return await self._answer(request, timeout)
        finally:
            protocol.forget(request)

    async def _answer(self, request: Request, timeout: float) -> Reply:
        for _round in range(_MAX_ROUNDS):
            rows = request.rows
            await asyncio.wait((request.done,), timeout=timeout)
            if request.done.done():
                return request.done.result()
            if request.rows == rows:
                break
        text = _("The PBX did not answer {action} within {seconds} s.")
        remedy = _("It is unknown whether it was done; it is not sent again.")
        raise ActionTimeout(text.format(action=request.action, seconds=f"{timeout:g}"), remedy=remedy)

    @property
    def booted(self) -> bool:
        """Whether the PBX has said in this connection that all its modules are loaded."""
        return self._line().booted.done()

    async def wait_booted(self, timeout: float | None) -> bool:
        """Wait until the PBX has booted, the connection has ended, or `timeout` seconds have passed; say if booted."""
        waiting = (self._line().booted, self.ended)
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return self.booted

    def ping(self) -> None:
        """Ask the PBX for a sign of life; the pulse notices whether it comes."""
        self._line().ask()

    def _stale(self) -> None:
        self._line().stale = True
        self._ledger.stale()

    def _dead(self) -> None:
        self.close(_("the PBX says nothing any more"), now=True)

    async def send_awaiting_actions(self, *_args: Any) -> None:
        """Send nothing: what was not answered is reported, never repeated."""

    # -- ending --------------------------------------------------------------------------------------------------

    def close(self, why: str = "", *, now: bool = False) -> None:
        """End the connection; no other is made. `now` does not wait for a peer that may be dead."""
        if self._pulse is not None:
            self._pulse.stop()
        if self.protocol is not None:
            self.protocol.close(why, now=now)
        elif not self.ended.done():
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end; called once by the protocol."""
        if self._pulse is not None:
            self._pulse.stop()
        if not self.ended.done():
            self.ended.set_result(None)
        if self.authenticated:
            self.authenticated = False
            self._ledger.lost(self.why_lost())

    def why_lost(self) -> LinkLost:
        """Return the error that tells why the connection ended."""
        why = self.protocol.why if self.protocol is not None else ""
        text = _("The link to {address} was lost: {why}.")
        return LinkLost(text.format(address=self.settings.address, why=why))


def _md5(text: str) -> str:
    import hashlib

    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
