"""Reports of calls one by one: the list of them, who abandoned, the steps of one, transfers."""

from collections.abc import Iterable, Sequence
from typing import Any

from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.reports.callers import REPEAT_WITHIN, remembering
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.counted import is_short
from ccops.reports.catalogue.listing import Item, Listing
from ccops.reports.catalogue.parts import Part
from ccops.reports.catalogue.tables import VisitTable
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import QUEUE_FIGURES, marked, ratio
from ccops.reports.paper.model import Chart, Column, Row
from ccops.reports.tally import wrap_of
from ccops.reports.visits import TRANSFERS, Outcome, Visit
from ccops.store.callers import Contact, contacts


def visit_columns() -> list[Column]:
    """Return the columns of a visit."""
    return [
        columns.about("entered_at"),
        columns.about("queue"),
        columns.about("caller_number"),
        columns.about("caller_name"),
        columns.about("outcome"),
        columns.plain("ended_by", _("Ended by")),
        columns.seconds("wait", _("Wait")),
        columns.seconds("talk", _("Talk")),
        columns.seconds("wrap", _("Wrap-up")),
        columns.about("agent"),
        columns.data_only(columns.count("position", _("Position"))),
        columns.data_only(columns.about("did")),
        columns.data_only(columns.plain("recording", _("Recording"))),
        columns.data_only(columns.plain("transfer_to", _("Transferred to"))),
        columns.data_only(columns.seconds("ring", _("Ringing"))),
        columns.about("call_id"),
        columns.data_only(columns.plain("file", _("File"))),
        columns.data_only(columns.count("line", _("Line"))),
    ]


def visit_items(work: Work, visits: Sequence[Visit]) -> list[Item]:
    """Return rows of visits, with what call records know of them and where their entry stands in the log."""
    from ccops.store.details import details
    from ccops.store.places import line_numbers, paths

    database = work.archive.database
    known = details(database, (visit.callid for visit in visits))
    files, lines = paths(database), line_numbers(database, ((visit.file, visit.offset) for visit in visits))
    found = []
    for visit in visits:
        did, recording = known.get(visit.callid, ("", ""))
        place = {"file": files.get(visit.file), "line": lines.get((visit.file, visit.offset))}
        row = {**visit_row(work, visit), "did": did or None, "recording": recording or None, **place}
        found.append(Item(row, visits=[visit]))
    return found


def visit_row(work: Work, visit: Visit) -> dict[str, Any]:
    """Return what the log says of a visit."""
    return {
        "call_id": visit.callid,
        "entered_at": visit.entered,
        "queue": visit.queue,
        "caller_number": visit.caller or None,
        "caller_name": visit.caller_name or None,
        "outcome": visit.outcome.value,
        "ended_by": visit.ended_by or None,
        "wait": visit.wait,
        "talk": visit.talk,
        "wrap": wrap_of(visit, work.rules) if visit.talk is not None else None,
        "agent": visit.agent or None,
        "position": visit.position,
        "ring": visit.ring,
        "transfer_to": visit.transfer_to or None,
    }


def _sums(work: Work, items: list[Item]) -> Row:
    return {key: sum(item.row[key] or 0 for item in items) for key in ("talk", "wrap")}


def calls(work: Work) -> list[Part]:
    """Every visit, or call, of the period; and what became of them."""
    chart = Chart("bars", "outcome", ("visits",))
    return [
        Listing(
            "calls",
            marked("Calls"),
            lambda work: visit_columns(),
            lambda work: visit_items(work, _listed(work)),
            _sums,
        ),
        Listing("outcomes", marked("Outcomes"), _outcome_columns, _outcomes, _outcome_total, chart, comparable=True),
    ]


def _listed(work: Work) -> list[Visit]:
    """Return the visits of the period, read once for all parts of the report."""
    if "visits" not in work.memo:
        work.memo["visits"] = list(work.visits())
    found: list[Visit] = work.memo["visits"]
    return found


def _outcome_columns(work: Work) -> list[Column]:
    return [
        columns.about("outcome"),
        columns.count("visits", _("Calls") if work.ask.calls else _("Visits")),
        columns.seconds("wait", _("Mean wait"), _("mean of those whose wait is known")),
        columns.seconds("talk", _("Talk"), _("sum")),
    ]


def _outcomes(work: Work) -> list[Item]:
    groups: dict[Outcome, list[Visit]] = {}
    for visit in _listed(work):
        groups.setdefault(visit.outcome, []).append(visit)
    return [
        Item({"outcome": outcome.value, **_outcome_row(groups[outcome])}, visits=groups[outcome])
        for outcome in Outcome
        if outcome in groups
    ]


def _outcome_row(visits: Iterable[Visit]) -> dict[str, Any]:
    found = list(visits)
    waits = [visit.wait for visit in found if visit.wait is not None]
    talks = [visit.talk for visit in found if visit.talk is not None]
    return {"visits": len(found), "wait": ratio(sum(waits), len(waits)), "talk": sum(talks)}


def _outcome_total(work: Work, items: list[Item]) -> Row:
    return _outcome_row(visit for item in items for visit in item.visits)


def abandoned(work: Work) -> list[Part]:
    """Every caller who hung up while waiting, and when the same number came again; by queue."""
    figures = ("offered", "abandoned", "short_abandoned", "abandon_rate", "abandon_wait")
    chart = Chart("bars", "queue", ("abandoned",))
    return [
        Listing("abandoned", marked("Abandoned"), _abandoned_columns, _abandoned, _abandoned_total),
        VisitTable("queues", marked("Queues"), ("queue",), figures, chart=chart),
    ]


def _abandoned_columns(work: Work) -> list[Column]:
    short = QUEUE_FIGURES["short_abandoned"].rule(work.rules)
    return [
        *(columns.about(key) for key in ("entered_at", "queue", "caller_number", "caller_name")),
        columns.seconds("wait", _("Wait")),
        columns.count("position", _("Position")),
        columns.plain("short", _("Short"), "flag", short),
        columns.plain("again_at", _("Came again"), "instant", _("next entry of the same number within 7 days")),
        columns.plain("again_outcome", _("Then")),
        columns.about("call_id"),
    ]


def _abandoned(work: Work) -> list[Item]:
    """Later entries of the same numbers are looked for in all queues."""
    visits = list(work.visits(outcomes=[Outcome.ABANDONED]))
    same, later = remembering(work.numbers), dict[str, list[Contact]]()
    span = (work.period.start, work.period.end + REPEAT_WITHIN)
    archive = work.archive
    for contact in contacts(archive.database, archive.site, *span, work.writings(visits)) if visits else ():
        later.setdefault(same(contact.caller), []).append(contact)
    later.pop("", None)
    return [Item(_abandoned_row(work, visit, later.get(same(visit.caller), [])), visits=[visit]) for visit in visits]


def _abandoned_row(work: Work, visit: Visit, others: Iterable[Contact]) -> dict[str, Any]:
    again = next((one for one in others if _follows(one, visit)), None)
    row = visit_row(work, visit)
    keys = ("entered_at", "queue", "caller_number", "caller_name", "wait", "position", "call_id")
    return {
        **{key: row[key] for key in keys},
        "short": is_short(visit, work.rules),
        "again_at": None if again is None else again.entered,
        "again_outcome": None if again is None else again.outcome,
    }


def _follows(one: Contact, visit: Visit) -> bool:
    later = (one.entered, one.number) > (visit.entered, visit.number)
    return later and one.callid != visit.callid and one.entered - visit.entered <= REPEAT_WITHIN


def _abandoned_total(work: Work, items: list[Item]) -> Row:
    waits = [item.row["wait"] for item in items if item.row["wait"] is not None]
    return {"wait": ratio(sum(waits), len(waits))}


def transfers(work: Work) -> list[Part]:
    """Who transferred to whom and how; each agent's share; every transfer."""
    chart = Chart("bars", "agent", ("transfers",))
    return [
        Listing("transfers", marked("From whom to whom"), _pair_columns, _pairs, _pair_total, comparable=True),
        Listing(
            "agents",
            marked("Agents"),
            _share_columns,
            _shares,
            _share_total,
            chart,
            comparable=True,
            counts={"transfers": lambda visit: visit.ended_by in TRANSFERS},
        ),
        Listing("list", marked("Every transfer"), _transfer_columns, _transfers),
    ]


def _transferred(work: Work) -> list[Visit]:
    answered = work.visits(outcomes=[Outcome.ANSWERED], ended_by=sorted(TRANSFERS))
    return [visit for visit in answered if visit.ended_by in TRANSFERS]


def _pair_columns(work: Work) -> list[Column]:
    return [
        columns.about("agent"),
        columns.plain("transfer_to", _("To")),
        columns.plain("kind", _("Kind"), "text", _("blind; attended: the agent spoke to the target first")),
        columns.count("transfers", _("Transfers")),
        columns.seconds("talk", _("Mean talk"), _("mean talk until the transfer")),
    ]


def _pairs(work: Work) -> list[Item]:
    groups: dict[tuple[str, str, str], list[Visit]] = {}
    for visit in _transferred(work):
        groups.setdefault((visit.agent, visit.transfer_to, visit.ended_by), []).append(visit)
    found = [
        Item({"agent": agent or None, "transfer_to": to or None, "kind": kind, **_pair_row(visits)}, visits=visits)
        for (agent, to, kind), visits in groups.items()
    ]
    return sorted(
        found, key=lambda item: (-item.row["transfers"], str(item.row["agent"]), str(item.row["transfer_to"]))
    )


def _pair_row(visits: Sequence[Visit]) -> dict[str, Any]:
    talks = [visit.talk for visit in visits if visit.talk is not None]
    return {"transfers": len(visits), "talk": ratio(sum(talks), len(talks))}


def _pair_total(work: Work, items: list[Item]) -> Row:
    return _pair_row([visit for item in items for visit in item.visits])


def _share_columns(work: Work) -> list[Column]:
    return [
        columns.about("agent"),
        columns.count("answered", _("Answered")),
        columns.count("transfers", _("Transfers")),
        columns.rate("transfer_rate", _("Transfer rate"), _("answered visits ended by a transfer / answered")),
    ]


def _shares(work: Work) -> list[Item]:
    groups: dict[str, list[Visit]] = {}
    for visit in work.visits(outcomes=[Outcome.ANSWERED]):
        groups.setdefault(visit.agent, []).append(visit)
    return [
        Item({"agent": agent or None, **_share_row(visits)}, visits=visits) for agent, visits in sorted(groups.items())
    ]


def _share_row(visits: Sequence[Visit]) -> dict[str, Any]:
    count = sum(visit.ended_by in TRANSFERS for visit in visits)
    return {"answered": len(visits), "transfers": count, "transfer_rate": ratio(count, len(visits))}


def _share_total(work: Work, items: list[Item]) -> Row:
    return _share_row([visit for item in items for visit in item.visits])


def _transfer_columns(work: Work) -> list[Column]:
    keys = ("at", "agent", "queue", "caller_number", "caller_name")
    return [
        *map(columns.about, keys),
        columns.plain("kind", _("Kind")),
        columns.plain("transfer_to", _("To")),
        columns.seconds("talk", _("Talk")),
        columns.about("call_id"),
    ]


def _transfers(work: Work) -> list[Item]:
    found = []
    for visit in _transferred(work):
        row = visit_row(work, visit)
        found.append(Item({**row, "at": visit.ended, "kind": visit.ended_by}, visits=[visit]))
    return found


def ladder(work: Work) -> list[Part]:
    """Every line of the log about one call, and its visits."""
    if work.ask.call is None:
        raise UsageProblem(
            _("No call was named."), remedy=_("Add --call with its id, as `ccops report calls` shows it.")
        )
    return [
        Listing("ladder", marked("Steps"), _step_columns, _steps),
        Listing("visits", marked("Visits"), lambda work: visit_columns(), _visits_of_call, _sums),
    ]


def _visits_of_call(work: Work) -> list[Item]:
    visits = work.archive.visits_of_call(work.ask.call or "")
    if not visits:
        raise NotFound(_("call"), work.ask.call or "")
    return visit_items(work, visits)


def _step_columns(work: Work) -> list[Column]:
    return [
        columns.about("at"),
        columns.seconds("after", _("After"), _("since the call entered its first queue")),
        columns.plain("event", _("Event")),
        columns.about("queue"),
        columns.about("agent"),
        columns.plain("details", _("Details"), "list"),
        columns.plain("file", _("File")),
        columns.plain("line", _("Line"), "text"),
    ]


def _steps(work: Work) -> list[Item]:
    from ccops.pbx.queue_log import parse_block

    visits = [visit for item in _visits_of_call(work) for visit in item.visits]
    lines = {(line.path, line.offset): line for visit in visits for line in work.archive.lines_of(visit)}
    first, found = visits[0].entered, []
    for _place, line in sorted(lines.items(), key=lambda item: (item[1].path, item[1].offset)):
        for row in parse_block(line.text + b"\n"):
            about = {name: value for name, value in (("queue", row.queue), ("agent", row.agent)) if value != "NONE"}
            step = {
                "at": row.at,
                "after": row.at - first,
                "event": row.event,
                **about,
                "details": [*filter(None, row.params)],
            }
            found.append(Item({**step, "file": line.path, "line": str(line.line)}, visits=visits))
    return sorted(found, key=lambda item: item.row["at"])
