"""One person's look at the past: the present inquiry, what there is to choose from, and the process that reads."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from ccops.tui.reports.errands import Browse, Canvas, Inquiry, Make, Shelf
from ccops.tui.reports.office import Office
from ccops.tui.station import Station


class Study:
    """Shared by all views of the past: period and filters stay as they are from one report to the next."""

    def __init__(self, station: Station) -> None:
        """Nothing is read yet."""
        self.station = station
        self.settings = station.options.settings
        self.office = Office(self.settings)
        self.shelf: Shelf | None = None
        self.inquiry = Inquiry()

    @property
    def zone(self) -> ZoneInfo:
        """The site's zone."""
        return self.settings.zone

    @property
    def now(self) -> float:
        """Epoch seconds."""
        return self.station.clock()

    def canvas(self, width: int) -> Canvas:
        """Return what a chart of that width is drawn with."""
        look = self.station.look
        return Canvas(max(20, width), look.ascii, not look.no_color)

    def make(self, inquiry: Inquiry, width: int) -> Make:
        """Return the errand of an inquiry as of now."""
        return Make(inquiry, self.now, self.canvas(width))

    async def browse(self) -> Shelf:
        """Look up what there is; raises what `Office.ask` does."""
        answer = await self.office.ask(Browse())
        assert isinstance(answer, Shelf)  # noqa: S101 (what that errand is answered with)
        self.shelf = answer
        return answer

    def change(self, **changes: Any) -> None:
        """Ask for something else from now on."""
        self.inquiry = replace(self.inquiry, **changes)

    async def close(self) -> None:
        """End the process."""
        await self.office.close()


def study_of(station: Station, make: Callable[[Station], Study] = Study) -> Study:
    """Return the study of a console, made with the first look at the past."""
    if station.study is None:
        station.study = make(station)
    return station.study
