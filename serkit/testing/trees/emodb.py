"""A small EMO-DB in its official layout, as the 535 or with the recordings that release 2.0 adds."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Literal

from serkit.host import get_host
from serkit.testing.audio import write_noise


def write(root: Path, whole: bool = False, subset: Literal["535", "816"] = "535") -> Path:
    """Write noise named like EMO-DB below ``root`` and return it: two recordings of each emotion by the speakers 11, 13
    and 14, or with ``whole`` all 535.

    ``subset="816"`` adds to the 535 as many as release 2.0 does, 281, under names made up here: its own are not
    published in a form that could be restated.
    """
    names = get_host().load("dataset", "emodb").published()
    if not whole and subset == "535":
        cells: dict[str, list[str]] = {}
        for name in sorted(names):
            if name[:2] in ("11", "13", "14"):
                cells.setdefault(name[:2] + name[5], []).append(name)
        names = [name for cell in cells.values() for name in cell[:2]]
    if subset == "816":
        taken = set(names)
        speakers, texts, letters = ({x[part] for x in taken} for part in (slice(2), slice(2, 5), slice(5, 6)))
        every = (f"{s}{t}{e}{v}" for v in "ghabcdef" for s in sorted(speakers) for t in sorted(texts)
                 for e in sorted(letters))  # fmt: skip
        names = [*names, *islice((x for x in every if x not in taken), 281)]
    for name in names:
        write_noise(root / "wav" / f"{name}.wav", 0.01)
    return root
