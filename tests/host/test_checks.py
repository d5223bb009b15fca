"""Values of specs that the host refuses, and the words it finds for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from serkit.host.checks import SPEC_HOOKS, SPEC_TYPES, answer_fault, hook_fault, references, spec_fault
from serkit.host.specs import ArchitectureSpec, DatasetSpec, FeatureSpec, MetricSpec, ProtocolSpec, RecipeSpec

ARCHITECTURE = ArchitectureSpec(name="a", summary="s", target="m:A", config="m:C")
PROTOCOL = ProtocolSpec(name="p", version=1, summary="s", splitter="m:split")
DATASET = DatasetSpec(
    name="d", summary="s", target="m:D", labels={"sad": 1}, speakers=1, protocols=(PROTOCOL,), default_protocol="p"
)
FEATURE = FeatureSpec(name="f", summary="s", target="m:F", options="m.sub:F.Options")
METRIC = MetricSpec(name="m", summary="s", target="m:f", aliases=("a", "b"))
RECIPE = RecipeSpec(name="r", summary="s", target="package.sub:folder/r.toml", architecture="a", dataset="d")


@pytest.mark.parametrize("spec", [ARCHITECTURE, DATASET, FEATURE, METRIC, RECIPE])
def test_a_valid_spec_has_no_fault(spec: object) -> None:
    assert spec_fault(spec) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        (replace(ARCHITECTURE, config="nowhere"), "the config of architecture 'a' must be 'module:attribute'"),
        (replace(ARCHITECTURE, default_preset="big"), "default_preset 'big' of architecture 'a' is not among"),
        (replace(ARCHITECTURE, paper_preset="big"), "paper_preset 'big'"),
        (replace(DATASET, default_protocol="q"), "default_protocol 'q' of dataset 'd' is not among its protocols (p)"),
        (replace(DATASET, protocols=(PROTOCOL, PROTOCOL)), "two protocols of one name"),
        (replace(DATASET, protocols=(replace(PROTOCOL, splitter="s"),)), "splitter of protocol 'p' of dataset 'd'"),
        (replace(FEATURE, options=""), "the options of feature 'f'"),
        (replace(RECIPE, target="package:r.json"), "the target of recipe 'r' must be 'package:file.toml'"),
        (replace(METRIC, aliases="ua"), "the aliases of metric 'm' must be a tuple of names"),
        (replace(METRIC, aliases=("U A",)), "the aliases of metric 'm' must be a tuple of names"),
        (replace(METRIC, aliases=("a", "a")), "metric 'm' has one of its aliases (a, a) twice"),
        (replace(METRIC, aliases=("m",)), "or its own name among them"),
        (replace(FEATURE, name="-f"), "must be lower-case"),
        (replace(FEATURE, name=""), "must be lower-case"),
        (replace(FEATURE, summary="two\nlines"), "must be one line of text"),
    ],
)
def test_a_wrong_value_is_named(spec: object, fault: str) -> None:
    found = spec_fault(spec)  # type: ignore[arg-type]
    assert found is not None
    assert fault in found


def test_a_name_twice_in_one_answer_is_a_fault() -> None:
    assert answer_fault("serkit_features", [FEATURE, FEATURE]) == "serkit_features returned two specs named 'f'"


def test_an_alias_may_not_be_the_name_of_another_spec() -> None:
    other = replace(METRIC, name="b", aliases=())
    assert answer_fault("serkit_metrics", [METRIC, other]) == "serkit_metrics returned two specs named 'b'"
    assert answer_fault("serkit_metrics", [other, METRIC]) == "serkit_metrics returned two specs named 'b'"


@pytest.mark.parametrize("version", [0, "1", None])
def test_the_host_version_is_a_positive_number(version: object) -> None:
    found = answer_fault("serkit_features", [replace(FEATURE, host_api=version)])  # type: ignore[arg-type]
    assert found is not None
    assert "host_api must be a positive whole number" in found


def test_a_hook_unlike_any_other_lists_them() -> None:
    assert hook_fault("serkit_xyzzy", ["serkit_metrics"]).endswith("the hooks are serkit_metrics")


def test_every_kind_has_a_hook_and_a_type() -> None:
    assert set(SPEC_HOOKS.values()) == set(SPEC_TYPES)
    assert all(SPEC_TYPES[k].kind == k for k in SPEC_TYPES)


def test_references_are_all_code_of_a_spec() -> None:
    assert references(DATASET) == {"target": "m:D", "splitter of protocol 'p'": "m:split"}
    assert references(ARCHITECTURE) == {"target": "m:A", "config": "m:C"}
