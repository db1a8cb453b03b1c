"""The rights that a role can grant in planning."""

from typing import Final

PLANNING_ACTIONS: Final = (
    "wfm.read",
    "wfm.team",
    "wfm.roster",
    "wfm.publish",
    "wfm.leave.request",
    "wfm.leave.decide",
    "wfm.swap.offer",
    "wfm.swap.decide",
    "wfm.sick",
)
"""Rights that a role can grant in planning; `wfm.*` is all of them, and each lets one read everybody's plans."""
