"""The dataset plugin ``demo``: makes its corpus once, checks it, and refuses what is not it."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path, PureWindowsPath

import pytest

from serkit.data.progress import SilentProgress
from serkit.data.synth.corpus import METADATA, STAMP, VERSION, read_version
from serkit.errors import CorpusError
from serkit_plugins.datasets.demo import Demo
from serkit_plugins.datasets.hooks import serkit_datasets


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora") / "demo"
    Demo().fetch(folder, SilentProgress())
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "demo"))


def test_corpus_has_the_counts_its_spec_states(made: Path) -> None:
    corpus = Demo().load(made)
    spec = next(s for s in serkit_datasets() if s.name == "demo")
    assert Counter(u.label for u in corpus.utterances) == spec.labels
    assert list(corpus.labels) == list(spec.labels)
    assert len(corpus.speakers) == spec.speakers
    assert spec.embedded
    assert corpus.complete
    assert corpus.notes == ()
    first = corpus.utterances[0]
    assert (first.id, first.label, first.speaker, first.sex, first.text) == (
        "wav/f01_t01_angry", "angry", "f01", "f", "mola tizukən"
    )  # fmt: skip
    assert all(u.path.is_file() for u in corpus.utterances)


def test_a_name_alone_says_what_the_loader_says(made: Path) -> None:
    by_id = Demo().load(made).by_id()
    assert all(Demo().identify(u.path) == u for u in by_id.values())
    found = Demo().identify(PureWindowsPath(r"D:\corpora\demo\f01_t01_angry.flac"))
    assert found is not None
    assert (found.id, found.speaker) == ("wav/f01_t01_angry", "f01")
    assert Demo().identify(Path("f01_t99_angry.wav")) is None


def test_its_default_protocol_splits_it(made: Path) -> None:
    from serkit.data.protocols import make_protocol

    spec = next(s for s in serkit_datasets() if s.name == "demo")
    chosen = next(p for p in spec.protocols if p.name == spec.default_protocol)
    protocol = make_protocol(Demo().load(made), chosen)
    assert protocol.full_name == "demo/loso_next@1"
    assert [len(fold.test) for fold in protocol.folds] == [24] * 10


def test_a_whole_corpus_is_not_made_again(copy: Path) -> None:
    file = copy / "wav/f01_t01_sad.wav"
    file.write_bytes(b"kept")
    Demo().fetch(copy, SilentProgress())
    assert file.read_bytes() == b"kept"


def test_a_missing_file_is_noted_and_made_again(copy: Path) -> None:
    (copy / "wav/m02_t09_happy.wav").unlink()
    corpus = Demo().load(copy)
    assert not corpus.complete
    assert len(corpus.utterances) == 239
    assert corpus.notes == ("1 of the 240 recordings are missing: wav/m02_t09_happy.",)
    assert corpus.missing == ("wav/m02_t09_happy",)
    Demo().fetch(copy, SilentProgress())
    assert Demo().load(copy).complete


def test_an_older_version_is_refused_and_made_again(copy: Path) -> None:
    (copy / STAMP).write_text("0\n" if VERSION > 1 else f"{VERSION + 1}\n")
    old = copy / "wav/f01_t01_bored.wav"
    old.write_bytes(b"of the other version")
    with (copy / METADATA).open("a") as table:
        table.write("wav/f01_t01_bored.wav,f01,f,bored,t01\n")
    with pytest.raises(CorpusError, match=f"is of generator version .* this is version {VERSION}; leave out --data"):
        Demo().load(copy)
    Demo().fetch(copy, SilentProgress())
    assert read_version(copy) == VERSION
    assert not old.exists()
    assert Demo().load(copy).complete


def test_an_unfinished_corpus_is_refused_and_finished(copy: Path) -> None:
    (copy / STAMP).unlink()
    with pytest.raises(CorpusError, match=r"was not finished .*serkit data fetch demo"):
        Demo().load(copy)
    Demo().fetch(copy, SilentProgress())
    assert Demo().load(copy).complete


def test_a_changed_table_is_refused(copy: Path) -> None:
    text = (copy / METADATA).read_text()
    (copy / METADATA).write_text(text.replace("sad", "glad"))
    with pytest.raises(CorpusError, match="is not the table of the demo corpus"):
        Demo().load(copy)


def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "wav").mkdir()
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(CorpusError, match="is not the demo corpus"):
        Demo().load(tmp_path)
    with pytest.raises(CorpusError, match="holds something other than the demo corpus"):
        Demo().fetch(tmp_path, SilentProgress())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["letters.txt", "wav"]
    with pytest.raises(CorpusError, match="is a file"):
        Demo().fetch(tmp_path / "letters.txt", SilentProgress())


def test_a_folder_without_recordings_is_refused(copy: Path) -> None:
    shutil.rmtree(copy / "wav")
    with pytest.raises(CorpusError, match="No utterance of demo was found"):
        Demo().load(copy)


def test_a_new_version_gets_a_cache_folder_of_its_own() -> None:
    assert Demo.cache_name == f"demo-v{VERSION}"
