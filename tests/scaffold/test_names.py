"""What a plugin may be called: one sentence for each name that it may not."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from serkit.errors import UserError
from serkit.host import Host, get_host
from serkit.scaffold.names import LONGEST, Names, names_for

FORM = "use lower-case letters and digits with single '-' or '_' between, beginning with a letter"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("my-model", Names("my-model", "my-model", "my_model")),
        ("my_model2", Names("my_model2", "my_model2", "my_model2")),
        ("m", Names("m", "m", "m")),
        ("serkit-gini", Names("serkit-gini", "gini", "serkit_gini")),
        ("none", Names("none", "none", "none")),
        ("x" * LONGEST, Names("x" * LONGEST, "x" * LONGEST, "x" * LONGEST)),
    ],
)
def test_good_names(name: str, wanted: Names) -> None:
    assert names_for(name, get_host()) == wanted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "The name of the plugin is empty; give one such as 'my-model'."),
        ("a/b", "'a/b' is a path; give the name alone, and the folder with --out."),
        ("..\\b", "is a path; give the name alone"),
        ("/", "is a path; give the name alone"),
        ("y" * (LONGEST + 1), f"has {LONGEST + 1} characters; use at most {LONGEST}."),
        ("My-Model", f"{FORM}, for example 'my-model'."),
        ("my model", f"{FORM}, for example 'my-model'."),
        ("my--model", f"{FORM}, for example 'my-model'."),
        ("my.model", f"{FORM}, for example 'my-model'."),
        ("-model", f"{FORM}, for example 'model'."),
        ("model-", f"{FORM}, for example 'model'."),
        (".", f"{FORM}, for example 'my-model'."),
        ("3d", f"{FORM}, for example 'my-model'."),
        ("modèle", f"{FORM}, for example 'modele'."),
        ("情感", f"{FORM}, for example 'my-model'."),
        ("a\nb", f"{FORM}, for example 'a-b'."),
        ("serkit-", FORM),
        ("serkit-2d", "The name '2d' is not valid"),
        ("lambda", "The name 'lambda' is a keyword of Python"),
        ("json", "'json' is that of a module of Python's standard library; choose another, for example 'serkit-json'."),
        ("tests", "'tests' is that of a folder of every plugin package"),
        ("acrnn", "There is an architecture named 'acrnn' already (distribution serkit "),
        ("serkit-acrnn", "There is an architecture named 'acrnn' already (distribution serkit "),
        ("emodb", "There is a dataset named 'emodb' already (distribution serkit "),
        ("accuracy", "There is a metric named 'accuracy' already (distribution serkit "),
        ("cnn_lstm", "There is an architecture named 'cnn-lstm' already (distribution serkit "),
        ("chen2018-emodb", "There is a recipe named 'chen2018-emodb' already (distribution serkit "),
        ("numpy", "A distribution named 'numpy' is installed here ("),
        ("scikit_learn", "A distribution named 'scikit_learn' is installed here ("),
        ("serkit", "A distribution named 'serkit' is installed here ("),
        ("sklearn", "A package named 'sklearn' can be imported here already"),
        ("serkit-plugins", "A package named 'serkit_plugins' can be imported here already"),
    ],
)
def test_bad_names(name: str, words: str) -> None:
    with pytest.raises(UserError) as error:
        names_for(name, get_host())
    text = str(error.value)
    assert words in text
    assert "\n" not in text
    assert text.endswith(".")


def test_names_of_strangers_and_of_broken_plugins_are_taken(distribution: Any) -> None:
    source = """
from serkit.host import MetricSpec, hookimpl
@hookimpl
def serkit_metrics():
    return [MetricSpec(name="m-{0}", summary="M.", target="a:b", aliases=("alias-{0}",)){1}]
"""
    clash = ', MetricSpec(name="uar", summary="M.", target="a:b")'
    points = [
        *distribution("good", {"g": "good_hooks"}, {"good_hooks": source.format("good", "")}),
        *distribution("clash", {"c": "clash_hooks"}, {"clash_hooks": source.format("clash", clash)}),
    ]
    host = Host([*get_host_points(), *points])
    for name, who in (("m-good", "good 1.0"), ("alias-good", "good 1.0"), ("m-clash", "clash 1.0, broken")):
        with pytest.raises(UserError, match=rf"a metric named '{name}' already \(distribution {who}\)"):
            names_for(name, host)


def get_host_points() -> list[Any]:
    from serkit.host.discovery import installed

    return [p for p in installed() if p.dist is not None and p.dist.name == "serkit"]


def test_a_folder_without_code_where_the_command_is_given_takes_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plainfolder").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    with pytest.raises(UserError, match="can be imported"):
        names_for("plainfolder", get_host())
    monkeypatch.chdir(tmp_path)
    assert names_for("plainfolder", get_host()).package == "plainfolder"
