"""What serkit-toy offers."""

from __future__ import annotations

from typing import Any

from serkit.host import ArchitectureSpec, DatasetSpec, MetricSpec, RecipeSpec, hookimpl
from serkit.host.protocols import LOSO, LOSO_NEXT


@hookimpl
def serkit_architectures() -> list[ArchitectureSpec]:
    return [
        ArchitectureSpec(
            name="toy-mean",
            summary="Mean of the frames, then two linear layers.",
            target="serkit_toy.model:ToyMean",
            config="serkit_toy.model:ToyMeanConfig",
            presets={"default": {}, "wide": {"architecture": {"hidden": 128}}},
            license="Apache-2.0",
        )
    ]


@hookimpl
def serkit_datasets() -> list[DatasetSpec]:
    return [
        DatasetSpec(
            name="toy-tones",
            summary="Tones that tremble or do not: four voices, two classes, made here at once.",
            target="serkit_toy.tones:Tones",
            labels={"calm": 12, "excited": 12},
            speakers=4,
            protocols=(LOSO_NEXT, LOSO),
            default_protocol="loso_next",
            embedded=True,
            license="CC0-1.0",
        )
    ]


@hookimpl
def serkit_metrics() -> list[MetricSpec]:
    return [
        MetricSpec(
            name="error-rate",
            summary="Share of wrong answers.",
            target="serkit_toy.metric:error_rate",
            higher_is_better=False,
        )
    ]


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
    (run.folder / "toy.txt").write_text(f"{len(run.folds)} folds\n")
