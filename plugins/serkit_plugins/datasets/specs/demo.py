"""The synthetic corpus."""

from serkit.host.protocols import ALL_DATA, LOSO, LOSO_NEXT, RANDOM_5FOLD
from serkit.host.specs import DatasetSpec

SPEC = DatasetSpec(
    name="demo",
    summary="Synthetic speech: 240 utterances, 10 speakers, 4 emotions, 6 minutes, made here in seconds.",
    target="serkit_plugins.datasets.demo:Demo",
    license="Apache-2.0",
    labels={"angry": 60, "happy": 60, "neutral": 60, "sad": 60},
    speakers=10,
    protocols=(LOSO_NEXT, LOSO, RANDOM_5FOLD, ALL_DATA),
    default_protocol="loso_next",
    embedded=True,
)
