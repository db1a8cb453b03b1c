"""Questions about one's own rights, for whoever plans through the daemon."""

from ccops.desk.planning.deeds import deed
from ccops.desk.planning.office import Office


@deed("check", reading=True)
def may(office: Office, action: str, person: str = "", reason: str = "") -> None:
    """Raise `PermissionRefused` or `ReasonNeeded` where the person at the office may not do an action on somebody."""
    office.check(action, office.team().member(person) if person else None, reason)
