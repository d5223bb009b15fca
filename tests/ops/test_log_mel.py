"""Do the log-Mel op and the plain torch path compute the NumPy definition, leave padding alone, and refuse in words?"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from serkit.errors import AudioError, ConfigError, UserError
from serkit.features import LogMelOptions
from serkit.kernels.parameters import SpectralParameters
from serkit.kernels.reference.spectral import bin_power, mel_filters, spectral
from serkit.ops import log_mel_torch
from serkit.ops.log_mel import log_mel

LM3 = SpectralParameters(
    stage="mel", sample_rate=16_000, standardize=True, frame_samples=400, hop_samples=160, framing="tail",
    window="hamming", n_fft=512, n_mels=40, f_max=8000.0, log="natural", channels=("static", "delta", "delta2"),
)  # fmt: skip
# Small odd sizes: a hop that does not divide the frame, an odd transform, frames shorter than the transform.
SMALL: dict[str, Any] = {"sample_rate": 800, "frame_samples": 30, "hop_samples": 11, "n_fft": 45, "n_mels": 4}
VARIANTS: dict[str, dict[str, Any]] = {
    "lm3": {},
    "snip, psf": {"framing": "snip", "mel_scale": "psf-bins", "log": "psf", "preemphasis": 0.97, "standardize": False,
                  "window": "rectangular", "scale": 32768.0},
    "center, slaney": {"framing": "center", "window": "hann-periodic", "mel_scale": "slaney", "mel_norm": "slaney"},
    "center-zero, odd": {**SMALL, "f_max": 400.0, "framing": "center-zero", "window": "blackman", "delta_window": 3},
    "mirror, kaldi": {"framing": "mirror", "window": "povey", "mel_scale": "htk-warped", "remove_dc": True,
                      "preemphasis": 0.97, "preemphasis_scope": "frame", "standardize": False, "f_min": 20.0},
    "gap between frames": {"hop_samples": 500, "log": "decibel", "power_gain": 1 / 512, "channels": ("delta2",)},
    "powers": {**SMALL, "f_max": 400.0, "log": "none", "framing": "center", "channels": ("static", "delta")},
}  # fmt: skip
LENGTHS = torch.tensor([2400, 1301, 433, 2])


def variant(name: str) -> SpectralParameters:
    return dataclasses.replace(LM3, **VARIANTS[name])


def waveforms(filler: float = 0.0) -> Tensor:
    """Float32 [4, 2400], a little louder than speech at every frequency."""
    x = torch.randn(4, 2400, generator=torch.Generator().manual_seed(0)) * 0.1
    for i, n in enumerate(LENGTHS.tolist()):
        x[i, n:] = filler
    return x


@pytest.mark.parametrize("name", VARIANTS)
def test_plain_path_is_the_definition(name: str) -> None:
    p = variant(name)
    features, counts = log_mel_torch.log_mel(waveforms(float("nan")).double(), LENGTHS, p)
    assert features.dtype == torch.float64
    for i, n in enumerate(LENGTHS.tolist()):
        want = spectral(waveforms()[i, :n].numpy(), p)
        assert counts[i] == len(want)
        # float64 sums of some 500 terms: 500 eps = 1e-13 of the largest power, and a logarithm's slope is 1 / power,
        # here at most 1e3 over the largest
        np.testing.assert_allclose(features[i, : counts[i]].numpy(), want, rtol=1e-10, atol=1e-10)
        assert (features[i, counts[i] :] == 0).all()


@pytest.mark.parametrize("path", [log_mel, log_mel_torch.log_mel])
@pytest.mark.parametrize("name", VARIANTS)
def test_float32_keeps_the_stated_accuracy(name: str, path) -> None:  # type: ignore[no-untyped-def]
    p = dataclasses.replace(variant(name), log="none", channels=("static",))
    features, counts = path(waveforms(), LENGTHS, p)
    assert features.dtype == torch.float32
    eps = float(np.finfo(np.float32).eps)
    for i, n in enumerate(LENGTHS.tolist()):
        x = waveforms()[i, :n].numpy()
        want = spectral(x, p)[..., 0]
        got = features[i, : counts[i], :, 0].numpy()
        # The bound of docs/numerics.md. Band powers here are sums of many bins: what 4 eps allow a bin, they allow
        # each weight of a band.
        peak = bin_power(x, p).max(axis=1, initial=0.0, keepdims=True) * mel_filters(p).sum(axis=1).max()
        assert (np.abs(got - want) <= 1e-5 * want + 4 * eps * peak).all()


@pytest.mark.parametrize("path", [log_mel, log_mel_torch.log_mel])
@pytest.mark.parametrize("name", VARIANTS)
def test_padding_is_never_used(name: str, path) -> None:  # type: ignore[no-untyped-def]
    p, results = variant(name), []
    for filler in (0.0, float("nan")):
        x = waveforms(filler).requires_grad_()
        features, counts = path(x, LENGTHS, p)
        features.square().sum().backward()
        assert x.grad is not None
        assert (x.grad[torch.arange(2400) >= LENGTHS[:, None]] == 0).all()
        assert x.grad.isfinite().all()
        assert (features[torch.arange(features.shape[1]) >= counts[:, None]] == 0).all()
        results.append((features, x.grad))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])


def test_a_waveform_is_the_same_in_any_batch() -> None:
    whole, counts = log_mel(waveforms(), LENGTHS, LM3)
    for i, n in enumerate(LENGTHS.tolist()):
        alone, _ = log_mel(waveforms()[i : i + 1, :n], LENGTHS[i : i + 1], LM3)
        assert torch.equal(alone[0], whole[i, : counts[i]])


@pytest.mark.parametrize("framing", ["tail", "snip", "center", "center-zero", "mirror"])
def test_counts_are_those_of_the_core(framing: str) -> None:
    p = dataclasses.replace(LM3, **SMALL, f_max=400.0, framing=framing)
    lengths = torch.arange(1, 120)
    want = [log_mel_torch.kernel(p).n_frames(n) for n in lengths.tolist()]
    assert log_mel_torch.frame_counts(lengths, p).tolist() == want
    assert [log_mel_torch.n_frames(n, p) for n in lengths.tolist()] == want


def test_layout_and_dtype() -> None:
    x = waveforms()
    want, _ = log_mel(x, LENGTHS, LM3)
    assert torch.equal(log_mel(x.t().contiguous().t(), LENGTHS, LM3)[0], want)
    assert log_mel(x.double(), LENGTHS, LM3)[0].dtype == torch.float64
    half = x.bfloat16().requires_grad_()
    features, _ = log_mel(half, LENGTHS, LM3)
    assert torch.equal(features, log_mel(x.bfloat16().float(), LENGTHS, LM3)[0])
    features.sum().backward()
    assert half.grad is not None
    assert half.grad.dtype == torch.bfloat16


def test_autocast_computes_in_float32() -> None:
    want, _ = log_mel(waveforms(), LENGTHS, LM3)
    plain, _ = log_mel_torch.log_mel(waveforms(), LENGTHS, LM3)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(log_mel(waveforms(), LENGTHS, LM3)[0], want)
        assert torch.equal(log_mel_torch.log_mel(waveforms(), LENGTHS, LM3)[0], plain)


def test_inference_first_then_a_gradient() -> None:
    """Tables that are kept must not be tensors of inference mode, which autograd refuses."""
    p = dataclasses.replace(LM3, f_min=123.0)  # of no other test
    for path in (log_mel, log_mel_torch.log_mel):
        with torch.inference_mode():
            want, _ = path(waveforms(), LENGTHS, p)
        x = waveforms().requires_grad_()
        got, _ = path(x, LENGTHS, p)
        got.sum().backward()
        assert torch.equal(got, want)


def test_silence_is_the_floor_without_slope() -> None:
    x = torch.full((1, 2400), 0.25).requires_grad_()  # standardised, a constant is silence
    for path in (log_mel, log_mel_torch.log_mel):
        features, _ = path(x, torch.tensor([2400]), dataclasses.replace(LM3, channels=("static",)))
        # one rounding of ln 1e-10 = -23 to float32, and one of the floor itself
        torch.testing.assert_close(features, torch.full_like(features, float(np.log(1e-10))), rtol=3e-7, atol=0)
        (slope,) = torch.autograd.grad(features.sum(), x)
        assert (slope == 0).all()


def test_other_devices_take_the_plain_path() -> None:
    features, counts = log_mel(waveforms().to("meta"), LENGTHS.to("meta"), LM3)
    assert (features.device.type, features.shape, counts.shape) == ("meta", (4, 14, 40, 3), (4,))


@pytest.mark.parametrize("path", [log_mel, log_mel_torch.log_mel])
def test_refused_in_words(path) -> None:  # type: ignore[no-untyped-def]
    x = waveforms()
    with pytest.raises(UserError, match=r"lengths\[2\] is 2401, but a waveform has 1 to T = 2400"):
        path(x, torch.tensor([1, 2, 2401, 3]), LM3)
    with pytest.raises(UserError, match=r"lengths\[0\] is 0"):
        path(x, torch.tensor([0, 2, 3, 4]), LM3)
    with pytest.raises(UserError, match=r"must be torch.int64 \[4\]"):
        path(x, LENGTHS.int(), LM3)
    with pytest.raises(UserError, match=r"has shape \[2400\]"):
        path(x[0], LENGTHS, LM3)
    with pytest.raises(UserError, match="divide by full scale"):
        path(x.short(), LENGTHS, LM3)
    with pytest.raises(UserError, match="on cpu and lengths on meta"):
        path(x, LENGTHS.to("meta"), LM3)
    with pytest.raises(UserError, match="lengths is a list; a torch tensor"):
        path(x, LENGTHS.tolist(), LM3)
    with pytest.raises(UserError, match=r"parameters is a LogMelOptions; .*returns"):
        path(x, LENGTHS, LogMelOptions())
    with pytest.raises(UserError, match="T = 300 samples, less than a frame of 400"):
        path(x[:, :300], LENGTHS.clamp(max=300), dataclasses.replace(LM3, framing="snip"))
    with pytest.raises(ConfigError, match='not stage="cepstra"'):
        path(x, LENGTHS, dataclasses.replace(LM3, stage="cepstra", n_cepstra=12))
    with pytest.raises(ConfigError, match="prime factor"):
        path(x, LENGTHS, dataclasses.replace(LM3, n_fft=514))


def test_samples_that_are_no_audio_are_refused_in_words() -> None:
    x = waveforms()
    x[1, 7] = float("inf")
    with pytest.raises(AudioError, match="Waveform 1 holds inf at sample 7"):
        log_mel(x, LENGTHS, LM3)
