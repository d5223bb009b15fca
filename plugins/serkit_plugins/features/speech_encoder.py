"""Hidden states of a pretrained speech encoder: wav2vec 2.0, HuBERT, WavLM, data2vec, UniSpeech-SAT, Whisper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import torch
from annotated_types import Ge, Le

from serkit.features.base import Floats, options_of
from serkit.kernels.native.spectral import check_many, check_waveform
from serkit.kernels.threads import thread_count
from serkit.nn.speech import SpeechEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStatesOptions:
    """``folder`` holds the encoder (config.json, preprocessor_config.json, model.safetensors). ``layers="all"`` takes
    the output of every layer, ``"one"`` that of ``layer``: -1 the last, 0 what enters the first. ``block`` frames are
    averaged into one, which makes them as many times smaller on disk and in memory."""

    folder: str = field(default="", metadata={"place": True})
    layers: Literal["all", "one"] = "all"
    layer: int = -1
    block: Annotated[int, Ge(1), Le(1000)] = 1
    precision: Literal["fp32", "bf16"] = "fp32"


class SpeechStates:
    """``[T] -> [frames, layers, dim]``, or ``[frames, dim]`` of one layer, float32: hidden states of a frozen encoder.

    Mostly 50 frames a second, at the encoder's own sampling rate. One utterance at a time, so that no padding is ever
    seen; Whisper sees windows of 30 s, the last filled with silence as in its training, and frames that stand for
    silence only are left out.
    """

    def __init__(self, options: SpeechStatesOptions | None = None) -> None:
        """Raises UserError for a folder that is no speech encoder, ConfigError for a layer that it does not have."""
        self.options = options_of(options, SpeechStatesOptions, "SpeechStates")
        self.encoder = SpeechEncoder(self.options.folder, precision=self.options.precision)
        self.encoder.layer(self.options.layer)

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz that waveforms must have: the encoder's."""
        return self.encoder.sample_rate

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a frame: ``(n_layers + 1, dim)``, or ``(dim,)`` of one layer."""
        dim = self.encoder.dim
        return (self.encoder.n_layers + 1, dim) if self.options.layers == "all" else (dim,)

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.options.block * self.encoder.hop / self.encoder.sample_rate

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Corpora that the encoder is known to have been trained on."""
        return self.encoder.trained_on

    def fingerprint(self) -> str:
        """The encoder's: hash of its files."""
        return self.encoder.fingerprint()

    def n_frames(self, n_samples: int) -> int:
        """Number of frames of a waveform of ``n_samples`` samples."""
        return -(-self.encoder.n_frames(n_samples) // self.options.block)

    def __call__(self, waveform: Floats) -> Floats:
        """Frames of a waveform, float32 ``[T]`` in [-1, 1].

        Raises AudioError if the waveform is empty, not finite, not float32 or not one-dimensional; UserError if the
        weights cannot be read.
        """
        o = self.options
        given = torch.from_numpy(np.array(check_waveform(waveform)))  # a copy, since torch warns of read-only arrays
        frames = self.encoder.utterance(given, None if o.layers == "all" else o.layer).numpy()
        if o.block == 1:
            return frames
        starts = np.arange(0, len(frames), o.block)
        counts = np.diff(np.append(starts, len(frames))).astype(np.float32)
        sums = np.add.reduceat(frames, starts, axis=0)
        return np.asarray(sums / counts.reshape(-1, *[1] * (frames.ndim - 1)), np.float32)

    def batch(self, waveforms: Sequence[Floats], threads: int = 0) -> list[Floats]:
        """``[self(w) for w in waveforms]``; ``threads`` is checked, but torch has its own."""
        thread_count(threads)
        check_many(waveforms)
        return [self(w) for w in waveforms]
