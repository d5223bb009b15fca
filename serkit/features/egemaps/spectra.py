"""Contours of the spectrum, for every frame: loudness, flux, cepstra, the balance of low and high frequencies.

Frames of 20 ms under a Hamming window every 10 ms (Eyben et al. 2016, section 6), centred on multiples of the hop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from serkit.features.base import Floats
from serkit.features.egemaps.names import RATE
from serkit.features.log_mel import LogMel, LogMelOptions
from serkit.features.mfcc import MFCC, MFCCOptions
from serkit.features.spectrogram import Spectrogram, SpectrogramOptions

Array = npt.NDArray[np.float64]

FRAME_MS, POINTS = 20.0, 512
HOP_MS = 10.0
TOP_HZ = 5000.0
"""Upper end of the spectrum that flux and balance look at."""
BANDS, BANDS_FROM_HZ, BANDS_TO_HZ = 26, 20.0, 8000.0
LEAST_POWER = 1e-10
"""Floor of a bin's power before a logarithm or a ratio, samples in [-1, 1]: far below the noise of 16-bit recordings,
whose bins have some 1e-8, so that only digital silence meets it."""
COMPRESSION = 0.33
"""Exponent from power to loudness of a band (H. Hermansky, JASA 87, 1990, equation 8: a cubic root)."""


class Spectra:
    """Contours ``[F]``, float64, by name, of a checked waveform; F = 1 + T // hop.

    * ``loudness``: sum over bands of the auditory spectrum of samples in [-1, 1]; >= 0, in a unit of its own.
    * ``spectralFlux``: root mean square difference of bin magnitudes to the frame before, up to 5 kHz; 0 for the first.
    * ``mfcc1`` to ``mfcc4``: cepstra of the logarithm of 26 bands, liftered (L = 22).
    * ``alphaRatio`` in dB: power of 1 to 5 kHz over that of 50 Hz to 1 kHz.
    * ``hammarbergIndex`` in dB: strongest bin below 2 kHz over the strongest of 2 to 5 kHz.
    * ``slope0-500``, ``slope500-1500`` in dB/Hz: regression line through the bins of that band.
    """

    def __init__(self) -> None:
        frames: dict[str, Any] = {
            "sample_rate": RATE, "frame_ms": FRAME_MS, "hop_ms": HOP_MS, "n_fft": POINTS, "window": "hamming",
            "framing": "center", "waveform": "raw", "channels": ("static",),
        }  # fmt: skip
        bands: dict[str, Any] = {"n_mels": BANDS, "f_min": BANDS_FROM_HZ, "f_max": BANDS_TO_HZ}
        bands["mel_scale"] = "htk-warped"
        self._power = Spectrogram(SpectrogramOptions(**frames, log="none", f_max=TOP_HZ))
        self._bands = LogMel(LogMelOptions(**frames, **bands, log="none"))
        self._cepstra = MFCC(
            MFCCOptions(**frames, **bands, preemphasis=0.0, n_cepstra=4, dct="htk", energy="none", floor=LEAST_POWER)
        )
        self._hz = self._power.frequencies
        self._weights = equal_loudness(band_centres())

    def __call__(self, waveform: Floats) -> dict[str, Array]:
        power = self._power(waveform)[..., 0].astype(np.float64)
        bands = self._bands(waveform)[..., 0].astype(np.float64)
        cepstra = self._cepstra(waveform)[..., 0].astype(np.float64)
        magnitude = np.sqrt(power)
        change = np.diff(magnitude, axis=0, prepend=magnitude[:1])
        floored = np.maximum(power, LEAST_POWER)
        decibel = 10.0 * np.log10(floored)
        hz = self._hz
        # sums of products, not matrix products: their order does not hang on a library's threads
        low = np.sum(floored[:, (hz >= 50.0) & (hz <= 1000.0)], axis=1)
        return {
            "loudness": np.sum((self._weights * bands) ** COMPRESSION, axis=1),
            "spectralFlux": np.sqrt(np.mean(change**2, axis=1)),
            **{f"mfcc{k + 1}": cepstra[:, k] for k in range(4)},
            "alphaRatio": 10.0 * np.log10(np.sum(floored[:, hz > 1000.0], axis=1) / low),
            "hammarbergIndex": np.max(decibel[:, hz < 2000.0], axis=1) - np.max(decibel[:, hz >= 2000.0], axis=1),
            "slope0-500": _slope(decibel, hz, 0.0, 500.0),
            "slope500-1500": _slope(decibel, hz, 500.0, 1500.0),
        }


def _slope(decibel: Array, hz: Array, low: float, high: float) -> Array:
    """Slope in dB/Hz of the regression line through the bins from ``low`` to ``high`` Hz, ``[F]``."""
    chosen = (hz >= low) & (hz <= high)
    away = hz[chosen] - hz[chosen].mean()
    out: Array = np.sum(decibel[:, chosen] * away, axis=1) / np.sum(away**2)
    return out


def band_centres() -> Array:
    """Centre frequencies in Hz of the Mel bands, ``[BANDS]``."""

    def mel(hz: float) -> float:
        return float(2595.0 * np.log10(1.0 + hz / 700.0))

    corners = np.linspace(mel(BANDS_FROM_HZ), mel(BANDS_TO_HZ), BANDS + 2)
    out: Array = 700.0 * (10.0 ** (corners[1:-1] / 2595.0) - 1.0)
    return out


def equal_loudness(hz: Array) -> Array:
    """Sensitivity of hearing to power, 1 at its largest among ``hz`` ``[n]`` (Hermansky 1990, equation 7)."""
    w = (2.0 * np.pi * hz) ** 2
    # with the term for frequencies above 5 kHz
    curve = (w + 56.8e6) * w**2 / ((w + 6.3e6) ** 2 * (w + 0.38e9) * (w**3 + 9.58e26))
    out: Array = curve / curve.max()
    return out
