"""Integrals of exp(concave function) over a half line, many at once, to about thirteen digits.

Every probability of Erlang B, C and A is a ratio of such integrals. Taking them in logarithms, on the stretch where
the integrand matters, costs the same for one erlang and for twenty thousand and can neither overflow nor underflow.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Function = Callable[[Array], Array]

_NODES = 96
# exp(-42) is 6e-19: what lies further down cannot be seen in a double.
_DEPTH = 42.0
_DOUBLINGS = 2100
_HALVINGS = 24


@lru_cache(maxsize=1)
def _legendre() -> tuple[Array, Array]:
    """Nodes and weights of Gauss and Legendre on 0…1, as columns."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return ((nodes + 1) / 2)[:, None], (weights / 2)[:, None]


def _bisect(exponent: Function, inside: Array, outside: Array, floor: Array) -> Array:
    """Return a point between the two where `exponent` comes down to `floor`; rather too far out than too near."""
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        deep = exponent(middle) < floor
        outside = np.where(deep, middle, outside)
        inside = np.where(deep, inside, middle)
    return outside


def _far_end(exponent: Function, start: Array, step: Array, floor: Array) -> Array:
    """Return a point right of `start` beyond which the integrand is nothing."""
    reach = step
    for _ in range(_DOUBLINGS):
        shallow = exponent(start + reach) > floor
        if not shallow.any():
            break
        reach = np.where(shallow, reach * 2, reach)
    return _bisect(exponent, start, start + reach, floor)


def _panels(low: Array, high: Array, bend: Array) -> list[tuple[Array, Array]]:
    """Return low…high as one stretch, or as two where `bend` lies inside any of them."""
    middle = np.clip(bend, low, high)
    return [(low, middle), (middle, high)] if (middle < high).any() else [(low, high)]


def log_integrals(
    exponent: Function, lower: Array, mode: Array, scale: Array, factors: list[Function], bend: Array | None = None
) -> list[Array]:
    """Return log ∫ factor(x)·exp(exponent(x)) dx from `lower` up, for each factor.

    `exponent` is concave and takes arrays whose last axis is that of `lower`; its highest point at or right of
    `lower` is `mode`, and `scale` is any rough width, > 0. A factor is ≥ 0 and smooth beside the exponential on
    either side of `bend`: what changes fast in a small part of the stretch is seen only by nodes of its own.
    """
    peak = exponent(mode)
    floor = peak - _DEPTH
    high = _far_end(exponent, mode, scale, floor)
    low = np.where(exponent(lower) < floor, _bisect(exponent, mode, lower, floor), lower)
    nodes, weights = _legendre()
    sums = [np.zeros_like(peak) for _factor in factors]
    for start, end in _panels(low, high, high if bend is None else bend):
        points = start + nodes * (end - start)
        mass = weights * np.exp(exponent(points) - peak) * (end - start)
        sums = [sum_ + (mass * factor(points)).sum(axis=0) for sum_, factor in zip(sums, factors, strict=True)]
    with np.errstate(divide="ignore"):
        return [peak + np.log(sum_) for sum_ in sums]
