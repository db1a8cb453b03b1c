"""Makes papers of the catalogue: the parts of a report, what stands on it besides, and the former period beside it."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue.ask import Ask
from ccops.reports.catalogue.doubts import doubts
from ccops.reports.catalogue.entry import entry_of, source_of
from ccops.reports.catalogue.parts import Part, Trace, part_of, traced
from ccops.reports.catalogue.work import Sources, Work
from ccops.reports.figures import QUEUE_FIGURES
from ccops.reports.paper.compare import BEFORE
from ccops.reports.paper.compare import compared as side_by_side
from ccops.reports.paper.model import Paper, Row, Section
from ccops.reports.periods import Period

RULES = "compare-rules"
"""Name of the paper that `compare_rules` makes; its figures are traced as those of the catalogue's reports."""


def make_paper(name: str, ask: Ask, sources: Sources, *, compared: Period | None = None) -> Paper:
    """Return a report; `compared` is a former period whose figures stand beside those of the ask's.

    Raises `NotFound` with the nearest names for an unknown report, queue or agent, `UsageProblem` for what the report
    cannot be asked.
    """
    entry = entry_of(name, ask)
    work = Work(ask, sources, entry)
    parts = parts_for(work, name)
    sections = [part.section(work) for part in parts]
    if compared is not None:
        sections = beside(work, parts, sections, compared)
    return paper(work, name, entry.title, sections, dated=entry.dated, compared=compared)


def parts_for(work: Work, name: str) -> Sequence[Part]:
    """Return the parts of a report."""
    source = source_of(name)
    make = getattr(import_module(f"ccops.reports.catalogue.{source.module}"), source.function)
    parts: Sequence[Part] = make(work)
    return parts


def paper(
    work: Work, name: str, title: str, sections: Sequence[Section], *, dated: bool, compared: Period | None
) -> Paper:
    """Return the paper with everything that stands on it."""
    return Paper(
        name=name,
        title=title,
        site=work.ask.site or work.sources.settings.site.name,
        zone=work.zone,
        generated_at=work.ask.now,
        period=work.period if dated else None,
        sections=sections,
        compared_with=compared,
        filters=work.ask.filters(),
        rules=rules_of(work, sections),
        warnings=[*doubts(work), *work.warnings],
    )


def rules_of(work: Work, sections: Sequence[Section]) -> dict[str, str]:
    """Return what the whole paper rests on: the service-level rule, and whether visits or calls are counted."""
    found: dict[str, str] = {}
    if any(column.key.startswith("service_level") for section in sections for column in section.columns):
        level = QUEUE_FIGURES["service_level"]
        found[level.title] = level.rule(work.worded)
        own = {name: work.rules.threshold_of(name) for name in work.queues or work.archive.queues()}
        if len(set(own.values()) | {work.worded.threshold}) > 1:
            found[_("Thresholds")] = ", ".join(f"{name} {seconds:g} s" for name, seconds in own.items())
    if work.entry is not None and not work.entry.counts:
        return found
    if work.ask.calls:
        found[_("Counted")] = _("calls: all visits of one caller together, in the queue that was entered first")
    else:
        found[_("Counted")] = _("visits: each stay of a caller in a queue, in the interval in which it began")
    return found


def beside(work: Work, parts: Sequence[Part], sections: Sequence[Section], former: Period) -> list[Section]:
    """Return sections with the same ones of a former period beside them, where that makes sense."""
    from ccops.reports.catalogue.shift import shifted

    before = work.again(work.ask.over(former))
    return [
        side_by_side(section, shifted(part.section(before), before, work)) if part.comparable else section
        for part, section in zip(parts, sections, strict=True)
    ]


def trace(
    name: str, ask: Ask, sources: Sources, section: str, row: Row, figure: str, *, compared: Period | None = None
) -> Trace:
    """Return what a figure of a row is made of: the calls and times from which it can be worked out again.

    `row` is a row of the section, or its total; only what it is about is looked at, and the figure's value. With the
    period that the paper was compared with, figures of the former period can be asked for too. Raises `NotFound` for
    an unknown section or figure, `UsageProblem` for a column that is no figure.
    """
    if name == RULES:
        from ccops.reports.catalogue.sides import trace_rules

        return trace_rules(ask, sources, row, figure)
    work = Work(ask, sources, entry_of(name, ask))
    return traced_in(work, part_of(parts_for(work, name), section), row, figure, compared)


def traced_in(work: Work, part: Part, row: Row, figure: str, former: Period | None) -> Trace:
    """Return what a figure of a part is made of, in the former period where it is one of that."""
    about: dict[str, Any] = dict(row)
    if former is None or not figure.endswith(BEFORE):
        return traced(work, part, about, figure)
    from ccops.reports.catalogue.shift import row_before

    before = work.again(work.ask.over(former))
    about = row_before(about, before, work)
    about[figure.removesuffix(BEFORE)] = row.get(figure)
    return traced(before, part, about, figure.removesuffix(BEFORE))
