"""Fixtures for authors of plugins: each times one piece of work of a plugin in turns with a reference's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from serkit.host import get_host
from serkit.testing.bench.measure import USUAL
from serkit.testing.bench.race import Race, clock_of, held_of
from serkit.testing.bench.report import TIMED, make_contest, reference_of, works_of
from serkit.testing.bench.works import FeatureWorks, Work
from serkit.testing.kinds import kind_among

_PREPARED = pytest.StashKey[dict[Any, FeatureWorks]]()

Timed = Callable[..., None]
"""``(name, *, preset="", sets=(), compare="", compare_preset="")``: see ``serkit.testing.bench.bench_plugin``."""


@pytest.fixture
def bench_training_step(request: pytest.FixtureRequest, benchmark: Any, full: bool) -> Timed:
    """``bench_training_step("my-model")``: a step of the host's training loop on a batch; an estimator's fit."""
    return _timed(request, benchmark, full, "training_step")


@pytest.fixture
def bench_batch(request: pytest.FixtureRequest, benchmark: Any, full: bool) -> Timed:
    """``bench_batch("my-model")``: from the frames of a batch of utterances to their posteriors."""
    return _timed(request, benchmark, full, "batch")


@pytest.fixture
def bench_utterance(request: pytest.FixtureRequest, benchmark: Any, full: bool) -> Timed:
    """``bench_utterance("my-model")``: from the frames of one utterance to its posteriors."""
    return _timed(request, benchmark, full, "utterance")


@pytest.fixture
def bench_features(request: pytest.FixtureRequest, benchmark: Any, full: bool) -> Timed:
    """``bench_features("my-model")``, or of a feature plugin: from the samples of one utterance to its frames."""
    return _timed(request, benchmark, full, "features")


def _timed(request: pytest.FixtureRequest, benchmark: Any, full: bool, work: Work) -> Timed:
    stash = request.config.stash
    prepared = stash.setdefault(_PREPARED, {})

    def once(key: tuple[Any, ...], make: Callable[[], FeatureWorks]) -> FeatureWorks:
        if key not in prepared:
            prepared[key] = make()
        return prepared[key]

    def timed(
        name: str,
        *,
        kind: str = "",
        preset: str = "",
        sets: Sequence[str] = (),
        compare: str = "",
        compare_preset: str = "",
    ) -> None:
        host = get_host()
        found = kind_among(TIMED, "timed", host, name, kind or ("" if work == "features" else "architecture"))
        mine = once((found, name, preset, *sets), lambda: works_of(host, name, found, preset, sets))
        other = once(
            ("reference", found, compare, compare_preset), lambda: reference_of(host, found, compare, compare_preset)
        )
        race = Race(benchmark, clock_of(request.config), held_of(request.config), [mine.label], full, USUAL)
        race(mine.label, f"{work} of {mine.label} and {other.label}", lambda: make_contest(work, mine, other))

    return timed
