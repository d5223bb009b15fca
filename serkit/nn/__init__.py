"""What architecture plugins build from: the base class, masks, attention pooling, recurrent layers, transforms."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serkit.nn.architecture import Architecture, Estimator, TrainingSet
    from serkit.nn.attention import AttentionPooling
    from serkit.nn.convolutions import ConvStack
    from serkit.nn.count import count_parameters
    from serkit.nn.inner_fit import fit_loop
    from serkit.nn.masking import mask_frames, masked_max, masked_mean, pooled_lengths, valid_mask
    from serkit.nn.neutral import neutral_utterances
    from serkit.nn.norms import FrameNorm
    from serkit.nn.pooling import FramePooling
    from serkit.nn.recurrent import BLSTM, GRU
    from serkit.nn.svm import SupportVectorClassifier
    from serkit.nn.transforms import SpeakerZScore, Transform, UtteranceMean, ZScore

_HOME = {
    "Architecture": "architecture", "Estimator": "architecture", "TrainingSet": "architecture",
    "AttentionPooling": "attention", "BLSTM": "recurrent", "GRU": "recurrent", "ConvStack": "convolutions",
    "FrameNorm": "norms", "FramePooling": "pooling", "neutral_utterances": "neutral", "SpeakerZScore": "transforms",
    "SupportVectorClassifier": "svm",
    "Transform": "transforms", "UtteranceMean": "transforms", "ZScore": "transforms",
    "count_parameters": "count", "fit_loop": "inner_fit",
    "mask_frames": "masking", "masked_max": "masking", "masked_mean": "masking",
    "pooled_lengths": "masking", "valid_mask": "masking",
}  # fmt: skip

__all__ = [
    "BLSTM",
    "GRU",
    "Architecture",
    "AttentionPooling",
    "ConvStack",
    "Estimator",
    "FrameNorm",
    "FramePooling",
    "SpeakerZScore",
    "SupportVectorClassifier",
    "TrainingSet",
    "Transform",
    "UtteranceMean",
    "ZScore",
    "count_parameters",
    "fit_loop",
    "mask_frames",
    "masked_max",
    "masked_mean",
    "neutral_utterances",
    "pooled_lengths",
    "valid_mask",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"serkit.nn.{_HOME[name]}"), name)
    raise AttributeError(f"module 'serkit.nn' has no attribute {name!r}")
