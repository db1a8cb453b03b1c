"""What is said about an alert: as data for programs, as a sentence and a mail for people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Any, Final

from ccops.alerts.figures import FIGURES
from ccops.alerts.rules import LEVELS
from ccops.i18n import _
from ccops.pbx.text import clean

Body = dict[str, Any]
"""What a webhook gets as JSON; plain values only."""


@dataclass(slots=True, frozen=True)
class Message:
    """One message to one recipient."""

    id: str
    """The same whenever it is sent again: who gets two of one id has got one."""
    body: Body

    @property
    def threads(self) -> tuple[str, ...]:
        """What all messages about one alert have in common, for each alert that this one is about."""
        found = (f"{body['site']}/{body['alert']}/{body['raised_at']}" for body in _each(self.body))
        return tuple(dict.fromkeys(found))


SEVERAL: Final = "several"
"""The event of a message that tells what several messages would have told."""
_NAMED: Final = 3
"""How many are named in one sentence."""
_LISTED: Final = 100
"""How many stand in one mail: a screen or two, and no mail server refuses it."""


def gathered(messages: Sequence[Message]) -> Message:
    """Return one message that tells all of these, which are about one rule; what was one stays what it was."""
    if len(messages) == 1:
        return messages[0]
    bodies = [message.body for message in messages]
    newest = _newest(bodies)
    holding = [body for body in newest if body["event"] != "cleared"]
    first = bodies[0]
    made = {
        "event": SEVERAL,
        "site": first["site"],
        "at": max(body["at"] for body in bodies),
        "rule": first["rule"],
        "figure": first["figure"],
        "level": _most_pressing(body["level"] for body in holding or newest),
        "highest": _most_pressing(body["highest"] for body in newest),
        "count": len(newest),
        "over": len(newest) - len(holding),
        "alerts": [{"id": message.id, **message.body} for message in messages],
    }
    number = sha256(" ".join(message.id for message in messages).encode()).hexdigest()[:32]
    return Message(number, made)


def _most_pressing(levels: Iterable[str]) -> str:
    return max(levels, key=LEVELS.index)


def _each(body: Body) -> list[Body]:
    """Return what a message tells, one by one."""
    return body["alerts"] if body["event"] == SEVERAL else [body]


def _newest(bodies: Iterable[Body]) -> list[Body]:
    """Return the last that is said of each alert, the most pressing first and what is over last."""
    last = {body["alert"]: body for body in bodies}
    order = {level: -index for index, level in enumerate(LEVELS)}
    return sorted(last.values(), key=lambda body: (body["event"] == "cleared", order[body["level"]], body["raised_at"]))


def quantity(figure: str, value: float | None) -> str:
    """Return a figure's value as people write it."""
    if value is None:
        return "–"
    unit = FIGURES[figure].unit if figure in FIGURES else "count"
    if unit == "rate":
        return f"{value:.1%}".replace(".0%", "%")
    if unit == "times":
        return _("{value:.1f} × the threshold").format(value=value)
    return duration(value) if unit == "seconds" else f"{value:g}"


def duration(seconds: float) -> str:
    """Return a time as people say it: 45 s, 2 min 5 s, 15 min, 1 h 3 min."""
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return (_("{minutes} min {seconds} s") if rest else _("{minutes} min")).format(minutes=minutes, seconds=rest)
    hours, minutes = divmod(whole // 60, 60)
    return (_("{hours} h {minutes} min") if minutes else _("{hours} h")).format(hours=hours, minutes=minutes)


def sentence(body: Body) -> str:
    """Return the alert in one sentence: how pressing, what, how much, beyond what."""
    if body["event"] == SEVERAL:
        return _of_several(body)
    text, event = clean(str(body["text"])), body["event"]
    if event == "cleared":
        return _("Over: {text}, after {time}").format(text=text, time=duration(body["at"] - body["raised_at"]))
    if event == "test":
        return text
    said = f"{_word(body['level'])}: {text}"
    value = body["value"]
    if value is not None and value >= 1 and FIGURES[body["figure"]].unit in ("seconds", "times"):
        said = f"{said}, {quantity(body['figure'], body['value'])}"
    return f"{said} – {_steps(body)}" if body["step"] else said


def _word(level: str) -> str:
    return {"info": _("Info"), "warning": _("Warning"), "critical": _("Critical")}[level]


def _of_several(body: Body) -> str:
    newest = _newest(body["alerts"])
    if len(newest) == 1:  # what came and went meanwhile
        return sentence(newest[0])
    names = list(dict.fromkeys(clean(str(one["name"])) for one in newest))
    named = ", ".join(names[:_NAMED])
    if len(names) > _NAMED:
        named = _("{names} and {count} more").format(names=named, count=len(names) - _NAMED)
    if body["over"] == body["count"]:
        said = _("Over: {count} alerts of the rule “{rule}”: {names}")
    elif body["over"]:
        said = _("{level}: {count} alerts of the rule “{rule}”, {over} of them over: {names}")
    else:
        said = _("{level}: {count} alerts of the rule “{rule}”: {names}")
    return said.format(
        level=_word(body["level"]), count=body["count"], over=body["over"], rule=body["rule"], names=named
    )


def _steps(body: Body) -> str:
    return _("nobody has acknowledged it for {time}").format(time=duration(body["at"] - body["raised_at"]))


def subject(body: Body) -> str:
    """Return the subject of a mail."""
    return f"[{clean(str(body['site']))}] {sentence(body)}"


def letter(body: Body, zone: tzinfo) -> str:
    """Return the text of a mail."""
    lines = [sentence(body), ""]
    if body["event"] == SEVERAL:
        lines += _list(body, zone)
    elif body["event"] != "test":
        lines += _details(body, zone)
    lines.append(_("Sent: {time}").format(time=_local(body["at"], zone)))
    return "\n".join(lines) + "\n"


def _local(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(" ", "seconds")


def _details(body: Body, zone: tzinfo) -> list[str]:
    value, limit = quantity(body["figure"], body["value"]), quantity(body["figure"], body["threshold"])
    lines = [
        _("About: {topic} {name}").format(topic=body["topic"], name=clean(str(body["name"]))),
        _("Figure: {figure} = {value}, threshold {limit}").format(figure=body["figure"], value=value, limit=limit),
        _("Since: {time}").format(time=_local(body["since"], zone)),
        _("Raised: {time}, rule {rule}").format(time=_local(body["raised_at"], zone), rule=body["rule"]),
        "",
    ]
    if body["event"] != "cleared":
        lines.append(_("Take it: ccops alert ack {id}").format(id=body["alert"]))
    return lines


def _list(body: Body, zone: tzinfo) -> list[str]:
    """Return the lines of a mail about several alerts: number, what is the case, since when."""
    newest = _newest(body["alerts"])
    width = max(len(one["alert"]) for one in newest)
    lines = [
        _("{number}  {sentence} (since {time})").format(
            number=one["alert"].rjust(width), sentence=sentence(one), time=_local(one["since"], zone)
        )
        for one in newest[:_LISTED]
    ]
    if len(newest) > _LISTED:
        lines.append(_("… and {count} more: ccops alert list").format(count=len(newest) - _LISTED))
    lines += ["", _("One message instead of {count}: news of one rule are gathered.").format(count=len(body["alerts"]))]
    if body["over"] < body["count"]:
        lines.append(_("Take one: ccops alert ack NUMBER"))
        lines.append(_("Take all: ccops alert ack {rule} --all").format(rule=body["rule"]))
    return lines


def trial_body(site: str, now: float) -> Body:
    """Return what a test says."""
    text = _("This is a test of alerts from {site}; nothing is wrong.").format(site=site)
    return {
        "event": "test", "alert": "0", "site": site, "at": now, "rule": "test", "figure": "waiting", "level": "info",
        "highest": "info", "topic": "site", "key": "test", "name": "test", "text": text, "value": None,
        "threshold": None, "since": now, "raised_at": now, "step": 0,
    }  # fmt: skip
