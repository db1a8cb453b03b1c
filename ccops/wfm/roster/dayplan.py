"""Who works on which day: the totals of each kind shared out to its people, with their wishes and their rules.

For one kind of people this is a small roster of its own, in which a day asks for so many of them whatever they work;
whole patterns find the cheapest one (`columns`). What is worked on the days is chosen later.
"""

from dataclasses import replace

import numpy as np

from ccops.wfm.roster.columns import ColumnGeneration
from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, DirectCover, Reals, Roster
from ccops.wfm.roster.limits import OFF, Duties
from ccops.wfm.roster.relax import Relaxed

_DISTANCE = 60.0
"""Cost of one person too many or too few on a day."""
_TOLERANCE = 1e-3


def day_plan(core: Core, prices: Reals, relaxed: Relaxed, control: Control, seconds: float, seed: int) -> Roster | None:
    """Return a roster in which only matters who works and how long (duties are examples); None where time is short.

    `prices` is what each duty costs (people × days × duties), its use for the team taken off.
    """
    roster: Roster = np.full((core.people, core.calendar.days), OFF, np.int16)
    whole = sum(len(people) for people in relaxed.kinds)
    for kind, people in enumerate(relaxed.kinds):
        part = control.part(seconds * len(people) / whole)
        found = _of_kind(core, prices, people, relaxed.working[kind].sum(axis=1), part, seed)
        if found is None:
            return None
        roster[people] = found
    return roster


def _of_kind(core: Core, prices: Reals, people: list[int], wanted: Reals, control: Control, seed: int) -> Roster | None:
    days = core.calendar.days
    lengths, length_of = np.unique(core.minutes, return_inverse=True)
    cheapest = np.full((len(people), days, len(lengths)), np.inf)
    for length in range(len(lengths)):
        cheapest[:, :, length] = prices[people][:, :, length_of == length].min(axis=2)
    limits = tuple(replace(core.limits[person], rules=0, counters=(), duty_before=OFF) for person in people)
    rules = (Duties(lengths, np.ones((len(lengths), len(lengths)), bool)),)
    price = np.full(days, _DISTANCE)
    cover = DirectCover(np.repeat(np.arange(days)[:, None], len(lengths), axis=1), wanted, price, price)
    part = Core(core.calendar, rules, limits, cheapest, core.off_costs[people], 0.0, cover)
    engine = ColumnGeneration(part, cover, control, seed)
    found = engine.dive(engine.root(), engine.empty(), _TOLERANCE)
    return None if found is None else _examples(core, prices, people, found, length_of)


def _examples(core: Core, prices: Reals, people: list[int], found: Roster, length_of: np.ndarray) -> Roster:
    """Return the cheapest duty of each length that was chosen."""
    roster = np.full_like(found, OFF)
    for row, person in enumerate(people):
        for day in np.flatnonzero(found[row] != OFF).tolist():
            fits = np.where(length_of == found[row, day], prices[person, day], np.inf)
            roster[row, day] = int(fits.argmin())
    return roster
