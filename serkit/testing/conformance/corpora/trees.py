"""Copies of corpora made of links, folders listed in another order, and how two tables differ."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from serkit.testing.conformance.check import NotApplicable
from serkit.types import Corpus, Utterance

_MOST_FILES = 100_000  # far more than a corpus has; a manifest in a home folder would have all of it linked


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a corpus in the folder ``base``; ``root`` is what ``load`` is given, that folder or a file in it."""

    base: Path
    root: Path

    @contextmanager
    def without(self, file: Path, content: bytes | None = None) -> Iterator[Path]:
        """The copy with ``file`` (a path below ``base``) taken away, or with ``content`` in its place; put back at the
        end. Links are replaced, never written through."""
        path, aside = self.base / file, self.base.parent / f"{self.base.name}.aside"
        path.rename(aside)
        try:
            if content is not None:
                path.write_bytes(content)
            yield path
        finally:
            path.unlink(missing_ok=True)
            aside.rename(path)

    @contextmanager
    def with_files(self, files: dict[Path, bytes]) -> Iterator[None]:
        """The copy with more files (paths below ``base``)."""
        made = [self.base / p for p in files]
        try:
            for path, content in zip(made, files.values(), strict=True):
                path.write_bytes(content)
            yield
        finally:
            for path in made:
                path.unlink(missing_ok=True)


def linked_copy(source: Path, into: Path, link: Callable[[str, str], None] | None = None) -> Path:
    """Fill ``into`` with the folders of ``source`` and a link to each of its files, made from the last name to the
    first; returns ``into``. Links of folders are kept. ``link`` makes one (hard links, symbolic ones where the file
    system refuses). Raises NotApplicable if there are too many files."""
    count = 0
    for folder, subfolders, names in os.walk(source):
        target = into / os.path.relpath(folder, source)
        target.mkdir(exist_ok=True)
        linked = [d for d in subfolders if os.path.islink(os.path.join(folder, d))]
        for name in linked:
            os.symlink(os.path.realpath(os.path.join(folder, name)), target / name)
        count += len(names)
        if count > _MOST_FILES:
            raise NotApplicable(f"{source} holds more than {_MOST_FILES} files, too many to copy")
        for name in sorted(names, reverse=True):
            (link or _link)(os.path.join(folder, name), os.fspath(target / name))
    return into


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=True)
    except OSError:  # another file system, or a file of somebody else
        os.symlink(os.path.realpath(source), target)


def below(base: Path, path: Path) -> Path | None:
    """``path`` relative to the folder ``base``, however either is reached; None if it lies elsewhere."""
    for a, b in ((base, path), (Path(os.path.realpath(base)), Path(os.path.realpath(path)))):
        with suppress(ValueError):
            return b.relative_to(a)
    return None


class _Listing:
    """What ``os.scandir`` returns, of entries in a given order."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> _Listing:
        return self

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> _Listing:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._entries = iter(())


@contextmanager
def listed(*, backwards: bool) -> Iterator[None]:
    """Every folder is listed in the order of its names, or ``backwards``: a file system promises neither."""
    scandir, listdir = os.scandir, os.listdir

    def scan(*path: Any) -> Any:
        with scandir(*path) as entries:
            return _Listing(sorted(entries, key=lambda e: e.name, reverse=backwards))

    def names(*path: Any) -> Any:
        return sorted(listdir(*path), reverse=backwards)

    os.scandir, os.listdir = scan, names  # type: ignore[assignment]
    try:
        yield
    finally:
        os.scandir, os.listdir = scandir, listdir


def difference(before: Corpus, now: Corpus, gone: Sequence[str] = ()) -> str:
    """The first difference between the rows of two tables as a clause, the folders of files aside; nothing if there is
    none. Rows ``gone`` may be missing from the second."""
    old = {u.id: u for u in before.utterances if u.id not in gone}
    new = {u.id: u for u in now.utterances if u.id not in gone}
    lost, more = [x for x in old if x not in new], [x for x in new if x not in old]
    if lost or more:
        words = [f"{len(lost)} utterances are gone (e.g. {lost[0]!r})"] if lost else []
        words += [f"{len(more)} utterances are new (e.g. {more[0]!r})"] if more else []
        return " and ".join(words)
    for x, u in old.items():
        if _row(u) != _row(new[x]):
            name = next(f.name for f in fields(u) if getattr(_row(u), f.name) != getattr(_row(new[x]), f.name))
            return f"the {name} of {x!r} is {getattr(new[x], name)!r} where it was {getattr(u, name)!r}"
    first = next(((a, b) for a, b in zip(old, new, strict=True) if a != b), None)
    if first:
        return f"the order is another: {first[1]!r} stands where {first[0]!r} stood"
    return "" if before.labels == now.labels else f"the classes are {now.labels} where they were {before.labels}"


def _row(u: Utterance) -> Utterance:
    return replace(u, path=Path(u.path.name))
