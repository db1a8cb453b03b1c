"""Actions on the machine and the session: ping, settings, events, filters, commands of the command line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ccops.pbx.sim.actions import Action, Actions, Request
from ccops.pbx.sim.actions.command_line import CommandLine
from ccops.pbx.sim.wire import leading_number

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx


def actions(pbx: Pbx, table: Actions) -> list[Action]:
    """The actions of this family."""
    return _System(pbx, table).actions()


class _System:
    def __init__(self, pbx: Pbx, table: Actions) -> None:
        self._pbx = pbx
        self._table = table
        self._command_line = CommandLine(pbx)

    def actions(self) -> list[Action]:
        reporting = "system,reporting"
        return [
            Action("Challenge", "", "Generate Challenge for MD5 Auth.", _answered_elsewhere),
            Action("Login", "", "Login Manager.", _answered_elsewhere),
            Action("Logoff", "", "Logoff Manager.", _answered_elsewhere),
            Action("Ping", "", "Keepalive command.", self._ping),
            Action("Events", "", "Control Event Flow.", self._events),
            Action("ListCommands", "", "List available manager commands.", self._list_commands),
            Action("Filter", "system", "Dynamically add filters for the current manager session.", self._filter),
            Action("CoreSettings", reporting, "Show PBX core settings (version etc).", self._settings),
            Action("CoreStatus", reporting, "Show PBX core status variables.", self._status),
            Action("Command", "command", "Execute Asterisk CLI Command.", self._command),
            Action("UserEvent", "user", "Send an arbitrary event.", self._user_event),
            Action("ModuleCheck", "system", "Check if module is loaded.", self._module_check),
            Action("Reload", "system,config", "Send a reload event.", self._reload),
            Action("WaitEvent", "", "Wait for an event to occur.", self._wait_event),
        ]

    def _ping(self, request: Request) -> None:
        seconds, micros = divmod(self._pbx.clock.now_us, 1_000_000)
        request.reply(("Ping", "Pong"), ("Timestamp", f"{seconds}.{micros:06d}"))

    def _events(self, request: Request) -> None:
        on = request.session.set_events(request.get("EventMask"))
        if on is None:
            request.refuse("Invalid event mask")
        else:
            request.reply(("Events", "On" if on else "Off"))

    def _list_commands(self, request: Request) -> None:
        request.reply(*self._table.of(request.session))

    def _filter(self, request: Request) -> None:
        if request.get("Operation").casefold() != "add":
            request.refuse("Unknown operation")
        elif request.session.filters.add(request.get("Filter")):
            request.ok("Success")
        else:
            request.refuse("Filter format error")

    def _settings(self, request: Request) -> None:
        version = self._pbx.version
        tail = [("SoundsSearchCustomDir", "No")] if version.sounds_dir else []
        request.reply(
            ("AMIversion", version.ami), ("AsteriskVersion", version.asterisk), ("SystemName", ""),
            ("CoreMaxCalls", 0), ("CoreMaxLoadAvg", "0.000000"), ("CoreRunUser", ""), ("CoreRunGroup", ""),
            ("CoreMaxFilehandles", 0), ("CoreRealTimeEnabled", "No"), ("CoreCDRenabled", "Yes"),
            ("CoreHTTPenabled", "No"), *tail,
        )  # fmt: skip

    def _status(self, request: Request) -> None:
        pbx = self._pbx
        started = datetime.fromtimestamp(pbx.started_us // 1_000_000, pbx.zone)
        day, time = started.strftime("%Y-%m-%d"), started.strftime("%H:%M:%S")
        calls = len({channel.linkedid for channel in pbx.channels})
        tail = [("CoreProcessedCalls", pbx.channels.processed)] if pbx.version.processed_calls else []
        request.reply(
            ("CoreStartupDate", day), ("CoreStartupTime", time), ("CoreReloadDate", day), ("CoreReloadTime", time),
            ("CoreCurrentCalls", calls), *tail,
        )  # fmt: skip

    def _command(self, request: Request) -> None:
        command = request.get("Command")
        if not command:
            request.refuse("No command provided")
            return
        known, lines = self._command_line.run(command)
        head = "Success" if known else "Error"
        action_id = f"ActionID: {request.id}\r\n" if request.id else ""
        output = "".join(f"Output: {line}\r\n" for line in lines)
        request.session.write(f"Response: {head}\r\n{action_id}Message: Command output follows\r\n{output}\r\n")

    def _user_event(self, request: Request) -> None:
        told = [(key, value) for key, value in request.message.headers if key.casefold() not in ("action", "actionid")]
        request.ok("Event Sent")
        self._pbx.events.user(told)

    def _module_check(self, request: Request) -> None:
        if request.get("Module").removesuffix(".so") in self._command_line.modules:
            request.reply(("Version", ""))
        else:
            request.refuse("Module not loaded")

    def _reload(self, request: Request) -> None:
        module = request.get("Module")
        known = not module or module.startswith("logger") or module.removesuffix(".so") in self._command_line.modules
        if known:
            request.ok("Module Reloaded")
            if not module or module.startswith("logger"):
                self._pbx.log.write("CONFIGRELOAD", "")
        else:
            request.refuse("No such module")
        self._pbx.events.system("Reload", [("Module", module or "All"), ("Status", 0 if known else 2)])

    def _wait_event(self, request: Request) -> None:
        seconds = leading_number(request.get("Timeout"), 0)
        request.ok("Waiting for Event completed.")
        self._pbx.clock.outside_after(seconds, request.row, "WaitEventComplete", "")


def _answered_elsewhere(request: Request) -> None:
    """Login, Challenge and Logoff are the session's own; here they only stand in the table."""
