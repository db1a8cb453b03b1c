"""The program `ccops`: options before the command, the table of commands, and how a run ends."""

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ccops.cmd.cores import leave_no_core
from ccops.cmd.diagnostics import PipeClosed, let_go_of_stdout, report
from ccops.cmd.environment import Environment
from ccops.cmd.lazy import Entry, LazyGroup, examples
from ccops.cmd.run import Options, Run
from ccops.errors import ExitCode
from ccops.i18n import _

LIVE, SUPERVISE, HISTORY, PLAN, SETUP = "Live", "Supervise", "History", "Plan", "Set up"

ENTRIES = (
    Entry("status", "Say how the centre is doing, in one glance.", LIVE),
    Entry("queue", "Queues: who waits, who answers, today's figures.", LIVE),
    Entry("agent", "Agents: what each is doing and for how long.", LIVE),
    Entry("call", "Calls that wait or are being talked.", LIVE),
    Entry("alert", "Alerts: what holds, who takes it, what happened, does it reach people.", LIVE),
    Entry("check", "Checks for cron and monitors: exit code 6 where a threshold is breached.", LIVE),
    Entry("metrics", "Print the figures for Prometheus, or write them to a file.", LIVE),
    Entry("watch", "Print every change as a line of JSON until stopped.", LIVE),
    Entry("listen", "Hear the agent's call; nobody hears you.", SUPERVISE, action=True),
    Entry("whisper", "Hear the call; only the agent hears you.", SUPERVISE, action=True),
    Entry("private", "Speak to the agent alone, without hearing the call.", SUPERVISE, action=True),
    Entry("barge", "Agent, caller and you hear each other.", SUPERVISE, action=True),
    Entry("takeover", "You get the caller, the agent falls out.", SUPERVISE, action=True),
    Entry("supervision", "Supervisions that run: see them, stop them.", SUPERVISE),
    Entry("audit", "The audit: who did what to whom, when and why.", SUPERVISE),
    Entry("ingest", "Take queue_logs and call records into the store.", HISTORY),
    Entry("report", "Reports: print one, write it to a file, trace its figures, deliver it.", HISTORY),
    Entry("db", "The store: check it, copy it, bring a copy back.", HISTORY),
    Entry("wfm", "Plan the work force: forecast, staff, roster, follow.", PLAN),
    Entry("help", "Read the documentation, without a network.", SETUP),
    Entry("demo", "Show all this on a simulated centre.", SETUP),
    Entry("init", "Write a configuration, and test it on the PBX.", SETUP),
    Entry("config", "The configuration: values, origins, errors.", SETUP),
    Entry("doctor", "Check everything that must be right, and say what to do where it is not.", SETUP),
    Entry("daemon", "The always-on engine: one link to the PBX, one writer, everybody's rights by role.", SETUP),
    Entry("standby", "A second machine that waits: let it follow, see how fresh it is, let it take over.", SETUP),
    Entry("completion", "Completion of commands and options in your shell.", SETUP),
)


class Commands(LazyGroup):
    """The top level of ccops."""

    entries = ENTRIES


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from ccops import __version__

        typer.echo(f"ccops {__version__}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    epilog=examples(
        "ccops demo                        a simulated centre, to look around",
        "ccops init                        connect to your own PBX",
        "ccops                             open the console",
        "ccops queue list --json           the same for scripts",
        "ccops --screen calls --read-only  open the console on the calls, look only",
    ),
)
def root(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option("--config", "-c", metavar="FILE", help="Configuration file.")] = None,
    db: Annotated[Path | None, typer.Option("--db", metavar="FILE", help="The store (store.path).")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr; tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what is wrong.")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="Refuse every action.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours, as with NO_COLOR.")] = False,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw with plain characters only.")] = False,
    screen: Annotated[str | None, typer.Option("--screen", metavar="NAME", help="Open the console there.")] = None,
    theme: Annotated[str | None, typer.Option("--theme", metavar="NAME", help="Colours of the console.")] = None,
    wall: Annotated[bool, typer.Option("--wall", help="Open the console for a screen on the wall.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> int | None:
    """Look after a call centre on Asterisk: a console for supervisors, commands for scripts.

    Without a command it opens the console.
    """
    run = Run.of(context)
    run.options = Options(config, db, verbose, quiet, read_only, no_color, ascii_only, screen, theme, wall)
    if context.invoked_subcommand is not None:
        return None
    if not run.environment.has_screen:
        typer.echo(context.get_help())
        return ExitCode.USAGE
    from ccops.cmd.console import open_console

    return open_console(run)


def main(arguments: Sequence[str] | None = None, environment: Environment | None = None) -> int:
    """Run one command in one environment and return its exit code; nothing escapes."""
    run = Run(environment or Environment.system())
    given = list(sys.argv[1:] if arguments is None else arguments)
    # --verbose counts for errors that come before typer has read it.
    run.options = Options(verbose=bool({"-v", "--verbose"} & set(given)))
    try:
        code = _invoke(run, given)
        run.flush()
        return code
    except typer.TyperException as error:
        from ccops.cmd.usage import explain

        return _told_to_monitors(explain(error, run), given, run)
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (the one place where everything ends)
        return _told_to_monitors(_ended(error, run), given, run)


def _told_to_monitors(code: int, given: Sequence[str], run: Run) -> int:
    """Return the code for who asked: to monitors what is no verdict is unknown (3), and never an alarm (1, 2)."""
    if "--nagios" not in given or code == ExitCode.INTERRUPTED:
        return code
    with contextlib.suppress(PipeClosed, OSError):
        run.write(f"CCOPS UNKNOWN - {_('the check itself failed; stderr says why')}\n")
    return 3


def _invoke(run: Run, arguments: list[str]) -> int:
    command: Any = typer.main.get_command(app)
    standard = run.environment.stdout, run.environment.stderr
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = standard  # typer prints help and completion by itself
    try:
        code = command.main(args=arguments, prog_name="ccops", standalone_mode=False, obj=run)
    except SystemExit as stopped:  # typer's own way to end on a closed pipe or after completion
        if isinstance(stopped.__context__, BrokenPipeError):
            raise PipeClosed from None
        code = stopped.code
    finally:
        sys.stdout, sys.stderr = before
    return code if isinstance(code, int) else ExitCode.OK


def _ended(error: BaseException, run: Run) -> int:
    code = report(error, run.narrator)
    if isinstance(error, PipeClosed) and run.environment.stdout is sys.stdout:
        let_go_of_stdout()
    return code


def run() -> NoReturn:
    """Run ccops from the shell."""
    leave_no_core()
    code = main()
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        let_go_of_stdout()
    sys.exit(code)
