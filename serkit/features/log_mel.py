"""Log-Mel features with deltas, on the compiled core."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from serkit.errors import AudioError, ConfigError
from serkit.features.base import Floats
from serkit.features.log_mel_options import LogMelOptions
from serkit.kernels.native.log_mel import (
    LogMelKernel,
    MomentCounter,
    Offsets,
    WaveformStatistics,
    check_waveform,
    pack,
)


class LogMel:
    """Log-Mel features, ``[T] -> [frames, n_mels, channels]``, float32; channels are static, delta, delta2.

    Results are the same to the bit for one waveform, a batch, any number of threads, a stream and any instruction set,
    and within the bounds of docs/numerics.md of the float64 definition in ``serkit.kernels.reference.log_mel``. Raises
    ConfigError if the options cannot be computed.
    """

    def __init__(self, options: LogMelOptions | None = None) -> None:
        self.options = (options or LogMelOptions()).checked()
        self._kernel = LogMelKernel(self.options.parameters())

    def __repr__(self) -> str:
        return f"LogMel({self.options!r})"

    def __reduce__(self) -> tuple[type[LogMel], tuple[LogMelOptions]]:
        return LogMel, (self.options,)

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz that waveforms must have."""
        return self.options.sample_rate

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame: ``(n_mels, channels)``."""
        return (self.options.n_mels, len(self.options.channels))

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.options.hop_samples / self.options.sample_rate

    def n_frames(self, n_samples: int) -> int:
        """Number of frames of a waveform of ``n_samples >= 1`` samples; 0 only with ``framing="snip"``."""
        return self._kernel.n_frames(n_samples)

    def __call__(self, waveform: Floats) -> Floats:
        """Features, float32 ``[frames, n_mels, channels]``, of a waveform, float32 ``[T]`` in [-1, 1].

        Raises AudioError if the waveform is empty, not finite, not float32, not one-dimensional, or shorter than a
        frame with ``framing="snip"``.
        """
        return self.batch([waveform], threads=1)[0]

    def batch(self, waveforms: Sequence[Floats], threads: int = 0) -> list[Floats]:
        """Features of each waveform, on ``threads`` threads (0: all cores of this process).

        The arrays are views of one buffer; copy one to keep it without the others.
        """
        frames, offsets = self.packed(waveforms, threads)
        return [frames[begin:end] for begin, end in pairwise(offsets)]

    def packed(self, waveforms: Sequence[Floats], threads: int = 0) -> tuple[Floats, Offsets]:
        """Features of all waveforms end to end, float32 ``[sum frames, n_mels, channels]``, and offsets ``[n + 1]``."""
        if threads < 0:
            raise ConfigError(f"threads is {threads}; allowed are 0 (all cores) and positive numbers.")
        single = len(waveforms) == 1
        checked = []
        for i, waveform in enumerate(waveforms):
            name = "The waveform" if single else f"Waveform {i}"
            checked.append(check_waveform(waveform, name))
            self._refuse_short(len(checked[-1]), name)
        samples, offsets = pack(checked)
        return self._kernel.batch(samples, offsets, threads or _cores())

    def measure(self, blocks: Iterable[Floats]) -> WaveformStatistics:
        """Length, mean and deviation of a waveform that arrives in blocks: the first of two passes over long audio."""
        counter = MomentCounter()
        for block in blocks:
            if len(block):
                counter.add(check_waveform(block, "A block of the waveform"))
        return counter.statistics()

    def stream(self, blocks: Iterable[Floats], statistics: WaveformStatistics | None = None) -> Iterator[Floats]:
        """Features of a waveform that arrives in blocks, float32 ``[n]`` each of any n, as ``[frames, ...]`` pieces.

        The pieces end to end equal ``self(whole)`` to the bit; memory is that of a block. ``waveform="standardize"``
        needs ``statistics`` of the whole waveform: ``log_mel.stream(blocks(), log_mel.measure(blocks()))``. Raises
        ConfigError if they are missing, AudioError for a bad block or if the blocks are not the waveform measured.
        """
        if self.options.waveform == "standardize" and statistics is None:
            raise ConfigError(
                'waveform="standardize" needs the statistics of the whole waveform before its first frame; '
                "pass statistics=log_mel.measure(blocks) from a first pass over the same blocks."
            )
        return self._stream(blocks, statistics)

    def _stream(self, blocks: Iterable[Floats], measured: WaveformStatistics | None) -> Iterator[Floats]:
        kernel = self._kernel
        held = np.empty(0, dtype=np.float32)  # samples [start, seen) of the waveform
        start = seen = done = 0

        def frames(until: int) -> Floats:
            mean, deviation = (measured.mean, measured.deviation) if measured else (0.0, 1.0)
            statistics = WaveformStatistics(seen, mean, deviation)
            return kernel.part(held, start, statistics, done, until - done)

        for block in blocks:
            if not len(block):
                continue
            held = np.concatenate([held, check_waveform(block, "A block of the waveform")])
            seen += len(block)
            # frames whose deltas look at nothing that may still change
            ready = kernel.n_complete_frames(seen) - kernel.context_frames
            if ready > done:
                yield frames(ready)
                done = ready
                # n_fft + 1 more than the next frame: the waveform may end here and be reflected
                keep = max(start, min(kernel.samples_needed(done, 1, seen)[0], seen - self.options.n_fft - 1))
                held, start = held[keep - start :].copy(), keep
        if seen == 0:
            raise AudioError("The waveform is empty; at least one sample is needed.")
        if measured is not None and measured.n_samples != seen:
            raise AudioError(f"The stream has {seen} samples, but {measured.n_samples} were measured.")
        self._refuse_short(seen, "The waveform")
        if kernel.n_frames(seen) > done:
            yield frames(kernel.n_frames(seen))

    def _refuse_short(self, n_samples: int, name: str) -> None:
        if self.n_frames(n_samples) == 0:
            raise AudioError(
                f"{name} has {n_samples} samples, less than a frame of {self.options.frame_samples}; "
                'framing="tail" pads it.'
            )


def _cores() -> int:
    # the cores this process may use, which in a container or a job are fewer than the machine's
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
