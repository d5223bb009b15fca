"""A small corpus of tones, words and posteriors on which checks run whole folds, as the host runs them.

Frames come from the plugin's own extractors, so they have the shapes and values that it will meet; classes differ in
pitch, loudness, rhythm and words, so that anything that learns can tell them apart.
"""

from __future__ import annotations

import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data.batches import Units
from serkit.errors import PluginError
from serkit.run.events import Events
from serkit.run.files import read_arrays
from serkit.run.fold import FoldJob, evaluation_units
from serkit.run.plugins import named
from serkit.run.prepare import FeatureTable, check_rows, source_of, text_inputs
from serkit.run.train_fold import Prepared, fit, prepare
from serkit.run.trainer import job_logits
from serkit.testing.conformance.subjects import LABELS, ArchitectureSubject
from serkit.types import Augment, Fold, Protocol, Training

Array = NDArray[np.float32]

SPEAKERS = ("s1", "s2", "s3", "s4")
TAKES = 2
IDS = tuple(f"{s}-{label}-{take}" for s in SPEAKERS for label in LABELS for take in range(TAKES))
TRUTH = {i: i.split("-")[1] for i in IDS}
SPEAKER = {i: i.split("-")[0] for i in IDS}

_WORDS = {"angry": "no stop that now", "happy": "yes great fun", "neutral": "the table is here", "sad": "alas all lost"}
_STEPS = Training(batch=4, epochs=2, steps=2)


def of(*speakers: str) -> tuple[str, ...]:
    """The utterances of some speakers."""
    return tuple(i for i in IDS if SPEAKER[i] in speakers)


# classes of unlike sizes, so that what depends on their sizes is seen; few others, since they are predicted often
FOLD_A = Fold(name="a", train=of("s3", "s4")[:-2], dev=of("s1")[::4], test=of("s2")[::2])
FOLD_B = Fold(name="b", train=of("s1", "s2")[:-2], dev=of("s3")[::4], test=of("s4")[::2])


def waveform(utterance: str, sample_rate: int, *, stretch: float = 1.0, loud: bool = False) -> Array:
    """A tone with overtones, float32 ``[T]`` in [-1, 1], of 0.7 to 1 s (times ``stretch``); ``loud``: full-scale noise
    instead, unlike anything else in the corpus."""
    rng = np.random.default_rng(zlib.crc32(utterance.encode()))
    k = LABELS.index(TRUTH[utterance])
    count = int(sample_rate * stretch * rng.uniform(0.7, 1.0))
    if loud:
        return np.sign(rng.standard_normal(count)).astype(np.float32)
    t = np.arange(count) / sample_rate
    pitch = 110.0 * 1.5**k * rng.uniform(0.97, 1.03)
    tone = sum(np.sin(2 * np.pi * n * pitch * t + n) * (0.35 + 0.15 * k) ** n for n in range(1, 9))
    beat = 0.6 + 0.4 * np.sin(2 * np.pi * (2.0 + 2.0 * k) * t + rng.uniform(0, 6))
    x = 0.05 * 1.6**k * beat * tone + 0.002 * rng.standard_normal(count)
    return np.clip(x, -1.0, 1.0).astype(np.float32)


def words(utterance: str, *, loud: bool = False) -> str:
    """What is said, as a feature of text is given it; ``loud`` as for ``waveform``."""
    return "zzz " * 40 if loud else f"{_WORDS[TRUTH[utterance]]} {utterance[-1]}"


def posteriors(utterance: str, runs: int, *, loud: bool = False) -> NDArray[np.float64]:
    """What ``runs`` finished runs say, ``[runs, classes]``, mostly right; ``loud``: sure of the wrong class."""
    rng = np.random.default_rng(zlib.crc32(utterance.encode()))
    scores = rng.uniform(0.0, 1.0, (runs, len(LABELS)))
    scores[:, (LABELS.index(TRUTH[utterance]) + loud) % len(LABELS)] += 60.0 if loud else 1.5
    return np.asarray(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))


def extract(subject: ArchitectureSubject, ids: Iterable[str], loud: Sequence[str] = ()) -> FeatureTable:
    """Frames of each input for the utterances ``ids``, computed in that order; ``loud`` ones are markers.

    Utterances are half as long again as ``min_frames``, so that a system has more to go by than its padding.
    Raises PluginError as a run would.
    """
    choices, made = subject.recipe.features, subject.extractors
    sources = {name: source_of(c.feature, subject.host) for name, c in choices.items()}
    who = {name: named(subject.host, "feature", c.feature) for name, c in choices.items()}
    frames: dict[str, dict[str, Array]] = {name: {} for name in choices}
    stretch = _stretch(subject, [n for n, source in sources.items() if source == "audio"])
    for i in ids:
        for name, extractor in made.items():
            given: Any
            if sources[name] == "runs":
                given = posteriors(i, len(extractor.options.runs), loud=i in loud)
            elif sources[name] == "text":
                given = words(i, loud=i in loud)
            else:
                given = waveform(i, extractor.sample_rate, stretch=stretch, loud=i in loud)
            frames[name][i] = check_rows(extractor(given), tuple(extractor.shape), who[name], i)
    return FeatureTable(frames)


def _stretch(subject: ArchitectureSubject, names: Sequence[str]) -> float:
    """How much longer utterances must be than they are, for every input alike, so that their frames stay in step."""
    architecture, longer = subject.architecture(), 1.0
    for name in names:
        if not architecture.inputs[name].whole and architecture.min_frames > 1:
            extractor = subject.extractors[name]
            rows = len(extractor(waveform(IDS[0], extractor.sample_rate)))
            longer = max(longer, 1.5 * architecture.min_frames / rows)
    return longer


def table(subject: ArchitectureSubject) -> FeatureTable:
    """The frames of the whole corpus, computed once for all presets of equal features. Treat them as constants."""
    key = f"toy {subject.recipe.features!r}"
    if key not in subject.shared:
        subject.shared[key] = extract(subject, IDS)
    made: FeatureTable = subject.shared[key]
    return FeatureTable({n: {i: x.copy() for i, x in rows.items()} for n, rows in made.frames.items()})


def training(subject: ArchitectureSubject, network: bool) -> Training:
    """The recipe's settings; for a module two steps, each epoch the same, without what needs a whole run."""
    given: Training = subject.recipe.training
    if not network:
        return given
    return replace(
        given,
        batch=_STEPS.batch,
        batching="even",
        epochs=_STEPS.epochs,
        steps=_STEPS.steps,
        patience=0,
        select="last",
        targets="label",
        augment=Augment(),
    )


def make_job(
    subject: ArchitectureSubject,
    folder: Path,
    frames: FeatureTable,
    *,
    fold: Fold = FOLD_B,
    architecture: Any = None,
    seed: int = 0,
) -> FoldJob:
    """A fold of the corpus as the host runs it, with a new architecture object unless one is given."""
    r = subject.registered
    protocol = Protocol(corpus="toy", name="toy", version=1, folds=(fold,), labels=LABELS, hash="0" * 64)
    return FoldJob(
        plugin=subject.name,
        architecture=architecture or subject.architecture(),
        training=training(subject, subject.is_network),
        protocol=protocol,
        fold=fold,
        seed=seed,
        table=frames,
        truth=TRUTH,
        speakers=SPEAKER,
        folder=folder,
        origin=f"distribution {r.distribution} {r.version}",
        words=frozenset(text_inputs(subject.recipe.features, subject.host)),
    )


@contextmanager
def job(subject: ArchitectureSubject, **settings: Any) -> Iterator[FoldJob]:
    """``make_job`` on the whole corpus in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield make_job(subject, Path(folder), table(subject), **settings)


@dataclass(frozen=True)
class Trained:
    """A fold after training: the model, its transforms, and what was saved of both."""

    job: FoldJob
    prepared: Prepared
    model: Any

    @property
    def saved(self) -> dict[str, NDArray[Any]]:
        """Everything that was learnt, by ``transforms/...`` and ``model/...``."""
        found: dict[str, NDArray[Any]] = {}
        for part in ("transforms", "model"):
            arrays, _ = read_arrays(self.job.folder / f"{part}.safetensors")
            found |= {f"{part}/{k}": v for k, v in arrays.items()}
        return found

    def units(self, ids: Sequence[str]) -> Units:
        """Transformed units of some utterances."""
        return evaluation_units(self.job, ids, self.prepared.transforms)

    def logits(self, ids: Sequence[str]) -> NDArray[np.float64]:
        """Logits ``[N, K]`` of the units of some utterances (an estimator: log posteriors)."""
        return job_logits(self.job, self.model, self.units(ids))


def train(made: FoldJob) -> Trained:
    """Fit transforms, build, train: the host's own functions."""
    prepared = prepare(made)
    return Trained(made, prepared, fit(made, prepared, Events()))


def first_difference(a: Mapping[str, NDArray[Any]], b: Mapping[str, NDArray[Any]]) -> str:
    """The name of the first array that is not the same to the bit in both, or nothing."""
    if a.keys() != b.keys():
        return sorted(a.keys() ^ b.keys())[0]
    return next((k for k in a if not np.array_equal(a[k], b[k], equal_nan=a[k].dtype.kind == "f")), "")


@contextmanager
def fresh(subject: ArchitectureSubject) -> Iterator[ArchitectureSubject]:
    """The subject with the modules of the plugin, and of its features, imported anew: what classes and modules have
    learnt since this process began is not in them. The old modules are back afterwards.

    A plugin whose modules cannot be imported twice is given as it is.
    """
    targets = [subject.spec.target, subject.spec.config]
    targets += [subject.host.get("feature", c.feature).spec.target for c in subject.recipe.features.values()]
    packages = {t.partition(":")[0].partition(".")[0] for t in targets} - {"serkit", "__main__"}
    old = {n: m for n, m in list(sys.modules.items()) if n.partition(".")[0] in packages and _python(m)}
    try:
        for name in old:
            del sys.modules[name]
        again = replace(subject, shared={})
        try:
            again.architecture(), again.extractors
        except (PluginError, ImportError):
            sys.modules.update(old)
            again = replace(subject, shared={})
        yield again
    finally:
        for name in [n for n, m in sys.modules.items() if n.partition(".")[0] in packages and _python(m)]:
            del sys.modules[name]
        sys.modules.update(old)


def _python(module: Any) -> bool:
    """Not a compiled module, which cannot be loaded twice."""
    return str(getattr(module, "__file__", None) or ".py").endswith((".py", ".pyc"))
