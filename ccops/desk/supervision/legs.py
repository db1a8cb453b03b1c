"""A supervision leg: who hears whom, in which mode, and how it is spelled for ChanSpy."""

from dataclasses import dataclass
from enum import StrEnum

from ccops.board import SupervisionRow


class Mode(StrEnum):
    """Who hears whom."""

    LISTEN = "listen"
    """The supervisor hears both; nobody hears the supervisor."""
    WHISPER = "whisper"
    """Besides, the agent hears the supervisor."""
    PRIVATE = "private"
    """The agent hears the supervisor, who hears nobody."""
    BARGE = "barge"
    """All three hear each other."""
    TAKEOVER = "takeover"
    """The supervisor has the caller; the agent is out."""
    UNKNOWN = "unknown"
    """A leg that something else started."""


SPEAKING = frozenset({Mode.WHISPER, Mode.PRIVATE, Mode.BARGE})
"""Modes in which the supervisor is heard: one leg a call, so that an agent never hears two."""

DIGITS = {Mode.LISTEN: "4", Mode.WHISPER: "5", Mode.PRIVATE: "5", Mode.BARGE: "6"}
"""What a `d` spy takes as mode keys; private is whisper with the supervisor's own ear closed."""

OPTIONS = {Mode.LISTEN: "quE", Mode.WHISPER: "quwE", Mode.PRIVATE: "quWE", Mode.BARGE: "quBE"}
"""ChanSpy options of a leg that cannot be switched. q no beep; u only this very channel, fail where it is gone;
E end with the call."""

SWITCHABLE = "qudE"
"""ChanSpy options of a leg that can be switched; it starts listening."""

VARIABLES = ("CCOPS_OWNER", "CCOPS_MODE", "CCOPS_AGENT", "CCOPS_CALL", "CCOPS_PHONE")
"""Kept on the leg's channel in the PBX, so that any console finds whose leg it is."""


def mode_of_options(options: str) -> Mode:
    """Return the mode in which a ChanSpy with these options starts; `unknown` where a key may have changed it."""
    if "d" in options:
        return Mode.UNKNOWN
    for letter, mode in (("B", Mode.BARGE), ("W", Mode.PRIVATE), ("w", Mode.WHISPER)):
        if letter in options:
            return mode
    return Mode.LISTEN


@dataclass(slots=True)
class Leg:
    """One leg, from the ringing of the supervisor's phone to its end."""

    supervision_id: str
    """Uniqueid of the supervisor's channel; for our own legs chosen by us."""
    owner: str
    mode: Mode
    phone: str
    agent_key: str
    agent: str
    call_id: str
    target: str
    """Channel that is listened to."""
    state: str = "ringing"
    channel: str = ""
    started_at: float | None = None
    ours: bool = True
    deaf: bool = False
    """The supervisor's ear is closed (private)."""
    switchable: bool = True
    ended_why: str = ""
    stopping: str = ""
    """Why we hang it up ourselves."""
    asked: bool = False
    """The PBX was asked whose leg it is."""
    cause: str = ""
    """Q.850 cause with which the supervisor's channel was hung up."""

    @property
    def live(self) -> bool:
        """True until it has ended."""
        return self.state != "ended"

    @property
    def taken_over(self) -> bool:
        """True where the leg is bridged with the caller."""
        return self.mode is Mode.TAKEOVER

    def row(self) -> SupervisionRow:
        """Return the leg as the board shows it."""
        return SupervisionRow(
            supervision_id=self.supervision_id,
            mode=str(self.mode),
            state=self.state,
            agent=self.agent or None,
            agent_key=self.agent_key or None,
            call_id=self.call_id or None,
            phone=self.phone,
            channel=self.channel,
            target_channel=self.target,
            started_at=self.started_at,
            owner=self.owner,
            ours=self.ours,
            ended_why=self.ended_why,
        )
