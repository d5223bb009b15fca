"""Agreement of dimensional ratings (arousal, valence, dominance): truth and prediction are one number an utterance.

All is computed in float64, whatever comes in. Undefined is None, never NaN: a correlation with ratings that do not vary
says nothing, and 0 would be an answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from serkit.errors import UserError

Floats = NDArray[np.float64]


def ccc(truth: ArrayLike, predicted: ArrayLike) -> float | None:
    """Concordance correlation coefficient in [-1, 1]: 1 only where every prediction equals its truth.

    ``2 cov / (var(truth) + var(predicted) + (mean(truth) - mean(predicted))²)`` with moments over N (not N - 1), as Lin
    defines it for a sample: "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45, 1989.
    Unlike ``pcc`` it is lowered by a wrong mean or scale. Both are ``[N]`` in any one unit. None for fewer than two
    utterances and where truth or prediction is constant. Raises UserError for other shapes, unequal lengths, or values
    that are not finite numbers.
    """
    moments = _moments(truth, predicted)
    if moments is None:
        return None
    x, y, gap = moments
    return _clip(2 * float(x @ y) / float(x @ x + y @ y + len(x) * gap * gap))


def pcc(truth: ArrayLike, predicted: ArrayLike) -> float | None:
    """Pearson's correlation coefficient in [-1, 1], which no shift or positive scale of the predictions changes.

    Arguments, None and errors as in ``ccc``.
    """
    moments = _moments(truth, predicted)
    if moments is None:
        return None
    x, y = (v / np.abs(v).max() for v in moments[:2])
    return _clip(float(x / np.sqrt(x @ x) @ (y / np.sqrt(y @ y))))


def rmse(truth: ArrayLike, predicted: ArrayLike) -> float | None:
    """Root of the mean squared difference, 0 or more, in the unit of the ratings; None without utterances.

    Arguments and errors as in ``ccc``; constant ratings are no obstacle.
    """
    x, y = _pair(truth, predicted)
    if not len(x):
        return None
    (x, y), unit = _scaled(x, y)
    (gap,), fine = _scaled(x - y)
    return float(np.ldexp(np.sqrt(np.mean(gap**2)), unit + fine))


def mae(truth: ArrayLike, predicted: ArrayLike) -> float | None:
    """Mean absolute difference, 0 or more, in the unit of the ratings; None without utterances. As ``rmse``."""
    x, y = _pair(truth, predicted)
    if not len(x):
        return None
    (x, y), unit = _scaled(x, y)
    return float(np.ldexp(np.mean(np.abs(x - y)), unit))


def _pair(truth: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    try:
        x, y = np.asarray(truth, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"Ratings must be numbers ({error}); leave out utterances without a rating.") from None
    if x.ndim != 1 or x.shape != y.shape:
        raise UserError(
            f"Truth has the shape {list(x.shape)} and the prediction {list(y.shape)}; both must be [N], one number an "
            "utterance."
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UserError("Ratings must be finite; leave out utterances without a rating.")
    return x, y


def _moments(truth: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats, float] | None:
    """Both without their means, and the difference of the means, all over one power of two; None where one does not
    vary."""
    x, y = _pair(truth, predicted)
    # asked of the values themselves: the rounding of a mean leaves a constant with a variance of about 1e-33
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    (x, y), _ = _scaled(x, y)
    mean_x, mean_y = x.mean(), y.mean()
    return x - mean_x, y - mean_y, float(mean_x - mean_y)


def _scaled(*values: Floats) -> tuple[list[Floats], int]:
    """The values over the power of two that makes the largest at most 1, and its exponent: sums and squares then stay
    in float64, and, since it is a power of two, nothing is rounded."""
    exponent = int(np.frexp(max(np.abs(v).max() for v in values))[1])
    return [np.ldexp(v, -exponent) for v in values], exponent


def _clip(value: float) -> float:
    """Rounding may leave a coefficient a few ulp outside its range."""
    return min(1.0, max(-1.0, value))
