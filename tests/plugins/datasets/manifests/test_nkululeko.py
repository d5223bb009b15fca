"""Tables of Nkululeko: targets, names of columns, folders of the audio, times as pandas writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from serkit.cli.main import invoke
from serkit.data.export import write_manifest
from serkit.data.protocols import make_protocol
from serkit.errors import UnknownNameError
from serkit.testing.audio import write_noise
from serkit.types import Corpus
from serkit_plugins.datasets.specs.nkululeko import SPEC

Load = Callable[..., Corpus]
Refused = Callable[..., str]


@pytest.fixture
def reader() -> str:
    return "nkululeko"


def table(folder: Path, text: str, *files: str) -> Path:
    for file in files:
        write_noise(folder / file, 2.0)
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_column_finds_its_place(tmp_path: Path, load: Load) -> None:
    path = table(
        tmp_path,
        "file,start,end,speaker,emotion,gender,age,fold,valence\n"
        "a.wav,0 days 00:00:00.500000,0 days 00:00:01.500000,7,anger,female,31,2,0.5\n"
        "a.wav,1.5,,8,sadness,other,,,\n"
        "b.wav,0 days,NaT,9,,male,,,\n".replace("0 days,", "0 days 00:00:00,"),
        "a.wav",
        "b.wav",
    )
    corpus = load(path)
    a, b = corpus.utterances
    assert (a.id, a.start, a.end, a.label, a.speaker, a.sex) == ("a#0.5-1.5", 0.5, 1.5, "angry", "7", "f")
    assert a.extra == {"age": "31", "fold": "2", "valence": "0.5"}
    assert (b.id, b.end, b.label, b.sex, b.extra) == ("a#1.5-", None, "sad", None, {"gender": "other"})
    assert "Rows without emotion that were left out: 1." in corpus.notes


def test_votes_are_columns_named_after_classes(tmp_path: Path, load: Load) -> None:
    path = table(tmp_path, "file,emotion,votes:anger,votes:joy\na.wav,joy,1,2.5\nb.wav,joy,NaN,\n", "a.wav", "b.wav")
    a, b = load(path).utterances
    assert (a.votes, b.votes) == ({"angry": 1.0, "happy": 2.5}, {})
    assert not any("metadata" in note for note in load(path).notes)


def test_the_target_may_be_another_column(tmp_path: Path, load: Load, refused: Refused) -> None:
    path = table(tmp_path, "file,speaker,mood\na.wav,1,up\nb.wav,1,down\n", "a.wav", "b.wav")
    assert load(path, target="mood").labels == ("down", "up")
    assert "no column 'emotion'; there is file, speaker, mood; name the column of the label" in refused(path)


def test_cells_that_pandas_takes_for_empty_are_empty(tmp_path: Path, load: Load) -> None:
    """They were a class "nan", and a speaker "nan" who was tested as if nobody else were behind the name."""
    corpus = load(
        table(tmp_path, "file,speaker,emotion\na.wav,nan,anger\nb.wav,x,NaN\nc.wav,y,joy\n", "a.wav", "c.wav")
    )
    assert [(u.speaker, u.label) for u in corpus.utterances] == [("", "angry"), ("y", "happy")]
    assert "Rows without emotion that were left out: 1." in corpus.notes


def test_a_table_without_labels_is_told(tmp_path: Path, refused: Refused) -> None:
    assert "No row of" in refused(table(tmp_path, "file,emotion\na.wav,\n", "a.wav"))


def test_two_columns_do_not_get_one_name(tmp_path: Path, refused: Refused) -> None:
    """The last one was taken without a word."""
    path = table(tmp_path, "file,emo,mood\na.wav,sad,x\n", "a.wav")
    assert "would have two columns 'emotion'" in refused(path, colnames={"emo": "emotion", "mood": "emotion"})


def test_columns_of_an_utterance_can_be_exported(tmp_path: Path, load: Load) -> None:
    """A column take was metadata, of which a manifest cannot have one beside the field of that name."""
    corpus = load(table(tmp_path, "file,emotion,take,split\na.wav,sad,1,Eval\n", "a.wav"))
    assert corpus.utterances[0].take == "1"
    assert corpus.utterances[0].extra == {"split": "test"}
    assert write_manifest(corpus, tmp_path / "out.csv").is_file()


@pytest.mark.parametrize("names", [{"Participant": "speaker"}, {"speaker": "Participant"}])
def test_columns_are_renamed_either_way_round(tmp_path: Path, load: Load, names: dict[str, str]) -> None:
    path = table(tmp_path, "file,Participant,emotion\na.wav,x,sad\n", "a.wav")
    assert load(path, colnames=names).speakers == ("x",)


def test_names_that_cannot_be_are_told(tmp_path: Path, refused: Refused) -> None:
    path = table(tmp_path, "file,who,speaker,emotion\na.wav,x,y,sad\n", "a.wav")
    assert "line 1, has both 'who' and 'speaker'" in refused(path, colnames={"who": "speaker"})
    assert "no column" in refused(path, UnknownNameError, colnames={"person": "talker"})


def test_audio_path_is_relative_to_the_table(
    tmp_path: Path, load: Load, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path / "d", "file,emotion\nx\\a.wav,sad\n", "../audio/x/a.wav")
    corpus = load(path, audio_path="../audio")
    assert [u.id for u in corpus.utterances] == ["x/a"]
    assert "1 of the 1 rows" in refused(path)
    monkeypatch.chdir(tmp_path / "audio")
    assert [u.id for u in load(path, absolute_path=True).utterances] == ["x/a"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a.wav,0 days 00:00:01,0 days 00:00:00.5,sad", "line 3: the part from 1 s to 0.5 s is empty"),
        ("a.wav,-1 days +23:59:59,,sad", "line 3: the part from -1 s is empty or before the file"),
        ("a.wav,soon,,sad", "line 3: start is 'soon'; a number of seconds such as 1.5 or a time such as 0 days"),
        ("a.wav,,0 days 00:00:09,sad", "line 3: a.wav lasts 2.000 s"),
        ("a.wav,NaT,NaT,sad", "line 3: a.wav is there already"),
        (",,,sad", "line 3: the cell of file is empty"),
        ("b.wav,,,sad", "do not exist, first 'b.wav'"),
    ],
)
def test_bad_rows_are_told_by_line(tmp_path: Path, refused: Refused, row: str, words: str) -> None:
    assert words in refused(table(tmp_path, f"file,start,end,emotion\na.wav,,,happy\n{row}\n", "a.wav"))


@pytest.mark.usefixtures("one_thread")
def test_a_whole_run_over_its_folds(tmp_path: Path, load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(f"{e}{k}.wav", e, k % 3) for e in ("anger", "sadness") for k in range(6)]
    path = table(tmp_path, "file,speaker,emotion,fold\n" + "".join(f"{f},{k},{e},{k}\n" for f, e, k in rows))
    for file, *_ in rows:
        write_noise(tmp_path / file, 0.3)
    folds = make_protocol(load(path), next(p for p in SPEC.protocols if p.name == "given_folds")).folds
    assert [f.name for f in folds] == ["0", "1", "2"]
    run = ["run", "--plugin", "acrnn", "--dataset", "nkululeko", "--data", str(path), "--out", str(tmp_path / "run")]
    assert (
        invoke([*run, "--protocol", "given_folds", "--folds", "0", "--epochs", "1", "--device", "cpu", "--json"]) == 0
    )
    assert json.loads(capsys.readouterr().out)["protocol"] == "nkululeko/given_folds@1"
    assert invoke(["data", "check", "nkululeko", "--data", str(path)]) == 0
    assert "Classes: angry 6, sad 6." in capsys.readouterr().out
