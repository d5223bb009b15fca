"""Every corpus that has a tree, whole and as people have it by mistake: refused in one sentence that names the path, or
read with a note that says what was left out or is missing; never silently."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from serkit.data import audio
from serkit.data.corpus import few
from serkit.data.loading import check_recordings, load_corpus, make_dataset
from serkit.data.progress import SilentProgress
from serkit.data.protocols import make_protocol
from serkit.errors import CorpusError, SerkitError
from serkit.host import Registered, get_host
from serkit.testing.audio import write_noise
from serkit.testing.trees import TREES
from serkit.types import Corpus

NAMES = sorted(TREES)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 123456\n"

every_corpus = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small tree of each corpus, read only."""
    root = tmp_path_factory.mktemp("trees")
    for name, write in TREES.items():
        write(root / name)
    return {name: root / name for name in TREES}


@pytest.fixture
def tree(trees: dict[str, Path], name: str, tmp_path: Path) -> Path:
    """A copy of the corpus under test whose files may be moved and replaced, but not written into: they are links,
    since thousands of copies would take a minute."""
    return linked(trees[name], tmp_path / "tree")


def linked(root: Path, copy: Path) -> Path:
    return Path(shutil.copytree(root, copy, copy_function=os.link))


def replaced(path: Path, content: bytes) -> Path:
    """``path`` with other content, and the file that it was a link to as it is."""
    path.unlink()
    path.write_bytes(content)
    return path


def registered(name: str) -> Registered[Any]:
    return get_host().get("dataset", name)


def load(name: str, root: Path) -> Corpus:
    return load_corpus(registered(name), make_dataset(registered(name), get_host().load("dataset", name)), root)


def refusal(name: str, root: Path) -> str:
    """The sentence with which ``root`` is refused, checked to be one."""
    with pytest.raises(CorpusError) as caught:
        load(name, root)
    said = str(caught.value)
    assert str(root) in said
    one_sentence(said)
    return said


def one_sentence(said: str) -> None:
    assert "\n" not in said
    assert said.endswith(".")
    assert ". " not in said.replace("e.g. ", "")


def identity(corpus: Corpus) -> tuple[str, list[str]]:
    """Protocol hash and ids: what must not depend on where and how a copy lies."""
    specs = {p.name: p for p in registered(corpus.name).spec.protocols}
    return make_protocol(corpus, specs["all_data"]).hash, [u.id for u in corpus.utterances]


def recordings(root: Path) -> list[Path]:
    return [p for p in audio.find(root) if p.stat().st_size > 0]


@every_corpus
def test_an_empty_folder(name: str, tmp_path: Path) -> None:
    assert "it is empty" in refusal(name, tmp_path)


@every_corpus
def test_a_folder_that_is_not_there(name: str, tmp_path: Path) -> None:
    refusal(name, tmp_path / "no such folder")


@every_corpus
def test_a_file_where_a_folder_is_expected(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    assert "is not a folder" in refusal(name, tmp_path / "a.wav")


@every_corpus
def test_a_folder_without_audio(name: str, tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("to be downloaded")
    assert "it holds no audio files" in refusal(name, tmp_path)


@every_corpus
@pytest.mark.parametrize("other", NAMES)
def test_the_tree_of_another_corpus(name: str, other: str, trees: dict[str, Path]) -> None:
    if name == other:
        assert load(name, trees[name]).name == name
        return
    said = refusal(name, trees[other])
    guess = {"emodb": "EMO-DB"}.get(other, other.upper())
    assert f"which looks like {guess}" in said


@every_corpus
def test_an_archive_that_was_not_unpacked(name: str, tmp_path: Path) -> None:
    (tmp_path / "corpus.tar.gz").write_bytes(b"\x1f\x8b")
    assert "no audio files, but the archive corpus.tar.gz, which must be unpacked" in refusal(name, tmp_path)


@pytest.fixture(scope="module", params=NAMES)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A corpus with every recording that was published; whoever takes one away puts it back."""
    root = tmp_path_factory.mktemp("whole")
    TREES[request.param](root, whole=True)
    return request.param, root


def test_a_whole_corpus_is_what_its_spec_says_and_its_protocols_split_it(whole: tuple[str, Path]) -> None:
    name, root = whole
    corpus, spec = load(name, root), registered(name).spec
    assert (corpus.complete, corpus.missing) == (True, ())
    assert Counter(u.label for u in corpus.utterances) == spec.labels
    assert len(corpus.speakers) == spec.speakers
    for protocol in spec.protocols:
        assert make_protocol(corpus, protocol).folds


def test_a_copy_that_lacks_recordings_says_which(whole: tuple[str, Path]) -> None:
    name, root = whole
    before = load(name, root)
    one, two = before.utterances[1], before.utterances[-1]
    for u in (one, two):
        u.path.rename(u.path.with_suffix(".away"))
    try:
        after = load(name, root)
    finally:
        for u in (one, two):
            u.path.with_suffix(".away").rename(u.path)
    assert not after.complete
    assert len(after.utterances) == len(before.utterances) - 2
    notes = " ".join(n for n in after.notes if n not in before.notes)
    assert one.id in notes
    assert two.id in notes
    assert set(after.missing) == {one.id, two.id}
    for note in after.notes:
        one_sentence(note)


@every_corpus
def test_a_copy_that_lacks_a_speaker_says_whom(name: str, tree: Path) -> None:
    before = load(name, tree)
    gone = before.speakers[0]
    for u in before.utterances:
        if u.speaker == gone:
            u.path.unlink()
    after = load(name, tree)
    assert not after.complete
    assert after.speakers == before.speakers[1:]
    assert any(gone in note for note in after.notes)


@every_corpus
def test_extra_files_are_left_out_and_audio_is_noted(name: str, tree: Path) -> None:
    before = load(name, tree)
    deep = before.utterances[0].path.parent
    extra = sorted([write_noise(tree / "my own voice.wav"), write_noise(deep / "zz_test.WAV")])
    (tree / "remarks.txt").write_text("not audio, so nothing is said of it")
    after = load(name, tree)
    assert after.utterances == before.utterances
    said = [note for note in after.notes if note not in before.notes]
    assert len(said) == 1
    for path in extra:
        assert path.name in said[0]
    assert "2 " in said[0]
    one_sentence(said[0].replace(str(tree), "here"))


@every_corpus
@pytest.mark.parametrize("folder", ["with spaces (1)", "Müller – 語料", "Mu\u0308ller", "50% #2 'x'"])
def test_where_a_copy_lies_changes_nothing(name: str, folder: str, trees: dict[str, Path], tmp_path: Path) -> None:
    root = linked(trees[name], tmp_path / folder / name)
    assert identity(load(name, root)) == identity(load(name, trees[name]))


@every_corpus
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are not Unicode")
def test_names_that_are_not_unicode(name: str, tree: Path, tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tree) + b"/gr\xfcn.wav")).touch()
    assert any(r"gr\udcfcn.wav" in note for note in load(name, tree).notes)
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/gr\xfcn"))
    tree.rename(folder)
    with pytest.raises(CorpusError, match=r"gr\\udcfcn is not valid UTF-8; rename it\.") as caught:
        load(name, folder)
    one_sentence(str(caught.value))


@every_corpus
def test_one_folder_more_or_less_changes_nothing(name: str, trees: dict[str, Path], tmp_path: Path) -> None:
    linked(trees[name], tmp_path / "above" / name)
    assert identity(load(name, tmp_path / "above")) == identity(load(name, trees[name]))


@every_corpus
def test_a_folder_of_links_is_the_corpus(name: str, trees: dict[str, Path], tmp_path: Path) -> None:
    """Large corpora are linked together from several disks. IEMOCAP's recordings were found behind a link and its
    labels were not."""
    for folder in trees[name].iterdir():
        (tmp_path / folder.name).symlink_to(folder)
    assert identity(load(name, tmp_path)) == identity(load(name, trees[name]))


@every_corpus
def test_upper_case_suffixes_count_alike(name: str, tree: Path) -> None:
    before = load(name, tree)
    for path in recordings(tree):
        path.rename(path.with_suffix(path.suffix.upper()))
    after = load(name, tree)
    assert identity(after) == identity(before)
    assert after.notes == before.notes


@every_corpus
def test_hidden_files_of_other_systems_are_no_recordings(name: str, tree: Path) -> None:
    before = load(name, tree)
    for path in recordings(tree):
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    (tree / ".DS_Store").write_bytes(b"\0")
    (tree / ".Trash").mkdir()
    shutil.copy(recordings(tree)[0], tree / ".Trash" / "old.wav")
    assert load(name, tree) == before


@every_corpus
def test_the_order_of_a_directory_means_nothing(name: str, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load(name, tree)
    walk, iterdir = os.walk, Path.iterdir

    def backwards(*args: Any, **rest: Any) -> Any:
        for folder, subfolders, names in walk(*args, **rest):
            subfolders.sort(reverse=True)
            yield folder, subfolders, sorted(names, reverse=True)

    monkeypatch.setattr(os, "walk", backwards)
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(sorted(iterdir(self), reverse=True)))
    assert load(name, tree) == before


@every_corpus
def test_a_path_alone_says_what_the_loader_says(name: str, trees: dict[str, Path]) -> None:
    dataset = make_dataset(registered(name), get_host().load("dataset", name))
    for u in load(name, trees[name]).utterances:
        below = u.path.relative_to(trees[name])
        for path in (below, u.path, PureWindowsPath("C:\\corpora", name, *below.parts)):
            found = dataset.identify(path)
            assert (found.id, found.speaker, found.sex, found.session) == (u.id, u.speaker, u.sex, u.session)
            assert found.label in (u.label, "")  # a corpus with label files does not say it in names
    for path in ("readme.txt", "a/b.wav", "", ".", "x y/z.w.a.v"):
        assert dataset.identify(PurePosixPath(path)) is None


@every_corpus
@pytest.mark.parametrize("odd", ["\N{LATIN SMALL LETTER LONG S}", "\N{ARABIC-INDIC DIGIT ONE}", "\ud800"])
def test_characters_that_only_look_alike_make_no_name(name: str, odd: str, trees: dict[str, Path]) -> None:
    """Python takes a long s for an s where case does not count, and the digits of any script: SAVEE's loader fell over
    the first, EMO-DB's and IEMOCAP's made ids of them, and CASIA's fell over half a surrogate pair of a table."""
    dataset = make_dataset(registered(name), get_host().load("dataset", name))
    names = [u.path.relative_to(trees[name]) for u in load(name, trees[name]).utterances]
    for below, k in ((path, k) for path in names for k in range(len(path.stem))):
        path = below.with_name(f"{below.stem[:k]}{odd}{below.stem[k + 1 :]}.wav")
        for folder in ("", odd):
            found = dataset.identify(PurePosixPath(folder, path))
            assert found is None or found.id.isascii(), path


@every_corpus
def test_git_lfs_pointers_are_explained(name: str, tree: Path) -> None:
    paths = recordings(tree)
    for path in paths:
        replaced(path, POINTER)
    with pytest.raises(CorpusError, match="git lfs pull") as caught:
        load(name, tree)
    said = str(caught.value)
    assert str(tree) in said
    one_sentence(said)


@every_corpus
def test_a_file_of_no_bytes_is_named_by_the_check(name: str, tree: Path) -> None:
    corpus = load(name, tree)
    empty = replaced(corpus.utterances[3].path, b"")
    kind = registered(name)
    dataset = make_dataset(kind, get_host().load("dataset", name))
    try:
        problems = list(check_recordings(kind, dataset, load(name, tree), tree, SilentProgress()))
    except SerkitError as error:  # a loader that reads lengths finds it before
        problems = [str(error)]
    about = [line for line in problems if str(empty) in line]
    assert len(about) == 1, few(problems, 3)
    assert "is an empty file (0 bytes)" in about[0]
    one_sentence(about[0])
