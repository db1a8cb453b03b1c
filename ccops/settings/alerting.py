"""The settings of alerts: the watch itself, rules by name, targets by name, figures for Prometheus."""
# ruff: noqa: RUF009 (key() is dataclasses.field with our own words)

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ccops.errors import ConfigError
from ccops.i18n import _
from ccops.settings.keys import key
from ccops.settings.secret import Secret, read_secret_file

AlertLevel = Literal["info", "warning", "critical"]
Direction = Literal["", "above", "below"]


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """When people are told without looking: holds for every rule that does not say otherwise."""

    targets: tuple[str, ...] = key(
        (), "Targets that are told first; without any, alerts stay in the console.", example=("supervisors",)
    )
    escalate: tuple[str, ...] = key(
        (), "Targets that are told next, one after the other, while nobody acknowledges.", example=("managers",)
    )
    escalate_after: float = key(
        900.0, "Time without an acknowledgement after which the next target is told.", low=10, high=86400, unit="s"
    )
    quiet: tuple[str, ...] = key(
        (),
        "Quiet hours in the site's zone, such as `22:00-07:00` or `sat,sun 00:00-24:00`: what is less than "
        "`quiet_level` waits until they end, and is dropped where it is over by then.",
        check="quiet_hours",
        example=("22:00-07:00", "sun 00:00-24:00"),
    )
    quiet_level: AlertLevel = key("critical", "From this level on alerts are delivered in quiet hours too.")
    tries: int = key(240, "How often a delivery is tried before it counts as failed.", low=1, high=1000)
    retry_wait: float = key(
        2.0, "Time before the second try; each further wait is twice as long, up to a minute.", low=0.05, high=60,
        unit="s",
    )  # fmt: skip
    timeout: float = key(15.0, "How long a webhook or a command may take.", low=0.5, high=300, unit="s")
    keep_days: int = key(400, "Days after which the history of alerts is forgotten.", low=1, high=3660)
    metrics_port: int = key(
        0, "Port of 127.0.0.1 on which the daemon serves figures to Prometheus; 0 serves none.", low=0, high=65535
    )
    metrics_agents: bool = key(
        False, "Serves figures of single agents too; whoever has an account on this machine can read them."
    )


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """A threshold on a figure; a built-in rule of the same name keeps what is not given here."""

    figure: str = key("", "The figure; `ccops alert figures` lists them.", check="alert_figure", example="longest_wait")
    info: float | None = key(None, "Threshold of the level info; beyond it, not at it.", example=60)
    warning: float | None = key(None, "Threshold of the level warning.", example=120)
    critical: float | None = key(None, "Threshold of the level critical.", example=300)
    when: Direction = key("", "Which side is bad; empty is the figure's own.")
    lasting: float | None = key(
        None, "How long it must be beyond before it is an alert.", low=0, high=86400, unit="s", example=30, shown="0"
    )
    hysteresis: float | None = key(
        None,
        "How far back inside the threshold it must come before it is over.",
        low=0,
        high=1e9,
        example=10,
        shown="0",
    )
    calm: float | None = key(
        None, "How long it must be back inside before it is over.", low=0, high=86400, unit="s", example=30, shown="0"
    )
    tell_after: float | None = key(
        None,
        "How long it must hold before targets are told; the console shows it at once.",
        low=0,
        high=86400,
        unit="s",
        example=60,
        shown="0, or the built-in rule's",
    )
    queues: tuple[str, ...] = key((), "Only these queues; names may hold * and ?, ! excludes.", example=("sales*",))
    agents: tuple[str, ...] = key((), "Only these agents, likewise.", example=("*", "!Director*"))
    states: tuple[str, ...] = key(
        (), "States that `state_time` is about.", check="agent_states", example=("ringing", "wrap_up")
    )
    reasons: tuple[str, ...] = key((), "Pause reasons that `pause_time` is about, likewise.", example=("Lunch*",))
    min_offered: int | None = key(
        None, "Visits below which a rate says nothing.", low=0, high=1_000_000, example=5, shown="5"
    )
    roles: tuple[str, ...] = key((), "Roles that see it; without any, everybody who sees what it is about.")
    targets: tuple[str, ...] = key((), "Targets that are told first.", shown="those of [alerts]")
    escalate: tuple[str, ...] = key((), "Targets that are told next.", shown="those of [alerts]")
    escalate_after: float | None = key(
        None,
        "Time before the next target is told.",
        low=10,
        high=86400,
        unit="s",
        example=600,
        shown="that of [alerts]",
    )
    off: bool = key(False, "Switches the rule off.")


@dataclass(frozen=True, kw_only=True)
class AlertTarget:
    """Somebody or something that is told of alerts; one that names several ways is told by each."""

    mail: tuple[str, ...] = key(
        (), "Addresses, by the mail server of [smtp].", check="addresses", example=("lead@example.net",)
    )
    webhook: str = key(
        "", "URL that gets the alert as JSON by POST.", check="webhook", example="https://hooks.example.net/ccops"
    )
    webhook_file: Path | None = key(
        None,
        "File that holds the URL in its only line (mode 600), instead of `webhook`: for one with a token in it.",
        example="hook-url",
    )
    signing_key: Secret = key(
        Secret(), "Key with which webhooks are signed (HMAC-SHA256); the file must then be readable by its owner only."
    )
    signing_key_file: Path | None = key(
        None, "File that holds the key in its only line (mode 600), instead of `signing_key`.", example="hook-key"
    )
    ca_file: Path | None = key(
        None, "Certificate authority (PEM) of the webhook, instead of the system's.", example="hook-ca.pem"
    )
    command: tuple[str, ...] = key(
        (),
        "Command that gets the alert as JSON on its standard input, as a list without any shell.",
        check="command",
        example=("/usr/local/bin/page", "--now"),
    )
    syslog: str = key("", "Facility of the system's log, such as `local0`.", check="syslog_facility", example="local0")
    journal: bool = key(False, "Writes to the systemd journal, with fields CCOPS_ALERT, CCOPS_LEVEL and so on.")
    level: AlertLevel = key("warning", "From this level on it is told.")
    queues: tuple[str, ...] = key((), "Only alerts about these queues, and about what is of no queue.")
    role: str = key("", "Only what this role of [roles.…] sees.", check="line", example="team-leads")
    cleared: bool = key(True, "Tells also when it is over.")
    gather: float | None = key(
        None,
        "Time in which further news of the same rule wait and then come as one message; what is more pressing does "
        "not wait. 0 sends each alone; syslog and journal always do.",
        low=0,
        high=3600,
        unit="s",
        example=300,
        shown="60 for mail, 0 for webhook and command",
    )

    def hook_url(self, name: str) -> Secret:
        """Return the URL of the webhook, empty where there is none; raises ConfigError where it cannot be used."""
        if self.webhook_file is None:
            return Secret(self.webhook)
        where = f"alert_targets.{name}.webhook_file"
        if self.webhook:
            raise ConfigError(
                _("alert_targets.{name}: webhook is given as well as webhook_file.").format(name=name),
                remedy=_("Keep one of them."),
            )
        from ccops.settings import checks

        url = read_secret_file(self.webhook_file, where)
        wrong = checks.webhook(url.reveal())
        if wrong:
            raise ConfigError(_("{key}: {wrong}.").format(key=where, wrong=wrong))
        return url

    def hook_key(self, name: str) -> Secret:
        """Return the key to sign webhooks with; raises ConfigError where it cannot be used."""
        if self.signing_key_file is None:
            return self.signing_key
        if self.signing_key:
            raise ConfigError(
                _("alert_targets.{name}: signing_key is given as well as signing_key_file.").format(name=name),
                remedy=_("Keep one of them."),
            )
        return read_secret_file(self.signing_key_file, f"alert_targets.{name}.signing_key_file")
