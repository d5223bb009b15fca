"""The recipes of Ho 2020 on IEMOCAP, from their files to a report."""

from __future__ import annotations

from pathlib import Path

import pytest

import serkit
from serkit.errors import RunFolderError, UserError
from serkit.host import get_host
from serkit.run.files import read_json
from serkit.run.recipe import Request, read_recipe, resolve
from serkit.testing.encoders import write_bert
from serkit.testing.trees import casia, iemocap
from serkit_plugins.datasets.iemocap.loader import Iemocap

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(
    ("name", "plugin", "subset", "war"),
    [
        ("ho2020-iemocap", "mmfa", "improvised+excited", 0.7323),
        ("ho2020-iemocap-mixed", "mmfa", "all+excited", 0.7323),
        ("ho2020-iemocap-seven", "mmfa", "all+excited/seven", None),
        ("ho2020-iemocap-botta", "mmfa", "improvised+excited", 0.6556),
        ("ho2020-audio-iemocap", "mmfa-audio", "improvised+excited", None),
        ("ho2020-text-iemocap", "mmfa-text", "improvised+excited", None),
    ],
)
def test_what_the_recipes_ask_for(tmp_path: Path, name: str, plugin: str, subset: str, war: float | None) -> None:
    tables, where = read_recipe(name, get_host())
    recipe = resolve(Request(recipe=tables, where=where), get_host())
    (part,) = recipe.corpus.parts
    assert (recipe.run.plugin, recipe.run.preset, recipe.protocol) == (plugin, "paper", "session_swap")
    assert Iemocap(**part.options).options.subset == subset
    assert (recipe.published.war if recipe.published else None) == war
    if plugin != "mmfa-audio":
        assert recipe.features["text"].feature == "text-encoder"


def test_it_runs_with_an_encoder_from_a_folder(tmp_path: Path) -> None:
    iemocap.write(tmp_path / "corpus", seconds=0.4)
    bert = write_bert(tmp_path / "bert")
    sets = ["training.epochs=1", f"features.text.folder={bert}"]
    run = serkit.run("ho2020-iemocap", data=tmp_path / "corpus", out=tmp_path / "run", folds=[9], sets=sets)
    metrics = read_json(run.path / "metrics.json")
    assert (metrics["protocol"], metrics["subset"]) == ("iemocap/session_swap@1", "improvised+excited")
    published = metrics["published"]
    assert (published["comparable"], published["war"]) == (False, 0.7323)
    assert any("'not stated'" in reason for reason in published["reasons"])

    # the same folder with other weights in it
    write_bert(bert, seed=1)
    words = r"weights behind the input 'text' are not those that the run .* was made with"
    again = {"data": tmp_path / "corpus", "out": tmp_path / "run", "folds": [9], "sets": sets, "resume": True}
    with pytest.raises(RunFolderError, match=words):
        serkit.run("ho2020-iemocap", **again)
    with pytest.raises(UserError, match=r"reads words .* an audio file comes without"):
        run.predict([next((tmp_path / "corpus").rglob("*.wav"))])
    write_bert(bert)
    serkit.run("ho2020-iemocap", **again)


def test_without_weights_it_says_what_to_do_and_trains_nothing(tmp_path: Path) -> None:
    iemocap.write(tmp_path / "corpus", seconds=0.4)
    with pytest.raises(UserError, match=r"No folder of an encoder is named; set the input's option folder"):
        serkit.run("ho2020-iemocap", data=tmp_path / "corpus", out=tmp_path / "run", folds=[9])
    assert not (tmp_path / "run").exists()
    run = serkit.run(
        "ho2020-iemocap",
        data=tmp_path / "corpus",
        out=tmp_path / "hashed",
        folds=[9],
        sets=["training.epochs=1", "features.text.feature=text-hash"],
    )
    assert read_json(run.path / "metrics.json")["plugin"] == "mmfa"


def test_a_corpus_without_transcripts_is_refused(tmp_path: Path) -> None:
    casia.write(tmp_path / "casia")
    tables = {"run": {"plugin": "mmfa"}, "dataset": {"name": "casia"}}
    with pytest.raises(UserError, match=r"reads words .* casia only names its sentences without their words"):
        serkit.run(tables, data=tmp_path / "casia", out=tmp_path / "run")
    assert not list((tmp_path / "run").rglob("*.safetensors"))
