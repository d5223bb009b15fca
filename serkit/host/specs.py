"""What a plugin hands to the host: frozen data, no code.

A spec names what it describes and where the code is (``target``, ``"module:attribute"``). The target is imported only
when that one thing is asked for, so listing plugins never imports torch or a plugin's heavy parts. Everything here is
standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from serkit.types import Guarantee, Information, Task

HOST_API = 1
"""Raised when a change of the host breaks plugins; a spec names the version it was written for."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Fields that every kind of plugin has. ``name`` is what users type: lower case, digits, ``-`` and ``_``.

    ``expected_failed_checks`` maps a check of the conformance kit that the plugin is known to fail, ``"check_padding"``
    or of one preset ``"check_padding[literal]"``, to the reason; ``serkit plugin check`` shows it.
    """

    kind: ClassVar[str] = ""

    name: str
    summary: str
    target: str
    citation: str = ""
    license: str = ""
    host_api: int = HOST_API
    expected_failed_checks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ArchitectureSpec(Spec):
    """A model. ``target`` is a class that follows ``serkit.nn.Architecture``.

    ``config`` is the ``"module:attribute"`` of the frozen dataclass behind the recipe's ``[architecture]`` table; its
    defaults are the paper's. ``presets`` maps a name to overrides of the tables ``architecture``, ``training`` and
    ``features.<input>``, or to a table ``search`` of values among which each fold chooses on its development speakers
    (``docs/recipes.md``); an empty mapping is the defaults. ``bf16_proven`` names presets whose scores under bf16 were
    shown equal to fp32 on all folds (with the evidence in ``docs/reproduction.md``): only for those may
    ``--precision auto`` choose bf16.
    """

    kind: ClassVar[str] = "architecture"

    config: str
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"default": {}})
    default_preset: str = "default"
    paper_preset: str | None = None
    task: Task = "classification"
    bf16_proven: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProtocolSpec:
    """A named, versioned way to split a corpus. ``splitter`` is the ``"module:attribute"`` of a function
    ``(corpus: Corpus, **options) -> list[Fold]``.

    ``guarantees`` are the kinds of value that no fold has both in train or dev and in test, and ``dev_guarantees``
    those that train and dev do not share (None: the same). The corpus must say them of every utterance. With
    ``scored=False`` the folds have no test part: a run makes a final model and no score.
    """

    name: str
    version: int
    summary: str
    splitter: str
    options: Mapping[str, Any] = field(default_factory=dict)
    information: Information = "inductive"
    guarantees: tuple[Guarantee, ...] = ("speaker",)
    dev_guarantees: tuple[Guarantee, ...] | None = None
    scored: bool = True


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Spec):
    """A corpus. ``target`` is a class ``Dataset(**options)`` with ``load(root: Path) -> Corpus`` and, where the
    corpus may be had without a form to sign, ``fetch(into: Path, progress: Progress) -> None``. Where names of files
    say who speaks, ``identify(path: PurePath) -> Utterance | None`` reads one path without opening anything (None: not
    of this corpus), so that split files of others can be audited.

    ``embedded`` corpora are made on this machine and cost no download. ``homepage`` is where a person gets the corpus.
    ``labels`` maps each class to its number of utterances in the whole corpus; it is empty, and ``speakers`` 0, for a
    reader of manifests, which cannot know. ``file=True``: ``--data`` may name a file instead of a folder, and
    ``load`` is given it.
    """

    kind: ClassVar[str] = "dataset"

    labels: Mapping[str, int]
    speakers: int
    protocols: tuple[ProtocolSpec, ...]
    default_protocol: str
    homepage: str = ""
    embedded: bool = False
    fetchable: bool = False
    file: bool = False


@dataclass(frozen=True, kw_only=True)
class FeatureSpec(Spec):
    """A feature. ``target`` is a class ``Extractor(options)`` as ``serkit.features.Extractor`` describes it.

    ``options`` is the ``"module:attribute"`` of its frozen options dataclass. ``cached`` features are slow enough to
    be kept on disk under a content key. ``source="text"``: the extractor is called with the words of an utterance, a
    str, instead of a waveform; it has no ``sample_rate``, and only corpora with transcripts can give it.
    ``source="runs"``: its options have ``runs``, folders of finished runs, and it is called with what they say of an
    utterance, posteriors float64 ``[runs, classes]``; there are such of development and test utterances only.
    ``units`` says what the values are, e.g. ``"Hz"`` or ``"ln power"``.
    """

    kind: ClassVar[str] = "feature"

    options: str
    cached: bool = False
    source: Literal["audio", "text", "runs"] = "audio"
    units: str = ""


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Spec):
    """A score. ``target`` is a function ``metric(truth, predicted, posteriors, n_classes) -> float | None``
    (int ``[N]``, int ``[N]``, float ``[N, K]``); None means undefined. ``per_fold=False``: pooled only. ``summary`` is
    the definition, which reports print; ``aliases`` are other names that the field has for the same score.
    ``reference`` is the ``"module:attribute"`` of a function of the same arguments that follows the definition word by
    word, however slowly: the conformance kit compares the two."""

    kind: ClassVar[str] = "metric"

    aliases: tuple[str, ...] = ()
    per_fold: bool = True
    higher_is_better: bool = True
    range: tuple[float, float] = (0.0, 1.0)
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class RecipeSpec(Spec):
    """A recipe. ``target`` is ``"package:file.toml"``: a TOML file inside an installed package."""

    kind: ClassVar[str] = "recipe"

    architecture: str
    dataset: str


Kind = Literal["architecture", "dataset", "feature", "metric", "recipe"]
AnySpec = ArchitectureSpec | DatasetSpec | FeatureSpec | MetricSpec | RecipeSpec
