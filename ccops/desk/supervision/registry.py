"""Knows every supervision leg: those that we started and those found running in the PBX."""

from collections.abc import Callable, Mapping
from typing import Any

from ccops.board import SupervisionRow
from ccops.desk.supervision.legs import SPEAKING, VARIABLES, Leg, Mode, mode_of_options

Publish = Callable[[str, SupervisionRow | None], None]


class Registry:
    """All legs by supervision id; says what the board shows of them.

    The live state reports spies that run (`seen`, `gone`); what only we know (owner, mode, ringing) is kept here
    and on the leg's channel in the PBX.
    """

    def __init__(self, publish: Publish, ended: Callable[[Leg], None] = lambda _leg: None) -> None:
        """`publish` is told of every row that appears, changes or goes, `ended` of every leg that is over."""
        self.legs: dict[str, Leg] = {}
        self._publish = publish
        self._ended = ended

    def add(self, leg: Leg) -> None:
        """Take a leg in and show it."""
        self.legs[leg.supervision_id] = leg
        self.show(leg)

    def show(self, leg: Leg) -> None:
        """Publish the leg as it stands."""
        self._publish(leg.supervision_id, leg.row())

    def end(self, leg: Leg, why: str) -> None:
        """The leg is over: show why once, then take it off."""
        if not leg.live:
            return
        leg.state, leg.ended_why = "ended", leg.stopping or why
        self.legs.pop(leg.supervision_id, None)
        self.show(leg)
        self._publish(leg.supervision_id, None)
        self._ended(leg)

    def seen(self, row: SupervisionRow) -> None:
        """The live state shows a running spy."""
        leg = self.legs.get(row.supervision_id)
        if leg is None:
            self.add(_stranger(row))
            return
        if leg.mode is Mode.TAKEOVER:
            return
        leg.channel = row.channel or leg.channel
        leg.started_at = leg.started_at or row.started_at
        leg.target = row.target_channel or leg.target
        if row.state == "running":
            leg.state = "running"
        if not leg.agent_key:
            leg.agent_key, leg.agent = row.agent_key or "", row.agent or ""
            leg.call_id = leg.call_id or row.call_id or ""
        self.show(leg)

    def gone(self, supervision_id: str, why: str) -> None:
        """The live state no longer shows the spy; a take-over goes on in its bridge."""
        leg = self.legs.get(supervision_id)
        if leg is not None and not leg.taken_over:
            self.end(leg, why)

    def named(self, supervision_id: str, variables: Mapping[str, str]) -> None:
        """What the PBX keeps on the channel of a leg that we found: its owner and mode."""
        leg = self.legs.get(supervision_id)
        owner, mode = variables.get("CCOPS_OWNER", ""), variables.get("CCOPS_MODE", "")
        if leg is None or not owner:
            return
        leg.owner, leg.ours = owner, True
        if mode in set(Mode):
            leg.mode = Mode(mode)
            leg.deaf = leg.mode is Mode.PRIVATE and leg.switchable
        leg.agent = leg.agent or variables.get("CCOPS_AGENT", "")
        leg.call_id = leg.call_id or variables.get("CCOPS_CALL", "")
        leg.phone = variables.get("CCOPS_PHONE", "") or leg.phone
        self.show(leg)

    def unasked(self) -> list[Leg]:
        """Return the legs found in the PBX whose owner has not been asked for."""
        return [leg for leg in self.legs.values() if not leg.ours and leg.channel and not leg.asked]

    def there(self) -> list[Leg]:
        """Return the legs on which another desk may have switched the mode meanwhile, seen to run or not."""
        return [leg for leg in self.legs.values() if leg.live and leg.channel and not leg.taken_over]

    def of(self, owner: str, agent_key: str) -> Leg | None:
        """Return the live leg that this supervisor has on this agent."""
        legs = (leg for leg in self.legs.values() if leg.owner == owner and leg.agent_key == agent_key)
        return next((leg for leg in legs if leg.ours and leg.live and leg.mode is not Mode.TAKEOVER), None)

    def on_phone(self, phone: str) -> Leg | None:
        """Return the live leg that holds this phone."""
        return next((leg for leg in self.legs.values() if leg.phone == phone and leg.live), None)

    def speaker(self, agent_key: str, besides: Leg | None = None) -> Leg | None:
        """Return the leg through which somebody speaks to this agent already."""
        for leg in self.legs.values():
            if leg is not besides and leg.agent_key == agent_key and leg.live and leg.mode in SPEAKING:
                return leg
        return None


def _stranger(row: SupervisionRow) -> Leg:
    """Make a leg of a spy that was running before us; its options tell the mode where no key can have changed it."""
    return Leg(
        supervision_id=row.supervision_id,
        owner="",
        mode=mode_of_options(row.options) if row.options else Mode.UNKNOWN,
        phone=row.phone,
        agent_key=row.agent_key or "",
        agent=row.agent or "",
        call_id=row.call_id or "",
        target=row.target_channel,
        state=row.state,
        channel=row.channel,
        started_at=row.started_at,
        ours=False,
        switchable="d" in row.options,
    )


def status_variables(event: Mapping[str, Any]) -> dict[str, str]:
    """Read the channel variables out of a Status row (`Variable: NAME=value`, one header each)."""
    pairs = (line.partition("=") for line in str(event.get("Variable", "")).split("\n"))
    # Asterisk writes a variable that is not set as "(null)".
    return {name: text for name, _equals, text in pairs if name in VARIABLES and text not in ("", "(null)")}
