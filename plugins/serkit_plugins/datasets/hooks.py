"""The corpora that SerKit ships, as data; the code behind each is imported when it is asked for."""

from __future__ import annotations

from serkit.host import hookimpl
from serkit.host.specs import DatasetSpec, ProtocolSpec

_LOSO_NEXT = ProtocolSpec(
    name="loso_next",
    version=1,
    summary="A fold a speaker: tested on the speaker, developed on the next one in the cycle, trained on the others.",
    splitter="serkit.data.protocols:loso_next",
)

_DATASETS = [
    DatasetSpec(
        name="demo",
        summary="Synthetic speech: 240 utterances, 10 speakers, 4 emotions, 6 minutes, made here in seconds.",
        target="serkit_plugins.datasets.demo:Demo",
        license="Apache-2.0",
        labels={"angry": 60, "happy": 60, "neutral": 60, "sad": 60},
        speakers=10,
        protocols=(_LOSO_NEXT,),
        default_protocol="loso_next",
        embedded=True,
    ),
    DatasetSpec(
        name="emodb",
        summary="Berlin EMO-DB: 535 acted German sentences, 10 speakers, 7 emotions, 25 minutes.",
        target="serkit_plugins.datasets.emodb:EmoDb",
        citation="Burkhardt et al., A database of German emotional speech, Interspeech 2005",
        license="CC0-1.0",
        labels={"angry": 127, "boredom": 81, "disgust": 46, "fear": 69, "happy": 71, "neutral": 79, "sad": 62},
        speakers=10,
        protocols=(
            _LOSO_NEXT,
            ProtocolSpec(
                name="chen4",
                version=1,
                summary="The folds of loso_next that test 13, 14, 15 and 16: the speakers behind the printed confusion "
                "matrix of Chen 2018.",
                splitter="serkit.data.protocols:loso_next",
                options={"test_speakers": ["13", "14", "15", "16"]},
            ),
        ),
        default_protocol="loso_next",
        homepage="http://emodb.bilderbar.info",
        fetchable=True,
    ),
]


@hookimpl
def serkit_datasets() -> list[DatasetSpec]:
    """EMO-DB and the synthetic demo corpus."""
    return list(_DATASETS)
