"""Databases of audformat: schemes, misc tables, segments, splits; the layout of the published EMO-DB."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from serkit.cli.main import invoke
from serkit.data.protocols import make_protocol
from serkit.errors import UnknownNameError
from serkit.testing.audio import write_noise
from serkit.types import Corpus
from serkit_plugins.datasets.specs.audformat import SPEC

Load = Callable[..., Corpus]
Refused = Callable[..., str]
SPEAKERS = {"3": "male", "8": "female", "9": "female", "10": "male"}

HEADER = """\
name: emodb
source: ''
usage: unrestricted
languages: [deu]
schemes:
  confidence: {dtype: float, minimum: 0, maximum: 1}
  duration: {dtype: time}
  emotion:
    dtype: str
    labels: [anger, happiness, sadness]
  gender: {dtype: str, labels: [female, male]}
  speaker: {dtype: int, labels: speaker}
  transcription:
    dtype: str
    labels: {a01: Der erste Satz., a02: Der zweite Satz.}
splits:
  test: {type: test}
  train: {type: train}
tables:
  emotion:
    type: filewise
    columns:
      emotion: {scheme_id: emotion, rater_id: gold}
      emotion.confidence: {scheme_id: confidence, rater_id: gold}
  emotion.train:
    type: filewise
    split_id: train
    columns:
      emotion: {scheme_id: emotion}
  emotion.test:
    type: filewise
    split_id: test
    columns:
      emotion: {scheme_id: emotion}
  files:
    type: filewise
    columns:
      duration: {scheme_id: duration}
      speaker: {scheme_id: speaker}
      transcription: {scheme_id: transcription}
  segments:
    type: segmented
    columns:
      emotion: {scheme_id: emotion}
misc_tables:
  speaker:
    levels: {speaker: int}
    columns:
      age: {}
      gender: {scheme_id: gender}
"""


@pytest.fixture
def reader() -> str:
    return "audformat"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Four speakers, two emotions, two sentences; the first two speakers are the training part."""
    folder = tmp_path / "emodb"
    files = [(s, e, t) for s in SPEAKERS for e in ("anger", "sadness") for t in ("a01", "a02")]
    name = {f: f"wav/{int(f[0]):02}{f[2]}{f[1][0].upper()}a.wav" for f in files}
    for path in name.values():
        write_noise(folder / path, 0.3)
    (folder / "db.yaml").write_text(HEADER, encoding="utf-8")
    parts = {"train": ("3", "8"), "test": ("9", "10")}
    tables = {
        "emotion": ["file,emotion,emotion.confidence", *(f"{name[f]},{f[1]},0.9" for f in files)],
        "files": [
            "file,duration,speaker,transcription",
            *(f"{name[f]},0 days 00:00:00.300000,{f[0]},{f[2]}" for f in files),
        ],
        "speaker": ["speaker,age,gender", *(f"{s},30,{g}" for s, g in SPEAKERS.items())],
        "segments": [
            "file,start,end,emotion",
            "wav/03a01Aa.wav,0 days 00:00:00.000000,0 days 00:00:00.100000,anger",
            "wav/03a01Aa.wav,0 days 00:00:00.100000,,sadness",
            "wav/08a01Aa.wav,0 days 00:00:00.000000,NaT,",
        ],
    }
    for part, speakers in parts.items():
        tables[f"emotion.{part}"] = ["file,emotion", *(f"{name[f]},{f[1]}" for f in files if f[0] in speakers)]
    for table, rows in tables.items():
        (folder / f"db.{table}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def change(path: Path, old: str, new: str) -> Path:
    text = path.read_text("utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_speaker_text_and_split_come_from_where_the_header_says(database: Path, load: Load) -> None:
    corpus = load(database)
    assert (len(corpus.utterances), corpus.labels, corpus.root) == (16, ("angry", "sad"), database)
    u = corpus.by_id()["wav/03a01Aa"]
    assert (u.speaker, u.sex, u.text, u.language) == ("3", "m", "Der erste Satz.", "deu")
    assert u.extra == {
        "age": "30", "duration": "0 days 00:00:00.300000", "emotion.confidence": "0.9", "transcription_code": "a01",
        "split": "train",
    }  # fmt: skip
    (fold,) = make_protocol(corpus, next(p for p in SPEC.protocols if p.name == "given_split")).folds
    assert (len(fold.train), len(fold.test)) == (8, 8)
    assert "The split is that of the tables emotion.train, emotion.test." in corpus.notes
    assert [u.id for u in load(database / "db.yaml").utterances] == [u.id for u in corpus.utterances]


def test_tables_may_be_put_together(database: Path, load: Load) -> None:
    parts = load(database, table=["emotion.train", "emotion.test"])
    assert [(u.id, u.label, u.extra["split"]) for u in parts.utterances] == [
        (u.id, u.label, u.extra["split"]) for u in load(database).utterances
    ]


def test_segments_have_times(database: Path, load: Load) -> None:
    corpus = load(database, table="segments")
    assert [(u.id, u.start, u.end, u.speaker) for u in corpus.utterances] == [
        ("wav/03a01Aa#0-0.1", 0.0, 0.1, "3"), ("wav/03a01Aa#0.1-", 0.1, None, "3"),
    ]  # fmt: skip
    assert "Rows without emotion that were left out: 1." in corpus.notes


def test_attributes_may_lie_in_the_header(database: Path, load: Load) -> None:
    header = change(
        database / "db.yaml", "labels: speaker", "labels: {3: {gender: male, age: 31}, 8: {}, 9: {}, 10: {}}"
    )
    (database / "db.speaker.csv").unlink()
    u = load(header).by_id()["wav/03a01Aa"]
    assert (u.speaker, u.sex, u.extra["age"]) == ("3", "m", "31")


def test_splits_that_disagree_are_not_guessed(database: Path, load: Load, refused: Refused) -> None:
    row = "wav/03a01Aa.wav,anger\n"
    path = database / "db.emotion.test.csv"
    path.write_text(path.read_text("utf-8") + row, encoding="utf-8")
    corpus = load(database)
    assert all("split" not in u.extra for u in corpus.utterances)
    assert any("split the files in several ways" in n for n in corpus.notes)
    asked = ["emotion.train", "emotion.test"]
    assert "wav/03a01Aa.wav is in two parts of the split (train and test)" in refused(database, splits=asked)
    assert {u.extra.get("split") for u in load(database, splits=["emotion.train"]).utterances} == {"train", None}
    assert "the table emotion has no split_id" in refused(database, splits=["emotion"])
    assert "no table in" in refused(database, UnknownNameError, splits=["x"])


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("db.emotion.csv", "wav/03a01Aa.wav,anger", "wav/03a01Aa.wav,bliss",
         "db.emotion.csv, line 2: 'bliss' is no label of the scheme 'emotion' of db.yaml; the scheme has anger, hap"),
        ("db.emotion.csv", "wav/03a01Aa.wav,anger", "wav/03a01Aa.wav,angr", "did you mean 'anger'?"),
        ("db.emotion.csv", "file,emotion,", "file,mood,", "db.emotion.csv, line 1, has no column 'emotion'"),
        ("db.emotion.csv", "wav/03a01Aa.wav,", "wav/03.wav,", "do not exist, first 'wav/03.wav'"),
        ("db.emotion.csv", "wav/03a01Aa.wav,", ",", "db.emotion.csv, line 2: the cell of file is empty"),
        ("db.emotion.csv", "wav/03a02Aa.wav,", "wav/03a01Aa.wav,", "db.emotion.csv, line 3: wav/03a01Aa.wav is there"),
        ("db.files.csv", ",3,a01", ",4,a01", "db.files.csv, line 2: '4' is no label of the scheme 'speaker'"),
        ("db.yaml", "labels: speaker", "labels: people", "its labels in the misc table 'people', which is not there"),
        ("db.yaml", "scheme_id: emotion, rater", "scheme_id: mood, rater", "has the scheme 'mood', which is not there"),
        ("db.yaml", "type: filewise", "type: wide", "the table emotion has the type 'wide'"),
        ("db.yaml", "tables:", "tabs:", "is no header of an audformat database"),
        ("db.yaml", "name: emodb", "name: [emodb", "is not YAML"),
        ("db.yaml", "splits:\n  test: {type: test}", "splits:\n  test: 3", "splits is no mapping of names"),
        ("db.yaml", "emotion: {scheme_id: emotion, rater_id: gold}", "emotion: 3", "columns of the table emotion is"),
        ("db.yaml", "scheme_id: emotion, rater", "scheme_id: [emotion], rater", "has the scheme \"['emotion']\","),
    ],
)  # fmt: skip
def test_faults_are_told(database: Path, refused: Refused, file: str, old: str, new: str, words: str) -> None:
    change(database / file, old, new)
    assert words in refused(database)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("00:00:00.100000,anger", "1.5,anger", "db.segments.csv, line 2: end is '0 days 1.5'; a time such as 0 days"),
        ("0 days 00:00:00.100000,anger", "0.1,anger", "line 2: end is '0.1'; a time such as 0 days"),
        ("0 days 00:00:00.100000,anger", "0 days 00:00:00,anger", "line 2: the part from 0 s to 0 s is empty"),
        ("0 days 00:00:00.100000,anger", "0 days 00:00:02,anger", "line 2: wav/03a01Aa.wav lasts 0.300 s"),
        ("file,start", "file,begin", "line 1, has no column 'start'"),
    ],
)
def test_bad_times_are_told(database: Path, refused: Refused, old: str, new: str, words: str) -> None:
    change(database / "db.segments.csv", old, new)
    assert words in refused(database, table="segments")


def test_what_is_not_there_is_told(database: Path, refused: Refused, tmp_path: Path) -> None:
    assert "no table in" in refused(database, UnknownNameError, table="emotions")
    assert "did you mean 'emotion'" in refused(database, UnknownNameError, column="emotin")
    (database / "db.emotion.csv").rename(database / "db.emotion.parquet")
    assert 'only db.emotion.parquet is there; save the database with storage_format="csv"' in refused(database)
    (database / "db.emotion.parquet").unlink()
    assert "db.emotion.csv, which db.yaml describes, does not exist" in refused(database)
    (tmp_path / "none").mkdir()
    assert "it is empty" in refused(tmp_path / "none")
    (database / "db.yaml").rename(database / "a.yaml")
    (database / "b.yaml").write_text("")
    assert "holds 2 files *.yaml and no db.yaml" in refused(database)


def test_yaml_that_would_run_code_is_refused(database: Path, refused: Refused, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    change(database / "db.yaml", "name: emodb", f"name: !!python/object/apply:os.mkdir ['{trap}']")
    assert "is not YAML" in refused(database)
    assert not trap.exists()


def test_what_audformat_itself_writes_is_read(tmp_path: Path, load: Load) -> None:
    audformat = pytest.importorskip("audformat", reason="audformat, which comes with the extra peers, is not installed")
    import pandas

    db = audformat.Database("mine")
    db.schemes["emotion"] = audformat.Scheme(labels=["anger", "sadness"])
    db.schemes["gender"] = audformat.Scheme(labels=["female", "male"])
    db.schemes["transcription"] = audformat.Scheme(labels={"a01": "A first.", "a02": "A second."})
    db.misc_tables["speaker"] = audformat.MiscTable(pandas.Index([3, 8], dtype="Int64", name="speaker"))
    db.misc_tables["speaker"]["gender"] = audformat.Column(scheme_id="gender")
    db.misc_tables["speaker"]["gender"].set(["male", "female"])
    db.schemes["speaker"] = audformat.Scheme("int", labels="speaker")
    # a dictionary of attributes, whose keys YAML 1.1 would take for octal numbers were they not quoted
    db.schemes["actor"] = audformat.Scheme("str", labels={"03": {"age": 31}, "08": {"age": 34}})
    db.splits["dev"] = audformat.Split("dev")
    files = ["wav/a.wav", "wav/b.wav"]
    db["files"] = audformat.Table(audformat.filewise_index(files))
    for name, values in (("speaker", [3, 8]), ("actor", ["03", "08"]), ("transcription", ["a01", "a02"])):
        db["files"][name] = audformat.Column(scheme_id=name)
        db["files"][name].set(values)
    index = audformat.segmented_index([files[0], files[0], files[1]], [0, 0.5, 0], [0.25, 0.75, None])
    db["emotion"] = audformat.Table(index, split_id="dev")
    db["emotion"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["emotion"]["emotion"].set(["anger", None, "sadness"])
    db.save(str(tmp_path), storage_format="csv")
    for file in files:
        write_noise(tmp_path / file, 1.0)
    a, b = load(tmp_path).utterances
    assert (a.id, a.end, a.label, a.speaker, a.sex, a.text) == ("wav/a#0-0.25", 0.25, "angry", "3", "m", "A first.")
    assert (b.id, b.end, b.label, b.speaker, b.sex, b.text) == ("wav/b", None, "sad", "8", "f", "A second.")
    assert (a.extra["actor"], a.extra["age"], b.extra["actor"], b.extra["age"]) == ("03", "31", "08", "34")
    assert a.extra["split"] == "dev"


@pytest.mark.usefixtures("one_thread")
def test_a_whole_run(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = ["run", "--plugin", "acrnn", "--dataset", "audformat", "--data", str(database)]
    more = ["--folds", "0", "--epochs", "1", "--device", "cpu", "--out", str(tmp_path / "run"), "--json"]
    assert invoke([*run, *more]) == 0
    assert json.loads(capsys.readouterr().out)["protocol"] == "audformat/loso_next@1"
    assert invoke(["data", "check", "audformat", "--data", str(database)]) == 0
    assert "16 utterances, 4 speakers" in capsys.readouterr().out
