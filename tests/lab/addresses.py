"""Loopback addresses and ports that belong to one lab alone, however many labs run on the machine."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

# Below the range out of which the kernel gives ports to outgoing connections (32768 and up).
_FIRST_PORT = 20000
_BLOCKS = 3000
PORTS_PER_BLOCK = 4


@dataclass
class Block:
    """A /24 of 127/8 for SIP and media and four TCP ports on 127.0.0.1, held by a lock until ``release``."""

    number: int
    _lock: IO[str] = field(repr=False)

    def address(self, host: int) -> str:
        """The ``host``-th address of the block; the kernel answers on all of 127/8 without being told."""
        return f"127.{64 + self.number // 256}.{self.number % 256}.{host}"

    def port(self, index: int) -> int:
        """The ``index``-th TCP port of the block on 127.0.0.1."""
        return _FIRST_PORT + self.number * PORTS_PER_BLOCK + index

    def release(self) -> None:
        """Let another lab have the block."""
        self._lock.close()


def take_block() -> Block:
    """A block that no other lab holds and no other program listens on."""
    folder = Path(tempfile.gettempdir()) / f"ccops-lab-blocks.{os.geteuid()}"
    folder.mkdir(exist_ok=True)
    for number in random.sample(range(_BLOCKS), _BLOCKS):
        lock = (folder / str(number)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        block = Block(number, lock)
        if _is_free(block):
            return block
        block.release()
    raise RuntimeError("every address block of the lab is taken: are thousands of labs running?")


def _is_free(block: Block) -> bool:
    wanted = [(socket.SOCK_STREAM, "127.0.0.1", block.port(index)) for index in range(PORTS_PER_BLOCK)]
    wanted += [(socket.SOCK_DGRAM, block.address(host), 5060) for host in (1, 2, 3)]
    for kind, address, port in wanted:
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
