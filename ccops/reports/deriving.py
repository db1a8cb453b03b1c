"""The process that derives blocks beside the one that writes them: `python -m ccops.reports.deriving`.

It is told where history stands, then gets blocks on its standard input and answers each on its standard output. It
holds nothing that its parent could not have made anew, and ends with its input.
"""

import gc
import os
import traceback
from dataclasses import dataclass
from pathlib import PurePath

from ccops.beside import pipes
from ccops.errors import CcopsError
from ccops.messages import Language
from ccops.reports.derive import Derived, Deriver, Standing, State


@dataclass(slots=True, frozen=True)
class Feed:
    """Derive a run of whole lines of a file; the answer is `Derived`."""

    data: bytes
    file: int
    offset: int


@dataclass(slots=True, frozen=True)
class Stand:
    """Say what is open after the blocks so far; the answer is `Standing`."""


@dataclass(slots=True, frozen=True)
class Failed:
    """It could not be done: a fault of ours, told as what and where."""

    text: str
    place: str
    remedy: str = ""


LANGUAGE = Language(State, Feed, Stand, Derived, Standing, Failed)


def answered(deriver: Deriver, asked: Feed | Stand) -> Derived | Standing | Failed:
    """Return what comes of a block, or what is open; what goes wrong is an answer too."""
    try:
        if isinstance(asked, Feed):
            return deriver.block(asked.data, asked.file, asked.offset)
        return deriver.standing()
    except CcopsError as error:
        return Failed(error.message, "", error.remedy)
    except Exception as error:  # noqa: BLE001 (told to whoever asked, who stops)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return Failed(f"{type(error).__name__}: {error}", f"{PurePath(frame.filename).name}:{frame.lineno}")


def main() -> None:
    """Serve until the parent closes our input, be it because it was killed."""
    gc.disable()  # nothing here refers back to itself; looking for it costs a tenth of the time
    source, out = pipes()
    try:
        deriver = Deriver(LANGUAGE.read(source))
        while True:
            out.write(LANGUAGE.framed(answered(deriver, LANGUAGE.read(source))))
            out.flush()
    except (EOFError, BrokenPipeError):
        # Leaving in the ordinary way would flush a pipe that nobody reads.
        os._exit(0)


if __name__ == "__main__":
    main()
