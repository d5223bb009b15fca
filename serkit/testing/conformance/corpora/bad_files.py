"""Bad files are never dropped silently: one recording of a copy is taken away or spoilt, and somebody must say so."""

from __future__ import annotations

from pathlib import Path

from serkit.data.intact import problem
from serkit.data.loading import check_recordings
from serkit.data.progress import SilentProgress
from serkit.errors import SerkitError
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.corpora.subject import DatasetSubject
from serkit.testing.conformance.corpora.trees import below, difference
from serkit.types import Corpus


def check_removed_recording(subject: DatasetSubject) -> None:
    """A recording that is missing is named or refused, and changes no other row."""
    # the first of all, since rows joined with files by their place then all move
    _spoilt(subject, subject.inside(lambda paths: paths[0]), None, "removed")


def check_truncated_recording(subject: DatasetSubject) -> None:
    """A recording that ends in its middle is named or refused, and changes no other row."""
    file = subject.inside(_middle)
    content = (subject.base / file).read_bytes()
    _spoilt(subject, file, content[: len(content) // 2], "cut in its middle")


def check_empty_recording(subject: DatasetSubject) -> None:
    """A recording of no bytes is named or refused, and changes no other row."""
    _spoilt(subject, subject.inside(_middle), b"", "emptied")


def check_garbled_recording(subject: DatasetSubject) -> None:
    """A recording that is no audio is named or refused, and changes no other row."""
    _spoilt(subject, subject.inside(_middle), b"<html>404 Not Found</html>\n" * 20, "replaced by a page of HTML")


def _middle(paths: list[Path]) -> Path:
    return paths[len(paths) // 2]


def _spoilt(subject: DatasetSubject, file: Path, content: bytes | None, what: str) -> None:
    before = subject.load(subject.copy.root)
    hit = [u.id for u in before.utterances if below(subject.copy.base, u.path) == file]
    if not hit:
        raise NotApplicable(f"{file.as_posix()} of a copy is not read where the copy lies")
    with subject.copy.without(file, content) as path:
        if content is not None and problem(path) is None:
            raise NotApplicable(f"a recording like {file.as_posix()} that was {what} can still be decoded")
        dataset = subject.dataset()
        try:
            now = subject.load(subject.copy.root, dataset)
        except SerkitError:
            return
        silent = _silent(subject, dataset, before, now, hit, path)
    reproduce = f"load() and check() of a copy of {subject.base} whose {file.as_posix()} was {what}"
    if silent:
        raise Failure(
            f"With {file.as_posix()} {what}, {silent}.",
            reproduce=reproduce,
            cause="load() passes over files that it cannot find or open: compare with what the corpus holds and tell "
            "build() of complete, missing and notes, or raise CorpusError; leave spoilt files to check().",
        )
    other = difference(before, now, gone=hit)
    if other:
        raise Failure(
            f"With {file.as_posix()} {what}, {other}.",
            reproduce=reproduce,
            cause="files are joined with the rows of a table, or numbered, by their place in a list.",
        )


def _silent(subject: DatasetSubject, dataset: object, before: Corpus, now: Corpus, hit: list[str], path: Path) -> str:
    """Words for a loss that nobody hears of, or nothing."""
    here = {u.id for u in now.utterances}
    said = set(now.notes) - set(before.notes) or set(now.missing) - set(before.missing)
    if not said and len(now.utterances) < len(before.utterances):
        return (
            f"load() returns {len(now.utterances)} utterances where it returned {len(before.utterances)}, and neither "
            "notes nor missing say so"
        )
    if said or not here.intersection(hit):
        return ""
    registered = subject.registered
    try:
        sentences = check_recordings(registered, dataset, now, subject.copy.root, SilentProgress())
    except SerkitError as error:
        sentences = [str(error)]
    if any(path.name in line or path.stem in line for line in sentences):
        return ""
    return f"load() says nothing of it, and check() does not name {path.name} either"
