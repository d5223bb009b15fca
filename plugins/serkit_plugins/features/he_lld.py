"""Descriptors of a frame after He, Ren and He (spectrum, F0, formants, energy, crossings, MFCC), and functionals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from serkit.config import dump, load
from serkit.features import (
    MFCC,
    Formants,
    FormantsOptions,
    FrameOptions,
    Functionals,
    FunctionalsOptions,
    MFCCOptions,
    Pitch,
    PitchOptions,
    Spectrogram,
    SpectrogramOptions,
    log_energy,
    zero_crossing_rate,
)
from serkit.features.base import Floats, options_of
from serkit.features.framewise import Framewise, Utterancewise

SAMPLE_RATE, FRAME_MS, HOP_MS = 16_000, 20.0, 10.0
BINS, CEPSTRA, FORMANTS = 256, 13, 3
COLUMNS = (
    *(f"bin{k}" for k in range(1, BINS + 1)),
    "f0",
    *(f"f{k}" for k in range(1, FORMANTS + 1)),
    "log_energy",
    "zero_crossing_rate",
    *(f"mfcc{k}" for k in range(CEPSTRA)),
)
_RESONANCES = 9  # half of the prediction order 2 + 16
# A Gaussian window has nearly all its weight in its middle half, so this one sees the 20 ms of the other descriptors.
_FORMANT_FRAME_MS = 2 * FRAME_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class HeLldOptions:
    """Options of ``HeLld`` and ``HeFunctionals``: where F0 is looked for, in Hz."""

    f0_min: Annotated[float, Ge(50), Le(400)] = 50.0
    f0_max: Annotated[float, Ge(100), Le(4000)] = 500.0


class HeLld(Framewise):
    """275 descriptors of a frame, ``[T] -> [frames, 275]``, float32: frames of 20 ms every 10 ms at 16 kHz, frame i
    centred on sample 160 i.

    Magnitudes of bins 1 to 256 of a 512-point FFT (Hamming, zero-padded, no pre-emphasis); F0 and the formants F1 to F3
    in Hz, 0 in unvoiced frames (and where a voiced frame has fewer formants); the logarithm of the energy; the
    zero-crossing rate; cepstra 0 to 12 of 26 Mel bands. Source: He, Ren and He, which leaves the choices of
    ``docs/he.md`` open. Raises ConfigError for options out of range.
    """

    def __init__(self, options: HeLldOptions | None = None) -> None:
        given = options_of(options, HeLldOptions, type(self).__name__)
        self.options: HeLldOptions = load(HeLldOptions, dump(given), where="the options of he-lld")
        self.columns = COLUMNS
        self.hop_samples = int(HOP_MS * SAMPLE_RATE / 1000)
        self._pitch = Pitch(
            PitchOptions(
                sample_rate=SAMPLE_RATE,
                hop_ms=HOP_MS,
                f0_min=self.options.f0_min,
                f0_max=self.options.f0_max,
                columns=("f0",),
                undefined="zero",
            )
        )
        self._formants = Formants(
            FormantsOptions(
                sample_rate=SAMPLE_RATE,
                hop_ms=HOP_MS,
                f_max=SAMPLE_RATE / 2,
                resonances=_RESONANCES,
                frame_ms=_FORMANT_FRAME_MS,
                undefined="zero",
            )
        )
        self._spectrum = Spectrogram(
            SpectrogramOptions(
                sample_rate=SAMPLE_RATE,
                frame_ms=FRAME_MS,
                hop_ms=HOP_MS,
                n_fft=2 * BINS,
                framing="center",
                spectrum="magnitude",
                log="none",
                f_min=SAMPLE_RATE / (2 * BINS),
            )
        )
        self._cepstra = MFCC(
            MFCCOptions(
                sample_rate=SAMPLE_RATE,
                frame_ms=FRAME_MS,
                hop_ms=HOP_MS,
                n_fft=2 * BINS,
                framing="center",
                preemphasis=0.0,
                first_cepstrum=0,
                n_cepstra=CEPSTRA,
                lifter=0.0,
                energy="none",
                channels=("static",),
            )
        )
        frames = FrameOptions(sample_rate=SAMPLE_RATE, hop_ms=HOP_MS, frame_ms=FRAME_MS)
        self._energy, self._crossings = log_energy(frames), zero_crossing_rate(frames)

    @property
    def sample_rate(self) -> int:
        """16,000 Hz."""
        return SAMPLE_RATE

    def _compute(self, waveform: Floats, out: Floats) -> None:
        f0 = self._pitch(waveform)
        parts = (
            self._spectrum(waveform)[:, :, 0],
            f0,
            np.where(f0 > 0, self._formants(waveform), np.float32(0)),
            self._energy(waveform),
            self._crossings(waveform),
            self._cepstra(waveform)[:, :, 0],
        )
        np.concatenate(parts, axis=1, out=out)


class HeFunctionals(Utterancewise):
    """The twelve functionals of the INTERSPEECH 2009 challenge of each of the 275 descriptors of ``HeLld``,
    functional after functional of each, ``[T] -> [1, 3300]``, float32.

    Source: He, Ren and He, experiment one, which does not name its functionals (``docs/he.md``). Raises ConfigError for
    options out of range.
    """

    def __init__(self, options: HeLldOptions | None = None) -> None:
        self._descriptors = HeLld(options)
        self.options = self._descriptors.options
        self._functionals = Functionals(FunctionalsOptions())
        self.columns = self._functionals.columns(COLUMNS)

    @property
    def sample_rate(self) -> int:
        """16,000 Hz."""
        return SAMPLE_RATE

    def _compute(self, waveform: Floats, out: Floats) -> None:
        frames = self._descriptors(waveform)
        out[:] = self._functionals(frames, np.array([0, len(frames)], np.int64), threads=1)
