"""What the console tells a process beside it before anything else, and how such a process serves."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from ccops.beside import pipes
from ccops.i18n import _
from ccops.messages import Language
from ccops.settings import Secret, Settings


@dataclass(frozen=True, slots=True)
class Told:
    """What a process of the console must know."""

    settings: Settings
    read_only: bool = False
    ahead: float = 0.0
    """Seconds by which the console's clock is before the machine's."""


def told(settings: Settings, *, read_only: bool = False, ahead: float = 0.0) -> Told:
    """Return what such a process is told: nothing of how to reach PBX, mail server or anybody else."""
    plain = Settings()
    return Told(replace(settings, ami=plain.ami, smtp=plain.smtp, alert_targets={}), read_only, ahead)


def language(*kinds: type) -> Language:
    """Return the language of the console and one of its processes; a secret that is among settings stays at home."""
    return Language(Told, *kinds, plain={Secret: (lambda _secret: None, lambda _nothing: Secret())})


def serve(
    words: Language, start: Callable[[Told], Callable[[Any], object]], failed: Callable[[Exception], object]
) -> None:
    """Answer one errand after the other; raises EOFError or BrokenPipeError when the console is gone.

    An answer that cannot be said is a fault of ours; `failed` makes an answer of it.
    """
    source, out = pipes()
    do = start(words.read(source))
    while True:
        answer = do(words.read(source))
        try:
            data = words.framed(answer)
        except Exception as error:  # noqa: BLE001 (told)
            data = words.framed(failed(error))
        out.write(data)
        out.flush()


def fault_of(error: Exception) -> tuple[str, str]:
    """Return what is said of a fault of ours, and what to do about it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{PurePath(frame.filename).name}:{frame.lineno}"
    return (
        _("This failed: {kind}: {text} ({place}).").format(kind=type(error).__name__, text=error, place=place),
        _("That is a fault of ccops; please report it with this line."),
    )
