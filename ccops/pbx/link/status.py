"""What others see of the link: its settings, its status, and the reply to an action."""

from dataclasses import dataclass, field
from typing import Literal

from ccops.errors import CcopsError

Event = dict[str, str]
"""One AMI message: header names as the PBX wrote them, values cleaned, repeated headers joined by a line feed.

The name of an event stands under "Event". Cleaned text holds no control character, so a line feed in a value
always comes from joining.
"""

LinkState = Literal["connecting", "up", "stale", "down", "refused"]

_OK = frozenset({"success", "follows", "goodbye", "pong"})


@dataclass(slots=True, frozen=True)
class LinkSettings:
    """How to reach one PBX; all durations in seconds."""

    host: str = "127.0.0.1"
    port: int = 5038
    username: str = ""
    secret: str = field(default="", repr=False)
    events: str = "agent,call,system"
    """Event classes asked for at login: these three need no special right and leave out half the traffic."""
    tls: bool = False
    ca_file: str | None = None
    """Certificate authorities to trust instead of those of the system."""
    server_name: str | None = None
    """Name that the certificate must carry, where it is not `host`."""
    md5: bool = True
    """Log in by challenge, so that the secret never crosses the line.

    Where the PBX cannot do that, the secret is sent as it is only over TLS or to this very machine. False means
    plain login anywhere: for servers that choke on a challenge.
    """
    connect_timeout: float = 5.0
    """Until the greeting of the PBX has arrived."""
    action_timeout: float = 5.0
    """Until an action is answered, or between two rows of a list."""
    silence: float = 5.0
    """A PBX that says nothing for this long is noticed: it is asked at 0.4 of it, stale at 0.9, dropped at 1.5."""
    backoff_first: float = 0.5
    backoff_max: float = 30.0

    @property
    def address(self) -> str:
        """Host and port for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(slots=True, frozen=True)
class Reply:
    """What the PBX answered to an action."""

    headers: Event
    events: tuple[Event, ...] = ()
    """Rows of a list, without the closing …Complete."""

    @property
    def ok(self) -> bool:
        """Whether the PBX agreed."""
        return self.headers.get("Response", "").lower() in _OK

    @property
    def message(self) -> str:
        """The PBX's own words, cleaned; empty where it said none."""
        return self.headers.get("Message", "")


@dataclass(slots=True, frozen=True)
class LinkStatus:
    """How far the link may be believed; instants are epoch seconds of our clock."""

    state: LinkState
    """stale: connected, but the PBX is silent. refused: wrong login, no further attempt is made."""
    since: float
    """When this state began."""
    heard_at: float | None = None
    """When the PBX last said anything: the age of what is shown."""
    detail: str = ""
    """Why, for a person, where the state is not up."""
    reconnects: int = 0
    """Times that the link came back after a loss."""
    banner: str = ""
    error: CcopsError | None = None
    """What ended the last attempt or connection; None while up."""
    uptime: float | None = None
    """Seconds that the PBX had been running when it let us in last (FullyBooted); less than our gap = restarted."""
    shutdown: bool = False
    """The PBX said that it was going down before the link was lost: a restart, not a gap."""
    garbled: int = 0
    """Messages that could not be read, over all connections."""
    faults: int = 0
    """Events whose handler failed, over all connections; the log says where."""
