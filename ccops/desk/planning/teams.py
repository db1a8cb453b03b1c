"""Teams of a site: taken in from files, kept in versions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccops.desk.planning.deeds import deed
from ccops.desk.planning.office import Office
from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.store import planning as store
from ccops.wfm.team.model import Team


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did."""

    version: int | None
    """None where nothing changed, or on a dry run."""
    team: Team
    changes: tuple[str, ...]
    """What is different: `people.anna.skills` …"""


def read_file(office: Office, path: Path) -> Team:
    """Return the team that a file describes: TOML is a whole team, CSV the people of the team that there is."""
    if path.suffix.casefold() == ".csv":
        from ccops.wfm.team.people_csv import read_people

        return read_people(path, office.team())
    if path.suffix.casefold() != ".toml":
        raise UsageProblem(
            _("“{path}” is neither .toml nor .csv.").format(path=path),
            remedy=_("A whole team is TOML, its people alone CSV: see docs/planning.md."),
        )
    from ccops.wfm.team.read import read_team

    return read_team(path)


def import_team(office: Office, path: Path, *, note: str = "", dry_run: bool = False) -> Taken:
    """Take a team in as a new version; nothing is kept where it says what is known already."""
    return save_team(office, read_file(office, path), note=note or path.name, dry_run=dry_run)


@deed("team.save")
def save_team(office: Office, team: Team, *, note: str = "", dry_run: bool = False) -> Taken:
    """Keep a team as a new version, with the audit telling what changed."""
    from ccops.wfm.team.write import document_of

    document = document_of(team)
    path, before = office.settings.store.path, {}
    if path.exists():
        with office.reading() as database:
            newest = store.team(database)
            before = dict(newest.document) if newest is not None else {}
    changes = tuple(changed(before, document))
    if dry_run or not changes:
        office.check("wfm.team")
        return Taken(None, team, changes)
    with office.doing("wfm.team", note) as deed, deed.database.write() as connection:
        version = store.put_team(connection, deed.at, deed.who, note, document)
        deed.detail = _("version {version}: {count} changes").format(version=version, count=len(changes))
        deed.data = {"version": version, "changes": list(changes[:100])}
    return Taken(version, team, changes)


def changed(before: Any, after: Any, path: str = "") -> list[str]:
    """Return the keys at which two documents differ; a part that is new or gone is named once."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            line
            for key in dict.fromkeys([*before, *after])
            for line in changed(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
        ]
    if before == after:
        return []
    if isinstance(after, dict) and before is None and path.count(".") < 1:
        return [f"{path}.{key}" for key in after]
    return [path]


def versions(office: Office) -> list[store.TeamVersion]:
    """Return every version of the team, newest first."""
    with office.reading() as database:
        return store.teams(database)
