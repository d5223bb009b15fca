"""Which implementation of an op a call takes."""

from __future__ import annotations

import torch
from torch import Tensor

from serkit.ops import triton


def has_triton(tensor: Tensor) -> bool:
    """Whether ``tensor`` is where our Triton kernels run."""
    return tensor.device.type == "cuda" and triton.available()


def exporting() -> bool:
    """Whether a graph is being exported, which is to hold no op of ours."""
    is_exporting = getattr(torch.compiler, "is_exporting", None)  # since torch 2.7
    return bool(is_exporting and is_exporting()) or bool(torch.onnx.is_in_onnx_export())


def at_least_float32(tensor: Tensor) -> Tensor:
    """``tensor``, in float32 if it is float16 or bfloat16."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
