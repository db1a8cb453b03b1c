"""All actions, one table."""

from ccops.desk.actions import agents, alerts, calls, supervise
from ccops.desk.table import Table

TABLE = Table((*supervise.ACTIONS, *agents.ACTIONS, *calls.ACTIONS, *alerts.ACTIONS))

__all__ = ["TABLE"]
