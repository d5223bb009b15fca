"""Reference: the compiled log-Mel kernels against their float64 definition, before the logarithm and stage by stage."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from serkit.errors import ConfigError
from serkit.kernels.native.log_mel import LogMelKernel, pack
from serkit.kernels.parameters import LogMelParameters
from serkit.kernels.reference import log_mel as reference

U = 2.0**-24  # half a unit in the last place of float32
EPS = 2.0**-23

PLAIN = LogMelParameters(
    sample_rate=16000, frame_samples=400, hop_samples=160, n_fft=512, window="hamming", n_mels=26, f_min=0.0,
    f_max=8000.0, mel_scale="htk", mel_norm="none", framing="tail", preemphasis=0.0, power_gain=1.0, log="none",
    floor=1e-10, delta_window=2, channels=("static",), standardize=False, scale=1.0,
)  # fmt: skip


def compute(p: LogMelParameters, waveform: np.ndarray, threads: int = 1) -> np.ndarray:
    return LogMelKernel(p).batch(*pack([waveform.astype(np.float32)]), threads)[0]


def signals(n: int = 2000) -> dict[str, np.ndarray]:
    rng, t = np.random.default_rng(0), np.arange(n)
    impulse = np.zeros(n)
    impulse[617] = 1.0
    made = {
        "silence": np.zeros(n),
        "impulse": impulse,
        "dc": np.full(n, 0.5),
        "tone": 0.5 * np.sin(2 * np.pi * 1000.3 / 16000 * t),
        "noise": 0.1 * rng.standard_normal(n),
        "full-scale": np.sign(rng.standard_normal(n)),
        "tiny": 1e-9 * rng.standard_normal(n),
        "offset": 0.9 + 1e-4 * rng.standard_normal(n),
    }
    return {name: x.astype(np.float32) for name, x in made.items()}


@pytest.mark.parametrize("window", ["hamming", "hamming-periodic", "hann", "hann-periodic", "rectangular"])
@pytest.mark.parametrize(("n_fft", "frame"), [(512, 400), (400, 400), (480, 480), (1200, 400), (375, 375)])
@pytest.mark.parametrize("signal", signals())
def test_power_is_within_the_stated_bound(window: str, n_fft: int, frame: int, signal: str) -> None:
    x = signals()[signal]
    scales, emphases, conditions = ("htk", "slaney", "psf-bins"), (0.0, 0.97), ((False, 1.0), (True, 1.0))
    for scale, preemphasis, (standardize, gain) in product(scales, emphases, conditions):
        p = replace(PLAIN, window=window, n_fft=n_fft, frame_samples=frame, mel_scale=scale, preemphasis=preemphasis,
                    standardize=standardize, scale=gain)  # fmt: skip
        power, truth = compute(p, x)[..., 0], reference.mel_power(x, p)
        conditioned = reference.condition(x, standardize=standardize, scale=gain, preemphasis=preemphasis)
        windowed = reference.frames(conditioned, p) * reference.window(p.window, frame)
        loudest = reference.power_spectrum(windowed, n_fft).max(axis=1, keepdims=True)
        # docs/numerics.md: 1e-5 covers rounding of window, weights and sums and, with 4 eps of the loudest bin, an
        # error of 37 u of the largest magnitude in every bin of the FFT; 9 u of the mean is what is seen
        assert np.all(np.abs(power - truth) <= 1e-5 * truth + 4 * EPS * loudest), (scale, preemphasis, standardize)


@pytest.mark.parametrize("framing", ["tail", "snip", "center"])
@pytest.mark.parametrize("n", [1, 2, 3, 100, 257, 399, 400, 401, 559, 560, 561, 720, 1999])
@pytest.mark.parametrize(("hop", "n_fft"), [(160, 512), (400, 512), (700, 405)])
def test_frames_are_those_of_the_definition(framing: str, n: int, hop: int, n_fft: int) -> None:
    p = replace(PLAIN, framing=framing, hop_samples=hop, n_fft=n_fft, preemphasis=0.5, window="hann")
    x = np.random.default_rng(n).standard_normal(n).astype(np.float32)
    truth = reference.mel_power(x, p)
    power = compute(p, x)[..., 0]
    assert power.shape == truth.shape == (reference.n_frames(n, 400, hop, framing, n_fft), 26)
    # the loudest band of all frames stands in for the loudest bin: noise has no silent frames, and a frame taken from
    # the wrong samples is wrong by about its own power
    assert np.allclose(power, truth, rtol=1e-5, atol=4 * EPS * truth.max(initial=0.0))


@pytest.mark.parametrize("scale", ["htk", "slaney", "psf-bins"])
@pytest.mark.parametrize("norm", ["none", "slaney"])
@pytest.mark.parametrize(("low", "high", "bands"), [(0.0, 8000.0, 40), (20.0, 7600.0, 23), (300.0, 3400.0, 1)])
def test_filters_are_those_of_the_definition(scale: str, norm: str, low: float, high: float, bands: int) -> None:
    p = replace(PLAIN, mel_scale=scale, mel_norm=norm, f_min=low, f_max=high, n_mels=bands, power_gain=1 / 512)
    x = signals()["noise"]
    truth = reference.mel_power(x, p)
    # as above, relative to the loudest band, whose weights are as small as its neighbours'
    assert np.allclose(compute(p, x)[..., 0], truth, rtol=1e-5, atol=4 * EPS * truth.max())


@pytest.mark.parametrize("log", ["natural", "psf"])
def test_logarithm_of_any_positive_power(log: str) -> None:
    # a one-point filter turns an impulse's amplitude into a power of our choice; psf has no floor, and meets subnormals
    p = replace(PLAIN, window="rectangular", n_fft=4, frame_samples=1, hop_samples=1, n_mels=1, mel_scale="psf-bins",
                sample_rate=16000, log=log, floor=1e-37)  # fmt: skip
    amplitudes = np.geomspace(1e-22 if log == "psf" else 4e-19, 1e4, 20001).astype(np.float32)
    power = compute(replace(p, log="none"), amplitudes)[:, 0, 0].astype(np.float64)
    assert power.min() < (1e-40 if log == "psf" else 1e-36)
    assert power.max() > 1e7
    truth = np.log(power)
    error = np.abs(compute(p, amplitudes)[:, 0, 0] - truth)
    # two roundings of the result and one of its fraction below 0.35
    assert np.all(error <= 2 * U * np.abs(truth) + 0.35 * U)


@pytest.mark.parametrize(("log", "silence"), [("natural", np.log(1e-10)), ("psf", np.log(2.0**-52))])
def test_silence_has_the_logarithm_of_the_floor(log: str, silence: float) -> None:
    rows = compute(replace(PLAIN, log=log), np.zeros(800))
    assert np.allclose(rows, silence, rtol=2 * U)  # one rounding of the floor, one of the logarithm


@pytest.mark.parametrize("half", [1, 2, 5])
@pytest.mark.parametrize("n", [10, 560, 4000])
def test_deltas_are_those_of_the_definition(half: int, n: int) -> None:
    p = replace(PLAIN, log="natural", delta_window=half, channels=("static", "delta", "delta2"))
    x = np.random.default_rng(n).standard_normal(n).astype(np.float32)
    rows = compute(p, x)
    truth = reference.delta(rows[..., :1].astype(np.float64), half)
    # 2 half subtractions and additions of float32 values, the largest partial sum of which the weights bound
    bound = 8 * half * U * np.abs(rows[..., 0]).max()
    assert np.abs(rows[..., 1] - truth[..., 0]).max() <= bound
    assert np.abs(rows[..., 2] - reference.delta(truth, half)[..., 0]).max() <= 2 * bound


@pytest.mark.parametrize("channels", [("static",), ("delta",), ("delta2",), ("static", "delta2"), ("delta", "delta2")])
def test_a_channel_is_the_same_whichever_others_are_asked_for(channels: tuple[str, ...]) -> None:
    every = ("static", "delta", "delta2")
    whole = compute(replace(PLAIN, log="natural", channels=every), signals()["noise"])
    some = compute(replace(PLAIN, log="natural", channels=channels), signals()["noise"])
    assert np.array_equal(some, whole[..., [every.index(c) for c in channels]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_fft": 511}, "no prime factor but 2, 3 and 5"),
        ({"n_fft": 384}, "does not fit n_fft=384"),
        ({"f_max": 9000.0}, "f_max <= sample_rate / 2"),
        ({"n_mels": 300}, "leaves band 0 without an FFT bin"),
        ({"window": "kaiser"}, "no window named 'kaiser'"),
    ],
)
def test_what_cannot_be_computed_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        LogMelKernel(replace(PLAIN, **change))
