"""The one place that calls a metric: a plugin's code, so whatever it does must not cost the run its other numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.host.specs import MetricSpec
from serkit.run.predictions import Predictions

Metric = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], int], "float | None"]
Results = Mapping[tuple[int, str], Predictions]


class MetricFault(Exception):
    """A metric broke its contract; the text completes "The metric ..."."""


class Checked:
    """A metric that returns a float in its range or None, else raises MetricFault.

    ``from_confusion`` and ``resampled`` are those of the metric, None where it has none.
    """

    def __init__(self, spec: MetricSpec, metric: Metric) -> None:
        self._spec, self._metric = spec, metric
        self.from_confusion: Any = getattr(metric, "from_confusion", None)
        self.resampled: Any = getattr(metric, "resampled", None)

    def __call__(self, p: Predictions, rows: NDArray[np.intp] | None = None) -> float | None:
        """The metric of ``p`` or of some of its rows (with repetitions); None where undefined.

        A metric may say undefined with None or, as NumPy does, with NaN.
        """
        at = slice(None) if rows is None else rows
        value = self._metric(p.truth[at], p.predicted[at], p.posteriors[at], len(p.labels))
        if value is None:
            return None
        number = float(value)  # NumPy scalars are fine, text and arrays are not
        low, high = self._spec.range
        if math.isfinite(number) and not low <= number <= high:
            raise MetricFault(f"returned {number:g}, outside the range {low:g} to {high:g} it declares")
        return number if math.isfinite(number) else None


def fault_of(error: BaseException) -> str:
    """What a failed metric did, as words that complete "The metric ..."."""
    if isinstance(error, MetricFault):
        return str(error)
    text = " ".join(str(error).split())
    return f"failed with {type(error).__name__}{': ' * bool(text)}{text}"


def mean(values: Sequence[float | None]) -> float | None:
    """The mean, None without values and where one is undefined: a mean over the rest would pass for one over all."""
    known = [v for v in values if v is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None


def deviation(values: Sequence[float | None]) -> float | None:
    """The standard deviation (ddof = 1), None for fewer than two values and where one is undefined."""
    centre = mean(values)
    if centre is None or len(values) < 2:
        return None
    return math.sqrt(math.fsum((v - centre) ** 2 for v in values if v is not None) / (len(values) - 1))
