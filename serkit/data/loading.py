"""From a dataset plugin to a corpus that can be trusted: whatever the plugin does wrong is named, not passed on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serkit.data.audio import is_lfs_pointer
from serkit.data.corpus import build
from serkit.errors import ConfigError, CorpusError, PluginError, blame
from serkit.types import Corpus, Utterance

if TYPE_CHECKING:  # only hints need it, and the host imports pluggy
    from serkit.data.progress import Progress
    from serkit.host import Registered


def named(registered: Registered) -> str:
    """``dataset 'emodb' (distribution serkit 0.1.0)``."""
    return f"dataset {registered.spec.name!r} (distribution {registered.distribution} {registered.version})"


def make_dataset(registered: Registered, cls: Any, options: Mapping[str, Any] | None = None) -> Any:
    """An instance of a dataset plugin's class. Raises ConfigError for options it does not take, PluginError if it
    fails."""
    name = registered.spec.name
    if options and cls.__init__ is object.__init__:
        raise ConfigError(f"Unknown key 'dataset.{next(iter(options))}'; the dataset {name!r} has no options.")
    with blame(named(registered), "its constructor"):
        return cls(**(options or {}))


def load_corpus(registered: Registered, dataset: Any, root: str | os.PathLike[str]) -> Corpus:
    """What ``dataset.load(root)`` returns, checked as ``serkit.data.corpus.build`` checks it, rows sorted by id.

    Raises PluginError if the plugin fails or returns something else than its own corpus, CorpusError as ``build`` and
    the plugin do, and if recordings are Git LFS pointers.
    """
    who = named(registered)
    with blame(who, f"load({str(root)!r})"):
        corpus = dataset.load(Path(root))
    if not isinstance(corpus, Corpus):
        raise PluginError(f"The {who} returned {type(corpus).__name__} from load(); a Corpus is expected.")
    # Results carry the name into protocols and published figures, so no plugin may borrow another's.
    if corpus.name != registered.spec.name:
        raise PluginError(f"The {who} returned a corpus named {corpus.name!r}; it must bear the dataset's name.")
    if not isinstance(corpus.root, Path):
        raise PluginError(f"The {who} returned a corpus whose root is {corpus.root!r}; a pathlib.Path is expected.")
    for u in corpus.utterances:
        if not isinstance(u, Utterance) or not isinstance(u.path, Path):
            raise PluginError(f"The {who} returned {u!r} in its corpus; an Utterance with a pathlib.Path is expected.")
    files = sorted({u.path for u in corpus.utterances})
    pointers = [p for p in files if is_lfs_pointer(p)]
    if pointers:
        raise CorpusError(
            f"Git LFS pointers, not audio, stand in for {len(pointers)} of the {len(files)} recordings of "
            f"{corpus.name} (e.g. {pointers[0]}); run `git lfs pull` in the clone, or copy the recordings there."
        )
    return build(
        corpus.name,
        corpus.root,
        corpus.utterances,
        corpus.labels,
        subset=corpus.subset,
        complete=corpus.complete,
        missing=corpus.missing,
        notes=corpus.notes,
        transcripts=corpus.transcripts,
    )


def check_recordings(
    registered: Registered, dataset: Any, corpus: Corpus, root: Path, progress: Progress
) -> Sequence[str]:
    """A sentence for each recording that is missing, damaged or altered; by the dataset's own ``check`` if it has."""
    from serkit.data.intact import unreadable

    if not hasattr(dataset, "check"):
        return unreadable(corpus, progress=progress)
    with blame(named(registered), f"check({str(root)!r})"):
        found = dataset.check(root, progress)
    if not isinstance(found, list | tuple) or not all(isinstance(line, str) for line in found):
        raise PluginError(
            f"The {named(registered)} returned {type(found).__name__} from check(); sentences are expected."
        )
    return list(found)
