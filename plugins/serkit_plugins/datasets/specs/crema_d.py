"""CREMA-D."""

from serkit.host.protocols import ALL_DATA, RANDOM_5FOLD, actor_groups, text_open
from serkit.host.specs import DatasetSpec

SPEC = DatasetSpec(
    name="crema-d",
    summary="CREMA-D: 7,442 acted English sentences, 91 actors, 6 emotions, 5.3 hours; intended or perceived labels.",
    target="serkit_plugins.datasets.crema_d:CremaD",
    citation="Cao et al., CREMA-D: Crowd-sourced emotional multimodal actors dataset, IEEE Trans. Affect. Comput. 2014",
    license="ODbL-1.0",
    labels={"angry": 1271, "disgust": 1271, "fear": 1271, "happy": 1271, "neutral": 1087, "sad": 1271},
    speakers=91,
    protocols=(actor_groups(5), RANDOM_5FOLD, text_open(4), ALL_DATA),
    default_protocol="actor_groups",
    homepage="https://github.com/CheyneyComputerScience/CREMA-D",
)
