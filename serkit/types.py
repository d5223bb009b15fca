"""Plain data that every layer and every plugin shares.

Only the standard library and ``annotated_types`` are imported here, so that listing plugins stays quick. Settings are
frozen dataclasses; ``serkit.config.load`` turns a mapping into one and refuses unknown keys and values out of range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MaxLen

Information = Literal["inductive", "speaker-unlabelled", "neutral-enrolment"]
Guarantee = Literal["speaker", "text", "session", "audio"]
Task = Literal["classification", "soft-label", "multi-label", "regression"]

LABELS = (
    "angry", "happy", "sad", "neutral", "fear", "disgust",
    "surprise", "boredom", "calm", "excited", "frustrated", "other",
)  # fmt: skip
"""Canonical names of emotions; a corpus may declare others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One labelled stretch of speech.

    ``id`` is the POSIX path relative to the corpus root without suffix (plus ``#start-end`` for part of a file).
    ``start`` and ``end`` are seconds; ``end=None`` is the end of the file. An empty ``speaker`` is an unknown one: such
    an utterance is refused by every protocol that guarantees unseen speakers. ``extra`` holds what a corpus knows
    beyond these fields, as text (``{"age": "31", "valence": "2.5"}``). ``votes`` are the raters' votes by class, where
    the corpus has them (``{"happy": 2, "neutral": 1}``); classes outside the corpus's label set may be among them.
    """

    id: str
    path: Path
    label: str
    speaker: str
    start: float = 0.0
    end: float | None = None
    sex: Literal["f", "m"] | None = None
    session: str | None = None
    scenario: str | None = None
    text: str | None = None
    language: str | None = None
    take: str | None = None
    intensity: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    votes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappedLabel:
    """What became of a class of a corpus: its new name, or None where its utterances were left out."""

    corpus: str
    source: str
    target: str | None
    utterances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A table of utterances sorted by id, without audio. ``labels`` is the ordered class set.

    ``subset`` names what of the corpus is in the table (``"535"`` of EMO-DB) and ``complete`` says whether all of it
    is there; ``missing`` are the ids that it lacks, where the corpus knows them, and ``notes`` the sentences of its
    check of itself, shown to the user. ``label_map`` is filled by the host where a recipe renames classes or pools
    corpora, and empty otherwise. ``transcripts=False`` says that ``text`` of utterances names what was said ("sentence
    12") without being its words, so that systems which read text refuse it.
    """

    name: str
    root: Path
    utterances: tuple[Utterance, ...]
    labels: tuple[str, ...]
    subset: str = "all"
    complete: bool = True
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    label_map: tuple[MappedLabel, ...] = ()
    transcripts: bool = True

    @property
    def speakers(self) -> tuple[str, ...]:
        """Sorted names of the known speakers."""
        return tuple(sorted({u.speaker for u in self.utterances} - {""}))

    def by_id(self) -> dict[str, Utterance]:
        """Utterances keyed by id."""
        return {u.id: u for u in self.utterances}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Ids of one split. ``name`` says what is tested (a speaker); ``dev`` may be empty, and ``test`` as well where the
    protocol makes a final model without a score."""

    name: str
    train: tuple[str, ...]
    dev: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Folds of a corpus with what they promise. ``full_name`` is e.g. ``emodb/loso_next@1``.

    ``guarantees`` hold between train with dev and test, ``dev_guarantees`` between train and dev. ``scored=False``:
    there is no test part, so a run makes a model and no score.
    """

    corpus: str
    name: str
    version: int
    folds: tuple[Fold, ...]
    labels: tuple[str, ...]
    hash: str
    information: Information = "inductive"
    guarantees: tuple[Guarantee, ...] = ("speaker",)
    dev_guarantees: tuple[Guarantee, ...] = ("speaker",)
    scored: bool = True
    summary: str = ""

    @property
    def full_name(self) -> str:
        """``corpus/name@version``."""
        return f"{self.corpus}/{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Input:
    """A named input an architecture asks for: a feature plugin and its options.

    ``whole=True``: every unit of an utterance sees all rows of this input (functionals, text), whatever frames of the
    other inputs it is cut to.
    """

    feature: str = "log-mel"
    options: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What one training sample is, in frames of the input.

    ``frames=0`` is the whole utterance. Otherwise segments of ``frames`` frames start every ``hop`` frames
    (``0``: every ``frames``).

    * ``rule="cover"``: the last segment is aligned to the right end, so that every frame is covered and none of the
      segments of a long utterance holds padding.
    * ``rule="chen_reference"``: the rule of Chen 2018's published code: of a long utterance the first and the last
      ``frames`` frames; in training, utterances of the class ``happy`` every 100 frames, and of all segments 300 random
      ones a class.

    ``pad="after"`` pads after the transforms and masks the padding; ``pad="before"`` pads a segment to ``frames`` with
    zeros before the transforms and treats the padding as signal, as some published code does. ``merge`` turns the
    posteriors of an utterance's segments into one.
    """

    frames: Annotated[int, Ge(0)] = 0
    hop: Annotated[int, Ge(0)] = 0
    rule: Literal["cover", "chen_reference"] = "cover"
    pad: Literal["after", "before"] = "after"
    merge: Literal["max", "mean", "max_logit"] = "max"


@dataclass(frozen=True, slots=True, kw_only=True)
class Augment:
    """``[training.augment]``: how training units are changed, anew in every epoch; nothing by default.

    Of the waveform, before features are computed: ``speed`` plays it so many times as fast (tempo and pitch together,
    Ko et al. 2015), ``snr`` adds ``noise`` so many decibels below the utterance, ``gain`` amplifies it by so many
    decibels. Each is a range ``[low, high]`` that every utterance draws from uniformly, one value ``[x]``, or empty:
    off.

    Of the features: ``input_noise`` is the deviation of Gaussian noise added to inputs after their transforms.
    ``freq_masks`` and ``time_masks`` are numbers of masks (SpecAugment, Park et al. 2019), of at most so many bands or
    frames each. ``band_shift`` moves the bands of each unit up or down by a random part of so many bands;
    ``band_offset`` adds a smooth random curve over its bands, of that standard deviation, to the first channel.
    ``mixup`` blends each unit and its target with another of the batch by a share drawn from Beta(mixup, mixup) (Zhang
    et al. 2018). What is made of text is left as it is, and inputs that are whole keep their columns.
    """

    speed: Annotated[tuple[Annotated[float, Ge(0.5), Le(2.0)], ...], MaxLen(2)] = ()
    snr: Annotated[tuple[Annotated[float, Ge(-20.0), Le(100.0)], ...], MaxLen(2)] = ()
    noise: Literal["white", "pink"] = "white"
    gain: Annotated[tuple[Annotated[float, Ge(-60.0), Le(60.0)], ...], MaxLen(2)] = ()
    input_noise: Annotated[float, Ge(0)] = 0.0
    freq_masks: Annotated[int, Ge(0)] = 0
    freq_mask_width: Annotated[int, Ge(0)] = 0
    time_masks: Annotated[int, Ge(0)] = 0
    time_mask_width: Annotated[int, Ge(0)] = 0
    band_shift: Annotated[float, Ge(0)] = 0.0
    band_offset: Annotated[float, Ge(0)] = 0.0
    mixup: Annotated[float, Ge(0)] = 0.0

    @property
    def waveform(self) -> bool:
        """Whether it changes waveforms, so that features are computed anew in every epoch."""
        return bool(self.speed or self.snr or self.gain)

    @property
    def active(self) -> bool:
        """Whether it changes anything."""
        parts = (self.input_noise, self.freq_masks, self.time_masks, self.band_shift, self.band_offset, self.mixup)
        return self.waveform or any(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Settings of the host's training loop; an architecture's defaults are its paper's.

    Rates are per step of ``batch`` units. ``schedule="cosine"`` rises linearly over the share ``warmup`` of all steps
    and falls with a half cosine to zero (one cycle); ``"exponential"`` multiplies by ``decay`` after every epoch;
    ``"inverse-time"`` divides by 1 + ``decay`` times the steps done. ``weight_decay`` spares biases and norms.
    ``reduction`` says whether the loss of a batch is the mean or the sum over its units. ``batching="even"`` cuts an
    epoch into batches of at most ``batch`` units, equally large up to one; ``"exact"`` into batches of exactly that
    many, a random rest left out in each epoch. ``epochs`` is the most epochs that are run, ``patience`` the epochs
    without a better development UAR after which a fold ends, ``steps`` ends a fold after that many steps instead.
    ``select`` keeps the best development epoch (strict improvement) or the last one. ``crop`` trains on a random
    stretch of so many frames of each utterance, a new one every epoch, instead of on the unit's segments.

    ``targets="votes"`` trains on the raters' votes, restricted to the classes and made to sum to 1, instead of on the
    one label. ``class_weights="balanced"`` counts a unit N / (K n_k) in the loss; ``oversample="balanced"`` repeats
    random units of the smaller classes, others in each epoch, until all have as many as the largest.
    ``label_smoothing`` gives that share of each target to all classes alike.

    Off at 0: ``patience``, ``steps``, ``crop`` and ``clip_norm``. There is no ``None`` in settings, since TOML has
    none.
    """

    optimizer: Literal["nadam", "adam", "adamw", "sgd"] = "nadam"
    lr: Annotated[float, Gt(0)] = 1e-4
    beta1: Annotated[float, Ge(0), Lt(1)] = 0.9
    beta2: Annotated[float, Ge(0), Lt(1)] = 0.999
    weight_decay: Annotated[float, Ge(0)] = 0.0
    schedule: Literal["constant", "cosine", "exponential", "inverse-time"] = "constant"
    warmup: Annotated[float, Ge(0), Lt(1)] = 0.0
    decay: Annotated[float, Gt(0), Le(1)] = 1.0
    batch: Annotated[int, Gt(0)] = 40
    batching: Literal["even", "exact"] = "even"
    epochs: Annotated[int, Gt(0)] = 100
    steps: Annotated[int, Ge(0)] = 0
    patience: Annotated[int, Ge(0)] = 20
    select: Literal["best", "last"] = "best"
    loss: Literal["cross-entropy"] = "cross-entropy"
    reduction: Literal["mean", "sum"] = "mean"
    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0
    targets: Literal["label", "votes"] = "label"
    class_weights: Literal["none", "balanced"] = "none"
    oversample: Literal["none", "balanced"] = "none"
    crop: Annotated[int, Ge(0)] = 0
    clip_norm: Annotated[float, Ge(0)] = 0.0
    augment: Augment = Augment()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a paper prints, never ours: fractions in [0, 1] (``_std``: its deviation over folds), and the protocol, the
    corpus's ``subset`` and the information level that it was measured under."""

    source: str
    protocol: str
    preset: str
    subset: str = "all"
    information: Information = "inductive"
    uar: float | None = None
    uar_std: float | None = None
    war: float | None = None
    war_std: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldContext:
    """What an architecture may know when it builds its module for a fold.

    ``input_shapes`` maps each input to the shape of one frame after its transform, e.g. ``{"x": (40, 3)}`` (bands,
    channels). ``transforms`` are those fitted on the fold, for a model that starts from what they learned (a
    pre-trained auto-encoder); none where a model is built to be described or loaded, its weights then being filled in.
    ``training`` are the settings of the run, for estimators that train inside.
    """

    labels: tuple[str, ...]
    input_shapes: Mapping[str, tuple[int, ...]]
    seed: int
    fold: str
    transforms: Mapping[str, Any] = field(default_factory=dict)
    training: Training = Training()

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.labels)
