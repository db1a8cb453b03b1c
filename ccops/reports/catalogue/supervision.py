"""The supervision log: who listened to whom, in which mode, when, for how long and why, from the audit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.listing import Item, Listing
from ccops.reports.catalogue.parts import Part
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import marked, ratio
from ccops.reports.paper.model import Chart, Column, Row

MODES = frozenset({"listen", "whisper", "private", "barge", "takeover"})
"""Actions of the audit that are supervision."""
_ENDED = "supervision.end"

Record = Mapping[str, Any]


def supervision(work: Work) -> list[Part]:
    """Every time that somebody listened or spoke into a call; and how often and long by person."""
    chart = Chart("bars", "who", ("seconds",))
    return [
        Listing("supervision", marked("Supervision"), _columns, _items, _total, note=_note),
        Listing("people", marked("By person and mode"), _people_columns, _people, _people_total, chart),
    ]


def _note(work: Work, items: list[Item]) -> str:
    return _("There is no audit: nothing is known of supervision.") if work.sources.audit is None else ""


def _columns(work: Work) -> list[Column]:
    return [
        columns.about("at"),
        columns.plain("who", _("Who")),
        columns.plain("mode", _("Mode")),
        columns.about("agent"),
        columns.seconds("seconds", _("Duration"), _("until the mode was changed or the leg ended")),
        columns.about("reason"),
        columns.plain("result", _("Result")),
        columns.plain("ended", _("Ended")),
        columns.about("call_id"),
        columns.data_only(columns.plain("phone", _("Phone"))),
        columns.data_only(columns.plain("origin", _("From where"))),
        columns.data_only(columns.plain("supervision_id", _("Leg"))),
    ]


def _items(work: Work) -> list[Item]:
    if work.sources.audit is None:
        return []
    records = list(work.sources.audit.records(work.period.start, None))
    legs = _legs(records)
    found = []
    for record in records:
        if record["action"] not in MODES or record["at"] >= work.period.end:
            continue
        if work.agents is None or record["target"] in work.agents:
            found.append(_item(record, legs.get(_leg_of(record), [])))
    return found


def _legs(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Return the records of each leg, in order."""
    found: dict[str, list[Record]] = {}
    for record in records:
        leg = _leg_of(record)
        if leg and (record["action"] in MODES or record["action"] == _ENDED):
            found.setdefault(leg, []).append(record)
    return found


def _item(record: Record, leg: Sequence[Record]) -> Item:
    later = [one for one in leg if one["number"] > record["number"]]
    end = next((one for one in leg if one["action"] == _ENDED), None)
    until = _moment(later[0]) if later else None
    data = _data(record)
    row = {
        "at": record["at"],
        "who": record["who"],
        "mode": record["action"],
        "agent": data.get("agent") or record["target"],
        "seconds": None if until is None else max(0.0, until - _moment(record)),
        "reason": record["reason"] or None,
        "result": record["result"],
        "ended": None if end is None else end["detail"],
        "call_id": data.get("call_id") or record["call_id"] or None,
        "phone": data.get("phone"),
        "origin": record["origin"] or None,
        "supervision_id": _leg_of(record) or None,
    }
    return Item(row, records=[record, *([] if not later else later[:1])])


def _moment(record: Record) -> float:
    """A leg runs once its action is done; its end is a row of its own."""
    return float(record["at"] if record["ended_at"] is None else record["ended_at"])


def _data(record: Record) -> Mapping[str, Any]:
    try:
        data = json.loads(record["data"] or "{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _leg_of(record: Record) -> str:
    return str(_data(record).get("supervision_id") or "")


def _total(work: Work, items: list[Item]) -> Row:
    return {"seconds": sum(item.row["seconds"] or 0 for item in items)}


def _people_columns(work: Work) -> list[Column]:
    return [
        columns.plain("who", _("Who")),
        columns.plain("mode", _("Mode")),
        columns.count("times", _("Times"), _("supervisions that were done")),
        columns.seconds("seconds", _("Duration"), _("sum")),
        columns.seconds("mean", _("Mean"), _("of those whose end is known")),
    ]


def _people(work: Work) -> list[Item]:
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in _items(work):
        if item.row["result"] == "done":
            groups.setdefault((item.row["who"], item.row["mode"]), []).append(item)
    return [
        Item({"who": who, "mode": mode, **_sums(some)}, records=[one for item in some for one in item.records])
        for (who, mode), some in sorted(groups.items())
    ]


def _sums(items: Sequence[Item]) -> dict[str, Any]:
    known = [item.row["seconds"] for item in items if item.row["seconds"] is not None]
    return {"times": len(items), "seconds": sum(known), "mean": ratio(sum(known), len(known))}


def _people_total(work: Work, items: list[Item]) -> Row:
    return {key: sum(item.row[key] for item in items) for key in ("times", "seconds")}
