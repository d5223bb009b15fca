"""Does the op keep torch's contract: schema, fake shapes, autograd, tracing, compiling and exporting?"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from serkit.kernels.parameters import SpectralParameters
from serkit.ops import log_mel as ops
from serkit.ops.log_mel_torch import encode

PARAMETERS = SpectralParameters(
    stage="mel", sample_rate=800, standardize=True, frame_samples=10, hop_samples=4, framing="tail", window="hamming",
    n_fft=16, n_mels=3, f_max=400.0, log="natural", channels=("static", "delta"),
)  # fmt: skip
LENGTHS = torch.tensor([40, 23])


def waveforms() -> Tensor:
    return torch.randn(2, 40, generator=torch.Generator().manual_seed(0))


def test_opcheck() -> None:
    text = encode(PARAMETERS)
    torch.library.opcheck(ops._log_mel, (waveforms().requires_grad_(), LENGTHS, text))
    torch.library.opcheck(ops._log_mel, (waveforms(), LENGTHS, text))
    torch.library.opcheck(ops._log_mel, (waveforms().bfloat16().requires_grad_(), LENGTHS, text))
    grad = torch.randn(ops._log_mel(waveforms(), LENGTHS, text).shape)
    torch.library.opcheck(ops._backward, (grad, waveforms(), LENGTHS, text))


def test_compiled_whole_and_equal() -> None:
    compiled = torch.compile(lambda x, p: ops.log_mel(x, LENGTHS, p), fullgraph=True, backend="aot_eager")
    # a second set of parameters must not meet the graph of the first
    for p in (PARAMETERS, dataclasses.replace(PARAMETERS, log="decibel"), PARAMETERS):
        results = []
        for path in (compiled, lambda x, p: ops.log_mel(x, LENGTHS, p)):
            x = waveforms().requires_grad_()
            features, counts = path(x, p)
            features.square().sum().backward()
            results.append((features, counts, x.grad))
        for got, want in zip(*results, strict=True):
            assert torch.equal(got, want)  # the same kernels run in both


class Features(torch.nn.Module):
    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return ops.log_mel(x, lengths, PARAMETERS)


def test_exported_graph_holds_no_op_of_ours() -> None:
    program = torch.export.export(Features(), (waveforms(), LENGTHS))
    assert not any("serkit" in str(node.target) for node in program.graph.nodes)
    want, counts = ops.log_mel(waveforms(), LENGTHS, PARAMETERS)
    got, also = program.module()(waveforms(), LENGTHS)
    # float32 against float32 through another FFT: 16 points, bands of relative power above 1e-3
    torch.testing.assert_close(got, want, rtol=0, atol=2e-4)
    assert torch.equal(also, counts)
