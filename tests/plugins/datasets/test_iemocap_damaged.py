"""IEMOCAP copies that are not whole, not IEMOCAP or damaged: each is told in one sentence that names the place."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from serkit.data.loading import load_corpus, make_dataset
from serkit.errors import ConfigError, CorpusError
from serkit.host import get_host
from serkit.testing.trees import iemocap
from serkit.types import Corpus
from serkit_plugins.datasets.iemocap.loader import Iemocap


def load(root: Path, **options: Any) -> Corpus:
    return Iemocap(**options).load(root)


def refused(root: Path, **options: Any) -> str:
    with pytest.raises(CorpusError) as caught:
        load(root, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def whole(whole_iemocap: Path, tmp_path: Path) -> Path:
    """A copy of the whole tree whose label files may be changed and whose recordings may be removed."""
    for session in (whole_iemocap / "IEMOCAP_full_release").iterdir():
        shutil.copytree(session / "sentences", tmp_path / session.name / "sentences", copy_function=os.link)
        shutil.copytree(session / "dialog/EmoEvaluation", tmp_path / session.name / "dialog/EmoEvaluation")
    return tmp_path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small tree in a folder whose name has a space and an umlaut."""
    iemocap.write(tmp_path, release="IEMOCAP für mich")
    return tmp_path / "IEMOCAP für mich"


def labels_of(root: Path, dialogue: str) -> Path:
    return root / f"Session{dialogue[4]}" / "dialog" / "EmoEvaluation" / f"{dialogue}.txt"


def header(path: Path) -> tuple[int, str]:
    """Number and text of the first line of ``path`` that has a label."""
    lines = path.read_text("latin-1").splitlines()
    return next((k, line) for k, line in enumerate(lines, 1) if line.startswith("["))


def test_one_lost_line_is_told(whole: Path) -> None:
    path = labels_of(whole, "Ses02F_impro03")
    lines = path.read_text("latin-1").splitlines()
    k = next(k for k, line in enumerate(lines) if "\tneu\t" in line)
    lost = lines.pop(k).split("\t")[1]
    path.write_text("\n".join(lines), "latin-1")
    corpus = load(whole)
    notes = "\n".join(corpus.notes)
    assert not corpus.complete
    assert len(corpus.utterances) == 2279
    assert "Utterances per class differ from the published corpus: neutral 1098 of 1099." in notes
    published = {"F": 90, "M": 127}[lost[-4]]
    assert f"differ from the published corpus: Ses02{lost[-4]} neu {published - 1} of {published}." in notes
    assert f"1 recordings have no label and were left out: {lost}." in notes


def test_half_the_corpus_cannot_go_missing_unseen(whole: Path) -> None:
    # a loader of the field lost all scripted turns by one missing line of code, and nobody saw it
    for path in whole.glob("Session*/dialog/EmoEvaluation/*_script*.txt"):
        path.unlink()
    corpus = load(whole, scenario="all", merge_excited=True)
    assert (len(corpus.utterances), corpus.complete) == (2943, False)
    notes = "\n".join(corpus.notes)
    assert "71 of the 151 dialogues are missing: Ses01F_script01_1, " in notes
    assert "angry 289 of 1103, happy 947 of 1636, neutral 1099 of 1708, sad 608 of 1084." in notes
    assert "5255 recordings have no label and were left out: " in notes
    assert load(whole).complete  # of the improvised turns nothing is missing
    assert "holds no labels of IEMOCAP's scripted dialogues" in refused(whole, scenario="scripted")


def test_a_lost_recording_is_named(whole: Path) -> None:
    lost = load(whole).utterances[7]
    lost.path.unlink()
    corpus = load(whole)
    assert (corpus.complete, corpus.missing, len(corpus.utterances)) == (False, (lost.id,), 2279)
    assert f"1 of the 2280 recordings of labelled turns are missing: {lost.id}." in corpus.notes
    shutil.rmtree(whole / "Session4" / "sentences" / "wav" / "Ses04M_impro02")
    notes = "\n".join(load(whole).notes)
    assert re.search(r"\d+ of the 2280 recordings of labelled turns are missing: .*Ses04M_impro02_", notes)


def test_a_partial_copy_says_which_dialogues_it_lacks(whole: Path) -> None:
    shutil.rmtree(whole / "Session3")
    corpus = load(whole)
    assert not corpus.complete
    assert "18 of the 80 dialogues are missing: Ses03F_impro01, " in "\n".join(corpus.notes)
    assert "happy 224 of 284" in "\n".join(corpus.notes)


def test_transcripts_may_be_absent_and_that_is_told(small: Path) -> None:
    shutil.rmtree(small / "Session2" / "dialog" / "transcriptions")
    corpus = load(small)
    assert {u.session for u in corpus.utterances if u.text is None} == {"Ses02"}
    assert any(n.startswith("16 of the 80 transcripts are missing: Ses02F_impro") for n in corpus.notes)


def test_extra_files_are_told_and_hidden_ones_are_not(small: Path) -> None:
    expected = load(small)
    wav = small / "Session1" / "sentences" / "wav"
    (wav / "readme.wav").touch()
    (wav / "Ses01F_impro01" / "._Ses01F_impro01_M099.wav").touch()
    labels_of(small, "Ses01F_impro01").with_name("Ses01F_impro01 (copy).txt").write_text("[nonsense")
    labels_of(small, "Ses01F_impro01").with_name("notes.md").touch()
    shutil.copy(wav / "Ses01F_impro01" / "Ses01F_impro01_F000.wav", wav / "Ses01F_impro01_F000.wav")
    corpus = load(small)
    assert [u.id for u in corpus.utterances] == [u.id for u in expected.utterances]
    notes = "\n".join(n for n in corpus.notes if n not in expected.notes)
    assert re.search(
        r"1 audio file in .* is not named as IEMOCAP's and was left out \(Session1/sentences/wav/readme\.wav\)", notes
    )
    assert "1 recording of IEMOCAP is there more than once" in notes
    assert (
        "1 text files in dialog/EmoEvaluation are not named as dialogues of IEMOCAP and were left out: "
        "Ses01F_impro01 (copy).txt." in notes
    )
    assert "._" not in notes
    assert notes.count("\n") == 2


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "it is empty"),
        (["notes.txt"], "it holds no audio files"),
        (["Actor_01/03-01-05-01-02-01-01.wav"], "which looks like RAVDESS"),
        (["wav/03a01Fa.wav"], "which looks like EMO-DB"),
        (["wav/Ses01F_impro01.wav"], "all that was seen is wav/Ses01F_impro01.wav"),
    ],
)
def test_another_folder_is_refused(tmp_path: Path, files: list[str], words: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    said = refused(tmp_path)
    assert words in said
    assert f"{tmp_path} does not hold IEMOCAP: expected were the folders Session1 to Session5" in said


def test_a_missing_folder_and_a_copy_without_labels_or_sound_are_refused(small: Path) -> None:
    assert "is not a folder" in refused(small / "no")
    for session in small.iterdir():
        shutil.rmtree(session / "sentences")
    assert "holds labels of IEMOCAP but no recordings of its improvised turns" in refused(small)
    iemocap.write(small.parent, release=small.name)
    for session in small.iterdir():
        shutil.rmtree(session / "dialog")
    assert "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt; copy them" in refused(small)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda x: x.replace("\tang\t", "\tagn\t").replace("\tneu\t", "\tagn\t"),
            "emotion code 'agn'; IEMOCAP has",
        ),
        (lambda x: x.replace(" - ", " to "), "is not a turn of IEMOCAP ('["),
        (lambda x: x.replace("Ses01F", "Ses09F"), "is not a turn of IEMOCAP ('["),
        (lambda x: x[:40], "is not a turn of IEMOCAP ('["),
        (lambda x: re.sub(r"^\[\S+", "[99.5000", x), "start at 99.5 s and end at "),
        (lambda x: re.sub(r"^\[(\S+) - \S+\]", r"[\1 - \1]", x), "a turn ends after its start"),
    ],
)
def test_a_damaged_label_is_refused_with_file_and_line(small: Path, change: Any, words: str) -> None:
    path = labels_of(small, "Ses01F_impro01")
    number, line = header(path)
    line_with_class = re.sub(r"\t[a-z]{3}\t", "\tang\t", line)
    path.write_text(path.read_text("latin-1").replace(line, change(line_with_class), 1), "latin-1")
    said = refused(small)
    assert said.startswith(f"{path}, line {number} ")
    assert words in said


def test_a_turn_labelled_twice_is_refused_with_both_places(small: Path) -> None:
    path = labels_of(small, "Ses02F_impro01")
    number, line = header(path)
    with path.open("a", encoding="latin-1") as file:
        file.write("\n" + line + "\n")
    last = len(path.read_text("latin-1").splitlines())
    assert f"labelled twice ({path}, line {number} and {path}, line {last}); keep one" in refused(small)


def test_a_copy_of_a_session_is_told_and_one_that_differs_is_refused(small: Path) -> None:
    expected = load(small)
    again = small / "backup" / "Session2"
    shutil.copytree(small / "Session2", again)
    corpus = load(small)
    assert [u.id for u in corpus.utterances] == [u.id for u in expected.utterances]
    notes = "\n".join(n for n in corpus.notes if n not in expected.notes)
    assert re.search(r"\d+ recordings of IEMOCAP are there more than once with the same samples", notes)
    assert "8 text files are copies of others of the same name and were left out: " in notes
    assert notes.count("\n") == 1
    path = labels_of(again.parent, "Ses02F_impro01")
    path.write_text(path.read_text("latin-1") + "\n", "latin-1")
    assert refused(small) == (
        f"{labels_of(small, 'Ses02F_impro01')} and {path} are of one dialogue but differ; remove the one that is wrong."
    )


def test_two_recordings_of_one_name_that_differ_are_refused(small: Path) -> None:
    folder = small / "Session1" / "sentences" / "wav" / "Ses01F_impro01"
    first, second = sorted(folder.glob("Ses*_F00*.wav"))[:2]
    shutil.copy(second, folder.parent / first.name)
    assert f"named as the recording {first.stem}, but their samples differ" in refused(small)


def test_lines_that_are_neither_turns_nor_votes_are_told(small: Path) -> None:
    path = labels_of(small, "Ses01F_impro01")
    lines = path.read_text("latin-1").splitlines()
    path.write_text("\n".join(["E2 Happiness", *lines, "???"]), "latin-1")
    (note,) = [n for n in load(small).notes if "neither turns nor votes" in n]
    assert note.startswith("2 lines of dialog/EmoEvaluation")
    assert f"{path}, line 1, {path}, line {len(lines) + 2}." in note


def test_transcripts_that_are_damaged_or_there_twice(small: Path) -> None:
    path = small / "Session1" / "dialog" / "transcriptions" / "Ses01F_impro01.txt"
    content = path.read_text("latin-1").rstrip()
    first = re.search(r"^(Ses\S+_[FM]\d{3}) ", content, re.MULTILINE)
    assert first is not None
    path.write_text(content + f"\n{first[1]} [001.0-002.0]: Other words.", "latin-1")
    (note,) = [n for n in load(small).notes if "have one already" in n]
    last = content.count("\n") + 2
    assert note.endswith(f"the first one was taken: {path}, line {last}.")
    assert "Other words." not in {u.text for u in load(small).utterances}
    path.write_text(content + "\nSes01F_impro01_F1 [001.0-002.0]: Words.", "latin-1")
    corpus = load(small)
    (note,) = [n for n in corpus.notes if "begin like a turn" in n]
    assert note.endswith(f"are no transcript and were left out: {path}, line {last}.")
    assert "Words." not in {u.text for u in corpus.utterances}


def test_a_byte_order_mark_hides_no_first_line(small: Path) -> None:
    """Editors put one before Latin-1 as well, where it was read as three letters of the first turn's name."""
    plain = load(small)
    for path in sorted(small.glob("*/dialog/transcriptions/Ses*.txt")):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(small) == plain


def test_label_folders_in_lower_case_are_found(small: Path) -> None:
    plain = load(small)
    for folder in sorted(small.glob("*/dialog/EmoEvaluation")):
        folder.rename(folder.with_name("emoevaluation"))
    assert load(small) == plain


def test_pointers_of_git_lfs_are_refused(small: Path) -> None:
    host = get_host()
    registered = host.get("dataset", "iemocap")
    dataset = make_dataset(registered, host.load("dataset", "iemocap"))
    path = load(small).utterances[0].path
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(CorpusError, match=f"stand in for 1 of the 80 .*{path.name}"):
        load_corpus(registered, dataset, small)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scenarios": "all"}, r"unknown key 'dataset\.scenarios'; did you mean 'scenario'"),
        ({"scenario": "acted"}, r"dataset\.scenario: input should be 'improvised', 'scripted' or 'all'"),
        ({"classes": 4}, r"dataset\.classes: input should be 'four', 'seven' or 'all'"),
        ({"merge_excited": "maybe"}, r"dataset\.merge_excited"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Iemocap(**options)
