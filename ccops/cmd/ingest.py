"""`ccops ingest`: logs and call records into the store, once or following, and the lines that could not be read."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.environment import is_terminal
from ccops.cmd.formats import Format
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.progress import reading
from ccops.cmd.rows import instant
from ccops.cmd.run import Run
from ccops.cmd.stopping import STOPPING, cleaned_up
from ccops.errors import CcopsError, ExitCode, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.reports.ingest import Counts

app = noun("Take queue_logs and call records into the store.")

COUNT_COLUMNS = columns(
    "lines:count", "new:count", "duplicate:count", "quarantined:count", "visits:count", "seconds:seconds"
)
CDR_COLUMNS = columns("rows:count", "details:count", "calls_out:count", "unreadable:count", "seconds:seconds")
BAD_COLUMNS = columns("file", "line:count", "reason", "text", extra="offset:count added_at:instant")

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...",
        help="Logs, plain or packed (gzip, bzip2, Zstandard); - is standard input. Without: the configured log.",
        show_default=False,
    ),
]


@app.command(
    "queue-log",
    epilog=examples(
        "ccops ingest queue-log",
        "ccops ingest queue-log /var/log/asterisk/queue_log*",
        "ssh pbx cat /var/log/asterisk/queue_log | ccops ingest queue-log - --json",
        "ccops ingest queue-log --follow",
        "ccops ingest queue-log --table mysql+pymysql://reader@localhost/asterisk",
        "mysqldump asterisk queue_log | ccops ingest queue-log --table -",
    ),
)
@listing(COUNT_COLUMNS, one=True)
def queue_log(
    context: typer.Context,
    out: Output,
    paths: PathsArgument = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as the log grows, until stopped.")] = False,
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="URL|FILE",
            help="Take it from a database table instead: URL of SQLAlchemy, or a CSV or SQL dump of it.",
            show_default=False,
        ),
    ] = None,
    table_name: Annotated[
        str, typer.Option("--table-name", metavar="NAME", help="Name of the table, with its schema if need be.")
    ] = "queue_log",
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What the table is known by again, where there are several.")
    ] = "queue_log",
) -> int | None:
    """Take queue_logs into the store and print what came of it.

    Any order, any overlap: lines are known again by what they say and where, so the same log under another name,
    rotated or packed, adds nothing twice. What cannot be read is kept in quarantine. Stopped or killed, it has lost
    nothing; run it again. With --follow it keeps up with rotation; SIGTERM ends it with 0, ctrl+c with 130.

    With --table it takes what is new of a table that Asterisk keeps its queue_log in (time, callid, queuename, agent,
    event, data or data1 to data5), by id or else by time, so that it can run every minute; an export of the table
    goes on where the table itself was left, and the other way round. A password belongs into the driver's own file.
    """
    run = Run.of(context)
    if table is not None:
        _print(run, out, _take_table(run, table, table_name, name, alone=not (paths or follow)))
        return None
    logs = _logs(run, paths or [])
    if follow:
        return _follow(run, out, logs)
    _tell_empty(run, logs)
    _print(run, out, _take(run, logs))
    return None


def _logs(run: Run, paths: Sequence[Path]) -> list[Path | None]:
    """Return the logs that are meant; None stands for standard input."""
    configured = run.settings.queue_log.path
    named = paths or ([] if configured is None else [configured])
    if not named:
        raise UsageProblem(
            _("No queue_log is named."),
            remedy=_("Give its PATH, or set `path` under [queue_log] in the configuration."),
        )
    return _inputs(run, named)


def _inputs(run: Run, named: Sequence[Path]) -> list[Path | None]:
    """Return the files that are named; None stands for standard input, which there is once."""
    logs: list[Path | None] = [None if str(path) == "-" else path for path in named]
    if None in logs and is_terminal(run.environment.stdin):
        raise UsageProblem(_("Standard input is a terminal."), remedy=_("Send a log into it: … | ccops ingest …"))
    if logs.count(None) > 1:
        raise UsageProblem(_("Standard input can be read only once."), remedy=_("Give - once."))
    return logs


def _tell_empty(run: Run, logs: Sequence[Path | None]) -> None:
    for path in logs:
        if path is not None and path.is_file() and not path.stat().st_size:
            run.narrator.say(_("“{path}” is empty.").format(path=path))


def _print(run: Run, out: Output, counts: "Counts") -> None:
    if out.format is Format.TABLE and not out.fields:
        text = _(
            "{new} of {lines} lines are new ({duplicate} were known, {quarantined} cannot be read):"
            " {visits} visits in {seconds} s."
        )
        run.write(text.format(**counts.as_dict()) + "\n")
    else:
        out.one(counts.as_dict())
    if counts.quarantined:
        run.narrator.say(_("`ccops ingest quarantine` lists the lines that cannot be read."))


def _place(run: Run) -> tuple[Any, ...]:
    """Return what every ingest of this site is given after the store and the logs."""
    from ccops.reports.rules import Rules

    return Rules.of(run.settings), run.settings.zone


def _take(run: Run, logs: Sequence[Path | None]) -> "Counts":
    from ccops.reports.ingest import ingest

    try:
        # Unwound, so that the process that reads ahead is stopped too.
        with cleaned_up(), reading(run, logs) as progress:
            return ingest(run.settings.store.path, logs, *_place(run), progress=progress)
    except SystemExit:
        message = _("The ingest was stopped before its end.")
        raise CcopsError(message, remedy=_("What was taken in stays; run it again and it goes on there.")) from None


def _take_table(run: Run, place: str, table_name: str, name: str, *, alone: bool) -> "Counts":
    from ccops.reports.ingest.run import Ingest
    from ccops.reports.ingest.table import Table
    from ccops.reports.ingest.tabledump import ExportedTable
    from ccops.reports.ingest.tablesql import SqlTable

    if not alone:
        message = _("--table goes neither with log files nor with --follow.")
        raise UsageProblem(message, remedy=_("Take it in by itself; every minute, if it grows."))
    (path,) = _inputs(run, [Path(place)])
    source: Table = SqlTable(place, table_name) if "://" in place else ExportedTable(path, table_name)
    with cleaned_up(), Ingest(run.settings.store.path, *_place(run)) as work:
        return work.add_table(source, name, run.settings.zone)


# --- following ---


class _Asked:
    """What was asked for by signals: at once while it catches up, after the batch at hand once it follows."""

    def __init__(self) -> None:
        self.number = 0
        self.patient = False

    def __call__(self, number: int, _frame: object) -> None:
        if self.patient and not self.number:
            self.number = number
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            raise SystemExit(ExitCode.OK)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear SIGTERM, SIGHUP and ctrl+c; what the caller had ignored (nohup) stays ignored."""
        numbers = [number for number in (*STOPPING, signal.SIGINT) if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, self) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _follow(run: Run, out: Output, logs: Sequence[Path | None]) -> int:
    from ccops.reports.ingest import Following

    path = _followed(run, logs)
    asked, begun = _Asked(), time.monotonic()
    with asked.heard():
        with reading(run, [path]) as progress:
            following = Following(run.settings.store.path, path, *_place(run), progress=progress)
        with following:
            asked.patient = True
            run.narrator.say(_("Following {path}; {new} lines were new.").format(path=path, new=following.counts.new))
            following.run(lambda: bool(asked.number), lambda counts: _tell(run, counts))
    following.counts.seconds = round(time.monotonic() - begun, 3)
    _print(run, out, following.counts)
    return ExitCode.INTERRUPTED if asked.number == signal.SIGINT else ExitCode.OK


def _followed(run: Run, logs: Sequence[Path | None]) -> Path:
    path = logs[0]
    if len(logs) > 1 or path is None:
        raise UsageProblem(
            _("Only one log can be followed, and not standard input."),
            remedy=_("Take the others in without --follow first."),
        )
    if not path.exists():
        if not path.parent.is_dir():
            raise UsageProblem(
                _("“{path}” cannot be followed: its folder does not exist.").format(path=path),
                remedy=_("Check the path."),
            )
        run.narrator.say(_("“{path}” does not exist yet; waiting for it.").format(path=path))
    return path


def _tell(run: Run, counts: "Counts") -> None:
    run.narrator.detail(_("{new} lines, {visits} visits so far.").format(new=counts.new, visits=counts.visits))


# --- call records ---


@app.command(
    "cdr",
    epilog=examples(
        "ccops ingest cdr /var/log/asterisk/cdr-csv/Master.csv",
        "ccops ingest cdr records.csv --column did=ziel --column recording=12",
        "mysql -B -e 'select * from asteriskcdrdb.cdr' | ccops ingest cdr -",
    ),
)
@listing(CDR_COLUMNS, one=True)
def cdr(
    context: typer.Context,
    out: Output,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="CSV files, plain or packed; - is standard input.", show_default=False),
    ],
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="FIELD=COLUMN", help="Where a field stands, by name or number.", show_default=False
        ),
    ] = None,
    outgoing: Annotated[
        list[str] | None,
        typer.Option(
            "--outgoing",
            metavar="CONTEXT",
            help="Context from which people dial out; without: actions.transfer_context.",
            show_default=False,
        ),
    ] = None,
    gmt: Annotated[bool, typer.Option("--gmt", help="Its times are in UTC (usegmtime=yes).")] = False,
) -> None:
    """Learn from call records (CDR) what the queue_log does not tell, and print what came of it.

    The number that was dialled (DID) and the recording of each call, by its uniqueid, and the calls that went out,
    which settle call-backs. Takes Asterisk's cdr_csv, which has no header, and any CSV with one; FIELD is one of
    uniqueid, linkedid, at, did, recording, src, dst, context, application, talk. Calls are never counted from
    records. The same records again change nothing; a daemon may follow the log meanwhile.
    """
    run = Run.of(context)
    from datetime import UTC

    from ccops.reports.ingest.cdr import Layout, ingest_cdr

    settings = run.settings
    contexts = frozenset(outgoing or [settings.actions.transfer_context])
    layout = Layout(UTC if gmt else settings.zone, contexts, _mapping(column or []))
    _tell_empty(run, paths)
    shown: list[int] = []

    def unreadable(name: str, line: int, reason: str) -> None:
        shown.append(line)
        if len(shown) <= _SHOWN:
            run.narrator.say(_("{path}:{line}: {reason}.").format(path=name, line=line, reason=reason))

    counts = ingest_cdr(settings.store.path, _inputs(run, paths), layout, unreadable=unreadable)
    if len(shown) > _SHOWN:
        run.narrator.say(_("{count} more records cannot be read.").format(count=len(shown) - _SHOWN))
    if out.format is Format.TABLE and not out.fields:
        text = _("{rows} records: {details} calls known better, {calls_out} calls out, {unreadable} unreadable.")
        run.write(text.format(**counts.as_dict()) + "\n")
    else:
        out.one(counts.as_dict())


_SHOWN = 5
"""Unreadable records that are told one by one."""


def _mapping(given: Sequence[str]) -> dict[str, str]:
    from ccops.names import nearest
    from ccops.reports.ingest.cdr import FIELDS

    found = {}
    for text in given:
        field, equals, name = (part.strip() for part in text.partition("="))
        if not equals or not name or field not in FIELDS:
            near = ", ".join(nearest(field, FIELDS) or FIELDS)
            message = _("“{text}” is not FIELD=COLUMN.").format(text=text)
            raise UsageProblem(message, remedy=_("Fields: {names}.").format(names=near))
        found[field] = name
    return found


# --- quarantine ---


@app.command("quarantine", epilog=examples("ccops ingest quarantine", "ccops ingest quarantine --json"))
@listing(BAD_COLUMNS)
def quarantine(context: typer.Context, out: Output) -> None:
    """List the log lines that could not be read: where they stand, why, and how they begin."""
    run = Run.of(context)
    from ccops.store import open_store
    from ccops.store.quarantine import bad_lines

    with open_store(run.settings.store.path, read_only=True) as database:
        found = list(bad_lines(database))
    out.listing(
        {
            "file": bad.path,
            "line": bad.line,
            "offset": bad.offset,
            "reason": bad.reason,
            "text": bad.text.decode("utf-8", "replace"),
            "added_at": instant(bad.added_at, run.zone),
        }
        for bad in found
    )
