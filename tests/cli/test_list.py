"""`serkit list`: what there is, and what is broken."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from rich.console import Console

from serkit.cli.main import invoke
from serkit.host import Host, get_host


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert invoke(["list", *arguments]) == 0
    return capsys.readouterr().out


def test_it_lists_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys)
    for word in (
        "architectures",
        "acrnn",
        "datasets",
        "emodb",
        "demo",
        "metrics",
        "uar",
        "features",
        "log-mel",
        "recipes",
    ):
        assert word in text
    assert "chen2018-emodb" in text
    assert f"serkit {get_host().get('metric', 'uar').version}" in text


def test_it_says_what_protocols_promise(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {tuple(line.split()[:2]): line for line in run(capsys, "datasets").splitlines() if "@" in line}
    assert "emodb*" in rows["loso_next@1", "inductive"]
    assert "  speaker  " in rows["loso_next@1", "inductive"]
    assert "  nothing  " in rows["random_5fold@1", "inductive"]
    assert "no test part, no score" in rows["all_data@1", "inductive"]
    assert "speaker, text (development: speaker)" in rows["speaker_text_open@1", "inductive"]


@pytest.mark.parametrize("word", ["metrics", "metric"])
def test_it_lists_one_kind(capsys: pytest.CaptureFixture[str], word: str) -> None:
    text = run(capsys, word)
    assert "uar" in text
    assert "ua, uac, balanced_accuracy" in text
    assert "acrnn" not in text


def test_json_holds_whole_specs(capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(run(capsys, "--json"))
    assert set(content) == {"architectures", "datasets", "metrics", "features", "recipes", "broken"}
    emodb = next(d for d in content["datasets"] if d["name"] == "emodb")
    assert sum(emodb["labels"].values()) == 535
    assert emodb["distribution"] == "serkit"
    assert emodb["protocols"][0]["name"]


def test_an_unknown_kind_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["list", "recipe-s"]) == 2
    assert "did you mean 'recipes'?" in capsys.readouterr().err


def test_broken_plugins_are_a_footnote(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, distribution: Any
) -> None:
    host = Host(distribution("bad-dist", {"bad": "bad_hooks"}, {"bad_hooks": "raise RuntimeError('boo')"}))
    monkeypatch.setattr("serkit.host.get_host", lambda: host)
    text = run(capsys)
    assert "architectures: none" in text
    assert "Broken and left out: bad-dist:bad (see `serkit doctor`)." in text
    (broken,) = json.loads(run(capsys, "--json"))["broken"]
    assert broken["distribution"] == "bad-dist"
    assert "boo" in broken["reason"]


def test_it_lists_protocols(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "protocols")
    assert "session_swap@1" in text
    assert "summary" not in text  # of no plugin
    content = json.loads(run(capsys, "protocols", "--json"))
    swap = [p for p in content["protocols"] if p["name"] == "session_swap"]
    assert [(p["dataset"], p["default"], p["guarantees"]) for p in swap] == [("iemocap", False, ["speaker"])]


@pytest.mark.parametrize(("width", "lines"), [(100, 5), (160, 2)])
def test_recipes_take_few_lines_and_no_name_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, lines: int
) -> None:
    # the title of He's paper took nine lines a recipe
    monkeypatch.setattr("serkit.cli.console._console", lambda: Console(highlight=False, markup=False, width=width))
    printed = run(capsys, "recipes").splitlines()
    names = [r.spec.name for r in get_host().specs("recipe")]
    starts = [i for i, line in enumerate(printed) if line[:1].strip() and line.split(" ")[0] in names]
    assert [printed[i].split(" ")[0] for i in starts] == names
    assert max(b - a for a, b in pairwise([*starts, len(printed)])) <= lines


def test_recipes_say_paper_protocol_and_published_figure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, distribution: Any
) -> None:
    (row,) = [line for line in run(capsys, "recipes").splitlines() if line.startswith("chen2018-emodb ")]
    for words in ("Chen, He, Yang, Zhang, IEEE …, 2018", "acrnn", "loso_next", "UAR 82.8 ± 5.0 (chen4@1)"):
        assert words in row
    content = json.loads(run(capsys, "recipes", "--json"))
    recipe = next(r for r in content["recipes"] if r["name"] == "chen2018-emodb")
    assert (recipe["protocol"], recipe["preset"], recipe["published"]["uar"]) == ("loso_next", "paper", 0.8282)
    assert recipe["citation"] == "Chen, He, Yang, Zhang, IEEE Signal Processing Letters 25(10), 2018"
    hooks = (
        "from serkit.host import RecipeSpec, hookimpl\n\n@hookimpl\ndef serkit_recipes():\n"
        "    return [RecipeSpec(name='torn', summary='s', target='torn:none.toml', architecture='a', dataset='d')]"
    )
    host = Host(distribution("torn-dist", {"torn": "torn_hooks"}, {"torn_hooks": hooks}))
    monkeypatch.setattr("serkit.host.get_host", lambda: host)
    assert "torn" in run(capsys, "recipes")  # one broken file hides no other recipe
    assert "torn" in json.loads(run(capsys, "recipes", "--json"))["recipes"][0]["broken"]
