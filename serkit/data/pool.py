"""Corpora put together, and classes given other names: what both do to labels is written down, row by row."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from serkit.data.corpus import build
from serkit.errors import CorpusError, UnknownNameError
from serkit.types import Corpus, MappedLabel


def map_labels(corpus: Corpus, table: Mapping[str, str]) -> Corpus:
    """``corpus`` with the classes of ``table`` renamed (source: target) or, where the target is "", left out.

    Classes that ``table`` does not name stay as they are; several may get one name. The corpus gets another ``subset``,
    so that figures measured on the classes of old are not compared with it. A table that changes nothing gives the
    corpus itself. Raises UnknownNameError for a source that is no class of the corpus, and CorpusError if no utterance
    or fewer than two classes are left.
    """
    for source in table:
        if source not in corpus.labels:
            raise UnknownNameError(f"class of {corpus.name}", source, corpus.labels, "Correct its label map.")
    target = {label: table.get(label, label) for label in corpus.labels}
    changed = {source: t for source, t in target.items() if t != source}
    if not changed:
        return corpus
    labels = tuple(dict.fromkeys(t for t in target.values() if t))
    if len(labels) < 2:
        raise CorpusError(
            f"The label map leaves {corpus.name} with {len(labels)} class{'' if len(labels) == 1 else 'es'} "
            f"({', '.join(labels) or 'none'}); a classifier needs at least 2."
        )
    counts = Counter(u.label for u in corpus.utterances)
    renamed = [f"{s} ({counts[s]}) counts as {t}" for s, t in changed.items() if t]
    dropped = [f"{s} ({counts[s]}) is left out" for s, t in changed.items() if not t]
    mapped = build(
        corpus.name,
        corpus.root,
        [
            replace(u, label=target[u.label], votes=_mapped(u.votes, target))
            for u in corpus.utterances
            if target[u.label]
        ],
        labels,
        subset=", ".join(
            [corpus.subset, *(f"{s} as {changed[s]}" if changed[s] else f"no {s}" for s in sorted(changed))]
        ),
        complete=corpus.complete,
        missing=corpus.missing,
        notes=[*corpus.notes, f"By the label map, {', '.join([*renamed, *dropped])}."],
        transcripts=corpus.transcripts,
    )
    rows = [MappedLabel(corpus.name, s, t or None, counts[s]) for s, t in target.items()]
    return replace(mapped, label_map=tuple(rows))


def _mapped(votes: Mapping[str, float], target: Mapping[str, str]) -> dict[str, float]:
    """Votes under the new names of their classes; those for a class that is left out go with it."""
    found: dict[str, float] = {}
    for name, n in votes.items():
        new = target.get(name, name)
        if new:
            found[new] = found.get(new, 0.0) + n
    return found


def pool(corpora: Sequence[Corpus]) -> Corpus:
    """Two or more corpora as one, ``emodb+ravdess``, whatever their order, on the classes that all of them have.

    Ids become ``<corpus>/<id>``, speakers and sessions ``<corpus>-<name>`` (an unknown speaker stays unknown), and
    ``extra["corpus"]`` names the corpus; where a manifest has such a column itself, that one becomes
    ``extra["corpus_column"]``. Notes begin with the corpus's name. The pool is complete if every part is.

    Raises CorpusError if they share fewer than two classes, one of them has no utterance of these, or two of its
    speakers would get one name.
    """
    parts = sorted(corpora, key=lambda c: c.name)
    name = "+".join(c.name for c in parts)
    labels = [label for label in parts[0].labels if all(label in c.labels for c in parts)]
    if len(labels) < 2:
        lists = "; ".join(f"{c.name} has {', '.join(c.labels)}" for c in parts)
        raise CorpusError(
            f"The corpora of {name} share {'only ' + labels[0] if labels else 'no class'}, and a pool needs 2 classes "
            f"that all have ({lists}); rename classes with a label map, e.g. [dataset.{parts[0].name}.label_map]."
        )
    utterances, notes, rows = [], [], []
    owner: dict[str, str] = {}
    for corpus in parts:
        kept = [u for u in corpus.utterances if u.label in labels]
        if not kept:
            raise CorpusError(
                f"{corpus.name} at {corpus.root} has no utterance of the classes that all corpora of {name} have "
                f"({', '.join(labels)}); rename its classes with [dataset.{corpus.name}.label_map]."
            )
        for speaker in corpus.speakers:
            full = f"{corpus.name}-{speaker}"
            if owner.setdefault(full, corpus.name) != corpus.name:
                raise CorpusError(
                    f"Speakers of {owner[full]} and of {corpus.name} would both be named {full} in {name}; rename the "
                    "speaker in one of them."
                )
        for u in kept:
            extra = {**u.extra, "corpus": corpus.name}
            if "corpus" in u.extra:
                extra["corpus_column"] = u.extra["corpus"]
            utterances.append(
                replace(
                    u,
                    id=f"{corpus.name}/{u.id}",
                    speaker=u.speaker and f"{corpus.name}-{u.speaker}",
                    session=u.session and f"{corpus.name}-{u.session}",
                    extra=extra,
                )
            )
        counts = Counter(u.label for u in corpus.utterances)
        notes += [f"{corpus.name}: {note}" for note in corpus.notes]
        lost = [f"{label} ({counts[label]})" for label in corpus.labels if label not in labels]
        if lost:
            notes.append(f"{corpus.name}: left out are the classes that not every corpus has, {', '.join(lost)}.")
        notes.append(f"{corpus.name}: {len(kept)} of {len(corpus.utterances)} utterances are in the pool.")
        of = corpus.label_map or [MappedLabel(corpus.name, x, x, counts[x]) for x in corpus.labels]
        rows += [row if row.target in labels else replace(row, target=None) for row in of]
    notes.append(f"Shared classes: {', '.join(labels)}.")
    made = build(
        name,
        _common_root([c.root for c in parts]),
        utterances,
        labels,
        subset=" + ".join(f"{c.name} {c.subset}" for c in parts),
        complete=all(c.complete for c in parts),
        missing=[f"{c.name}/{x}" for c in parts for x in c.missing],
        notes=notes,
        transcripts=all(c.transcripts for c in parts),
    )
    return replace(made, label_map=tuple(rows))


def label_map_dict(corpus: Corpus) -> dict[str, Any] | None:
    """``{corpus: {source: {"target": class or null, "utterances": n}}}`` for JSON; None where nothing was mapped."""
    out: dict[str, Any] = {}
    for row in corpus.label_map:
        out.setdefault(row.corpus, {})[row.source] = {"target": row.target, "utterances": row.utterances}
    return out or None


def _common_root(roots: Sequence[Path]) -> Path:
    """The folder that holds all of them, for messages; the first where there is none (other drives of Windows)."""
    try:
        return Path(os.path.commonpath([r.absolute() for r in roots]))
    except ValueError:
        return roots[0]
