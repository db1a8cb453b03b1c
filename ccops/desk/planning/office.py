"""The planner's office: settings, store, clock, and what the person at it may do."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from ccops.desk.daemon.peer import myself
from ccops.desk.planning.rights import PLANNING_ACTIONS
from ccops.desk.roles import Person, Rights, matches
from ccops.errors import CcopsError, PermissionRefused, ReasonNeeded, UsageProblem
from ccops.i18n import _
from ccops.settings import Loaded, Settings
from ccops.store import Database, open_store
from ccops.store import planning as store
from ccops.wfm.targets import site_rule
from ccops.wfm.team.model import Member, Team

if TYPE_CHECKING:
    from ccops.board import Board
    from ccops.desk.planning.away import Away

_OWN: Final = frozenset({"wfm.leave.request", "wfm.swap.offer"})
"""What everybody may do for themselves: the person's `login` in the team says who they are."""


@dataclass(slots=True)
class Deed:
    """A change under way; what it says in the end goes into the audit."""

    database: Database
    at: float
    who: str
    detail: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class Office:
    """One person's access to planning."""

    def __init__(
        self,
        loaded: Loaded | Settings,
        *,
        person: Person | None = None,
        clock: Callable[[], float] = time.time,
        read_only: bool = False,
        rights: Rights | None = None,
    ) -> None:
        """`person` is whoever runs this process where it is not said; the daemon says who asks, with their `rights`.

        Roles hold as soon as any is configured, except for root and the owner of the store, who could write it anyhow.
        Where the store is not ours to write and a daemon serves, everything goes through it.
        """
        self.loaded = loaded if isinstance(loaded, Loaded) else Loaded(loaded)
        self.settings = self.loaded.settings
        self.person = person or myself()
        self.clock = clock
        self.read_only = read_only
        self.board: Board | None = None
        """What the PBX shows now, where somebody has looked."""
        self.away = self._away() if person is None else None
        self.rights = rights or self._rights()
        self.rule = site_rule(self.settings)
        self.zone = self.settings.zone

    def _rights(self) -> Rights:
        if self.away is not None:
            return Rights({}, name=self.person.name)  # the daemon knows
        roles, path = self.settings.roles, self.settings.store.path
        owner = path.stat().st_uid if os.path.exists(path) else self.person.uid
        if not roles or self.person.uid in (0, owner):
            return Rights({}, everything=True, name=self.person.name)
        return Rights.of(self.person, roles)

    def _away(self) -> "Away | None":
        from ccops.desk.planning.away import away_of

        return away_of(self.settings)

    # --- reading ---

    def today(self) -> date:
        """Return the site's day."""
        return datetime.fromtimestamp(self.clock(), UTC).astimezone(self.zone).date()

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Open the store for reading; brings an older one up to date first where that is possible."""
        path = self.settings.store.path
        if self.away is not None:
            from ccops.desk.planning.away import AwayStore

            with AwayStore(path, self.away) as plans:
                yield plans
            return
        if not os.path.exists(path):  # also where its folder is closed to us
            raise UsageProblem(
                _("There is no store at “{path}” yet.").format(path=path),
                remedy=_("`ccops wfm team import FILE` makes it, and `ccops ingest queue-log PATH` fills it."),
            )
        with open_store(path, read_only=not os.access(path, os.W_OK)) as database:
            yield database

    def team(self, number: int | None = None) -> Team:
        """Return the team, or an older version of it; raises `UsageProblem` where there is none."""
        return self.team_version(number)[1]

    def team_version(self, number: int | None = None) -> tuple[int, Team]:
        """Return the number of the newest version of the team, and the team."""
        from ccops.wfm.team.read import team_of

        with self.reading() as database:
            found = store.team(database, number)
        if found is None:
            if number is not None:
                raise UsageProblem(_("There is no version {number} of the team.").format(number=number))
            raise UsageProblem(
                _("There is no team yet."), remedy=_("Write it down and take it in: `ccops wfm team import FILE`.")
            )
        return found.id, team_of(found.document)

    # --- changing ---

    @contextmanager
    def doing(
        self, action: str, target: str, *, member: Member | None = None, reason: str = "", **arguments: Any
    ) -> Iterator[Deed]:
        """Do a change between its two rows in the audit; `member` is whom it is about.

        Raises `PermissionRefused` where no role of the person grants it, `ReasonNeeded` where one must be given.
        """
        from ccops.store.audit import open_audit

        path = self.settings.store.path
        if self.away is not None:  # what is a deed never comes here; the store is not ours
            raise PermissionRefused(_("The store “{path}” is the daemon's to write.").format(path=path))
        audit = open_audit(path, self.clock)
        try:
            number = audit.begin(
                who=self.person.name, origin=self.person.origin, action=action, target=target, call_id="",
                arguments=json.dumps(_plain(arguments), ensure_ascii=False, sort_keys=True), reason=reason,
            )  # fmt: skip
            try:
                self.check(action, member, reason)
                with open_store(path) as database:
                    deed = Deed(database, self.clock(), self.person.name)
                    yield deed
            except BaseException as error:
                audit.end(number, result=_result(error), detail=str(error), data={})
                raise
            audit.end(number, result="done", detail=deed.detail, data=deed.data)
        finally:
            audit.close()

    def check(self, action: str, member: Member | None = None, reason: str = "") -> None:
        """Raise `PermissionRefused` where this person may not do it, `ReasonNeeded` where a reason is missing."""
        self.may_write()
        if self.away is not None:
            person = "" if member is None else member.id
            self.away.ask("check", {"action": action, "person": person, "reason": reason})
            return
        if self.rights.everything or self._own(action, member):
            return
        named = [role for role in self.rights.roles.values() if not role.read_only and matches(action, role.actions)]
        names = [member.id, member.name, member.agent, member.interface] if member is not None else []
        reaching = [
            role
            for role in named
            if not names or "*" in role.agents or any(matches(name, role.agents) for name in names if name)
        ]
        if not reaching:
            held = ", ".join(sorted(self.rights.roles)) or _("none")
            text = _("Your roles ({roles}) do not include {action}.")
            if named and member is not None:
                text = _("Your roles ({roles}) do not reach {person}.")
            person = member.name if member is not None else ""
            raise PermissionRefused(text.format(roles=held, action=action, person=person))
        if not reason and all(matches(action, role.reason_required) for role in reaching):
            raise ReasonNeeded(_("{action} needs a reason.").format(action=action), remedy=_("Add --reason “…”."))

    def may_write(self) -> None:
        """Raise `PermissionRefused` in a read-only session."""
        if self.read_only:
            raise PermissionRefused(_("Every action is refused: --read-only."))

    def reads(self) -> Literal["all", "own", "nothing"]:
        """Say how much of the plans this person may read: all by any right in planning, else what is theirs."""
        roles = self.rights.roles.values()
        if self.rights.everything or any(matches(name, role.actions) for role in roles for name in PLANNING_ACTIONS):
            return "all"
        return "own" if self.me() is not None else "nothing"

    def me(self) -> Member | None:
        """Return who this person is in the team, by `login`; None where they are not in it or there is none."""
        try:
            people = self.team().people
        except UsageProblem:
            return None
        return next((one for one in people if one.login and one.login == self.person.name), None)

    def _own(self, action: str, member: Member | None) -> bool:
        return action in _OWN and member is not None and bool(member.login) and member.login == self.person.name


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in arguments.items()
        if value not in (None, "", ())
    }


def _result(error: BaseException) -> str:
    if isinstance(error, PermissionRefused):
        return "denied"
    if isinstance(error, UsageProblem):
        return "refused"
    return "failed" if isinstance(error, CcopsError) else "unknown"
