"""What is known about one agent: state, memberships, call, today, who listens, and what happened lately."""

from collections.abc import Iterator

from ccops.board import AgentRow, Membership
from ccops.i18n import _
from ccops.tui.cells import clock, count, duration, fit, person, rate, safe, seconds
from ccops.tui.columns import Moment
from ccops.tui.figures import state_age, state_cell
from ccops.tui.painted import Painted
from ccops.tui.spans import Line, Span
from ccops.tui.station import Station

_LABEL = 12


class AgentPane(Painted):
    """Draws one agent."""

    DEFAULT_CSS = """
    AgentPane { height: 1fr; }
    """

    def __init__(self, station: Station) -> None:
        """Empty until `show`."""
        super().__init__(station)
        self._key: str | None = None

    def show(self, key: str | None) -> None:
        """Draw that agent."""
        if key != self._key:
            self._key = key
            self.repaint()

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return what fits."""
        agent = moment.board.agents.get(self._key or "")
        if agent is None:
            return [((fit("  " + _("No agent selected"), width), "head"),)]
        lines: list[Line] = [((fit(f"  {safe(agent.agent)}", width), "head-sorted"),)]
        lines += [self._fact(label, span, width, moment) for label, span in self._facts(agent, moment)]
        lines += [(), ((fit("  " + _("Member of"), width), "head"),)]
        lines += [self._membership(item, width, moment) for item in agent.memberships]
        lines += [(), ((fit("  " + _("Lately"), width), "head"),)]
        records = self.station.journal.about("agent", agent.key)
        for record in records[: max(0, height - len(lines))]:
            text = fit(safe(record.text), max(0, width - 12), "left", moment.look.glyph("ellipsis"))
            lines.append(((f"  {clock(int(record.at), moment.zone)}  ", "faint"), (text, record.tone)))
        return lines[:height]

    def _facts(self, agent: AgentRow, moment: Moment) -> Iterator[tuple[str, Span]]:
        today = agent.today
        yield _("state"), state_cell(agent.state, moment.look)
        yield _("for"), state_age(agent, moment, agent.state.value)
        if agent.pause_reason:
            yield _("reason"), (agent.pause_reason, "paused")
        if agent.caller_number or agent.caller_name:
            yield _("caller"), (person(agent.caller_number, agent.caller_name), "text")
        if agent.queue:
            yield _("queue"), (agent.queue, "text")
        for leg in moment.board.supervisions.values():
            if leg.agent_key == agent.key:
                yield _("supervised"), (f"{leg.mode} {leg.owner or leg.phone} ({leg.state})", "info")
        yield _("phone"), (agent.device or agent.interface, "text")
        yield (
            _("today"),
            (
                _("{answered} answered, {missed} missed").format(
                    answered=count(today.answered), missed=count(today.missed)
                ),
                "text",
            ),
        )
        talk, aht, occupancy = duration(today.talk), seconds(today.aht), rate(today.occupancy)
        yield "", (_("talk {talk}, AHT {aht}, occupancy {occ}").format(talk=talk, aht=aht, occ=occupancy), "text")
        if agent.last_call_at is not None:
            yield _("last call"), (_("{time} ago").format(time=duration(moment.now - agent.last_call_at)), "text")

    @staticmethod
    def _fact(label: str, span: Span, width: int, moment: Moment) -> Line:
        text = fit(safe(span[0]), max(0, width - _LABEL - 2), "left", moment.look.glyph("ellipsis"))
        return ((fit(f"  {label}", _LABEL + 2), "muted"), (text, span[1]))

    def _membership(self, item: Membership, width: int, moment: Moment) -> Line:
        name = fit(f"  {safe(item.queue)}", _LABEL + 2, "left", moment.look.glyph("ellipsis"))
        said = [_("penalty {value}").format(value=item.penalty)]
        if item.logged_in_at is not None:
            said.append(_("since {time}").format(time=clock(int(item.logged_in_at), moment.zone, with_seconds=False)))
        if not item.dynamic:
            said.append(_("static"))
        if item.paused:
            said.append(_("paused") + (f" ({item.pause_reason})" if item.pause_reason else ""))
        text = fit(safe(", ".join(said)), max(0, width - _LABEL - 2), "left", moment.look.glyph("ellipsis"))
        return ((name, "text"), (text, "paused" if item.paused else "muted"))
