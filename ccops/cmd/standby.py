"""`ccops standby`: a second machine that follows the first one's store and can take over."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccops.cmd.columns import columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, listing
from ccops.cmd.prompts import Prompts
from ccops.cmd.rows import instant
from ccops.cmd.run import Run
from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.store.standby.peer import Shipment

app = noun("A second machine that waits: let it follow, see how fresh it is, let it take over.")

STATUS_COLUMNS = columns(
    "role", "term", "host", "store", "since:instant", "shipped_at:instant", "age:seconds", "alone:flag",
    "taken_over_by", "peer", "peer_host", "peer_term", "peer_serving:flag",
)  # fmt: skip
SHIPMENT_COLUMNS = columns(
    "store", "host", "term", "shipped_at:instant", "chunks:count", "bytes:count", "kept", "only_kept"
)
PROMOTE_COLUMNS = columns("promoted:flag", "term", "store", "shipped_at:instant", "former_writer")


@app.command(
    "status",
    epilog=examples("ccops standby status", "ccops standby status --json", "ccops standby status --offline"),
)
@listing(STATUS_COLUMNS, one=True)
def status(
    context: typer.Context,
    out: Output,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the other machine.")] = False,
) -> None:
    """Say what this machine is to the store, in which term, how old the copy is, and what the other machine says.

    Role is single (of no pair), primary (writes), standby (follows) or superseded (another one took over).
    """
    run = Run.of(context)
    from ccops.store.standby.role import host, role_of

    path = run.settings.store.path
    role = role_of(path)
    row: dict[str, Any] = {"role": "single", "store": str(path), "host": host(), "taken_over_by": None}
    if role is not None:
        age = None if role.shipped_at is None else max(0.0, run.now() - role.shipped_at)
        row |= {"role": role.kind, "term": role.term, "age": age}
        row |= {"since": instant(role.since, run.zone), "shipped_at": instant(role.shipped_at, run.zone)}
        row |= {"alone": role.alone, "taken_over_by": (role.by or {}).get("host")}
    out.one(row | _peer_row(run, offline=offline))


def _peer_row(run: Run, *, offline: bool) -> dict[str, Any]:
    from ccops.store.standby.peer import Peer

    command = run.settings.standby.peer
    if offline or not command:
        return {"peer": None}
    try:
        with Peer(command) as peer:
            state = peer.state
    except CcopsError as error:
        run.narrator.warn(error.message)
        return {"peer": "unreachable"}
    return {
        "peer": state["kind"],
        "peer_host": state["host"],
        "peer_term": state.get("term"),
        "peer_serving": state.get("serving"),
    }


@app.command("follow", epilog=examples("ccops standby follow", "ccops standby follow --yes --json"))
@listing(SHIPMENT_COLUMNS, one=True)
def follow(
    context: typer.Context,
    out: Output,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Make this machine the standby of the other one, and bring the first copy of its store.

    A store that stands here is kept beside, whole, and it is said what only it has. Then start the daemon: it follows,
    and serves nobody until it takes over.
    """
    run = Run.of(context)
    from ccops.cmd.db import is_served
    from ccops.store.standby.pair import followed

    path, command = run.settings.store.path, _peer(run)
    if is_served(run.settings.daemon.socket):
        raise CcopsError(_("The daemon is running here."), remedy=_("Stop it first: systemctl stop ccops."))
    if path.exists() and not yes:
        _ask(run, _("Follow the other machine? The store {store} is kept beside.").format(store=path))
    _tell_shipment(run, out, followed(path, command))


@app.command("fetch", epilog=examples("ccops standby fetch", "ccops standby fetch --json"))
@listing(SHIPMENT_COLUMNS, one=True)
def fetch(context: typer.Context, out: Output) -> None:
    """Bring the copy up to date now; the daemon of a standby does it by itself every standby.interval."""
    run = Run.of(context)
    from ccops.store.standby.pair import fetched

    _tell_shipment(run, out, fetched(run.settings.store.path, _peer(run)))


def _tell_shipment(run: Run, out: Output, shipment: "Shipment") -> None:
    path, only = run.settings.store.path, None
    if shipment.kept is not None:
        from ccops.store.standby.unshipped import unshipped

        rows = unshipped(shipment.kept, path)
        only = ", ".join(f"{name} {count}" for name, count in rows.items())
        run.narrator.say(
            _("What stood here is kept as {kept}; only there: {rows}.").format(
                kept=shipment.kept, rows=only or _("nothing")
            )
        )
    out.one(
        {
            "store": str(path),
            "host": shipment.claim.host,
            "term": shipment.claim.term,
            "shipped_at": instant(shipment.at, run.zone),
            "chunks": shipment.chunks,
            "bytes": shipment.bytes,
            "kept": None if shipment.kept is None else str(shipment.kept),
            "only_kept": only,
        }
    )


@app.command("promote", epilog=examples("ccops standby promote", "ccops standby promote --peer-is-off --yes"))
@listing(PROMOTE_COLUMNS, one=True)
def promote(
    context: typer.Context,
    out: Output,
    off: Annotated[
        bool, typer.Option("--peer-is-off", help="The other machine is off and stays off; you have seen to it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take over: this machine writes from now on, and a daemon that follows here takes the socket and the PBX.

    The other machine is told to give up; it stops at once, for good, and what it still has is fetched. Where it does
    not answer, standby.fence is run; without such a command nothing is done unless you say that it is off. If it is
    not, both write: what the one that is refused later has written alone is kept aside then, and missing here.
    """
    run = Run.of(context)
    from ccops.store.standby.pair import promoted

    standby = run.settings.standby
    if not yes:
        _ask(run, _("Take over from the other machine? It gives up for good."))
    done = promoted(run.settings.store.path, standby.peer, off=off, fencing=standby.fence)
    if done.fenced == "nobody":
        run.narrator.say(_("This machine is the one that writes already."))
    out.one(
        {
            "promoted": done.fenced != "nobody",
            "term": done.role.term,
            "store": str(run.settings.store.path),
            "shipped_at": instant(done.shipped_at, run.zone),
            "former_writer": done.fenced,
        }
    )


@app.command("leave", epilog=examples("ccops standby leave", "ccops --db copy.db standby leave --yes"))
def leave(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take the store out of its pair: it is one of its own, that anybody with the right to the file may write.

    For a machine that goes on alone for good, and for a copy to try things with. Nothing guards it after that.
    """
    run = Run.of(context)
    from ccops.store.standby.place import released

    path = run.settings.store.path
    if not yes:
        _ask(run, _("Take the store {store} out of its pair?").format(store=path))
    released(path)
    run.narrator.say(_("The store {store} is of no pair.").format(store=path))


def _peer(run: Run) -> tuple[str, ...]:
    command = run.settings.standby.peer
    if not command:
        raise UsageProblem(
            _("standby.peer names no way to the other machine."), remedy=_("Set it, see `ccops help install`.")
        )
    return command


def _ask(run: Run, question: str) -> None:
    if not run.environment.interactive:
        raise UsageProblem(_("This is not done unasked."), remedy=_("Add --yes."))
    if not Prompts(run.environment).yes(question, default=False):
        raise UsageProblem(_("Nothing was done."))
