"""Normalisation of frames: each utterance by its own statistics, or all by those of the training frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from serkit.errors import AudioError, ConfigError, RunFolderError
from serkit.features.base import Floats
from serkit.features.rows import check_frames, check_offsets
from serkit.kernels.native.spectral import Offsets

Kind = Literal["mean", "mean-variance"]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Moments:
    """Number of frames, and mean and sum of squared distances from it of every value of a frame, float64 ``[...]``."""

    count: int
    mean: Doubles
    squares: Doubles

    @classmethod
    def of(cls, rows: Floats) -> _Moments:
        # about the first frame: what is constant then has exactly no variance, and offsets cost no digits
        shift = rows[0].astype(np.float64)
        centred = rows - shift
        offset = centred.mean(axis=0)
        centred -= offset
        return cls(len(rows), shift + offset, (centred * centred).sum(axis=0))

    def joined(self, other: _Moments) -> _Moments:
        """Both together (Chan, Golub and LeVeque 1983)."""
        count, step = self.count + other.count, other.mean - self.mean
        mean = self.mean + step * (other.count / count)
        squares = self.squares + other.squares + step * step * (self.count / count * other.count)
        return _Moments(count, mean, squares)

    def factor(self, kind: Kind) -> Doubles:
        """What centred values are multiplied by: 1 for constant values, which no factor brings to unit variance."""
        deviation = np.sqrt(self.squares / self.count)
        varies = (deviation > 0.0) & (kind == "mean-variance")
        return np.divide(1.0, deviation, out=np.ones_like(deviation), where=varies)


class UtteranceNormalizer:
    """Brings every value of a frame (band, channel) to zero mean over an utterance's frames, ``[F, ...] -> [F, ...]``.

    ``kind="mean-variance"`` brings it to unit variance (population, as NumPy's) too; a value that is constant over the
    utterance becomes 0. Computed in float64, float32 out. Raises ConfigError for another ``kind``.
    """

    def __init__(self, kind: Kind = "mean-variance") -> None:
        self.kind = _checked(kind)

    def __repr__(self) -> str:
        return f"UtteranceNormalizer({self.kind!r})"

    def __call__(self, frames: Floats) -> Floats:
        """Normalised frames of one utterance, float32 ``[F, ...]``. Raises AudioError for bad frames."""
        rows = check_frames(frames)
        moments = _Moments.of(rows)
        return _apply(rows, moments.mean, moments.factor(self.kind))

    def packed(self, frames: Floats, offsets: Offsets) -> Floats:
        """Each of the utterances that lie end to end in ``[sum F, ...]``, as a call for each gives it."""
        rows = check_frames(frames)
        out = np.empty(rows.shape, dtype=np.float32)
        for begin, end in pairwise(check_offsets(rows, offsets).tolist()):
            moments = _Moments.of(rows[begin:end])
            out[begin:end] = _apply(rows[begin:end], moments.mean, moments.factor(self.kind))
        return out


@dataclass(frozen=True, slots=True, eq=False)
class CorpusNormalizer:
    """Normalisation by the mean and deviation of training frames, fixed once fitted. Built by ``fit``.

    Frames become ``(x - mean) * factor``; ``mean`` and ``factor`` are float64 in the shape of a frame, ``n_frames`` is
    how many frames they were learned from. A value that was constant in training has factor 1: it becomes 0 there,
    and keeps its distance from the constant elsewhere. Fit on training utterances only, anew in every fold.
    """

    mean: Doubles
    factor: Doubles
    n_frames: int

    @classmethod
    def fit(cls, utterances: Iterable[Floats], kind: Kind = "mean-variance") -> Self:
        """Learn from training utterances, float32 ``[F_i, ...]`` each, which are looked at once, one at a time.

        Sums are float64. Raises AudioError if there are none, or one is not finite or of another shape than the first;
        ConfigError for another ``kind``.
        """
        kind, total = _checked(kind), None
        if isinstance(utterances, np.ndarray) and utterances.dtype != object:
            # its rows would pass for utterances, and one mean for all columns for the answer
            raise AudioError(f"utterances is one array {utterances.shape}; put it in a list: fit([frames]).")
        for i, frames in enumerate(utterances):
            rows = check_frames(frames, f"The frames of utterance {i}")
            if total is not None and rows.shape[1:] != total.mean.shape:
                raise AudioError(
                    f"The frames of utterance {i} have shape {rows.shape[1:]}, those before {total.mean.shape}; "
                    "compute all with the same options."
                )
            moments = _Moments.of(rows)
            total = moments if total is None else total.joined(moments)
        if total is None:
            raise AudioError("There are no training frames; at least one utterance is needed.")
        return cls(total.mean, total.factor(kind), total.count)

    def __call__(self, frames: Floats) -> Floats:
        """Normalised frames, float32 ``[F, ...]``, of one utterance or of many end to end. Raises AudioError."""
        rows = check_frames(frames)
        if rows.shape[1:] != self.mean.shape:
            raise AudioError(
                f"The frames have shape {rows.shape[1:]}, those learned from {self.mean.shape}; "
                "compute both with the same options."
            )
        return _apply(rows, self.mean, self.factor)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Plain arrays that hold all of it: ``mean`` and ``factor``, float64, and ``n_frames``, int64."""
        return {"mean": self.mean, "factor": self.factor, "n_frames": np.array(self.n_frames, dtype=np.int64)}

    @classmethod
    def from_state(cls, state: Mapping[str, npt.NDArray[Any]]) -> Self:
        """What ``state`` returned. Raises RunFolderError if it is not that."""
        try:
            mean, factor = (np.array(state[name], dtype=np.float64) for name in ("mean", "factor"))
            n_frames = int(state["n_frames"])
        except (KeyError, TypeError, ValueError):
            raise RunFolderError(
                "The state of a CorpusNormalizer needs the arrays mean, factor and n_frames; fit it anew."
            ) from None
        if mean.shape != factor.shape or not (np.isfinite(mean).all() and np.isfinite(factor).all()) or n_frames < 1:
            raise RunFolderError("The state of a CorpusNormalizer is damaged; fit it anew.")
        return cls(mean, factor, n_frames)


def _apply(rows: Floats, mean: Doubles, factor: Doubles) -> Floats:
    out = rows - mean
    out *= factor
    return out.astype(np.float32)


def _checked(kind: Kind) -> Kind:
    if kind not in get_args(Kind):
        raise ConfigError(f"kind is {kind!r}; allowed are {', '.join(map(repr, get_args(Kind)))}.")
    return kind
