"""Settings of late fusion, and of fusion inside one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt

from serkit_plugins.architectures.acnn.config import PRESETS as ACNN
from serkit_plugins.architectures.acnn.config import AcnnConfig


@dataclass(frozen=True, kw_only=True)
class FusionConfig:
    """How the posteriors p_r(k) of several runs become one (docs/fusion.md).

    ``rule``: ``arithmetic`` is their mean; ``geometric`` the mean of their logarithms, scaled to sum to one;
    ``stacked`` is softmax_k(sum_r w_r log p_r(k) + b_k), a conditional logistic regression fitted on the fold's
    development utterances, drawn to equal weights and no bias by ``ridge``; b_k is 0 unless ``bias`` is set, since a
    single development speaker's biases are that speaker's. Posteriors under ``floor`` count as
    ``floor`` in logarithms, so that no run alone can rule out a class.
    """

    rule: Literal["arithmetic", "geometric", "stacked"] = "arithmetic"
    bias: bool = False
    ridge: Annotated[float, Gt(0)] = 0.1
    floor: Annotated[float, Gt(0), Lt(0.1)] = 1e-4


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "mean": {},
    "geometric": {"architecture": {"rule": "geometric"}},
    "stacked": {"architecture": {"rule": "stacked"}},
}


@dataclass(frozen=True, kw_only=True)
class FusionFeaturesConfig(AcnnConfig):
    """The CNN with attention, whose vector is joined by functionals of the utterance before the classifier.

    ``functionals`` are the units of a dense layer over the functionals, after ``functionals_dropout`` of them;
    functionals count at most ``clip`` deviations from the training mean. ``dense`` is the layer that sees both. The
    defaults of the convolutions and the attention are those of ``acnn``'s preset ``small``.
    """

    convs: Annotated[int, Gt(0)] = 3
    maps: tuple[Annotated[int, Gt(0)], ...] = (16, 32, 48)
    pools: tuple[tuple[Annotated[int, Gt(0)], Annotated[int, Gt(0)]], ...] = ((2, 2), (2, 2), (1, 2))
    linear: Annotated[int, Gt(0)] = 96
    hidden: Annotated[int, Gt(0)] = 96
    dense: Annotated[int, Ge(0)] = 64
    batch_norm: bool = True
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.2
    functionals: Annotated[int, Gt(0)] = 64
    functionals_dropout: Annotated[float, Ge(0), Lt(1)] = 0.5
    clip: Annotated[float, Gt(0)] = 5.0


FEATURES_PRESETS: Mapping[str, Mapping[str, Any]] = {"default": {"training": ACNN["small"]["training"]}}
