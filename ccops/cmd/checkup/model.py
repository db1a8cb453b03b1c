"""One check and its outcome."""

from dataclasses import dataclass

from ccops.cmd.columns import Record


@dataclass(slots=True, frozen=True)
class Check:
    """What was looked at and how it stands."""

    check: str
    """Stays: monitors name it."""
    ok: bool | None
    """None where it could not be told, or where something is simply not wanted here."""
    detail: str = ""
    remedy: str = ""

    def record(self) -> Record:
        """Return the check as it is printed."""
        return {"check": self.check, "ok": self.ok, "detail": self.detail, "remedy": self.remedy or None}
