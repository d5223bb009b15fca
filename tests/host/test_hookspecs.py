"""Each hook, implemented by a stranger and seen by the host. ``tests/guards`` asks for a test of every hook here."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from serkit.host import Host, Kind

SPECS: dict[str, tuple[Kind, str]] = {
    "serkit_architectures": ("architecture", "ArchitectureSpec(name='it', summary='s', target='m:A', config='m:C')"),
    "serkit_datasets": (
        "dataset",
        "DatasetSpec(name='it', summary='s', target='m:D', labels={'sad': 1}, speakers=1, default_protocol='p', "
        "protocols=(ProtocolSpec(name='p', version=1, summary='s', splitter='m:f'),))",
    ),
    "serkit_features": ("feature", "FeatureSpec(name='it', summary='s', target='m:F', options='m:O')"),
    "serkit_metrics": ("metric", "MetricSpec(name='it', summary='s', target='m:f')"),
    "serkit_recipes": (
        "recipe",
        "RecipeSpec(name='it', summary='s', target='m:r.toml', architecture='a', dataset='d')",
    ),
}


def offers(distribution: Any, hook: str) -> None:
    kind, spec = SPECS[hook]
    source = (
        f"from serkit.host import *\nfrom serkit.host import hookimpl\n@hookimpl\ndef {hook}():\n    return [{spec}]\n"
    )
    host = Host(distribution("it", {"it": "it_hooks"}, {"it_hooks": source}))
    assert host.broken == ()
    assert host.get(kind, "it").spec.kind == kind
    assert sum(len(host.specs(k)) for k, _ in SPECS.values()) == 1


def test_serkit_architectures(distribution: Any) -> None:
    offers(distribution, "serkit_architectures")


def test_serkit_datasets(distribution: Any) -> None:
    offers(distribution, "serkit_datasets")


def test_serkit_features(distribution: Any) -> None:
    offers(distribution, "serkit_features")


def test_serkit_metrics(distribution: Any) -> None:
    offers(distribution, "serkit_metrics")


def test_serkit_recipes(distribution: Any) -> None:
    offers(distribution, "serkit_recipes")


def told(distribution: Any, hook: str, arguments: str, **values: Any) -> Any:
    body = f"@hookimpl\ndef {hook}({arguments}):\n    seen.append(({arguments},))\n"
    source = f"from serkit.host import hookimpl\nseen = []\n{body}"
    host = Host(distribution("it", {"it": "it_hooks"}, {"it_hooks": source}))
    assert host.broken == ()
    host.notify(hook, **values)
    return sys.modules["it_hooks"].seen


def test_serkit_run_started(distribution: Any) -> None:
    assert told(distribution, "serkit_run_started", "run", run=1) == [(1,)]


@pytest.mark.parametrize(("arguments", "seen"), [("run, report", (1, 2)), ("report", (2,))])
def test_serkit_run_finished(distribution: Any, arguments: str, seen: tuple[int, ...]) -> None:
    assert told(distribution, "serkit_run_finished", arguments, run=1, report=2) == [seen]
