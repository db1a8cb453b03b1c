"""The live state of one PBX: a pure reducer over events and snapshots, and the rows that show it."""

from ccops.pbx.state.apply import RESTARTED, TICK, WANTED, apply, channels_listed, clock_offset
from ccops.pbx.state.drift import Canonical, Difference, Drift, canonical, compare
from ccops.pbx.state.merge import carry, repair
from ccops.pbx.state.model import Dirty, State
from ccops.pbx.state.snapshot import read
from ccops.pbx.state.views import changes, everything

__all__ = [
    "RESTARTED",
    "TICK",
    "WANTED",
    "Canonical",
    "Difference",
    "Dirty",
    "Drift",
    "State",
    "apply",
    "canonical",
    "carry",
    "changes",
    "channels_listed",
    "clock_offset",
    "compare",
    "everything",
    "read",
    "repair",
]
