"""Writes a queue_log as Asterisk does and rotates it as logrotate does, for tests of whoever follows it."""

import gzip
import os
import shutil
from pathlib import Path

T0 = 1_790_000_000


class Pbx:
    """Writes a log as Asterisk does, and rotates it as logrotate does."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "queue_log"
        self.stream = self.path.open("ab", buffering=0)
        self.written = 0
        self.half = b""
        self.rotated = 0

    def line(self) -> bytes:
        self.written += 1
        return self.half_rest() + b"%d|%d.0|sales|NONE|ENTERQUEUE||%d|1\n" % (
            T0 + self.written,
            self.written,
            self.written,
        )

    def half_rest(self) -> bytes:
        rest, self.half = self.half, b""
        return rest

    def write(self, count: int) -> None:
        self.stream.write(b"".join(self.line() for _ in range(count)))

    def write_half(self) -> None:
        line = self.line()
        self.stream.write(line[:12])
        self.half = line[12:]

    def rename(self, reopen_first: int) -> None:
        """Rename; the PBX goes on writing to the old file until it is told to reopen."""
        self.rotated += 1
        self.path.rename(self.path.with_name(f"queue_log.{self.rotated}"))
        self.write(reopen_first)
        self.finish_line()
        self.stream.close()
        self.stream = self.path.open("ab", buffering=0)

    def finish_line(self) -> None:
        self.stream.write(self.half_rest())

    def truncate(self, between: int, packed: bool) -> None:
        """Copy and truncate; `between` lines come after our last look and before the copy."""
        self.write(between)
        self.finish_line()
        self.rotated += 1
        copy = self.path.with_name(f"queue_log.{self.rotated}")
        if packed:
            copy.with_name(copy.name + ".gz").write_bytes(gzip.compress(self.path.read_bytes()))
        else:
            shutil.copy(self.path, copy)
        os.truncate(self.path, 0)

    def close(self) -> None:
        self.stream.close()
