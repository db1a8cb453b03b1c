"""`ccops check`: figures against thresholds, for cron and for monitors of the Nagios kind."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import Record, columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.limits import Asked, limits_of
from ccops.cmd.output import Output, listing
from ccops.cmd.queue import QueueArgument
from ccops.cmd.run import Run
from ccops.errors import CcopsError, ConfigError, ExitCode, LinkError, LoginRefused
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.alerts.checks import Verdict
    from ccops.alerts.figures import Site
    from ccops.alerts.rules import Rule
    from ccops.board import Board

app = noun("Checks for cron and monitors: exit code 6 where a threshold is breached.")

VERDICT_COLUMNS = columns(
    "status:state", "check", "subject", "text::value", extra="figure value:figure warning:figure critical:figure"
)
UNKNOWN = 3
"""What a monitor of the Nagios kind is told where nothing can be told."""

NagiosOption = Annotated[
    bool, typer.Option("--nagios", help="One line with performance data; exit codes 0, 1, 2, 3 as monitors expect.")
]


def _limit(flag: str, kind: str, text: str) -> Any:
    return typer.Option(flag, metavar=kind, help=text)


@app.command(
    "queue",
    epilog=examples(
        "ccops check queue sales --max-waiting 5 --max-wait 2m --min-service-level 80%",
        "ccops check queue sales --max-waiting 3,6 --nagios   warning beyond 3, critical beyond 6",
        "ccops check queue sales   by the rules of the configuration",
        "*/5 8-18 * * 1-5  ccops check queue sales --max-wait 5m >/dev/null || page-somebody",
    ),
)
@listing(VERDICT_COLUMNS)
def check_queue(
    context: typer.Context,
    queue: QueueArgument,
    out: Output,
    max_waiting: Annotated[str | None, _limit("--max-waiting", "N", "Callers who may wait.")] = None,
    max_wait: Annotated[str | None, _limit("--max-wait", "S", "How long one of them may.")] = None,
    min_service_level: Annotated[str | None, _limit("--min-service-level", "X", "Of today: 80% or 0.8.")] = None,
    max_abandon_rate: Annotated[str | None, _limit("--max-abandon-rate", "X", "Of today.")] = None,
    min_free: Annotated[str | None, _limit("--min-free", "N", "Agents who must be free.")] = None,
    nagios: NagiosOption = False,
) -> int:
    """Check one queue; exit code 6 where a threshold is breached, 0 otherwise.

    A threshold is one number, or two for warning and critical: 5,10. Beyond it is a breach, at it is none. Without
    any, the rules of the configuration are asked. A rate that no visit has made yet is fine.
    """
    options = (
        Asked("--max-waiting", "waiting", max_waiting),
        Asked("--max-wait", "longest_wait", max_wait),
        Asked("--min-service-level", "service_level", min_service_level),
        Asked("--max-abandon-rate", "abandon_rate", max_abandon_rate),
        Asked("--min-free", "free_agents", min_free),
    )

    def look(run: Run, board: "Board", asked: "Sequence[Rule]") -> "list[Verdict]":
        from ccops.desk.resolve import find_queue

        name = find_queue(board, queue).queue
        rules = asked or [rule for rule in _rules(run) if _about(rule) == "queue"]
        return [item for item in _verdicts(run, _only_queue(board, name), rules) if _about_verdict(item) == "queue"]

    return _checked(Run.of(context), out, "queue", nagios, look, options)


@app.command(
    "agents",
    epilog=examples(
        "ccops check agents --min-free 1 --max-paused 5",
        "ccops check agents --queue sales --min-free 2,1 --nagios",
        "ccops check agents --max-pause 20m --json",
    ),
)
@listing(VERDICT_COLUMNS)
def check_agents(
    context: typer.Context,
    out: Output,
    queue: Annotated[str | None, typer.Option("--queue", metavar="QUEUE", help="Only agents of this queue.")] = None,
    min_free: Annotated[str | None, _limit("--min-free", "N", "Agents who must be free.")] = None,
    max_paused: Annotated[str | None, _limit("--max-paused", "N", "Agents who may be paused.")] = None,
    max_unavailable: Annotated[str | None, _limit("--max-unavailable", "N", "Agents who may be offline.")] = None,
    max_pause: Annotated[str | None, _limit("--max-pause", "S", "How long one of them may be paused.")] = None,
    nagios: NagiosOption = False,
) -> int:
    """Check the agents of the centre or of one queue; exit code 6 where a threshold is breached.

    Without any threshold, the rules of the configuration are asked.
    """
    options = (
        Asked("--min-free", "free_agents", min_free),
        Asked("--max-paused", "paused", max_paused),
        Asked("--max-unavailable", "unavailable", max_unavailable),
        Asked("--max-pause", "pause_time", max_pause),
    )

    def look(run: Run, board: "Board", asked: "Sequence[Rule]") -> "list[Verdict]":
        from ccops.alerts.counts import as_queue
        from ccops.desk.resolve import find_queue

        name = None if queue is None else find_queue(board, queue).queue
        rules = asked or [rule for rule in _rules(run) if _about(rule) == "agent"]
        return _verdicts(run, as_queue(board, name), rules)

    return _checked(Run.of(context), out, "agents", nagios, look, options)


@app.command("link", epilog=examples("ccops check link", "ccops check link --nagios", "ccops check link --max-age 10s"))
@listing(VERDICT_COLUMNS)
def check_link(
    context: typer.Context,
    out: Output,
    max_age: Annotated[str | None, _limit("--max-age", "S", "How long the PBX may be silent.")] = None,
    max_clock_offset: Annotated[str | None, _limit("--max-clock-offset", "S", "How far its clock may be off.")] = None,
    nagios: NagiosOption = False,
) -> int:
    """Check that the PBX can be reached and lets us in; exit code 6 where not."""
    run = Run.of(context)
    options = (
        Asked("--max-age", "link_down", max_age or "0s"),
        Asked("--max-clock-offset", "clock_offset", max_clock_offset or "5s"),
    )

    def look(run: Run, board: "Board", asked: "Sequence[Rule]") -> "list[Verdict]":
        return [item for item in _verdicts(run, board, asked) if item.status != "unknown"]

    try:
        return _checked(run, out, "link", nagios, look, options, raises=(LinkError, LoginRefused))
    except (LinkError, LoginRefused) as error:
        from ccops.alerts.checks import Verdict

        down = Verdict("link_down", run.settings.ami.host, "link_down", None, None, 0.0, "critical", error.message)
        return _told(run, out, "link", nagios, [down])


@app.command(
    "log", epilog=examples("ccops check log", "ccops check log --max-silence 5m --nagios", "ccops check log --json")
)
@listing(VERDICT_COLUMNS)
def check_log(
    context: typer.Context,
    out: Output,
    max_silence: Annotated[
        str | None, _limit("--max-silence", "S", "How long a call may be in a queue without a line of the log.")
    ] = None,
    nagios: NagiosOption = False,
) -> int:
    """Check that the queue_log is there and tells the calls that are in queues now; exit code 6 where not.

    Where a daemon serves, also that it takes the log into the store: for so long it may fail to.
    """
    options = tuple(
        Asked("--max-silence", figure, max_silence or "60s") for figure in ("log_silence", "history_stopped")
    )

    def look(run: Run, board: "Board", asked: "Sequence[Rule]") -> "list[Verdict]":
        from ccops.alerts.probes import site_now

        path, store = run.settings.queue_log.path, run.settings.store.path
        log, kept = asked
        # Where a daemon serves it is also asked whether it can take its log in, which may not be ours.
        rules = [*([log] if path is not None else []), *([kept] if board.watched else [])]
        if not rules:
            raise ConfigError(_("No queue_log is configured."), remedy=_("Set queue_log.path."))
        return _verdicts(run, board, rules, site_now(path, store, board, run.now()))

    return _checked(Run.of(context), out, "log", nagios, look, options)


@app.command("all", epilog=examples("ccops check all", "ccops check all --nagios", "ccops check all --json"))
@listing(VERDICT_COLUMNS)
def check_all(context: typer.Context, out: Output, nagios: NagiosOption = False) -> int:
    """Check everything by the rules of the configuration; exit code 6 where a threshold is breached.

    Where the daemon keeps alerts those are told, with how long they must last; else one look is taken.
    """

    def look(run: Run, board: "Board", _asked: "Sequence[Rule]") -> "list[Verdict]":
        from ccops.alerts.checks import of_alerts
        from ccops.alerts.figures import link_text
        from ccops.alerts.probes import site_now
        from ccops.desk.outlook import planned_site

        if board.watched:
            if board.link.state != "live" and not any(row.figure == "link_down" for row in board.alerts.values()):
                raise LinkError(link_text(board))  # nobody wants an alert about it, but nothing is known
            return of_alerts(board.alerts.values())
        settings = run.settings
        site = site_now(settings.queue_log.path, settings.store.path, board, run.now())
        site = planned_site(site, settings, run.now(), board)
        return [item for item in _verdicts(run, board, _rules(run), site) if item.status != "unknown"]

    return _checked(Run.of(context), out, "all", nagios, look, live=False)


# --- common ---


def _rules(run: Run) -> "Sequence[Rule]":
    from ccops.alerts.rules import rules_of

    return rules_of(run.settings)


def _about(rule: "Rule") -> str:
    from ccops.alerts.figures import FIGURES

    return FIGURES[rule.figure].topic


def _about_verdict(verdict: "Verdict") -> str:
    from ccops.alerts.figures import FIGURES

    return FIGURES[verdict.figure].topic


def _only_queue(board: "Board", name: str) -> "Board":
    from dataclasses import replace

    return replace(board, queues={name: board.queues[name]}, agents={}, parked={})


def _verdicts(run: Run, board: "Board", rules: "Sequence[Rule]", site: "Site | None" = None) -> "list[Verdict]":
    from ccops.alerts.checks import verdicts

    return verdicts(board, run.now(), rules, site)


def _checked(
    run: Run,
    out: Output,
    name: str,
    nagios: bool,
    look: "Callable[[Run, Board, Sequence[Rule]], list[Verdict]]",
    options: Sequence[Asked] = (),
    raises: tuple[type[CcopsError], ...] = (),
    *,
    live: bool = True,
) -> int:
    """Look and tell; with --nagios whatever goes wrong is one line and code 3."""
    try:
        asked = limits_of(*options)  # before the PBX is asked for nothing
        found = look(run, run.board(live=live), asked)
    except raises:
        raise
    except CcopsError as error:
        if not nagios:
            raise
        run.write(f"CCOPS {name.upper()} UNKNOWN - {' '.join(str(error).replace('|', '/').split())}\n")
        return UNKNOWN
    return _told(run, out, name, nagios, found)


def _told(run: Run, out: Output, name: str, nagios: bool, found: "list[Verdict]") -> int:
    from ccops.alerts.checks import NAGIOS, nagios_line, worst

    if nagios:
        run.write(nagios_line(name, found) + "\n")
        return NAGIOS[worst(found)]
    out.listing(_record(verdict) for verdict in found)
    for verdict in found:
        if verdict.status == "unknown":
            run.narrator.warn(
                _("{check} of {subject} is not known.").format(check=verdict.check, subject=verdict.subject)
            )
    return ExitCode.BREACH if any(verdict.breached for verdict in found) else ExitCode.OK


def _record(verdict: "Verdict") -> Record:
    return {
        "status": verdict.status,
        "check": verdict.check,
        "subject": verdict.subject,
        "text": verdict.text,
        "figure": verdict.figure,
        "value": None if verdict.value is None else round(verdict.value, 4),
        "warning": verdict.warning,
        "critical": verdict.critical,
    }
