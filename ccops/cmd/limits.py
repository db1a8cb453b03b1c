"""Thresholds as they are given to `ccops check`: one number, or two for warning and critical."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccops.errors import UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.alerts.rules import Rule


@dataclass(slots=True, frozen=True)
class Asked:
    """One option and what was given for it."""

    option: str
    figure: str
    given: str | None


def limits_of(*asked: Asked) -> "list[Rule]":
    """Return a rule for every option that was given; raises UsageProblem naming the option."""
    return [_rule(item, item.given) for item in asked if item.given is not None]


def _rule(asked: Asked, given: str) -> "Rule":
    from ccops.alerts.figures import FIGURES
    from ccops.alerts.rules import Rule

    figure = FIGURES[asked.figure]
    values = [_value(asked, part.strip()) for part in given.split(",")]
    if len(values) > 2:
        raise UsageProblem(
            _("{option}: “{text}” has more than two thresholds.").format(option=asked.option, text=given),
            remedy=_("Write one, or two for warning and critical: 5,10."),
        )
    warning, critical = (values[0], values[1]) if len(values) == 2 else (None, values[0])
    if warning is not None and (warning > critical if figure.above else warning < critical):
        raise UsageProblem(
            _("{option}: the threshold of warning is beyond that of critical.").format(option=asked.option),
            remedy=_("Turn them round."),
        )
    return Rule(
        name=asked.figure, figure=asked.figure, above=figure.above, limits=(None, warning, critical), min_offered=0
    )


def _value(asked: Asked, text: str) -> float:
    from ccops.alerts.figures import FIGURES
    from ccops.cmd.quantities import duration, share

    unit = FIGURES[asked.figure].unit
    if unit == "rate":
        return share(asked.option, text, zero=True)
    if unit == "seconds":
        return duration(asked.option, text, zero=True)
    if not text.isdecimal():
        raise UsageProblem(_("{option}: “{text}” is no whole number.").format(option=asked.option, text=text))
    return int(text)
