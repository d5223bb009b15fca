"""SAVEE."""

from serkit.host.protocols import ALL_DATA, EMOBOX_SAVEE, LOSO_NEXT, RANDOM_5FOLD
from serkit.host.specs import DatasetSpec

SPEC = DatasetSpec(
    name="savee",
    summary="SAVEE: 480 acted British English sentences, 4 male speakers, 7 emotions, 31 minutes.",
    target="serkit_plugins.datasets.savee:Savee",
    citation="Haq and Jackson, Surrey Audio-Visual Expressed Emotion database, University of Surrey",
    license="free for research after registration",
    labels={"angry": 60, "disgust": 60, "fear": 60, "happy": 60, "neutral": 120, "sad": 60, "surprise": 60},
    speakers=4,
    protocols=(LOSO_NEXT, EMOBOX_SAVEE, RANDOM_5FOLD, ALL_DATA),
    default_protocol="loso_next",
    homepage="http://kahlan.eps.surrey.ac.uk/savee",
)
