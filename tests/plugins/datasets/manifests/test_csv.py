"""CSV manifests: what is read, what is refused and in which words; a whole run, and a table over real recordings."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serkit.cli.main import invoke
from serkit.data.protocols import make_protocol
from serkit.errors import ConfigError, ProtocolError
from serkit.testing.audio import write_noise
from serkit.types import Corpus
from serkit_plugins.datasets.manifests.csv_manifest import CsvManifest
from serkit_plugins.datasets.specs.csv import SPEC

Load = Callable[..., Corpus]
Refused = Callable[..., str]


def manifest(folder: Path, text: str, *files: str, name: str = "manifest.csv", seconds: float = 1.0) -> Path:
    """A manifest of ``text`` and the recordings it names."""
    for file in files:
        write_noise(folder / file, seconds)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def reader() -> str:
    return "csv"


def test_every_column_finds_its_place(tmp_path: Path, load: Load) -> None:
    path = manifest(
        tmp_path,
        "file,emotion,start,end,speaker,sex,session,scenario,text,language,split,fold,corpus,take,intensity,quality\n"
        'w/a.wav,anger,0.25,0.75,s1,F,1,acted,"Hello, you",en,valid,3,mine,a,strong,good\n'
        "w/b.wav,odd,,,,,,,,,,,,,,\n",
        "w/a.wav",
        "w/b.wav",
    )
    corpus = load(path)
    a, b = corpus.utterances
    assert (a.id, a.path, a.label, a.start, a.end) == ("w/a#0.25-0.75", tmp_path / "w/a.wav", "angry", 0.25, 0.75)
    assert (a.speaker, a.sex, a.session, a.scenario, a.text) == ("s1", "f", "1", "acted", "Hello, you")
    assert (a.language, a.take, a.intensity) == ("en", "a", "strong")
    assert a.extra == {"corpus": "mine", "fold": "3", "split": "dev", "quality": "good"}
    assert (b.id, b.label, b.speaker, b.sex, b.start, b.end, b.extra) == ("w/b", "odd", "", None, 0.0, None, {})
    assert (corpus.name, corpus.root, corpus.labels, corpus.complete) == ("csv", tmp_path, ("angry", "odd"), True)
    assert corpus.notes[0] == "Columns kept as metadata: quality."
    assert "anger to angry (1)" in corpus.notes[1]


def test_votes_are_columns_named_after_classes(tmp_path: Path, load: Load, refused: Refused) -> None:
    path = manifest(
        tmp_path,
        "file,emotion,votes:happiness,Votes:joy,votes:sad,votes:,odd\na.wav,sad,1,2,0.5,9,\nb.wav,sad,,,,,\n",
        "a.wav",
        "b.wav",
    )
    a, b = load(path).utterances
    assert a.votes == {"happy": 3.0, "sad": 0.5}  # two names of one class
    assert b.votes == {}
    assert load(path).notes[0] == "Columns kept as metadata: votes:."
    assert load(path, canonical=False).utterances[0].votes == {"happiness": 1.0, "joy": 2.0, "sad": 0.5}
    for cell in ("x", "-1", "nan", "inf"):
        bad = manifest(tmp_path, f"file,emotion,votes:sad\na.wav,sad,{cell}\n", "a.wav", name="bad.csv")
        assert f"bad.csv, line 2: votes:sad is {cell!r}; a number of votes from 0 on" in refused(bad)


def test_columns_without_a_cell_are_no_metadata(tmp_path: Path, load: Load) -> None:
    path = manifest(tmp_path, "file,emotion,x,,\na.wav,sad,,,1\nb.wav,sad,,,\n", "a.wav", "b.wav")
    assert load(path).notes == ("Columns kept as metadata: column_5.",)


def test_labels_may_stay_as_written_or_be_declared(tmp_path: Path, load: Load, refused: Refused) -> None:
    path = manifest(tmp_path, "file,emotion\na.wav,Anger\nb.wav,sad\n", "a.wav", "b.wav")
    assert load(path, canonical=False).labels == ("Anger", "sad")
    assert load(path, labels=["sad", "anger"]).labels == ("sad", "angry")
    words = refused(path, labels=["happy", "sad"])
    assert f"{path}, line 2: unknown label 'Anger'; the option labels declares happy, sad." in words
    assert "did you mean 'sadd'?" in refused(path, labels=["angry", "sadd"])


@pytest.mark.parametrize("name", ["manifest.csv", "other.CSV"])
def test_the_manifest_of_a_folder_is_found(tmp_path: Path, name: str, load: Load) -> None:
    manifest(tmp_path, "file,emotion\na.wav,sad\n", "a.wav", name=name)
    (tmp_path / "._x.csv").write_bytes(b"\0\5\x16\7")
    assert [u.id for u in load(tmp_path).utterances] == ["a"]


def test_a_folder_without_one_manifest_is_told(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "empty").mkdir()
    assert "it is empty" in refused(tmp_path / "empty")
    write_noise(tmp_path / "emo" / "03a01Fa.wav")
    assert "which looks like EMO-DB" in refused(tmp_path / "emo")
    for name in ("a.csv", "b.csv"):
        manifest(tmp_path / "two", "file,emotion\nx.wav,sad\n", name=name)
    assert "holds 2 CSV files (a.csv, b.csv); name one of them with --data" in refused(tmp_path / "two")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["wäv x/Größe 1.wav", "wäv x\\Größe 1.wav", "./wäv x//Größe 1.wav"])
def test_paths_of_any_system_give_one_id(tmp_path: Path, written: str, form: Any, load: Load) -> None:
    write_noise(tmp_path / unicodedata.normalize("NFC", "wäv x") / unicodedata.normalize("NFD", "Größe 1.wav"))
    path = manifest(tmp_path, f"file,emotion\n{unicodedata.normalize(form, written)},sad\n")
    (u,) = load(path).utterances
    assert u.id == "wäv x/Größe 1"
    assert u.path.is_file()


def test_absolute_paths_and_files_elsewhere(tmp_path: Path, load: Load) -> None:
    path = manifest(
        tmp_path / "m",
        f"file,emotion\n{tmp_path}/m/in.wav,sad\n{tmp_path}/out.wav,sad\n../up.wav,sad\n../m/in2.wav,sad\n",
        "in.wav",
        "in2.wav",
        "../out.wav",
        "../up.wav",
    )
    ids = {u.id for u in load(path).utterances}
    assert ids == {"m/in", "m/in2", "up", "out"}


def test_where_a_tree_lies_is_in_no_id(tmp_path: Path, load: Load) -> None:
    """Absolute paths were ids, and two copies of one tree had two protocol hashes."""
    made = []
    for place in ("here", "deeper/there"):
        rows = "".join(f"{tmp_path}/{place}/data/{s}/{x}.wav,sad,{s}\n" for s in ("s1", "s2") for x in "ab")
        for s in ("s1", "s2"):
            for x in "ab":
                write_noise(tmp_path / place / "data" / s / f"{x}.wav")
        made.append(load(manifest(tmp_path / place / "lists", f"file,emotion,speaker\n{rows}")))
    assert [u.id for u in made[0].utterances] == [u.id for u in made[1].utterances] == ["s1/a", "s1/b", "s2/a", "s2/b"]


def test_a_link_to_the_folder_changes_no_id(tmp_path: Path, load: Load) -> None:
    manifest(tmp_path / "m", f"file,emotion\n{tmp_path}/m/in.wav,sad\n", "in.wav")
    (tmp_path / "link").symlink_to(tmp_path / "m", target_is_directory=True)
    assert [u.id for u in load(tmp_path / "link").utterances] == ["in"]


def test_a_file_reached_on_two_ways_is_one(tmp_path: Path, refused: Refused) -> None:
    path = manifest(tmp_path / "d", "file,emotion\na.wav,sad\n../d/a.wav,angry\n", "a.wav")
    assert "../d/a.wav is there already" in refused(path)


def test_a_speaker_of_both_sexes_is_told(tmp_path: Path, load: Load) -> None:
    rows = "file,emotion,speaker,sex\na.wav,sad,x,f\nb.wav,sad,x,m\nc.wav,sad,y,m\n"
    assert "Speakers whose rows say both f and m: x." in load(manifest(tmp_path, rows, "a.wav", "b.wav", "c.wav")).notes


def test_a_speaker_under_two_names_is_told(tmp_path: Path, load: Load) -> None:
    path = manifest(tmp_path, "file,emotion,speaker\na.wav,sad,Anna\nb.wav,sad,anna\n", "a.wav", "b.wav")
    assert any("accents alone: Anna and anna." in note for note in load(path).notes)


def test_parts_of_a_file_have_ids_of_their_times(tmp_path: Path, load: Load) -> None:
    rows = "a.wav,sad,0,0.5\na.wav,sad,0.5,\na.wav,sad,0.50,1.0\na.wav,sad,,1.005\na.wav,sad,,\n"
    path = manifest(tmp_path, f"file,emotion,start,end\n{rows}", "a.wav")
    assert {u.id for u in load(path).utterances} == {"a#0-0.5", "a#0.5-", "a#0.5-1", "a#0-1.005", "a"}


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ("a.wav,sad,0,0.5\na.wav,sad,0.5,1\nb.wav,sad,0.2,0.4", ""),
        ("a.wav,sad,0.4,0.6\na.wav,sad,0.5,1\nb.wav,sad,,", "another row of their file: 1 (first"),
        ("a.wav,sad,,\na.wav,sad,0.1,0.2\na.wav,sad,0.3,0.4", "another row of their file: 2 (first"),
    ],
)
def test_parts_that_overlap_are_told(tmp_path: Path, rows: str, note: str, load: Load) -> None:
    path = manifest(tmp_path, f"file,emotion,start,end\n{rows}\n", "a.wav", "b.wav")
    notes = " ".join(load(path).notes)
    assert ("overlap" in notes) is bool(note)
    assert note in notes


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a.wav,sad,,", "line 3: a.wav is there already ({path}, line 2) with the same times; delete one row."),
        ("./a.wav,sad,0,", "line 3: ./a.wav is there already ({path}, line 2)"),
        ("a.flac,sad,,", "line 3: a.flac and a.wav ({path}, line 2) differ only in their suffix"),
        ("a.wav,sad,0.5,0.2", "line 3: the part from 0.5 s to 0.2 s is empty"),
        ("a.wav,sad,0.5,0.5", "line 3: the part from 0.5 s to 0.5 s is empty"),
        ("a.wav,sad,-1,0.2", "line 3: the part from -1 s to 0.2 s is empty or before the file"),
        ("a.wav,sad,0.2,1.5", "line 3: a.wav lasts 1.000 s, but the row names a part from 0.2 s to 1.5 s"),
        ("a.wav,sad,1.0,", "line 3: a.wav lasts 1.000 s, but the row names a part from 1 s"),
        ("a.wav,sad,x,", "line 3: start is 'x'; a number of seconds such as 1.5 is expected."),
        ("a.wav,,0,0.5", "line 3: a.wav has no emotion"),
        (",sad,,", "line 3: the cell of file is empty"),
        ("a.wav,sad", "line 3, has 2 cells where the header has 4"),
        ("b.wav,sad,,", "The files of 1 of the 2 rows of {path} do not exist, first 'b.wav' ({path}, line 3)"),
    ],
)
def test_bad_rows_are_told_by_line(tmp_path: Path, row: str, words: str, refused: Refused) -> None:
    path = manifest(tmp_path, f"file,emotion,start,end\na.wav,happy,,\n{row}\n", "a.wav", "a.flac")
    told = refused(path)
    assert words.format(path=path) in told
    assert str(path) in told


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        ("file,emotion,sex", "a.wav,sad,x", "line 2: sex is 'x'; f, m or nothing is allowed."),
        ("file,emotion,split", "a.wav,sad,all", "line 2: split is 'all'; train, dev, test or nothing is allowed."),
        ("file,label", "a.wav,sad", "line 1, has no column 'emotion'; there is file, label"),
    ],
)
def test_bad_columns_are_told(tmp_path: Path, header: str, row: str, words: str, refused: Refused) -> None:
    assert words in refused(manifest(tmp_path, f"{header}\n{row}\n", "a.wav"))


def test_missing_files_are_counted_or_skipped(tmp_path: Path, load: Load, refused: Refused) -> None:
    path = manifest(tmp_path, "file,emotion\na.wav,sad\nb.wav,sad\nc.wav,sad\n", "a.wav")
    assert "2 of the 3 rows" in (told := refused(path))
    assert 'missing = "skip"' in told
    corpus = load(path, missing="skip")
    assert corpus.missing == ("b", "c")
    assert (len(corpus.utterances), corpus.complete) == (1, False)
    assert any("2 of the 3 rows" in note and "left out" in note for note in corpus.notes)
    (tmp_path / "a.wav").unlink()
    assert "3 of the 3 rows" in refused(path, missing="skip")


def test_lfs_pointers_are_explained(tmp_path: Path, refused: Refused) -> None:
    path = manifest(tmp_path, "file,emotion,start,end\na.wav,sad,0,1\n")
    (tmp_path / "a.wav").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert "Git LFS pointers" in refused(path)


def test_speakers_of_two_corpora_are_two_people(tmp_path: Path, load: Load) -> None:
    rows = "a.wav,sad,1,x\nb.wav,sad,1,y\nc.wav,sad,2,y\n"
    files = ["a.wav", "b.wav", "c.wav"]
    path = manifest(tmp_path, f"file,emotion,speaker,corpus\n{rows}", *files)
    assert load(path).speakers == ("x-1", "y-1", "y-2")
    path.write_text("file,emotion,speaker,corpus\na.wav,sad,1,x\nb.wav,sad,3,y\nc.wav,sad,2,y\n")
    assert load(path).speakers == ("1", "2", "3")


def test_unknown_speakers_are_refused_by_protocols_that_need_them(tmp_path: Path, load: Load) -> None:
    corpus = load(manifest(tmp_path, "file,emotion\na.wav,sad\nb.wav,happy\n", "a.wav", "b.wav"))
    loso = next(p for p in SPEC.protocols if p.name == SPEC.default_protocol)
    with pytest.raises(ProtocolError, match="guarantees an unseen speaker, but 2 of the 2 utterances"):
        make_protocol(corpus, loso)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"unknown key 'dataset\.mising'; did you mean 'missing'"):
        CsvManifest(mising="skip")


def tiny(folder: Path) -> Path:
    """Four speakers, two emotions, two recordings of each: enough for a fold."""
    rows = [
        (f"{s}/{e}{k}.wav", e, s, "f" if s in "ab" else "m") for s in "abcd" for e in ("anger", "sad") for k in (0, 1)
    ]
    text = "file,emotion,speaker,sex\n" + "".join(",".join(r) + "\n" for r in rows)
    return manifest(folder, text, *(r[0] for r in rows), seconds=0.3)


@pytest.mark.usefixtures("one_thread")
def test_a_whole_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tiny(tmp_path / "data")
    run = ["run", "--plugin", "acrnn", "--dataset", "csv", "--data", str(path), "--out", str(tmp_path / "run")]
    assert invoke([*run, "--folds", "0", "--epochs", "1", "--device", "cpu", "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["protocol"] == "csv/loso_next@1"
    assert metrics["confusion"]["labels"] == ["angry", "sad"]
    assert invoke(["data", "check", "csv", "--data", str(path), "--json", "--set", "canonical=false"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] == {"anger": 8, "sad": 8}


@pytest.mark.real_data
def test_a_table_over_real_recordings_of_two_corpora(tmp_path: Path, real_data: Path, load: Load) -> None:
    emodb = [("W", "anger"), ("F", "happiness"), ("T", "sadness")]
    rows = [
        (p, emotion, f"emodb-{p.name[:2]}", "EMO-DB")
        for letter, emotion in emodb
        for speaker in ("03", "13")
        for p in sorted((real_data / "emodb" / "wav").glob(f"{speaker}???{letter}?.wav"))[:3]
    ]
    ravdess = [("05", "angry"), ("03", "happy"), ("04", "sad")]
    rows += [
        (p, emotion, f"ravdess-{p.stem[-2:]}", "RAVDESS")
        for code, emotion in ravdess
        for p in sorted((real_data / "ravdess").rglob(f"03-01-{code}-*.wav"))[:9]
    ]
    text = "file,emotion,speaker,corpus\n" + "".join(f"{p},{e},{s},{c}\n" for p, e, s, c in rows)
    corpus = load(manifest(tmp_path, text))
    assert len(corpus.utterances) == len(rows) == 45
    assert corpus.labels == ("angry", "happy", "sad")
    protocol = make_protocol(corpus, next(p for p in SPEC.protocols if p.name == "loso_next"))
    assert [f.name for f in protocol.folds] == list(corpus.speakers)
    assert {"emodb-03", "emodb-13"} < set(corpus.speakers)
    assert invoke(["data", "check", "csv", "--data", str(tmp_path)]) == 0
