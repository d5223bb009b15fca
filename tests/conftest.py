"""What all tests share: a header that names the engine, an isolated cache, the real recordings, fake distributions."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_report_header() -> list[str]:
    import numpy
    import torch

    import serkit
    from serkit.kernels import native

    data = _data_folder()
    return [
        f"serkit {serkit.__version__}, numpy {numpy.__version__}, torch {torch.__version__}",
        f"instruction set {native.isa()} of {', '.join(native.supported_isas())}",
        f"torch threads {torch.get_num_threads()}",
        f"real recordings: {data if data.is_dir() else f'none in {data}, so tests of them are skipped'}",
    ]


def _data_folder() -> Path:
    return Path(os.environ.get("SERKIT_TEST_DATA") or ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds real corpora, one folder each (``emodb``); the test is skipped where there is none."""
    folder = _data_folder()
    if not folder.is_dir():
        pytest.skip(f"no real recordings in {folder}; point SERKIT_TEST_DATA to a folder with emodb/ in it")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # Set for subprocesses too: no test may read or fill the user's cache, or depend on the user's choice of plugins.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        # A child with the repository as its working folder would import the source tree, which has no compiled core
        # unless the install is editable.
        patch.setenv("PYTHONSAFEPATH", "1")
        patch.delenv("SERKIT_PLUGINS", raising=False)
        patch.delenv("SERKIT_DEBUG", raising=False)
        yield


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """torch on one thread: tiny models spend their time waiting for a second one, and bits are promised for equal
    thread counts only."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


MakeDistribution = Callable[..., list[EntryPoint]]


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDistribution]:
    """Make an installed distribution: a dist-info folder and its modules, in a folder on ``sys.path``.

    ``make(name, entries, modules, version="1.0")`` with ``entries`` ``{entry point: module}`` and ``modules``
    ``{module: source}`` returns its entry points. Module names must be unlike those of other distributions of the test.
    """
    made: set[str] = set()

    def make(
        name: str, entries: Mapping[str, str], modules: Mapping[str, str], version: str = "1.0"
    ) -> list[EntryPoint]:
        site = tmp_path / f"site-{len(made)}-{name}"
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = "\n".join(f"{entry} = {module}" for entry, module in entries.items())
        (info / "entry_points.txt").write_text(f"[serkit]\n{lines}\n")
        for module, source in modules.items():
            (site / f"{module}.py").write_text(source)
            made.add(module)
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()
        return [e for d in distributions(path=[str(site)]) for e in d.entry_points]

    yield make
    for module in made:
        sys.modules.pop(module, None)
