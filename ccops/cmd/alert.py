"""`ccops alert`: what holds, who takes it, what happened, and does it reach people."""

from typing import TYPE_CHECKING, Annotated

import typer

from ccops.cmd.act import add_actions
from ccops.cmd.columns import Record, columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.rows import ALERT_COLUMNS, alert_record, instant, span
from ccops.cmd.run import Run
from ccops.errors import CcopsError, ExitCode, NotFound
from ccops.i18n import _

if TYPE_CHECKING:
    from datetime import tzinfo

    from ccops.alerts.channels import Channel
    from ccops.board import AlertRow, Board
    from ccops.store.alerts import AlertRecord, DeliveryRecord, EventRecord

app = noun("Alerts: what holds, who takes it, what happened, does it reach people.")

HISTORY_COLUMNS = columns(
    "alert_id:count:id", "raised_at:instant:raised", "highest::level", "rule", "name::about", "text",
    "lasted:duration", "acknowledged_by::acknowledged", "delivered:count", "waiting:count", "failed:count",
    extra="level figure value:figure threshold:figure topic key since:instant acknowledged_at:instant"
    " cleared_at:instant told:count targets:list events:data deliveries:data",
)  # fmt: skip
TEST_COLUMNS = columns("target", "recipient", "ok:flag", "detail", "seconds:seconds")
FIGURE_COLUMNS = columns("figure", "about", "unit", "bad", "meaning")
RULE_COLUMNS = columns(
    "rule", "figure", "bad", "info:figure", "warning:figure", "critical:figure", "lasting:duration",
    "targets:list", "escalate:list",
    extra="hysteresis:figure calm:duration tell_after:duration queues:list agents:list states:list reasons:list"
    " min_offered:count roles:list escalate_after:duration",
)  # fmt: skip


@app.command("list", epilog=examples("ccops alert list", "ccops alert list --json", "ccops alert list --sort -lasts"))
@listing(ALERT_COLUMNS)
def list_alerts(context: typer.Context, out: Output) -> None:
    """List the alerts that hold, the most pressing first.

    The daemon keeps them; without one they are judged here, at one look, and cannot be taken.
    """
    run = Run.of(context)
    board, now = run.board(live=False), run.now()
    rows = list(board.alerts.values()) if board.watched else _judged(run, board, now)
    if not board.watched:
        run.narrator.say(_("No daemon keeps alerts; this is one look."))
    rank = {"critical": 0, "warning": 1, "info": 2}
    rows.sort(key=lambda row: (bool(row.acknowledged_by), rank[row.level], row.since))
    out.listing(alert_record(row, now, run.zone) for row in rows)


def _judged(run: Run, board: "Board", now: float) -> "list[AlertRow]":
    from ccops.alerts.once import rows_now
    from ccops.alerts.probes import site_now
    from ccops.alerts.rules import rules_of
    from ccops.desk.outlook import planned_site

    settings = run.settings
    site = site_now(settings.queue_log.path, settings.store.path, board, now)
    return rows_now(board, now, rules_of(settings), planned_site(site, settings, now, board))


add_actions(app, "alert")


@app.command(
    "history",
    epilog=examples(
        "ccops alert history",
        "ccops alert history --from 2026-03-01 --to 2026-03-07 --json",
        "ccops alert history --limit 20 --fields raised_at,rule,name,lasted,acknowledged_by",
    ),
)
@listing(HISTORY_COLUMNS)
def list_history(
    context: typer.Context,
    out: Output,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="From this day or instant on.")] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Up to this day, or up to before this instant.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=100_000, help="At most so many.")] = 200,
) -> None:
    """List the alerts that were, newest first: how long, who took them, who was told and whether that worked.

    It is read from the store, so whoever may read that may see it.
    """
    run = Run.of(context)
    from ccops.cmd.audit import moment
    from ccops.store import open_store
    from ccops.store.alerts import deliveries_of, events_of, history

    zone = run.zone
    start, end = moment(since, zone, whole_day=False), moment(until, zone, whole_day=True)
    with open_store(run.settings.store.path, read_only=True) as database, database.snapshot():
        records = history(database, start, end, limit)
        events = events_of(database, [record.id for record in records])
        deliveries = deliveries_of(database, [record.id for record in records])
    out.listing(_past(record, events[record.id], deliveries[record.id], zone) for record in records)


def _past(
    record: "AlertRecord", events: "list[EventRecord]", deliveries: "list[DeliveryRecord]", zone: "tzinfo"
) -> Record:
    counts = {state: sum(item.state == state for item in deliveries) for state in ("delivered", "waiting", "failed")}
    plain = ("rule", "name", "text", "level", "highest", "figure", "value", "threshold", "topic", "key", "told")
    return {
        "alert_id": str(record.id),
        **{name: getattr(record, name) for name in plain},
        **{
            name: instant(getattr(record, name), zone)
            for name in ("since", "raised_at", "acknowledged_at", "cleared_at")
        },
        "lasted": span(record.raised_at, record.cleared_at),
        "acknowledged_by": record.acknowledged_by or None,
        **counts,
        "targets": list(record.targets),
        "events": [_event(event, zone) for event in events],
        "deliveries": [_delivery(delivery, zone) for delivery in deliveries],
    }


def _event(event: "EventRecord", zone: "tzinfo") -> Record:
    return {
        "at": instant(event.at, zone),
        "kind": event.kind,
        "level": event.level,
        "value": event.value,
        "who": event.who or None,
        "note": event.note or None,
    }


def _delivery(delivery: "DeliveryRecord", zone: "tzinfo") -> Record:
    return {
        "id": delivery.id,
        "target": delivery.target,
        "recipient": delivery.recipient,
        "state": delivery.state,
        "tries": delivery.tries,
        "made_at": instant(delivery.made_at, zone),
        "ended_at": instant(delivery.ended_at, zone),
        "detail": delivery.detail or None,
    }


@app.command("test", epilog=examples("ccops alert test", "ccops alert test supervisors", "ccops alert test --json"))
@listing(TEST_COLUMNS)
def try_targets(
    context: typer.Context,
    out: Output,
    target: Annotated[str | None, typer.Argument(metavar="TARGET", help="Only this one.", show_default=False)] = None,
) -> int:
    """Send a test message to every target, once, and say what happened; exit code 1 where one did not take it.

    It is sent from here: run it as the user of the daemon, who may read keys and passwords.
    """
    run = Run.of(context)
    from ccops.alerts.channels import channels_of

    settings = run.settings
    if target is not None and target not in settings.alert_targets:
        raise NotFound(_("alert target"), target, settings.alert_targets)
    names = list(settings.alert_targets) if target is None else [target]
    ways = [(name, channel) for name in names for channel in channels_of(settings, name)]
    results = [_tried(run, name, channel) for name, channel in ways]
    out.listing(results)
    if not results:
        run.narrator.say(_("There are no targets: see [alert_targets.…] in the configuration."))
    return ExitCode.OK if all(result["ok"] for result in results) else ExitCode.FAILED


def _tried(run: Run, name: str, channel: "Channel") -> Record:
    import time
    from secrets import token_hex

    from ccops.alerts.message import Message, trial_body

    begun = time.monotonic()
    message = Message(token_hex(16), trial_body(run.settings.site.name, run.now()))
    try:
        detail, ok = channel.send(message), True
    except CcopsError as error:
        detail, ok = str(error), False
    seconds = round(time.monotonic() - begun, 3)
    return {"target": name, "recipient": channel.recipient, "ok": ok, "detail": detail, "seconds": seconds}


@app.command("rules", epilog=examples("ccops alert rules", "ccops alert rules --json"))
@listing(RULE_COLUMNS)
def list_rules(context: typer.Context, out: Output) -> None:
    """List the rules in force: the built-in ones, and those of the configuration."""
    run = Run.of(context)
    from ccops.alerts.rules import LEVELS, rules_of

    lists = ("queues", "agents", "states", "reasons", "roles", "targets", "escalate")
    numbers = ("lasting", "hysteresis", "calm", "tell_after", "min_offered", "escalate_after")
    out.listing(
        {
            "rule": rule.name,
            "figure": rule.figure,
            "bad": "above" if rule.above else "below",
            **dict(zip(LEVELS, rule.limits, strict=True)),
            **{name: getattr(rule, name) for name in numbers},
            **{name: list(getattr(rule, name)) for name in lists},
        }
        for rule in rules_of(run.settings)
    )


@app.command("figures", epilog=examples("ccops alert figures", "ccops alert figures -f md"))
@listing(FIGURE_COLUMNS)
def list_figures(context: typer.Context, out: Output) -> None:
    """List the figures that a rule may be about."""
    from ccops.alerts.figures import FIGURES

    out.listing(
        {
            "figure": figure.name,
            "about": figure.topic,
            "unit": figure.unit,
            "bad": "above" if figure.above else "below",
            "meaning": figure.help,
        }
        for figure in FIGURES.values()
    )
