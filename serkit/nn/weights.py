"""Weights that a user has in a file: safetensors only, checked, never fetched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from serkit.errors import UserError

_PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # torch.save's archives, bare pickles


def read_weights(path: str | Path, owner: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name, on the CPU. ``owner`` are the words for whose weights they are.

    Raises UserError for a file that is missing, pickled or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(
            f"The file with the weights of {owner}, {path}, {what}; name a safetensors file, or leave the option empty."
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        # only now: a safetensors file may begin with these bytes too, which are the length of its header
        if _head(path).startswith(_PICKLES):
            raise UserError(
                f"The weights of {owner}, {path}, are pickled, which can run code when opened; give them as "
                "safetensors (safetensors.torch.save_file of the state dict)."
            ) from None
        raise UserError(f"The weights of {owner}, {path}, are no readable safetensors file ({error}).") from None


@torch.no_grad()
def fill_in(module: nn.Module, weights: Mapping[str, Tensor], owner: str) -> None:
    """Copy ``weights``, by the names of ``module``'s parameters, into all of them.

    Raises UserError naming the first that is missing or of another shape; others in ``weights`` are left aside.
    """
    for name, parameter in module.named_parameters():
        given = weights.get(name)
        if given is None or given.shape != parameter.shape:
            found = "is missing" if given is None else f"is {list(given.shape)}"
            raise UserError(
                f"In the weights of {owner}, {name} {found}; {list(parameter.shape)} is expected, so give weights of "
                "the same layers, or set the layers to theirs."
            )
    for name, parameter in module.named_parameters():
        parameter.copy_(weights[name])


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError:
        return b""
