"""What a check is given: one plugin, at one preset where it has presets, with what checks need made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serkit.errors import UserError
from serkit.host import ArchitectureSpec, Host, Registered
from serkit.host.specs import Kind
from serkit.testing.conformance.check import NotApplicable

if TYPE_CHECKING:
    from torch import Tensor

    from serkit.testing.conformance.inputs import Source

LABELS = ("angry", "happy", "neutral", "sad")
"""Classes of the fold that architectures are checked on."""


Data = Path | Callable[[Path], Any]
"""A copy of a corpus, or a function ``write(root)`` that makes one in the folder ``root`` once it is needed."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A plugin under check. ``sets`` are settings over its preset, ``path=value`` as ``serkit run --set`` takes them;
    ``data`` is a copy of the corpus, for a dataset."""

    host: Host
    registered: Registered
    preset: str = ""
    sets: Sequence[str] = ()
    data: Data | None = None

    def __str__(self) -> str:
        return self.name + (f"[{self.preset}]" if self.preset else "")

    @property
    def name(self) -> str:
        """What users type."""
        return self.registered.spec.name

    @property
    def spec(self) -> Any:
        """The plugin's spec, of its kind."""
        return self.registered.spec

    @property
    def kind(self) -> Kind:
        """The kind of plugin."""
        kind: Kind = self.registered.spec.kind  # type: ignore[assignment]
        return kind

    def read_sets(self) -> None:
        """Raise UserError where ``sets`` are none of this plugin: what a user misspelt is no fault of the plugin's."""

    @cached_property
    def target(self) -> Any:
        """What the spec's ``target`` names. Raises PluginError."""
        return self.host.load(self.kind, self.name)


@dataclass(frozen=True, eq=False)
class ArchitectureSubject(Subject):
    """An architecture at a preset, on a fold of the classes ``LABELS`` and frames drawn at random."""

    shared: dict[str, Any] = field(default_factory=dict)
    """Of all presets: nothing is computed twice for them."""

    def read_sets(self) -> None:
        """As ``Subject.read_sets``."""
        _ = self.recipe

    @cached_property
    def recipe(self) -> Any:
        """The resolved recipe on the built-in corpus. Raises SerkitError."""
        from serkit.run.prepare import run_inputs
        from serkit.run.recipe import Request, resolve

        request = Request(plugin=self.name, dataset="demo", preset=self.preset, sets=tuple(self.sets), device="cpu")
        recipe = resolve(request, self.host)
        bare = [
            n for n in run_inputs(recipe.features, self.host) if not getattr(recipe.features[n].options, "runs", ())
        ]
        if not bare:
            return recipe
        # a system that reads finished runs is checked on two, which are made up
        request.sets = [*self.sets, *(f'features.{n}.runs=["one", "two"]' for n in bare)]
        return resolve(request, self.host)

    def architecture(self) -> Any:
        """A new object of the plugin's class. Raises SerkitError."""
        from serkit.run.plugins import make_architecture

        return make_architecture(self.host, self.name, self.recipe.architecture)

    @cached_property
    def extractors(self) -> Mapping[str, Any]:
        """The extractor of each input."""
        from serkit.run.plugins import make_extractor

        return {n: make_extractor(self.host, c.feature, c.options) for n, c in self.recipe.features.items()}

    def context(self, seed: int = 0, fold: str = "1", labels: Sequence[str] = LABELS, **more: Any) -> Any:
        """What ``build`` is given: shapes of frames after transforms that are not fitted."""
        from serkit.types import FoldContext

        architecture = self.architecture()
        shapes = {n: tuple(architecture.transformed_shape(n, tuple(e.shape))) for n, e in self.extractors.items()}
        return FoldContext(
            labels=tuple(labels), input_shapes=shapes, seed=seed, fold=fold, training=self.recipe.training, **more
        )

    def build(self, seed: int = 0, labels: Sequence[str] = LABELS) -> Any:
        """A new module or estimator, torch seeded as the host seeds it; the caller's generator is left as it was."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.architecture().build(self.context(seed, labels=labels))

    @property
    def is_network(self) -> bool:
        """Whether ``build`` gives a module that the host trains, not an estimator."""
        from torch import nn

        return isinstance(self.build(), nn.Module)

    def module(self) -> Any:
        """A module in evaluation mode as ``build`` gives it with seed 0, which the caller may change. Raises
        NotApplicable for an estimator."""
        import copy

        if self.shared.get("built of") != self.preset:  # one at a time: published networks are large
            self.shared["built"], self.shared["built of"] = self._network(), self.preset
        try:
            return copy.deepcopy(self.shared["built"]).eval()
        except Exception:  # a module may refuse to be copied; built with the same seed it is the same
            return self._network().eval()

    def _network(self) -> Any:
        from torch import nn

        built = self.build()
        if not isinstance(built, nn.Module):
            raise NotApplicable("it builds an estimator, and this asks about modules")
        return built

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """What the frames of each input are drawn from. Raises PluginError."""
        from serkit.testing.conformance.inputs import Source, rows_of

        architecture, shapes, found = self.architecture(), self.context().input_shapes, {}
        for name, choice in self.recipe.features.items():
            key = f"{choice.feature} {choice.options!r}"
            if key not in self.shared:
                self.shared[key] = rows_of(self.host, choice.feature, self.extractors[name], len(LABELS))
            rows, fixed = self.shared[key]
            real = rows if name not in architecture.transforms and rows.shape[1:] == shapes[name] else None
            found[name] = Source(shapes[name], len(rows), fixed, architecture.inputs[name].whole, real)
        return found

    def batch(
        self, lengths: Sequence[int] | Mapping[str, Sequence[int]], seed: int = 0, padding: int = 0
    ) -> dict[str, Tensor]:
        """Inputs ``[B, T, ...]`` of these lengths (of each input, or of the first one: an input of another rate has a
        frame more or fewer, so that no other lengths do for it), zero in the padding, with ``<name>_lengths``, as the
        host gives them to a module: at least ``min_frames`` and the unit's frames long.

        A length is cut to the unit's, raised to ``min_frames`` where shorter utterances are refused, and ignored for
        functionals. ``padding`` frames more are added, unless the unit says how many there are.
        """
        from serkit.testing.conformance.inputs import collated

        if not isinstance(lengths, Mapping):
            rate = next(iter(self.sources.values())).frames
            lengths = {name: _near(lengths) if s.frames != rate else lengths for name, s in self.sources.items()}
        return collated(self.sources, lengths, self.architecture(), seed, padding)


def _near(lengths: Sequence[int]) -> list[int]:
    return [max(1, n - 1) if row % 2 else n + 1 for row, n in enumerate(lengths)]


def subjects(
    host: Host,
    kind: Kind,
    name: str,
    *,
    presets: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: Data | None = None,
) -> list[Subject]:
    """The subjects of a plugin: an architecture at each of ``presets`` (all of them, the default one first), anything
    else once. Imports nothing of the plugin. Raises UserError for an unknown preset, and for what the
    kind does not have: presets, settings, a corpus."""
    registered = host.get(kind, name)
    spec = registered.spec
    if data is not None and kind != "dataset":
        raise UserError(f"The {kind} {name!r} reads no corpus; leave out --data.")
    if not isinstance(spec, ArchitectureSpec):
        if presets:
            raise UserError(f"The {kind} {name!r} has no presets; leave out --preset.")
        if sets and kind == "metric":
            raise UserError(f"The metric {name!r} has no settings; leave out --set.")
        return [_subject_of(kind)(host, registered, sets=sets, data=data)]
    unknown = [p for p in presets if p not in spec.presets]
    if unknown:
        known = ", ".join(spec.presets)
        raise UserError(f"The architecture {name!r} has no preset {unknown[0]!r}; its presets: {known}.")
    ordered = sorted(spec.presets, key=lambda p: p != spec.default_preset)
    shared: dict[str, Any] = {}
    return [
        ArchitectureSubject(host, registered, preset=p, sets=sets, shared=shared)
        for p in ordered
        if not presets or p in presets
    ]


def _subject_of(kind: Kind) -> type[Subject]:
    if kind == "dataset":
        from serkit.testing.conformance.corpora.subject import DatasetSubject

        return DatasetSubject
    if kind == "metric":
        from serkit.testing.conformance.metrics.cases import MetricSubject

        return MetricSubject
    from serkit.testing.conformance.features.subject import FeatureSubject

    return FeatureSubject
