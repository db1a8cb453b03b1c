"""Rules: which figure, beyond what, for how long, and who is to know; the built-in ones with those of the settings.

The limits that colour the console's cells are made from these rules too, so that nothing is red without an alert.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ccops.board import AlertLevel
from ccops.errors import ConfigError, NotFound
from ccops.i18n import _
from ccops.names import nearest

if TYPE_CHECKING:
    from ccops.settings import Settings
    from ccops.settings.alerting import AlertRule

LEVELS: Final[tuple[AlertLevel, ...]] = ("info", "warning", "critical")
"""From the least pressing to the most."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Rule:
    """One threshold, or one for each level."""

    name: str
    figure: str
    above: bool = True
    """True where more is worse."""
    limits: tuple[float | None, float | None, float | None] = (None, None, None)
    """Of info, warning, critical: beyond it is an alert, at it is none."""
    lasting: float = 0.0
    """Seconds that it must last to become an alert."""
    hysteresis: float = 0.0
    """How far inside the limit it must come to be over."""
    calm: float = 0.0
    """Seconds that it must be inside to be over."""
    tell_after: float = 0.0
    """Seconds that it must hold before targets are told; the console shows it at once."""
    queues: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    min_offered: int = 5
    roles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    escalate: tuple[str, ...] = ()
    escalate_after: float = 900.0

    def limit(self, level: AlertLevel) -> float | None:
        """Return the threshold of a level."""
        return self.limits[LEVELS.index(level)]

    def beyond(self, value: float, index: int, inside: float = 0.0) -> bool:
        """Tell whether a value is beyond the threshold of a level, moved `inside` by so much."""
        limit = self.limits[index]
        if limit is None:
            return False
        return value > limit - inside if self.above else value < limit + inside


def _rule(name: str, figure: str, *, info: float | None = None, warning: float | None = None,
          critical: float | None = None, **more: object) -> Rule:  # fmt: skip
    return replace(Rule(name=name, figure=figure, limits=(info, warning, critical)), **more)  # type: ignore[arg-type]


BUILT_IN: Final[tuple[Rule, ...]] = (
    _rule("link", "link_down", critical=0, tell_after=15.0),
    _rule("nobody", "unserved", critical=0, tell_after=60.0),
    _rule("wait", "wait_ratio", warning=1, critical=3, tell_after=60.0),
    _rule("service_level", "service_level", warning=0.8, above=False),
    _rule("abandon_rate", "abandon_rate", info=0.1),
    _rule("paused", "pause_time", warning=900),
    _rule("ringing", "state_time", warning=20, states=("ringing",), tell_after=60.0),
    _rule("on_hold", "state_time", warning=120, states=("on_hold",)),
    _rule("wrap_up", "state_time", warning=120, states=("wrap_up",)),
    _rule("talking", "state_time", info=900, states=("talking",)),
    _rule("busy", "state_time", info=1200, states=("busy",)),
    _rule("parked", "parked_time", warning=60),
    _rule("late", "late_for_shift", warning=600),
    _rule("staffing", "agents_short", warning=0.5, critical=1.9, tell_after=300.0),
    _rule("staffing_soon", "agents_short_soon", warning=0.5, tell_after=900.0),
    _rule("adherence", "off_roster", warning=300),
    _rule("volume", "volume_change", info=0.15, tell_after=1800.0),
    _rule("clock", "clock_offset", warning=2),
    _rule("log", "log_silence", warning=120),
    # What goes wrong is tried again every ten seconds, and may seem well in between.
    _rule("history", "history_stopped", warning=0, tell_after=60.0, calm=30.0),
    _rule("disk", "disk_free", warning=0.1, critical=0.03, above=False, hysteresis=0.01),
)
"""What needs attention in every centre; [alert_rules.NAME] changes one of them or adds another.

What comes and goes with every call is shown at once, but told to nobody until it lasts.
"""


def rules_of(settings: "Settings") -> tuple[Rule, ...]:
    """Return the rules in force; raises ConfigError or NotFound naming the rule and key that is wrong."""
    built_in = {rule.name: rule for rule in BUILT_IN}
    names = [*built_in, *(name for name in settings.alert_rules if name not in built_in)]
    found = []
    for name in names:
        given = settings.alert_rules.get(name)
        if given is not None and given.off:
            continue
        rule = built_in.get(name) or _new(name, given)
        found.append(_delivered(rule if given is None else _changed(rule, given), settings))
    return tuple(found)


def _new(name: str, given: "AlertRule | None") -> Rule:
    if given is None or not given.figure:
        near = nearest(name, [rule.name for rule in BUILT_IN], 1)
        hint = _("Name one; or did you mean the built-in rule “{name}”?").format(name=near[0]) if near else ""
        raise ConfigError(
            _("alert_rules.{name}: no figure is named.").format(name=name), remedy=hint or _("Set `figure`.")
        )
    from ccops.alerts.figures import FIGURES

    return Rule(name=name, figure=given.figure, above=FIGURES[given.figure].above)


def _changed(rule: Rule, given: "AlertRule") -> Rule:
    changes: dict[str, object] = {
        name: value
        for name in ("lasting", "hysteresis", "calm", "tell_after", "min_offered", "escalate_after")
        if (value := getattr(given, name)) is not None
    }
    for name in ("queues", "agents", "states", "reasons", "roles", "targets", "escalate"):
        if getattr(given, name):
            changes[name] = getattr(given, name)
    if given.figure and given.figure != rule.figure:
        raise ConfigError(
            _("alert_rules.{name}: the built-in rule is about {figure}.").format(name=rule.name, figure=rule.figure),
            remedy=_("Give a rule about another figure another name."),
        )
    if given.when:
        changes["above"] = given.when == "above"
    limits = tuple(
        old if new is None else new
        for old, new in zip(rule.limits, (given.info, given.warning, given.critical), strict=True)
    )
    made = replace(rule, limits=limits, **changes)  # type: ignore[arg-type]
    _check(made)
    return made


def _check(rule: Rule) -> None:
    known = [limit for limit in rule.limits if limit is not None]
    if not known:
        raise ConfigError(
            _("alert_rules.{name}: it has no threshold.").format(name=rule.name),
            remedy=_("Set info, warning or critical."),
        )
    if known != sorted(known, reverse=not rule.above):
        raise ConfigError(
            _("alert_rules.{name}: a more pressing level has the weaker threshold.").format(name=rule.name),
            remedy=_("Order info, warning and critical, or set `when`."),
        )
    _check_end(rule, known)


def _check_end(rule: Rule, limits: Sequence[float]) -> None:
    """See that what was raised can be over: no figure is below zero, and no rate above one."""
    from ccops.alerts.figures import FIGURES

    rate = FIGURES[rule.figure].unit == "rate" and rule.figure != "volume_change"
    never = limits[0] - rule.hysteresis < 0 if rule.above else rate and limits[0] + rule.hysteresis > 1
    if never:
        raise ConfigError(
            _("alert_rules.{name}: with this hysteresis it would never be over.").format(name=rule.name),
            remedy=_("{figure} never gets that far inside the threshold {limit}: take a smaller hysteresis.").format(
                figure=rule.figure, limit=f"{limits[0]:g}"
            ),
        )


def _delivered(rule: Rule, settings: "Settings") -> Rule:
    """Return the rule with the targets of the site where it has none of its own; all of them must exist."""
    alerts, given = settings.alerts, settings.alert_rules.get(rule.name)
    made = replace(
        rule,
        targets=rule.targets or alerts.targets,
        escalate=rule.escalate or alerts.escalate,
        escalate_after=alerts.escalate_after if given is None or given.escalate_after is None else rule.escalate_after,
    )
    for name in (*made.targets, *made.escalate):
        if name not in settings.alert_targets:
            raise NotFound(_("alert target"), name, settings.alert_targets)
    for name in made.roles:
        if name not in settings.roles:
            raise NotFound(_("role"), name, settings.roles)
    return made


@lru_cache(maxsize=4096)
def chosen(name: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether patterns choose a name, in any case: `*` and `?` stand for anything, a leading `!` excludes.

    No patterns, or only excluding ones, choose everything that is not excluded.
    """
    from fnmatch import fnmatchcase

    folded = name.casefold()
    wanted = [text.casefold() for text in patterns if not text.startswith("!")]
    unwanted = [text[1:].casefold() for text in patterns if text.startswith("!")]
    if any(fnmatchcase(folded, text) for text in unwanted):
        return False
    return not wanted or any(fnmatchcase(folded, text) for text in wanted)


def any_chosen(names: Iterable[str], patterns: tuple[str, ...]) -> bool:
    """Tell whether patterns choose one of several names of the same thing, and exclude none of them."""
    if not patterns:
        return True
    excluded = tuple(text for text in patterns if text.startswith("!"))
    listed = [name for name in names if name]
    if excluded and not all(chosen(name, excluded) for name in listed):
        return False
    return any(chosen(name, patterns) for name in listed)
