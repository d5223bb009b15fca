"""Metrics with planted faults, each caught by the check that names it, and right ones, which pass all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from serkit.errors import UserError
from serkit.host import MetricSpec, Registered, get_host
from serkit.testing.conformance import check_plugin, checks_of
from serkit.testing.conformance.metrics.cases import MetricSubject, drawn, make, shrink, tiny
from serkit.testing.conformance.runner import run_check

METRIC = Callable[..., Any]
_rng = np.random.default_rng()
_state = {"calls": 0}


def subject(function: METRIC, **fields: Any) -> MetricSubject:
    spec = MetricSpec(name="uar", summary="A score.", target="here:there", **fields)
    made = MetricSubject(get_host(), Registered(spec=spec, distribution="faulty", version="1", source="faulty"))
    made.__dict__["target"] = function
    return made


def ends(function: METRIC, **fields: Any) -> dict[str, Any]:
    """How each check ends, by its name."""
    asked = subject(function, **fields)
    return {c.name: run_check(asked, c) for c in checks_of("metric")}


def recalls(t: Any, y: Any, k: int) -> Iterator[float]:
    for c in range(k):
        if (t == c).any():
            yield float((y[t == c] == c).mean())


def uar(t: Any, y: Any, p: Any, k: int) -> float | None:
    found = list(recalls(t, y, k))
    return math.fsum(found) / len(found) if found else None


def error_rate(t: Any, y: Any, p: Any, k: int) -> float | None:
    return float(np.mean(t != y)) if len(t) else None


def log_loss(t: Any, y: Any, p: Any, k: int) -> float | None:
    if not len(t):
        return None
    return float(-np.log(np.clip(p[np.arange(len(t)), t], 1e-15, None)).mean())


def brier(t: Any, y: Any, p: Any, k: int) -> float | None:
    return float(((p - np.eye(k)[t]) ** 2).sum(1).mean()) if len(t) else None


def correlation(t: Any, y: Any, p: Any, k: int) -> float | None:
    """Gorodkin's R_K of a confusion matrix, undefined where truth or prediction is of one class."""
    c = np.zeros((k, k))
    np.add.at(c, (t, y), 1)
    n, hits, true, said = c.sum(), np.trace(c), c.sum(1), c.sum(0)
    below = (n**2 - said @ said) * (n**2 - true @ true)
    return float(np.clip((hits * n - true @ said) / math.sqrt(below), -1, 1)) if below else None


def test_right_metrics_of_many_kinds_pass() -> None:
    worse = {"higher_is_better": False}
    for function, fields in (
        (uar, {"reference": "serkit_plugins.metrics.references:uar", "aliases": ("ua",)}),
        (error_rate, worse),
        (log_loss, {**worse, "range": (0.0, math.inf)}),
        (brier, {**worse, "range": (0.0, 2.0)}),
        (correlation, {"range": (-1.0, 1.0)}),
    ):
        found = ends(function, **fields)
        assert not [r for r in found.values() if not r.good], function.__name__
        assert sum(r.status == "passed" for r in found.values()) >= 14


def zero_when_undefined(t: Any, y: Any, p: Any, k: int) -> float:
    return uar(t, y, p, k) or 0.0


def over_all_classes(t: Any, y: Any, p: Any, k: int) -> float | None:
    return sum(recalls(t, y, k)) / k if len(t) else None


def shifted(t: Any, y: Any, p: Any, k: int) -> float | None:
    return uar(t, (y + 1) % k, p, k)


def nan_when_absent(t: Any, y: Any, p: Any, k: int) -> float | None:
    found = [float((y[t == c] == c).mean()) if (t == c).any() else math.nan for c in range(k)]
    return float(np.mean(found)) if len(t) else None


def crashes_when_absent(t: Any, y: Any, p: Any, k: int) -> float | None:
    return sum(sum(y[t == c] == c) / int((t == c).sum()) for c in range(k)) / k if len(t) else None


def first_counts_twice(t: Any, y: Any, p: Any, k: int) -> float | None:
    return float(np.average(t == y, weights=[2, *[1] * (len(t) - 1)])) if len(t) else None


def first_class_counts_twice(t: Any, y: Any, p: Any, k: int) -> float | None:
    return float(np.average(t == y, weights=1 + (t == 0))) if len(t) else None


def in_percent(t: Any, y: Any, p: Any, k: int) -> float | None:
    value = uar(t, y, p, k)
    return None if value is None else 100 * value


def over_a_wide_range(t: Any, y: Any, p: Any, k: int) -> float | None:
    return uar(t, y, p, k)


def sorts_its_input(t: Any, y: Any, p: Any, k: int) -> float | None:
    value = uar(t, y, p, k)
    p.sort(axis=1)
    return value


def errors_called_a_score(t: Any, y: Any, p: Any, k: int) -> float | None:
    return error_rate(t, y, p, k)


def area_with_ties_by_place(t: Any, y: Any, p: Any, k: int) -> float | None:
    up = t == 0
    if up.all() or not up.any():
        return None
    rank = np.empty(len(t))
    rank[np.argsort(p[:, 0], kind="stable")] = np.arange(1, len(t) + 1)
    n = int(up.sum())
    return float((rank[up].sum() - n * (n + 1) / 2) / (n * (len(t) - n)))


def of_a_bootstrap(t: Any, y: Any, p: Any, k: int) -> float | None:
    rows = _rng.integers(0, len(t), len(t)) if len(t) else []
    return uar(t[rows], y[rows], p, k) if len(t) else None


def of_a_bootstrap_that_seeds(t: Any, y: Any, p: Any, k: int) -> float | None:
    np.random.seed(0)  # noqa: NPY002
    return uar(t, y, p, k)


def of_the_calls_so_far(t: Any, y: Any, p: Any, k: int) -> float | None:
    _state["calls"] += 1
    value = uar(t, y, p, k)
    return None if value is None else value * (1 - 1e-6 * min(_state["calls"], 1000))


def says_a_text(t: Any, y: Any, p: Any, k: int) -> Any:
    return f"{uar(t, y, p, k)}"


def only_float64(t: Any, y: Any, p: Any, k: int) -> float | None:
    return uar(t, y, p.view(np.int64), k) if p.dtype == np.float64 else 0.0


def never(t: Any, y: Any, p: Any, k: int) -> None:
    return None


@pytest.mark.parametrize(
    ("function", "check", "words"),
    [
        (zero_when_undefined, "check_no_utterance", "Of no utterance the metric is 0"),
        (over_all_classes, "check_absent_class", "has 0.5; it should have the best value 1"),
        (over_all_classes, "check_single_class", "of a single class has 0.5"),
        (shifted, "check_perfect", "all right have 0; the best value is 1"),
        (nan_when_absent, "check_finite", "returned nan"),
        (crashes_when_absent, "check_finite", "raised ZeroDivisionError"),
        (says_a_text, "check_finite", "returned str where a float"),
        (never, "check_finite", "is None in all of"),
        (first_counts_twice, "check_order_of_utterances", "in another order"),
        (first_class_counts_twice, "check_order_of_classes", "after renaming the classes"),
        (in_percent, "check_range", "outside the range 0 to 1"),
        (sorts_its_input, "check_inputs_unchanged", "changed its argument posteriors"),
        (errors_called_a_score, "check_perfect", "all right have 0; the best value is 1"),
        (errors_called_a_score, "check_worst", "better than the"),
        (area_with_ties_by_place, "check_ties", "in another order"),
        (of_a_bootstrap_that_seeds, "check_deterministic", "moves the global generator of NumPy"),
        (of_a_bootstrap, "check_deterministic", "when asked again"),
        (of_the_calls_so_far, "check_deterministic", "when asked again"),
        (only_float64, "check_types", "Of float32 posteriors the metric is 0"),
    ],
)
def test_a_fault_is_caught_by_the_check_that_names_it(function: METRIC, check: str, words: str) -> None:
    (asked,) = [c for c in checks_of("metric") if c.name == check]
    found = run_check(subject(function), asked)
    assert found.status == "failed"
    assert words in found.what
    assert found.reproduce
    assert found.cause


def test_a_range_that_is_wider_than_the_metric_or_none_at_all() -> None:
    found = ends(uar, range=(-1.0, 1.0))
    assert [n for n, r in found.items() if not r.good] == ["check_worst"]
    assert "the range of the spec ends at -1" in found["check_worst"].what
    for wrong in ((1.0, 0.0), (0.0, math.nan), (0.0,)):
        assert "two numbers are needed" in ends(uar, range=wrong)["check_range"].what


def test_absent_classes_counted_otherwise_than_the_definition_says() -> None:
    definition = {"reference": "serkit_plugins.metrics.references:uar"}
    found = ends(over_all_classes, **definition)["check_reference"]
    # nothing smaller shows it: one utterance, two classes
    assert "The metric is 0.5 where its definition gives 1" in found.what
    assert found.reproduce.startswith("metric(np.array([0], dtype=int), np.array([0], dtype=int)")
    other = {"reference": "serkit_plugins.metrics.references:f1_macro"}
    assert ends(uar, **other)["check_reference"].status == "failed"
    assert "write it in plain loops" in ends(uar)["check_reference"].reason


def test_a_definition_that_is_the_metric_itself_says_nothing() -> None:
    asked = subject(uar, reference="serkit_plugins.metrics.references:uar")
    asked.__dict__["target"] = get_host().load_target(asked.spec.reference)
    (check,) = [c for c in checks_of("metric") if c.name == "check_reference"]
    assert "names the metric itself" in run_check(asked, check).what


def test_what_depends_on_class_numbers_by_definition_is_not_asked() -> None:
    host = get_host()
    asked = subject(first_class_counts_twice, reference="serkit_plugins.metrics.references:uar")
    (check,) = [c for c in checks_of("metric") if c.name == "check_order_of_classes"]
    assert run_check(asked, check).status == "failed"  # the definition does not
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(host), "load_target", lambda self, reference: first_class_counts_twice)
        assert "by its own reference" in run_check(asked, check).reason


def test_quick_forms_that_say_something_else() -> None:
    def form(counts: Any) -> Any:
        return np.trace(counts, axis1=-2, axis2=-1) / np.maximum(counts.sum((-2, -1)), 1)

    def resampled(t: Any, y: Any, p: Any, k: int, group: Any, weights: Any) -> Any:
        return np.full(len(weights), 0.5)

    for name, quick, words in (
        ("from_confusion", form, "from_confusion gives 0 where the metric itself gives None"),
        ("from_confusion", lambda counts: form(counts).sum(), "has the shape []"),
        ("resampled", resampled, "resampled gives 0.5 where"),
    ):

        def metric(t: Any, y: Any, p: Any, k: int) -> float | None:
            return None if not len(t) else float(np.mean(t == y))

        setattr(metric, name, quick)
        found = ends(metric)["check_quick_forms"]
        assert found.status == "failed"
        assert words in found.what


def test_an_alias_that_another_has() -> None:
    found = ends(uar, aliases=("ua", "wa"))["check_aliases"]
    assert "The alias 'wa' leads to war and not to uar" in found.what


def test_a_metric_has_no_settings() -> None:
    with pytest.raises(UserError, match="'uar' has no settings; leave out --set"):
        check_plugin("uar", sets=["beta=2"])


def test_cases_shrink_to_what_matters() -> None:
    case = max(drawn(), key=len)
    small = shrink(case, lambda c: bool((c.truth == 1).any()))
    assert (len(small), small.n_classes, small.truth.tolist()) == (1, max(1, small.predicted.max()) + 1, [1])
    built = eval(str(small), {"np": np, "metric": lambda t, y, p, k: (t, p, k)})
    assert built[0].tolist() == [1]
    assert built[1].shape == (1, small.n_classes)
    assert str(make([], np.zeros((0, 2)), 2)).endswith("np.zeros((0, 2)), 2)")


def test_cases_are_what_the_host_gives() -> None:
    cases = [*tiny(), *drawn()]
    assert len(cases) > 800
    assert sum(len(np.unique(c.truth)) < c.n_classes for c in cases) > 100
    for c in cases:
        assert (c.posteriors.argmax(1) == c.predicted).all()
        assert np.allclose(c.posteriors.sum(1), 1, rtol=0, atol=1e-12)  # a few roundings
    assert any((np.sort(c.posteriors, axis=1)[:, -1] == np.sort(c.posteriors, axis=1)[:, -2]).any() for c in cases[40:])
