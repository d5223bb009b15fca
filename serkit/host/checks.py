"""What a plugin must get right before the host believes it; every finding is one clause for ``serkit doctor``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from serkit.errors import nearest
from serkit.host.specs import (
    HOST_API,
    AnySpec,
    ArchitectureSpec,
    DatasetSpec,
    FeatureSpec,
    Kind,
    MetricSpec,
    RecipeSpec,
)

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Kinds of plugin, in the order in which they are listed."""

SPEC_TYPES: Mapping[Kind, type[AnySpec]] = {
    "architecture": ArchitectureSpec,
    "dataset": DatasetSpec,
    "feature": FeatureSpec,
    "metric": MetricSpec,
    "recipe": RecipeSpec,
}

SPEC_HOOKS: Mapping[str, Kind] = {
    "serkit_architectures": "architecture",
    "serkit_datasets": "dataset",
    "serkit_features": "feature",
    "serkit_metrics": "metric",
    "serkit_recipes": "recipe",
}
"""Hooks that return specs, with the kind each returns. The other hooks are observers."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_RESOURCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^:]+\.toml")


def hook_fault(name: str, known: list[str]) -> str:
    """Says of the hook ``name`` that the host has none of that name, with the nearest of ``known``."""
    near = nearest(name, known)
    return f"it implements the unknown hook {name!r}; " + (
        f"did you mean {near!r}?" if near else f"the hooks are {', '.join(known)}"
    )


def answer_fault(hook: str, answer: object) -> str | None:
    """What is wrong with the ``answer`` of the hook ``hook``, or None if it is a list of valid specs."""
    kind = SPEC_HOOKS[hook]
    wanted = SPEC_TYPES[kind].__name__
    if not isinstance(answer, list):
        return f"{hook} returned {type(answer).__name__} where a list of {wanted} is needed"
    seen: set[str] = set()
    for spec in answer:
        fault = _version_fault(spec) or _type_fault(hook, spec, kind) or spec_fault(spec)
        if fault:
            return fault
        for name in names(spec):
            if name in seen:
                return f"{hook} returned two specs named {name!r}"
            seen.add(name)
    return None


def names(spec: AnySpec) -> tuple[str, ...]:
    """Every name that a spec answers to: its own, then the aliases of a metric."""
    return (spec.name, *spec.aliases) if isinstance(spec, MetricSpec) else (spec.name,)


def spec_fault(spec: AnySpec) -> str | None:
    """What is wrong with the values of one spec, or None."""
    what = f"{spec.kind} {spec.name!r}"
    if not isinstance(spec.name, str) or not _NAME.fullmatch(spec.name):
        return f"the name of {what} must be lower-case letters, digits, '-' and '_', beginning with a letter or digit"
    if not isinstance(spec.summary, str) or not spec.summary.strip() or "\n" in spec.summary:
        return f"the summary of {what} must be one line of text"
    reasons = spec.expected_failed_checks
    if not isinstance(reasons, Mapping) or not all(isinstance(r, str) and r.strip() for r in reasons.values()):
        return f"the expected_failed_checks of {what} must map names of checks to reasons in words"
    if isinstance(spec, MetricSpec):
        aliases = spec.aliases
        if not isinstance(aliases, tuple) or not all(isinstance(a, str) and _NAME.fullmatch(a) for a in aliases):
            return f"the aliases of {what} must be a tuple of names such as 'accuracy', not {aliases!r}"
        if len({*aliases, spec.name}) <= len(aliases):
            return f"{what} has one of its aliases ({', '.join(aliases)}) twice, or its own name among them"
    if isinstance(spec, RecipeSpec):
        if not _RESOURCE.fullmatch(str(spec.target)):
            return f"the target of {what} must be 'package:file.toml', not {spec.target!r}"
        return None
    for key, reference in references(spec).items():
        if not _REFERENCE.fullmatch(str(reference)):
            return f"the {key} of {what} must be 'module:attribute', not {reference!r}"
    if isinstance(spec, ArchitectureSpec):
        for key, preset in (("default_preset", spec.default_preset), ("paper_preset", spec.paper_preset)):
            if preset is not None and preset not in spec.presets:
                return f"the {key} {preset!r} of {what} is not among its presets ({', '.join(spec.presets)})"
    if isinstance(spec, DatasetSpec):
        names = [p.name for p in spec.protocols]
        if len(set(names)) < len(names):
            return f"{what} has two protocols of one name ({', '.join(names)})"
        if spec.default_protocol not in names:
            known = ", ".join(names)
            return f"the default_protocol {spec.default_protocol!r} of {what} is not among its protocols ({known})"
    return None


def references(spec: AnySpec) -> dict[str, str]:
    """Every ``"module:attribute"`` that a spec holds, keyed by the field it stands in."""
    found = {"target": spec.target}
    if isinstance(spec, ArchitectureSpec):
        found["config"] = spec.config
    elif isinstance(spec, FeatureSpec):
        found["options"] = spec.options
    elif isinstance(spec, MetricSpec) and spec.reference:
        found["reference"] = spec.reference
    elif isinstance(spec, DatasetSpec):
        found |= {f"splitter of protocol {p.name!r}": p.splitter for p in spec.protocols}
    return found


def _version_fault(spec: Any) -> str | None:
    # Before all other checks: a spec for a newer host may well fail those too, and this is the reason that helps.
    version = getattr(spec, "host_api", HOST_API)
    if not isinstance(version, int) or version < 1:
        return f"host_api must be a positive whole number, not {version!r}"
    if version > HOST_API:
        name = getattr(spec, "name", "?")
        return f"{name!r} needs host_api {version} and this SerKit offers {HOST_API}; upgrade SerKit"
    return None


def _type_fault(hook: str, spec: object, kind: Kind) -> str | None:
    wanted = SPEC_TYPES[kind]
    if isinstance(spec, wanted):
        return None
    return f"{hook} returned a list with {type(spec).__name__} in it where {wanted.__name__} is needed"
