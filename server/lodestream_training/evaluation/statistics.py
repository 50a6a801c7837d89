"""Numbers with how far to trust them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

_Z = 1.959964  # two-sided 95 %
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its 95 % confidence interval, and from how many samples it comes."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        digits = 3 if abs(self.high) <= 1 else 1
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}], n = {self.count:,}"


def share(hits: Sequence[bool]) -> Estimate:
    """The share of hits, with Wilson's interval (Wilson 1927)."""
    n = len(hits)
    if n == 0:
        return Estimate(float("nan"), 0.0, 1.0, 0)
    p = sum(hits) / n
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return Estimate(p, float(centre - reach), float(centre + reach), n)


def median(values: Sequence[float]) -> Estimate:
    """The median, with a bootstrap interval (percentiles of resampled medians, seeded)."""
    return _resampled(values, lambda rows: np.median(rows, axis=1))


def mean(values: Sequence[float]) -> Estimate:
    """The mean, with a bootstrap interval (percentiles of resampled means, seeded)."""
    return _resampled(values, lambda rows: np.mean(rows, axis=1))


def _resampled(values: Sequence[float], statistic: Callable[[Float], Float]) -> Estimate:
    if not values:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    array = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(0)
    drawn = statistic(array[rng.integers(0, len(array), (_RESAMPLES, len(array)))])
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Estimate(float(statistic(array[None])[0]), float(low), float(high), len(array))
