"""Multiply-adds of each kind of layer against numbers worked out by hand; what is unknown is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from serkit.nn import BLSTM, AttentionPooling
from serkit.nn.multiply_adds import count_multiply_adds

B, T, D = 2, 7, 6
X = torch.zeros(B, T, D)
LENGTHS = torch.full((B,), T)


def counted(module: nn.Module, *inputs: Tensor) -> int:
    module.eval()
    found = count_multiply_adds(lambda: module(*inputs))
    assert found.not_counted == ()
    with torch.inference_mode():  # composite operations come whole here, and must give the same
        again = count_multiply_adds(lambda: module(*inputs))
    assert again == found
    return found.multiply_adds


@pytest.mark.parametrize(
    ("module", "shape", "by_hand"),
    [
        (nn.Linear(6, 5), (B, T, 6), B * T * 6 * 5),
        (nn.Linear(6, 5, bias=False), (B, T, 6), B * T * 6 * 5),
        # 7 - 3 + 1 = 5 positions
        (nn.Conv1d(6, 4, 3), (B, 6, T), B * 4 * 5 * 6 * 3),
        # padded to the same size; 2 groups halve the inputs of each output
        (nn.Conv2d(6, 4, (5, 3), padding=(2, 1), groups=2), (B, 6, 8, 9), B * 4 * 8 * 9 * 3 * 5 * 3),
        # stride 2 with dilation 2 over 9: (9 - 5) // 2 + 1 = 3 positions
        (nn.Conv2d(1, 2, 3, stride=2, dilation=2), (B, 1, 9, 9), B * 2 * 3 * 3 * 9),
        (nn.Conv3d(2, 3, 2), (B, 2, 4, 4, 4), B * 3 * 3 * 3 * 3 * 2 * 8),
        # each of the 25 input positions of 4 channels meets 2 x 3 x 3 weights
        (nn.ConvTranspose2d(4, 2, 3), (B, 4, 5, 5), B * 4 * 25 * 2 * 9),
        (nn.Sequential(nn.Conv1d(6, 4, 3), nn.BatchNorm1d(4), nn.ReLU(), nn.MaxPool1d(2)), (B, 6, T), B * 4 * 5 * 18),
        (nn.LayerNorm(6), (B, T, 6), 0),
    ],
)
def test_linear_and_convolutions(module: nn.Module, shape: tuple[int, ...], by_hand: int) -> None:
    assert counted(module, torch.zeros(shape)) == by_hand


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("kind", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)])
def test_recurrent_layers(kind: Any, gates: int, layers: int, bidirectional: bool) -> None:
    ways, h = 1 + bidirectional, 3
    inputs = [D] + [h * ways] * (layers - 1)
    by_hand = sum(ways * B * T * gates * h * (n + h) for n in inputs)
    assert counted(kind(D, h, layers, batch_first=True, bidirectional=bidirectional), X) == by_hand


def test_blstm_counts_its_padding() -> None:
    by_hand = 2 * B * T * 4 * 3 * (D + 3)
    assert counted(BLSTM(D, 3), X, LENGTHS) == by_hand
    assert counted(BLSTM(D, 3), X, torch.tensor([1, T])) == by_hand


def test_lstm_in_double_precision_counts_the_same() -> None:
    # not the fused layer: a product for the inputs and one a step
    assert counted(nn.LSTM(D, 3).double(), X.double()) == B * T * 4 * 3 * (D + 3)


@pytest.mark.parametrize(
    ("module", "by_hand"),
    [
        (AttentionPooling(D), B * T * (D + D)),
        (AttentionPooling(D, heads=3), 3 * B * T * (D + D)),
        (AttentionPooling(D, hidden=5), B * T * (5 * D + 5 + D)),
        (AttentionPooling(D, hidden=5, heads=3), 3 * B * T * (5 * D + 5 + D)),
    ],
)
def test_attention_pooling(module: AttentionPooling, by_hand: int) -> None:
    assert counted(module, X, LENGTHS) == by_hand


class Call(nn.Module):
    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


@pytest.mark.parametrize(
    ("function", "by_hand"),
    [
        (lambda x: x @ x.transpose(1, 2), B * T * T * D),
        (lambda x: torch.einsum("btf,bsf->bts", x, x), B * T * T * D),
        (lambda x: torch.softmax(x @ x.transpose(1, 2), 2) @ x, 2 * B * T * T * D),
        (lambda x: x[0] @ x[0, 0], T * D),
        (lambda x: x[0, 0] @ x[0, 1], D),
        (lambda x: torch.baddbmm(torch.zeros(B, T, T), x, x.transpose(1, 2)), B * T * T * D),
        (lambda x: nn.functional.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None]), 2 * B * T * T * D),
    ],
)
def test_products(function: Callable[[Tensor], Any], by_hand: int) -> None:
    assert counted(Call(function), X) == by_hand


def test_multihead_attention_and_transformer_layers() -> None:
    attention = 4 * B * T * D * D + 2 * B * T * T * D  # three projections in, one out; scores and sums
    mha = nn.MultiheadAttention(D, 2, batch_first=True)
    assert counted(Call(lambda x: mha.eval()(x, x, x)[0]), X) == attention
    layer = nn.TransformerEncoderLayer(D, 2, 8, batch_first=True)
    assert counted(layer, X) == attention + 2 * B * T * D * 8
    assert torch.backends.mha.get_fastpath_enabled()


def test_what_is_not_known_is_named() -> None:
    found = count_multiply_adds(lambda: torch.fft.rfft(X) * 2)
    assert found.multiply_adds == 0
    assert found.not_counted == ("aten::_fft_r2c",)
