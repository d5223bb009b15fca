"""Functionals: what a whole utterance's contours amount to, one row an utterance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Le

from serkit.config import dump, load
from serkit.errors import AudioError, ConfigError
from serkit.features.base import Floats, options_of
from serkit.features.framewise import Undefined
from serkit.features.rows import check_dtype, check_offsets
from serkit.kernels.reference.dynamics import NAMES as DYNAMICS
from serkit.kernels.reference.functionals import INTERSPEECH_2009, NAMES
from serkit.kernels.threads import spread, thread_count

FunctionalName = Literal[
    "mean", "std", "kurtosis", "skewness", "min", "max", "min_position", "max_position", "range", "offset", "slope",
    "mse", "defined",
    "curvature", "centroid", "above_25", "above_50", "above_75", "rising", "step", "rise", "fall",
    "peak_rate", "peak_distance", "peak_distance_std", "peak_height", "peak_std", "valley_depth", "valley_std",
    "rise_slope", "fall_slope", "lag_1", "lag_2", "lag_4", "lag_8", "lag_16", "lag_32",
]  # fmt: skip

_ALL = (*NAMES, *DYNAMICS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionalsOptions:
    """Options of ``Functionals``; the defaults are the twelve of the INTERSPEECH 2009 Emotion Challenge.

    * ``names``: which functionals, in the order wanted, each at most once; see ``Functionals``.
    * ``percentiles``: in [0, 100], after the named ones.
    * ``undefined``: what stands where a contour has no defined frame, NaN or 0. With 0, ask for ``defined`` too, which
      tells such a contour from one that is 0.
    """

    names: tuple[FunctionalName, ...] = INTERSPEECH_2009  # type: ignore[assignment]  # a tuple of the same strings
    percentiles: tuple[Annotated[float, Ge(0), Le(100)], ...] = ()
    undefined: Undefined = "nan"

    def checked(self) -> FunctionalsOptions:
        """These options, every value checked. Raises ConfigError."""
        options = load(FunctionalsOptions, dump(self), where="the options of functionals")
        if len(set(options.names)) < len(options.names) or not (options.names or options.percentiles):
            raise ConfigError(f"names is {list(options.names)}; name at least one functional, each at most once.")
        if len(set(options.percentiles)) < len(options.percentiles):
            raise ConfigError(f"percentiles is {list(options.percentiles)}; name each at most once.")
        return options


class Functionals:
    """Functionals over ragged frames, ``[sum F, D]`` and offsets to ``[n, D K]``; computed in double.

    NaN frames are ignored, their places kept: ``mean``; ``std`` (population); ``skewness`` and ``kurtosis`` (3 for a
    normal distribution; both 0 for a constant); ``min``, ``max``; ``min_position``, ``max_position`` (frame of the
    first over number of frames, in [0, 1)); ``range``; ``offset`` (at frame 0), ``slope`` (a frame) and ``mse`` of the
    regression line; ``defined`` (share of frames that are not NaN, in [0, 1]); percentiles as NumPy interpolates them.
    The names after ``defined`` are what ``serkit.kernels.reference.dynamics`` defines: course in time, levels, steps,
    peaks and valleys, autocorrelation. An utterance without a defined frame, or without frames, has ``undefined``
    everywhere but ``defined`` = 0. Source of the first twelve: Schuller, Steidl and Batliner, Interspeech 2009;
    ``serkit.kernels.reference.functionals`` defines. Raises ConfigError for options out of range.
    """

    def __init__(self, options: FunctionalsOptions | None = None) -> None:
        self.options = options_of(options, FunctionalsOptions, "Functionals").checked()
        self._chosen = np.array([_ALL.index(n) for n in self.options.names], dtype=np.int64)
        self._percentiles = np.array(self.options.percentiles, dtype=np.float64)

    def __repr__(self) -> str:
        return f"Functionals({self.options!r})"

    def __reduce__(self) -> tuple[type[Functionals], tuple[FunctionalsOptions]]:
        return Functionals, (self.options,)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the K functionals of a contour, percentiles as ``p5``, ``p99.5``."""
        return (*self.options.names, *(f"p{p:g}" for p in self.options.percentiles))

    def columns(self, contours: Sequence[str]) -> tuple[str, ...]:
        """Names of the ``D K`` columns for named contours: ``f0_mean``, ``f0_std``, ..., contour by contour."""
        return tuple(f"{c}_{n}" for c in contours for n in self.names)

    def __call__(self, frames: Floats, offsets: npt.NDArray[np.int64], threads: int = 0) -> Floats:
        """Functionals of each utterance, float32 ``[n, D K]``, K of the first contour first.

        ``frames`` is float32 ``[sum F, ...]``, all contours of a frame flattened to D; utterance i is frames
        ``offsets[i]`` to ``offsets[i + 1]``, int64 ``[n + 1]``, as ``packed`` of an extractor returns them.
        ``threads`` as there. Raises AudioError for another dtype, or offsets that do not fit or decrease, or infinity.
        """
        count = thread_count(threads)
        frames = check_dtype(frames)
        if frames.ndim < 2:
            raise AudioError(f"The frames have shape {frames.shape}; [frames, contours] is needed.")
        edges = check_offsets(frames, offsets, empty=True)
        flat = np.ascontiguousarray(frames.reshape(len(frames), int(np.prod(frames.shape[1:]))))
        if np.isinf(flat).any():
            first = int(np.argwhere(np.isinf(flat))[0, 0])
            raise AudioError(f"Frame {first} holds infinity; frames must be finite or NaN (undefined).")
        return self._compute(flat, edges, count)

    def _compute(self, frames: Floats, offsets: npt.NDArray[np.int64], threads: int) -> Floats:
        from serkit.kernels.jit.functionals import functionals

        out = np.empty((len(offsets) - 1, frames.shape[1], len(self.names)), dtype=np.float32)

        def work(first: int, last: int) -> None:
            functionals(frames, offsets, first, last, self._chosen, self._percentiles, out)

        spread(work, np.diff(offsets).tolist(), threads)
        if self.options.undefined == "zero":
            np.copyto(out, 0.0, where=np.isnan(out))
        return out.reshape(len(out), frames.shape[1] * len(self.names))
