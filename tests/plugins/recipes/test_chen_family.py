"""The recipes of the ACRNN, the CNN with attention, the CNN + LSTM and local attention, from file to settings."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch

import serkit
from serkit.errors import UserError
from serkit.host import get_host
from serkit.run.plugins import make_architecture
from serkit.run.recipe import Recipe, Request, read_recipe, resolve
from serkit.testing.trees import iemocap
from serkit.types import FoldContext, Published
from serkit_plugins.datasets.iemocap.loader import Iemocap

IMPROVISED = ("iemocap/loso_partner@1", "improvised")
UNSTATED = ("an unstated split of iemocap", "improvised")

FIGURES: dict[str, tuple[Any, ...]] = {
    # recipe: architecture, input channels, (protocol, subset), UAR, its deviation, WAR; spec sections 1.6, 3.7, 6
    "chen2018-emodb": ("acrnn", (40, 3), ("emodb/chen4@1", "535"), 0.8282, 0.0499, None),
    "chen2018-emodb-2d": ("acrnn", (40, 1), ("emodb/chen4@1", "535"), 0.7938, 0.0778, None),
    "chen2018-iemocap": ("acrnn", (40, 3), IMPROVISED, 0.6474, 0.0544, None),
    "chen2018-iemocap-2d": ("acrnn", (40, 1), IMPROVISED, 0.624, 0.067, None),
    "mchen-iemocap": (
        "acnn",
        (40, 3),
        ("one unnamed fold of iemocap/loso_partner@1", "improvised+excited"),
        0.6393,
        None,
        None,
    ),
    "cnn-lstm-iemocap": ("cnn-lstm", (40, 1), UNSTATED, 0.594, None, None),
    "mirsamadi2017-iemocap": ("local-attention", (32,), UNSTATED, 0.588, None, 0.635),
}


def recipe_of(name: str, *sets: str) -> Recipe:
    tables, where = read_recipe(name, get_host())
    return resolve(Request(recipe=tables, where=where, sets=sets), get_host())


def shapes_of(recipe: Recipe) -> dict[str, tuple[int, ...]]:
    from serkit.run.prepare import extractors

    return {name: tuple(made.shape) for name, made in extractors(recipe.features, get_host()).items()}


@pytest.mark.parametrize("name", FIGURES)
def test_recipes_ask_for_what_their_figures_were_measured_on(name: str) -> None:
    plugin, shape, (protocol, subset), uar, std, war = FIGURES[name]
    recipe = recipe_of(name)
    assert (recipe.run.plugin, recipe.run.preset, shapes_of(recipe)) == (plugin, "paper", {"x": shape})
    found = recipe.published
    assert isinstance(found, Published)
    assert (found.protocol, found.subset, found.uar, found.uar_std, found.war) == (protocol, subset, uar, std, war)
    (part,) = recipe.corpus.parts
    if part.name == "iemocap":
        assert Iemocap(**part.options).options.subset == subset
        assert recipe.protocol == "loso_partner"


@pytest.mark.parametrize(
    ("name", "preset", "shape", "protocol", "subset"),
    [
        ("mchen-iemocap-2d", "paper_2d", (40, 1), "loso_partner", "improvised+excited"),
        ("cnn-lstm-emodb", "paper", (40, 1), "loso_next", None),
        ("mirsamadi2017-emodb", "paper", (32,), "loso_next", None),
        ("afcn-multihead-iemocap", "heads4", (400, 1), "loso_partner", "improvised"),
        ("ho2020-audio-iemocap-mixed", "paper", (13, 3), "session_swap", "all+excited"),
    ],
)
def test_recipes_without_a_published_figure(
    name: str, preset: str, shape: tuple[int, ...], protocol: str, subset: str | None
) -> None:
    recipe = recipe_of(name)
    assert (recipe.run.preset, recipe.protocol, recipe.published) == (preset, protocol, None)
    assert list(shapes_of(recipe).values()) == [shape]
    (part,) = recipe.corpus.parts
    assert subset is None or Iemocap(**part.options).options.subset == subset


@pytest.mark.parametrize(
    ("name", "path", "values"),
    [
        ("mchen-lambda-iemocap", "architecture.scale", (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)),
        ("mchen-lambda-emodb", "architecture.scale", (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)),
        ("chen2018-depth-emodb", "architecture.convs", (1, 2, 3, 4, 5, 6, 7)),
        ("chen2018-depth-iemocap", "architecture.convs", (1, 2, 3, 4, 5, 6, 7)),
    ],
)
def test_sweeps_are_a_run_a_value(name: str, path: str, values: tuple[float, ...]) -> None:
    recipe = recipe_of(name)
    assert recipe.sweep == {path: values}
    assert (recipe.search, recipe.published) == ({}, None)


def test_depth_is_chosen_on_development_speakers_where_asked() -> None:
    recipe = resolve(Request(plugin="acrnn", preset="depth_on_dev", dataset="emodb"), get_host())
    assert recipe.search == {"architecture.convs": (1, 2, 3, 4, 5, 6, 7)}
    assert resolve(Request(plugin="acrnn", preset="paper", dataset="emodb"), get_host()).search == {}


def test_a_run_without_a_recipe_is_shown_the_systems_first_figure() -> None:
    recipe = resolve(Request(plugin="acrnn", dataset="emodb"), get_host())
    assert recipe.published is not None
    assert recipe.published.uar == 0.8282


@pytest.mark.parametrize("channels", [["static"], ["delta"], ["static", "delta2"], ["static", "delta", "delta2"]])
@pytest.mark.parametrize(("depth", "pooling"), [(1, "attention"), (4, "mean"), (7, "max")])
@pytest.mark.usefixtures("one_thread")
def test_channels_depth_and_pooling_of_the_acrnn(channels: list[str], depth: int, pooling: str) -> None:
    small = ["architecture.maps=[4]", "architecture.linear=8", "architecture.lstm=3", "architecture.dense=5"]
    sets = [f"features.x.channels={channels}", f"architecture.convs={depth}", f"architecture.pooling={pooling}"]
    recipe = recipe_of("chen2018-emodb", *sets, *small)
    shapes = shapes_of(recipe)
    assert shapes == {"x": (40, len(channels))}
    architecture = make_architecture(get_host(), "acrnn", recipe.architecture)
    net = architecture.build(FoldContext(labels=("a", "b", "c"), input_shapes=shapes, seed=0, fold="03"))
    assert len(net.stack.convs) == depth
    assert net(torch.randn(2, 20, *shapes["x"]), torch.tensor([20, 9])).shape == (2, 3)
    weights = architecture.attention(net, {"x": torch.randn(1, 8, *shapes["x"]), "x_lengths": torch.tensor([8])})
    assert (weights is not None) == (pooling == "attention")


def test_depth_beyond_the_papers_is_refused() -> None:
    with pytest.raises(UserError, match=r"architecture\.convs"):
        recipe_of("chen2018-emodb", "architecture.convs=8")


TINY = {
    "cnn-lstm-iemocap": ["convs=2", "maps=[3]", "linear=8", "lstm=3", "arrangement=parallel"],
    "mirsamadi2017-iemocap": ["dense=[6]", "lstm=3", "pooling=frames"],
}


@pytest.mark.parametrize("name", TINY)
@pytest.mark.usefixtures("one_thread")
def test_recipes_run_on_a_small_tree(name: str, tmp_path: Path) -> None:
    iemocap.write(tmp_path / "corpus", seconds=0.4)
    sets = ["training.epochs=1", *(f"architecture.{item}" for item in TINY[name])]
    run = serkit.run(name, data=tmp_path / "corpus", out=tmp_path / "run", folds=[9], seeds=1, sets=sets)
    published = run.metrics["published"]
    assert (published["comparable"], published["uar"]) == (False, FIGURES[name][3])
    wav = sorted((tmp_path / "corpus").rglob("*.wav"))[0]
    (found,) = run.predict([wav])
    assert sum(found.posteriors.values()) == pytest.approx(1)
    assert prod(found.posteriors.values()) > 0
