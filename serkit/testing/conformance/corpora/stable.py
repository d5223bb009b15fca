"""What the table may not depend on: the moment, the object, the place, the order of folders, what else lies there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from serkit.errors import SerkitError
from serkit.testing.audio import write_noise
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.corpora.folders import STRANGE
from serkit.testing.conformance.corpora.subject import DatasetSubject
from serkit.testing.conformance.corpora.trees import difference, linked_copy, listed
from serkit.testing.conformance.generators import untouched


def check_fetch(subject: DatasetSubject) -> None:
    """An embedded corpus is made, and the same each time."""
    if not subject.spec.embedded:
        raise NotApplicable("it is not made on this machine")
    made = []
    for anew in (False, True):
        try:
            folder = subject.make() if anew or subject.data is not None else subject.made
            made.append((subject.load(folder), {p.relative_to(folder): p.read_bytes() for p in _files(folder)}))
        except SerkitError as error:
            raise Failure(
                f"The corpus cannot be made: {error}",
                reproduce=f"{type(subject.dataset()).__name__}().fetch(folder, SilentProgress())",
                cause="fetch() writes the corpus into the folder that it is given, which is there and empty.",
            ) from error
    (first, files), (second, again) = made
    said = difference(first, second)
    other = next((p for p in sorted(files) if files[p] != again.get(p)), None)
    if not said and other is not None and other in {u.path.relative_to(first.root) for u in first.utterances}:
        said = f"{other.as_posix()} holds other samples"
    if said:
        raise Failure(
            f"The corpus was made twice, and {said}.",
            reproduce=f"{type(subject.dataset()).__name__}().fetch() into two folders",
            cause="random numbers without a seed, or a loop over a set; results on such a corpus cannot be compared.",
        )


def _files(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.rglob("*")) if p.is_file()]


def check_folder_unchanged(subject: DatasetSubject) -> None:
    """Loading leaves the folder as it was: nothing is written, removed or touched."""
    root = subject.copy.root
    before = _stamps(subject.copy.base)
    with suppress(SerkitError):  # check_loads says so
        subject.load(root)
    after = _stamps(subject.copy.base)
    changed = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    if changed:
        path = changed[0]
        what = "written" if path not in before else "removed" if path not in after else "changed"
        raise Failure(
            f"load() leaves {path.as_posix()} {what} in the folder.",
            reproduce=f"{type(subject.dataset()).__name__}().load(Path({str(root)!r}))  # a copy of {subject.base}",
            cause="an index or a converted table kept beside the recordings; a user's copy may be shared or read-only, "
            "so work in memory.",
        )


def _stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of the last change of each file and link below ``folder``, by its path there."""
    found = ((p.relative_to(folder), p.lstat()) for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in found}


def check_deterministic(subject: DatasetSubject) -> None:
    """Loading again, by an old object or a new one, gives the same rows in order; no global generator moves."""
    dataset = subject.dataset()
    first = subject.given
    with untouched(
        "load()",
        reproduce=f"{type(dataset).__name__}().load(Path({str(subject.root)!r}))",
        cause="np.random.seed() or a draw from np.random or random; a generator of one's own "
        "(np.random.default_rng(0)) leaves others as they are.",
    ):
        again = [dataset.load(subject.root), dataset.load(subject.root)]
    for corpus, how in zip(again, ("a new object", "an object that has loaded before"), strict=True):
        said = difference(first, corpus)
        if said:
            raise Failure(
                f"{how.capitalize()} gives another table: {said}.",
                reproduce=f"d = {type(dataset).__name__}(); d.load(root); d.load(root)",
                cause="rows are kept on the object or the class from one load to the next, or drawn at random.",
            )


def check_listing_order(subject: DatasetSubject) -> None:
    """The order in which the file system lists folders changes neither rows nor their order."""
    first = subject.given
    for backwards in (False, True):
        with listed(backwards=backwards):
            said = difference(first, subject.dataset().load(subject.root))
        if said:
            order = "the last name to the first" if backwards else "the first name to the last"
            raise Failure(
                f"With folders listed from {order}, {said}.",
                reproduce="load() with os.scandir and os.listdir in that order",
                cause="files are numbered or joined with rows in the order of glob(), iterdir() or os.walk(), which "
                "each file system has of its own; sort them (serkit.data.audio.find does).",
            )


def check_another_place(subject: DatasetSubject) -> None:
    """A copy in another folder gives the same table."""
    copy = subject.copy
    _same(
        subject,
        copy.root,
        f"A copy at {copy.root}",
        cause="ids or rows depend on the folder's path or on the times of files.",
    )


def check_links(subject: DatasetSubject) -> None:
    """A folder reached through a symbolic link, or whose recordings are such links, gives the same table."""
    folder = subject.folder("links")
    try:
        os.symlink(subject.base, folder / "root", target_is_directory=True)
        linked = linked_copy(subject.base, folder / "files", os.symlink)
    except OSError as error:
        raise NotApplicable(f"symbolic links cannot be made here ({error.strerror})") from error
    for base, what in ((folder / "root", "The folder through a link"), (linked, "The folder with links for files")):
        root = base if subject.root.is_dir() else base / subject.root.name
        _same(
            subject,
            root,
            what,
            cause="paths are resolved before they are compared with the folder, or links are taken for no files.",
        )


def check_unrelated_files(subject: DatasetSubject) -> None:
    """Files that are none of the corpus's change no row."""
    copy = subject.copy
    beside = subject.inside(lambda paths: paths[0])
    hidden = {beside.with_name(f"._{beside.name}"): b"\0\5\x16\7Mac OS X", Path(".DS_Store"): b"\0\0\0\1Bud1"}
    with copy.with_files(hidden | {Path("readme.txt"): b"Read me.\n", Path("Thumbs.db"): b"\xd0\xcf\x11\xe0"}):
        _same(
            subject,
            copy.root,
            f"With readme.txt, .DS_Store, Thumbs.db and the hidden {'._' + beside.name} in the folder",
            cause="everything in a folder is taken for a recording; serkit.data.audio.find leaves out what is hidden "
            "or no audio.",
        )
    if not subject.spec.labels or subject.spec.file:
        return  # a reader of whatever is there may take it
    with _strange_recording(copy.base) as path:
        try:
            said = difference(subject.corpus, subject.load(copy.root))
        except SerkitError as error:
            # refused, and named
            said = "" if path.name in str(error) else f"load() raises: {error}"
    if said:
        raise _changed(
            subject,
            f"With {STRANGE} in the folder",
            said,
            cause="every audio file is taken for a recording of the corpus; match whole names, and note what is left "
            "out (serkit.data.corpus.left_out_note).",
        )


@contextmanager
def _strange_recording(base: Path) -> Iterator[Path]:
    path = write_noise(base / STRANGE)
    try:
        yield path
    finally:
        path.unlink()


def _same(subject: DatasetSubject, root: Path, what: str, *, cause: str) -> None:
    expected = subject.corpus
    try:
        said = difference(expected, subject.load(root))
    except SerkitError as error:
        said = f"load() raises: {str(error).rstrip('.')}"
    if said:
        raise _changed(subject, what, said, cause=cause)


def _changed(subject: DatasetSubject, what: str, said: str, *, cause: str) -> Failure:
    return Failure(
        f"{what}, {said.rstrip('.')}.",
        reproduce=f"load() of a copy of {subject.base}: {what[0].lower()}{what[1:]}",
        cause=cause,
    )
