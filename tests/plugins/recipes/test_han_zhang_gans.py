"""The recipes of the DNN-ELM, the AFCN and Emotion in Motion, from file to settings."""

from __future__ import annotations

from typing import Any

import pytest

from serkit.host import get_host
from serkit.run.recipe import Recipe, Request, read_recipe, resolve
from serkit_plugins.datasets.ravdess import Ravdess

FIGURES: dict[str, tuple[Any, ...]] = {
    # recipe: architecture, preset, protocol run, (protocol and subset published), UAR, its deviation, WAR
    "chen2018-dnn-elm-emodb": (
        "dnn-elm", "paper", "loso_next", ("emodb/loso_next@1", "535"), 0.7156, 0.0843, None,
    ),
    "chen2018-dnn-elm-iemocap": (
        "dnn-elm", "paper", "loso_partner", ("iemocap/loso_partner@1", "improvised"), 0.5124, 0.0724, None,
    ),
    "zhang2019-iemocap": (
        "afcn", "paper", "loso_partner", ("an unstated speaker-independent split of iemocap", "improvised"), 0.639,
        None, 0.704,
    ),
    "gans2020-ravdess": (
        "emotion-in-motion", "literal", "random_5fold", ("ravdess/random_5fold@1", "gans510"), 0.419, None, 0.512,
    ),
}  # fmt: skip


def recipe_of(name: str) -> Recipe:
    tables, where = read_recipe(name, get_host())
    return resolve(Request(recipe=tables, where=where), get_host())


@pytest.mark.parametrize("name", FIGURES)
def test_a_recipe_has_its_papers_figure_and_protocol(name: str) -> None:
    recipe, (plugin, preset, protocol, where, uar, deviation, war) = recipe_of(name), FIGURES[name]
    assert (recipe.run.plugin, recipe.run.preset, recipe.protocol) == (plugin, preset, protocol)
    assert recipe.published is not None
    assert (recipe.published.protocol, recipe.published.subset) == where
    assert (recipe.published.uar, recipe.published.uar_std, recipe.published.war) == (uar, deviation, war)
    assert recipe.information == recipe.published.information == "inductive"


def test_recipes_on_which_papers_have_no_figure_have_none() -> None:
    for name, protocol in (("afcn-emodb", "loso_next"), ("gans2020-ravdess-actors", "actor_groups")):
        recipe = recipe_of(name)
        assert recipe.published is None
        assert recipe.protocol == protocol


def test_both_recipes_of_ravdess_ask_for_the_510_files() -> None:
    for name in ("gans2020-ravdess", "gans2020-ravdess-actors"):
        (part,) = recipe_of(name).corpus.parts
        assert Ravdess(**part.options).options.subset == "gans510"


def test_the_code_trains_on_exact_batches_and_a_summed_loss() -> None:
    training = recipe_of("gans2020-ravdess").training
    assert (training.batch, training.batching, training.reduction) == (51, "exact", "sum")
    assert (training.patience, training.select, training.epochs) == (0, "last", 200)
