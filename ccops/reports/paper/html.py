"""A report as one HTML file: no script, nothing fetched, charts inline, fit for screen (light and dark) and print."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Final

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.paper.about import empty_text, facts, rules, warnings
from ccops.reports.paper.charts.draw import drawn
from ccops.reports.paper.compare import is_before, tone
from ccops.reports.paper.headline import Tile, headline
from ccops.reports.paper.model import Column, Paper, Row, Section
from ccops.reports.paper.palette import DARK, LIGHT
from ccops.reports.paper.style import STYLE
from ccops.reports.paper.svg import svg
from ccops.reports.paper.values import NARROW_SPACE, Writing, total_texts, writer_of

_CHART_WIDTH: Final = 620.0
"""Units of a chart; it is shown larger, so that its words are as large as the table's."""

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""Whatever a caller's name may hold: the page runs nothing and asks nobody for anything."""


def page(paper: Paper) -> str:
    """Return the whole file as text."""
    return "".join(_page(paper, Writing(paper.zone, grouping=NARROW_SPACE)))


def _page(paper: Paper, writing: Writing) -> Iterator[str]:
    title = escape(f"{clean(paper.title)} · {clean(paper.site)}")
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" '
    yield f'content="light dark">\n<meta name="generator" content="ccops">\n<title>{title}</title>\n'
    yield f"<style>{_colours()}{STYLE}</style>\n</head>\n<body>\n<main>\n"
    yield from _cover(paper, writing)
    for section in paper.in_reading_order if not paper.empty else ():
        yield from _section(section, writing)
    yield from _footer(paper)
    yield "</main>\n</body>\n</html>\n"


def _colours() -> str:
    light = ";".join(f"--{name}:{value}" for name, value in LIGHT.items())
    dark = ";".join(f"--{name}:{value}" for name, value in DARK.items())
    fills = "".join(f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}" for name in LIGHT)
    return f"\n:root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{fills}"


def _cover(paper: Paper, writing: Writing) -> Iterator[str]:
    known = facts(paper)
    period = next((fact.text for fact in known if fact.key == "period"), "")
    yield f'<header>\n<div class="site">{escape(clean(paper.site))}</div>\n<h1>{escape(clean(paper.title))}</h1>\n'
    if period:
        yield f'<p class="lead">{escape(period)}</p>\n'
    yield "<dl>\n"
    for fact in known:
        if fact.key not in ("site", "period"):
            yield f"<dt>{escape(fact.title)}</dt><dd>{escape(fact.text)}</dd>\n"
    yield "</dl>\n</header>\n"
    if paper.warnings:
        yield f'<div class="warn" role="note">{"".join(f"<p>{escape(text)}</p>" for text in warnings(paper))}</div>\n'
    if paper.empty:
        yield f'<div class="empty">{escape(empty_text(paper))}</div>\n'
        return
    tiles = headline(paper, writing)
    if tiles:
        yield f'<div class="tiles">\n{"".join(_tile(tile) for tile in tiles)}</div>\n'


def _tile(tile: Tile) -> str:
    change = ""
    if tile.change:
        before = escape(_("before {value}").format(value=tile.before))
        change = f'<div class="c"><span class="{tile.tone}">{escape(tile.change)}</span> · {before}</div>'
    return (
        f'<div class="tile"><div class="t">{escape(tile.title)}</div>'
        f'<div class="v">{escape(tile.value)}</div>{change}</div>\n'
    )


def _section(section: Section, writing: Writing) -> Iterator[str]:
    yield f'<section id="{escape(section.name)}">\n<h2>{escape(clean(section.title))}</h2>\n'
    if section.note:
        yield f'<p class="note">{escape(clean(section.note))}</p>\n'
    if not section.rows:
        yield f'<p class="note">{escape(_("No rows."))}</p>\n</section>\n'
        return
    drawing = drawn(section, writing, _CHART_WIDTH)
    if drawing is not None:
        yield f"<figure>{svg(drawing)}</figure>\n"
    yield '<div class="scroll"><table>\n'
    yield from _head(section.shown)
    yield "<tbody>\n"
    yield from _body(section, writing)
    yield "</tbody>\n"
    if section.total is not None:
        yield from _foot(section, writing)
    yield "</table></div>\n</section>\n"


def _head(columns: Sequence[Column]) -> Iterator[str]:
    yield "<thead>\n"
    if any(column.group for column in columns):
        yield '<tr class="g">'
        for name, members in groupby(columns, lambda column: column.group):
            side = _classes("s" if name else "")
            yield f'<th colspan="{len(list(members))}" scope="colgroup"{side}>{escape(clean(name))}</th>'
        yield "</tr>\n"
    yield "<tr>"
    for column, starts in zip(columns, _starts(columns), strict=True):
        side = _classes("n" if column.right else "", "s" if starts else "")
        rule = f' title="{escape(column.rule)}"' if column.rule else ""
        yield f'<th scope="col"{side}{rule}>{escape(clean(column.title))}</th>'
    yield "</tr>\n</thead>\n"


def _starts(columns: Sequence[Column]) -> list[bool]:
    """Return for each column whether it is the first of its group."""
    before = ["", *(column.group for column in columns)]
    return [bool(column.group) and column.group != left for column, left in zip(columns, before, strict=False)]


def _classes(*names: str) -> str:
    kept = " ".join(name for name in names if name)
    return f' class="{kept}"' if kept else ""


def _body(section: Section, writing: Writing) -> Iterator[str]:
    shown, starts = section.shown, _starts(section.shown)
    writers = [writer_of(column, writing) for column in shown]
    columns = [
        (column, column.key, write, _opening(column, start))
        for column, write, start in zip(shown, writers, starts, strict=True)
    ]
    for row in section.rows:
        cells = [f"{_open(column, row, tag)}{escape(write(row.get(key)))}</td>" for column, key, write, tag in columns]
        yield f"<tr>{''.join(cells)}</tr>\n"


def _opening(column: Column, starts: bool) -> str:
    side = "r" if column.right else "x" if column.kind in ("text", "list") else "w"
    return f"<td{_classes(side, 'b' if is_before(column.key) else '', 's' if starts else '')}>"


def _open(column: Column, row: Row, tag: str) -> str:
    mood = tone(column, row.get(column.key)) if column.change else ""
    return f'<td class="r {mood}">' if mood else tag


def _foot(section: Section, writing: Writing) -> Iterator[str]:
    total, shown = section.total or {}, section.shown
    yield "<tfoot><tr>"
    for column, text, starts in zip(shown, total_texts(shown, total, writing), _starts(shown), strict=True):
        yield f"{_open(column, total, _opening(column, starts))}{escape(text)}</td>"
    yield "</tr></tfoot>\n"


def _footer(paper: Paper) -> Iterator[str]:
    yield "<footer>\n"
    found = rules(paper)
    if found:
        yield f"<strong>{escape(_('How the figures are worked out'))}</strong>\n<dl>\n"
        for fact in found:
            yield f"<dt>{escape(clean(fact.title))}</dt><dd>{escape(clean(fact.text))}</dd>\n"
        yield "</dl>\n"
    made = " · ".join(fact.text for fact in facts(paper) if fact.key in ("site", "period", "zone", "generated_at"))
    yield f"<div>{escape(made)} · ccops</div>\n</footer>\n"
