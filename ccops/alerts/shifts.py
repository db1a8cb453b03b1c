"""Who should be on the phones now, by the published roster: asked of planning, where it is installed and has a plan."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ccops.errors import CcopsError

if TYPE_CHECKING:
    from ccops.settings import Settings

Names = tuple[str, ...]
"""What a person is called: for people first, then every name that the PBX may use."""


def on_shift(settings: "Settings", at: float) -> Mapping[Names, float]:
    """Return who should be on the phones at an instant (epoch seconds), and since when; those on a break are not.

    Empty where there is no roster, no right to read it, or no planning installed: alerts about shifts rest then, and
    all others go on.
    """
    try:
        return _asked(settings, at) if is_planned(settings, at) else {}
    except (CcopsError, ModuleNotFoundError):
        return {}


def is_planned(settings: "Settings", at: float) -> bool:
    """Say whether a roster is published for a moment: planning loads much, and most sites publish none here."""
    from ccops.store import open_store
    from ccops.store.planning import scheduled

    if not os.path.exists(settings.store.path):
        return False
    today = datetime.fromtimestamp(at, settings.zone).date()
    with open_store(settings.store.path, read_only=True) as database:
        return bool(scheduled(database, today - timedelta(days=1), today))


def _asked(settings: "Settings", at: float) -> Mapping[Names, float]:
    from ccops.reports.periods import Period
    from ccops.wfm.adherence.rows import Reader

    with Reader.opened(settings) as reader:
        asked = reader.asked(Period(int(at), int(at) + 1))
        people = {member.id: member for member in reader.team.people}
    found: dict[Names, float] = {}
    for person, days in asked.items():
        member = people.get(person)
        begins = [start for day in days for start, end in day.phones if start <= at < end]
        if member is not None and begins:
            found[member.name, member.agent, member.interface] = float(begins[0])
    return found
