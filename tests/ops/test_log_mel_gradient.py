"""Is the gradient with respect to the waveforms right, through every stage and every framing?"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor

from serkit.errors import UserError
from serkit.kernels.parameters import SpectralParameters
from serkit.ops import log_mel_gradient, log_mel_torch
from serkit.ops.log_mel import log_mel

SMALL = SpectralParameters(
    stage="mel", sample_rate=800, standardize=True, frame_samples=10, hop_samples=4, framing="tail", window="hamming",
    n_fft=16, n_mels=3, f_max=400.0, log="natural", channels=("static", "delta", "delta2"),
)  # fmt: skip
VARIANTS: dict[str, dict[str, Any]] = {
    "tail": {},
    "snip": {"framing": "snip", "preemphasis": 0.97, "log": "psf", "mel_scale": "psf-bins", "n_fft": 32},
    "center": {"framing": "center", "mel_scale": "slaney", "mel_norm": "slaney", "channels": ("delta2",)},
    "center-zero, odd": {"framing": "center-zero", "n_fft": 15, "power_gain": 0.3, "delta_window": 3},
    "mirror": {"framing": "mirror", "remove_dc": True, "preemphasis": 0.9, "preemphasis_scope": "frame",
               "mel_scale": "htk-warped"},
    "raw": {"standardize": False, "scale": 3.0, "log": "decibel", "channels": ("static", "delta2")},
    "powers, gaps": {"hop_samples": 12, "log": "none", "channels": ("delta",)},
}  # fmt: skip
LENGTHS = torch.tensor([40, 23, 5])


def variant(name: str) -> SpectralParameters:
    return dataclasses.replace(SMALL, **VARIANTS[name])


def waveforms(dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(3, 40, generator=torch.Generator().manual_seed(3), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("name", VARIANTS)
def test_plain_path(name: str) -> None:
    x = waveforms().requires_grad_()
    # gradcheck's defaults: numerical slopes with step 1e-6, within 1e-5, in float64
    assert torch.autograd.gradcheck(lambda x: log_mel_torch.log_mel(x, LENGTHS, variant(name))[0], x)


@pytest.mark.parametrize("name", VARIANTS)
def test_transposed_stages_are_the_derivative_of_the_plain_path(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = waveforms().requires_grad_()
    features, _ = log_mel_torch.log_mel(x, LENGTHS, variant(name))
    grad = torch.randn(features.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    (want,) = torch.autograd.grad(features, x, grad)
    got = log_mel_gradient.waveform_gradient(grad, x.detach(), LENGTHS, variant(name))
    # float64, the same sums of some hundred terms in another order: 100 eps = 2e-14 of the largest, which slopes of
    # logarithms of small powers raise by a few hundred
    torch.testing.assert_close(got, want, rtol=0, atol=1e-11 * float(want.abs().max()))
    monkeypatch.setitem(log_mel_gradient.CHUNK, "cpu", 1)  # one waveform at a time
    torch.testing.assert_close(
        log_mel_gradient.waveform_gradient(grad, x.detach(), LENGTHS, variant(name)), want, rtol=0,
        atol=1e-11 * float(want.abs().max()),
    )  # fmt: skip


@pytest.mark.parametrize("name", VARIANTS)
def test_op_in_float32(name: str) -> None:
    p = variant(name)
    x, exact = waveforms(torch.float32).requires_grad_(), waveforms(torch.float32).double().requires_grad_()
    features, _ = log_mel(x, LENGTHS, p)
    grad = torch.randn(features.shape, generator=torch.Generator().manual_seed(4))
    (got,) = torch.autograd.grad(features, x, grad)
    (want,) = torch.autograd.grad(log_mel_torch.log_mel(exact, LENGTHS, p)[0], exact, grad.double())
    assert got.dtype == torch.float32
    # float32 eps = 1.2e-7; a band of relative power r in its frame has slope and rounding up by 1 / r, and the bands
    # of these few noise frames reach r = 1e-3
    torch.testing.assert_close(got.double(), want, rtol=0, atol=2e-4 * float(want.abs().max()))


def test_second_derivative() -> None:
    x = waveforms(torch.float32).requires_grad_()
    (slope,) = torch.autograd.grad(log_mel(x, LENGTHS, SMALL)[0].square().sum(), x, create_graph=True)
    with pytest.raises(UserError, match=r"no second derivative.*log_mel_torch"):
        slope.sum().backward()
    one = waveforms()[:1, :20].requires_grad_()
    # gradgradcheck's defaults; powers need no logarithm's third derivative to be steep
    assert torch.autograd.gradgradcheck(
        lambda x: log_mel_torch.log_mel(x, torch.tensor([17]), dataclasses.replace(SMALL, log="none"))[0], one
    )
