"""The corpus ``demo``: synthetic speech that is made on this machine instead of being downloaded."""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePath

from serkit.data.corpus import build, missing_note
from serkit.data.progress import Progress
from serkit.data.synth.corpus import METADATA, STAMP, VERSION, Row, corpus_plan, read_metadata, read_version, write
from serkit.data.synth.phones import SENTENCES
from serkit.data.synth.population import LABELS
from serkit.errors import CorpusError
from serkit.types import Corpus, Utterance

_REMEDY = "leave out --data, or make the corpus with `serkit data fetch demo`"


class Demo:
    """The synthetic corpus of ``serkit.data.synth``; it has no options."""

    cache_name = f"demo-v{VERSION}"
    """A newer generator looks in a folder of its own, so samples of an older one are never mistaken for its."""

    def load(self, root: Path) -> Corpus:
        """The 240 utterances in ``root`` (the folder of ``metadata.csv``), without audio.

        Files that are missing make the corpus incomplete and are named in its notes. Raises CorpusError if ``root`` is
        not this corpus, not finished, of another version of the generator, or has none of its files.
        """
        root = Path(root)
        if not (root / METADATA).is_file() and not (root / STAMP).is_file():
            raise CorpusError(f"{root} is not the demo corpus (it has no {METADATA} and no {STAMP}); {_REMEDY}.")
        found = read_version(root)
        if not found:
            raise CorpusError(f"The demo corpus in {root} was not finished (its {STAMP} is missing); {_REMEDY}.")
        if found != VERSION:
            raise CorpusError(
                f"The demo corpus in {root} is of generator version {found}, this is version {VERSION}; {_REMEDY}."
            )
        plan = [row for row, _ in corpus_plan()]
        if read_metadata(root) != plan:
            raise CorpusError(f"{root / METADATA} is not the table of the demo corpus; {_REMEDY}.")
        every = [_utterance(row, root / row.file) for row in plan]
        present = [u for u in every if u.path.is_file()]
        missing = {u.id for u in every} - {u.id for u in present}
        notes = [missing_note(missing, len(plan))] if missing else []
        return build("demo", root, present, LABELS, missing=missing, notes=notes)

    def identify(self, path: PurePath) -> Utterance | None:
        """What the name of one file says, without opening it; None if no file of the corpus is named so."""
        row = _rows().get(path.stem)
        return None if row is None else _utterance(row, Path(path))

    def fetch(self, into: Path, progress: Progress) -> None:
        """Make the corpus in ``into``, in a few seconds; nothing is done if this version of it is already whole there.

        Raises CorpusError if ``into`` holds something else.
        """
        into = Path(into)
        if into.exists() and not into.is_dir():
            raise CorpusError(f"{into} is a file; name a folder for the demo corpus.")
        plan = [row for row, _ in corpus_plan()]
        if read_version(into) == VERSION and read_metadata(into) == plan:
            if all((into / row.file).is_file() for row in plan):
                return
        elif into.is_dir() and not _ours(into):
            raise CorpusError(f"{into} holds something other than the demo corpus; name an empty folder for it.")
        write(into, progress)


@cache
def _words() -> dict[str, str]:
    """What each sentence says: its phonemes, written together."""
    return {code: "".join(phones.split()).replace("_", " ") for code, phones in SENTENCES}


@cache
def _rows() -> dict[str, Row]:
    return {PurePath(row.file).stem: row for row, _ in corpus_plan()}


def _utterance(row: Row, path: Path) -> Utterance:
    return Utterance(
        id=PurePath(row.file).with_suffix("").as_posix(), path=path, label=row.label, speaker=row.speaker,
        sex="f" if row.sex == "f" else "m", text=_words()[row.text],
    )  # fmt: skip


def _ours(folder: Path) -> bool:
    """Whether a folder has only what ``write`` makes, of any version and finished or not."""
    known = {METADATA, STAMP, "wav", f"{METADATA}.part", f"{STAMP}.part"}
    return all(p.name in known or p.name.startswith(".") for p in folder.iterdir())
