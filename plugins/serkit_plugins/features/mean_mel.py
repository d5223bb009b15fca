"""The mean level of Mel bands, one value a frame: the input of Emotion in Motion (Gans et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from serkit.config import dump, load
from serkit.features import LogMel, LogMelOptions
from serkit.features.base import Floats, options_of
from serkit.features.framewise import Framewise

_FLOOR = 1e-10  # of the power: -100 dB


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanMelOptions:
    """Options of ``MeanMel``; the defaults are those of the published code.

    * ``sample_rate`` in Hz; ``offset_s`` and ``duration_s`` in seconds: what comes before and after is left out.
    * ``n_fft`` and ``hop`` in samples, Hann windows of ``n_fft``, centred, the waveform reflected at its ends.
    * ``n_mels`` bands of librosa's Mel scale up to ``f_max`` Hz.
    * ``top_db``: levels further below the utterance's highest are raised to that.
    """

    sample_rate: Annotated[int, Ge(2000), Le(768_000)] = 44_100
    offset_s: Annotated[float, Ge(0), Le(3600)] = 0.5
    duration_s: Annotated[float, Gt(0), Le(3600)] = 3.0
    n_fft: Annotated[int, Ge(2), Le(65_536)] = 2048
    hop: Annotated[int, Gt(0), Le(65_536)] = 512
    n_mels: Annotated[int, Gt(0), Le(1024)] = 128
    f_max: Annotated[float, Gt(0)] = 8000.0
    top_db: Annotated[float, Gt(0)] = 80.0


class MeanMel(Framewise):
    """``[T] -> [frames, 1]``, float32: the mean over Mel bands of their power in dB re 1, at least -100.

    ``1 + n // hop`` frames, n the samples from ``offset_s`` on, at most ``duration_s``: 259 of 3 s. One that ends
    before ``offset_s`` has one frame, silence. Raises ConfigError for options out of range.
    """

    columns = ("level_db",)

    def __init__(self, options: MeanMelOptions | None = None) -> None:
        given = options_of(options, MeanMelOptions, "MeanMel")
        self.options = o = load(MeanMelOptions, dump(given), where="the options of mean-mel")
        self._mel = LogMel(
            LogMelOptions(
                sample_rate=o.sample_rate,
                frame_ms=1000 * o.n_fft / o.sample_rate,
                hop_ms=1000 * o.hop / o.sample_rate,
                n_fft=o.n_fft,
                window="hann-periodic",
                framing="center",
                waveform="raw",
                n_mels=o.n_mels,
                mel_scale="slaney",
                mel_norm="slaney",
                f_max=o.f_max,
                log="decibel",
                floor=_FLOOR,
                channels=("static",),
            )
        )
        self.hop_samples = o.hop
        self._first = round(o.offset_s * o.sample_rate)
        self._most = max(1, round(o.duration_s * o.sample_rate))

    def n_frames(self, n_samples: int) -> int:
        """Number of frames of a waveform of ``n_samples`` samples."""
        return 1 + min(max(0, n_samples - self._first), self._most) // self.hop_samples

    def _compute(self, waveform: Floats, out: Floats) -> None:
        part = waveform[self._first : self._first + self._most] if len(waveform) > self._first else _SILENCE
        bands = self._mel(part)[:, :, 0]
        raised = np.maximum(bands, bands.max() - np.float32(self.options.top_db))
        out[:] = raised.mean(axis=1, dtype=np.float64, keepdims=True)


_SILENCE = np.zeros(1, np.float32)
