"""What is known about the link and where the figures come from, for who wonders whether the board may be believed."""

from collections.abc import Iterator

from textual.content import Content

from ccops.i18n import _
from ccops.tui.bars import figures_source
from ccops.tui.cells import duration
from ccops.tui.help import section
from ccops.tui.station import Station


def link_text(station: Station) -> Content:
    """Return the text."""
    parts = (section(_("Link to the PBX"), list(_link(station))), section(_("Figures"), list(_figures(station))))
    return Content("\n").join(parts)


def _link(station: Station) -> Iterator[tuple[str, str]]:
    link, now = station.board.link, station.clock()
    yield _("PBX"), f"{link.host}  {link.version}".strip()
    yield _("state"), f"{link.state}, " + _("for {time}").format(time=duration(now - link.since))
    if link.detail:
        yield _("why"), link.detail
    yield _("last heard"), _("{time} ago").format(time=duration(None if link.heard_at is None else now - link.heard_at))
    yield _("PBX runs for"), duration(None if link.pbx_started_at is None else now - link.pbx_started_at)
    if link.clock_offset is not None:
        yield _("PBX clock"), _("{seconds:+.1f} s from ours").format(seconds=link.clock_offset)
    yield _("reconnects"), str(link.reconnects)
    yield _("restarts"), _("{count} of the PBX since this was opened").format(count=link.restarts)
    yield _("drift"), _("{count} rows had to be repaired").format(count=link.drift_repaired)


def _figures(station: Station) -> Iterator[tuple[str, str]]:
    yield _("source"), figures_source(station.board.link, station)
    if station.board.link.history_trouble:
        yield _("history"), _("not being kept: {why}").format(why=station.board.link.history_trouble)
    said = _("answered within the queue's threshold; the rule is in [service_level] of the configuration")
    yield _("service level"), said
