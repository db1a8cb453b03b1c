"""Translations: every string that a person reads passes through `_()`."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

_LOCALES = Path(__file__).parent / "locale"
_LANGUAGE_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@lru_cache(maxsize=1)
def _catalogue() -> Any:
    # gettext costs milliseconds to import, so a machine without a catalogue never loads it.
    wanted = any(os.environ.get(name, "C") not in ("", "C", "POSIX") for name in _LANGUAGE_VARIABLES)
    if not wanted or not _LOCALES.is_dir():
        return None
    import gettext

    return gettext.translation("ccops", localedir=_LOCALES, fallback=True)


def _(message: str) -> str:
    """Return `message` in the reader's language, or as it is where no catalogue has it."""
    catalogue = _catalogue()
    return message if catalogue is None else str(catalogue.gettext(message))
