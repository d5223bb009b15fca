"""One row an utterance: functionals of all descriptors of speech, for classifiers that take a vector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
import numpy.typing as npt
from annotated_types import MinLen

from serkit.config import dump, load
from serkit.features.base import Floats, options_of
from serkit.features.delta import Delta
from serkit.features.framewise import Utterancewise, check_columns
from serkit.features.functionals import FunctionalName, Functionals, FunctionalsOptions
from serkit.features.speech_contours import SPECTRAL, SpeechContours

Part = Literal["static", "delta", "voiced", "timing"]
PARTS: tuple[Part, ...] = get_args(Part)

_PERCENTILES = (2.0, 25.0, 50.0, 75.0, 98.0)
_MOMENTS: tuple[FunctionalName, ...] = ("mean", "std", "skewness", "kurtosis")
_COURSE: tuple[FunctionalName, ...] = (
    *_MOMENTS, "slope", "mse", "curvature", "centroid", "above_25", "above_50", "above_75", "rising", "step", "rise",
    "fall", "peak_rate", "peak_distance", "peak_distance_std", "peak_height", "peak_std", "valley_depth", "valley_std",
    "rise_slope", "fall_slope", "lag_1", "lag_2", "lag_4", "lag_8", "lag_16", "lag_32",
)  # fmt: skip
_A_FRAME = {"slope", "step", "rise", "fall", "peak_rate", "rise_slope", "fall_slope"}
_IN_FRAMES = {"peak_distance", "peak_distance_std"}
_SPEECH_NEPERS = 4 * math.log(10)  # frames within 40 dB of the loudest are speech, the others pauses
_STRETCHES = ("voiced", "unvoiced", "speech", "pause")
_OF_STRETCHES = ("rate", "mean", "std", "max", "share")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechFunctionalsOptions:
    """Options of ``SpeechFunctionals``. ``parts``: which of static, delta, voiced, timing, in this order."""

    parts: Annotated[tuple[Part, ...], MinLen(1)] = PARTS


class SpeechFunctionals(Utterancewise):
    """An utterance at 16 kHz as one vector, ``[T] -> [1, columns]``, float32, finite for any audio; 5,540 columns.

    Of the contours of ``SpeechContours`` (c):

    * ``static``: ``c_mean`` and so on, 35 functionals of each: those of ``Functionals`` but extremes and their places,
      range and offset, and percentiles 2, 25, 50, 75, 98. Slopes, steps and ``peak_rate`` are a second, distances of
      peaks seconds; ``line_error`` is the root of ``mse``.
    * ``delta``: ``c_delta_mean`` and so on, the same of the regression deltas (N = 2), a second; undefined where one of
      the five frames is.
    * ``voiced``: ``c_voiced_mean`` and so on, moments and percentiles over voiced frames of what is defined in others.
    * ``timing``: stretches of voiced and unvoiced frames, of speech (within 40 dB of percentile 98 of the energy) and
      pauses: number a second, mean, deviation and longest in seconds, share; ``log_duration``, ln of seconds.

    What is undefined in all of an utterance (its F0 if it is whispered) is 0, and ``voiced_share`` says so.
    """

    def __init__(self, options: SpeechFunctionalsOptions | None = None) -> None:
        given = options_of(options, SpeechFunctionalsOptions, "SpeechFunctionals")
        self.options = load(SpeechFunctionalsOptions, dump(given), where="the options of speech functionals")
        check_columns(self.options.parts, PARTS)
        self._contours = SpeechContours()
        self._delta = Delta()
        self._course = Functionals(FunctionalsOptions(names=_COURSE, percentiles=_PERCENTILES))
        self._moments = Functionals(FunctionalsOptions(names=_MOMENTS, percentiles=_PERCENTILES))
        rate = 1 / self._contours.hop_s
        per_second = [rate if n in _A_FRAME else 1 / rate if n in _IN_FRAMES else 1.0 for n in self._course.names]
        self._per_second = np.array(per_second, np.float32)
        self.columns = tuple(name for part in self.options.parts for name in self._names(part))

    @property
    def sample_rate(self) -> int:
        """16000 Hz."""
        return self._contours.sample_rate

    def _names(self, part: Part) -> tuple[str, ...]:
        if part == "timing":
            return (*(f"{s}_{n}" for s in _STRETCHES for n in _OF_STRETCHES), "log_duration")
        if part == "voiced":
            return self._moments.columns([f"{c}_voiced" for c in SPECTRAL])
        suffix = "_delta" if part == "delta" else ""
        names = self._course.columns([c + suffix for c in self._contours.columns])
        return tuple(n.removesuffix("mse") + "line_error" if n.endswith("_mse") else n for n in names)

    def _compute(self, waveform: Floats, out: Floats) -> None:
        contours = self._contours(waveform)
        column = self._contours.columns.index
        voiced = ~np.isnan(contours[:, column("f0")])
        made = []
        for part in self.options.parts:
            if part == "static":
                made.append(self._dynamics(contours))
            elif part == "delta":
                made.append(self._dynamics(self._deltas(contours)))
            elif part == "voiced":
                spoken = np.where(voiced[:, None], contours[:, : len(SPECTRAL)], np.float32(math.nan))
                made.append(_row(self._moments, spoken))
            else:
                made.append(self._timing(voiced, contours[:, column("log_energy")]))
        out[0] = np.nan_to_num(np.concatenate(made), nan=0.0)

    def _dynamics(self, contours: Floats) -> Floats:
        table: Floats = _row(self._course, contours).reshape(contours.shape[1], len(self._per_second))
        table *= self._per_second
        error = self._course.names.index("mse")
        table[:, error] = np.sqrt(table[:, error])
        flat: Floats = table.ravel()
        return flat

    def _deltas(self, contours: Floats) -> Floats:
        gaps = np.isnan(contours)
        deltas = self._delta(np.where(gaps, np.float32(0.0), contours)) * np.float32(1 / self._contours.hop_s)
        at, last, reach = np.arange(len(contours)), len(contours) - 1, self._delta.options.delta_window
        for n in range(-reach, reach + 1):
            deltas[gaps[np.clip(at + n, 0, last)]] = math.nan
        return deltas

    def _timing(self, voiced: npt.NDArray[np.bool_], energy: Floats) -> Floats:
        speech = energy > np.percentile(energy, 98) - _SPEECH_NEPERS
        seconds = len(voiced) * self._contours.hop_s
        values = []
        for inside in (voiced, ~voiced, speech, ~speech):
            edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]])))
            lengths = (edges[1::2] - edges[::2]) * self._contours.hop_s
            some = lengths if len(lengths) else np.zeros(1)
            values += [len(lengths) / seconds, some.mean(), some.std(), some.max(), inside.mean()]
        return np.array([*values, math.log(seconds)], np.float32)


def _row(functionals: Functionals, contours: Floats) -> Floats:
    row: Floats = functionals(contours, np.array([0, len(contours)]), threads=1)[0]
    return row
