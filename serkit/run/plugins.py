"""Where the run layer calls what a plugin wrote: each fault is a PluginError that names it and its distribution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from serkit.errors import PluginError, UserError, blame
from serkit.host import Host, MetricSpec
from serkit.host.specs import Kind
from serkit.types import FoldContext, Input, Training, Unit

TASKS = ("classification",)
"""Tasks that can be run; the other values of ``serkit.types.Task`` are reserved."""


def named(host: Host, kind: Kind, name: str) -> str:
    """``architecture 'acrnn' (distribution serkit 0.1.0)``."""
    r = host.get(kind, name)
    return f"{kind} {name!r} (distribution {r.distribution} {r.version})"


def make_architecture(host: Host, name: str, settings: Any) -> Any:
    """The architecture of a plugin, with the attributes that the host reads checked. Raises PluginError."""
    who, cls = named(host, "architecture", name), host.load("architecture", name)
    with blame(who, "its constructor"):
        made = cls(settings)
    for attribute, kind in (("training", Training), ("inputs", Mapping), ("unit", Unit), ("min_frames", int)):
        with blame(who, attribute):
            value = getattr(made, attribute)
        if not isinstance(value, kind):
            raise PluginError(f"The {who} has {attribute} of type {type(value).__name__}; {kind.__name__} is expected.")
    if not made.inputs or not all(isinstance(v, Input) for v in made.inputs.values()):
        raise PluginError(f"The {who} must name at least one input, each a serkit.types.Input, in inputs.")
    task = getattr(made, "task", TASKS[0])
    if task not in TASKS:
        raise UserError(f"The {who} is made for the task {task!r}; this SerKit runs {', '.join(TASKS)} only.")
    return made


def make_extractor(host: Host, feature: str, options: Any) -> Any:
    """The extractor of a feature plugin (see ``serkit.features.Extractor``). Raises PluginError."""
    cls = host.load("feature", feature)
    with blame(named(host, "feature", feature), "its constructor"):
        return cls(options)


def build_unfitted(
    architecture: Any, extractors: Mapping[str, Any], labels: tuple[str, ...], training: Training, who: str
) -> tuple[Any, dict[str, tuple[int, ...]]]:
    """What an architecture builds where nothing is fitted yet, to be described or timed, and the shape of a frame of
    each input after its transform. Raises PluginError that blames ``who``."""
    import torch

    with torch.random.fork_rng(devices=[]), blame(who, "build()"):
        shapes = {n: tuple(architecture.transformed_shape(n, tuple(e.shape))) for n, e in extractors.items()}
        context = FoldContext(labels=labels, input_shapes=shapes, seed=0, fold="unfitted", training=training)
        return architecture.build(context), shapes


def load_metrics(
    host: Host, broken: Callable[[str], None]
) -> dict[str, tuple[MetricSpec, Callable[..., float | None]]]:
    """Every metric by name; one whose code cannot be imported is left out and told to ``broken`` in a sentence."""
    found = {}
    for r in host.specs("metric"):
        try:
            function = host.load("metric", r.spec.name)
        except PluginError as error:
            broken(f"{str(error).rstrip('.')}; the metric is left out.")
            continue
        assert isinstance(r.spec, MetricSpec)
        found[r.spec.name] = (r.spec, function)
    return found
