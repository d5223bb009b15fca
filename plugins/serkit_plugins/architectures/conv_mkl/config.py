"""Settings of conv-mkl. The paper's are not known; these are SerKit's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

Positive = Annotated[int, Gt(0)]


@dataclass(frozen=True, kw_only=True)
class ConvMklConfig:
    """The text network and the kernels.

    ``widths`` are the words that a filter sees, ``filters`` the number of filters of each width, ``hidden`` the size of
    the layer whose outputs become text features, ``dropout`` stands before it and after it.

    Each modality has a linear kernel and a Gaussian one for each of ``gammas``, ``exp(-gamma |x - z|^2 / D)`` of D
    standardised values, which are limited to [-``clip``, ``clip``] (0: no limit). ``kernel_weights="uniform"`` gives
    all of them the same weight instead of EasyMKL's. ``trade`` is EasyMKL's lambda: near 0 the largest margin, 1 the
    mean of each class.
    """

    widths: Annotated[tuple[Positive, ...], MinLen(1)] = (2, 3, 4)
    filters: Positive = 50
    hidden: Positive = 100
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5
    gammas: Annotated[tuple[Annotated[float, Gt(0)], ...], MinLen(1)] = (0.05, 0.2, 1.0)
    clip: Annotated[float, Ge(0)] = 2.0
    kernel_weights: Literal["easy", "uniform"] = "easy"
    trade: Annotated[float, Gt(0), Le(1)] = 0.1


PRESETS: Mapping[str, Mapping[str, Any]] = {"default": {}}
