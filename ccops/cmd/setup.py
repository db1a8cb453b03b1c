"""The course of `ccops init`: what is known already, what must be asked, the test, the file."""

import asyncio
import os
import stat
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ccops.cmd.asterisk_box import Box, look
from ccops.cmd.checkup import Check
from ccops.cmd.prompts import Prompts
from ccops.cmd.run import Run
from ccops.errors import CcopsError, ConfigError, LinkError, LoginRefused, UsageProblem
from ccops.i18n import _
from ccops.settings import BadSettings, Settings, load
from ccops.settings.places import SYSTEM_FILE, find_file, user_file
from ccops.settings.reference import plain
from ccops.settings.schema import KeyPath, field_at
from ccops.settings.values import Wrong, convert
from ccops.settings.writer import write_settings

HOST, PORT, USERNAME = ("ami", "host"), ("ami", "port"), ("ami", "username")
SECRET, SECRET_FILE = ("ami", "secret"), ("ami", "secret_file")
TLS = ("ami", "tls")
NAME, ZONE = ("site", "name"), ("site", "timezone")
LOG, PHONE = ("queue_log", "path"), ("supervisor", "phone")

QUESTIONS: Final[Mapping[KeyPath, str]] = {
    HOST: _("Address of the PBX"),
    PORT: _("Manager port"),
    USERNAME: _("Manager user"),
    NAME: _("Name of the site"),
    ZONE: _("Time zone of the site"),
    LOG: _("Path of the queue_log (empty for none)"),
    PHONE: _("Your phone, to listen to calls (e.g. PJSIP/9001; empty for none)"),
}
REQUIRED: Final = (HOST, USERNAME)
LOCAL: Final = ("127.0.0.1", "::1", "localhost")

FREEPBX: Final[Mapping[KeyPath, str]] = {
    ("agents", "interface"): "Local/{number}@from-queue/n",
    ("agents", "state_interface"): "hint:{number}@ext-local",
    ("actions", "transfer_context"): "from-internal",
    ("actions", "queue_context"): "ext-queues",
}
SYSTEM_STORE: Final = Path("/var/lib/ccops/ccops.db")
"""Where the units of config/systemd keep the store."""
OWN_USER: Final = "ccops"
"""The manager user of config/manager.conf; others may do more than ccops needs."""

MANAGER_USER: Final = """\
[{user}]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = system,call,agent
write = call,agent,originate,reporting
writetimeout = 5000
"""


class Setup:
    """One run of `ccops init`."""

    def __init__(self, run: Run, given: Mapping[KeyPath, str], group: str = "") -> None:
        """`given` are the values of flags, as text; `group` names who may connect to the daemon of this machine."""
        self.run = run
        self.values: dict[KeyPath, Any] = {}
        self.given = given
        self.interactive = run.environment.interactive
        self.prompts = Prompts(run.environment)
        self.path = self._place()
        self.shared = self._shared(group) if group else {}
        for key, text in given.items():
            wrong = self._take(key, text)
            if wrong:
                raise UsageProblem(f"{'.'.join(key)}: {wrong}")

    def _shared(self, group: str) -> dict[KeyPath, Any]:
        """Return what a daemon needs besides the link, so that people may come: its store, socket and a role."""
        if (SECRET in self.given) or SECRET_FILE not in self.given:
            raise UsageProblem(
                _("--group makes a file that everybody may read, so the secret cannot stand in it."),
                remedy=_("Put it into a file of its own (mode 600) and name that with --secret-file."),
            )
        return {
            ("store", "path"): str(self.run.options.db or SYSTEM_STORE),
            ("daemon", "socket_group"): group,
            ("roles", group, "groups"): [group],
            ("roles", group, "actions"): ["*"],
        }

    def _place(self) -> Path:
        """Return the file that is named, else the one that is read, else a new one: root's serves everybody."""
        variables = self.run.environment.variables
        named, source = find_file(self.run.options.config, variables)
        if source and named is not None:
            return named
        own = user_file(variables)
        if own == named or variables.get("XDG_CONFIG_HOME"):
            return own
        # Who may not write the machine's file makes one of their own, which is read before it.
        may = os.access(SYSTEM_FILE, os.W_OK) if named is not None else os.geteuid() == 0
        return SYSTEM_FILE if may else own

    @cached_property
    def box(self) -> Box:
        """What this machine tells about an Asterisk on it."""
        return look()

    @cached_property
    def before(self) -> Settings:
        """The settings that hold without us, as defaults of the questions."""
        try:
            return load(self.path if self.path.exists() else None, self.run.environment.variables).settings
        except ConfigError as error:
            self.run.narrator.warn(_("the file that is there cannot be used: {why}").format(why=error.message))
            return Settings()

    def may_replace(self, force: bool) -> None:
        """See that nothing is changed against anybody's will; raises ConfigError."""
        if force or not self.path.exists():
            return
        question = _("{path} exists. Change it? Its comments stay, and a backup is kept.").format(path=self.path)
        if self.interactive and self.prompts.yes(question, default=False):
            return
        raise ConfigError(
            _("{path} exists and was left as it is.").format(path=self.path),
            remedy=_("--force changes it and keeps a backup; --config names another file."),
        )

    # -- answers -------------------------------------------------------------------------------------------------

    def answer(self, secret_stdin: bool) -> None:
        """Collect what the flags do not give; raises UsageProblem where nobody can be asked."""
        self._tell_finds()
        for key, question in QUESTIONS.items():
            if key not in self.values:
                self._ask(key, question)
        self._secret(secret_stdin)
        if self.box.freepbx and self._is_local():
            self.values.update(FREEPBX)

    def _tell_finds(self) -> None:
        if HOST in self.values and not self._is_local():
            return
        if self.box.freepbx:
            self.run.narrator.say(_("This looks like a FreePBX: agents are Local/NUMBER@from-queue/n."))
        if self.box.users:
            names = ", ".join(user.name for user in self.box.users)
            self.run.narrator.say(_("Manager users of the Asterisk on this machine: {names}.").format(names=names))
        if self.box.present and not self.box.enabled:
            self.run.narrator.warn(_("Its manager is switched off: set enabled = yes under [general] of manager.conf."))
        for path in self.box.unreadable:
            self.run.narrator.say(_("{path} cannot be read by this user.").format(path=path))

    def _ask(self, key: KeyPath, question: str) -> None:
        default = self._default(key)
        if not self.interactive:
            if key in REQUIRED and not default:
                raise self._missing(key)
            if default:
                self._take(key, default)
            return

        def check(text: str) -> str:
            if not text:
                return _("It is needed.") if key in REQUIRED else ""
            return self._take(key, text)

        self.prompts.text(question, default, check)

    def _default(self, key: KeyPath) -> str:
        value = getattr(getattr(self.before, key[0]), key[1])
        if key == LOG and value is None and self._is_local():
            value = self.box.queue_log
        if key == PORT and self._is_local() and value == Settings().ami.port:
            value = self.box.port
        if key == USERNAME and not value and self._is_local():
            value = self._own_user()
        return "" if value is None else str(value)

    def _own_user(self) -> str:
        """Return the user that was made for ccops, or the only one there is."""
        names = [user.name for user in self.box.users]
        return OWN_USER if OWN_USER in names else names[0] if len(names) == 1 else ""

    def _is_local(self) -> bool:
        return self.values.get(HOST, LOCAL[0]) in LOCAL

    def _secret(self, from_stdin: bool) -> None:
        if SECRET in self.values or SECRET_FILE in self.values:
            return
        found = next((user for user in self.box.users if user.name == self.values.get(USERNAME)), None)
        if from_stdin:
            wrong = self._take(SECRET, self.run.environment.stdin.readline().rstrip("\r\n"))
            if wrong:
                raise UsageProblem(f"--secret-stdin: {wrong}")
        elif self.before.ami.secret:
            self.values[SECRET] = self.before.ami.secret
        elif self.before.ami.secret_file:
            self.values[SECRET_FILE] = self.before.ami.secret_file
        elif not self.interactive:
            raise self._missing(SECRET)
        elif found and self._is_local() and self.prompts.yes(_("Take its secret from manager.conf?"), default=True):
            self.values[SECRET] = found.secret
        else:
            self._take(SECRET, self.prompts.secret(_("Its secret (not shown)")))
        if not self.values.get(SECRET) and SECRET_FILE not in self.values:
            raise self._missing(SECRET)

    def _missing(self, key: KeyPath) -> UsageProblem:
        flag = "--secret-stdin" if key == SECRET else f"--{key[-1].replace('_', '-')}"
        return UsageProblem(
            _("{key} is needed.").format(key=".".join(key)), remedy=_("Give it with {flag}.").format(flag=flag)
        )

    def _take(self, key: KeyPath, text: str) -> str:
        """Take a value as text; return what is wrong with it."""
        try:
            self.values[key] = convert(field_at(key), text, Path.cwd(), text=True)
        except Wrong as wrong:
            return str(wrong)
        return ""

    # -- test and file -------------------------------------------------------------------------------------------

    def test(self) -> list[Check]:
        """Try the link; raises LinkError or LoginRefused where it does not work, unless the person goes on."""
        settings = self._settings()
        checks = asyncio.run(_checks(settings, self.run))
        for check in checks:
            if check.ok is not None or check.check == "rights_actions":
                self.run.narrator.say(check.lines(ascii_only=self.run.options.ascii).rstrip())
        failed = next((check for check in checks if check.check in ("reach", "login") and check.ok is False), None)
        if failed is None:
            return checks
        if failed.check == "login":
            self._propose_user()
        question = _("Write the configuration all the same?")
        if self.interactive and self.prompts.yes(question, default=False):
            return checks
        kind: type[CcopsError] = LinkError if failed.check == "reach" else LoginRefused
        raise kind(
            _("Nothing was written: {why}").format(why=failed.detail),
            remedy=failed.remedy or _("--no-test writes without trying."),
        )

    def _propose_user(self) -> None:
        import secrets

        text = MANAGER_USER.format(user=self.values[USERNAME], secret=secrets.token_urlsafe(18))
        file = "manager_custom.conf" if self.box.freepbx else "manager.conf"
        self.run.narrator.say(_("A user with just the rights that ccops needs, for {file}:").format(file=file))
        self.run.narrator.say("\n".join(f"    {line}" for line in text.splitlines()))

    def _settings(self) -> Settings:
        from dataclasses import replace

        settings = self.before
        for section in {key[0] for key in self.values}:
            changes = {key[1]: value for key, value in self.values.items() if key[0] == section}
            if section == "ami" and SECRET in self.values:
                changes.setdefault("secret_file", None)
            settings = replace(settings, **{section: replace(getattr(settings, section), **changes)})
        return settings

    def _mode(self) -> int | None:
        """Return the rights of a file that others may read; None where it is the owner's alone."""
        if self.shared:
            return 0o644
        private = SECRET in self.values or not self.path.exists()
        return None if private else stat.S_IMODE(self.path.stat().st_mode)

    def write(self) -> Path | None:
        """Write the file and return the backup of the former one."""
        values = {key: plain(value) for key, value in self.values.items()}
        # The two ways to the secret exclude each other: the one not chosen leaves the file.
        values |= {key: None for key in (SECRET, SECRET_FILE) if key not in self.values}
        values |= self.shared
        mode = self._mode()
        backup = write_settings(self.path, values, datetime.fromtimestamp(self.run.now(), self._settings().zone))
        if mode is not None:
            self.path.chmod(mode)
        if backup is not None:
            self.run.narrator.say(_("The former file is kept as {backup}.").format(backup=backup))
        try:
            load(self.path, {})
        except BadSettings as error:
            self.run.narrator.warn(error.message)
        return backup


async def _checks(settings: Settings, run: Run) -> list[Check]:
    from ccops.cmd.checkup.pbx import pbx_checks

    return [check async for check in pbx_checks(settings, run.environment.clock, 0.0)]
