"""The corpora that SerKit ships, as data; the code behind each is imported when it is asked for."""

from __future__ import annotations

from serkit.host import hookimpl
from serkit.host.specs import DatasetSpec
from serkit_plugins.datasets.specs import (
    audformat,
    casia,
    crema_d,
    csv,
    demo,
    emobox,
    emodb,
    iemocap,
    nkululeko,
    ravdess,
    savee,
    tess,
)


@hookimpl
def serkit_datasets() -> list[DatasetSpec]:
    """One spec a corpus, from the modules beside this one."""
    return [
        audformat.SPEC,
        casia.SPEC,
        crema_d.SPEC,
        csv.SPEC,
        demo.SPEC,
        emobox.SPEC,
        emodb.SPEC,
        iemocap.SPEC,
        nkululeko.SPEC,
        ravdess.SPEC,
        savee.SPEC,
        tess.SPEC,
    ]
