"""The corpus ``demo``: which utterances it has, and writing them to a folder."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import soundfile as sf

from serkit.data.progress import Progress, SilentProgress
from serkit.data.synth.phones import SENTENCES
from serkit.data.synth.population import LABELS, SPEAKERS
from serkit.data.synth.speech import utterance

VERSION = 1
"""Raised with every change that changes a sample; the folder's stamp then no longer matches."""

METADATA = "metadata.csv"
STAMP = "VERSION"
SENTENCES_EACH = 6
"""Sentences that a speaker says, each in every emotion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of ``metadata.csv``; ``file`` is relative to the corpus folder."""

    file: str
    speaker: str
    sex: str
    label: str
    text: str


def corpus_plan() -> list[tuple[Row, tuple[int, str, int]]]:
    """The 240 utterances, sorted by file, each with its ``(speaker, emotion, sentence)`` for ``utterance``.

    Every speaker says six of the ten sentences, each in all four emotions, and every sentence is said as often in one
    emotion as in another: the text tells nothing about the label.
    """
    out = []
    for s, speaker in enumerate(SPEAKERS):
        for k in range(SENTENCES_EACH):
            sentence = (s + k) % len(SENTENCES)
            text = SENTENCES[sentence][0]
            for label in LABELS:
                file = f"wav/{speaker.name}_{text}_{label}.wav"
                row = Row(file=file, speaker=speaker.name, sex=speaker.sex, label=label, text=text)
                out.append((row, (s, label, sentence)))
    return sorted(out, key=lambda item: item[0].file)


def write(folder: Path, progress: Progress | None = None) -> None:
    """Write the corpus into ``folder``: ``wav/*.wav`` (16 kHz, mono, 16 bits), ``metadata.csv`` and ``VERSION``.

    The stamp is removed first and written last, so that an interrupted folder never looks finished. Files of the
    same names are overwritten, WAV files that only an older version's metadata names are deleted, and nothing else is
    touched. Takes about 2 s on one core, and a few more when the kernel is compiled for the first time.
    """
    folder = Path(folder)
    (folder / "wav").mkdir(parents=True, exist_ok=True)
    (folder / STAMP).unlink(missing_ok=True)
    plan = corpus_plan()
    wanted = {row.file for row, _ in plan}
    for row in read_metadata(folder):
        if row.file not in wanted and Path(row.file).parent == Path("wav") and row.file.endswith(".wav"):
            (folder / row.file).unlink(missing_ok=True)
    bar = progress or SilentProgress()
    bar.start(len(plan), "making the demo corpus")
    for row, (speaker, emotion, sentence) in plan:
        made = utterance(speaker, emotion, sentence)
        # whole multiples of 2**-15: exact in 16 bits
        sf.write(folder / row.file, made.waveform, made.sample_rate, subtype="PCM_16")
        bar.advance(1)
    table = io.StringIO()
    writer = csv.DictWriter(table, [f.name for f in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row, _ in plan)
    _write_text(folder / METADATA, table.getvalue())
    _write_text(folder / STAMP, f"{VERSION}\n")


def read_metadata(folder: Path) -> list[Row]:
    """Rows of a folder's ``metadata.csv``; none if there is no such table with the columns of ``Row``."""
    path = Path(folder) / METADATA
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        table = csv.DictReader(lines)
        names = [f.name for f in fields(Row)]
        if table.fieldnames is None or list(table.fieldnames) != names:
            return []
        return [Row(**{n: line[n] or "" for n in names}) for line in table]


def read_version(folder: Path) -> int:
    """The version of the generator that finished the folder; 0 if none did."""
    path = Path(folder) / STAMP
    text = path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""
    return int(text) if text.isdecimal() else 0


def _write_text(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8", newline="\n")
    os.replace(partial, path)
