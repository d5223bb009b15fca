"""``[sweep]``: a run a value, side by side, and nothing chosen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import serkit
from serkit.errors import ConfigError, RunFolderError, UserError
from serkit.host import get_host
from serkit.run.events import Events
from serkit.run.recipe import Recipe, Request, resolve
from serkit.run.report import sweep as pages
from serkit.run.report.sweep import NOTHING_CHOSEN, write_sweep
from serkit.run.runner import execute
from serkit.run.sweep import execute_sweep

TINY = [
    "architecture.convs=1",
    "architecture.maps=[4]",
    "architecture.pools=[[4, 4]]",
    "architecture.linear=12",
    "architecture.lstm=6",
    "architecture.unit.frames=80",
    "training.patience=0",
    "training.batch=32",
    "training.crop=0",
]


def recipe(*sets: str) -> Recipe:
    asked = Request(plugin="acrnn", dataset="demo", epochs=1, folds=[0], sets=[*TINY, *sets])
    return resolve(asked, get_host())


SWEEP = "sweep.training.lr=[0.001, 0.01]"


class Stop(Exception):
    pass


class StopInSecond(Events):
    runs = 0

    def training_started(self, folds: int, epochs: int, candidates: int = 1) -> None:
        self.runs += 1
        if self.runs == 2:
            raise Stop


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep that was stopped in its second run and continued."""
    out = tmp_path_factory.mktemp("runs") / "swept"
    with pytest.raises(Stop):
        execute_sweep(recipe(SWEEP), out=out, resume=False, host=get_host(), events=StopInSecond())
    assert not (out / "sweep.json").exists()
    before = (out / "01-lr=0.001" / "metrics.json").stat().st_mtime_ns
    tables = {"recipe": json.loads(json.dumps(_tables(out)))}
    again = resolve(Request(**tables), get_host())
    execute_sweep(again, out=out, resume=True, host=get_host(), events=Events())
    assert (out / "01-lr=0.001" / "metrics.json").stat().st_mtime_ns == before  # finished runs are kept
    return out


def _tables(out: Path) -> dict[str, Any]:
    from serkit.run.folder import read_recipe

    return read_recipe(out)


def test_each_value_has_a_run_as_it_would_be_alone(swept: Path, tmp_path: Path) -> None:
    table = json.loads((swept / "sweep.json").read_text())
    assert table["keys"] == ["training.lr"]
    assert [r["values"] for r in table["runs"]] == [{"training.lr": 0.001}, {"training.lr": 0.01}]
    assert [r["folder"] for r in table["runs"]] == ["01-lr=0.001", "02-lr=0.01"]
    execute(recipe("training.lr=0.01"), out=tmp_path / "alone", resume=False, host=get_host(), events=Events())
    name = "folds/0-f01/predictions.csv"
    assert (tmp_path / "alone" / name).read_bytes() == (swept / "02-lr=0.01" / name).read_bytes()
    for row in table["runs"]:
        metrics = json.loads((swept / row["folder"] / "metrics.json").read_text())
        assert row["uar"]["pooled"] == metrics["uar"]["pooled"]
        assert row["attention"] == metrics["attention"]["entropy"]
        assert 0 < row["attention"] <= 1
        assert row["dev_uar"] == metrics["dev"]["last"]
    assert table["complete"] is False  # one of ten folds


def test_the_pages_show_every_run_and_say_that_nothing_is_chosen(swept: Path) -> None:
    for name in ("sweep.md", "sweep.html"):
        text = (swept / name).read_text().replace("\\", "")
        assert NOTHING_CHOSEN in text
        assert text.count("02-lr=0.01") == 1
        assert "Attention entropy" in text
    assert (swept / "plots" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    before = (swept / "sweep.html").read_bytes()
    write_sweep(swept)
    assert (swept / "sweep.html").read_bytes() == before


def test_a_sweep_is_not_a_run(swept: Path) -> None:
    with pytest.raises(RunFolderError, match="is a sweep of several runs"):
        serkit.load(swept)
    assert serkit.load(swept / "01-lr=0.001").folds
    with pytest.raises(UserError, match=r"sweeps training.lr, which is 2 runs; .* e.g. sets=\['training.lr=0.001'\]"):
        serkit.run(recipe(SWEEP).to_dict(), out=swept.parent / "one")
    assert not (swept.parent / "one").exists()
    asked = Request(recipe=recipe(SWEEP).to_dict(), sets=["training.lr=0.001"])  # what the sentence proposes
    assert resolve(asked, get_host()).sweep == {}
    with pytest.raises(RunFolderError, match="another recipe"):
        execute_sweep(recipe("sweep.training.lr=[0.1]"), out=swept, resume=True, host=get_host(), events=Events())


def test_three_keys_are_one_too_many_and_values_are_checked_first(tmp_path: Path) -> None:
    sets = [SWEEP, "sweep.training.batch=[8, 16]", "sweep.architecture.pooling=['mean', 'max']"]
    with pytest.raises(ConfigError, match="3 keys"):
        execute_sweep(recipe(*sets), out=tmp_path / "x", resume=False, host=get_host(), events=Events())
    assert not (tmp_path / "x").exists()
    with pytest.raises(ConfigError, match=r"In \[sweep\], architecture.convs: .*\(got 8\)"):
        recipe("sweep.architecture.convs=[8]")
    with pytest.raises(ConfigError, match=r"is in \[search\] and in \[sweep\]"):
        recipe("sweep.architecture.convs=[1, 2]", "search.architecture.convs=[1, 2]")


def fake(values: list[Any], key: str = "architecture.unit.frames") -> dict[str, Any]:
    runs = [
        {
            "values": {key: v, "architecture.bidirectional": b},
            "folder": f"{v}-{b}",
            "uar": {"pooled": 0.5 + 0.01 * k, "interval95": [0.4, 0.6], "mean": 0.5, "std_folds": 0.1},
            "war": {"pooled": 0.5},
            "dev_uar": None,
            "attention": None,
            "collapsed": 1,
            "complete": True,
            "seconds": 3.0,
        }
        for k, v in enumerate(values)
        for b in (True, False)
    ]
    common = {"plugin": "p", "dataset": "d", "preset": "s", "protocol": "d/x@1", "information": "inductive"}
    return {**common, "keys": [key, "architecture.bidirectional"], "complete": True, "runs": runs}


def test_two_keys_make_lines_and_collapses_are_told(tmp_path: Path) -> None:
    table = fake([10, 20, 40, 0])
    (tmp_path / "sweep.json").write_text(json.dumps(table))
    write_sweep(tmp_path)
    head, body = pages.rows(table)
    assert head[:2] == ["frames", "bidirectional"]
    assert "Attention entropy" not in head
    assert body[0][:4] == ("10", "true", "50.0 %", "40.0 to 60.0 %")
    assert any("8 runs some fold collapsed" in x for x in pages.notes(table))


def test_the_axis_is_logarithmic_where_values_span_it_and_orders_what_is_no_number() -> None:
    assert pages.is_log([0.1, 0.3, 1.0])
    assert not pages.is_log([1, 2, 3])
    assert pages.axis([10, 20, 0]) == {"10": 0.0, "20": 1.0, "0": 2.0}  # 0 is off: the whole utterance
    assert not pages.is_log([10, 200, 0])
    assert pages.axis(["mean", "max"]) == {"mean": 0.0, "max": 1.0}
    assert pages.axis([0.1, 0.3]) == {"0.1": 0.1, "0.3": 0.3}


def test_a_damaged_sweep_is_named(tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text("{}")
    with pytest.raises(RunFolderError, match=r"sweep\.json is damaged"):
        write_sweep(tmp_path)
