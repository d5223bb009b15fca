"""Small copies of corpora that cannot be had freely: official layout, names and label files, noise for audio.

``TREES`` maps a dataset's name to ``write(root, whole=False)``, which makes a corpus below the folder ``root`` that its
loader reads: a few speakers, or with ``whole=True`` every file of the published corpus. Nothing in a tree is anyone's
speech; each file holds other noise, so that no two count as the same recording.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from serkit.testing.trees import casia, crema_d, emodb, iemocap, ravdess, savee, tess

Writer = Callable[..., Any]

TREES: Mapping[str, Writer] = {
    "casia": casia.write,
    "crema-d": crema_d.write,
    "emodb": emodb.write,
    "iemocap": iemocap.write,
    "ravdess": ravdess.write,
    "savee": savee.write,
    "tess": tess.write,
}
