"""One look at a board for cron jobs and monitors: each figure against its thresholds, with a verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ccops.alerts.ages import PlainAges
from ccops.alerts.evaluate import is_meant
from ccops.alerts.figures import FIGURES, Reading, Site, measure
from ccops.alerts.message import quantity
from ccops.alerts.rules import LEVELS, Rule
from ccops.board import AlertRow, Board
from ccops.i18n import _
from ccops.pbx.text import clean

Status = Literal["ok", "info", "warning", "critical", "unknown"]
ORDER: Final[tuple[Status, ...]] = ("ok", "info", "unknown", "warning", "critical")
"""From the best to the worst."""
NAGIOS: Final = {"ok": 0, "info": 0, "warning": 1, "critical": 2, "unknown": 3}
"""Exit codes that monitors of the Nagios kind expect."""


@dataclass(slots=True, frozen=True)
class Verdict:
    """One figure of one thing against its thresholds."""

    check: str
    """Name of the rule, or of the option."""
    subject: str
    figure: str
    value: float | None
    warning: float | None
    critical: float | None
    status: Status
    text: str
    above: bool = True

    @property
    def breached(self) -> bool:
        """True where a threshold that matters is passed."""
        return self.status in ("warning", "critical")


def judged(rule: Rule, reading: Reading) -> Verdict:
    """Return the verdict on one reading; a rate of too few visits is fine, one that nobody knows is unknown."""
    value, status = reading.value, "ok"
    few = reading.offered is not None and reading.offered < max(rule.min_offered, 1)
    if value is None:
        status = "ok" if few else "unknown"
    elif not few:
        reached = [level for index, level in enumerate(LEVELS) if rule.beyond(value, index)]
        status = reached[-1] if reached else "ok"
    text = _("nothing to tell yet") if value is None and few else quantity(reading.figure, value)
    if status == "unknown":
        text = _("not known")
    elif status != "ok" and reading.topic in ("site", "link"):
        text = reading.text  # what is wrong with a machine is no number
    return Verdict(
        rule.name, reading.name, reading.figure, value, rule.limit("warning"), rule.limit("critical"),
        status, text, rule.above,  # type: ignore[arg-type]
    )  # fmt: skip


def verdicts(board: Board, now: float, rules: Sequence[Rule], site: Site | None = None) -> list[Verdict]:
    """Return the verdict of every rule on everything that it is about, at one look: `lasting` cannot be told."""
    readings = measure(board, {rule.figure for rule in rules}, PlainAges(now), site)
    found = []
    for rule in rules:
        found += [judged(rule, reading) for reading in readings.get(rule.figure, ()) if is_meant(rule, reading)]
    return found


def of_alerts(rows: Iterable[AlertRow]) -> list[Verdict]:
    """Return the alerts that somebody keeps as verdicts; of the thresholds that of their level is known."""
    return [_of_alert(row) for row in rows]


def _of_alert(row: AlertRow) -> Verdict:
    warning = row.threshold if row.level == "warning" else None
    critical = row.threshold if row.level == "critical" else None
    above = row.value is None or row.threshold is None or row.value > row.threshold
    return Verdict(row.rule, row.name, row.figure, row.value, warning, critical, row.level, _words(row), above)


def _words(row: AlertRow) -> str:
    taken = row.acknowledged_by or row.snoozed_by
    return f"{row.text} ({_('taken by {name}').format(name=taken)})" if taken else row.text


def worst(found: Iterable[Verdict]) -> Status:
    """Return the status of all of them together."""
    return max((verdict.status for verdict in found), key=ORDER.index, default="ok")


# --- Nagios ---


def nagios_line(name: str, found: Sequence[Verdict]) -> str:
    """Return the one line of a monitoring plugin: status, what is wrong, and all figures as performance data."""
    status = worst(found)
    word = "OK" if NAGIOS[status] == 0 else status.upper()
    wrong = [verdict for verdict in found if verdict.breached or verdict.status == "unknown"]
    told = sorted(wrong, key=lambda verdict: -ORDER.index(verdict.status))[:_MOST]
    said = "; ".join(_told(verdict) for verdict in told) or _("{count} checks are fine").format(count=len(found))
    more = _(" and {count} more").format(count=len(wrong) - len(told)) if len(wrong) > len(told) else ""
    perf = " ".join(perfdata(verdict, several=_several(found)) for verdict in found if verdict.value is not None)
    line = f"CCOPS {name.upper()} {word} - {_harmless(said + more)}"
    return f"{line} | {perf}" if perf else line


_MOST: Final = 5


def _told(verdict: Verdict) -> str:
    return f"{verdict.subject}: {verdict.check} {verdict.text}"


def _several(found: Sequence[Verdict]) -> bool:
    return len({verdict.subject for verdict in found}) > 1


def perfdata(verdict: Verdict, *, several: bool) -> str:
    """Return one figure as performance data: 'label'=value[unit];warning;critical;least."""
    label = f"{verdict.subject} {verdict.check}" if several else verdict.check
    name = "".join("_" if char in "='|\"" else char for char in _harmless(label))
    unit = "s" if verdict.figure in FIGURES and FIGURES[verdict.figure].unit == "seconds" else ""
    warning, critical = (_range(limit, above=verdict.above) for limit in (verdict.warning, verdict.critical))
    return f"'{name}'={_number(verdict.value)}{unit};{warning};{critical};0"


def _range(limit: float | None, *, above: bool) -> str:
    """Return a threshold as monitors write it: `5` warns above 5, `0.8:` below 0.8."""
    if limit is None:
        return ""
    return _number(limit) if above else f"{_number(limit)}:"


def _number(value: float | None) -> str:
    return "U" if value is None else f"{round(value, 4):g}" if abs(value) < 1e6 else str(round(value))


def _harmless(text: str) -> str:
    """Return a text that stays on its side of the bar and on its line."""
    return clean(text).replace("|", "/").replace("\n", " ")
