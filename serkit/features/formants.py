"""Formants by linear prediction, frame by frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import soxr
from annotated_types import Ge, Gt, Le, MinLen

from serkit.config import dump, load
from serkit.errors import ConfigError
from serkit.features.base import Floats, options_of
from serkit.features.framewise import Framewise, Undefined, check_columns, hop_samples
from serkit.kernels.voice_parameters import FormantParameters

FormantColumn = Literal["f1", "f2", "f3", "b1", "b2", "b3"]
COLUMNS: tuple[FormantColumn, ...] = ("f1", "f2", "f3", "b1", "b2", "b3")
_N_FORMANTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FormantsOptions:
    """Options of ``Formants``.

    * ``sample_rate`` in Hz, ``hop_ms`` in milliseconds, rounded to samples (half up).
    * ``f_max`` in Hz: the waveform is resampled to twice that. ``resonances`` pole pairs share 0 to ``f_max``; five up
      to 5500 Hz suit women's vocal tracts, up to 5000 Hz men's, up to 8000 Hz small children's.
    * ``frame_ms``: length of the Gaussian window, whose middle half holds nearly all its weight.
    * ``preemphasis_hz``: above it the spectrum is raised by 6 dB an octave.
    * ``undefined``: what stands where a value is not defined, NaN or 0.
    * ``columns``: which of f1, f2, f3 (frequencies) and b1, b2, b3 (bandwidths), in this order.
    """

    sample_rate: Annotated[int, Ge(2000), Le(768_000)] = 16_000
    hop_ms: Annotated[float, Gt(0), Le(10_000)] = 10.0
    f_max: Annotated[float, Ge(1000), Le(20_000)] = 5500.0
    resonances: Annotated[int, Ge(3), Le(20)] = 5
    frame_ms: Annotated[float, Ge(20), Le(1000)] = 50.0
    preemphasis_hz: Annotated[float, Gt(0), Le(10_000)] = 50.0
    undefined: Undefined = "nan"
    columns: Annotated[tuple[FormantColumn, ...], MinLen(1)] = ("f1", "f2", "f3")

    def checked(self) -> FormantsOptions:
        """These options, every value and combination checked. Raises ConfigError."""
        options = load(FormantsOptions, dump(self), where="the formant options")
        check_columns(options.columns, COLUMNS)
        hop_samples(options.hop_ms, options.sample_rate)
        if 2 * options.f_max > options.sample_rate:
            raise ConfigError(
                f"f_max={options.f_max:g} is above half of sample_rate={options.sample_rate}; "
                f"allowed is at most {options.sample_rate / 2:g}."
            )
        if options.parameters().frame_samples <= 2 * options.parameters().order:
            raise ConfigError(
                f"frame_ms={options.frame_ms:g} is too short for resonances={options.resonances}; "
                "choose a longer frame or fewer resonances."
            )
        return options

    def parameters(self) -> FormantParameters:
        """What the formant kernel is told: in samples of the resampled waveform."""
        rate = 2.0 * self.f_max
        return FormantParameters(
            sample_rate=rate,
            frame_samples=int(self.frame_ms * rate / 1000 + 0.5),
            hop_samples=hop_samples(self.hop_ms, self.sample_rate) / self.sample_rate * rate,
            order=2 * self.resonances,
            n_formants=_N_FORMANTS,
            preemphasis=math.exp(-2.0 * math.pi * self.preemphasis_hz / rate),
        )


class Formants(Framewise):
    """Frequencies and bandwidths in Hz of the first three formants, ``[T] -> [frames, columns]``, float32.

    Resampling to ``2 f_max``, pre-emphasis, Gaussian window, Burg's linear prediction, its poles by frequency; a pole
    within 50 Hz of 0 or ``f_max`` is no formant. NaN where a frame has fewer or is silent. Unvoiced frames have values
    too: they are resonances of noise, to be masked by ``Pitch``'s ``voiced`` where only voiced ones count.
    ``serkit.kernels.reference.formants`` defines each value. Raises ConfigError for options out of range.
    """

    def __init__(self, options: FormantsOptions | None = None) -> None:
        self.options = options_of(options, FormantsOptions, "Formants").checked()
        self.columns = self.options.columns
        self.hop_samples = hop_samples(self.options.hop_ms, self.options.sample_rate)
        self._parameters = self.options.parameters()

    def _compute(self, waveform: Floats, out: Floats) -> None:
        from serkit.kernels.jit.formants import formants

        rate = self._parameters.sample_rate
        if rate != self.sample_rate:
            waveform = soxr.resample(waveform, self.sample_rate, rate)
            if not len(waveform):  # of one or two samples nothing may be left
                waveform = np.zeros(1, dtype=np.float32)
        found = formants(waveform, len(out), self._parameters)
        for k, name in enumerate(self.columns):
            out[:, k] = found[:, int(name[1]) - 1, 0 if name[0] == "f" else 1]
