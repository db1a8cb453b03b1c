"""Makes text from the phone line harmless: no escapes, no controls, no direction tricks."""

import re
from typing import Final

# C0 and DEL, C1, bidi and other invisible format controls, line separators, lone surrogates, noncharacters.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\U000e0000-\U000e007f]"
)

# Asterisk's ast_escape_c: what may follow a backslash, and what it stands for where that is no control character.
_ESCAPE = re.compile(r"\\([abfnrtv\\'\"?])")
_NEEDS_ESCAPE = re.compile(r"[\\'\"?]")
_SPELT = frozenset("\\'\"?")


def clean(text: str) -> str:
    """Return `text` without any character that could steer a terminal, a log reader or the reading direction.

    Markup of other programs (`[red]`, `=cmd`) is left: who draws or writes a file guards that at the door.
    """
    if text.isprintable():  # harmful ones are never printable; true of nearly every text, and quickly told
        return text
    return _HARMFUL.sub("", text)


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""First characters that spreadsheets take for a formula; the wide ones too, where the locale is East Asian."""


def guarded(text: str) -> str:
    """Return the text of a CSV or TSV cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def unescaped(name: str) -> str:
    """Return somebody's name as it is, from how Asterisk writes it wherever it describes a channel: escaped as in C.

    CallerIDName and ConnectedLineName are written so in all events and rows of channels, calls, bridges and parked
    calls, but not in QueueEntry; numbers, queues and members never are. Controls that an escape stands for are
    dropped, as `clean` drops them where they come bare. Measured on Asterisk 16.28 and 22.10.
    """
    return _ESCAPE.sub(_meant, name) if "\\" in name else name


def _meant(escape: re.Match[str]) -> str:
    return escape[1] if escape[1] in _SPELT else ""


def escaped(name: str) -> str:
    """Return a clean name as Asterisk writes it where it describes a channel; `unescaped` takes it back."""
    return _NEEDS_ESCAPE.sub(r"\\\g<0>", name)


def control_at(text: str) -> int | None:
    """Return the index of the first control character of `text` (C0, DEL, C1, lone surrogate), or None."""
    for index, char in enumerate(text):
        code = ord(char)
        if code < 32 or 127 <= code < 160 or 0xD800 <= code < 0xE000:
            return index
    return None
