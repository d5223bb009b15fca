"""benches/board.py: rows of real run folders, whose scores are computed again before they are shown."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import board
from serkit.host import get_host
from serkit.run.events import Events
from serkit.run.recipe import Request, resolve
from serkit.run.runner import execute

SETS = ["architecture.convs=1", "architecture.maps=[4]", "architecture.pools=[[4, 4]]", "architecture.lstm=6"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    out = tmp_path_factory.mktemp("runs") / "one"
    figure = {"source": "P", "protocol": "demo/loso_next@1", "preset": "small", "uar": 0.5, "uar_std": 0.1, "war": 0.6}
    asked = Request(
        plugin="acrnn", dataset="demo", epochs=1, folds=[0, 1], seeds=2, sets=SETS, recipe={"published": figure}
    )
    execute(resolve(asked, get_host()), out=out, resume=False, host=get_host(), events=Events())
    return out


def cells(folder: Path) -> dict[str, str]:
    return dict(zip(board.HEAD, board.row(folder, get_host()), strict=True))


def changed(run: Path, tmp_path: Path, **over: Any) -> Path:
    """A copy of the run whose metrics.json says something else."""
    out = tmp_path / "copy"
    shutil.copytree(run, out)
    metrics = json.loads((out / "metrics.json").read_text())
    (out / "metrics.json").write_text(json.dumps({**metrics, **over}))
    return out


def test_a_row_says_what_was_run(run: Path) -> None:
    row = cells(run)
    metrics = json.loads((run / "metrics.json").read_text())
    assert (row["system"], row["protocol"], row["information"]) == ("acrnn", "demo/loso_next@1", "inductive")
    assert row["seeds x folds"] == "2 x 2"
    assert row["preset"].startswith("small, architecture.convs=1, architecture.maps=[4]")
    assert row["preset"].endswith("training.epochs=1")
    assert row["UAR pooled (95 %)"].startswith(f"{100 * metrics['uar']['pooled']:.1f} %")
    assert row["published"] == "UAR 50.0 % ± 10.0 points, WA 60.0 % (P)"
    assert row["verdict"] == "not comparable"
    assert "1 thread, fp32" in row["machine"]
    assert "incomplete: 2 of the 10 folds were run" in row["mind"]
    assert "8 training speakers" in row["mind"]
    assert len(row["commit"]) >= 10


def test_a_collapse_and_a_verdict_are_told(run: Path, tmp_path: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    published = {**metrics["published"], "comparable": True, "verdict": "cannot tell", "war_verdict": "not reproduced"}
    row = cells(changed(run, tmp_path, collapsed=[{"seed": 0, "fold": "f01"}], published=published, complete=True))
    assert "collapsed in 1 fold: f01 of seed 0" in row["mind"]
    assert "incomplete" not in row["mind"]
    assert row["verdict"] == "UAR cannot tell, WA not reproduced"


def test_a_score_that_the_predictions_do_not_give_has_no_row(run: Path, tmp_path: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    edited = {**metrics["uar"], "pooled": metrics["uar"]["pooled"] + 0.001}
    with pytest.raises(SystemExit, match=r"for uar\.pooled, but its predictions give"):
        cells(changed(run, tmp_path, uar=edited))


def test_runs_without_a_score_and_folders_without_runs_are_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no row"):
        cells(changed(run, tmp_path, scored=False))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="holds none"):
        board.runs_in([tmp_path / "empty"])
    assert board.runs_in([run.parent, run]) == [run]


def test_the_page_keeps_what_stands_around_its_rows(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = board.PAGE.read_text("utf-8")
    board.main([str(run)])
    rows = capsys.readouterr().out
    made = board.into(page, rows)
    assert rows in made
    assert made.partition(board.BEGIN)[0] == page.partition(board.BEGIN)[0]
    assert made.partition(board.END)[2] == page.partition(board.END)[2]
    assert board.into(made, rows) == made
    with pytest.raises(SystemExit, match="has no lines"):
        board.into("no markers", rows)


def test_settings_name_folders_without_where_they_lie(tmp_path: Path) -> None:
    assert board.named([str(tmp_path / "acrnn"), str(tmp_path / "svm")]) == "[acrnn, svm]"
    assert board.named("a/relative/name") == "a/relative/name"
    assert board.named(3) == 3
