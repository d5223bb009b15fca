"""predictions.csv and segments.csv: exact round trips, fixed layout, damage named with its line."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serkit.errors import RunFolderError, SerkitError
from serkit.run.predictions import Predictions, Segments

LABELS = ("angry", "sad", "neutral")


def make(n: int = 9, labels: tuple[str, ...] = LABELS, seed: int = 0, ids: list[str] | None = None) -> Predictions:
    rng = np.random.default_rng(seed)
    posteriors = rng.dirichlet(np.ones(len(labels)), n)
    return Predictions(
        ids=tuple(ids or (f"wav/{i:03d}" for i in rng.permutation(n))),
        split=tuple(rng.choice(["test", "dev"], n)),
        speaker=tuple(rng.choice(["03", "08"], n)),
        truth=rng.integers(0, len(labels), n),
        predicted=posteriors.argmax(1) if n else np.zeros(0, np.int64),
        posteriors=posteriors,
        labels=labels,
    )


def rows_of(p: Predictions) -> dict[tuple[str, str], tuple[object, ...]]:
    return {
        (p.split[i], p.ids[i]): (p.speaker[i], p.truth[i], p.predicted[i], p.posteriors[i].tobytes())
        for i in range(len(p))
    }


def test_the_file_has_the_fixed_layout(tmp_path: Path) -> None:
    p = Predictions(
        ids=("b", "c", "a"),
        split=("test", "dev", "test"),
        speaker=("03", "08", "03"),
        truth=np.array([0, 1, 2]),
        predicted=np.array([0, 0, 2]),
        posteriors=np.array([[0.1, 0.2, 0.7], [1 / 3, 1e-300, 0.5], [0.0, 1.0, 5e-324]]),
        labels=LABELS,
    )
    p.write(tmp_path / "predictions.csv")
    assert (tmp_path / "predictions.csv").read_bytes().decode() == (
        "id,split,speaker,label,predicted,p_angry,p_sad,p_neutral\r\n"
        "c,dev,08,sad,angry,0.3333333333333333,1e-300,0.5\r\n"
        "a,test,03,neutral,neutral,0.0,1.0,5e-324\r\n"
        "b,test,03,angry,angry,0.1,0.2,0.7\r\n"
    )


@given(
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=6, unique=True),
    st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=4, unique=True),
    st.integers(0, 2**32),
)
def test_any_names_and_every_bit_of_the_posteriors_come_back(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], labels: list[str], seed: int
) -> None:
    path = tmp_path_factory.mktemp("p") / "predictions.csv"
    p = make(len(ids), tuple(labels), seed, ids)
    p.write(path)
    back = Predictions.read(path)
    assert back.labels == p.labels
    assert rows_of(back) == rows_of(p)
    assert list(zip(back.split, back.ids, strict=True)) == sorted(zip(p.split, p.ids, strict=True))


def test_names_that_are_not_utf8_come_back(tmp_path: Path) -> None:
    name = os.fsdecode(b"wav/\xe9\xff")
    p = make(1, ids=[name])
    p.write(tmp_path / "p.csv")
    assert Predictions.read(tmp_path / "p.csv").ids == (name,)


def test_the_same_predictions_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    p = make(20)
    p.write(tmp_path / "a.csv")
    Predictions.read(tmp_path / "a.csv").write(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_only_keeps_the_rows_of_a_split() -> None:
    p = make(30)
    test = p.only("test")
    assert set(test.split) == {"test"}
    assert rows_of(test) == {k: v for k, v in rows_of(p).items() if k[0] == "test"}
    assert len(p.only("dev")) + len(test) == 30
    assert len(test.only("dev")) == 0


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "predictions.csv"
    make(3).write(path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunFolderError, match=r"predictions\.csv cannot be written \(No space left on device\)"):
        make(4).write(path)
    assert path.read_bytes() == before
    assert [f.name for f in tmp_path.iterdir()] == ["predictions.csv"]


def test_writing_into_a_missing_folder_names_it(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="nowhere"):
        make(3).write(tmp_path / "nowhere" / "x")


HEAD = "id,split,speaker,label,predicted,p_a,p_b\r\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1, is damaged: the file ends in the middle"),
        ("id,split\r\n", "line 1, is damaged: the header"),
        ("id,split,speaker,label,predicted\r\n", "line 1, is damaged: the header"),
        ("id,split,speaker,label,predicted,p_a,b\r\n", "line 1, is damaged: the header"),
        (HEAD + "x,test,s,a,a,0.5,0.5\r\ny,test,s,a,a,0.5", "line 3, is damaged: the file ends in the middle"),
        (HEAD + "x,test,s,a,a,0.5\r\n", "line 2, is damaged: 6 fields where the header has 7"),
        (HEAD + "x,train,s,a,a,0.5,0.5\r\n", "line 2, is damaged: the split is 'train'"),
        (HEAD + "x,test,s,c,a,0.5,0.5\r\n", "line 2, is damaged: unknown class 'c'"),
        (HEAD + "x,test,s,a,c,0.5,0.5\r\n", "line 2, is damaged: unknown class 'c'"),
        (HEAD + "x,test,s,a,a,0.5,half\r\n", "line 2, is damaged: could not convert"),
        (HEAD + "x,test,s,a,a,0.5,nan\r\n", "line 2, is damaged: a posterior is not finite"),
        (HEAD + "x,test,s,a,a,1,0\r\nx,test,s,b,a,1,0\r\n", "line 3, is damaged: 'x' stands there twice"),
        (HEAD + '"x,test,s,a,a,1,0\r\n', "line 2, is damaged"),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "predictions.csv"
    path.write_bytes(text.encode())
    with pytest.raises(RunFolderError) as error:
        Predictions.read(path)
    assert str(error.value).startswith(f"{path}, {says}")
    assert "--resume" in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"Cannot read .*predictions\.csv \(No such file"):
        Predictions.read(tmp_path / "predictions.csv")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"posteriors": np.zeros((2, 2))}, r"shape \[2, 2\].*need \[2, 3\]"),
        ({"posteriors": np.array([[0, 0, np.nan], [0, 0, 1.0]])}, r"'a' are not finite \(1 such rows\)"),
        ({"truth": np.array([0, 3])}, "class 3 in truth; allowed are 0 to 2"),
        ({"predicted": np.array([-1, 0])}, "class -1 in predicted"),
        ({"truth": np.array([0.0, 1.0])}, "whole numbers in truth, not float64"),
        ({"speaker": ("03",)}, "2 ids but 1 entries of speaker"),
        ({"split": ("test", "train")}, "'b' have the split 'train'"),
        ({"ids": ("a", "a")}, "'a' twice"),
    ],
)
def test_predictions_that_do_not_fit_together_are_refused(change: dict[str, object], says: str) -> None:
    good: dict[str, object] = {
        "ids": ("a", "b"),
        "split": ("test", "test"),
        "speaker": ("03", "03"),
        "truth": np.array([0, 1]),
        "predicted": np.array([0, 1]),
        "posteriors": np.eye(3)[:2],
        "labels": LABELS,
    }
    assert len(Predictions(**good)) == 2  # type: ignore[arg-type]
    with pytest.raises(SerkitError, match=says):
        Predictions(**(good | change))  # type: ignore[arg-type]


def test_segments_come_back_sorted(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    segments = Segments(
        ids=("u", "u", "v", "t"),
        split=("test", "test", "dev", "test"),
        segment=np.array([10, 9, 0, 0]),
        start_frame=np.array([3000, 2700, 0, 0]),
        frames=np.array([300, 300, 120, 7]),
        posteriors=rng.random((4, 3)),
        labels=LABELS,
    )
    path = tmp_path / "segments.csv"
    segments.write(path)
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["id", "split", "segment", "start_frame", "frames", "p_angry", "p_sad", "p_neutral"]
    assert [r[:5] for r in rows[1:]] == [
        ["v", "dev", "0", "0", "120"],
        ["t", "test", "0", "0", "7"],
        ["u", "test", "9", "2700", "300"],
        ["u", "test", "10", "3000", "300"],
    ]
    back = Segments.read(path)
    assert back.posteriors.tobytes() == segments.posteriors[[2, 3, 1, 0]].tobytes()
    assert back.start_frame.tolist() == [0, 0, 2700, 3000]


def test_damaged_segments_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "segments.csv"
    path.write_text("id,split,segment,start_frame,frames,p_a\r\nx,test,0,-1,5,1.0\r\n", newline="")
    with pytest.raises(RunFolderError, match="line 2, is damaged: start_frame is '-1', not a whole number"):
        Segments.read(path)
