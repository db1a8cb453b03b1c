"""When the console itself is at fault: a short line for the person, the details in a file for whoever mends it."""

import traceback
from datetime import UTC, datetime
from pathlib import Path

from textual.worker import WorkerFailed

from ccops import __version__
from ccops.i18n import _
from ccops.tui.memory import state_folder


def keep_crash(error: BaseException, folder: Path | None = None) -> str:
    """Write the traceback, without the values of variables (they hold callers' numbers); return what to say."""
    if isinstance(error, WorkerFailed):  # only says that something failed elsewhere
        error = error.error
    said = _("This is a fault of ccops ({kind}: {text}).").format(kind=type(error).__name__, text=error)
    now = datetime.now(UTC)
    path = (folder or state_folder()) / f"crash-{now:%Y%m%d-%H%M%S}.txt"
    lines = [f"ccops {__version__} {now:%Y-%m-%dT%H:%M:%SZ}\n", *traceback.format_exception(error)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")
    except OSError:
        return said + "\n" + "".join(lines)
    return said + " " + _("Details are in {path}.").format(path=path)
