"""What a person may see of history: which queues and agents a report is narrowed to, and whether numbers are hidden.

The daemon serves the present; reports read the store's file, so the rights on that file come first. Who may read it
and has a role sees what the role sees: queues and agents out of reach are left out, numbers are masked. This keeps
reports in line with the board; against somebody who reads the file with another program only its rights help.
"""

import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccops.errors import NotFound, PermissionRefused
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.reports.archive import Archive
    from ccops.reports.catalogue import Ask
    from ccops.reports.paper.model import Paper, Row, Section
    from ccops.settings import Settings
    from ccops.settings.model import Role


@dataclass(slots=True, frozen=True)
class Sight:
    """What of one store a person may see in one report; None is everything."""

    queues: Sequence[str] | None = None
    agents: Sequence[str] | None = None
    masked: bool = False

    @property
    def whole(self) -> bool:
        """True where nothing is kept back."""
        return self.queues is None and self.agents is None and not self.masked

    def reaches(self, queues: Sequence[str] | None, agents: Sequence[str] | None) -> bool:
        """Tell whether these queues and agents are all in sight; None asks for whatever is."""
        return _within(queues, self.queues) and _within(agents, self.agents)


def _within(asked: Sequence[str] | None, seen: Sequence[str] | None) -> bool:
    return asked is None or seen is None or set(asked) <= set(seen)


def sights(settings: "Settings", archive: "Archive") -> list[Sight]:
    """Return what each role of the person who runs this process shows, the widest first.

    Everything where there are no roles, no daemon that holds them, or the store is the person's own. Raises
    `PermissionRefused` for whoever has no role.
    """
    if not settings.roles or not _serves(settings.daemon.socket):
        return [Sight()]
    from ccops.desk.daemon.peer import myself
    from ccops.desk.roles import Rights

    person = myself()
    rights = Rights.of(person, settings.roles)
    if not rights.roles:
        if person.uid in (0, archive.database.path.stat().st_uid):
            return [Sight()]
        raise PermissionRefused(
            _("{name} has no role here.").format(name=person.name),
            remedy=_("Name the user, or one of their groups, in [roles.…] of the configuration."),
        )
    queues, agents = archive.queues(), archive.agents()
    found = [_sight(role, queues, agents) for role in rights.roles.values()]
    return sorted([*found, *_together(found)], key=lambda one: _width(one, len(queues), len(agents)), reverse=True)


def _serves(socket: Path) -> bool:
    """Tell whether there is a daemon's socket; one whose folder does not let us look is one."""
    try:
        return stat.S_ISSOCK(socket.stat().st_mode)
    except PermissionError:
        return True
    except OSError:
        return False


def _sight(role: "Role", queues: Sequence[str], agents: Sequence[str]) -> Sight:
    from ccops.desk.roles import matches

    return Sight(
        None if "*" in role.queues else tuple(name for name in queues if matches(name, role.queues)),
        None if "*" in role.agents else tuple(name for name in agents if _is_of(name, role)),
        role.mask_numbers,
    )


def _is_of(name: str, role: "Role") -> bool:
    """The log names an agent or their device; a role may name the device's number too, as on the board."""
    from ccops.desk.roles import matches

    return matches(name, role.agents) or ("/" in name and matches(name.rpartition("/")[2], role.agents))


def _together(found: Sequence[Sight]) -> list[Sight]:
    """Return what roles that differ in their queues alone show together: all agents in any of the queues."""
    parts = [one for one in found if one.agents is None and one.queues is not None]
    if len(parts) < 2:
        return []
    queues = sorted({name for one in parts for name in one.queues or ()})
    return [Sight(tuple(queues), None, any(one.masked for one in parts))]


def _width(sight: Sight, queues: int, agents: int) -> tuple[int, bool]:
    seen = queues + 1 if sight.queues is None else len(sight.queues)
    return seen * (agents + 1 if sight.agents is None else len(sight.agents)), not sight.masked


def narrowed(ask: "Ask", found: Sequence[Sight], archive: "Archive", narrows: frozenset[str]) -> "tuple[Ask, Sight]":
    """Return a request as the person may make it, and by which sight; `narrows` is what its report can be narrowed by.

    Raises `PermissionRefused` where no role reaches what is asked for by name, or the report shows more than any.
    """
    try:
        queues, agents = _named(ask, archive)
    except NotFound as error:
        if any(sight.queues is None and sight.agents is None for sight in found):
            raise
        # Nearest names would tell what there is out of sight.
        raise PermissionRefused(_("Your roles do not reach {names}.").format(names=error.name)) from None
    for sight in found:
        if sight.reaches(queues, agents) and _able(sight, narrows) and not (sight.masked and ask.number):
            mine = replace(ask, queue=_text(ask.queue, sight.queues), agent=_text(ask.agent, sight.agents))
            if sight.reaches(*_named(mine, archive)):  # a queue may be called "a,b" beside "a" and "b"
                return mine, sight
    raise _refusal(ask, found, (queues, agents))


def _named(ask: "Ask", archive: "Archive") -> tuple[Sequence[str] | None, Sequence[str] | None]:
    """Return the queues and agents that a request names; None where it names none."""
    from ccops.reports.catalogue.ask import chosen

    queues = chosen(_("queue"), ask.queue, archive.queues()) if ask.queue is not None else None
    agents = chosen(_("agent"), ask.agent, archive.agents()) if ask.agent is not None else None
    return queues, agents


def _able(sight: Sight, narrows: frozenset[str]) -> bool:
    """Tell whether a report can be narrowed to this sight, and there is something left of it."""
    for seen, key in ((sight.queues, "queue"), (sight.agents, "agent")):
        if seen is not None and (key not in narrows or not seen):
            return False
    return True


def _text(asked: str | None, seen: Sequence[str] | None) -> str | None:
    return asked if asked is not None or seen is None else ",".join(seen)


def _refusal(
    ask: "Ask", found: Sequence[Sight], asked: tuple[Sequence[str] | None, Sequence[str] | None]
) -> PermissionRefused:
    queues, agents = asked
    if not any(sight.reaches(queues, agents) for sight in found):
        names = ", ".join([*(queues or ()), *(agents or ())])
        return PermissionRefused(_("Your roles do not reach {names}.").format(names=names))
    if ask.number and all(sight.masked for sight in found):
        return PermissionRefused(
            _("Your roles hide callers' numbers, so a report cannot be narrowed by one."),
            remedy=_("Leave --number out."),
        )
    return PermissionRefused(_("This report shows more than your roles do, and cannot be narrowed to them."))


# --- hiding numbers ---


def masked_paper(paper: "Paper") -> "Paper":
    """Return a paper without callers' numbers: in their columns, in names that are the number once more, in lists."""
    numbers = {
        str(row[key]) for section in paper.sections for key in _phones(section) for row in section.rows if row.get(key)
    }
    return replace(paper, sections=[_masked_section(section, numbers) for section in paper.sections])


def _phones(section: "Section") -> list[str]:
    return [column.key for column in section.columns if column.kind == "phone"]


def _masked_section(section: "Section", numbers: set[str]) -> "Section":
    phones = _phones(section)
    if not phones:
        return _masked_lists(section, numbers)
    texts = [column.key for column in section.columns if column.kind == "text"]
    return replace(section, rows=[_masked_row(row, phones, texts) for row in section.rows])


def _masked_lists(section: "Section", numbers: set[str]) -> "Section":
    """Mask the numbers in the fields of log lines, which the ladder of a call shows."""
    from ccops.desk.masking import mask_number, told

    lists = [column.key for column in section.columns if column.kind == "list"]
    if not lists or not numbers:
        return section
    hidden = {number: mask_number(number) for number in sorted(numbers, key=len, reverse=True)}
    rows = [{**row, **{key: told(row.get(key), hidden) for key in lists}} for row in section.rows]
    return replace(section, rows=rows)


def _masked_row(row: "Row", phones: Sequence[str], texts: Sequence[str]) -> "Row":
    from ccops.desk.masking import mask_number, masked_name

    shown: dict[str, Any] = dict(row)
    for phone in phones:
        number = row.get(phone)
        if number:
            shown[phone] = mask_number(str(number))
            shown |= {key: masked_name(shown[key], str(number)) for key in texts if shown.get(key)}
    return shown
