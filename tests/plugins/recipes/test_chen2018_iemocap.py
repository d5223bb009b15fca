"""The recipe of Chen 2018 on IEMOCAP, from its file to a report."""

from __future__ import annotations

from pathlib import Path

import pytest

import serkit
from serkit.host import get_host
from serkit.run.files import read_json
from serkit.run.recipe import Request, read_recipe, resolve
from serkit.testing.trees import iemocap
from serkit_plugins.datasets.iemocap.loader import Iemocap


def test_the_recipe_asks_for_the_subset_its_figure_was_measured_on() -> None:
    host = get_host()
    tables, where = read_recipe("chen2018-iemocap", host)
    recipe = resolve(Request(recipe=tables, where=where), host)
    assert recipe.published is not None
    (part,) = recipe.corpus.parts
    assert recipe.published.subset == Iemocap(**part.options).options.subset == "improvised"
    assert recipe.published.protocol == "iemocap/loso_partner@1"
    assert (recipe.protocol, recipe.run.seeds, recipe.architecture.convs) == ("loso_partner", 5, 6)


@pytest.mark.usefixtures("one_thread")
def test_the_recipe_runs_on_a_small_tree(tmp_path: Path) -> None:
    iemocap.write(tmp_path / "Übung 1", seconds=0.4)
    sets = ["run.preset=small", "training.epochs=1", "architecture.convs=2", "architecture.maps=[4]"]
    run = serkit.run("chen2018-iemocap", data=tmp_path / "Übung 1", out=tmp_path / "run", folds=[9], seeds=1, sets=sets)
    metrics = read_json(run.path / "metrics.json")
    assert (metrics["protocol"], metrics["subset"]) == ("iemocap/loso_partner@1", "improvised")
    assert metrics["training_speakers"] == [8]
    assert metrics["support"]["pooled"] == dict.fromkeys(("angry", "happy", "neutral", "sad"), 2)
    assert list(metrics["uar"]["per_fold"]) == ["Ses05M"]
    published = metrics["published"]
    assert (published["comparable"], published["uar"]) == (False, 0.6474)
    assert "files of the corpus are missing here" in published["reasons"]
