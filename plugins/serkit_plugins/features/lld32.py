"""The 32 descriptors of a frame of Mirsamadi, Barsoum and Zhang (ICASSP 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from serkit.config import dump, load
from serkit.features import (
    MFCC,
    Delta,
    DeltaOptions,
    FrameOptions,
    MFCCOptions,
    Pitch,
    PitchOptions,
    log_energy,
    zero_crossing_rate,
)
from serkit.features.base import Floats, options_of
from serkit.features.framewise import Framewise

CEPSTRA = 12
STATIC = ("f0", "voicing", "log_energy", "zero_crossing_rate", *(f"mfcc{n}" for n in range(1, CEPSTRA + 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lld32Options:
    """Options of ``Lld32``: sample rate in Hz, frame and hop in ms, the range of F0 in Hz, Mel bands under the
    cepstra, and the half window of the derivatives in frames (``Delta``)."""

    sample_rate: Annotated[int, Ge(8000), Le(192_000)] = 16_000
    frame_ms: Annotated[float, Gt(0), Le(1000)] = 25.0
    hop_ms: Annotated[float, Gt(0), Le(1000)] = 10.0
    f0_min: Annotated[float, Ge(20), Le(200)] = 75.0
    f0_max: Annotated[float, Gt(20), Le(2000)] = 600.0
    n_mels: Annotated[int, Ge(13), Le(128)] = 26
    delta_window: Annotated[int, Ge(1), Le(100)] = 2


class Lld32(Framewise):
    """F0, voicing probability, log-energy, zero-crossing rate, 12 cepstra, and the first derivative of each.

    ``[T] -> [1 + T // hop, 32]``, float32. ``f0`` in Hz, 0 where unvoiced; ``voicing`` in [0, 1], the height of the
    autocorrelation peak at the period, r = 1 / (1 + 10^(-HNR / 10)) of the harmonics-to-noise ratio in dB (Boersma
    1993), 0 where unvoiced; ``log_energy``, ``zero_crossing_rate`` and ``mfcc1`` to ``mfcc12`` as the features of those
    names. Derivatives (``delta_...``) are ``Delta``'s. Raises ConfigError for options out of range.
    """

    def __init__(self, options: Lld32Options | None = None) -> None:
        self.options = load(
            Lld32Options, dump(options_of(options, Lld32Options, "Lld32")), where="the options of 'lld-32'"
        )
        o = self.options
        self.columns = (*STATIC, *(f"delta_{name}" for name in STATIC))
        self._pitch = Pitch(
            PitchOptions(
                sample_rate=o.sample_rate,
                hop_ms=o.hop_ms,
                f0_min=o.f0_min,
                f0_max=o.f0_max,
                undefined="zero",
                columns=("f0", "voiced", "hnr"),
            )
        )
        frames = FrameOptions(sample_rate=o.sample_rate, hop_ms=o.hop_ms, frame_ms=o.frame_ms)
        self._energy, self._crossings = log_energy(frames), zero_crossing_rate(frames)
        samples = int(o.frame_ms * o.sample_rate / 1000 + 0.5)
        self._cepstra = MFCC(
            MFCCOptions(
                sample_rate=o.sample_rate,
                frame_ms=o.frame_ms,
                hop_ms=o.hop_ms,
                n_fft=1 << (samples - 1).bit_length(),
                framing="center",
                n_mels=o.n_mels,
                n_cepstra=CEPSTRA,
                energy="none",
                channels=("static",),
            )
        )
        self._delta = Delta(DeltaOptions(delta_window=o.delta_window))
        self.hop_samples = self._pitch.hop_samples

    def _compute(self, waveform: Floats, out: Floats) -> None:
        f0, voiced, hnr = self._pitch(waveform).T
        static = np.column_stack(
            [
                f0,
                np.where(voiced > 0, 1.0 / (1.0 + 10.0 ** (-hnr / 10.0)), 0.0),
                self._energy(waveform),
                self._crossings(waveform),
                self._cepstra(waveform)[:, :, 0],
            ]
        ).astype(np.float32)
        out[:, : len(STATIC)] = static
        out[:, len(STATIC) :] = self._delta(static)
