"""Means with confidence intervals from repeated runs: ratios, differences of ratios, Student's quantile."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval that holds the true one with the asked confidence; NaN where nothing was counted."""

    mean: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Say whether the interval contains `value`."""
        return self.low <= value <= self.high


def student_quantile(confidence: float, freedom: int) -> float:
    """Return t such that |T| ≤ t with probability `confidence`.

    Exact for 1 and 2 degrees of freedom, else the expansion of Hill, "Algorithm 396: Student's t-quantiles",
    Communications of the ACM 13, 1970 (good to about four digits).
    """
    tail = 1 - confidence
    if freedom == 1:
        return 1 / math.tan(tail * math.pi / 2)
    if freedom == 2:
        return math.sqrt(2 / (tail * (2 - tail)) - 2)
    n = float(freedom)
    a = 1 / (n - 0.5)
    b = 48 / (a * a)
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * n
    y = (d * tail) ** (2 / n)
    if y > 0.05 + a:
        x = -NormalDist().inv_cdf(tail / 2)
        y = x * x
        if freedom < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = math.expm1(a * y * y)
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1)
        y = y / (n + 2) + 1 / ((d * tail) ** (2 / n))
    return math.sqrt(n * y)


def _residuals(parts: Sequence[float], wholes: Sequence[float]) -> tuple[float, list[float]]:
    """Return Σparts / Σwholes and each run's share in its error (the linearised ratio)."""
    whole = math.fsum(wholes)
    if whole <= 0:
        return math.nan, []
    ratio, mean = math.fsum(parts) / whole, whole / len(wholes)
    return ratio, [(part - ratio * size) / mean for part, size in zip(parts, wholes, strict=True)]


def _around(middle: float, residuals: Sequence[float], confidence: float) -> Estimate:
    runs = len(residuals)
    if math.isnan(middle) or runs < 2:
        return Estimate(middle, math.nan, math.nan)
    error = math.sqrt(math.fsum(value * value for value in residuals) / (runs - 1) / runs)
    half = student_quantile(confidence, runs - 1) * error
    return Estimate(middle, middle - half, middle + half)


def ratio_estimate(parts: Sequence[float], wholes: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Return Σparts / Σwholes over independent runs with its interval (delta method)."""
    ratio, residuals = _residuals(parts, wholes)
    return _around(ratio, residuals, confidence)


def difference_estimate(
    before: tuple[Sequence[float], Sequence[float]],
    after: tuple[Sequence[float], Sequence[float]],
    confidence: float = 0.95,
) -> Estimate:
    """Return the change of a ratio between two settings whose runs saw the same calls, pair by pair."""
    old, old_errors = _residuals(*before)
    new, new_errors = _residuals(*after)
    return _around(new - old, [b - a for a, b in zip(old_errors, new_errors, strict=False)], confidence)
