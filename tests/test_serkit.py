"""The names of the package itself, which come without an import of what is behind them."""

from __future__ import annotations

import importlib

import pytest

import serkit


def test_run_and_load_are_those_of_the_run_layer() -> None:
    api = importlib.import_module("serkit.run.api")
    assert serkit.load is api.load
    assert callable(serkit.run)
    assert serkit.run is importlib.import_module("serkit.run")


def test_its_names_are_listed_and_there_are_no_others() -> None:
    assert dir(serkit) == ["__version__", "load", "run"]
    with pytest.raises(AttributeError, match="module 'serkit' has no attribute 'runn'"):
        _ = serkit.runn  # type: ignore[attr-defined]


def test_run_is_the_function_behind_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("serkit.run.api.run", lambda *a, **k: seen.append((a, k)) or "ran")
    assert serkit.run("recipe", resume=True) == "ran"
    assert seen == [(("recipe",), {"resume": True})]
