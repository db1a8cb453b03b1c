"""`ccops db`: is the store sound, a copy of it, and a copy back in its place."""

import socket
import time
from pathlib import Path
from typing import Annotated

import typer

from ccops.cmd.columns import columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.prompts import Prompts
from ccops.cmd.run import Run
from ccops.cmd.stopping import cleaned_up
from ccops.errors import CcopsError, ExitCode, UsageProblem
from ccops.i18n import _

app = noun("The store: check it, copy it, bring a copy back.")

CHECK_COLUMNS = columns("ok:flag", "store", "bytes:count", "problems:list", "seconds:seconds")
BACKUP_COLUMNS = columns("store", "backup", "bytes:count", "seconds:seconds")
RESTORE_COLUMNS = columns("store", "backup", "restored:flag", "kept", "seconds:seconds")


@app.command("check", epilog=examples("ccops db check", "ccops db check --json", "ccops --db backup.db db check"))
@listing(CHECK_COLUMNS, one=True)
def check_store(context: typer.Context, out: Output) -> int:
    """Read every page of the store and say what is wrong with it.

    Beside SQLite's own check: every block of log lines is what was written, none is missing, and the audit's chain
    is whole. Exit code 1 where something is wrong.
    """
    run = Run.of(context)
    from ccops.store import StoreDamaged, check

    path, begun = run.settings.store.path, time.monotonic()
    try:
        problems = check(path)
    except StoreDamaged as damage:
        problems = [damage.message]
    out.one(
        {
            "ok": not problems,
            "store": str(path),
            "bytes": path.stat().st_size,
            "problems": problems,
            "seconds": _since(begun),
        }
    )
    if not problems:
        return ExitCode.OK
    run.narrator.error(
        _("The store “{path}” is damaged.").format(path=path), _("`ccops db restore FILE` brings a backup back.")
    )
    return ExitCode.FAILED


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


@app.command(
    "backup", epilog=examples("ccops db backup /backup/ccops-$(date +%F).db", "ccops db backup copy.db --json")
)
@listing(BACKUP_COLUMNS, one=True)
def backup_store(
    context: typer.Context,
    out: Output,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; it must not exist.", show_default=False)],
) -> None:
    """Write a whole copy of the store, as it is at one instant, also while the daemon writes to it."""
    run = Run.of(context)
    from ccops.store import backup

    path, begun = run.settings.store.path, time.monotonic()
    try:
        with cleaned_up():
            backup(path, file)
    except SystemExit:
        raise CcopsError(_("The backup was stopped; nothing is left of it.")) from None
    out.one({"store": str(path), "backup": str(file), "bytes": file.stat().st_size, "seconds": _since(begun)})


@app.command(
    "restore",
    epilog=examples(
        "ccops db restore /backup/ccops-2026-03-01.db",
        "ccops db restore copy.db --dry-run",
        "ccops db restore copy.db --yes --json",
    ),
)
@listing(RESTORE_COLUMNS, one=True)
def restore_store(
    context: typer.Context,
    out: Output,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check the backup, and say what would be done.")
    ] = False,
) -> None:
    """Put a backup in the place of the store; what stands there is kept beside it.

    The backup is checked first, and nothing is touched where it is damaged or of a newer ccops, or while the daemon
    or an ingest writes to the store.
    """
    run = Run.of(context)
    path, begun = run.settings.store.path, time.monotonic()
    _fit(run, path, file)
    kept = None
    if dry_run:
        _check_backup(file)
        run.narrator.say(_("The backup is sound; nothing was done."))
    else:
        if path.exists() and not yes:
            _ask(run, path, file)
        kept = _restore(path, file)
    out.one(
        {
            "store": str(path),
            "backup": str(file),
            "restored": not dry_run,
            "kept": None if kept is None else str(kept),
            "seconds": _since(begun),
        }
    )


def _fit(run: Run, path: Path, file: Path) -> None:
    if not file.exists():
        raise UsageProblem(_("There is no backup “{path}”.").format(path=file), remedy=_("Check the path."))
    if path.exists() and path.samefile(file):
        raise UsageProblem(_("“{path}” is the store itself.").format(path=file), remedy=_("Name a backup of it."))
    # With --db it is a store that the daemon of this machine need not know.
    if run.options.db is None and _is_served(run.settings.daemon.socket):
        raise CcopsError(
            _("The daemon is running and writes to the store."), remedy=_("Stop it first: systemctl stop ccops.")
        )


def _is_served(path: Path) -> bool:
    """Tell whether somebody answers on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _check_backup(file: Path) -> None:
    """Raise what is wrong with a backup."""
    from ccops.store import StoreDamaged, check

    problems = check(file)
    if problems:
        message = _("The backup “{path}” is damaged: {reason}.").format(path=file, reason=problems[0])
        raise StoreDamaged(message, remedy=_("Use another backup."))


def _ask(run: Run, path: Path, file: Path) -> None:
    if not run.environment.interactive:
        raise UsageProblem(_("The store “{path}” is not replaced unasked.").format(path=path), remedy=_("Add --yes."))
    question = _("Put {file} in the place of the store {path}? What stands there is kept.")
    if not Prompts(run.environment).yes(question.format(file=file, path=path), default=False):
        raise UsageProblem(_("Nothing was done."))


def _restore(path: Path, file: Path) -> Path | None:
    from ccops.store import restore

    try:
        with cleaned_up():
            return restore(path, file)
    except SystemExit:
        raise CcopsError(_("The restore was stopped."), remedy=_("Run it again.")) from None
