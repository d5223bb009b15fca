"""Weights from files of users."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from serkit.errors import UserError
from serkit.nn.weights import fill_in, read_weights


def test_reads_and_fills_in(tmp_path: Path) -> None:
    path = tmp_path / "Gewichte ä.safetensors"
    module, other = nn.Linear(3, 2), nn.Linear(3, 2)
    save_file({**other.state_dict(), "more": torch.zeros(1)}, path)
    fill_in(module, read_weights(path, "a test"), "a test")
    assert torch.equal(module.weight, other.weight)
    assert torch.equal(module.bias, other.bias)


def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"weights of a test, .*none\.safetensors, does not exist; name a safetensors"):
        read_weights(tmp_path / "none.safetensors", "a test")
    with pytest.raises(UserError, match="is a folder"):
        read_weights(tmp_path, "a test")
    pickled = tmp_path / "model.pt"
    torch.save(nn.Linear(2, 2).state_dict(), pickled)
    with pytest.raises(UserError, match=r"model\.pt, are pickled, which can run code when opened"):
        read_weights(pickled, "a test")
    old = tmp_path / "old.bin"
    torch.save(nn.Linear(2, 2).state_dict(), old, _use_new_zipfile_serialization=False)
    with pytest.raises(UserError, match=r"old\.bin, are pickled"):
        read_weights(old, "a test")
    damaged = tmp_path / "damaged.safetensors"
    save_file({"a": torch.zeros(9)}, damaged)
    damaged.write_bytes(damaged.read_bytes()[:-5])
    with pytest.raises(UserError, match=r"damaged\.safetensors, are no readable safetensors file"):
        read_weights(damaged, "a test")


def test_nothing_is_filled_in_where_something_does_not_fit() -> None:
    module = nn.Linear(3, 2)
    before = module.weight.clone()
    with pytest.raises(UserError, match=r"bias is \[3\]; \[2\] is expected"):
        fill_in(module, {"weight": torch.zeros(2, 3), "bias": torch.zeros(3)}, "a test")
    assert torch.equal(module.weight, before)
