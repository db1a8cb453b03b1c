"""`ccops wfm`: planning the work force."""

from ccops.cmd import wfm_roster, wfm_roster_change
from ccops.cmd.forecast import backtest_forecasts, forecast_calls
from ccops.cmd.lazy import examples, noun
from ccops.cmd.staffing import staffing
from ccops.cmd.wfm_adherence import show_adherence
from ccops.cmd.wfm_intraday import show_intraday
from ccops.cmd.wfm_leave import app as leave
from ccops.cmd.wfm_leave import report_sick
from ccops.cmd.wfm_require import require_agents
from ccops.cmd.wfm_roster_app import app as roster
from ccops.cmd.wfm_simulate import simulate_day
from ccops.cmd.wfm_swap import app as swap
from ccops.cmd.wfm_team import app as team

app = noun("Plan the work force: forecast, staff, roster, follow.")

app.command(
    "staffing",
    epilog=examples(
        "ccops wfm staffing --calls 100 --interval 30m --aht 180 --target 80/20 --shrinkage 30%",
        "ccops wfm staffing --calls 100 --interval 30m --aht 3m --agents 14 --patience 2m --json",
        "ccops wfm staffing --calls 400 --interval 15m --aht 180 --target 80/30 --patience 60 --max-occupancy 0.9",
        "ccops wfm staffing --calls 100 --interval 30m --aht 3m --agents 14 --patience 2m --simulate",
    ),
)(staffing)
app.command(
    "forecast",
    epilog=examples(
        "ccops wfm forecast --weeks 4 --interval 30m",
        "ccops wfm forecast --weeks 8 --queue sales --special 2026-12-25=closed -f csv > calls.csv",
        "ccops wfm forecast --weeks 1 --interval 15m --from-csv history.csv --start 2026-03-02 --json",
    ),
)(forecast_calls)
app.command(
    "backtest",
    epilog=examples(
        "ccops wfm backtest --from-csv history.csv --country AT",
        "ccops wfm backtest --queue sales --weeks 12 --ahead 1,4 --json",
    ),
)(backtest_forecasts)
app.command(
    "require",
    epilog=examples(
        "ccops wfm require --weeks 4",
        "ccops wfm require --queue sales --from 2026-03-02 --calls 1.1 --target 90/15",
        "ccops wfm require --from-csv history.csv --from 2026-03-02 --simulate --json",
    ),
)(require_agents)
app.command(
    "simulate",
    epilog=examples(
        "ccops wfm simulate --day 2026-03-05",
        "ccops wfm simulate --day 2026-03-05 --strategy sales=fewestcalls --penalty bob=sales=5 --no-live",
        "ccops wfm simulate --day 2026-03-05 --without anna --calls 1.1 --json",
    ),
)(simulate_day)
app.add_typer(team, name="team")
# Their commands are on the noun once they are loaded.
_ROSTER = (wfm_roster, wfm_roster_change)
app.add_typer(roster, name="roster")
app.add_typer(leave, name="leave")
app.add_typer(swap, name="swap")
app.command(
    "sick",
    epilog=examples(
        "ccops wfm sick anna --from 2026-03-03 --to 2026-03-05",
        "ccops wfm sick anna --seconds 5 --publish --json",
    ),
)(report_sick)
app.command(
    "adherence",
    epilog=examples(
        "ccops wfm adherence --from 2026-03-02 --to 2026-03-08",
        "ccops wfm adherence --agent anna --interval 30m --json",
        "ccops wfm adherence --live",
    ),
)(show_adherence)
app.command(
    "intraday",
    epilog=examples(
        "ccops wfm intraday",
        "ccops wfm intraday --queue sales --json | jq .suggestions",
    ),
)(show_intraday)
