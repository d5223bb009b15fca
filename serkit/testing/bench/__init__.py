"""Benchmarks of plugins: the answer is checked, then plugin and reference take turns, and what counts is the ratio.

In ``benches/conftest.py`` of a plugin's package::

    pytest_plugins = ["serkit.testing.bench"]

and in ``benches/bench_my_model.py``::

    def test_training_step(bench_training_step):
        bench_training_step("my-model")

``pytest benches/bench_*.py`` runs it (pytest and pytest-benchmark are needed); ``serkit plugin bench my-model`` times
the same work without either. ``Contest`` and ``Entrant`` are for work of another kind, with the fixture ``race``.
"""

from __future__ import annotations

from serkit.testing.bench.contest import Absent, Contest, Entrant
from serkit.testing.bench.report import Bench, bench_plugin

__all__ = ["Absent", "Bench", "Contest", "Entrant", "bench_plugin"]

# A pytest plugin may name further ones: this module itself must be importable where pytest is not installed.
pytest_plugins = ["serkit.testing.bench.plugin", "serkit.testing.bench.fixtures"]
