"""Owns stderr: narration, errors with their remedy, and the exit code that each error ends the program with."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from ccops.errors import CcopsError, ExitCode
from ccops.i18n import _


class PipeClosed(Exception):
    """Nobody reads stdout any more: the program ends without a word, and that is no failure."""


@dataclass(slots=True)
class Narrator:
    """Speaks to the person on stderr; data never comes through here."""

    stderr: TextIO
    verbose: bool = False
    quiet: bool = False
    mask: Callable[[str], str] = str
    """Takes secrets out of a text."""

    def say(self, text: str) -> None:
        """Tell what happens, unless --quiet."""
        if not self.quiet:
            self._line(text)

    def detail(self, text: str) -> None:
        """Tell what only --verbose wants to know."""
        if self.verbose:
            self._line(text)

    def warn(self, text: str) -> None:
        """Tell what may be wrong, --quiet or not."""
        self._line(_("ccops: warning: {text}").format(text=text))

    def error(self, text: str, remedy: str = "") -> None:
        """Tell what went wrong and what to do about it."""
        self._line(f"ccops: {text}")
        if remedy:
            self._line(f"  {remedy}")

    def _line(self, text: str) -> None:
        try:
            self.stderr.write(printable(self.mask(text)) + "\n")
            self.stderr.flush()
        except (OSError, ValueError):  # a closed stderr leaves nobody to tell
            return


def printable(text: str) -> str:
    """Return `text` without anything that could steer the terminal; line ends stay."""
    from ccops.pbx.text import clean

    return "\n".join(clean(line) for line in text.split("\n"))


def report(error: BaseException, narrator: Narrator) -> int:
    """Tell the person about an error and return the exit code that it means."""
    if isinstance(error, PipeClosed):
        return ExitCode.OK
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if isinstance(error, CcopsError):
        narrator.error(error.message, error.remedy)
        _traceback(error, narrator)
        return error.exit_code
    if isinstance(error, OSError) and error.errno is not None:
        subject = f"{error.filename}: " if error.filename else ""
        narrator.error(f"{subject}{os.strerror(error.errno)}.")
        _traceback(error, narrator)
        return ExitCode.FAILED
    return _unexpected(error, narrator)


def _unexpected(error: BaseException, narrator: Narrator) -> int:
    detail = " ".join(str(error).split())
    title = _("this is a fault in ccops: {kind}: {detail}").format(kind=type(error).__name__, detail=detail)
    hint = "" if narrator.verbose else _("Run it again with --verbose and report what it prints.")
    narrator.error(title, hint)
    _traceback(error, narrator)
    return ExitCode.FAILED


def _traceback(error: BaseException, narrator: Narrator) -> None:
    if not narrator.verbose:
        return
    import traceback

    narrator.detail("".join(traceback.format_exception(error)).rstrip())


def let_go_of_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush finds no closed pipe."""
    try:
        descriptor = sys.stdout.fileno()
        nothing = os.open(os.devnull, os.O_WRONLY)
    except (OSError, ValueError, AttributeError):
        return
    os.dup2(nothing, descriptor)
    os.close(nothing)
