"""The Asterisk releases that the simulated PBX can pass for, and in what their manager ports differ."""

from dataclasses import dataclass

from ccops.errors import UsageProblem
from ccops.i18n import _


@dataclass(slots=True, frozen=True)
class Version:
    """One release."""

    banner: str
    ami: str
    asterisk: str
    built: str
    tech_cause: bool
    """Hangup events of a refused call carry TechCause."""
    pause_reason_twice: bool
    """QueueMemberPause repeats its reason in a header of its own."""
    surrogates: bool
    """A channel that is taken away from its thread shows as the device of a surrogate."""
    far_cause: bool
    """The hangup of a phone is told at once and with its cause, and one that rang in vain has a cause."""
    ringing_counts: bool
    """A call that rings counts towards the number at which a phone is busy; and more calls than that are busy too."""
    moves_in_queue: bool
    """A changed priority moves a caller at once, where that is asked for; a new member may bring a pause reason."""
    processed_calls: bool
    sounds_dir: bool


VERSIONS = {
    "16": Version(
        banner="Asterisk Call Manager/5.0.4",
        ami="5.0.4",
        asterisk="16.28.0~dfsg-0+deb11u10",
        built="2026-06-15 08:03:02 UTC",
        tech_cause=False,
        pause_reason_twice=True,
        surrogates=True,
        far_cause=False,
        moves_in_queue=False,
        ringing_counts=False,
        processed_calls=False,
        sounds_dir=False,
    ),
    "22": Version(
        banner="Asterisk Call Manager/11.0.0",
        ami="11.0.0",
        asterisk="22.10.1+dfsg+~cs6.17.60671434-1",
        built="2026-07-20 21:35:32 UTC",
        tech_cause=True,
        pause_reason_twice=False,
        surrogates=False,
        far_cause=True,
        moves_in_queue=True,
        ringing_counts=True,
        processed_calls=True,
        sounds_dir=True,
    ),
}


def version_named(major: str) -> Version:
    """The release with this major number; raises UsageProblem for one that cannot be simulated."""
    if major not in VERSIONS:
        known = ", ".join(VERSIONS)
        raise UsageProblem(
            _("Asterisk {version} cannot be simulated.").format(version=major),
            remedy=_("Choose one of {known}.").format(known=known),
        )
    return VERSIONS[major]
