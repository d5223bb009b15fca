"""What the descriptors have in common: frames centred on multiples of the hop, batches, threads, undefined values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np

from serkit.errors import ConfigError
from serkit.features.base import Floats
from serkit.kernels.native.spectral import Offsets, check_many, check_waveform
from serkit.kernels.threads import spread, thread_count

Undefined = Literal["nan", "zero"]


class Framewise(ABC):
    """An extractor with a number a column and frame, ``[T] -> [frames, columns]``, float32.

    A waveform of T samples has ``1 + T // hop`` frames; frame i is centred on sample ``i hop``, as LogMel's are with
    ``framing="center"`` and an even ``n_fft``, the waveform reflected at both ends without repeating the end sample.
    Results are the same to the bit for one waveform, a batch and any number of threads.
    """

    options: Any
    columns: tuple[str, ...]
    """Names of the columns, in order."""
    hop_samples: int
    """Samples from one frame to the next."""

    @abstractmethod
    def _compute(self, waveform: Floats, out: Floats) -> None:
        """Fill ``out`` ``[F, columns]`` from a checked waveform ``[T]``; undefined values are NaN."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.options!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[Any]]:
        return type(self), (self.options,)

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz that waveforms must have."""
        return int(self.options.sample_rate)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame: ``(columns,)``."""
        return (len(self.columns),)

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.hop_samples / self.sample_rate

    def n_frames(self, n_samples: int) -> int:
        """Number of frames of a waveform of ``n_samples`` samples: ``1 + n_samples // hop``."""
        return 1 + n_samples // self.hop_samples

    def __call__(self, waveform: Floats) -> Floats:
        """Frames, float32 ``[frames, columns]``, of a waveform, float32 ``[T]`` in [-1, 1].

        Raises AudioError if the waveform is empty, not finite, not float32 or not one-dimensional.
        """
        return self.batch([waveform], threads=1)[0]

    def batch(self, waveforms: Sequence[Floats], threads: int = 0) -> list[Floats]:
        """Frames of each waveform, on ``threads`` threads (0: ``SERKIT_THREADS``, or all cores of this process).

        The arrays are views of one buffer; copy one to keep it without the others.
        """
        frames, offsets = self.packed(waveforms, threads)
        return [frames[begin:end] for begin, end in pairwise(offsets)]

    def packed(self, waveforms: Sequence[Floats], threads: int = 0) -> tuple[Floats, Offsets]:
        """Frames of all waveforms end to end, float32 ``[sum frames, columns]``, and offsets, int64 ``[n + 1]``."""
        count = thread_count(threads)
        check_many(waveforms)
        single = len(waveforms) == 1
        checked = [check_waveform(w, "The waveform" if single else f"Waveform {i}") for i, w in enumerate(waveforms)]
        lengths = [len(w) for w in checked]
        offsets = np.concatenate([[0], np.cumsum([self.n_frames(n) for n in lengths])]).astype(np.int64)
        out = np.empty((int(offsets[-1]), len(self.columns)), dtype=np.float32)

        def work(first: int, last: int) -> None:
            for i in range(first, last):
                self._compute(checked[i], out[offsets[i] : offsets[i + 1]])

        spread(work, lengths, count)
        if getattr(self.options, "undefined", "nan") == "zero":
            np.copyto(out, 0.0, where=np.isnan(out))
        return out, offsets


class Utterancewise(Framewise):
    """An extractor with one row an utterance, ``[T] -> [1, columns]``, float32; ``hop_s`` is 0."""

    hop_samples = 0

    def n_frames(self, n_samples: int) -> int:
        """1, of any waveform."""
        return 1


def hop_samples(hop_ms: float, sample_rate: int) -> int:
    """The hop in samples, rounded half up. Raises ConfigError if it is less than one."""
    samples = int(hop_ms * sample_rate / 1000 + 0.5)
    if samples < 1:
        raise ConfigError(f"hop_ms={hop_ms:g} is less than a sample at sample_rate={sample_rate}; choose a longer hop.")
    return samples


def check_columns(columns: Sequence[str], allowed: Sequence[str]) -> None:
    """Raise ConfigError unless ``columns`` are some of ``allowed``, in their order, each once."""
    if not columns or list(columns) != [c for c in allowed if c in columns]:
        raise ConfigError(f"columns is {list(columns)}; name each at most once, in the order {', '.join(allowed)}.")
