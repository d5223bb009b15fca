"""The table of utterances that ``load`` returns: what every row must say, and what it may not."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from serkit.data import audio
from serkit.data.audit import stretch
from serkit.data.corpus import few
from serkit.errors import AudioError, SerkitError
from serkit.host.discovery import describe
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.corpora.folders import STRANGE
from serkit.testing.conformance.corpora.subject import DatasetSubject
from serkit.testing.conformance.corpora.trees import below
from serkit.types import Corpus, Utterance


def row(subject: DatasetSubject, u: Utterance) -> str:
    """How to see one row: the smallest input there is to a check of the table."""
    return f"{type(subject.dataset()).__name__}().load(Path({str(subject.root)!r})).by_id()[{u.id!r}]"


def check_loads(subject: DatasetSubject) -> None:
    """The host can load the corpus: the table is what serkit.data.corpus.build accepts."""
    try:
        subject.load(subject.root)
    except SerkitError as error:
        raise Failure(
            f"The host refuses the corpus: {error}",
            reproduce=f"{type(subject.dataset()).__name__}().load(Path({str(subject.root)!r}))",
            cause="the copy is not whole, or load() returns what serkit.data.corpus.build would have refused; return "
            "what build() makes.",
        ) from error


def check_ids(subject: DatasetSubject) -> None:
    """Ids are unique and say nothing of where the corpus lies."""
    places = {str(subject.base), str(Path(subject.base).resolve())}
    seen: set[str] = set()
    for u in subject.given.utterances:
        fault = ""
        if not isinstance(u.id, str) or not u.id:
            fault = "is no name"
        elif u.id in seen:
            fault = "occurs twice"
        elif "\\" in u.id or any(place in u.id for place in places) or PurePosixPath(u.id).is_absolute():
            fault = "is no POSIX path below the corpus's folder"
        if fault:
            raise Failure(
                f"The id {u.id!r} {fault} ({u.path}).",
                reproduce=row(subject, u),
                cause="serkit.data.corpus.utterance_id makes ids that are the same on every system; parts of a file "
                "have #start-end behind them.",
            )
        seen.add(u.id)


def check_labels(subject: DatasetSubject) -> None:
    """Every label is one of the classes declared."""
    corpus, declared = subject.given, list(subject.spec.labels)
    allowed = set(corpus.labels) & set(declared or corpus.labels)
    for u in corpus.utterances:
        if u.label not in allowed:
            where = "the corpus's own classes" if u.label not in corpus.labels else "the spec's"
            raise Failure(
                f"The label {u.label!r} of {u.id!r} is not among {where} ({', '.join(map(str, sorted(allowed)))}).",
                reproduce=row(subject, u),
                cause="a code of the corpus has no class in the plugin's table, or the spec names its classes "
                "otherwise.",
            )
    if subject.sets or not declared:
        return
    odd = sorted(set(corpus.labels) ^ set(declared)) if corpus.complete else sorted(set(corpus.labels) - set(declared))
    if odd:
        raise Failure(
            f"The corpus's classes are {', '.join(corpus.labels)}, and the spec declares {', '.join(declared)}.",
            reproduce=f"{type(subject.dataset()).__name__}().load(Path({str(subject.root)!r})).labels",
            cause="the classes are collected from what is there; declare them once, and use that for both.",
        )


def check_label_names(subject: DatasetSubject) -> None:
    """Where paths name a class, labels say the same."""
    corpus = subject.given
    named = [(u, said) for u in corpus.utterances if (said := _named_class(subject, corpus, u))]
    # Words of other meaning, or labels that listeners gave, agree sometimes; a shifted table never does. Two a class
    # are the fewest by which that can be told from chance.
    if len(named) < 2 * len(corpus.labels) or len({said for _, said in named}) < 2:
        raise NotApplicable("the paths of its recordings do not name its classes")
    if not any(u.label == said for u, said in named):
        u, said = named[0]
        raise Failure(
            f"Of the {len(named)} recordings whose paths name a class none has that label: {u.id!r} says {said!r}, its "
            f"label is {u.label!r}.",
            reproduce=row(subject, u),
            cause="labels are shifted: a list of classes counted from 1 where it begins with 0, or rows joined with "
            "files by their place in two lists.",
        )


def _named_class(subject: DatasetSubject, corpus: Corpus, u: Utterance) -> str:
    path = below(subject.base, u.path) or Path(u.path.name)
    words = set(re.split(r"[\W_]+", path.with_suffix("").as_posix().casefold()))
    said = [label for label in corpus.labels if label.casefold() in words]
    return said[0] if len(said) == 1 else ""


def check_speakers(subject: DatasetSubject) -> None:
    """Every utterance says who speaks, where the corpus declares speakers."""
    unknown = [u for u in subject.given.utterances if not isinstance(u.speaker, str) or not u.speaker.strip()]
    if unknown and not subject.spec.speakers:
        raise NotApplicable("it declares no speakers")
    if unknown:
        raise Failure(
            f"{len(unknown)} of the {len(subject.given.utterances)} utterances have no speaker (first "
            f"{unknown[0].id!r}), and the spec declares {subject.spec.speakers}.",
            reproduce=row(subject, unknown[0]),
            cause="without speakers no protocol can keep those of the test unseen; read them from names or tables, or "
            "declare speakers=0 and protocols that do not guarantee them.",
        )


def check_counts(subject: DatasetSubject) -> None:
    """Classes and speakers are as many as declared, and a copy that lacks some says that it is not complete."""
    spec, corpus = subject.spec, subject.given
    if not spec.labels:
        raise NotApplicable("it declares no counts")
    if subject.sets:
        raise NotApplicable("the declared counts are those without options")
    found = Counter(u.label for u in corpus.utterances)
    speakers = len({u.speaker for u in corpus.utterances if isinstance(u.speaker, str)} - {""})
    rows = [(f"utterances of the class {x!r}", found[x], n) for x, n in spec.labels.items()]
    rows += [("speakers", speakers, spec.speakers)] if spec.speakers else []
    for what, here, declared in rows:
        if here > declared or (here < declared and corpus.complete and not corpus.missing):
            but = "" if here > declared else ", and the corpus says that it is complete"
            raise Failure(
                f"There are {here} {what} where the spec declares {declared}{but}.",
                reproduce=f"{type(subject.dataset()).__name__}().load(Path({str(subject.root)!r})).complete",
                cause="the counts of the spec are wrong, labels are shifted, or files were passed over: compare what "
                "was found with what the corpus holds, and tell build() of complete, missing and notes.",
            )


def check_audio(subject: DatasetSubject) -> None:
    """Every recording is there and can be decoded."""
    bad = [r for r in subject.recordings.values() if r.problem]
    if bad:
        raise Failure(
            f"{len(bad)} of the {len(subject.recordings)} recordings cannot be read: {bad[0].problem}",
            reproduce=f"serkit.data.audio.read({str(bad[0].path)!r})",
            cause="the copy is damaged, or load() makes up paths: take files from the folder, and name what is not "
            "there in missing.",
        )


def check_times(subject: DatasetSubject) -> None:
    """Parts of files begin at 0 s or later, end after they begin, and not after the file."""
    lengths: dict[Path, float] = {}
    for u in subject.given.utterances:
        start, end = u.start, math.inf if u.end is None else u.end
        fault = ""
        if not (isinstance(start, int | float) and isinstance(end, int | float) and math.isfinite(start)):
            fault = f"has the times {u.start!r} and {u.end!r}, which are no seconds"
        elif not 0 <= start < end or (u.end is not None and not math.isfinite(end)):
            fault = f"lasts from {start} s to {u.end} s"
        elif start or u.end is not None:
            if u.path not in lengths:
                lengths[u.path] = _seconds(u.path)
            last = start if u.end is None else end
            # annotations are rounded: serkit.data.audio says how far it follows them
            if start >= lengths[u.path] or last > lengths[u.path] + audio.END_SLACK_SECONDS:
                fault = f"ends at {last} s, and {u.path.name} lasts {lengths[u.path]:.3f} s"
        if fault:
            raise Failure(
                f"The utterance {u.id!r} {fault}.",
                reproduce=row(subject, u),
                cause="times are of another unit (samples, milliseconds) or of another file.",
            )


def _seconds(path: Path) -> float:
    try:
        return audio.info(path).seconds
    except AudioError:
        return math.inf  # check_audio says so


def check_duplicates(subject: DatasetSubject) -> None:
    """No recording is there twice, under one name or two, and no speaker says two utterances at once."""
    table = subject.given.utterances
    for a, b in _overlapping(table):
        raise Failure(
            f"{a.id!r} and {b.id!r} are of one file and overlap in time.",
            reproduce=f"{row(subject, a)}; {row(subject, b)}",
            cause="a row stands in the table twice, or a link and its file were both taken; the same speech would be "
            "in training and in test.",
        )
    first: dict[str, Utterance] = {}
    for u in table:
        digest = subject.recordings[u.path].digest
        if digest and first.setdefault(digest + stretch(u), u) is not u:
            a = first[digest + stretch(u)]
            raise Failure(
                f"{a.id!r} and {u.id!r} hold the same samples ({a.path.name}, {u.path.name}).",
                reproduce=f"serkit.data.audio.decoded_sha256 of {str(a.path)!r} and {str(u.path)!r}",
                cause="the folder holds a copy under another name (serkit.data.recordings.collect finds those of one "
                "id); take one of them. Duplicates that the corpus was published with are an expected failure.",
            )


def _overlapping(table: tuple[Utterance, ...]) -> Iterator[tuple[Utterance, Utterance]]:
    by_file: Mapping[tuple[Path, str], list[Utterance]] = defaultdict(list)
    for u in table:
        # several speakers of one file may talk at once; without a name they cannot be told apart
        by_file[u.path.resolve(), u.speaker].append(u)
    for parts in by_file.values():
        parts.sort(key=lambda u: u.start)
        for a, b in pairwise(parts):
            if a.end is None or b.start < a.end:
                yield a, b


def check_identify(subject: DatasetSubject) -> None:
    """Where the class has ``identify``, it says of each path what ``load`` says, and nothing of other files."""
    dataset = subject.dataset()
    if not hasattr(dataset, "identify"):
        raise NotApplicable("it has no identify()")
    for path in (PurePosixPath(STRANGE), PureWindowsPath("C:\\music") / STRANGE):
        if _identified(dataset, path) is not None:
            raise Failure(
                f"identify() takes {str(path)!r} for a recording of the corpus.",
                reproduce=f"{type(dataset).__name__}().identify({path!r})",
                cause="a pattern is searched for in a name that it should match as a whole.",
            )
    for u in subject.corpus.utterances:
        inside = below(subject.base, u.path) or Path(u.path.name)
        path = PurePosixPath("nowhere") / inside.as_posix()
        said = _identified(dataset, path)
        wrong = ["nothing"]
        if said is not None:
            wrong = [
                f"{key} {getattr(said, key)!r} where load() says {getattr(u, key)!r}"
                for key in ("label", "speaker", "session", "text")
                if getattr(said, key) and getattr(said, key) != getattr(u, key)
            ]
        if wrong:
            raise Failure(
                f"identify() of {path.as_posix()!r} says {few(wrong, 4)}.",
                reproduce=f"{type(dataset).__name__}().identify({path!r})",
                cause="names are read in two places; let load() use what identify() does. What a name does not say, "
                "identify() leaves empty.",
            )


def _identified(dataset: Any, path: PurePath) -> Utterance | None:
    """What ``identify`` says of a path where no file is."""
    try:
        said: Utterance | None = dataset.identify(path)
    except Exception as error:
        raise Failure(
            f"identify() of {str(path)!r} raises {describe(error).rstrip('.')}.",
            reproduce=f"{type(dataset).__name__}().identify({path!r})",
            cause="it opens the file, or takes any name for one of the corpus's; names alone may be read, and None is "
            "for those of others.",
        ) from error
    if said is not None and not isinstance(said, Utterance):
        raise Failure(
            f"identify() of {str(path)!r} returns {type(said).__name__}.",
            reproduce=f"{type(dataset).__name__}().identify({path!r})",
            cause="an Utterance is expected, or None for a file that is none of the corpus's.",
        )
    return said
