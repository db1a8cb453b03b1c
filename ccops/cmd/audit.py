"""`ccops audit`: who did what to whom, when and why; whether the record is whole; a copy that can be checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import Record, columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.rows import instant, span
from ccops.cmd.run import Run
from ccops.errors import ExitCode, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from datetime import tzinfo

    from ccops.store import Database

app = noun("The audit: who did what to whom, when and why.")

RECORD_COLUMNS = columns(
    "number:count:no", "at:instant", "who", "action", "target", "call_id", "result:state", "reason", "detail",
    extra="origin arguments:data ended_at:instant seconds:duration data:data digest",
)  # fmt: skip
VERDICT_COLUMNS = columns("ok:flag", "rows:count", "head", "broken:count", "why")

FromOption = Annotated[str | None, typer.Option("--from", metavar="DATE", help="From this day or instant on.")]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Up to this day, or up to before this instant.")
]
FileOption = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="Check this export instead of the store.")
]
AnchorOption = Annotated[
    str | None, typer.Option("--anchor", metavar="NUMBER:DIGEST", help="A row as it was noted earlier.")
]


def _pattern(name: str) -> Any:
    return typer.Option(f"--{name}", metavar=name.upper(), help=_("Only this; * and ? stand for anything."))


@contextmanager
def _store(run: Run) -> "Iterator[Database]":
    from ccops.store import open_store

    path = run.settings.store.path
    if not path.exists():
        raise UsageProblem(
            _("There is no audit yet: {path} does not exist.").format(path=path),
            remedy=_("It begins with the first action. Name the daemon's store by --db, where it is another one."),
        )
    with open_store(path, read_only=True) as database:
        yield database


@app.command(
    "list",
    epilog=examples(
        "ccops audit list --from 2026-03-01 --who anna",
        "ccops audit list --action listen --target '100*' --json",
        "ccops audit list --from 2026-03-01T08:00 --to 2026-03-01T12:00 -f csv",
    ),
)
@listing(RECORD_COLUMNS)
def list_actions(
    context: typer.Context,
    out: Output,
    since: FromOption = None,
    until: ToOption = None,
    who: Annotated[str, _pattern("who")] = "*",
    action: Annotated[str, _pattern("action")] = "*",
    target: Annotated[str, _pattern("target")] = "*",
) -> None:
    """List what was done or tried, oldest first.

    A result is done, refused (could not be), denied (not allowed), failed (the PBX did not), or unknown where the
    program or the PBX went away before the outcome.
    """
    run = Run.of(context)
    from ccops.store.audit import records

    start = moment(since, run.zone, whole_day=False)
    end = moment(until, run.zone, whole_day=True)
    if start is not None and end is not None and end <= start:
        raise UsageProblem(_("--to lies before --from."))
    wanted = {"who": who, "action": action, "target": target}
    with _store(run) as database:
        found = [item for item in records(database, start, end) if _fits(item, wanted)]
    out.listing(_record(item, run.zone) for item in found)


def moment(text: str | None, zone: "tzinfo", *, whole_day: bool) -> float | None:
    """Return an instant or the beginning of a day in the site's zone; with `whole_day` the end of that day."""
    from datetime import date, datetime, time, timedelta

    if text is None:
        return None
    try:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp()
        return datetime.combine(day + timedelta(days=1 if whole_day else 0), time(), zone).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageProblem(
            _("“{text}” is no date.").format(text=text), remedy=_("Write 2026-03-01 or 2026-03-01T08:30.")
        ) from None


def _fits(record: dict[str, Any], wanted: dict[str, str]) -> bool:
    from fnmatch import fnmatchcase

    return all(fnmatchcase(record[name].casefold(), pattern.casefold()) for name, pattern in wanted.items())


def _record(item: dict[str, Any], zone: "tzinfo") -> Record:
    from json import loads

    return {
        **item,
        "at": instant(item["at"], zone),
        "call_id": item["call_id"] or None,
        "reason": item["reason"] or None,
        "detail": item["detail"] or None,
        "arguments": loads(item["arguments"] or "{}"),
        "ended_at": instant(item["ended_at"], zone),
        "seconds": span(item["at"], item["ended_at"]),
        "data": loads(item["data"] or "{}"),
    }


@app.command(
    "verify",
    epilog=examples(
        "ccops audit verify",
        "ccops audit verify --file audit-2026-03.jsonl",
        "ccops audit verify --anchor 1204:9f86d081…   as an earlier run printed it",
    ),
)
@listing(VERDICT_COLUMNS, one=True)
def verify_chain(
    context: typer.Context, out: Output, file: FileOption = None, anchor: AnchorOption = None
) -> int | None:
    """Check that no row was changed, dropped or slipped in, and name the first one that was.

    Rows cut off at the end leave a whole chain behind: note number and digest of the last row elsewhere from time to
    time, and give them as --anchor.
    """
    run = Run.of(context)
    from ccops.store.audit import entries, exported
    from ccops.store.chain import verify

    noted = _anchor(anchor)
    if file is not None:
        verdict = verify(exported(file), noted)
    else:
        with _store(run) as database, database.snapshot():
            verdict = verify(entries(database), noted)
    out.one({name: getattr(verdict, name) for name in ("ok", "rows", "head", "broken")} | {"why": verdict.why or None})
    if verdict.ok:
        return None
    said = _("The audit is broken at row {number}: {why}.").format(number=verdict.broken, why=verdict.why)
    run.narrator.error(said, _("Compare with the latest export that still verifies."))
    return ExitCode.FAILED


def _anchor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _colon, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64:
        raise UsageProblem(
            _("“{text}” is no anchor.").format(text=text),
            remedy=_("Write NUMBER:DIGEST, as `audit verify` printed it."),
        )
    return int(number), digest.lower()


@app.command("export", epilog=examples("ccops audit export audit-2026-03.jsonl", "ccops audit export - | gzip > a.gz"))
def export_audit(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; - is stdout. It must not exist.")],
) -> None:
    """Write every row with its digest as lines of JSON; `audit verify --file` checks them without the store."""
    run = Run.of(context)
    from ccops.store.audit import export_lines

    with _store(run) as database:
        if str(file) == "-":
            for line in export_lines(database):
                run.write(line)
            return
        count = _save(file, export_lines(database))
    run.narrator.say(_("{count} rows were written to {file}.").format(count=count, file=file))


def _save(file: Path, lines: Iterator[str]) -> int:
    """Write a new file for its owner alone; nothing half written is left."""
    import os

    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageProblem(
            _("“{file}” exists already.").format(file=file), remedy=_("Name a file that does not exist.")
        ) from None
    count = 0
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as out:
            for line in lines:
                out.write(line)
                count += 1
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return count
