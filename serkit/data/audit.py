"""The leakage audit: what training shares with test, measured fold by fold before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from serkit.data import audio
from serkit.data.progress import Progress, SilentProgress
from serkit.errors import AudioError, LeakageError
from serkit.kernels.threads import thread_count
from serkit.types import Corpus, Fold, Guarantee, Protocol, Utterance

Between = Literal["train+dev/test", "train/dev"]

KINDS: tuple[Guarantee, ...] = get_args(Guarantee)

_NOUNS = {"speaker": "speakers", "text": "texts", "session": "sessions", "audio": "identical recordings"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Values of one kind (speakers, texts, ...) on both sides of one fold.

    ``values`` are sorted; ``example`` holds an id of either side that share the first of them. ``n_test`` of the later
    side's ``of_test`` utterances have a shared value. For kind ``"audio"`` a value is the hash of a recording.
    """

    fold: str
    kind: Guarantee
    between: Between
    values: tuple[str, ...]
    example: tuple[str, str]
    n_test: int
    of_test: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was found in ``n_folds`` folds. ``known`` are the kinds that the corpus says anything about."""

    protocol: str
    guarantees: tuple[Guarantee, ...]
    known: tuple[Guarantee, ...]
    n_folds: int
    overlaps: tuple[Overlap, ...]

    def lines(self, most: int = 12) -> list[str]:
        """A few sentences for a person; shared texts and recordings are listed, ``most`` of them at most."""
        out = []
        for kind in KINDS:
            promised = " (guaranteed)" if kind in self.guarantees else ""
            found = [o for o in self.overlaps if o.kind == kind]
            if kind not in self.known:
                out.append(f"{kind}: the corpus does not say, so nothing could be measured.")
            elif not found:
                out.append(f"{kind}: nothing shared by train, dev and test in {_n(self.n_folds, 'fold')}{promised}.")
            for between, sides in (("train+dev/test", "train with dev and test"), ("train/dev", "train and dev")):
                here = [o for o in found if o.between == between]
                if not here:
                    continue
                values = sorted({v for o in here for v in o.values})
                reach = sum(o.n_test for o in here) / sum(o.of_test for o in here)
                out.append(
                    f"{kind}: {sides} share {_NOUNS[kind]} in {len(here)} of {_n(self.n_folds, 'fold')} "
                    f"({len(values)} in all, {reach:.0%} of the utterances of {between.split('/')[1]} in these folds); "
                    f"e.g. {here[0].example[0]} and {here[0].example[1]}."
                )
                if kind in ("text", "session") and between == "train+dev/test":
                    more = f" and {len(values) - most} more" if len(values) > most else ""
                    out.append(f"Shared {_NOUNS[kind]}: {' / '.join(values[:most])}{more}")
        return out

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON: per kind whether it is guaranteed and known, and the overlaps fold by fold."""
        return {
            "protocol": self.protocol,
            "n_folds": self.n_folds,
            "kinds": {
                kind: {
                    "guaranteed": kind in self.guarantees,
                    "known": kind in self.known,
                    "overlaps": [
                        {
                            "fold": o.fold,
                            "between": o.between,
                            "values": list(o.values),
                            "example": list(o.example),
                            "utterances": o.n_test,
                            "of": o.of_test,
                        }
                        for o in self.overlaps
                        if o.kind == kind
                    ],
                }
                for kind in KINDS
            },
        }


def audit(
    corpus: Corpus,
    protocol: Protocol,
    audio_hashes: Mapping[str, str] | None = None,
    *,
    progress: Progress | None = None,
) -> Audit:
    """Measure in every fold which speakers, texts, sessions and recordings train + dev share with test, and train
    with dev.

    ``audio_hashes`` maps each id to a hash of its decoded samples (:func:`hash_audio`, called with ``progress`` if this
    is None). Raises LeakageError, naming fold, kind and an example, if anything is shared that the protocol guarantees
    unseen, between train and dev as well unless its ``dev_guarantees`` say less. Any other overlap is returned. Raises
    AudioError if a recording cannot be read.
    """
    hashes = hash_audio(corpus, progress=progress) if audio_hashes is None else audio_hashes
    table = corpus.by_id()
    value_of: dict[Guarantee, Callable[[Utterance], str | None]] = {
        "speaker": lambda u: u.speaker,
        "text": lambda u: u.text,
        "session": lambda u: u.session,
        "audio": lambda u: hashes.get(u.id),
    }
    overlaps = []
    for fold in protocol.folds:
        for kind in KINDS:
            values = {x: value_of[kind](table[x]) for x in (*fold.train, *fold.dev, *fold.test)}
            overlaps += [
                _checked(o, protocol)
                for o in (
                    _overlap(fold, kind, "train+dev/test", (*fold.train, *fold.dev), fold.test, values),
                    _overlap(fold, kind, "train/dev", fold.train, fold.dev, values),
                )
                if o is not None
            ]
    return Audit(
        protocol=protocol.full_name,
        guarantees=protocol.guarantees,
        known=tuple(k for k in KINDS if any(value_of[k](u) for u in corpus.utterances)),
        n_folds=len(protocol.folds),
        overlaps=tuple(overlaps),
    )


def hash_audio(corpus: Corpus, *, progress: Progress | None = None, threads: int = 0) -> dict[str, str]:
    """Hash of the decoded samples of every utterance by id; each file is decoded once.

    Utterances that are parts of a file carry their times, so that two parts of one file differ. ``threads=0`` takes
    what ``SERKIT_THREADS`` says, or all cores of this process: decoding and hashing release the GIL. Raises AudioError
    for the first file that cannot be read, ConfigError for a number of threads that cannot be.
    """
    bar = progress or SilentProgress()
    files = sorted({u.path for u in corpus.utterances})
    bar.start(len(files), f"Checking the audio of {corpus.name}")
    digests = {}
    with ThreadPoolExecutor(thread_count(threads)) as pool:
        # the first unreadable file must end the work, not wait for the rest
        try:
            for path, digest in zip(files, pool.map(audio.decoded_sha256, files), strict=True):
                digests[path] = digest
                bar.advance()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return {u.id: digests[u.path] + _part(u) for u in corpus.utterances}


def unreadable(corpus: Corpus, *, progress: Progress | None = None) -> list[str]:
    """A sentence for each file of the corpus that is missing, damaged or holds other than finite samples."""
    bar = progress or SilentProgress()
    files = sorted({u.path for u in corpus.utterances})
    bar.start(len(files), f"Checking the audio of {corpus.name}")
    problems = []
    with ThreadPoolExecutor(thread_count(0)) as pool:
        for problem in pool.map(_problem, files):
            problems += [problem] if problem else []
            bar.advance()
    return problems


def _problem(path: Path) -> str | None:
    try:
        for _ in audio.blocks(path, sample_rate=0):
            pass
    except AudioError as error:
        return str(error)
    return None


def _part(u: Utterance) -> str:
    return "" if u.start == 0 and u.end is None else f"#{u.start!r}-{u.end!r}"


def _overlap(
    fold: Fold,
    kind: Guarantee,
    between: Between,
    left: Collection[str],
    right: Collection[str],
    values: Mapping[str, str | None],
) -> Overlap | None:
    first: dict[str, str] = {}
    for x in left:
        value = values[x]
        if value:
            first.setdefault(value, x)
    hits = {x: value for x in right if (value := values[x]) and value in first}
    if not hits:
        return None
    shared = sorted(set(hits.values()))
    partner = next(x for x, value in hits.items() if value == shared[0])
    return Overlap(
        fold=fold.name,
        kind=kind,
        between=between,
        values=tuple(shared),
        example=(first[shared[0]], partner),
        n_test=len(hits),
        of_test=len(right),
    )


def _checked(overlap: Overlap, protocol: Protocol) -> Overlap:
    tested = overlap.between == "train+dev/test"
    if overlap.kind not in (protocol.guarantees if tested else protocol.dev_guarantees):
        return overlap
    early, late = ("train or dev", "test") if tested else ("train", "dev")
    what = "the same recording" if overlap.kind == "audio" else f"the {overlap.kind} {overlap.values[0]!r}"
    raise LeakageError(
        f"Protocol {protocol.full_name} guarantees that no {overlap.kind} is in two parts, but in fold {overlap.fold} "
        f"{what} is in {early} (e.g. {overlap.example[0]}) and in {late} (e.g. {overlap.example[1]}); "
        f"correct the corpus, or choose a protocol without this guarantee."
    )


def _n(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
