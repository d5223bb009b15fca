"""The whole surface a plugin can implement, on one screen. See ``docs/plugins/``."""

from __future__ import annotations

from typing import Any

import pluggy

from serkit.host.specs import ArchitectureSpec, DatasetSpec, FeatureSpec, MetricSpec, RecipeSpec

hookspec = pluggy.HookspecMarker("serkit")
hookimpl = pluggy.HookimplMarker("serkit")


@hookspec
def serkit_architectures() -> list[ArchitectureSpec]:  # type: ignore[empty-body]
    """Models this distribution ships."""


@hookspec
def serkit_datasets() -> list[DatasetSpec]:  # type: ignore[empty-body]
    """Corpora this distribution can read."""


@hookspec
def serkit_features() -> list[FeatureSpec]:  # type: ignore[empty-body]
    """Features this distribution computes."""


@hookspec
def serkit_metrics() -> list[MetricSpec]:  # type: ignore[empty-body]
    """Scores this distribution defines."""


@hookspec
def serkit_recipes() -> list[RecipeSpec]:  # type: ignore[empty-body]
    """Recipes this distribution ships."""


@hookspec
def serkit_run_started(run: Any) -> None:
    """Called once before the first fold; ``run`` is a ``serkit.run.Run`` (recipe, folder, protocol)."""


@hookspec
def serkit_run_finished(run: Any, report: Any) -> None:
    """Called after the report is written; ``report`` is the content of ``metrics.json``."""
