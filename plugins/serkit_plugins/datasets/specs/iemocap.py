"""IEMOCAP."""

from serkit.host.protocols import (
    ALL_DATA,
    EMOBOX_IEMOCAP,
    LOSO_NEXT,
    LOSO_PARTNER,
    LOSO_SESSION,
    RANDOM_5FOLD,
    SESSION_SWAP,
)
from serkit.host.specs import DatasetSpec

SPEC = DatasetSpec(
    name="iemocap",
    summary="IEMOCAP: five sessions of two actors, improvised and scripted; by default 2,280 improvised turns of 4 "
    "emotions, 10 speakers.",
    target="serkit_plugins.datasets.iemocap.loader:Iemocap",
    citation="Busso et al., IEMOCAP: interactive emotional dyadic motion capture database, Language Resources and "
    "Evaluation 42, 2008",
    license="research licence of USC-SAIL, on request; no redistribution",
    labels={"angry": 289, "happy": 284, "neutral": 1099, "sad": 608},
    speakers=10,
    protocols=(
        LOSO_PARTNER,
        SESSION_SWAP,
        LOSO_SESSION,
        LOSO_NEXT,
        EMOBOX_IEMOCAP,
        RANDOM_5FOLD,
        ALL_DATA,
    ),
    default_protocol="loso_partner",
    homepage="https://sail.usc.edu/iemocap",
)
