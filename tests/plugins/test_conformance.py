"""Everything that SerKit ships, put through the conformance kit: a new plugin is tested the day it is registered."""

from __future__ import annotations

from pathlib import Path

import pytest

from serkit.host import get_host
from serkit.host.specs import Kind
from serkit.testing import parametrize_with_checks
from serkit.testing.conformance import Check
from serkit.testing.conformance.subjects import Subject
from serkit.testing.encoders import write_speech

pytestmark = pytest.mark.usefixtures("one_thread")

ENCODER = "speech-encoder-of-the-kit"
"""A folder in the working folder of these tests."""

SETS = {"ssl": [f"architecture.folder={ENCODER!r}"]}


def shipped(kind: Kind) -> list[str]:
    """Names of SerKit's own plugins of a kind; what else is installed here is others' to test."""
    return [r.spec.name for r in get_host().specs(kind) if r.distribution == "serkit"]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that some systems need."""
    folder = tmp_path_factory.mktemp("conformance")
    write_speech(folder / ENCODER)
    return folder


@pytest.fixture(autouse=True)
def _files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.callspec.params["plugin"].name in SETS:  # the others do not wait for the files
        monkeypatch.chdir(request.getfixturevalue("files"))


@parametrize_with_checks(shipped("architecture"), kind="architecture", sets=SETS)
def test_architectures(plugin: Subject, check: Check) -> None:
    check(plugin)
