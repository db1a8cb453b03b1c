"""What somebody asks of a report: the period, what it is narrowed to, how it is cut."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.names import nearest
from ccops.reports.callers import Numbers
from ccops.reports.periods import Period

INTERVALS = {"15m": 900, "30m": 1800, "hour": 3600, "day": 86_400, "weekday": 0}
"""Ways to cut a period, with their seconds; a weekday has none."""


@dataclass(slots=True, frozen=True)
class Ask:
    """One request."""

    period: Period
    now: float
    """Epoch seconds at which the report is made."""
    queue: str | None = None
    """A queue; or several, with commas, and patterns with * and ?."""
    agent: str | None = None
    """An agent; or several, likewise."""
    number: str | None = None
    """A caller's number, however it is written."""
    call: str | None = None
    """The id of one call, for its ladder."""
    interval: str = ""
    calls: bool = False
    """Counts calls, all visits of one caller together, instead of visits."""
    site: str = ""
    """Name on the paper; that of the settings where it is empty."""
    numbers: Numbers | None = None
    """How numbers are written; as the settings say where it is None."""

    def filters(self) -> dict[str, str]:
        """Return what it is narrowed to: title and value."""
        named = ((_("Queue"), self.queue), (_("Agent"), self.agent), (_("Number"), self.number), (_("Call"), self.call))
        return {title: value for title, value in named if value is not None}

    def over(self, period: Period) -> "Ask":
        """Return the same request for another period."""
        return replace(self, period=period)


def check(ask: Ask) -> None:
    """Raise `UsageProblem` for a period that ends before it begins and for an unknown interval."""
    if ask.period.end <= ask.period.start:
        raise UsageProblem(
            _("The period ends before it begins."), remedy=_("Give --from the earlier day, --to the later one.")
        )
    if ask.interval and ask.interval not in INTERVALS:
        near = nearest(ask.interval, INTERVALS) or list(INTERVALS)
        raise UsageProblem(
            _("There is no interval “{name}”.").format(name=ask.interval),
            remedy=_("There are {names}.").format(names=", ".join(near if len(near) > 1 else INTERVALS)),
        )


def chosen(kind: str, text: str | None, known: Iterable[str]) -> tuple[str, ...] | None:
    """Return the known names that a text means, in order; None where there is no text.

    A name in any case, the number of a device (1001 for PJSIP/1001), a pattern, or several of them with commas
    between. Raises `NotFound` with the nearest names for a part that means none.
    """
    if text is None:
        return None
    names = sorted(known)
    if text in names:
        return (text,)
    found = {name for part in _parts(text, names) for name in _meant(kind, part, names)}
    return tuple(sorted(found))


def _parts(text: str, names: Collection[str]) -> Iterator[str]:
    """Yield what stands between commas; a name that holds commas itself in one piece."""
    pieces = text.split(",")
    while pieces:
        ends = range(len(pieces), 0, -1)
        end = next((end for end in ends if ",".join(pieces[:end]).strip() in names), 1)
        part, pieces = ",".join(pieces[:end]).strip(), pieces[end:]
        if part or not text.strip(" ,"):
            yield part


def _meant(kind: str, part: str, names: list[str]) -> list[str]:
    wanted = part.casefold()
    for fits in (
        lambda name: name == part,
        lambda name: name.casefold() == wanted,
        lambda name: "/" in name and name.rpartition("/")[2].casefold() == wanted,
        lambda name: fnmatchcase(name.casefold(), wanted),
    ):
        found = [name for name in names if fits(name)]
        if found:
            return found
    raise NotFound(kind, part, names)
