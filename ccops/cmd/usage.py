"""Explains wrong arguments: what is wrong, how the command is called, and where a global option belongs."""

from typing import Any

import typer

from ccops.cmd.run import Run
from ccops.errors import ExitCode
from ccops.i18n import _


def explain(error: typer.TyperException, run: Run) -> int:
    """Tell the person about wrong arguments and return the exit code."""
    context: Any = getattr(error, "ctx", None)
    if not error.message.strip() or type(error).__name__ == "NoArgsIsHelpError":
        run.environment.stderr.write(context.get_help() + "\n" if context is not None else "")
        return ExitCode.USAGE
    if context is not None:
        run.narrator.error(_lowered(error.format_message()), _hint(error, context))
    else:
        run.narrator.error(_lowered(error.format_message()))
    return error.exit_code


def _hint(error: typer.TyperException, context: Any) -> str:
    option = getattr(error, "option_name", "")
    root = context.find_root()
    known = {name for parameter in root.command.params for name in parameter.opts}
    if option in known and context is not root:
        return _("{option} goes before the command: ccops {option} … {command}").format(
            option=option, command=context.command_path.removeprefix("ccops ")
        )
    usage = context.get_usage()
    return f"{usage}\n  " + _("Try “{command} --help”.").format(command=context.command_path)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
