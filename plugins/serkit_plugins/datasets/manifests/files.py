"""Finding the files that a manifest names, on whatever system it was written."""

from __future__ import annotations

import os
import posixpath
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath


class Finder:
    """Finds files below the first of some folders that has them.

    A path may be absolute, have Windows' separators, or have its letters composed otherwise (NFC, NFD) than the file
    system's.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = tuple(roots)
        self._names: dict[str, dict[str, str]] = {}

    def find(self, written: str) -> Path | None:
        """The file that ``written`` names, or None if there is none."""
        for root in self.roots:
            # isfile, unlike Path.is_file, answers for names that are too long or hold a NUL
            for text in (written, _posix(written)):
                path = os.path.join(root, text)
                if os.path.isfile(path):
                    return Path(path)
            if not written.isascii():
                other = self._composed(root, PurePosixPath(_posix(written)))
                if other is not None:
                    return other
        return None

    def _composed(self, root: Path, written: PurePosixPath) -> Path | None:
        """The same, folder by folder, by names in their composed form."""
        current = str(root)
        for part in written.parts:
            if part in ("/", ".."):
                current = os.path.join(current, part)
                continue
            name = self._listing(current).get(unicodedata.normalize("NFC", part))
            if name is None:
                return None
            current = os.path.join(current, name)
        return Path(current) if os.path.isfile(current) else None

    def _listing(self, folder: str) -> dict[str, str]:
        if folder not in self._names:
            try:
                names = os.listdir(folder)
            except OSError:
                names = []
            self._names[folder] = {unicodedata.normalize("NFC", n): n for n in sorted(names)}
        return self._names[folder]


class Ids:
    """Ids of the files ``written`` in a manifest whose folder is ``root``, and of their parts.

    The id of a file is its path below ``root`` without suffix, as text: whichever system wrote it, however the manifest
    is reached. If any file lies elsewhere, ids are the paths below the deepest folder that holds all of them, so that a
    hash of ids does not say where a tree lies.
    """

    def __init__(self, written: Iterable[str], root: Path) -> None:
        self._bases = [os.path.abspath(root), os.path.realpath(root)]
        self._text = {w: self._below(w) for w in set(written)}
        if None in self._text.values():
            paths = {w: os.path.join(self._bases[0], text or _normal(w)) for w, text in self._text.items()}
            paths = {w: os.path.normpath(p) for w, p in paths.items()}
            common = _common([os.path.dirname(p) for p in paths.values()])
            self._text = {w: Path(os.path.relpath(p, common) if common else p).as_posix() for w, p in paths.items()}

    def of(self, written: str, start: float = 0.0, end: float | None = None) -> str:
        """The id of a file, or of its part from ``start`` to ``end`` seconds."""
        path = PurePosixPath(self._text[written] or "")
        # "." and "/" are no files, but their ids are asked for to say so
        name = unicodedata.normalize("NFC", str(path.with_suffix("") if path.name else path))
        if start == 0 and end is None:
            return name
        return f"{name}#{_plain(start)}-{'' if end is None else _plain(end)}"

    def _below(self, written: str) -> str | None:
        """The path below the folder of the manifest, or None of a file elsewhere."""
        text = _normal(written)
        if not posixpath.isabs(text) and not text.startswith("../"):
            return text
        # a manifest may be reached through a link and name its files without it
        for base in self._bases:
            full = os.path.normpath(os.path.join(base, text))
            if full.startswith(base + os.sep):
                return Path(full).relative_to(base).as_posix()
        return None


def _common(folders: Sequence[str]) -> str:
    try:
        return os.path.commonpath(folders)
    except ValueError:  # other drives of Windows
        return ""


def _normal(written: str) -> str:
    return posixpath.normpath(_posix(written))


def _posix(written: str) -> str:
    return written.replace("\\", "/")


def _plain(value: float) -> str:
    """Seconds to the microsecond: far finer than a sample, and the same for 1.5, 1.50 and a sum of parts."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
