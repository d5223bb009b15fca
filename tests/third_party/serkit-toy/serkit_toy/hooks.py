"""What serkit-toy offers."""

from __future__ import annotations

from typing import Any

from serkit.host import MetricSpec, RecipeSpec, hookimpl

started: list[Any] = []


@hookimpl
def serkit_metrics() -> list[MetricSpec]:
    return [MetricSpec(name="error-rate", summary="Share of wrong answers.", target="serkit_toy.metric:error_rate")]


@hookimpl
def serkit_recipes() -> list[RecipeSpec]:
    return [
        RecipeSpec(
            name="toy",
            summary="The small ACRNN on the built-in corpus.",
            target="serkit_toy:toy.toml",
            architecture="acrnn",
            dataset="demo",
        )
    ]


@hookimpl
def serkit_run_started(run: Any) -> None:
    started.append(run)
