"""`ccops wfm staffing`: how many agents a load needs, or what a number of agents makes of it."""

import math
from typing import TYPE_CHECKING, Annotated

import typer

from ccops.cmd.columns import Record, columns
from ccops.cmd.output import Output, listing
from ccops.cmd.planning import planning
from ccops.cmd.quantities import amount, duration, figure, share
from ccops.cmd.run import Run
from ccops.errors import UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.wfm.staffing import Staffing
    from ccops.wfm.targets import ServiceRule, Target

STAFFING_COLUMNS = columns(
    "agents:count", "positions:count", "service_level:rate", "asa:seconds", "occupancy:rate", "wait_probability:rate",
    "abandon_rate:rate", "mean_wait:seconds", "abandoned:rate", "erlangs", "trunks:count", "rule",
    "threshold:seconds", "short_abandon:seconds", "simulated_service_level:rate", "simulated_service_level_low:rate",
    "simulated_service_level_high:rate", "simulated_asa:seconds", "simulated_asa_low:seconds",
    "simulated_asa_high:seconds", "simulated_abandon_rate:rate", "simulated_abandon_rate_low:rate",
    "simulated_abandon_rate_high:rate",
)  # fmt: skip
_SIMULATED = ("service_level", "asa", "abandon_rate")

_AGENTS = 1_000_000
_CALLS = 1e9

CallsOption = Annotated[float, typer.Option("--calls", metavar="N", help="Calls per interval.", show_default=False)]
LengthOption = Annotated[str, typer.Option("--interval", metavar="TIME", help="Length of the interval: 15m, 30m, 1h.")]
AhtOption = Annotated[
    str,
    typer.Option(
        "--aht", metavar="TIME", help="Mean handle time, talk and wrap-up; bare: seconds.", show_default=False
    ),
]
TargetOption = Annotated[
    str | None, typer.Option("--target", metavar="P/S", help="Find the agents for P percent answered within S seconds.")
]
AgentsOption = Annotated[
    int | None, typer.Option("--agents", metavar="N", help="Say what this many agents achieve instead.")
]
PatienceOption = Annotated[
    str | None,
    typer.Option(
        "--patience",
        metavar="TIME",
        help="Mean time until a waiting caller gives up (Erlang A); without: never (Erlang C).",
    ),
]
ShrinkageOption = Annotated[
    str, typer.Option("--shrinkage", metavar="X", help="Share of paid time not on the phones: 0.3 or 30%.")
]
TrunksOption = Annotated[
    str | None,
    typer.Option(
        "--trunks", metavar="X", help="Say too how many trunks turn away at most this share of calls (Erlang B)."
    ),
]

SimulateOption = Annotated[
    bool, typer.Option("--simulate", help="Play it, too: what comes out, with the interval that holds it.")
]


@listing(STAFFING_COLUMNS, one=True)
@planning()
def staffing(
    context: typer.Context,
    out: Output,
    calls: CallsOption,
    aht: AhtOption,
    interval: LengthOption = "30m",
    target: TargetOption = None,
    agents: AgentsOption = None,
    patience: PatienceOption = None,
    shrinkage: ShrinkageOption = "0",
    max_occupancy: Annotated[
        str | None, typer.Option("--max-occupancy", metavar="X", help="With --target: keep agents no busier than this.")
    ] = None,
    max_asa: Annotated[
        str | None, typer.Option("--max-asa", metavar="TIME", help="With --target: answer as soon as this on average.")
    ] = None,
    max_abandon_rate: Annotated[
        str | None, typer.Option("--max-abandon-rate", metavar="X", help="With --target: lose no more than this share.")
    ] = None,
    threshold: Annotated[
        str | None, typer.Option("--threshold", metavar="TIME", help="With --agents: the service level's threshold.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="NAME", help="How service level and abandons are counted.")
    ] = None,
    short_abandon: Annotated[
        str | None, typer.Option("--short-abandon", metavar="TIME", help="Who gives up sooner does not count.")
    ] = None,
    trunks: TrunksOption = None,
    simulate: SimulateOption = False,
) -> None:
    """Say how many agents a load needs, or what a number of agents makes of it.

    `positions` is how many to roster with shrinkage. Service level and abandon rate follow [service_level] of the
    configuration where it is set; otherwise every caller counts, as in the textbooks. `mean_wait` and `abandoned`
    are over all callers whatever the rule. A figure without anything to divide by, or without bound, is null.
    """
    run = Run.of(context)
    demands = {"--max-occupancy": max_occupancy, "--max-asa": max_asa, "--max-abandon-rate": max_abandon_rate}
    _one_question(target, agents, threshold, demands)
    load = _Load(
        amount("--calls", calls, most=_CALLS),
        duration("--interval", interval, unit=True),
        duration("--aht", aht),
        None if patience is None else duration("--patience", patience),
    )
    spare = share("--shrinkage", shrinkage, most=0.99, zero=True)
    blocking = None if trunks is None else share("--trunks", trunks, most=0.99)
    counted = _rule(run, target, threshold, rule, short_abandon)
    aims = None if agents is not None else _target(target, demands)
    found = load.staffed(counted, aims, spare, agents)
    record = _staffing_record(found, counted) | load.more(found, counted, blocking, simulate=simulate)
    if not simulate and not out.fields:
        out.columns = [column for column in out.columns if not column.name.startswith("simulated")]
    if found.asa is not None and math.isinf(found.asa):
        text = _("{load:g} erlangs are more than {agents} agents can carry: the queue grows without end.")
        run.narrator.say(text.format(load=load.erlangs, agents=found.agents))
    out.one(record)


def _one_question(
    target: str | None, agents: int | None, threshold: str | None, demands: dict[str, str | None]
) -> None:
    """Raise UsageProblem where it is not clear what is asked for."""
    given = [option for option, value in demands.items() if value is not None]
    if agents is None:
        if target is None and not given:
            raise UsageProblem(
                _("Neither a target nor a number of agents is given."), remedy=_("Add --target 80/20 or --agents N.")
            )
        if target is not None and threshold is not None:
            raise UsageProblem(
                _("--target says the threshold already."), remedy=_("Leave --threshold out, or ask with --agents.")
            )
        return
    amount("--agents", agents, most=_AGENTS)
    if target is not None or given:
        option = "--target" if target is not None else given[0]
        raise UsageProblem(
            _("{option} asks for a number of agents, and --agents gives one.").format(option=option),
            remedy=_("Leave one of them out; --threshold says for which threshold the service level is counted."),
        )


def _rule(
    run: Run, target: str | None, threshold: str | None, rule: str | None, short_abandon: str | None
) -> "ServiceRule":
    """Return how things are counted: as asked for, else as the site does where it says so, else as textbooks do."""
    from ccops.wfm.targets import ServiceRule, parse_service_level, site_rule

    site = site_rule(run.settings)
    short = site.short_abandon
    if short_abandon is not None:
        short = duration("--short-abandon", short_abandon, zero=True)
    seconds = site.threshold
    if target is not None:
        seconds = parse_service_level(target)[1]
    elif threshold is not None:
        seconds = duration("--threshold", threshold, zero=True)
    return ServiceRule(rule or site.name, seconds, short)


def _target(target: str | None, demands: dict[str, str | None]) -> "Target":
    from ccops.wfm.targets import Target, parse_service_level

    def wanted(option: str) -> float | None:
        text = demands[option]
        if text is None:
            return None
        return duration(option, text) if option == "--max-asa" else share(option, text)

    level = None if target is None else parse_service_level(target)[0]
    return Target(level, wanted("--max-occupancy"), wanted("--max-asa"), wanted("--max-abandon-rate"))


class _Load:
    """What is asked about: one interval of calls."""

    def __init__(self, calls: float, interval: float, aht: float, patience: float | None) -> None:
        """Durations in seconds."""
        self.calls, self.interval, self.aht, self.patience = calls, interval, aht, patience

    @property
    def erlangs(self) -> float:
        """Agents that it would keep busy without a pause."""
        return self.calls * self.aht / self.interval

    def staffed(self, rule: "ServiceRule", target: "Target | None", shrinkage: float, agents: int | None) -> "Staffing":
        """Return the figures of these agents, or of the fewest that meet the target."""
        from ccops.wfm.erlang import Traffic
        from ccops.wfm.staffing import staff, staff_for

        if self.erlangs > _AGENTS:
            raise UsageProblem(
                _("{load:.0f} erlangs are more than any centre has.").format(load=self.erlangs),
                remedy=_("Check --calls, --interval and --aht."),
            )
        traffic = Traffic(self.calls, self.interval, self.aht, self.patience)
        if target is None:
            return staff(traffic, rule, agents or 0, shrinkage)[0]
        return staff_for(traffic, rule, target, shrinkage)[0]

    def more(
        self, found: "Staffing", rule: "ServiceRule", blocking: float | None, *, simulate: bool
    ) -> dict[str, float | int | None]:
        """Return the load, with trunks and what is simulated where they are asked for."""
        record: dict[str, float | int | None] = {"erlangs": round(self.erlangs, 6)}
        if blocking is not None:
            record["trunks"] = self.trunks(found, blocking)
        return record | self.simulated(rule, found.agents) if simulate else record

    def simulated(self, rule: "ServiceRule", agents: int) -> dict[str, float | int | None]:
        """Return what the simulation says of these agents, with 95 % intervals; a check of the formulas."""
        from ccops.wfm.proof import played

        figures = played(self.calls, self.interval, self.aht, self.patience, agents, rule)
        return {
            f"simulated_{name}{suffix}": figure(getattr(getattr(figures, name), part), 6)
            for name in _SIMULATED
            for suffix, part in (("", "mean"), ("_low", "low"), ("_high", "high"))
        }

    def trunks(self, found: "Staffing", blocking: float) -> int | None:
        """Return the fewest trunks for callers who wait or talk; None where they would pile up without end."""
        from ccops.wfm.staffing import trunks_needed

        # Little's law. Wrap-up counts as if it held a trunk: rather one too many than one too few.
        held = (found.mean_wait or 0.0) + (1 - (found.abandoned or 0.0)) * self.aht
        return None if math.isinf(held) else int(trunks_needed(self.calls / self.interval * held, blocking))


def _staffing_record(found: "Staffing", rule: "ServiceRule") -> Record:
    names = ("service_level", "asa", "occupancy", "wait_probability", "abandon_rate", "mean_wait", "abandoned")
    figures = {name: figure(getattr(found, name)) for name in names}
    counted = {"rule": rule.name, "threshold": rule.threshold, "short_abandon": rule.short_abandon}
    return {"agents": found.agents, "positions": found.positions, **figures, **counted}
