"""The leakage audit: what training shares with test, measured fold by fold before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from serkit.data import audio
from serkit.data.corpus import texts
from serkit.data.progress import Progress, SilentProgress
from serkit.errors import LeakageError
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
class FoldCounts:
    """What one fold holds, by part (``train``, ``dev``, ``test``): its utterances, the different speakers, texts, ...
    that are known of them, and how many of the test part's are also in train or dev (``seen``), or of the dev part's
    in train (``dev_seen``). ``unknown`` are the utterances of which the corpus does not say it."""

    fold: str
    utterances: Mapping[str, int]
    distinct: Mapping[Guarantee, Mapping[str, int]]
    seen: Mapping[Guarantee, int]
    dev_seen: Mapping[Guarantee, int]
    unknown: Mapping[Guarantee, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was found in the ``folds``. ``known`` are the kinds that the corpus says anything about; audio is known if
    recordings were compared. ``dev_guarantees`` hold between train and dev, ``guarantees`` between both and test."""

    protocol: str
    guarantees: tuple[Guarantee, ...]
    dev_guarantees: tuple[Guarantee, ...]
    known: tuple[Guarantee, ...]
    folds: tuple[FoldCounts, ...]
    overlaps: tuple[Overlap, ...]

    @property
    def broken(self) -> tuple[Overlap, ...]:
        """The overlaps that the protocol guarantees not to be there."""
        promised = {"train+dev/test": self.guarantees, "train/dev": self.dev_guarantees}
        return tuple(o for o in self.overlaps if o.kind in promised[o.between])

    @property
    def unmeasured(self) -> tuple[Guarantee, ...]:
        """What is guaranteed, but could not be measured."""
        return tuple(k for k in self.guarantees if k not in self.known)

    def lines(self, most: int = 12) -> list[str]:
        """A few sentences for a person; shared speakers, texts and sessions are listed, ``most`` of them at most."""
        if not any(f.utterances["test"] for f in self.folds):
            return ["There is no test part, so nothing can leak into one."]
        out = []
        folds = _n(len(self.folds), "fold")
        for kind in KINDS:
            promised = " (guaranteed)" if kind in self.guarantees else ""
            found = [o for o in self.overlaps if o.kind == kind]
            if kind not in self.known:
                why = "recordings were not read" if kind == "audio" else "the corpus does not say"
                out.append(f"{kind}: {why}, so nothing could be measured.")
            elif not found:
                out.append(f"{kind}: nothing shared by train, dev and test in {folds}{promised}{self._reach(kind)}.")
            for between, late, early in (("train+dev/test", "test", "train or dev"), ("train/dev", "dev", "train")):
                here = [o for o in found if o.between == between]
                if not here:
                    continue
                values = sorted({v for o in here for v in o.values})
                reach = sum(o.n_test for o in here) / sum(o.of_test for o in here)
                out.append(
                    f"{kind}: {late} shares {_NOUNS[kind]} with {early} in {len(here)} of {folds} "
                    f"({len(values)} in all, {reach:.0%} of the utterances of {late} in these folds); "
                    f"e.g. {here[0].example[0]} and {here[0].example[1]}."
                )
                if kind != "audio" and between == "train+dev/test":
                    more = f" and {len(values) - most} more" if len(values) > most else ""
                    out.append(f"Shared {_NOUNS[kind]}: {' / '.join(values[:most])}{more}")
        return out

    def _reach(self, kind: Guarantee) -> str:
        """Words for the share of utterances that could be compared, where it is not all; rounded down, since 100 % is
        not all but one."""
        unknown = sum(f.unknown[kind] for f in self.folds)
        total = sum(n for f in self.folds for n in f.utterances.values())
        return f", known of {100 * (total - unknown) // total}% of the utterances" if unknown else ""

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON: what each fold holds, per kind whether it is guaranteed and known, and the overlaps fold
        by fold."""
        return {
            "protocol": self.protocol,
            "n_folds": len(self.folds),
            "folds": [
                {
                    "fold": f.fold,
                    "utterances": dict(f.utterances),
                    "distinct": {kind: dict(f.distinct[kind]) for kind in KINDS},
                    "seen": dict(f.seen),
                    "dev_seen": dict(f.dev_seen),
                    "unknown": dict(f.unknown),
                }
                for f in self.folds
            ],
            "kinds": {
                kind: {
                    "guaranteed": kind in self.guarantees,
                    "guaranteed_dev": kind in self.dev_guarantees,
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


def from_dict(content: Mapping[str, Any]) -> Audit:
    """The audit that ``Audit.to_dict`` wrote. Raises KeyError, TypeError or ValueError if it is damaged."""
    kinds = content["kinds"]
    return Audit(
        protocol=content["protocol"],
        guarantees=tuple(k for k in KINDS if kinds[k]["guaranteed"]),
        dev_guarantees=tuple(k for k in KINDS if kinds[k]["guaranteed_dev"]),
        known=tuple(k for k in KINDS if kinds[k]["known"]),
        folds=tuple(FoldCounts(**f) for f in content["folds"]),
        overlaps=tuple(
            Overlap(
                fold=o["fold"],
                kind=kind,
                between=o["between"],
                values=tuple(o["values"]),
                example=(o["example"][0], o["example"][1]),
                n_test=o["utterances"],
                of_test=o["of"],
            )
            for kind in KINDS
            for o in kinds[kind]["overlaps"]
        ),
    )


def audit(
    corpus: Corpus,
    protocol: Protocol,
    audio_hashes: Mapping[str, str] | None = None,
    *,
    progress: Progress | None = None,
) -> Audit:
    """:func:`measure`, with the recordings compared and the protocol's guarantees enforced.

    ``audio_hashes`` maps each id to a hash of its decoded samples (:func:`hash_audio`, called with ``progress`` if this
    is None). Raises LeakageError, naming fold, kind and an example, if anything is shared that the protocol guarantees
    unseen, between train and dev as well unless its ``dev_guarantees`` say less. Any other overlap is returned. Raises
    AudioError if a recording cannot be read.
    """
    hashes = hash_audio(corpus, progress=progress) if audio_hashes is None else audio_hashes
    found = measure(corpus, protocol, hashes)
    if found.broken:
        raise LeakageError(
            f"{breach(found.broken[0], found.protocol).rstrip('.')}; correct the corpus, or choose a protocol without "
            "this guarantee."
        )
    return found


def measure(corpus: Corpus, protocol: Protocol, audio_hashes: Mapping[str, str]) -> Audit:
    """Which speakers, texts, sessions and recordings train + dev share with test, and train with dev, in every fold.

    ``audio_hashes`` maps ids to a hash of their decoded samples; with an empty mapping recordings are not compared.
    """
    table, said = corpus.by_id(), texts(corpus)
    value_of: dict[Guarantee, Callable[[Utterance], str | None]] = {
        "speaker": lambda u: u.speaker,
        "text": lambda u: said.get(u.id),
        "session": lambda u: u.session,
        "audio": lambda u: audio_hashes.get(u.id),
    }
    overlaps: list[Overlap] = []
    counts = []
    for fold in protocol.folds:
        parts = {"train": fold.train, "dev": fold.dev, "test": fold.test}
        distinct: dict[Guarantee, dict[str, int]] = {}
        seen: dict[Guarantee, int] = {}
        dev_seen: dict[Guarantee, int] = {}
        unknown: dict[Guarantee, int] = {}
        for kind in KINDS:
            values = {x: value_of[kind](table[x]) for ids in parts.values() for x in ids}
            tested = _overlap(fold, kind, "train+dev/test", (*fold.train, *fold.dev), fold.test, values)
            developed = _overlap(fold, kind, "train/dev", fold.train, fold.dev, values)
            overlaps += [o for o in (tested, developed) if o is not None]
            distinct[kind] = {p: len({values[x] for x in ids} - {None, ""}) for p, ids in parts.items()}
            seen[kind] = len(tested.values) if tested else 0
            dev_seen[kind] = len(developed.values) if developed else 0
            unknown[kind] = sum(not value for value in values.values())
        sizes = {p: len(ids) for p, ids in parts.items()}
        counts.append(
            FoldCounts(
                fold=fold.name, utterances=sizes, distinct=distinct, seen=seen, dev_seen=dev_seen, unknown=unknown
            )
        )
    return Audit(
        protocol=protocol.full_name,
        guarantees=protocol.guarantees,
        dev_guarantees=protocol.dev_guarantees,
        known=tuple(k for k in KINDS if any(value_of[k](u) for u in corpus.utterances)),
        folds=tuple(counts),
        overlaps=tuple(overlaps),
    )


def renewed(before: Audit, now: Audit, kinds: Collection[Guarantee]) -> Audit:
    """``before`` with what ``now`` measured of ``kinds``, in the same folds."""
    folds = tuple(
        replace(
            new,
            distinct={k: (new if k in kinds else old).distinct[k] for k in KINDS},
            seen={k: (new if k in kinds else old).seen[k] for k in KINDS},
            dev_seen={k: (new if k in kinds else old).dev_seen[k] for k in KINDS},
            unknown={k: (new if k in kinds else old).unknown[k] for k in KINDS},
        )
        for old, new in zip(before.folds, now.folds, strict=True)
    )
    known = {*(k for k in before.known if k not in kinds), *(k for k in now.known if k in kinds)}
    kept = [o for o in before.overlaps if o.kind not in kinds]
    return replace(
        now,
        known=tuple(k for k in KINDS if k in known),
        folds=folds,
        overlaps=(*kept, *(o for o in now.overlaps if o.kind in kinds)),
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
    return {u.id: digests[u.path] + stretch(u) for u in corpus.utterances}


def stretch(u: Utterance) -> str:
    """What tells parts of one file apart: their times, or nothing for the whole file."""
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


def breach(overlap: Overlap, protocol: str) -> str:
    """One sentence on an overlap in what ``protocol`` guarantees unseen."""
    early, late = ("train or dev", "test") if overlap.between == "train+dev/test" else ("train", "dev")
    what = "the same recording" if overlap.kind == "audio" else f"the {overlap.kind} {overlap.values[0]!r}"
    return (
        f"Protocol {protocol} guarantees that no {overlap.kind} is in two parts, but in fold {overlap.fold} "
        f"{what} is in {early} (e.g. {overlap.example[0]}) and in {late} (e.g. {overlap.example[1]})."
    )


def _n(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
