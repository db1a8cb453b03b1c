"""Alerts and figures in the daemon: the watch over its desk, and the page for Prometheus."""

import time

from ccops.alerts.scrape import Scrape
from ccops.alerts.watch import Watch
from ccops.board import AlertRow
from ccops.desk.local import LocalDesk
from ccops.desk.outlook import Outlook
from ccops.desk.roles import Rights
from ccops.errors import NotFound
from ccops.i18n import _
from ccops.settings import Settings


class AlertService:
    """The watch of one daemon."""

    def __init__(self, desk: LocalDesk, settings: Settings) -> None:
        """Raises ConfigError or NotFound for rules and targets that cannot work, before anything is served."""
        self._desk, self._settings = desk, settings
        for name, target in settings.alert_targets.items():
            if target.role and target.role not in settings.roles:
                raise NotFound(_("role in alert_targets.{name}").format(name=name), target.role, settings.roles)
        self.watch = Watch(desk, settings, sees=self._sees, plan=Outlook(settings).at)
        port = settings.alerts.metrics_port
        self.scrape = Scrape(port, self._page) if port else None

    def _sees(self, role: str, row: AlertRow) -> bool:
        return Rights({role: self._settings.roles[role]}).sees(row, self._desk.board)

    def _page(self) -> str:
        # Loaded when somebody asks: most daemons are not scraped.
        from ccops.alerts.metrics import text

        return text(self._desk.board, time.time(), agents=self._settings.alerts.metrics_agents)

    async def start(self) -> None:
        """Begin; raises ConfigError where the port for figures is taken."""
        if self.scrape is not None:
            await self.scrape.start()
        await self.watch.start()
        self._desk.alerts = self.watch.keeper

    async def stop(self) -> None:
        """End."""
        self._desk.alerts = None
        if self.scrape is not None:
            await self.scrape.close()
        await self.watch.close()
