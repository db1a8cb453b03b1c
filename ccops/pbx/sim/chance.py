"""Chance that can be repeated: named dice, and the laws that waiting and talking follow."""

from math import log
from random import Random


def dice(*what: object) -> Random:
    """A source of chance of its own for this thing; the same names give the same throws on every machine."""
    return Random(":".join(str(part) for part in what))  # noqa: S311 (a simulation, not a secret)


def exponential(rng: Random, mean: float) -> float:
    """A waiting time without memory, of this mean."""
    return rng.expovariate(1 / mean)


def lognormal(rng: Random, median: float, sigma: float) -> float:
    """A duration of this median; sigma is the standard deviation of its logarithm."""
    return rng.lognormvariate(log(median), sigma)


def milliseconds(seconds: float) -> float:
    """Seconds cut to whole milliseconds, so that times read well and sums stay short."""
    return round(seconds, 3)
