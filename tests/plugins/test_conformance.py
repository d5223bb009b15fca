"""Everything that SerKit ships, put through the conformance kit: a new plugin is tested the day it is registered."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from serkit.host import get_host
from serkit.host.specs import Kind
from serkit.testing import check_plugin, parametrize_with_checks
from serkit.testing.conformance import Check
from serkit.testing.conformance.subjects import Subject
from serkit.testing.encoders import write_bert, write_speech
from serkit.testing.trees import TREES
from serkit.testing.trees.manifests import MANIFESTS

pytestmark = pytest.mark.usefixtures("one_thread")

ENCODER, TEXT_ENCODER = "speech-encoder-of-the-kit", "text-encoder-of-the-kit"
"""Folders in the working folder of these tests."""

SHORT = ["architecture.unit.frames=40"]
"""The units of published networks have 300 frames, and nothing that is asked here depends on that."""

NARROW = ["architecture.maps=[24, 64, 96, 96, 64]"]
"""A quarter of the published maps, which are asked in the tests of these networks; here they only take time."""

FEW = ["architecture.maps=[32, 64]"]
"""A quarter, too, of networks that have a number of maps for each convolution, the last one repeated."""

SETS = {
    "afcn": NARROW,
    "afcn-multihead": NARROW,
    "ssl": [f"architecture.folder={ENCODER!r}"],
    "acnn": SHORT,
    "acrnn": [*SHORT, *FEW],
    "cnn-lstm": [*SHORT, *FEW],
    "fusion-features": SHORT,
}

FEATURE_SETS = {
    "speech-encoder": [f"folder={ENCODER!r}"],
    "text-encoder": [f"folder={TEXT_ENCODER!r}"],
}


EXPORTED = ("acnn", "ssl")
"""Systems that are exported in every run of the tests; SERKIT_TEST_EXPORT=1 exports all."""

NEED_FILES = ("ssl", "speech-encoder", "text-encoder")


def shipped(kind: Kind) -> list[str]:
    """Names of SerKit's own plugins of a kind; what else is installed here is others' to test."""
    return [r.spec.name for r in get_host().specs(kind) if r.distribution == "serkit"]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that some systems need."""
    folder = tmp_path_factory.mktemp("conformance")
    write_speech(folder / ENCODER)
    write_bert(folder / TEXT_ENCODER)
    return folder


@pytest.fixture
def _files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.callspec.params["plugin"].name in NEED_FILES:  # the others do not wait for the files
        monkeypatch.chdir(request.getfixturevalue("files"))


@pytest.mark.usefixtures("_files")
@parametrize_with_checks(shipped("architecture"), kind="architecture", sets=SETS)
def test_architectures(plugin: Subject, check: Callable[[Subject], None]) -> None:
    if check.__name__ == "check_onnx" and plugin.name not in EXPORTED and not os.environ.get("SERKIT_TEST_EXPORT"):
        pytest.skip("torch takes some ten seconds to export a model; SERKIT_TEST_EXPORT=1 does it for all")
    check(plugin)


@parametrize_with_checks(
    shipped("dataset"),
    kind="dataset",
    sets={"emobox": ["dataset.speaker_pattern='made-(...)'"]},
    data={**TREES, **MANIFESTS},
)
def test_datasets(plugin: Subject, check: Check) -> None:
    check(plugin)


def test_every_dataset_has_a_copy() -> None:
    embedded = {r.spec.name for r in get_host().specs("dataset") if r.spec.embedded}
    assert {*TREES, *MANIFESTS} | embedded >= set(shipped("dataset"))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["emodb", "ravdess"])
def test_datasets_as_published(name: str, real_data: Path) -> None:
    report = check_plugin(name, data=real_data / name)
    assert report.passed, [r.what for r in report.results if not r.good]
    assert report.counts["passed"] >= 29  # all but that of embedded corpora, and where paths do not name classes


@parametrize_with_checks(shipped("metric"), kind="metric")
def test_metrics(plugin: Subject, check: Check) -> None:
    check(plugin)


@pytest.mark.usefixtures("_files")
@parametrize_with_checks(shipped("feature"), kind="feature", sets=FEATURE_SETS)
def test_features(plugin: Subject, check: Check) -> None:
    check(plugin)
