"""`ccops doctor`: everything that must be right, looked at one by one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import typer

from ccops.cmd.checkup import Check
from ccops.cmd.columns import columns
from ccops.cmd.formats import Format
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.run import Run
from ccops.errors import ConfigError, ExitCode
from ccops.settings import Settings

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

    Configuration, secret, store, disks, log, history, audit, alerts, daemon and terminal here; then on the PBX: reach,
    login, rights by ListCommands and the features that a missing one costs, version and known holes, clock, queues,
    classes of events. Targets of alerts and the mail server are gone to up to where something would be sent; `ccops
    alert test` sends. `ok` is null where a thing could not be told or is simply not wanted. Of the history in the store
    it says what may make figures wrong and in which reports: visits without an end, Local channels as agents, static
    members, steps of the clock, doubles, gaps. Exit code 1 where a check fails.
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
    from ccops.cmd.checkup import daemon, here

    try:
        loaded = run.loaded
    except ConfigError as error:
        yield here.bad_configuration(error)
        yield here.terminal(run.environment)
        return
    settings, now = loaded.settings, run.now()
    yield here.configuration(loaded)
    served = daemon.knock(settings)
    yield served
    secret = here.secret(settings)
    # Who comes through the daemon needs no secret, and mostly cannot read it.
    yield Check("secret", None, secret.detail) if served.ok and not secret.ok else secret
    yield here.timezone(loaded)
    for check in _on_disk(settings, now, kept=bool(served.ok)):
        yield check
    if served.ok:
        async for check in daemon.inside(settings, now):
            yield check
    for check in _told(settings, offline, kept=bool(served.ok)):
        yield check
    yield here.terminal(run.environment)
    if offline or not secret.ok:
        return
    from ccops.cmd.checkup.pbx import pbx_checks

    async for check in pbx_checks(settings, run.environment.clock, listen):
        yield check


def _on_disk(settings: Settings, now: float, *, kept: bool) -> Iterator[Check]:
    """Yield the checks of log, store and what is in it; `kept` says that a daemon writes it."""
    from ccops.cmd.checkup import disk, here
    from ccops.cmd.checkup.history import history_checks
    from ccops.cmd.checkup.records import record_checks
    from ccops.cmd.checkup.safety import safety_checks

    yield disk.store(settings, kept=kept)
    yield from disk.disks(settings)
    yield from safety_checks(settings, now)
    yield from disk.reports_folder(settings)
    yield here.queue_log(settings, now)
    yield from history_checks(settings, kept=kept)
    yield from record_checks(settings, now)


def _told(settings: Settings, offline: bool, *, kept: bool) -> Iterator[Check]:
    """Yield the checks of alerts and mail; nothing is sent."""
    from ccops.cmd.checkup import reach

    yield reach.rules(settings)
    if not offline:
        yield from reach.targets(settings, kept=kept)
        yield from reach.mail_server(settings)
