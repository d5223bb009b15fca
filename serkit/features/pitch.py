"""F0, voicing, harmonics-to-noise ratio, jitter and shimmer, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, MinLen

from serkit.config import dump, load
from serkit.errors import ConfigError
from serkit.features.base import Floats, options_of
from serkit.features.framewise import Framewise, Undefined, check_columns, hop_samples
from serkit.kernels.voice_parameters import CycleParameters, PitchParameters

PitchColumn = Literal["f0", "voiced", "hnr", "jitter", "shimmer", "shimmer_db"]
COLUMNS: tuple[PitchColumn, ...] = ("f0", "voiced", "hnr", "jitter", "shimmer", "shimmer_db")


@dataclass(frozen=True, slots=True, kw_only=True)
class PitchOptions:
    """Options of ``Pitch``; the defaults of the path are those of Boersma 1993 for speech.

    * ``sample_rate`` in Hz, ``hop_ms`` in milliseconds, rounded to samples (half up).
    * ``f0_min`` and ``f0_max`` in Hz: 75 to 600 holds men and women in emotion; 75 to 300 serves calm men better.
    * ``periods`` and ``hnr_periods``: length of the frame, and of that of the harmonics-to-noise ratio, in periods of
      ``f0_min`` (40 ms and 60 ms).
    * ``candidates`` a frame, the unvoiced one included.
    * ``silence_threshold``: frames whose peak is below this share of the waveform's are likely to be unvoiced.
    * ``voicing_threshold``: height of an autocorrelation peak, in [0, 1], under which a frame is likely unvoiced.
    * ``octave_cost`` favours high F0, ``jump_cost`` penalises jumps of an octave and ``voicing_cost`` changes of
      voicing, each as a height of peaks, the two latter per 10 ms.
    * ``cycle_ms``: span around a frame's centre whose glottal cycles make its jitter and shimmer.
    * ``undefined``: what stands where a value is not defined, NaN or 0.
    * ``columns``: which of f0, voiced, hnr, jitter, shimmer, shimmer_db, in this order; what is not asked for costs
      nothing. The default is all but the last.
    """

    sample_rate: Annotated[int, Ge(2000), Le(768_000)] = 16_000
    hop_ms: Annotated[float, Gt(0), Le(10_000)] = 10.0
    f0_min: Annotated[float, Ge(20), Le(2000)] = 75.0
    f0_max: Annotated[float, Gt(20), Le(4000)] = 600.0
    periods: Annotated[float, Ge(2), Le(20)] = 3.0
    hnr_periods: Annotated[float, Ge(3), Le(20)] = 4.5
    candidates: Annotated[int, Ge(2), Le(100)] = 15
    silence_threshold: Annotated[float, Gt(0), Le(1)] = 0.03
    voicing_threshold: Annotated[float, Ge(0), Le(1)] = 0.45
    octave_cost: Annotated[float, Ge(0), Le(10)] = 0.01
    jump_cost: Annotated[float, Ge(0), Le(10)] = 0.35
    voicing_cost: Annotated[float, Ge(0), Le(10)] = 0.14
    cycle_ms: Annotated[float, Ge(10), Le(10_000)] = 60.0
    undefined: Undefined = "nan"
    columns: Annotated[tuple[PitchColumn, ...], MinLen(1)] = COLUMNS[:-1]

    def checked(self) -> PitchOptions:
        """These options, every value and combination checked. Raises ConfigError."""
        options = load(PitchOptions, dump(self), where="the pitch options")
        check_columns(options.columns, COLUMNS)
        hop_samples(options.hop_ms, options.sample_rate)
        rate = options.sample_rate
        if not (options.f0_min <= rate / 40 and options.f0_min < options.f0_max <= rate / 4):
            raise ConfigError(
                f"f0_min={options.f0_min:g} and f0_max={options.f0_max:g} do not fit sample_rate={rate}; allowed are "
                f"f0_min <= {rate / 40:g} and f0_min < f0_max <= {rate / 4:g}."
            )
        return options

    def parameters(self) -> PitchParameters:
        """What the pitch kernel is told."""
        return PitchParameters(
            sample_rate=self.sample_rate,
            hop_samples=hop_samples(self.hop_ms, self.sample_rate),
            f0_min=self.f0_min,
            f0_max=self.f0_max,
            periods=self.periods,
            hnr_periods=self.hnr_periods,
            candidates=self.candidates,
            silence_threshold=self.silence_threshold,
            voicing_threshold=self.voicing_threshold,
            octave_cost=self.octave_cost,
            jump_cost=self.jump_cost,
            voicing_cost=self.voicing_cost,
        )

    def cycle_parameters(self) -> CycleParameters:
        """What the kernel of jitter and shimmer is told."""
        return CycleParameters(
            hop_samples=hop_samples(self.hop_ms, self.sample_rate),
            sample_rate=self.sample_rate,
            span_samples=self.cycle_ms * self.sample_rate / 1000,
        )


class Pitch(Framewise):
    """F0 and what depends on it, ``[T] -> [frames, columns]``, float32.

    * ``f0`` in Hz, NaN where unvoiced: autocorrelation with a Viterbi path over candidates (Boersma 1993).
    * ``voiced``: 1 or 0, by the same path.
    * ``hnr``: harmonics-to-noise ratio in dB, in [-60, 60], NaN where unvoiced (Boersma 1993).
    * ``jitter`` and ``shimmer``: local, fractions, from glottal cycles found by waveform matching (Boersma 2009;
      Farrús, Hernando and Ejarque 2007); NaN where unvoiced or fewer than two pairs of cycles lie around the frame.
      ``shimmer_db`` is shimmer as a mean level difference in dB (equation 3 of the latter).

    ``serkit.kernels.reference.pitch`` and ``.cycles`` define each value. Raises ConfigError for options out of range.
    """

    def __init__(self, options: PitchOptions | None = None) -> None:
        from serkit.kernels.jit import pitch  # Numba takes a second to import: when a feature is built, not listed

        self.options = options_of(options, PitchOptions, "Pitch").checked()
        self.columns = self.options.columns
        self.hop_samples = hop_samples(self.options.hop_ms, self.options.sample_rate)
        self._kernel = pitch.PitchKernel(self.options.parameters())

    def _compute(self, waveform: Floats, out: Floats) -> None:
        track = self._kernel(waveform, hnr="hnr" in self.columns)
        values = {"f0": track[:, 0], "voiced": ~np.isnan(track[:, 0]), "hnr": track[:, 1]}
        if not {"jitter", "shimmer", "shimmer_db"}.isdisjoint(self.columns):
            from serkit.kernels.jit.cycles import jitter_shimmer

            cycles = jitter_shimmer(waveform, np.ascontiguousarray(track[:, 0]), self.options.cycle_parameters())
            values |= {"jitter": cycles[:, 0], "shimmer": cycles[:, 1], "shimmer_db": cycles[:, 2]}
        for k, name in enumerate(self.columns):
            out[:, k] = values[name]
