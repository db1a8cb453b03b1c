"""Reports to any command on its standard input: no shell, a time limit, its exit code told."""

import hashlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Final

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.deliver.model import Content, DeliveryFailed, DeliveryTimeout, Errand, Key, Parcel
from ccops.reports.deliver.template import filled, names_of

_TRY_LATER: Final = 75
"""EX_TEMPFAIL of sysexits.h: the command itself says that it may work later."""
_LAST_WORDS: Final = 2000
_SECRETS: Final = ("SECRET", "PASSWORD", "_KEY", "WEBHOOK")


@dataclass(slots=True, frozen=True)
class CommandTarget:
    """A command that is run for each form."""

    argv: Sequence[str]
    """The program and its arguments; names of `template` are filled in."""
    timeout: float = 60.0
    """Seconds."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def errands(self, parcel: Parcel) -> Sequence[Errand]:
        """Return one delivery for each form."""
        return [self._errand(parcel, content) for content in parcel.contents]

    def _errand(self, parcel: Parcel, content: Content) -> Errand:
        names = names_of(parcel, content.form)
        argv = [filled(part, names) for part in self.argv]
        # Arguments may hold what nobody should read in a ledger or a mail.
        mark = hashlib.sha256("\0".join(argv).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        key = Key(parcel.job, parcel.when, f"command:{argv[0]} #{mark}", parcel.content_name([content]))
        return Errand(key, partial(run_command, argv, content.data, self.timeout, self._variables(names, content)))

    def _variables(self, names: Mapping[str, str], content: Content) -> dict[str, str]:
        """Return the environment of the command: no secrets of ours, and what it may want to know."""
        told = {f"CCOPS_REPORT_{name.upper()}": clean(value) for name, value in names.items()}
        return {**without_secrets(self.environment), **told, "CCOPS_REPORT_MEDIA_TYPE": content.form.media_type}


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without our secrets, whatever else of ours it holds."""
    return {
        name: value
        for name, value in environment.items()
        if not (name.upper().startswith("CCOPS_") and name.upper().endswith(_SECRETS))
    }


def run_command(argv: Sequence[str], data: bytes, timeout: float, environment: Mapping[str, str]) -> str:
    """Run a command with `data` on its standard input, and return what happened.

    Raises DeliveryFailed with the exit code and the command's last words, DeliveryTimeout after `timeout` seconds;
    then nothing of the command is left running.
    """
    with tempfile.TemporaryFile() as words:
        code = _ended(argv, data, timeout, (environment, words))
        said = _last_words(words)
    if code == 0:
        return _("{command} took {size} bytes, exit code 0").format(command=argv[0], size=len(data))
    what = _("signal {number}").format(number=-code) if code < 0 else _("exit code {code}").format(code=code)
    raise DeliveryFailed(
        _("{command}: {what}.").format(command=argv[0], what=what) + (f" {said}" if said else ""),
        passing=code == _TRY_LATER,
    )


def _ended(argv: Sequence[str], data: bytes, timeout: float, world: tuple[Mapping[str, str], IO[bytes]]) -> int:
    environment, words = world
    try:
        process = subprocess.Popen(  # noqa: S603  # the operator's own list of arguments, and no shell
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=words,
            env=dict(environment),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise DeliveryFailed(
            _("{command} cannot be run: {why}.").format(command=argv[0], why=why),
            remedy=_("Give the whole path of the program, and each argument as an item of its own."),
        ) from None
    try:
        process.communicate(data, timeout)
    except subprocess.TimeoutExpired:
        raise DeliveryTimeout(
            _("{command} was stopped after {seconds:g} s.").format(command=argv[0], seconds=timeout), passing=True
        ) from None
    finally:
        _end_all(process)
    return process.returncode


def _end_all(process: "subprocess.Popen[bytes]") -> None:
    """End what still runs of a command that is not done: it has a session, and so a group, of its own."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None and not process.stdin.closed:
        with suppress(BrokenPipeError):  # it never read to the end, which is its own affair
            process.stdin.close()
    process.wait()


def _last_words(words: IO[bytes]) -> str:
    size = words.seek(0, os.SEEK_END)
    words.seek(max(0, size - _LAST_WORDS))
    lines = [clean(line) for line in words.read().decode("utf-8", "replace").splitlines()]
    return " / ".join(line.strip() for line in lines if line.strip())[-300:]
