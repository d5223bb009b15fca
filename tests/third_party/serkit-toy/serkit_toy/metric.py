"""A metric: the host calls it with class indices and posteriors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def error_rate(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], posteriors: NDArray[np.float64], n_classes: int
) -> float | None:
    """1 - accuracy; None without utterances."""
    return float(np.mean(truth != predicted)) if len(truth) else None
