"""What the specs of all readers of manifests have in common."""

from typing import Any

from serkit.host.protocols import (
    ALL_DATA,
    CROSS_CORPUS,
    GIVEN_FOLDS,
    GIVEN_SPLIT,
    LOSO,
    LOSO_NEXT,
    LOSO_SESSION,
    POOLED_SPEAKERS,
    RANDOM_5FOLD,
    text_open,
)
from serkit.host.specs import DatasetSpec

PROTOCOLS = (
    LOSO_NEXT,
    LOSO,
    LOSO_SESSION,
    GIVEN_SPLIT,
    GIVEN_FOLDS,
    RANDOM_5FOLD,
    text_open(5),
    CROSS_CORPUS,
    POOLED_SPEAKERS,
    ALL_DATA,
)
"""A manifest may hold anything, so it may be split in every way that asks for nothing but its columns."""


def manifest(**fields: Any) -> DatasetSpec:
    """The spec of a reader: labels and speakers are what the manifest says, and ``--data`` may be a file."""
    return DatasetSpec(labels={}, speakers=0, protocols=PROTOCOLS, default_protocol="loso_next", file=True, **fields)
