"""CASIA."""

from serkit.host.protocols import ALL_DATA, EMOBOX_CASIA, LOSO_NEXT, RANDOM_5FOLD, text_open
from serkit.host.specs import DatasetSpec

SPEC = DatasetSpec(
    name="casia",
    summary="CASIA: the 1,200 acted Mandarin sentences that circulate, 4 speakers, 6 emotions, 38 minutes.",
    target="serkit_plugins.datasets.casia:Casia",
    citation="Institute of Automation, Chinese Academy of Sciences, Chinese emotional speech corpus",
    license="by the institute; the rights of circulating copies are unclear",
    labels={"angry": 200, "fear": 200, "happy": 200, "neutral": 200, "sad": 200, "surprise": 200},
    speakers=4,
    protocols=(LOSO_NEXT, EMOBOX_CASIA, RANDOM_5FOLD, text_open(5), ALL_DATA),
    default_protocol="loso_next",
)
