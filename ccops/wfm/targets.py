"""What a site promises its callers: the rule of its service level, and the targets staffing has to meet."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccops.errors import UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.settings import Settings

RULES = ("offered-less-short", "offered", "answered", "sl2")


def number(name: str, value: object, low: float, high: float = math.inf, *, above: bool = False) -> float:
    """Return `value` as a number of low…high (`above`: more than low), or refuse it by its name."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = math.nan
    if math.isnan(found) or found < low or found > high or (above and found == low):
        bound = _("more than {low:g}") if above else _("at least {low:g}")
        if high < math.inf:
            bound += _(", at most {high:g}")
        raise UsageProblem(
            _("{name} is {value!r}.").format(name=name, value=value),
            remedy=_("Give a number, {bound}.").format(bound=bound.format(low=low, high=high)),
        )
    return found


@dataclass(frozen=True, slots=True)
class ServiceRule:
    """How service level and abandon rate are counted; the rules are those of the reports."""

    name: str = "offered"
    threshold: float = 20.0
    """Seconds; an answer after exactly this long is in time."""
    short_abandon: float = 0.0
    """Seconds; callers who give up sooner are counted neither as offered nor as lost."""

    def __post_init__(self) -> None:
        if self.name not in RULES:
            raise UsageProblem(
                _("There is no service level rule “{name}”.").format(name=self.name),
                remedy=_("Choose one of {names}.").format(names=", ".join(RULES)),
            )
        number(_("The service level threshold"), self.threshold, 0.0, 1e9)
        number(_("The short abandon limit"), self.short_abandon, 0.0, 1e9)


def site_rule(settings: "Settings") -> ServiceRule:
    """Return how planning counts: as the site does where it says so, else every caller, as in the textbooks.

    The defaults of [service_level] are made for reports; an Erlang figure that leaves out short abandons unasked would
    agree with no calculator.
    """
    site = settings.service_level
    return (
        ServiceRule(site.rule, site.threshold, site.short_abandon)
        if site.said
        else ServiceRule(threshold=site.threshold)
    )


@dataclass(frozen=True, slots=True)
class Target:
    """What the smallest sufficient number of agents has to achieve; None is no demand."""

    service_level: float | None = 0.8
    """Fraction, below 1."""
    max_occupancy: float | None = None
    max_asa: float | None = None
    """Seconds."""
    max_abandon_rate: float | None = None

    def __post_init__(self) -> None:
        demands = (self.service_level, self.max_occupancy, self.max_asa, self.max_abandon_rate)
        if all(demand is None for demand in demands):
            raise UsageProblem(_("There is no target to staff for."), remedy=_("Give a service level such as 80/20."))
        if self.service_level is not None:
            number(_("The service level target"), self.service_level, 0.0, math.nextafter(1.0, 0.0), above=True)
        if self.max_occupancy is not None:
            number(_("The maximum occupancy"), self.max_occupancy, 0.0, 1.0, above=True)
        if self.max_asa is not None:
            number(_("The maximum speed of answer"), self.max_asa, 0.0, 1e9, above=True)
        if self.max_abandon_rate is not None:
            number(_("The maximum abandon rate"), self.max_abandon_rate, 0.0, 1.0, above=True)


def parse_service_level(text: str) -> tuple[float, float]:
    """Return fraction and seconds of a target written as people say it: 80/20 is 80 % within 20 s."""
    share, slash, seconds = text.strip().removesuffix("s").partition("/")
    try:
        if not slash:
            raise ValueError(text)
        level, threshold = float(share.strip().removesuffix("%")) / 100, float(seconds)
    except ValueError:
        raise UsageProblem(
            _("“{text}” is no service level target.").format(text=text),
            remedy=_("Write percent/seconds, such as 80/20."),
        ) from None
    number(_("The service level target"), level, 0.0, math.nextafter(1.0, 0.0), above=True)
    return level, number(_("The service level threshold"), threshold, 0.0, 1e9)
