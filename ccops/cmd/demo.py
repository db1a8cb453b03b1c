"""`ccops demo`: a simulated centre to look around in, to test against and to measure with."""

from typing import Annotated

import typer

from ccops.cmd.lazy import examples, noun
from ccops.cmd.run import Run
from ccops.errors import ExitCode

app = noun("Show all this on a simulated centre.", alone=True)

Seats = Annotated[int, typer.Option("--seats", metavar="N", min=1, max=500, help="Agents.")]
Queues = Annotated[int, typer.Option("--queues", metavar="N", min=1, max=8, help="Queues.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="What chance decides; the same seed, the same day.")]
Speed = Annotated[
    float | None,
    typer.Option(
        "--speed", metavar="X", min=0.1, max=100, help="Seconds of theirs in one of ours: 1, or 10 with --headless."
    ),
]
HEADLESS_SPEED = 10.0
"""Who only counts wants a good many calls in a few seconds; who watches wants durations that tick as clocks do."""
Port = Annotated[
    int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="Manager port; 0 takes a free one.")
]


@app.callback(
    invoke_without_command=True,
    epilog=examples(
        "ccops demo",
        "ccops demo --seats 50 --queues 5 --speed 10",
        "ccops demo --headless 30 --seed 7",
    ),
)
def demo(
    context: typer.Context,
    seats: Seats = 12,
    queues: Queues = 3,
    seed: Seed = 1,
    speed: Speed = None,
    headless: Annotated[
        float | None,
        typer.Option("--headless", metavar="SECONDS", min=0.1, max=86400, help="No console: run, then print counts."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Counts are printed as JSON anyway.")] = True,
) -> int | None:
    """Show all this on a simulated centre.

    Starts a simulated PBX on a port of this machine, with the day so far, and opens the console on it; the weeks
    before today are made up beside it, for the reports. What you do there happens in the simulation. Nothing is left
    behind. With --headless it runs that many seconds and prints what came over the link: events, calls, answered,
    abandoned.
    """
    if context.invoked_subcommand is not None:
        return None
    from ccops.cmd.simulated import Centre, run_demo, run_headless

    pace = speed or (1.0 if headless is None else HEADLESS_SPEED)
    centre = Centre(seats, queues, seed, pace)
    run = Run.of(context)
    return run_demo(run, centre) if headless is None else run_headless(run, centre, headless)


@app.command(
    "pbx",
    epilog=examples(
        "ccops demo pbx",
        "ccops demo pbx --port 5038 --seats 50 --queues 5",
        "ccops demo pbx --json | jq -r .port",
    ),
)
def pbx(
    context: typer.Context,
    port: Port = 0,
    seats: Seats = 12,
    queues: Queues = 3,
    seed: Seed = 1,
    speed: Speed = None,
    username: Annotated[str, typer.Option("--username", metavar="NAME", help="Manager user.")] = "demo",
    secret: Annotated[str | None, typer.Option("--secret", help="Its secret; a random one otherwise.")] = None,
    queue_log: Annotated[
        str | None, typer.Option("--queue-log", metavar="FILE", help="Write a queue_log there.")
    ] = None,
    history: Annotated[bool, typer.Option("--history/--no-history", help="Begin with what was today so far.")] = True,
    asterisk: Annotated[str, typer.Option("--asterisk", metavar="N", help="Speak like this version: 16 or 22.")] = "22",
    until_eof: Annotated[bool, typer.Option("--until-eof", hidden=True, help="End with standard input.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The place is printed as JSON anyway.")] = True,
) -> int:
    """Run only the simulated PBX, its manager port on 127.0.0.1, until stopped.

    Prints one line of JSON with host, port, user, secret and timezone once it is ready. It obeys the same actions
    as Asterisk. Its clock is this machine's, faster with --speed; its time zone is one where it is a working day now.
    """
    from ccops.cmd.simulated import Centre, Place, serve

    run = Run.of(context)
    place = Place(port, username, secret, queue_log, history, asterisk, until_eof)
    serve(run, Centre(seats, queues, seed, speed or 1.0), place)
    return ExitCode.OK
