"""What people do with alerts: take them, or let them rest. Nothing is sent to the PBX."""

from collections.abc import Mapping
from typing import Any

from ccops.board import AlertRow
from ccops.desk.api import Outcome
from ccops.desk.context import AlertKeeper, Context
from ccops.desk.table import Action, Argument
from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _

HALF_AN_HOUR = 30
"""Minutes that an alert rests unless told otherwise."""
MOST_MINUTES = 7 * 24 * 60


async def acknowledge(context: Context, row: AlertRow, given: Mapping[str, Any]) -> Outcome:
    """Take an alert: whoever sees it knows by whom, and nobody else is told."""
    if not context.dry_run:
        _keeper(context).acknowledge(row.alert_id, context.who, context.reason)
    message = _("{alert}: taken by {who}.").format(alert=_named(row), who=context.who)
    return context.done(message, target=row.alert_id, alert_id=row.alert_id, rule=row.rule)


async def snooze(context: Context, row: AlertRow, given: Mapping[str, Any]) -> Outcome:
    """Let an alert rest; where it still holds then, everybody is told again."""
    minutes = int(given["minutes"])
    if not 1 <= minutes <= MOST_MINUTES:
        raise UsageProblem(
            _("An alert may rest for 1 to {most} minutes, not {minutes}.").format(most=MOST_MINUTES, minutes=minutes)
        )
    if not context.dry_run:
        _keeper(context).snooze(row.alert_id, context.who, minutes * 60.0, context.reason)
    message = _("{alert}: rests for {minutes} min.").format(alert=_named(row), minutes=minutes)
    return context.done(message, target=row.alert_id, alert_id=row.alert_id, rule=row.rule, minutes=minutes)


def _keeper(context: Context) -> AlertKeeper:
    if context.alerts is None:
        raise CcopsError(
            _("Nobody keeps alerts here."), remedy=_("The daemon does: systemctl start ccops, or `ccops daemon run`.")
        )
    return context.alerts


def _named(row: AlertRow) -> str:
    return _("Alert {number} ({text})").format(number=row.alert_id, text=row.text)


ACTIONS = (
    Action(
        "alert.ack",
        "alert",
        _("Acknowledge"),
        _("Takes an alert: nobody else is told of it unless it gets worse."),
        acknowledge,
        (),
        key="k",
        command=("alert", "ack"),
        plural=True,
    ),
    Action(
        "alert.snooze",
        "alert",
        _("Snooze"),
        _("Lets an alert rest for a while; if it still holds then, everybody is told again."),
        snooze,
        (),
        (Argument("minutes", "number", _("for how many minutes; 30 unless given"), default=HALF_AN_HOUR),),
        key="n",
        command=("alert", "snooze"),
        plural=True,
    ),
)
