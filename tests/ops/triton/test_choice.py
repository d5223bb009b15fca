"""Which calls reach the Triton kernels, and do the ops keep torch's contract? Needs no GPU: kernels are not run."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from serkit.errors import ConfigError, UserError
from serkit.kernels.parameters import SpectralParameters
from serkit.ops import attention as attention_ops
from serkit.ops import attention_torch, devices, log_mel_torch
from serkit.ops.attention import linear_attention_pool

LENGTHS = torch.tensor([4, 2])


def test_works_where_triton_cannot_be_imported() -> None:
    code = (
        "import sys\n"
        "sys.modules['triton'] = None\n"
        "import torch\n"
        "from serkit.ops import devices, log_mel, triton\n"
        "from serkit.ops.attention import linear_attention_pool\n"
        "linear_attention_pool(torch.ones(1, 2, 3), torch.tensor([2]), torch.ones(3))\n"
        "sys.exit(triton.available())"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_triton_other_devices_take_the_plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serkit.ops.triton.available", lambda: False)
    assert not devices.has_triton(torch.empty(1, device="meta"))
    assert not devices.has_triton(torch.empty(1))


def test_a_device_with_triton_takes_its_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    fused = pytest.importorskip("serkit.ops.triton.attention", reason="triton is not installed")
    monkeypatch.setattr(attention_ops, "has_triton", lambda tensor: True)
    monkeypatch.setattr(fused, "attention_pool", lambda *a: "triton")
    x = torch.randn(2, 4, 3)
    assert linear_attention_pool(x, LENGTHS, torch.ones(3)) == "triton"
    # what the kernels do not take goes on to the path below them
    want = attention_torch.attention_pool(x.double(), LENGTHS, torch.ones(3).double())
    got = linear_attention_pool(x.double(), LENGTHS, torch.ones(3).double())
    torch.testing.assert_close(got, want, rtol=0, atol=1e-14)  # float64, four terms of order one
    wide = torch.randn(2, 4, fused.LARGEST_ROW + 1)
    assert linear_attention_pool(wide, LENGTHS, wide[0, 0])[0].shape == (2, fused.LARGEST_ROW + 1)


def test_shapes_without_running() -> None:
    fused = pytest.importorskip("serkit.ops.triton.attention", reason="triton is not installed")
    x, u, w, b = (torch.empty(n, device="meta") for n in ((2, 4, 3), (2, 5), (2, 5, 3), (2, 5)))
    wanted = [t.requires_grad_() for t in (x, u, w, b)]
    pooled, weights = fused.attention_pool(x, LENGTHS.to("meta"), u, w, b, [1.0, 0.3])
    assert (pooled.shape, weights.shape) == ((2, 2, 3), (2, 2, 4))
    slopes = torch.autograd.grad(pooled.sum(), wanted)
    assert [s.shape for s in slopes] == [t.shape for t in wanted]
    (slope,) = torch.autograd.grad(fused.attention_pool(x, LENGTHS.to("meta"), u[0, :3])[0].sum(), x, create_graph=True)
    with pytest.raises(UserError, match="no second derivative"):
        slope.sum().backward()


def test_what_the_core_refuses_is_refused() -> None:
    fused = pytest.importorskip("serkit.ops.triton.log_mel", reason="triton is not installed")
    p = SpectralParameters(
        stage="mel", sample_rate=16_000, frame_samples=400, hop_samples=160, framing="tail", window="hamming",
        n_fft=512, n_mels=200, f_max=8000.0,
    )  # fmt: skip
    for path in (log_mel_torch.log_mel, fused.log_mel):
        with pytest.raises(ConfigError, match="n_mels=200 leaves band 0 without an FFT bin"):
            path(torch.zeros(1, 800), torch.tensor([800]), p)


def test_transforms_too_large_for_a_matrix() -> None:
    fused = pytest.importorskip("serkit.ops.triton.log_mel", reason="triton is not installed")
    sizes = {"hop_samples": 160, "framing": "tail", "window": "hamming", "n_mels": 40, "f_max": 8000.0}
    for n_fft, fits in ((512, True), (2048, True), (4096, False)):
        p = SpectralParameters(stage="mel", sample_rate=16_000, frame_samples=n_fft, n_fft=n_fft, **sizes)
        assert fused.fits(p) == fits
