"""`ccops agent`: the people who answer."""

from typing import Annotated

import typer

from ccops.cmd.act import add_actions
from ccops.cmd.columns import columns
from ccops.cmd.lazy import examples, noun
from ccops.cmd.output import Output, Section, listing
from ccops.cmd.rows import AGENT_COLUMNS, agent_detail, agent_record, agents_of
from ccops.cmd.run import Run

app = noun("Agents: what each is doing and for how long.")

AgentArgument = Annotated[
    str, typer.Argument(metavar="AGENT", help="Name, number or interface of the agent.", show_default=False)
]

_PLACES = columns(
    "queue", "penalty:count", "paused:flag", "pause_reason", "dynamic:flag", "logged_in_at:instant", "calls_taken:count"
)


@app.command(
    "list",
    epilog=examples(
        "ccops agent list",
        "ccops agent list --queue sales --sort state",
        "ccops agent list --state paused --json",
    ),
)
@listing(AGENT_COLUMNS)
def list_agents(
    context: typer.Context,
    out: Output,
    queue: Annotated[str | None, typer.Option("--queue", metavar="QUEUE", help="Only members of this queue.")] = None,
    state: Annotated[str | None, typer.Option("--state", metavar="STATE", help="Only agents in this state.")] = None,
) -> None:
    """List agents with state, caller and today's figures."""
    run = Run.of(context)
    wanted = None if state is None else _state(state)
    board, now = run.board(), run.now()
    rows = agents_of(board)
    if queue is not None:
        from ccops.desk.resolve import find_queue

        name = find_queue(board, queue).queue
        rows = [row for row in rows if name in row.queues]
    out.listing(agent_record(row, now, run.zone) for row in rows if wanted in (None, row.state))


def _state(name: str) -> str:
    from ccops.cmd.rows import STATES
    from ccops.errors import NotFound
    from ccops.i18n import _

    if name.lower() not in STATES:
        raise NotFound(_("state"), name, STATES)
    return name.lower()


@app.command("show", epilog=examples("ccops agent show 1001", "ccops agent show PJSIP/1001 --json"))
@listing(AGENT_COLUMNS, one=True)
def show_agent(context: typer.Context, agent: AgentArgument, out: Output) -> None:
    """Show one agent with the queues and the call."""
    from ccops.desk.resolve import find_agent

    run = Run.of(context)
    board, now = run.board(), run.now()
    record = agent_detail(board, find_agent(board, agent), now, run.zone)
    out.one(record, [Section("memberships", _PLACES)])


add_actions(app, "agent")
