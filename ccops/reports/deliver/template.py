"""Names of files, arguments and subjects made from a template; what is filled in can lead nowhere."""

import string
import unicodedata
from collections.abc import Mapping
from typing import Final

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.names import nearest
from ccops.pbx.text import clean
from ccops.reports.deliver.model import Parcel
from ccops.reports.paper.about import period_text
from ccops.reports.paper.model import Paper
from ccops.reports.paper.render import Form
from ccops.reports.paper.values import local
from ccops.reports.periods import day_of, start_of

_KEPT: Final = "-_.+@"
_LONGEST: Final = 80
"""Characters of one value."""
_LONGEST_NAME: Final = 255
"""Bytes of one name in a folder."""


def names_of(parcel: Parcel, form: Form | None = None) -> dict[str, str]:
    """Return what can be filled into a template, not yet made safe."""
    paper = parcel.paper
    made = local(round(paper.generated_at), paper.zone)
    first, last = _ends(paper)
    return {
        "name": paper.name,
        "job": parcel.job,
        "site": paper.site,
        "from": first or f"{made:%Y-%m-%d}",
        "to": last or f"{made:%Y-%m-%d}",
        "date": f"{made:%Y-%m-%d}",
        "time": f"{made:%H%M}",
        "queue": _("all"),
        "agent": _("all"),
        "ext": form.suffix.removeprefix(".") if form is not None else "",
        "title": paper.title,
        "period": period_text(paper.period, paper.zone) if paper.period is not None else f"{made:%Y-%m-%d}",
        **parcel.names,
    }


def _ends(paper: Paper) -> tuple[str, str]:
    """Return first and last day of a period, with the time of day where it does not consist of whole days."""
    period, zone = paper.period, paper.zone
    if period is None:
        return "", ""
    first, after = local(period.start, zone), local(period.end, zone)
    if start_of(first.date(), zone) == period.start and start_of(after.date(), zone) == period.end:
        return first.date().isoformat(), day_of(max(period.start, period.end - 1), zone).isoformat()
    return f"{first:%Y-%m-%dT%H%M}", f"{after:%Y-%m-%dT%H%M}"


def filled(template: str, names: Mapping[str, str], *, safe: bool = True) -> str:
    """Return a template with its names filled in; raises `UsageProblem` for one that does not exist.

    `safe` leaves of each value only what is harmless in the name of a file.
    """
    found = []
    for literal, name, form, conversion in _parts(template):
        found.append(literal)
        if name is None:
            continue
        if name not in names or form or conversion:
            raise _unknown(template, name, names)
        found.append(harmless(names[name]) if safe else clean(names[name]))
    return "".join(found)


def _parts(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(string.Formatter().parse(template))
    except ValueError:
        raise UsageProblem(_("“{template}”: a brace is not closed.").format(template=template)) from None


def _unknown(template: str, name: str, names: Mapping[str, str]) -> UsageProblem:
    near = nearest(name, names, 1)
    hint = _("Did you mean {{{name}}}?").format(name=near[0]) + " " if near else ""
    known = ", ".join(f"{{{known}}}" for known in names)
    return UsageProblem(
        _("“{template}”: there is no {{{name}}}.").format(template=template, name=name),
        remedy=hint + _("There are {known}.").format(known=known),
    )


def harmless(value: str) -> str:
    """Return of a value only letters, digits and a few signs; it names no folder, hides nothing, is no option."""
    plain = unicodedata.normalize("NFC", clean(value))
    kept = "".join(char if char.isalnum() or char in _KEPT else "_" for char in plain)
    while "__" in kept or ".." in kept:
        kept = kept.replace("__", "_").replace("..", ".")
    return kept.lstrip(".-")[:_LONGEST] or "_"


def file_name(template: str, parcel: Parcel, form: Form) -> str:
    """Return the path that a template names, each part of it no longer than a file system allows."""
    path = filled(template, names_of(parcel, form))
    return "/".join(_short(part) for part in path.split("/"))


def _short(name: str) -> str:
    data = name.encode("utf-8")
    if len(data) <= _LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode("utf-8")) > 16:
        stem, dot, ending = name, "", ""
    room = _LONGEST_NAME - len((dot + ending).encode("utf-8"))
    return stem.encode("utf-8")[:room].decode("utf-8", "ignore") + dot + ending
