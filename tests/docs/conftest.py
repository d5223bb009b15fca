"""Installs what a page shows, and runs it: the one way in which samples of ``docs/plugins`` are tested."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

import pytest

from serkit.host import Host, get_host

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.(?:py|toml))\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the file that it is, by its first line (``# my_package/hooks.py``).

    A block of Python without such a line is a script; the scripts of a page share their names.
    """

    language: str
    text: str

    @property
    def file(self) -> str:
        found = _FILE.match(self.text)
        return found[1] if found else ""


@dataclass
class Installed:
    """A page whose files are an installed distribution; ``names`` are what its scripts have bound."""

    host: Host
    distribution: str
    site: Path
    blocks: list[Block]
    names: dict[str, object] = field(default_factory=dict)

    def script(self, block: Block) -> None:
        exec(compile(block.text, f"script of {self.distribution}", "exec"), self.names)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Installed]]:
    """Make the files of a page a distribution that every host of this process finds, and its folder the current one.

    Its entry points are those of its ``pyproject.toml``, or ``my_package.hooks`` where it shows none.
    """
    packages: set[str] = set()

    def make(page: Path) -> Installed:
        site, shown = tmp_path / "site", [Block(*b) for b in _BLOCK.findall(page.read_text("utf-8"))]
        files = {b.file: b.text for b in shown if b.file}
        site.mkdir()
        for name, text in files.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text, "utf-8")
            packages.add(name.partition("/")[0].removesuffix(".py"))
        project = tomllib.loads(files.get("pyproject.toml", "")).get("project", {})
        default = {"docs": "my_package.hooks"} if "my_package/hooks.py" in files else {}
        entries = project.get("entry-points", {}).get("serkit", default)
        name = project.get("name", f"docs-{page.stem.replace('_', '-')}")
        info = site / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[serkit]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()))
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()
        points = [e for d in distributions(path=[str(site)]) for e in d.entry_points]
        assert len(points) == len(entries)
        get_host.cache_clear()
        work = tmp_path / "work"
        work.mkdir()
        monkeypatch.chdir(work)
        return Installed(get_host(), name, site, shown)

    yield make
    for module in [m for m in sys.modules if m.split(".")[0] in packages]:
        del sys.modules[module]
    get_host.cache_clear()
