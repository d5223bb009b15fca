"""The recipes of He, Ren and He resolve to the systems, subsets and figures of the paper."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from serkit.host import get_host
from serkit.run.recipe import Recipe, Request, read_recipe, resolve
from serkit_plugins.datasets.casia import Casia
from serkit_plugins.datasets.emodb import EmoDb
from serkit_plugins.datasets.iemocap.loader import Iemocap
from serkit_plugins.recipes import he

SYSTEMS = {"exp1": "he-svm", "exp2": "he-blstm", "exp3": "he-sae-blstm", "exp4": "he-sae-attention"}
PROTOCOLS = {"casia": "loso_next", "emodb": "loso_next", "iemocap": "loso_partner"}
# diagonals of the printed confusion matrices, in per cent
DIAGONALS = {
    "casia": [73.1, 74.9, 81.7, 69.6, 72.3, 72.6],
    "emodb": [82.1, 77.5, 87.8, 76.5, 75.2, 71.6, 75.1],
    "iemocap": [82.4, 80.4, 84.1, 84.9],
}


def recipe(name: str) -> Recipe:
    tables, where = read_recipe(name, get_host())
    return resolve(Request(recipe=tables, where=where), get_host())


def test_every_file_is_listed_and_every_listed_one_is_there() -> None:
    folder = Path(he.__file__).parent
    names = [spec.name for spec in he.RECIPES]
    assert len(names) == len(set(names)) == 12 + 3 + 2
    assert {p.stem for p in folder.glob("he-*.toml")} == set(names)


@pytest.mark.parametrize("corpus", PROTOCOLS)
@pytest.mark.parametrize("experiment", SYSTEMS)
def test_each_experiment_on_each_corpus_by_speakers(experiment: str, corpus: str) -> None:
    found = recipe(f"he-{experiment}-{corpus}")
    assert (found.run.plugin, found.run.preset, found.protocol) == (SYSTEMS[experiment], "practical", PROTOCOLS[corpus])
    assert (found.published is None) == (experiment != "exp4")
    assert list(found.search) == (["architecture.c"] if experiment == "exp1" else [])


@pytest.mark.parametrize("corpus", PROTOCOLS)
def test_published_figures_are_the_means_of_the_diagonals(corpus: str) -> None:
    for name in (f"he-exp4-{corpus}", f"he-exp4-{corpus}-random"):
        published = recipe(name).published
        assert published is not None
        # 1e-4: the paper rounds to two decimals of a per cent
        np.testing.assert_allclose(published.uar, np.mean(DIAGONALS[corpus]) / 100, atol=1e-4)
        assert published.war is None
        assert published.protocol == f"{corpus}/random_5fold@1"
    assert recipe(f"he-exp4-{corpus}-random").protocol == "random_5fold"


def test_subsets_are_those_that_the_figures_are_compared_by() -> None:
    subsets = {"casia": Casia().options.subset, "emodb": EmoDb().options.subset}
    (part,) = recipe("he-exp4-iemocap").corpus.parts
    subsets["iemocap"] = Iemocap(**part.options).options.subset
    for corpus, subset in subsets.items():
        published = recipe(f"he-exp4-{corpus}").published
        assert published is not None
        assert published.subset == subset
    assert subsets["iemocap"] == "all+excited"  # 5,531 turns


def test_the_context_study_sweeps_both_regimes_both_ways() -> None:
    contexts = (10, 20, 40, 80, 160, 320, 0)
    test, train = recipe("he-context-test-emodb"), recipe("he-context-train-emodb")
    assert dict(test.sweep) == {"architecture.bidirectional": (True, False), "architecture.unit.frames": contexts}
    assert (test.training.crop, test.architecture.unit.merge) == (40, "mean")
    assert dict(train.sweep) == {"architecture.bidirectional": (True, False), "training.crop": contexts}
    assert train.architecture.unit.frames == 0


def test_files_name_the_paper_first() -> None:
    folder = Path(he.__file__).parent
    for spec in he.RECIPES:
        text = (folder / f"{spec.name}.toml").read_text(encoding="utf-8")
        assert text.startswith("# X. He, L. Ren, Y. He: Speech Emotion Recognition"), spec.name
        assert tomllib.loads(text)["run"]["plugin"] == spec.architecture
