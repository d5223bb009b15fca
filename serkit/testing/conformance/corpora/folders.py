"""Folders that do not hold the corpus: each is refused in a sentence that names it."""

from __future__ import annotations

from pathlib import Path

from serkit.errors import PluginError, SerkitError
from serkit.testing.audio import write_noise
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.corpora.subject import DatasetSubject

STRANGE = "Track 1 (live).wav"
"""A recording of nobody's corpus."""


def check_empty_folder(subject: DatasetSubject) -> None:
    """An empty folder is refused in one sentence that names it."""
    _refused(subject, subject.folder("empty"), "an empty folder")


def check_missing_folder(subject: DatasetSubject) -> None:
    """A folder that does not exist is refused in one sentence that names it."""
    _refused(subject, subject.folder("missing") / "nowhere", "a folder that does not exist")


def check_file_for_folder(subject: DatasetSubject) -> None:
    """A file where a folder is expected, or one that is no manifest, is refused in one sentence that names it."""
    file = subject.folder("file") / "recording.wav"
    _refused(subject, write_noise(file), "a WAV file")


def check_wrong_folder(subject: DatasetSubject) -> None:
    """A folder of other recordings is refused in one sentence that names it."""
    folder = subject.folder("wrong")
    for name in (STRANGE, "Track 2.wav", "deeper/Take two.wav"):
        write_noise(folder / name)
    (folder / "readme.txt").write_text("Music.\n", encoding="utf-8")
    _refused(subject, folder, "a folder of three recordings that are none of the corpus's")


def _refused(subject: DatasetSubject, path: Path, what: str) -> None:
    reproduce = f"{type(subject.dataset()).__name__}().load(Path({str(path)!r}))  # {what}"
    try:
        corpus = subject.dataset().load(path)
    except PluginError as error:
        raise Failure(
            f"load() of {what} raises PluginError, which blames the plugin: {error}",
            reproduce=reproduce,
            cause="CorpusError is the error for a folder that does not hold the corpus.",
        ) from error
    except SerkitError as error:
        _one_sentence(str(error), path, what, reproduce)
        return
    except (Exception, SystemExit) as error:
        raise Failure(
            f"load() of {what} raises {type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}.",
            reproduce=reproduce,
            cause="the folder is read without a look at what it holds; raise serkit.errors.CorpusError, as "
            "serkit.data.recognise.wrong_folder makes it.",
        ) from error
    found = len(getattr(corpus, "utterances", ()))
    if found and not subject.spec.labels:
        raise NotApplicable("it declares no classes: any folder of recordings may be its corpus")
    raise Failure(
        f"load() of {what} returns a corpus of {found} utterances.",
        reproduce=reproduce,
        cause="nothing is compared with what the corpus holds; raise serkit.errors.CorpusError where no recording of "
        "it is found (serkit.data.recognise.wrong_folder makes the sentence).",
    )


def _one_sentence(said: str, path: Path, what: str, reproduce: str) -> None:
    for fault, wrong in (
        ("has more than one line", "\n" in said.strip()),
        ("is no sentence", not said.strip().endswith(".")),
        ("does not name it", str(path) not in said),
    ):
        if wrong:
            raise Failure(
                f"load() of {what} raises an error that {fault}: {said!r}.",
                reproduce=reproduce,
                cause="the user needs to know which folder is meant, and what was expected in it.",
            )
