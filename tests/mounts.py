"""Real disks for tests: small ones that fill up, and ones that become read-only under those who use them."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Disk:
    """A file system of its own."""

    path: Path

    def read_only(self) -> None:
        """Mount it read-only; nobody may have a file open for writing."""
        _run("mount", "-o", "remount,ro", str(self.path))

    def fail(self) -> None:
        """Let the kernel find an error on it, whereupon nothing can be written any more, be it open or not."""
        _run("mount", "-o", "remount,abort", str(self.path))

    def fill(self) -> Path:
        """Fill it to the last block; return the file that does."""
        ballast = self.path / "ballast"
        with ballast.open("ab", buffering=0) as file:
            while left := self.free:
                file.write(b"\0" * left)
        return ballast

    @property
    def free(self) -> int:
        """Bytes that are left."""
        room = os.statvfs(self.path)
        return room.f_bavail * room.f_bsize


@contextmanager
def disk(size: str = "4m") -> Iterator[Disk]:
    """Mount a small file system in memory; skips the test where this user may not."""
    with _mounted("-t", "tmpfs", "-o", f"size={size},mode=755", "ccops-test") as path:
        yield Disk(path)


@contextmanager
def failing_disk(folder: Path, megabytes: int = 16) -> Iterator[Disk]:
    """Mount a file of a folder as a disk that can fail; skips the test where this user may not."""
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("there is no mkfs.ext4 here")
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
    with _mounted("-o", "loop,errors=remount-ro", str(image)) as path:
        yield Disk(path)


@contextmanager
def _mounted(*arguments: str) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="ccops-m."))
    try:
        _run("mount", *arguments, str(path))
    except (OSError, subprocess.CalledProcessError) as error:
        path.rmdir()
        pytest.skip(f"nothing can be mounted here: {error}")
    try:
        yield path
    finally:
        _run("umount", "-l", str(path))
        path.rmdir()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
