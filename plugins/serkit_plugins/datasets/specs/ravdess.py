"""RAVDESS."""

from serkit.host.protocols import ALL_DATA, EMOBOX_RAVDESS, LOSO_NEXT, RANDOM_5FOLD, actor_groups, text_open
from serkit.host.specs import DatasetSpec

SPEC = DatasetSpec(
    name="ravdess",
    summary="RAVDESS: 1,440 acted English sentences, 24 actors, 8 emotions, 1.5 hours; 1,012 sung ones as an option.",
    target="serkit_plugins.datasets.ravdess:Ravdess",
    citation="Livingstone and Russo, The Ryerson Audio-Visual Database of Emotional Speech and Song, PLoS ONE 2018",
    license="CC-BY-NC-SA-4.0",
    labels={
        "angry": 192,
        "calm": 192,
        "disgust": 192,
        "fear": 192,
        "happy": 192,
        "neutral": 96,
        "sad": 192,
        "surprise": 192,
    },
    speakers=24,
    protocols=(LOSO_NEXT, actor_groups(6), EMOBOX_RAVDESS, RANDOM_5FOLD, text_open(2), ALL_DATA),
    default_protocol="loso_next",
    homepage="https://zenodo.org/records/1188976",
    fetchable=True,
)
