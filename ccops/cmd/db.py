"""`ccops db`: is the store sound, a copy of it, and a copy back in its place."""

import re
import socket
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ccops.cmd.audit import moment
from ccops.cmd.columns import columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.prompts import Prompts
from ccops.cmd.run import Run
from ccops.cmd.stopping import cleaned_up
from ccops.errors import CcopsError, ExitCode, UsageProblem
from ccops.i18n import _

app = noun("The store: check it, copy it, bring a copy back.")

_ABANDONED = 86_400
"""Seconds after which nobody is at work on half a copy any more."""

CHECK_COLUMNS = columns("ok:flag", "store", "bytes:count", "problems:list", "seconds:seconds")
BACKUP_COLUMNS = columns("store", "backup", "bytes:count", "seconds:seconds")
RESTORE_COLUMNS = columns("store", "backup", "restored:flag", "kept", "left_out:count", "seconds:seconds")


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
    "backup",
    epilog=examples(
        "ccops db backup copy.db --json",
        "ccops db backup /backup/ccops-$(date +%F).db --check",
        "ccops db backup /var/lib/ccops/backup/ --check --keep 14",
    ),
)
@listing(BACKUP_COLUMNS, one=True)
def backup_store(
    context: typer.Context,
    out: Output,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Where to; a new file, or a folder for one by date.", show_default=False),
    ],
    checked: Annotated[bool, typer.Option("--check", help="Read the copy back and see that it is sound.")] = False,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=1, help="In a folder: keep the newest N.")
    ] = None,
) -> None:
    """Write a whole copy of the store, as it is at one instant, also while the daemon writes to it.

    Beside it stands its sum, FILE.sha256, by which check and restore see that it is still what was written.
    Older copies go only once the new one is there, and only those that were named by date here.
    """
    run = Run.of(context)
    from ccops.store import backup
    from ccops.store.copying import noted, summed

    path, begun = run.settings.store.path, time.monotonic()
    folder = file if file.is_dir() else None
    if folder is not None:
        file = folder / _dated(run, path)
    elif keep is not None:
        raise UsageProblem(_("“{path}” is no folder.").format(path=file), remedy=_("--keep needs a folder."))
    try:
        with cleaned_up():
            backup(path, file)
    except SystemExit:
        raise CcopsError(_("The backup was stopped; nothing is left of it.")) from None
    summed(file)
    if checked:
        _check_backup(file)
    if folder is not None and keep is not None:
        _keep(folder, path, keep)
    noted(path, file, run.now(), checked=checked)
    out.one({"store": str(path), "backup": str(file), "bytes": file.stat().st_size, "seconds": _since(begun)})


def _dated(run: Run, path: Path) -> str:
    from datetime import datetime

    return f"{path.stem}-{datetime.fromtimestamp(run.now(), run.zone):%Y%m%d-%H%M%S}.db"


def _keep(folder: Path, path: Path, count: int) -> None:
    """Remove all but the newest copies of this store that were named by date."""
    from ccops.store.copying import sum_of

    named = re.compile(rf"{re.escape(path.stem)}-\d{{8}}-\d{{6}}\.db")
    copies = sorted(item for item in folder.iterdir() if named.fullmatch(item.name) and item.is_file())
    for old in copies[:-count]:
        sum_of(old).unlink(missing_ok=True)
        old.unlink(missing_ok=True)
    half = re.compile(named.pattern + r"\.partial")
    for left in folder.iterdir():  # by a copy that was killed
        if half.fullmatch(left.name) and left.stat().st_mtime < time.time() - _ABANDONED:
            left.unlink(missing_ok=True)


@app.command(
    "restore",
    epilog=examples(
        "ccops db restore /backup/ccops-2026-03-01.db",
        "ccops db restore copy.db --dry-run",
        "ccops db restore copy.db --yes --json",
        "ccops db restore copy.db --log /var/log/asterisk/queue_log",
        "ccops --db then.db db restore copy.db --until '2026-03-02 12:00'",
    ),
)
@listing(RESTORE_COLUMNS, one=True)
def restore_store(
    context: typer.Context,
    out: Output,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", show_default=False)],
    log: Annotated[
        list[Path] | None,
        typer.Option("--log", metavar="PATH", help="Take this log in too: what came after it.", show_default=False),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="INSTANT", help="Leave out log lines from there on; a day is kept whole."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check the backup, and say what would be done.")
    ] = False,
) -> None:
    """Put a backup in the place of the store; what stands there is kept beside it.

    The backup is checked first, and nothing is touched where it is damaged or of a newer ccops, or while the daemon
    or an ingest writes to the store. With --log and --until it is brought to a moment: the history of calls is made
    anew from the log lines up to there; audit, planning and alerts stay as the backup has them. A daemon that follows
    the same log takes what was left out in again.
    """
    run = Run.of(context)
    path, begun = run.settings.store.path, time.monotonic()
    _fit(run, path, file)
    point = None if until is None else moment(until, run.zone, whole_day=True)
    kept, left_out = None, None
    if dry_run:
        _check_backup(file)
        run.narrator.say(_("The backup is sound; nothing was done."))
    else:
        if path.exists() and not yes:
            _ask(run, path, file)
        kept, left_out = _restore(run, path, file, log or [], point)
    out.one(
        {
            "store": str(path),
            "backup": str(file),
            "restored": not dry_run,
            "kept": None if kept is None else str(kept),
            "left_out": left_out,
            "seconds": _since(begun),
        }
    )


def _fit(run: Run, path: Path, file: Path) -> None:
    if not file.exists():
        raise UsageProblem(_("There is no backup “{path}”.").format(path=file), remedy=_("Check the path."))
    if path.exists() and path.samefile(file):
        raise UsageProblem(_("“{path}” is the store itself.").format(path=file), remedy=_("Name a backup of it."))
    # With --db it is a store that the daemon of this machine need not know.
    if run.options.db is None and is_served(run.settings.daemon.socket):
        raise CcopsError(
            _("The daemon is running and writes to the store."), remedy=_("Stop it first: systemctl stop ccops.")
        )


def is_served(path: Path) -> bool:
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


def _restore(
    run: Run, path: Path, file: Path, logs: Sequence[Path], until: float | None
) -> tuple[Path | None, int | None]:
    """Put the backup in its place, brought to a moment before where one is asked for."""
    from ccops.store import restore

    try:
        with cleaned_up():
            if not logs and until is None:
                return restore(path, file), None
            with tempfile.TemporaryDirectory(prefix=".ccops-restore-", dir=_folder(path)) as folder:
                brought = Path(folder) / path.name
                left_out = _brought(run, file, brought, logs, until)
                return restore(path, brought), left_out
    except SystemExit:
        raise CcopsError(_("The restore was stopped."), remedy=_("Run it again.")) from None


def _folder(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.parent


def _brought(run: Run, file: Path, target: Path, logs: Sequence[Path], until: float | None) -> int:
    from ccops.reports.ingest.point import bring_to
    from ccops.reports.rules import Rules
    from ccops.store import backup
    from ccops.store.standby.place import released

    _check_backup(file)
    backup(file, target)
    released(target)  # while it is brought to its moment it is of no pair
    return bring_to(target, logs, until, Rules.of(run.settings), run.zone)


@app.command("ship", epilog=examples("ssh ccops@desk1 ccops db ship", "ccops standby fetch"))
def ship_store(context: typer.Context) -> None:
    """Talk to the standby of this machine over standard input and output.

    Nobody calls this by hand: it is what standby.peer of the other machine runs here, mostly by ssh with a key that may
    run nothing else. It ships what is new of the store, and gives the right to write up to a machine that takes over.
    """
    import sys

    run = Run.of(context)
    from ccops.store.standby.ship import serve
    from ccops.store.standby.wire import Wire

    if sys.stdin.isatty():
        raise UsageProblem(_("There is nobody to talk to."), remedy=_("`ccops standby fetch` on the other machine."))
    with cleaned_up():
        serving = is_served(run.settings.daemon.socket)
        serve(run.settings.store.path, Wire(sys.stdin.buffer, sys.stdout.buffer), serving=serving)
