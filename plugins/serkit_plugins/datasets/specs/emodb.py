"""EMO-DB."""

from serkit.host.protocols import ALL_DATA, LOSO, LOSO_NEXT, RANDOM_5FOLD, SPEAKER_TEXT_OPEN, text_open
from serkit.host.specs import DatasetSpec, ProtocolSpec

CHEN4 = ProtocolSpec(
    name="chen4",
    version=1,
    summary="The folds of loso_next that test 13, 14, 15 and 16: the speakers behind the printed confusion matrix of "
    "Chen 2018.",
    splitter=LOSO_NEXT.splitter,
    options={"test_speakers": ["13", "14", "15", "16"]},
)

EMOBOX = ProtocolSpec(
    name="emobox",
    version=1,
    summary="Speaker-dependent: the folds of EmoBox (Ma et al. 2024), five lists of 107 files with all ten speakers in "
    "each, developed on a random fifth of the training utterances of each class.",
    splitter="serkit_plugins.datasets.emobox_emodb:emobox",
    guarantees=(),
)

SPEC = DatasetSpec(
    name="emodb",
    summary="Berlin EMO-DB: 535 acted German sentences, 10 speakers, 7 emotions, 25 minutes.",
    target="serkit_plugins.datasets.emodb:EmoDb",
    citation="Burkhardt et al., A database of German emotional speech, Interspeech 2005",
    license="CC0-1.0",
    labels={"angry": 127, "boredom": 81, "disgust": 46, "fear": 69, "happy": 71, "neutral": 79, "sad": 62},
    speakers=10,
    protocols=(LOSO_NEXT, LOSO, CHEN4, RANDOM_5FOLD, EMOBOX, text_open(5), SPEAKER_TEXT_OPEN, ALL_DATA),
    default_protocol="loso_next",
    homepage="http://emodb.bilderbar.info",
    fetchable=True,
)
