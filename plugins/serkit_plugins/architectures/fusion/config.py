"""Settings of late fusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Gt, Lt


@dataclass(frozen=True, kw_only=True)
class FusionConfig:
    """How the posteriors p_r(k) of several runs become one (docs/fusion.md).

    ``rule``: ``arithmetic`` is their mean; ``geometric`` the mean of their logarithms, scaled to sum to one;
    ``stacked`` is softmax_k(sum_r w_r log p_r(k) + b_k), a conditional logistic regression fitted on the fold's
    development utterances, drawn to equal weights and no bias by ``ridge``. Posteriors under ``floor`` count as
    ``floor`` in logarithms, so that no run alone can rule out a class.
    """

    rule: Literal["arithmetic", "geometric", "stacked"] = "arithmetic"
    ridge: Annotated[float, Gt(0)] = 0.1
    floor: Annotated[float, Gt(0), Lt(0.1)] = 1e-4


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "mean": {},
    "geometric": {"architecture": {"rule": "geometric"}},
    "stacked": {"architecture": {"rule": "stacked"}},
}
