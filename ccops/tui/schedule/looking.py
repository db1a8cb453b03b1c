"""Keys that put a list on top of the schedule: versions, differences, rules, what is short, requests, the day."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from ccops.i18n import _
from ccops.tui.schedule.asking import Asking
from ccops.tui.schedule.lists import BreaksView, DifferenceView, VersionsView
from ccops.tui.schedule.living import LiveView, RequestsView
from ccops.tui.schedule.resttoday import RestView
from ccops.tui.schedule.shorts import ShortsView
from ccops.tui.view import View

KEYS: tuple[tuple[str, str], ...] = (
    ("v", _("versions: drafts and what was published; Enter opens one")),
    ("V", _("what is different from what is published")),
    ("!", _("every rule that is broken, with its reason; Enter goes there")),
    ("F", _("where it is short: when which queue lacks how many agents")),
    ("l", _("leave, swaps and open shifts: approve, deny, take, withdraw")),
    ("i", _("who is where they should be at this moment")),
    ("I", _("the rest of today: calls forecast anew, agents missing per interval, what would help")),
)


class Looking(Asking):
    """A view with lists on top."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "look('versions')", _("Versions"), show=False),
        Binding("V", "look('difference')", _("Difference"), show=False),
        Binding("exclamation_mark", "look('broken')", _("Broken rules"), show=False),
        Binding("F", "look('shorts')", _("Where it is short"), show=False),
        Binding("l", "look('requests')", _("Leave and swaps"), show=False),
        Binding("i", "look('live')", _("At this moment"), show=False),
        Binding("I", "look('rest')", _("The rest of today"), show=False),
    ]

    def action_look(self, what: str) -> None:
        """Put a list on top, by its name."""
        if self.sheet is not None:
            self.post_message(self.Into(self._list(what)))

    def _list(self, what: str) -> View:
        sheet = self.sheet
        assert sheet is not None  # noqa: S101 (whoever asks has looked)
        if what == "versions":
            return VersionsView(self, sheet)
        if what == "difference":
            return DifferenceView(self, sheet, None)
        if what == "broken":
            return BreaksView(self, sheet)
        if what == "shorts":
            return ShortsView(self, sheet)
        if what == "requests":
            return RequestsView(self)
        return LiveView(self) if what == "live" else RestView(self)
