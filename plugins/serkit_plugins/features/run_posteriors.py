"""What finished runs say of an utterance, as the input of another system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from serkit.features.base import Floats, options_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPosteriorsOptions:
    """``runs``: the folders of finished runs, from the current folder or absolute; their protocols must have equal
    hashes."""

    runs: tuple[str, ...] = ()


class RunPosteriors:
    """Posteriors of an utterance, ``[runs, classes]`` -> float32 ``[classes, runs]``: a row a class, so that a system
    is not told how many classes there are by the shape of a row."""

    def __init__(self, options: RunPosteriorsOptions | None = None) -> None:
        self.options = options_of(options, RunPosteriorsOptions, "RunPosteriors")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a row: ``(runs,)``."""
        return (len(self.options.runs),)

    def __call__(self, posteriors: Any) -> Floats:
        """``posteriors`` float64 ``[runs, classes]`` -> float32 ``[classes, runs]``."""
        return np.ascontiguousarray(np.asarray(posteriors).T, dtype=np.float32)
