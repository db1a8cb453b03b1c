"""Settings of a second machine that waits."""

from dataclasses import dataclass

from ccops.settings.keys import key


@dataclass(frozen=True, kw_only=True)
class Standby:
    """The other machine of a pair; the same table on both, each with the way to the other."""

    peer: tuple[str, ...] = key(
        (),
        "Command that runs `ccops db ship` on the other machine, as a list without any shell.",
        check="command",
        example=("ssh", "-o", "BatchMode=yes", "ccops@desk2", "ccops", "db", "ship"),
    )
    interval: float = key(
        30.0,
        "Time between two shipments, and between two looks of the machine that writes at the other one.",
        low=0.2,
        high=86400,
        unit="s",
    )
    takeover_after: float = key(
        0.0,
        "Takes over by itself when the other machine has not served for so long; 0 never. Without `fence` a cut "
        "line between the two makes two that serve.",
        low=0,
        high=86400,
        unit="s",
    )
    fence: tuple[str, ...] = key(
        (),
        "Command that switches the other machine off for sure, run where it does not answer before this one takes "
        "over; any other exit code than 0 stops the take-over.",
        check="command",
        example=("/usr/local/sbin/power-off-desk1",),
    )
