"""A dataset under check: its copy of the corpus, loaded once, and a second copy that may be damaged."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from serkit.data import audio
from serkit.data.intact import problem
from serkit.data.loading import load_corpus, make_dataset, named
from serkit.data.progress import SilentProgress
from serkit.errors import AudioError, PluginError, SerkitError, blame
from serkit.kernels.threads import thread_count
from serkit.run.sets import parse_sets
from serkit.testing.conformance.check import NotApplicable
from serkit.testing.conformance.corpora.trees import Copy, below, linked_copy
from serkit.testing.conformance.subjects import Subject
from serkit.types import Corpus, Utterance


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of the corpus: what is wrong with it, if anything, else the hash of what it decodes to."""

    path: Path
    problem: str = ""
    digest: str = ""


@dataclass(frozen=True, eq=False)
class DatasetSubject(Subject):
    """A dataset on one copy of its corpus: a folder or file, or what a function ``write(root)`` makes in one; an
    embedded corpus is made where there is none. Nothing is written but into a temporary folder of its own."""

    def read_sets(self) -> None:
        """As ``Subject.read_sets``."""
        self.create()

    @cached_property
    def options(self) -> Mapping[str, Any]:
        """The dataset's options, from settings ``dataset.key=value``. Raises UserError."""
        tables = parse_sets(self.sets, {"dataset": {}}, ("dataset",))
        options: Mapping[str, Any] = tables.get("dataset", {})
        return options

    def create(self) -> Any:
        """A new object of the plugin's class. Raises SerkitError."""
        return make_dataset(self.registered, self.target, self.options)

    def dataset(self) -> Any:
        """A new object of the plugin's class. Raises NotApplicable where none can be made."""
        try:
            return self.create()
        except SerkitError as error:
            raise NotApplicable("no object of its class can be made, as check_target says") from error

    @cached_property
    def home(self) -> Path:
        """A temporary folder, which goes when the subject does."""
        folder = Path(tempfile.mkdtemp(prefix="serkit-check-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def folder(self, name: str) -> Path:
        """A new empty folder in ``home``, whose name begins with ``name``."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.home))

    @cached_property
    def root(self) -> Path:
        """What ``load`` is given. Raises NotApplicable where there is no copy of the corpus."""
        if callable(self.data):
            root = self.folder("corpus")
            self.data(root)
            return root
        if self.data is not None:
            return self.data.absolute()
        if not self.spec.embedded:
            raise NotApplicable(
                "it needs the corpus; give a copy with --data, in pytest parametrize_with_checks(data=)"
            )
        try:
            return self.made
        except SerkitError as error:
            raise NotApplicable("fetch() fails, as check_fetch says") from error

    @cached_property
    def made(self) -> Path:
        """The embedded corpus, made once. Raises SerkitError."""
        return self.make()

    def make(self) -> Path:
        """A new folder with the embedded corpus, made as the host makes it. Raises SerkitError."""
        into = self.folder("made")
        dataset = self.dataset()
        with blame(named(self.registered), "fetch()"):
            dataset.fetch(into, SilentProgress())
        if not any(not p.name.startswith(".") for p in into.iterdir()):
            raise PluginError(f"The {named(self.registered)} left nothing in the folder that fetch() was given.")
        return into

    def load(self, root: Path, dataset: Any = None) -> Corpus:
        """The corpus at ``root`` as the host loads it. Raises SerkitError."""
        return load_corpus(self.registered, self.dataset() if dataset is None else dataset, root)

    @cached_property
    def corpus(self) -> Corpus:
        """The corpus at ``root``. Raises NotApplicable where it cannot be loaded."""
        try:
            return self.load(self.root)
        except SerkitError as error:
            raise NotApplicable("the corpus cannot be loaded, as check_loads says") from error

    @cached_property
    def given(self) -> Corpus:
        """What the plugin's own ``load`` returns, before the host looks at it. Raises NotApplicable if that is no
        corpus."""
        dataset, root = self.dataset(), self.root
        try:
            with blame(named(self.registered), "load()"):
                corpus = dataset.load(root)
        except SerkitError as error:
            raise NotApplicable("the corpus cannot be loaded, as check_loads says") from error
        if not isinstance(corpus, Corpus) or not all(
            isinstance(u, Utterance) and isinstance(u.path, Path) for u in corpus.utterances
        ):
            raise NotApplicable("load() returns no corpus, as check_loads says")
        return corpus

    @cached_property
    def base(self) -> Path:
        """The folder of the corpus: ``root``, or where that is a manifest, the folder it lies in."""
        return self.root if self.root.is_dir() else self.root.parent

    @cached_property
    def recordings(self) -> Mapping[Path, Recording]:
        """Every file that the plugin's table names, decoded; threads share the work."""
        files = sorted({u.path for u in self.given.utterances})
        with ThreadPoolExecutor(thread_count(0)) as pool:
            return dict(zip(files, pool.map(_decoded, files), strict=True))

    @cached_property
    def copy(self) -> Copy:
        """A copy of the corpus made of links, somewhere else. Raises NotApplicable if it is too large for one."""
        base = linked_copy(self.base, self.folder("copy"))
        return Copy(base, base if self.root.is_dir() else base / self.root.name)

    def inside(self, choose: Callable[[list[Path]], Path]) -> Path:
        """One of the corpus's recordings as ``choose`` takes it from the sorted list of them, its path below ``base``.
        Raises NotApplicable if none lies there."""
        found = {below(self.base, u.path) for u in self.corpus.utterances}
        paths = sorted(p for p in found if p is not None)
        if not paths:
            raise NotApplicable(f"its recordings do not lie below {self.base}, so they cannot be copied with it")
        return choose(paths)


def _decoded(path: Path) -> Recording:
    said = problem(path)
    if said is not None:
        return Recording(path, problem=said)
    try:
        return Recording(path, digest=audio.decoded_sha256(path))
    except AudioError as error:
        return Recording(path, problem=str(error))
