"""All actions, one table."""

from ccops.desk.actions import agents, calls, supervise
from ccops.desk.table import Table

TABLE = Table((*supervise.ACTIONS, *agents.ACTIONS, *calls.ACTIONS))

__all__ = ["TABLE"]
