from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import tomli_w

from serkit.errors import ConfigError, PluginError, UnknownNameError, UserError
from serkit.host import get_host
from serkit.run.recipe import Recipe, Request, read_recipe, resolve


def make(**over: object) -> Recipe:
    return resolve(Request(**{"plugin": "acrnn", "dataset": "demo", **over}), get_host())  # type: ignore[arg-type]


def test_a_resolved_recipe_resolves_to_itself() -> None:
    for preset in ("paper", "chen_reference", "small"):
        recipe = make(preset=preset, sets=["training.lr=2e-3"], folds=[0, 3], seeds=2)
        tables = tomllib.loads(tomli_w.dumps(recipe.to_dict()))
        again = resolve(Request(recipe=tables), get_host())
        assert again == recipe
        assert again.identity() == recipe.identity()


def test_precedence_is_defaults_preset_recipe_set_flags() -> None:
    assert make(preset="paper").training.lr == 1e-4
    assert make(preset="chen_reference").training.lr == 1e-5
    recipe = {"training": {"lr": 0.5, "epochs": 9}}
    assert make(preset="chen_reference", recipe=recipe).training.lr == 0.5
    assert make(preset="chen_reference", recipe=recipe, sets=["training.lr=0.25"]).training.lr == 0.25
    flagged = make(recipe=recipe, sets=["training.epochs=7"], epochs=3)
    assert flagged.training.epochs == 3


def test_set_takes_bare_keys_where_unique_and_text_without_quotes() -> None:
    recipe = make(sets=["convs=2", "optimizer=adam", 'features.x.channels=["static"]', "pools=[[2, 4]]", "frames=100"])
    assert recipe.architecture.convs == 2
    assert recipe.training.optimizer == "adam"
    assert recipe.features["x"].options.channels == ("static",)
    assert recipe.architecture.pools == ((2, 4),)
    assert recipe.architecture.unit.frames == 100


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (["training.lrr=1"], r"--set .*unknown key 'training.lrr'; did you mean 'lr'"),
        (["lrr=1"], "no key for --set named 'lrr'; did you mean 'lr'"),
        (["name=x"], r"--set name could be any of dataset.name, protocol.name"),
        (["trainig.lr=1"], "no table for --set named 'trainig'; did you mean 'training'"),
        (["lr"], "is not path=value"),
        (["search.=1"], "is not path=value"),
        (["training..lr=1"], "is not path=value"),
        (["training.lr=-1"], r"training.lr: .*greater than 0"),
        (["training.lr=fast"], r"training.lr: .*number"),
        (["training.optimizer=lion"], r"training.optimizer: .*'nadam'"),
        (["architecture.convs=9"], r"architecture.convs: .*less than or equal to 7"),
        (["features.x.n_melz=3"], r"unknown key 'features.x.n_melz'; did you mean 'n_mels'"),
        (["features.y.n_mels=3"], "no input named 'y'"),
    ],
)
def test_mistakes_in_set_are_one_sentence(sets: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        make(sets=sets)


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'acrnn'"):
        make(plugin="acrn")
    with pytest.raises(UnknownNameError, match="did you mean 'demo'"):
        make(dataset="demmo")
    with pytest.raises(UnknownNameError, match="did you mean 'paper'"):
        make(preset="papr")
    with pytest.raises(UnknownNameError, match="did you mean 'loso_next@1'"):
        make(protocol="loso_nxt")
    with pytest.raises(UserError, match="name --dataset"):
        make(dataset="")


def test_protocols_go_by_short_and_full_name() -> None:
    for name in ("chen4", "chen4@1", "emodb/chen4@1"):
        assert make(dataset="emodb", protocol=name).protocol == "chen4"
    assert make(dataset="emodb").protocol == "loso_next"
    with pytest.raises(UnknownNameError):
        make(dataset="emodb", protocol="chen4@2")


def test_recipe_files_name_their_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("schema = 1\n[run]\nplugin = 'acrnn'\n[trainng]\nlr = 1\n")
    tables, where = read_recipe(path, get_host())
    with pytest.raises(UnknownNameError, match=r"table in .*mine.toml named 'trainng'; did you mean 'training'"):
        resolve(Request(recipe=tables, where=where, dataset="demo"), get_host())
    path.write_text("schema = 7")
    tables, where = read_recipe(path, get_host())
    with pytest.raises(ConfigError, match="reads schema 1"):
        resolve(Request(recipe=tables, where=where), get_host())
    path.write_text("a = = 1")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_recipe(path, get_host())
    path.write_bytes(b"\xef\xbb\xbfschema = 1\r\n[run]\r\nseeds = 2\r\n")  # as Notepad saves it: was "not TOML"
    assert read_recipe(path, get_host())[0] == {"schema": 1, "run": {"seeds": 2}}
    with pytest.raises(UnknownNameError, match="did you mean 'chen2018-emodb'"):
        read_recipe("chen2018-emodbb", get_host())


def test_shipped_recipes_resolve_where_their_corpus_is_there() -> None:
    host = get_host()
    for registered in host.specs("recipe"):
        tables, where = read_recipe(registered.spec.name, host)
        request = Request(recipe=tables, where=where)
        if registered.spec.dataset in {d.spec.name for d in host.specs("dataset")}:  # type: ignore[union-attr]
            recipe = resolve(request, host)
            assert recipe.run.plugin == registered.spec.architecture  # type: ignore[union-attr]
            assert (recipe.published is None) == ("published" not in tables)  # recipes of our own have none
        else:
            with pytest.raises((UnknownNameError, PluginError)):
                resolve(request, host)


def test_chen2018_emodb_is_the_papers_best_depth() -> None:
    tables, where = read_recipe("chen2018-emodb", get_host())
    recipe = resolve(Request(recipe=tables, where=where), get_host())
    assert (recipe.architecture.convs, recipe.run.seeds, recipe.run.preset) == (5, 5, "paper")
    assert recipe.published is not None
    assert (recipe.published.uar, recipe.published.protocol) == (0.8282, "emodb/chen4@1")


def test_another_dataset_drops_the_recipes_path_and_options() -> None:
    recipe = {"dataset": {"name": "emodb", "path": "/there", "subset": "816"}}
    assert make(dataset="emodb", recipe=recipe).corpus.parts[0].options == {"subset": "816"}
    assert make(dataset="demo", recipe=recipe).corpus.parts[0].options == {}
    assert make(dataset="demo", recipe=recipe).corpus.parts[0].path == ""


def test_identity_ignores_where_data_lies_and_what_ran_it() -> None:
    base = make()
    assert make(data=["/elsewhere"]).identity() == base.identity()
    assert make(device="cpu").identity() == base.identity()
    assert make(sets=["training.lr=0.123"]).identity() != base.identity()


def test_one_value_for_a_list_is_told_in_words_of_toml() -> None:
    from serkit.config import load
    from serkit.features import LogMelOptions

    with pytest.raises(ConfigError, match=r"channels: input should be a list \(got 4\)"):
        load(LogMelOptions, {"channels": 4})


def test_a_protocol_of_the_recipe_that_another_corpus_lacks_is_said_to_be_the_recipes() -> None:
    tables, where = read_recipe("chen2018-iemocap", get_host())
    words = (
        r"no protocol of 'demo' named 'loso_partner'.* There is all_data@1, .*\. The protocol came with recipe "
        r"'chen2018-iemocap', which is of iemocap; choose one of demo with --protocol\."
    )
    with pytest.raises(UnknownNameError, match=words):
        resolve(Request(recipe=tables, where=where, dataset="demo"), get_host())
    with pytest.raises(UnknownNameError) as error:  # nobody brought this one
        resolve(Request(recipe=tables, where=where, dataset="demo", protocol="loso_partner"), get_host())
    assert "came with" not in str(error.value)
    assert resolve(Request(recipe=tables, where=where, dataset="demo", protocol="loso"), get_host()).protocol == "loso"
