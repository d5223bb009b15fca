"""Contours of voiced frames: F0 and what the voice and the tract are like; NaN where there is no voice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from serkit.features.base import Floats
from serkit.features.egemaps.names import RATE
from serkit.features.egemaps.spectra import HOP_MS
from serkit.features.formants import Formants, FormantsOptions
from serkit.features.spectrogram import Spectrogram, SpectrogramOptions
from serkit.kernels.reference.subharmonics import SubharmonicParameters
from serkit.kernels.voice_parameters import CycleParameters

Array = npt.NDArray[np.float64]

FRAME_MS, POINTS = 60.0, 1024
"""Frames of harmonics and of the harmonics-to-noise ratio (Eyben et al. 2016, section 6)."""
SEMITONE_0_HZ = 27.5


class Voice:
    """Contours ``[F]``, float64, by name, of a checked waveform, NaN in unvoiced frames; F = 1 + T // hop.

    * ``F0``: semitones above 27.5 Hz, at least 1.
    * ``jitterLocal`` (a fraction) and ``shimmerLocaldB`` of the cycles within 60 ms.
    * ``HNRdBACF``, ``logRelF0-H1-H2``, ``logRelF0-H1-A3``, ``F1amplitudeLogRelF0`` and so on in dB:
      ``serkit.kernels.reference.harmonics``.
    * ``F1frequency``, ``F1bandwidth`` and so on in Hz.
    """

    def __init__(self, f0_min: float, f0_max: float, voicing_threshold: float) -> None:
        # Numba takes a second to import: when a feature is built, not listed
        from serkit.kernels.jit import cycles, harmonics, subharmonics

        self._cycles, self._harmonics, self._subharmonics = cycles, harmonics, subharmonics
        self._formants = Formants(
            FormantsOptions(sample_rate=RATE, hop_ms=HOP_MS, columns=("f1", "f2", "f3", "b1", "b2", "b3"))
        )
        self._spectrum = Spectrogram(
            SpectrogramOptions(
                sample_rate=RATE, frame_ms=FRAME_MS, hop_ms=HOP_MS, n_fft=POINTS, window="hamming", framing="center",
                log="none",
            )
        )  # fmt: skip
        self._search = SubharmonicParameters(
            f0_min=f0_min, f0_max=f0_max, voicing_threshold=voicing_threshold, bin_hz=RATE / POINTS
        )
        self._frame, self._hop = self._spectrum.options.frame_samples, self._spectrum.options.hop_samples
        self._around = CycleParameters(sample_rate=RATE, hop_samples=self._hop, span_samples=float(self._frame))

    def __call__(self, waveform: Floats) -> dict[str, Array]:
        power = np.ascontiguousarray(self._spectrum(waveform)[..., 0])
        f0 = self._subharmonics.track(power, self._search)
        cycles = self._cycles.jitter_shimmer(waveform, f0, self._around)
        tract = np.where(np.isnan(f0)[:, None], np.nan, self._formants(waveform).astype(np.float64))
        levels = self._harmonics.harmonic_levels(power, self._search.bin_hz, f0, np.ascontiguousarray(tract[:, :3]))
        return {
            "F0": np.maximum(1.0, 12.0 * np.log2(f0 / SEMITONE_0_HZ)),
            "jitterLocal": cycles[:, 0],
            "shimmerLocaldB": cycles[:, 2],
            "HNRdBACF": self._harmonics.harmonics_to_noise(waveform, f0, float(RATE), self._hop, self._frame),
            "logRelF0-H1-H2": levels[:, 0],
            "logRelF0-H1-A3": levels[:, 1],
            **{f"F{n + 1}frequency": tract[:, n] for n in range(3)},
            **{f"F{n + 1}bandwidth": tract[:, 3 + n] for n in range(3)},
            **{f"F{n + 1}amplitudeLogRelF0": levels[:, 2 + n] for n in range(3)},
        }
