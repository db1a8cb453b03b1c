"""Keeps the status of a link over all its connections and tells about its changes."""

import logging
from collections.abc import Callable

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.pbx.link.status import Event, LinkState, LinkStatus

log = logging.getLogger("ccops.pbx.link")

_FAULTS_LOGGED = 10
_FAULTS_EVERY = 1_000
_LONGEST_UPTIME = 12
"""Digits: what is longer is no number of seconds."""


class Ledger:
    """What is known of the link; outlives connections, so that nothing is blanked by a loss."""

    def __init__(
        self,
        deliver: Callable[[Event, float], None],
        on_status: Callable[[LinkStatus], None],
        clock: Callable[[], float],
    ) -> None:
        """`deliver` gets each event and when it came, `on_status` each change of the status."""
        self.deliver, self._on_status, self.clock = deliver, on_status, clock
        self.heard_at: float | None = None
        self.banner = ""
        self._state: LinkState = "down"
        self._since = clock()
        self._detail = ""
        self._error: CcopsError | None = None
        self._entries = self._garbled = self._faults = 0
        self._uptime: float | None = None
        self._shutdown = self._said_shutdown = False

    def status(self) -> LinkStatus:
        """Return the status as of now."""
        return LinkStatus(
            state=self._state,
            since=self._since,
            heard_at=self.heard_at,
            detail=self._detail,
            reconnects=max(0, self._entries - 1),
            banner=self.banner,
            error=self._error,
            uptime=self._uptime,
            shutdown=self._shutdown,
            garbled=self._garbled,
            faults=self._faults,
        )

    @property
    def state(self) -> LinkState:
        """The state alone, cheaper than the whole status."""
        return self._state

    def turn(self, state: LinkState, detail: str = "", error: CcopsError | None = None) -> None:
        """Change the state; its beginning stays where only the reason is new."""
        if (state, detail, error) == (self._state, self._detail, self._error):
            return
        if state != self._state:
            self._since = self.clock()
        self._state, self._detail, self._error = state, detail, error
        self._tell()

    def attempt(self) -> None:
        """An attempt begins; one that is to end an outage leaves state and reason of the outage standing."""
        if self._state != "down" or self._error is None:
            self.turn("connecting")

    def entered(self) -> None:
        """The PBX let us in."""
        self._entries += 1
        self._uptime, self._said_shutdown = None, False
        log.info("link is up (%s)", self.banner)
        self.turn("up")

    def stale(self) -> None:
        """The PBX is silent although it was asked."""
        log.warning("the PBX is silent")
        self.turn("stale", _("The PBX says nothing."))

    def fresh(self) -> None:
        """The PBX speaks again; nothing was lost, TCP keeps the order."""
        log.info("the PBX speaks again")
        self.turn("up")

    def lost(self, error: CcopsError) -> None:
        """The connection ended after the login."""
        self._shutdown = self._said_shutdown
        log.warning("%s", error)
        self.turn("down", _("The PBX shut down.") if self._shutdown else error.message, error)

    def read(self, error: BaseException | None) -> None:
        """The snapshot after the login was taken, or failed: then the link stands, but what is shown is old."""
        if isinstance(error, CcopsError):
            log.warning("the state of the PBX could not be read: %s", error)
        elif error is not None:
            log.error("what follows a login failed", exc_info=error)
        if self._state == "up":
            text = _("The state of the PBX could not be read: {why}")
            self.turn("up", text.format(why=error) if error is not None else "")

    def news(self, event: Event) -> None:
        """Note what the PBX says about itself (FullyBooted, Shutdown)."""
        if event["Event"] == "Shutdown":
            self._shutdown = self._said_shutdown = True
            log.warning("the PBX shuts down")
        else:
            uptime = event.get("Uptime", "")
            sound = uptime.isascii() and uptime.isdigit() and len(uptime) < _LONGEST_UPTIME
            self._uptime = float(uptime) if sound else None
        self._tell()

    def garble(self) -> None:
        """A message could not be read."""
        self._garbled += 1
        log.debug("unreadable message")

    def fault(self, event: Event, error: Exception) -> None:
        """The handler of an event failed: say so, but not 5,000 times a second."""
        self._faults += 1
        if self._faults <= _FAULTS_LOGGED or self._faults % _FAULTS_EVERY == 0:
            log.error("handler of event %s failed (%d so far)", event["Event"], self._faults, exc_info=error)
            self._tell()

    def _tell(self) -> None:
        try:
            self._on_status(self.status())
        except Exception:
            log.exception("handler of the link status failed")
