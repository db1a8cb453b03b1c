"""A simulated PBX: a real AMI server on a loopback port with a centre of people behind it."""

from ccops.pbx.sim.figures import SimStats, Truth
from ccops.pbx.sim.plan import AgentPlan, CentrePlan, QueuePlan
from ccops.pbx.sim.sim import SimPbx

__all__ = ["AgentPlan", "CentrePlan", "QueuePlan", "SimPbx", "SimStats", "Truth"]
