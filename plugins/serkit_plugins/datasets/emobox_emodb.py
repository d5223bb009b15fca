"""EmoBox's folds of EMO-DB, whose test parts it lists file by file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from serkit.data.splits.groups import emobox_listed
from serkit.types import Corpus, Fold


def emobox(corpus: Corpus) -> list[Fold]:
    """Five folds of 107 files; all ten speakers are in each test part. Raises ProtocolError for any but the 535."""
    return emobox_listed(corpus, listed())


@cache
def listed() -> dict[str, str]:
    """Id of each of the 535 to the name of the fold that tests it."""
    lines = Path(__file__).with_name("emobox_emodb.txt").read_text(encoding="ascii").splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {f"{start}{file[:2]}": f"fold{file[2]}" for start, *files in rows for file in files}
