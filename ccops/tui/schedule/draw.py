"""Draws the lines of the grid: a person's week as hours per day, a person's day as a bar with its breaks."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import groupby

from ccops.store.planning import DayRow
from ccops.tui.cells import fit, safe
from ccops.tui.look import Look
from ccops.tui.schedule.edit import DAY
from ccops.tui.schedule.errands import Worker
from ccops.tui.schedule.geometry import Geometry
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.schedule.signs import AWAY, AWAY_TONES, letters, sign, times, tone_of, weekday
from ccops.tui.spans import Line, Span, line_width

Cell = tuple[str, str]
"""A character and its tone."""


class Drawer:
    """Draws one sheet in one geometry and look."""

    def __init__(self, sheet: Sheet, geometry: Geometry, look: Look, live: Mapping[str, bool], now: int | None) -> None:
        """`live` says who is where they should be at this moment; `now` is the minute of the day if it is today's."""
        self.sheet, self.geometry, self.look, self.live, self.now = sheet, geometry, look, live, now
        self.letters = letters(sheet.book.queues)

    # --- head ---

    def head(self) -> list[Line]:
        """Return the title line."""
        geometry = self.geometry
        lead = [(fit("", 2), "head"), (fit(self._title(), geometry.name + 1), "head")]
        if geometry.skills:
            lead.append((" " * (geometry.skills + 1), "head"))
        across = self._hours() if self.sheet.whole_day else self._days()
        rest = geometry.width - line_width((*lead, *across))
        return [(*lead, *across, (" " * max(0, rest), "head"))]

    def _title(self) -> str:
        if self.sheet.whole_day:
            return f"{weekday(self.sheet.day)} {self.sheet.day:%m-%d}"
        year, week, _weekday = self.sheet.day.isocalendar()
        return f"{year}-W{week:02}"

    def _days(self) -> list[Span]:
        spans: list[Span] = []
        for day in self.sheet.week:
            here = day == self.sheet.day
            today = sign(self.look, "now") if day == self.sheet.book.today else " "
            text = f"{weekday(day)} {day:%m-%d}" if self.geometry.day >= 11 else f"{weekday(day)} {day:%d}"
            spans.append((fit(today + text, self.geometry.day), "head-sorted" if here else "head"))
        return spans

    def _hours(self) -> list[Span]:
        edges = self.geometry.edges
        step = edges[1] - edges[0] if len(edges) > 1 else 60
        every = 60 if step * 3 <= 60 else 120
        text = [" "] * max(0, len(edges) - 1)
        for place, minute in enumerate(edges[:-1]):
            if minute % every == 0:
                for offset, char in enumerate(f"{minute % DAY // 60:02}"):
                    if place + offset < len(text):
                        text[place + offset] = char
        cells = [(char, "head") for char in text]
        if self.now is not None:
            for place in range(len(edges) - 1):
                if edges[place] <= self.now < edges[place + 1]:
                    shown = cells[place][0]
                    cells[place] = (sign(self.look, "now") if shown == " " else shown, "head-sorted")
        return merged(cells)

    # --- lines ---

    def line(self, worker: Worker, *, here: bool, focused: bool) -> Line:
        """Return a person's line; `here`: the cursor is on it."""
        geometry = self.geometry
        lead: list[Span] = [(self.look.glyph("cursor") if here else " ", "key"), self._presence(worker.id)]
        tone = "crit" if self.sheet.broken_by(worker.id) else "title" if here else "text"
        lead.append((fit(safe(worker.name), geometry.name, "left", self.look.glyph("ellipsis")) + " ", tone))
        if geometry.skills:
            lead += [*self._skills(worker), (" ", "text")]
        if self.sheet.whole_day:
            return (*lead, *self._bar(worker.id, here=here and focused))
        for day in self.sheet.week:
            lead += self._cell(worker.id, day, here=here and focused and day == self.sheet.day)
        return tuple(lead)

    def _presence(self, person: str) -> Span:
        fits = self.live.get(person)
        if fits is None:
            return " ", "text"
        return (self.look.glyph("mark"), "ok") if fits else (self.look.glyph("unavailable"), "crit")

    def _skills(self, worker: Worker) -> list[Span]:
        queues = self.sheet.book.queues
        return [
            (self.letters[queue], tone_of(queues, queue))
            if queue in worker.skills
            else (sign(self.look, "skill_none"), "faint")
            for queue in queues[: self.geometry.skills]
        ]

    # --- a week ---

    def _cell(self, person: str, day: date, *, here: bool) -> list[Span]:
        width = self.geometry.day
        if not self.sheet.holds(day):
            return [(" " * width, "cell" if here else "faint")]
        row, mark = self.sheet.draft.row(person, day), self._mark(person, day)
        away = self.sheet.away(person, day)
        if row.shift:
            queue = self._queue(row)
            letter = self.letters.get(queue, " ")
            text = fit(times(row.start, row.minutes, width - 2, self.look), width - 2)
            tone = tone_of(self.sheet.book.queues, queue)
        elif away:
            letter, tone = sign(self.look, "away"), AWAY_TONES[away]
            text = fit(AWAY[away], width - 2)
        else:
            letter, tone = " ", "faint"
            text = fit("  " + sign(self.look, "off"), width - 2)
        if here:
            return [(letter + text, "cell"), mark if mark[0] != " " else (" ", "cell")]
        return [(letter + text, tone), mark]

    def _queue(self, row: DayRow) -> str:
        """Return the queue that a shift is for; that of somebody with one skill is known without being counted."""
        worker = self.sheet.worker_of(row.person)
        return row.queue or (worker.skills[0] if worker is not None and len(worker.skills) == 1 else "")

    def _mark(self, person: str, day: date) -> Span:
        if self.sheet.broken(person, day):
            return sign(self.look, "broken"), "crit"
        if self.sheet.changed(person, day):
            return sign(self.look, "changed"), "warn"
        return " ", "text"

    # --- a day ---

    def _bar(self, person: str, *, here: bool) -> list[Span]:
        cells: list[Cell] = [(" ", "text")] * max(0, len(self.geometry.edges) - 1)
        day = self.sheet.day
        self._hang(cells, self.sheet.draft.row(person, day - timedelta(days=1)), DAY)
        row, away = self.sheet.draft.row(person, day), self.sheet.away(person, day)
        if row.shift:
            self._hang(cells, row, 0)
            for one in self.sheet.planned(person, day):
                self._fill(cells, max(one.start, row.start), min(one.start + one.minutes, row.start + row.minutes),
                           (sign(self.look, "activity"), "accent"))  # fmt: skip
        elif away:
            word = f"{sign(self.look, 'away')} {AWAY[away]}"
            cells = [(char, AWAY_TONES[away]) for char in fit(word, len(cells))]
        if here and self.sheet.picked is not None:
            cells = [(char, "key") for char, _tone in cells]
        return [*merged(cells), self._mark(person, day)]

    def _hang(self, cells: list[Cell], row: DayRow, late: int) -> None:
        """Draw a shift; `late`: it began so many minutes before this day."""
        if not row.shift or row.start + row.minutes <= late:
            return
        queue = self._queue(row)
        tone, start = tone_of(self.sheet.book.queues, queue), row.start - late
        self._fill(cells, start, start + row.minutes, (sign(self.look, "work"), tone))
        letter = self.letters.get(queue, "")
        first = next((place for place, edge in enumerate(self.geometry.edges[:-1]) if edge >= start), None)
        for _name, at, minutes, paid in row.breaks:
            glyph = sign(self.look, "break" if paid else "lunch")
            self._fill(cells, at - late, at - late + minutes, (glyph, "paused"))
        if letter and first is not None and not late:
            cells[first] = (letter, tone)

    def _fill(self, cells: list[Cell], start: int, end: int, cell: Cell) -> None:
        """Fill the cells whose middle lies between two minutes; the nearest one where none does."""
        edges = self.geometry.edges
        inside = [place for place in range(len(cells)) if start <= (edges[place] + edges[place + 1]) / 2 < end] or [
            place for place in range(len(cells)) if edges[place] <= start < edges[place + 1]
        ]
        for place in inside:
            cells[place] = cell


def merged(cells: list[Cell]) -> list[Span]:
    """Return characters of one tone as one span."""
    return [("".join(char for char, _tone in group), tone) for tone, group in groupby(cells, key=lambda cell: cell[1])]
