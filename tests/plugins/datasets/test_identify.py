"""Every dataset that reads names of files alone says of each what its loader says."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from serkit.host import get_host
from serkit.testing.trees import TREES


@pytest.mark.parametrize("name", sorted(TREES))
def test_a_name_says_what_the_loader_says(name: str, tmp_path: Path) -> None:
    TREES[name](tmp_path)
    dataset = get_host().load("dataset", name)()
    corpus = dataset.load(tmp_path)
    assert len(corpus.utterances) > 10
    for u in corpus.utterances:
        relative = u.path.relative_to(tmp_path)
        for path in (PurePosixPath(relative.as_posix()), PureWindowsPath(relative)):
            found = dataset.identify(path)
            assert found is not None, path
            assert (found.speaker, found.session, found.sex) == (u.speaker, u.session, u.sex)
    assert dataset.identify(PurePosixPath("somewhere/music.wav")) is None
