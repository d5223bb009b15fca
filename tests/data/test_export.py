"""Corpora written as CSV manifests, and read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serkit.data.corpus import build, utterance_id
from serkit.data.export import write_manifest
from serkit.data.loading import load_corpus, make_dataset
from serkit.errors import CorpusError
from serkit.host import get_host
from serkit.testing.audio import write_noise
from serkit.testing.trees import TREES
from serkit.types import Corpus, Utterance


def read(path: Path, dataset: str = "csv") -> Corpus:
    host = get_host()
    registered: Any = host.get("dataset", dataset)
    return load_corpus(registered, make_dataset(registered, host.load("dataset", dataset)), path)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    a, b = write_noise(tmp_path / "w" / "a ä.wav", 1.0), write_noise(tmp_path / "b.wav", 1.0)
    rows = [
        Utterance(
            id="w/a ä", path=a, label="angry", speaker="s,1", sex="f", session="1", scenario="acted",
            text='He said "no",\nthen left', language="en", take="a", intensity="strong",
            extra={"age": "31", "split": "dev", "fold": "3"}, votes={"angry": 2.0, "a, b": 1 / 3},
        ),
        Utterance(id="b#0.1-0.30000000000000004", path=b, label="sad", speaker="", start=0.1, end=0.1 + 0.2),
    ]  # fmt: skip
    return build("mine", tmp_path, rows, ["angry", "sad"])


def test_a_manifest_reads_back_to_the_same_utterances(corpus: Corpus, tmp_path: Path) -> None:
    back = read(write_manifest(corpus, tmp_path / "m.csv"))
    assert back.labels == corpus.labels
    # the reader writes times in ids to the microsecond
    assert back.utterances == (replace(corpus.utterances[0], id="b#0.1-0.3"), corpus.utterances[1])


@pytest.mark.parametrize("name", sorted(TREES))
def test_every_corpus_reads_back(name: str, tmp_path: Path) -> None:
    TREES[name](tmp_path / "tree")
    corpus = read(tmp_path / "tree", name)
    back = read(write_manifest(corpus, tmp_path / "m.csv"))
    assert back.labels == tuple(sorted({u.label for u in corpus.utterances}))
    found = {u.path: u for u in back.utterances}
    assert [found[u.path] for u in corpus.utterances] == [
        replace(u, id=utterance_id(u.path, tmp_path)) for u in corpus.utterances
    ]


def test_elsewhere_files_are_absolute_and_nothing_else_changes(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    back = read(write_manifest(corpus, tmp_path / "other" / "m.csv"))
    order = sorted(back.utterances, key=lambda u: u.path)
    assert [replace(u, id="") for u in order] == [replace(u, id="") for u in corpus.utterances]
    assert {u.id for u in back.utterances} == {"w/a ä", "b#0.1-0.3"}


def test_nothing_is_overwritten(corpus: Corpus, tmp_path: Path) -> None:
    path = write_manifest(corpus, tmp_path / "m.csv")
    before = path.read_bytes()
    with pytest.raises(CorpusError, match="exists; name another file"):
        write_manifest(corpus, path)
    assert path.read_bytes() == before
    with pytest.raises(CorpusError, match="cannot be written"):
        write_manifest(corpus, tmp_path / "none" / "m.csv")


def test_a_name_that_begins_with_a_space_is_found_again(tmp_path: Path) -> None:
    """Cells lose the spaces at their ends, and the file was not found."""
    one = Utterance(id=" a", path=write_noise(tmp_path / " a.wav", 0.1), label="sad", speaker="s")
    assert read(write_manifest(build("mine", tmp_path, [one], ["sad"]), tmp_path / "m.csv")).utterances == (one,)


@pytest.mark.parametrize("key", ["file", "text", "", " age", "Take", "Fold", "Votes:sad"])
def test_metadata_that_cannot_be_a_column_is_refused(corpus: Corpus, tmp_path: Path, key: str) -> None:
    rows = [replace(u, extra={key: "x"}) for u in corpus.utterances]
    with pytest.raises(CorpusError, match="cannot be a column of its own"):
        write_manifest(replace(corpus, utterances=tuple(rows)), tmp_path / "m.csv")
