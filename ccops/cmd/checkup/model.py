"""One check and its outcome."""

from dataclasses import dataclass

from ccops.cmd.columns import Record
from ccops.cmd.diagnostics import printable


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

    def lines(self, *, ascii_only: bool) -> str:
        """Return the check as a person reads it: a mark, what was found, what to do."""
        good, bad, unknown = ("ok", "!!", "--") if ascii_only else ("✓", "✗", "–")
        mark = unknown if self.ok is None else good if self.ok else bad
        first, *rest = printable(self.detail).split("\n")
        lines = [f"{mark} {self.check.replace('_', ' ')}: {first}", *(f"    {line.strip()}" for line in rest)]
        if self.remedy:
            lines.append(f"    {'->' if ascii_only else '→'} {printable(self.remedy)}")
        return "\n".join(lines) + "\n"
