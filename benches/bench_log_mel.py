"""Log-Mel with deltas: SerKit and others on the same waveforms in one process.

``pytest benches/bench_log_mel.py`` is a smoke run on 20 s of audio; ``SERKIT_BENCH_SECONDS=600`` gives figures worth
reading. Every answer is checked against the float64 definition before it is timed, within 2e-2 in the log domain: the
others frame, window and round in their own way, and what is compared is the price of the same work. ``extra_info``
holds audio-seconds per second of the median round.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

from serkit.features import LogMel, LogMelOptions
from serkit.kernels.native import isa
from serkit.kernels.reference import log_mel as reference

SECONDS = float(os.environ.get("SERKIT_BENCH_SECONDS", "20"))
# centred frames, so that every competitor can compute the same thing
LIBROSA = LogMelOptions.preset(
    "librosa", sample_rate=16000, frame_ms=32.0, hop_ms=10.0, n_fft=512, n_mels=40, mel_scale="htk", mel_norm="none"
)
Extract = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def waveforms() -> list[np.ndarray]:
    """Utterances of 1.5 to 5 s of noise whose level and colour change as those of speech do."""
    rng = np.random.default_rng(0)
    made, total = [], 0.0
    while total < SECONDS:
        length = rng.uniform(1.5, 5.0)
        n = round(16000 * length)
        coloured = np.cumsum(rng.standard_normal(n)) * 0.02 + rng.standard_normal(n)
        made.append((0.05 * np.exp(2 * np.sin(np.arange(n) / 2500)) * coloured).astype(np.float32))
        total += length
    return made


def with_deltas(rows: np.ndarray) -> np.ndarray:
    first = reference.delta(rows, 2)
    return np.stack([rows, first, reference.delta(first, 2)], axis=-1)


def with_numpy(options: LogMelOptions) -> Extract:
    p = options.parameters()
    window = reference.window(p.window, p.frame_samples).astype(np.float32)
    filters = np.ascontiguousarray(reference.mel_filters(p).astype(np.float32).T)

    def extract(x: np.ndarray) -> np.ndarray:
        padded = np.pad(x, p.n_fft // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, p.n_fft)[:: p.hop_samples] * window
        spectrum = np.fft.rfft(frames, axis=1)
        return with_deltas(np.log(np.maximum((spectrum.real**2 + spectrum.imag**2) @ filters, p.floor)))

    return extract


def with_librosa(options: LogMelOptions) -> Extract:
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")
    settings = {
        "sr": 16000,
        "n_fft": 512,
        "hop_length": 160,
        "pad_mode": "reflect",
        "n_mels": 40,
        "htk": True,
        "norm": None,
    }

    def extract(x: np.ndarray) -> np.ndarray:
        rows = np.log(np.maximum(librosa.feature.melspectrogram(y=x, **settings), options.floor))
        channels = [rows, *(librosa.feature.delta(rows, width=5, order=k, mode="nearest") for k in (1, 2))]
        # its second order is a polynomial fit, not a regression twice: the same work, another answer
        channels[2] = librosa.feature.delta(channels[1], width=5, order=1, mode="nearest")
        return np.stack(channels).transpose(2, 1, 0)

    return extract


def with_psf(options: LogMelOptions) -> Extract:
    psf = pytest.importorskip("python_speech_features", reason="python_speech_features is not installed")

    def extract(x: np.ndarray) -> np.ndarray:
        rows = psf.logfbank(x.astype(np.float64) * 32768, 16000, nfilt=options.n_mels)
        first = psf.delta(rows, 2)
        return np.stack([rows, first, psf.delta(first, 2)], axis=-1)

    return extract


def measure(benchmark: object, options: LogMelOptions, waveforms: list[np.ndarray], extract_all: Callable) -> None:
    for x, features in zip(waveforms, extract_all(waveforms), strict=True):
        truth = reference.log_mel(x, options.parameters())
        assert features.shape == truth.shape
        assert np.abs(features - truth).max() <= 2e-2
    benchmark(extract_all, waveforms)
    seconds = sum(map(len, waveforms)) / 16000
    if benchmark.stats is not None:  # --benchmark-disable runs once and times nothing
        benchmark.extra_info["x_real_time"] = round(seconds / benchmark.stats.stats.median)
    benchmark.extra_info["isa"] = isa()


@pytest.mark.benchmark(group="log-Mel + delta + delta-delta, centred frames, 1 thread")
@pytest.mark.parametrize("peer", ["serkit", "numpy", "librosa"])
def test_centred(benchmark: object, waveforms: list[np.ndarray], peer: str) -> None:
    if peer == "serkit":
        log_mel = LogMel(LIBROSA)
        measure(benchmark, LIBROSA, waveforms, lambda all_: log_mel.batch(all_, threads=1))
    else:
        extract = {"numpy": with_numpy, "librosa": with_librosa}[peer](LIBROSA)
        measure(benchmark, LIBROSA, waveforms, lambda all_: [extract(x) for x in all_])


@pytest.mark.benchmark(group="log-Mel + delta + delta-delta, as the code of Chen 2018, 1 thread")
@pytest.mark.parametrize("peer", ["serkit", "python_speech_features"])
def test_chen_reference(benchmark: object, waveforms: list[np.ndarray], peer: str) -> None:
    options = LogMelOptions.preset("chen_reference")
    if peer == "serkit":
        log_mel = LogMel(options)
        measure(benchmark, options, waveforms, lambda all_: log_mel.batch(all_, threads=1))
    else:
        extract = with_psf(options)
        measure(benchmark, options, waveforms, lambda all_: [extract(x) for x in all_])


@pytest.mark.benchmark(group="log-Mel + delta + delta-delta, SerKit's defaults")
@pytest.mark.parametrize("threads", [1, 2])
def test_defaults(benchmark: object, waveforms: list[np.ndarray], threads: int) -> None:
    log_mel = LogMel()
    measure(benchmark, log_mel.options, waveforms, lambda all_: log_mel.batch(all_, threads=threads))
