"""``[dataset]``: one corpus or a pool, from flags and recipes to a whole run with two strangers' datasets."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

import serkit
from serkit.errors import ConfigError, CorpusError, LeakageError, UnknownNameError, UserError
from serkit.host import Host, get_host
from serkit.host.discovery import installed
from serkit.run import corpora
from serkit.run.api import load
from serkit.run.events import Events
from serkit.run.recipe import Recipe, Request, resolve
from serkit.run.runner import execute
from serkit.testing.audio import write_noise
from serkit.types import Corpus

MAPS = {
    "dataset": {
        "name": "emodb+demo",
        "label_map": {"boredom": "neutral"},
        "emodb": {"path": "/there", "subset": "816", "label_map": {"fear": ""}},
    }
}


def choose(name: str, *data: str, **table: Any) -> corpora.CorpusChoice:
    return corpora.choose({"name": name, **table}, data, get_host(), where="mine.toml")


def make(**over: Any) -> Recipe:
    return resolve(Request(**{"plugin": "acrnn", **over}), get_host())


def paths(choice: corpora.CorpusChoice) -> dict[str, str]:
    return {p.name: p.path for p in choice.parts}


def test_data_is_given_in_the_order_of_the_names_or_by_name(tmp_path: Path) -> None:
    a, b = str(tmp_path / "a"), str(tmp_path / "b=b")
    (tmp_path / "b=b").mkdir()
    assert paths(choose("emodb+demo", a, b)) == {"emodb": a, "demo": b}
    assert paths(choose("demo+emodb", a, b)) == {"demo": a, "emodb": b}
    assert paths(choose("emodb+demo", f"demo={a}", b)) == {"emodb": b, "demo": a}
    assert paths(choose("emodb+demo", f"demo={a}", emodb={"path": "/there"})) == {"emodb": "/there", "demo": a}
    assert paths(choose("emodb+demo")) == {"emodb": "", "demo": ""}
    assert paths(choose("emodb", f"emodb={a}")) == {"emodb": a}
    assert choose("emodb+demo", a, b).name == "demo+emodb"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("emodb+demo", ["/a"], r"need a folder are emodb, demo, and --data names 1; .*--data emodb=FOLDER"),
        ("emodb", ["/a", "/b"], "need a folder are emodb, and --data names 2"),
        ("emodb+demo", ["emodb=/a", "demo=/b", "/c"], "need a folder are none, and --data names 1"),
        ("emodb+demo", ["emodb=/a", "emodb=/b"], "--data emodb=... is given twice"),
        ("emodb", [""], "--data is empty"),  # --data "$UNSET" read the working folder
        ("emodb+demo", ["emodb="], "--data emodb=... names no folder"),
        ("emodb", ["~nobody-here/a"], "begins with ~nobody-here, and there is no such user"),  # was a RuntimeError
        ("emodb+demo", ["emodb=~nobody-here", "/a"], "begins with ~nobody-here"),
        ("emodb+demo", ["emo=/a", "/b"], "no corpus of this run named 'emo'; did you mean 'demo'"),
        ("emodb+emodb", [], "names emodb twice, .*same ids.*csv manifest"),
        ("emodb+", [], "has an empty part; write for example emodb"),
        ("emodb+dmo", [], "no dataset named 'dmo'; did you mean 'demo'"),
    ],
)
def test_names_and_folders_that_do_not_fit_are_one_sentence(name: str, data: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        choose(name, *data)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"path": "/a"}, r"no table of \[dataset\] in mine.toml named 'path'.*\[dataset.emodb\]"),
        ({"emo": {}}, "named 'emo'; did you mean"),
        ({"emodb": "/a"}, r"In mine.toml, dataset.emodb is not a table; write \[dataset.emodb\]"),
        ({"emodb": {"path": 3}}, r"dataset.emodb.path must be text \(got 3\)"),
        ({"label_map": "sad"}, r"dataset.label_map is not a table"),
        ({"label_map": {"fear": 1}}, r"dataset.label_map.fear must be the name of a class, .*\(got 1\)"),
        ({"demo": {"label_map": {"sad": " low"}}}, r"dataset.demo.label_map.sad must be the name .*' low'"),
    ],
)
def test_tables_that_do_not_fit_name_the_key(table: dict[str, Any], words: str) -> None:
    with pytest.raises((ConfigError, UnknownNameError), match=words):
        choose("emodb+demo", **table)


def test_a_recipe_of_a_pool_reads_back_and_its_identity_ignores_order_and_places() -> None:
    recipe = make(recipe=MAPS)
    tables = tomllib.loads(tomli_w.dumps(recipe.to_dict()))
    assert tables["dataset"] == {**MAPS["dataset"], "name": "demo+emodb"}
    assert make(plugin="", recipe=tables) == recipe
    moved = make(recipe=MAPS, dataset="demo+emodb", data=["/x", "/y"])
    assert paths(moved.corpus) == {"demo": "/x", "emodb": "/y"}
    assert moved.corpus.label_map == {"boredom": "neutral"}  # the recipe's tables stay: it is the same pool
    assert moved.identity() == recipe.identity()
    assert make(recipe=MAPS, sets=["dataset.emodb.label_map.sad=low"]).identity() != recipe.identity()
    assert make(recipe=MAPS, dataset="emodb").corpus == choose("emodb")


def test_a_label_map_of_one_corpus_stands_beside_its_options() -> None:
    recipe = make(dataset="emodb", sets=["dataset.label_map.boredom=neutral", 'dataset.subset="816"'])
    assert recipe.to_dict()["dataset"] == {"name": "emodb", "subset": "816", "label_map": {"boredom": "neutral"}}
    assert make(recipe=recipe.to_dict()) == recipe
    assert recipe.identity() != make(dataset="emodb", sets=['dataset.subset="816"']).identity()
    assert make(dataset="emodb", sets=["dataset.label_map.boredom="]).corpus.label_map == {"boredom": ""}


@pytest.mark.parametrize("written", ["dataset.subset=816", 'dataset.subset="816"'])
def test_one_choice_of_options_has_one_identity(written: str) -> None:
    """816 and "816" were two recipes, though the dataset reads both alike; so were a default and the same written."""
    recipe = make(dataset="emodb", sets=[written])
    assert recipe.corpus.parts[0].options == {"subset": "816"}
    assert recipe.identity() == make(dataset="emodb", recipe={"dataset": {"subset": "816"}}).identity()
    assert make(dataset="emodb", sets=["dataset.subset=535"]).identity() == make(dataset="emodb").identity()
    with pytest.raises(ConfigError, match=r"dataset\.subset"):
        make(dataset="emodb", sets=["dataset.subset=817"])


def test_a_pool_has_protocols_of_its_own() -> None:
    assert make(dataset="emodb+demo").protocol == "cross_corpus"
    for name in ("pooled_speakers", "emodb+demo/pooled_speakers@1", "demo+emodb/pooled_speakers"):
        assert make(dataset="emodb+demo", protocol=name).protocol == "pooled_speakers"
    with pytest.raises(UnknownNameError, match=r"protocol of 'demo\+emodb' named 'chen4'.*cross_corpus@1"):
        make(dataset="emodb+demo", protocol="chen4")
    assert make(dataset="emodb+demo").published is None


def test_a_part_that_is_not_here_is_named() -> None:
    with pytest.raises(CorpusError, match=r"The corpus emodb is not here.*--data"):
        corpora.load(choose("emodb"), get_host(), allow_fetch=False)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (None, {"demo": "", "emodb": "/there"}),
        ("emodb=/a", {"demo": "", "emodb": "/a"}),
        (["/a", Path("/b")], {"demo": "/b", "emodb": "/a"}),
    ],
)
def test_the_library_takes_folders_as_the_command_line_does(
    monkeypatch: pytest.MonkeyPatch, data: Any, found: dict[str, str]
) -> None:
    class Stop(Exception):
        pass

    def stop(recipe: Recipe, **_: Any) -> None:
        assert paths(recipe.corpus) == found
        raise Stop

    monkeypatch.setattr("serkit.run.runner.execute", stop)
    with pytest.raises(Stop):
        serkit.run({**MAPS, "run": {"plugin": "acrnn"}}, data=data)


HOOKS = """
from serkit.host import DatasetSpec, hookimpl
from serkit.host.protocols import LOSO_NEXT

@hookimpl
def serkit_datasets():
    return [
        DatasetSpec(name=name, summary="s", target=f"pool_code:{name.title()}", labels={"happy": 6, "sad": 6},
                    speakers=3, protocols=(LOSO_NEXT,), default_protocol="loso_next")
        for name in ("north", "south")
    ]
"""

CODE = """
from serkit.data.corpus import build, utterance_id
from serkit.types import Utterance

class Folder:
    def load(self, root):
        rows = [Utterance(id=utterance_id(p, root), path=p, label=p.stem[:-1], speaker=p.parent.name)
                for p in sorted(root.rglob("*.wav"))]
        return build(type(self).__name__.lower(), root, rows, sorted({u.label for u in rows}))

class North(Folder):
    pass

class South(Folder):
    pass
"""


@pytest.fixture
def host(distribution: Callable[..., Any]) -> Host:
    points = distribution("poles", {"p": "pool_hooks"}, {"pool_hooks": HOOKS, "pool_code": CODE})
    return Host([*(p for p in installed() if p.dist is not None and p.dist.name == "serkit"), *points])


@pytest.fixture
def trees(tmp_path: Path) -> dict[str, Path]:
    """Two corpora of three speakers; north has fear and south has calm, which the other lacks."""
    for corpus, labels in (("north", ("fear", "happy", "sad")), ("south", ("calm", "happy", "sad"))):
        for speaker in ("s1", "s2", "s3"):
            for label in labels:
                for take in (1, 2):
                    path = tmp_path / corpus / speaker / f"{label}{take}.wav"
                    write_noise(path, seconds=0.2, seed=f"{corpus}{speaker}{path.name}")
    return {name: tmp_path / name for name in ("north", "south")}


def run(host: Host, out: Path, resume: bool = False, report: bool = False, **over: Any) -> dict[str, Any]:
    small = ["convs=2", "maps=[4]", "pools=[[4, 4]]", "linear=12", "lstm=6", "unit.frames=40"]
    sets = [*(f"architecture.{s}" for s in small), "training.patience=0", *over.pop("sets", ())]
    request = Request(**{"plugin": "acrnn", "epochs": 1, "device": "cpu", "sets": sets, **over})
    with pytest.MonkeyPatch.context() as patch:
        if not report:  # its pictures take longer than everything else
            patch.setattr("serkit.run.report.write_report", lambda folder: None)
        return execute(resolve(request, host), out=out, resume=resume, host=host, events=Events())


def test_a_pool_of_two_strangers_runs_resumes_and_predicts(host: Host, trees: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "run"
    folders = [str(trees["south"]), str(trees["north"])]
    sets = ["dataset.south.label_map.calm=fear", "dataset.label_map.sad=low"]
    metrics = run(host, out, report=True, dataset="south+north", data=folders, sets=sets)
    assert (metrics["dataset"], metrics["protocol"]) == ("north+south", "north+south/cross_corpus@1")
    assert metrics["complete"] is True
    assert metrics["confusion"]["labels"] == ["fear", "happy", "low"]
    assert metrics["label_map"]["south"]["calm"] == {"target": "fear", "utterances": 6}
    assert metrics["label_map"]["north"]["sad"] == {"target": "low", "utterances": 6}
    assert list(metrics["uar"]["per_fold"]) == ["north", "south"]
    split = json.loads((out / "protocol.json").read_text())
    assert split["label_map"] == metrics["label_map"]
    assert {x.partition("/")[0] for x in split["truth"]} == {"north", "south"}
    plugins = json.loads((out / "environment.json").read_text())["plugins"]
    assert [p["name"] for p in plugins if p["kind"] == "dataset"] == ["north", "south"]

    page = (out / "report.md").read_text(encoding="utf-8")
    assert "* south: By the label map, calm (6) counts as fear, sad (6) counts as low.\n" in page
    assert "* Shared classes: fear, happy, low.\n" in page
    assert "| south | calm | fear | 6 |" in page
    assert "<td>calm</td><td>fear</td><td>6</td>" in (out / "report.html").read_text(encoding="utf-8")

    moved = tmp_path / "moved"
    shutil.copytree(trees["north"], moved)
    again = run(host, out, resume=True, dataset="north+south", data=[f"north={moved}", folders[0]], sets=sets)
    assert again["protocol_hash"] == metrics["protocol_hash"]
    predicted = load(out, host).predict([trees["north"] / "s1" / "sad1.wav"])
    assert set(predicted[0].posteriors) == {"fear", "happy", "low"}
    # of the two models one tested north, the other trained or developed on it
    assert (predicted[0].models, predicted[0].trained_on) == (2, 1)


def test_classes_that_one_part_lacks_are_left_out_and_unknown_ones_refused(host: Host, trees: dict[str, Path]) -> None:
    def loaded(**table: Any) -> Corpus:
        table = {"name": "north+south", **table}
        return corpora.load(corpora.choose(table, list(map(str, trees.values())), host, where="mine.toml"), host)

    corpus = loaded()
    assert corpus.labels == ("happy", "sad")
    assert len(corpus.utterances) == 24
    assert "south: left out are the classes that not every corpus has, calm (6)." in corpus.notes
    with pytest.raises(UnknownNameError, match=r"no class of north\+south named 'clam'; did you mean 'calm'"):
        loaded(label_map={"clam": "fear"})
    with pytest.raises(UnknownNameError, match="no class of north named 'calm'"):
        loaded(north={"label_map": {"calm": "fear"}})


def test_a_corpus_that_holds_recordings_of_the_other_is_refused(
    host: Host, trees: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copy(trees["north"] / "s1" / "sad1.wav", trees["south"] / "s2" / "sad9.wav")
    with pytest.raises(LeakageError, match=r"no audio is in two parts.*south/s2/sad9"):
        run(host, tmp_path / "run", dataset="north+south", data=list(map(str, trees.values())))


def test_a_mapped_corpus_has_another_subset_so_its_published_figure_does_not_apply(
    host: Host, trees: dict[str, Path], tmp_path: Path
) -> None:
    figure = {"source": "paper", "protocol": "north/loso_next@1", "preset": "paper", "uar": 0.5}
    common = {"dataset": "north", "data": [str(trees["north"])], "recipe": {"published": figure}}
    plain = run(host, tmp_path / "plain", **common)
    assert (plain["label_map"], plain["published"]["comparable"]) == (None, True)
    mapped = run(host, tmp_path / "mapped", sets=["dataset.label_map.fear=sad"], **common)
    assert mapped["subset"] == "all, fear as sad"
    assert mapped["protocol_hash"] != plain["protocol_hash"]
    assert "subset 'all' of the corpus, this run on 'all, fear as sad'" in mapped["published"]["reasons"][0]
