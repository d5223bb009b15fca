"""Low-level descriptors of speech side by side: spectrum, cepstra, energy, voice and formants, frame by frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from serkit.features.base import Floats
from serkit.features.crossings import zero_crossing_rate
from serkit.features.energy import log_energy
from serkit.features.formants import COLUMNS as RESONANCES
from serkit.features.formants import Formants, FormantsOptions
from serkit.features.framewise import Framewise
from serkit.features.log_mel import LogMel, LogMelOptions
from serkit.features.mfcc import MFCC, MFCCOptions
from serkit.features.pitch import Pitch, PitchOptions
from serkit.features.spectral_shape import SpectralShape, SpectralShapeOptions

_BANDS, _CEPSTRA = 26, 14
_FLOOR = 1e-9  # of a Mel band's power: below the hiss of 16-bit recordings
_SEMITONES_FROM = 27.5  # Hz, the lowest A of a piano: as eGeMAPS counts
_LOUDNESS = 0.3  # Stevens' exponent; PLP rounds a third
_LEAST = 1e-3  # jitter and shimmer: a thousandth is less than any voice has
_NARROWEST = 10.0  # Hz

SPECTRAL = (
    *(f"mel_{k + 1}" for k in range(_BANDS)), *(f"mfcc_{k + 1}" for k in range(_CEPSTRA)), *SpectralShape.columns,
    "log_energy", "zero_crossings", "loudness",
)  # fmt: skip
"""Columns that every frame has, but for ``SpectralShape``'s of silent ones."""
VOICE = ("f0", "hnr", "log_jitter", "log_shimmer", "f1", "f2", "f3", "log_b1", "log_b2", "log_b3")
"""Columns of voiced frames."""


class SpeechContours(Framewise):
    """71 descriptors a frame of 10 ms at 16 kHz, ``[T] -> [frames, 71]``, float32; what ``SpeechFunctionals`` sums up.

    * ``mel_1`` to ``mel_26``: log-Mel bands from 20 Hz; ``mfcc_1`` to ``mfcc_14``: cepstra, pre-emphasis 0.97, no
      lifter.
    * the 18 columns of ``SpectralShape``; ``log_energy``; ``zero_crossings`` in thousands a second; ``loudness``: sum
      of the Mel bands' powers to the 0.3.
    * of voiced frames, NaN elsewhere: ``f0`` in semitones above 27.5 Hz, ``hnr`` in dB, ln of jitter and shimmer (at
      least 0.001), formants in Hz and ln of their bandwidths in Hz (at least 10).
    """

    columns = (*SPECTRAL, *VOICE)

    def __init__(self) -> None:
        rate, hop = 16_000, 10.0
        bands: dict[str, Any] = {
            "sample_rate": rate,
            "hop_ms": hop,
            "framing": "center",
            "waveform": "raw",
            "f_min": 20.0,
            "n_mels": _BANDS,
            "floor": _FLOOR,
            "channels": ("static",),
        }
        self._mel = LogMel(LogMelOptions(**bands))
        self._mfcc = MFCC(MFCCOptions(**bands, n_cepstra=_CEPSTRA, energy="none", lifter=0.0))
        self._shape = SpectralShape(SpectralShapeOptions(sample_rate=rate, hop_ms=hop))
        self._energy, self._crossings = log_energy(), zero_crossing_rate()
        self._pitch = Pitch(PitchOptions(sample_rate=rate, hop_ms=hop))
        self._formants = Formants(FormantsOptions(sample_rate=rate, hop_ms=hop, columns=RESONANCES))
        self.options = self._pitch.options
        self.hop_samples = self._pitch.hop_samples

    def _compute(self, waveform: Floats, out: Floats) -> None:
        mel = self._mel(waveform)[:, :, 0]
        voice, resonances = self._pitch(waveform), self._formants(waveform)
        f0, voiced, hnr, jitter, shimmer = voice.T
        parts = [
            mel,
            self._mfcc(waveform)[:, :, 0],
            self._shape(waveform),
            self._energy(waveform),
            self._crossings(waveform) * np.float32(self.sample_rate / 1000),
            np.exp(np.float32(_LOUDNESS) * mel).sum(axis=1, keepdims=True),
            (np.float32(12.0) * np.log2(f0 / np.float32(_SEMITONES_FROM)))[:, None],
            hnr[:, None],
            np.log(np.maximum(np.column_stack([jitter, shimmer]), np.float32(_LEAST))),
            resonances[:, :3],
            np.log(np.maximum(resonances[:, 3:], np.float32(_NARROWEST))),
        ]
        np.concatenate(parts, axis=1, out=out)
        out[voiced == 0, len(SPECTRAL) :] = math.nan
