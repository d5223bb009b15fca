"""Reference: single stages of the compiled spectral kernels where a stage has a closer bound than the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from serkit.kernels.native.spectral import SpectralKernel
from serkit.kernels.parameters import SpectralParameters
from serkit.kernels.reference import spectral as reference

U = 2.0**-24  # half a unit in the last place of float32
EPS = 2.0**-23

PLAIN = SpectralParameters(
    stage="mel", sample_rate=16000, frame_samples=400, hop_samples=160, framing="tail", window="hamming", n_fft=512,
    n_mels=26, f_max=8000.0,
)  # fmt: skip


def compute(p: SpectralParameters, waveform: np.ndarray) -> np.ndarray:
    kernel, samples = SpectralKernel(p), [waveform.astype(np.float32)]
    return kernel.batch(samples, kernel.offsets(samples), 1)


def noise(n: int = 2000) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(n)).astype(np.float32)


@pytest.mark.parametrize("scale", ["htk", "slaney", "psf-bins", "htk-warped"])
@pytest.mark.parametrize("norm", ["none", "slaney"])
@pytest.mark.parametrize(("low", "high", "bands"), [(0.0, 8000.0, 40), (20.0, 7600.0, 23), (300.0, 3400.0, 1)])
def test_filters_are_those_of_the_definition(scale: str, norm: str, low: float, high: float, bands: int) -> None:
    p = replace(PLAIN, mel_scale=scale, mel_norm=norm, f_min=low, f_max=high, n_mels=bands, power_gain=1 / 512)
    x = noise()
    truth = reference.power(x, p)
    # the bound of docs/numerics.md; the loudest band stands in for the loudest bin, since noise has no silent frames
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
    whole = compute(replace(PLAIN, log="natural", channels=every), noise())
    some = compute(replace(PLAIN, log="natural", channels=channels), noise())
    assert np.array_equal(some, whole[..., [every.index(c) for c in channels]])
