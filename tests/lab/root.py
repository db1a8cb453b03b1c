"""Where one Asterisk version lives on disk, and how its binary is started from there.

A root is a whole Debian tree, but nothing is chrooted or mounted to use it: the tree's own dynamic loader is told where
its libraries are. So a built root serves several instances at once, needs no privilege and leaves nothing to clean up.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


class LabUnavailable(Exception):
    """No Asterisk of the wanted version can be had on this machine; the text says why and what would help."""


@dataclass(frozen=True)
class Root:
    """An Asterisk installation: a built tree, or the machine's own (``path`` is ``/``)."""

    path: Path
    version: str

    @property
    def major(self) -> str:
        """``22`` of ``22.10.1``."""
        return self.version.partition(".")[0]

    @property
    def data_dir(self) -> Path:
        """Sounds, music and the XML documentation without which Asterisk does not start."""
        return self.path / "usr/share/asterisk"

    @property
    def module_dir(self) -> Path:
        """The folder of the loadable modules; Debian moved it between the two versions."""
        for pattern in ("usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules"):
            for found in self.path.glob(pattern):
                return found
        raise LabUnavailable(f"no Asterisk modules below {self.path}")

    def command(self, *args: str) -> list[str]:
        """The argument vector that runs this root's ``asterisk`` with ``args``."""
        if self.path == Path("/"):
            return [shutil.which("asterisk") or "/usr/sbin/asterisk", *args]
        return [*loader(self.path), str(self.path / "usr/sbin/asterisk"), *args]


def loader(root: Path) -> list[str]:
    """The dynamic loader of a tree and its library path, to be put before a binary of that tree."""
    names = [*root.glob("lib64/ld-linux*.so*"), *root.glob("lib/ld-linux*.so*")]
    if not names:
        raise LabUnavailable(f"no dynamic loader in {root}: delete it and build it again")
    # Debian 11 keeps Asterisk's own pjproject directly in usr/lib.
    folders = [*sorted({*root.glob("lib/*-linux-gnu*"), *root.glob("usr/lib/*-linux-gnu*")}), root / "usr/lib"]
    return [str(names[0]), "--library-path", ":".join(map(str, folders))]


def version_of(root: Path) -> str:
    """What the binary below ``root`` says about itself, ``22.10.1``."""
    command = Root(root, "").command("-V")
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout
    except OSError as error:
        raise LabUnavailable(f"{command[0]} does not run: {error}") from error
    found = re.search(r"Asterisk (?:certified/)?(\d+(?:\.\d+)*)", said)
    if not found:
        raise LabUnavailable(f"{command[-2]} -V answers {said.strip()!r} and no version")
    return found[1]
