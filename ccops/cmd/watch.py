"""`ccops watch`: every change of the board as a line of JSON, for programs that follow the centre."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ccops.board import TABLES, AgentRow, Board, CallRow, Change, LinkRow, QueueRow
from ccops.cmd.formats import json_line
from ccops.cmd.lazy import examples, noun
from ccops.cmd.rows import change_record
from ccops.cmd.run import Run
from ccops.cmd.stopping import on_reader_gone, on_signals
from ccops.desk.api import Desk
from ccops.errors import CcopsError, LinkError, LoginRefused, NotFound
from ccops.i18n import _

app = noun()

TOPICS = (*TABLES, "link")


@app.command(
    "watch",
    epilog=examples(
        "ccops watch",
        "ccops watch --queue sales --topic call",
        "ccops watch --snapshot | jq -c 'select(.topic == \"agent\")'",
    ),
)
def watch(
    context: typer.Context,
    queue: Annotated[
        str | None, typer.Option("--queue", metavar="QUEUE", help="Only what concerns this queue.")
    ] = None,
    topic: Annotated[
        list[str] | None, typer.Option("--topic", metavar="TOPIC", help=f"Only this: {', '.join(TOPICS)}; repeatable.")
    ] = None,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="Begin with all rows as they are now.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Lines of JSON; there is no other form.")] = True,
) -> None:
    """Print every change as a line of JSON until stopped.

    A line holds `at`, `topic` (queue, agent, call, ended, parked, supervision, alert, link), `key` and `row`; the row
    is as in the listings, and null where the thing is gone. Trouble with the link is a line too, with topic link, and
    the link is sought again. SIGTERM and a reader that went away end it with exit code 0, ctrl+c with 130.
    """
    wanted = topic or list(TOPICS)
    for name in wanted:
        if name not in TOPICS:
            raise NotFound(_("topic"), name, TOPICS)
    run = Run.of(context)
    asyncio.run(_Follower(run, queue, set(wanted)).follow(snapshot))


class _Follower:
    """One run of the command."""

    def __init__(self, run: Run, queue: str | None, topics: set[str]) -> None:
        self.run = run
        self.queue = queue
        self.topics = topics
        self.shown: set[tuple[str, str]] = set()
        self.ended = asyncio.Event()
        self.failure: BaseException | None = None

    async def follow(self, snapshot: bool) -> None:
        """Print changes until something ends it; raises what ended it, unless that was a request."""
        with on_signals(self.ended.set), on_reader_gone(self.run.environment.stdout, self.ended.set):
            desk = await self.run.live_desk()
            try:
                await _live(desk, self.run.settings.ami.connect_timeout, self.ended)
                if not self.ended.is_set():
                    await self._print(desk, snapshot)
            finally:
                await desk.close()
        if self.failure is not None:
            raise self.failure

    async def _print(self, desk: Desk, snapshot: bool) -> None:
        self._choose_queue(desk.board)
        stop = desk.subscribe(self._changed)
        if snapshot:
            self._changed(_snapshot(desk.board, self.run.now()))
        await self.ended.wait()
        stop()

    def _choose_queue(self, board: Board) -> None:
        if self.queue is not None:
            from ccops.desk.resolve import find_queue

            self.queue = find_queue(board, self.queue).queue

    def _changed(self, changes: Sequence[Change]) -> None:
        if self.ended.is_set():
            return
        try:
            now, zone = self.run.now(), self.run.zone
            for change in changes:
                if self._concerns(change):
                    self.run.write(json_line(change_record(change, now, zone)))
                if isinstance(change.row, LinkRow):
                    self._tell(change.row)
            self.run.flush()
        except Exception as error:  # noqa: BLE001 (whatever it is, it must end the command, not only this callback)
            self.failure = error
            self.ended.set()

    def _concerns(self, change: Change) -> bool:
        if change.topic not in self.topics:
            return False
        if self.queue is None or change.topic == "link":
            return True
        mark = (change.topic, change.key)
        if change.row is not None and _in_queue(change.row, self.queue):
            self.shown.add(mark)
            return True
        # What was shown before is shown once more when it leaves the queue, or a reader would keep it for ever.
        shown = mark in self.shown
        self.shown.discard(mark)
        return shown

    def _tell(self, link: LinkRow) -> None:
        if link.state != "live":
            self.run.narrator.detail(f"{link.host}: {link.state} {link.detail}")
        if link.state == "refused":
            self.failure = LoginRefused(link.detail or _("The PBX refuses the login."))
            self.ended.set()


def _in_queue(row: Any, queue: str) -> bool:
    if isinstance(row, QueueRow | CallRow):
        return row.queue == queue
    return queue in row.queues if isinstance(row, AgentRow) else False


def _snapshot(board: Board, now: float) -> list[Change]:
    rows = [Change(now, "link", "link", board.link)]
    for topic, name in TABLES.items():
        rows += [Change(now, topic, key, row) for key, row in getattr(board, name).items()]  # type: ignore[arg-type]
    return rows


async def _live(desk: Desk, timeout: float, ended: asyncio.Event) -> None:
    """Wait for the first live board, or for the end of all waiting; raises why there is no board."""
    settled = asyncio.Event()

    def look(_changes: Sequence[Change] = ()) -> None:
        link = desk.board.link
        # A link that has not been tried yet is down as well, but has no reason to show.
        if link.state in ("live", "refused") or (link.state == "down" and link.detail):
            settled.set()

    stop = desk.subscribe(look)
    look()
    waits = [asyncio.ensure_future(event.wait()) for event in (settled, ended)]
    await asyncio.wait(waits, timeout=2 * timeout, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    stop()
    link = desk.board.link
    if link.state == "live" or ended.is_set():
        return
    kind: type[CcopsError] = LoginRefused if link.state == "refused" else LinkError
    raise kind(link.detail or _("{host} does not answer.").format(host=link.host), remedy=_("Run `ccops doctor`."))
