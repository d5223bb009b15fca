"""Whether recordings are whole: every file decoded, a sentence for each that is not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from serkit.data import audio
from serkit.data.progress import Progress, SilentProgress
from serkit.errors import AudioError
from serkit.kernels.threads import thread_count
from serkit.types import Corpus

T = TypeVar("T")


def unreadable(corpus: Corpus, *, progress: Progress | None = None) -> list[str]:
    """A sentence for each file of the corpus that is missing, damaged or holds other than finite samples."""
    return each(sorted({u.path for u in corpus.utterances}), problem, corpus.name, progress)


def each(items: Iterable[T], verify: Callable[[T], str | None], corpus: str, progress: Progress | None) -> list[str]:
    """What ``verify`` says of the items, in their order, where it says anything; threads share the work."""
    work = list(items)
    bar = progress or SilentProgress()
    bar.start(len(work), f"Checking the recordings of {corpus}")
    problems = []
    with ThreadPoolExecutor(thread_count(0)) as pool:
        for said in pool.map(verify, work):
            problems += [said] if said else []
            bar.advance()
    return problems


def matches(path: Path, sha256: str) -> bool:
    """Whether a file has this SHA-256 (hex); not, if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def problem(path: Path) -> str | None:
    """One sentence on why a file cannot be trained on (missing, damaged, samples that are not finite), or None."""
    try:
        for _ in audio.blocks(path, sample_rate=0):
            pass
    except AudioError as error:
        return str(error)
    return None
