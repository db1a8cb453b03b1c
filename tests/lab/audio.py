"""Who heard whom: looks for a party's tone in what another party's phone received."""

from __future__ import annotations

import array
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

RATE = 8000
WINDOW = 0.1  # seconds; long enough to tell tones apart that differ by 50 Hz
# A tone counts as heard in a window when it carries this share of the power of the loudest thing a phone can play ...
LOUDNESS = 1e-5
# ... and this share of the power that is there. Crosstalk, quantising noise and harmonics stay far below it.
SHARE = 0.05


def goertzel(samples: array.array[int], frequency: float, rate: int = RATE) -> float:
    """The mean power of one frequency in the samples, 1.0 for a sine at full scale's root mean square.

    Goertzel, "An Algorithm for the Evaluation of Finite Trigonometric Series", 1958.
    A Hann window keeps one tone from leaking into the next.
    """
    count = len(samples)
    if count == 0:
        return 0.0
    turn = 2 * math.pi * frequency / rate
    coefficient = 2 * math.cos(turn)
    before = last = 0.0
    for index, sample in enumerate(samples):
        weight = 0.5 - 0.5 * math.cos(2 * math.pi * index / count)
        before, last = last, weight * sample / 32768 + coefficient * last - before
    power = last * last + before * before - coefficient * last * before
    return 16 * power / (count * count)


def power(samples: array.array[int]) -> float:
    """The mean power of the samples, on the scale of ``goertzel`` (1.0 for a full-scale sine)."""
    return 2 * sum((sample / 32768) ** 2 for sample in samples) / max(1, len(samples))


def read(path: Path, start: float = 0.0, end: float | None = None) -> array.array[int]:
    """The samples between two moments (seconds from the start) of a recording at 8 kHz; it may still be growing.

    Understands ``.wav`` at 8 kHz and the headless ``.sln48``, of which every sixth sample is taken: a telephone carries
    nothing above 4 kHz that could be folded back.
    """
    headless = path.suffix == ".sln48"
    step = 6 if headless else 1
    with path.open("rb") as file:
        # The header of a growing WAV has no length yet, so the `wave` module would see nothing in it.
        data = 0 if headless else file.read(4096).find(b"data") + 8
        file.seek(data + 2 * step * round(start * RATE))
        raw = file.read() if end is None else file.read(2 * step * max(0, round((end - start) * RATE)))
    samples = array.array("h", raw[: len(raw) - len(raw) % 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples[::step]


def heard(path: Path, frequency: float, start: float = 0.0, end: float | None = None) -> bool:
    """Whether a tone sounds in most of the stretch between two moments (seconds from the start) of a recording."""
    return share_heard(read(path, start, end), frequency) > 0.5


def share_heard(samples: array.array[int], frequency: float) -> float:
    """The share of windows in which the tone is heard; 0 for a stretch too short to tell."""
    size = int(WINDOW * RATE)
    windows = [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]
    return sum(sounds(window, frequency) for window in windows) / len(windows) if windows else 0.0


def sounds(window: array.array[int], frequency: float) -> bool:
    """Whether a tone is in one window, loud enough and no mere trace beside what else is there."""
    tone = goertzel(window, frequency)
    return tone > LOUDNESS and tone > SHARE * power(window)


@dataclass(frozen=True)
class Tape:
    """A recording under way. Moments are wall-clock times: ``began`` is when MixMonitor reported its start."""

    path: Path
    began: float

    def heard(self, frequency: float, start: float, end: float, *, timeout: float = 5) -> bool:
        """Whether the tone sounds in most of the time between two moments; waits until the tape has got there."""
        samples = self._wait(start, end, timeout)
        return share_heard(samples, frequency) > 0.5

    def wait_heard(self, frequency: float, *, since: float, timeout: float = 5) -> float:
        """The first moment since ``since`` at which the tone sounds, exact to half a window (0.05 s)."""
        return self._wait_change(frequency, since, timeout, sounding=True)

    def wait_silent(self, frequency: float, *, since: float, timeout: float = 5) -> float:
        """The first moment since ``since`` at which the tone does not sound."""
        return self._wait_change(frequency, since, timeout, sounding=False)

    def _wait(self, start: float, end: float, timeout: float) -> array.array[int]:
        deadline = time.monotonic() + timeout
        first, last = max(0.0, start - self.began), end - self.began
        while True:
            samples = read(self.path, first, last) if self.path.exists() else array.array("h")
            if len(samples) >= int((last - first) * RATE) - 1:
                return samples
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.path.name} does not reach {last:.2f} s within {timeout} s")
            time.sleep(0.05)

    def _wait_change(self, frequency: float, since: float, timeout: float, *, sounding: bool) -> float:
        step, moment, deadline = WINDOW / 2, max(since, self.began), time.time() + timeout
        while moment < deadline:
            window = self._wait(moment, moment + WINDOW, timeout)[: int(WINDOW * RATE)]
            if sounds(window, frequency) is sounding:
                return moment + WINDOW / 2
            moment += step
        state = "heard" if sounding else "silent"
        raise TimeoutError(f"{frequency} Hz was not {state} in {self.path.name} within {timeout} s")
