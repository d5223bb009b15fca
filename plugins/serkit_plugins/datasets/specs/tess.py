"""TESS."""

from serkit.host.protocols import ALL_DATA, LOSO, RANDOM_5FOLD, text_open
from serkit.host.specs import DatasetSpec

SPEC = DatasetSpec(
    name="tess",
    summary="TESS: 200 English words in a carrier sentence, 2 female speakers, 7 emotions, 2,800 recordings.",
    target="serkit_plugins.datasets.tess:Tess",
    citation="Dupuis and Pichora-Fuller, Toronto emotional speech set (TESS), University of Toronto, 2010",
    license="CC-BY-NC-ND-4.0",
    labels=dict.fromkeys(("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"), 400),
    speakers=2,
    protocols=(LOSO, RANDOM_5FOLD, text_open(5), ALL_DATA),
    default_protocol="loso",
    homepage="https://doi.org/10.5683/SP2/E8H2MF",
)
