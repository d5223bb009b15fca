"""EMO-DB."""

from serkit.host.protocols import LOSO_NEXT
from serkit.host.specs import DatasetSpec, ProtocolSpec

CHEN4 = ProtocolSpec(
    name="chen4",
    version=1,
    summary="The folds of loso_next that test 13, 14, 15 and 16: the speakers behind the printed confusion matrix of "
    "Chen 2018.",
    splitter="serkit.data.protocols:loso_next",
    options={"test_speakers": ["13", "14", "15", "16"]},
)

SPEC = DatasetSpec(
    name="emodb",
    summary="Berlin EMO-DB: 535 acted German sentences, 10 speakers, 7 emotions, 25 minutes.",
    target="serkit_plugins.datasets.emodb:EmoDb",
    citation="Burkhardt et al., A database of German emotional speech, Interspeech 2005",
    license="CC0-1.0",
    labels={"angry": 127, "boredom": 81, "disgust": 46, "fear": 69, "happy": 71, "neutral": 79, "sad": 62},
    speakers=10,
    protocols=(LOSO_NEXT, CHEN4),
    default_protocol="loso_next",
    homepage="http://emodb.bilderbar.info",
    fetchable=True,
)
