"""The simulated centre behind `ccops demo`: the PBX in a process of its own, a configuration, and a run on it."""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ccops.cmd.environment import Environment
from ccops.cmd.run import Run
from ccops.cmd.stopping import cleaned_up, on_end_of_input, on_signals
from ccops.errors import CcopsError, ExitCode, UsageProblem
from ccops.i18n import _

ZONES: Final = (
    "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago",
    "America/New_York", "America/Sao_Paulo", "Atlantic/South_Georgia", "Atlantic/Azores", "Europe/London",
    "Europe/Berlin", "Europe/Helsinki", "Europe/Istanbul", "Asia/Dubai", "Asia/Karachi", "Asia/Dhaka",
    "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Noumea", "Pacific/Auckland",
)  # fmt: skip
LIVELY: Final = (9.5, 16.0)
"""Local hours in which there is a day to look back on and one to come."""
BEST_HOUR: Final = 11.0
PAUSES: Final[Mapping[str, Mapping[str, bool]]] = {
    "lunch": {"paid": False},
    "coffee": {"paid": True},
    "meeting": {"productive": True},
    "training": {"productive": True},
    "paperwork": {"productive": True},
}
"""What the simulated agents write as reasons."""
_COUNTS: Final = (
    "events", "calls", "entered", "answered", "abandoned", "timeouts", "withdrawn", "completed", "transferred", "missed"
)  # fmt: skip


@dataclass(slots=True, frozen=True)
class Centre:
    """What is simulated."""

    seats: int
    queues: int
    seed: int
    speed: float


@dataclass(slots=True, frozen=True)
class Place:
    """Where and how the simulated PBX is to be reached."""

    port: int = 0
    username: str = "demo"
    secret: str | None = None
    queue_log: str | None = None
    history: bool = True
    asterisk: str = "22"
    until_eof: bool = False


def zone_of_centre(now: float, own: str) -> str:
    """Return a time zone in which it is a working day's late morning: one's own if it will do, else the best of some.

    A centre is empty at night, and a demonstration must not depend on when somebody looks.
    """
    from zoneinfo import ZoneInfo

    def hour(zone: str) -> float:
        local = datetime.fromtimestamp(now, ZoneInfo(zone))
        return local.hour + local.minute / 60

    if LIVELY[0] <= hour(own) <= LIVELY[1]:
        return own
    return min(ZONES, key=lambda zone: abs(hour(zone) - BEST_HOUR))


# -- the simulated PBX itself ------------------------------------------------------------------------------------


def serve(run: Run, centre: Centre, place: Place) -> None:
    """Run the simulated PBX until stopped; prints where it is, and with `until_eof` at the end what happened."""
    asyncio.run(_serve(run, centre, place))


async def _serve(run: Run, centre: Centre, place: Place) -> None:
    from ccops.pbx.sim import CentrePlan, SimPbx
    from ccops.settings.places import zone_name

    zone = zone_of_centre(run.now(), zone_name(run.environment.variables))
    sim = SimPbx(
        CentrePlan.default(centre.seats, centre.queues, centre.seed),
        seed=centre.seed,
        speed=centre.speed,
        zone=zone,
        queue_log=Path(place.queue_log) if place.queue_log else None,
        port=place.port,
        username=place.username,
        secret=place.secret,
        version=place.asterisk,
    )
    stopped = asyncio.Event()
    with on_signals(stopped.set), _parent(run, place, stopped):
        if place.history:
            await sim.warm_up()
        await _started(sim, place)
        try:
            _print_place(run, sim, zone, with_stats=place.until_eof)
            await stopped.wait()
            if place.until_eof:
                _print_stats(run, sim)
        finally:
            await sim.stop()


@contextlib.contextmanager
def _parent(run: Run, place: Place, stopped: asyncio.Event) -> Iterator[None]:
    with on_end_of_input(run.environment.stdin, stopped.set) if place.until_eof else contextlib.nullcontext():
        yield


async def _started(sim: Any, place: Place) -> None:
    try:
        await sim.start()
    except OSError as error:
        raise CcopsError(
            _("Port {port} of 127.0.0.1 cannot be opened: {why}.").format(port=place.port, why=error.strerror or error),
            remedy=_("Take another with --port, or 0 for any that is free."),
        ) from None


def _print_place(run: Run, sim: Any, zone: str, *, with_stats: bool) -> None:
    place = {"host": sim.host, "port": sim.port, "user": sim.username, "secret": sim.secret, "timezone": zone}
    run.write(json.dumps({**place, "stats": asdict(sim.stats)} if with_stats else place) + "\n")
    run.flush()


def _print_stats(run: Run, sim: Any) -> None:
    run.write(json.dumps(asdict(sim.stats)) + "\n")
    run.flush()


# -- a run on it -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Simulation:
    """A simulated PBX that runs as our child, with a configuration that leads to it."""

    config: Path
    child: "subprocess.Popen[str]"
    stats: Mapping[str, Any]
    """What had happened there when it was ready."""

    def stop(self) -> Mapping[str, Any]:
        """Let it end and return what has happened there."""
        out, __ = self.child.communicate()  # closes its standard input, which ends it
        found: Mapping[str, Any] = json.loads(out) if out else {}
        return found


def run_demo(run: Run, centre: Centre) -> int:
    """Open the console on a simulated centre; everything is gone afterwards."""
    from ccops.cmd.console import open_console
    from ccops.cmd.demo_past import past_beside

    if not run.environment.has_screen:
        raise UsageProblem(
            _("The console needs a terminal."),
            remedy=_("Use --headless SECONDS, or `ccops demo pbx` for the PBX alone."),
        )
    run.narrator.say(_("Simulating the day so far of {seats} seats …").format(seats=centre.seats))
    shape = (centre.seats, centre.queues, centre.seed)
    with simulation(run, centre) as simulated, past_beside(simulated.config, shape, run.environment.variables):
        return open_console(_inside(run, simulated))


def run_headless(run: Run, centre: Centre, seconds: float) -> int:
    """Follow a simulated centre for some seconds, then print what came and what had happened."""
    with simulation(run, centre) as simulated:
        heard = asyncio.run(_follow(_inside(run, simulated), seconds))
        after = simulated.stop()
    happened = {name: after[name] - simulated.stats[name] for name in _COUNTS if name in after}
    run.write(json.dumps({"seconds": seconds, **asdict(centre), **happened, **heard}, indent=2) + "\n")
    return ExitCode.OK


async def _follow(run: Run, seconds: float) -> Mapping[str, Any]:
    """Keep a desk for some seconds; return what it saw."""
    from ccops.desk.local import LocalDesk

    desk = LocalDesk(run.settings, read_only=True)
    heard = 0

    def hear(_event: object, _at: float) -> None:
        nonlocal heard
        heard += 1

    desk.live.on_raw(hear)
    stopped = asyncio.Event()
    await desk.run()
    try:
        with on_signals(stopped.set), contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), seconds)
        link = desk.board.link
        return {
            "heard": heard,
            "state": link.state,
            "waiting": sum(row.waiting for row in desk.board.queues.values()),
            "agents": len(desk.board.agents),
            "drift_repaired": link.drift_repaired,
            "reconnects": link.reconnects,
        }
    finally:
        await desk.close()


def _inside(run: Run, simulated: Simulation) -> Run:
    """Return a run that knows nothing but the simulation: what leads to a real PBX must not lead a demo there."""
    outside = run.environment
    variables = {name: text for name, text in outside.variables.items() if not name.startswith("CCOPS_")}
    environment = Environment(outside.stdin, outside.stdout, outside.stderr, variables, outside.clock)
    return Run(environment, replace(run.options, config=simulated.config))


@contextlib.contextmanager
def simulation(run: Run, centre: Centre) -> Iterator[Simulation]:
    """Run a simulated PBX as a child, in a folder that goes with it."""
    with cleaned_up(), tempfile.TemporaryDirectory(prefix="ccops-demo-") as name:
        folder = Path(name)
        with _child(run, centre, folder) as child:
            try:
                place = _place(child, folder)
                yield Simulation(_configured(run, centre, folder, place), child, place["stats"])
            finally:
                child.terminate()
                child.wait()


def _child(run: Run, centre: Centre, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "ccops", "demo", "pbx", "--until-eof", "--queue-log", str(folder / "queue_log")]
    for option, value in asdict(centre).items():
        command += [f"--{option}", str(value)]
    with (folder / "pbx.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 (our own interpreter, our own words)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=dict(run.environment.variables),
            # ctrl+c at the terminal is for the console alone.
            start_new_session=True,
        )


def _place(child: "subprocess.Popen[str]", folder: Path) -> Mapping[str, Any]:
    line = child.stdout.readline() if child.stdout is not None else ""
    if line:
        place: Mapping[str, Any] = json.loads(line)
        return place
    why = (folder / "pbx.log").read_text(encoding="utf-8", errors="replace").strip()
    raise CcopsError(_("The simulated PBX did not start: {why}").format(why=why or _("it says nothing")))


def _configured(run: Run, centre: Centre, folder: Path, place: Mapping[str, Any]) -> Path:
    """Write the configuration of the demo."""
    from ccops.pbx.sim import CentrePlan
    from ccops.settings.writer import write_settings

    values: dict[tuple[str, ...], Any] = {
        ("site", "name"): _("Demo"),
        ("site", "timezone"): place["timezone"],
        ("ami", "host"): place["host"],
        ("ami", "port"): place["port"],
        ("ami", "username"): place["user"],
        ("ami", "secret"): place["secret"],
        ("store", "path"): str(folder / "ccops.db"),
        ("queue_log", "path"): str(folder / "queue_log"),
        ("supervisor", "phone"): "PJSIP/9001",
        ("daemon", "socket"): str(folder / "ccops.sock"),
        ("actions", "queue_context"): "queues",
    }
    plan = CentrePlan.default(centre.seats, centre.queues, centre.seed)
    for queue in plan.queues:
        values["queues", queue.name, "title"] = queue.title
        values["queues", queue.name, "threshold"] = float(queue.service_level)
        values["queues", queue.name, "wrap_up"] = float(queue.wrap_up)
    for reason, flags in PAUSES.items():
        values |= {("pause_reasons", reason, flag): value for flag, value in flags.items()}
    path = folder / "config.toml"
    write_settings(path, values, datetime.fromtimestamp(run.now()).astimezone())
    return path
