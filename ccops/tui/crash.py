"""When the console itself is at fault: a short line for the person, the details in a file for whoever mends it."""

import os
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from textual.worker import WorkerFailed

from ccops import __version__
from ccops.i18n import _
from ccops.settings.secret import Secret, masked
from ccops.tui.memory import state_folder


def keep_crash(error: BaseException, folder: Path | None = None, secrets: Sequence[Secret] = ()) -> str:
    """Write the traceback, without the values of variables (they hold callers' numbers); return what to say.

    What errors say for themselves may hold anything: secrets are masked, and the file is for its owner alone.
    """
    if isinstance(error, WorkerFailed):  # only says that something failed elsewhere
        error = error.error
    text = masked(str(error), list(secrets))
    said = _("This is a fault of ccops ({kind}: {text}).").format(kind=type(error).__name__, text=text)
    now = datetime.now(UTC)
    path = (folder or state_folder()) / f"crash-{now:%Y%m%d-%H%M%S}.txt"
    lines = [f"ccops {__version__} {now:%Y-%m-%dT%H:%M:%SZ}\n", *traceback.format_exception(error)]
    report = masked("".join(lines), list(secrets))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(report)
    except OSError:
        return said + "\n" + report
    return said + " " + _("Details are in {path}.").format(path=path)
