"""`ccops doctor`: everything that must be right, looked at one by one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import typer

from ccops.cmd.checkup import Check
from ccops.cmd.columns import columns
from ccops.cmd.formats import Format
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.run import Run
from ccops.errors import ConfigError, ExitCode

app = noun()

CHECK_COLUMNS = columns("check", "ok:flag", "detail", "remedy")


@app.command(
    "doctor",
    epilog=examples("ccops doctor", "ccops doctor --json", "ccops doctor --listen 10", "ccops doctor --offline"),
)
@listing(CHECK_COLUMNS)
def doctor(
    context: typer.Context,
    out: Output,
    listen: Annotated[
        float, typer.Option("--listen", metavar="SECONDS", min=0, max=600, help="How long to wait for events.")
    ] = 2.0,
    offline: Annotated[bool, typer.Option("--offline", help="Only what is on this machine.")] = False,
) -> int:
    """Check everything that must be right, and say what to do where it is not.

    Configuration, secret, store, log, history and terminal here; then on the PBX: reach, login, rights by ListCommands
    and the features that a missing one costs, version and known holes, clock, queues, classes of events. `ok` is null
    where a thing could not be told or is simply not wanted. Of the history in the store it says what may make figures
    wrong and in which reports: visits without an end, Local channels as agents, static members, steps of the clock,
    doubles, gaps. Exit code 1 where a check fails.
    """
    run = Run.of(context)
    checks = asyncio.run(_all(run, listen, offline))
    if out.format is Format.TABLE and not out.fields:
        run.write("".join(check.lines(ascii_only=run.options.ascii) for check in checks))
    else:
        out.listing(check.record() for check in checks)
    return ExitCode.FAILED if any(check.ok is False for check in checks) else ExitCode.OK


async def _all(run: Run, listen: float, offline: bool) -> list[Check]:
    return [check async for check in _checks(run, listen, offline)]


async def _checks(run: Run, listen: float, offline: bool) -> AsyncIterator[Check]:
    from ccops.cmd.checkup import here
    from ccops.cmd.checkup.history import history_checks, kept_by_daemon

    try:
        loaded = run.loaded
    except ConfigError as error:
        yield here.bad_configuration(error)
        yield here.terminal(run.environment)
        return
    settings = loaded.settings
    yield here.configuration(loaded)
    served = here.daemon(settings)
    yield served
    secret = here.secret(settings)
    # Who comes through the daemon needs no secret, and mostly cannot read it.
    yield Check("secret", None, secret.detail) if served.ok and not secret.ok else secret
    yield here.timezone(loaded)
    yield here.store(settings)
    yield here.queue_log(settings, run.now())
    if served.ok:
        yield await kept_by_daemon(settings)
    for check in history_checks(settings):
        yield check
    yield here.terminal(run.environment)
    if offline or not secret.ok:
        return
    from ccops.cmd.checkup.pbx import pbx_checks

    async for check in pbx_checks(settings, run.environment.clock, listen):
        yield check
