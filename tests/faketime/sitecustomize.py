"""Lets the wall clock of a process jump: `time.time` is off by the eight bytes in the file that CLOCK_OFF_BY names."""

import mmap
import os
import struct
import time

_real = time.time
with open(os.environ["CLOCK_OFF_BY"], "rb") as _file:
    _off = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)


def _jumping() -> float:
    return _real() + float(struct.unpack("d", _off)[0])


time.time = _jumping
