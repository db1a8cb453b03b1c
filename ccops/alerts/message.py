"""What is said about an alert: as data for programs, as a sentence and a mail for people."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from ccops.alerts.figures import FIGURES
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
    def thread(self) -> str:
        """What all messages about one alert have in common."""
        return f"{self.body['site']}/{self.body['alert']}/{self.body['raised_at']}"


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
    text, event = clean(str(body["text"])), body["event"]
    if event == "cleared":
        return _("Over: {text}, after {time}").format(text=text, time=duration(body["at"] - body["raised_at"]))
    if event == "test":
        return text
    words = {"info": _("Info"), "warning": _("Warning"), "critical": _("Critical")}
    said = f"{words[body['level']]}: {text}"
    value = body["value"]
    if value is not None and value >= 1 and FIGURES[body["figure"]].unit in ("seconds", "times"):
        said = f"{said}, {quantity(body['figure'], body['value'])}"
    return f"{said} – {_steps(body)}" if body["step"] else said


def _steps(body: Body) -> str:
    return _("nobody has acknowledged it for {time}").format(time=duration(body["at"] - body["raised_at"]))


def subject(body: Body) -> str:
    """Return the subject of a mail."""
    return f"[{clean(str(body['site']))}] {sentence(body)}"


def letter(body: Body, zone: tzinfo) -> str:
    """Return the text of a mail."""

    def local(at: float) -> str:
        return datetime.fromtimestamp(at, zone).isoformat(" ", "seconds")

    lines = [sentence(body), ""]
    if body["event"] != "test":
        value, limit = quantity(body["figure"], body["value"]), quantity(body["figure"], body["threshold"])
        lines += [
            _("About: {topic} {name}").format(topic=body["topic"], name=clean(str(body["name"]))),
            _("Figure: {figure} = {value}, threshold {limit}").format(figure=body["figure"], value=value, limit=limit),
            _("Since: {time}").format(time=local(body["since"])),
            _("Raised: {time}, rule {rule}").format(time=local(body["raised_at"]), rule=body["rule"]),
            "",
        ]
        if body["event"] != "cleared":
            lines.append(_("Take it: ccops alert ack {id}").format(id=body["alert"]))
    lines.append(_("Sent: {time}").format(time=local(body["at"])))
    return "\n".join(lines) + "\n"


def trial_body(site: str, now: float) -> Body:
    """Return what a test says."""
    text = _("This is a test of alerts from {site}; nothing is wrong.").format(site=site)
    return {
        "event": "test", "alert": "0", "site": site, "at": now, "rule": "test", "figure": "waiting", "level": "info",
        "highest": "info", "topic": "site", "key": "test", "name": "test", "text": text, "value": None,
        "threshold": None, "since": now, "raised_at": now, "step": 0,
    }  # fmt: skip
