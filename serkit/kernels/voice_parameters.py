"""What the kernels of pitch, cycles and formants are told: plain numbers, already checked by the layer above."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PitchParameters:
    """Parameters of the pitch kernel. ``f0_min`` and ``f0_max`` in Hz; thresholds and costs are relative to the height
    1 of a perfect autocorrelation peak, costs of a change of state per 10 ms; ``candidates`` counts the unvoiced one.
    """

    sample_rate: int
    hop_samples: int
    f0_min: float
    f0_max: float
    periods: float
    hnr_periods: float
    candidates: int
    silence_threshold: float
    voicing_threshold: float
    octave_cost: float
    jump_cost: float
    voicing_cost: float

    @property
    def frame_samples(self) -> int:
        """Samples of a frame: ``periods`` of the lowest F0."""
        return int(self.periods * self.sample_rate / self.f0_min + 0.5)

    @property
    def hnr_samples(self) -> int:
        """Samples of the frame of the harmonics-to-noise ratio: ``hnr_periods`` of the lowest F0."""
        return int(self.hnr_periods * self.sample_rate / self.f0_min + 0.5)

    @property
    def lags(self) -> tuple[int, int]:
        """First and last lag that may hold the period."""
        return max(2, int(self.sample_rate / self.f0_max)), int(self.sample_rate / self.f0_min) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleParameters:
    """Parameters of the kernel of jitter and shimmer, whose values at a frame look at the cycles of
    ``span_samples`` around it."""

    hop_samples: int
    sample_rate: int
    span_samples: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FormantParameters:
    """Parameters of the formant kernel. Frame i of ``frame_samples`` is centred on sample ``round(i hop_samples)``;
    ``hop_samples`` need not be whole, since the waveform was resampled. ``order`` is that of the prediction;
    resonances within 50 Hz of 0 and of half the rate are no formants; ``preemphasis`` as in SpectralParameters."""

    sample_rate: float
    frame_samples: int
    hop_samples: float
    order: int
    n_formants: int
    preemphasis: float
