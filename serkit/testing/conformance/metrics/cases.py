"""What metrics are asked: every tiny case, larger ones drawn at random, and the smallest that shows a fault."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.testing.conformance.check import Failure
from serkit.testing.conformance.subjects import Subject

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CLOSE = 1e-9
"""How far two answers may differ that are the same on paper, as a share of the larger one or of 1. Sums of some hundred
float64 fractions round by less than 1e-13, and the usual guard of a logarithm against 0 (1e-15 to 1e-12) costs as much;
one utterance of thirty judged otherwise moves an average by 1e-3."""

TINY, CLASSES = 4, 3
"""All cases of up to so many utterances and classes are asked."""


@dataclass(frozen=True, eq=False)
class Case:
    """The arguments of a metric: ``truth`` and ``predicted`` int64 ``[N]``, ``posteriors`` float64 ``[N, K]``.

    Rows of posteriors sum to one, and ``predicted`` is the first of the largest, as the host takes it.
    """

    truth: Ints
    predicted: Ints
    posteriors: Floats
    n_classes: int

    def __str__(self) -> str:
        """The call, to be pasted behind ``import numpy as np``."""
        rows = self.posteriors.tolist()
        scores = f"np.array({rows})" if rows else f"np.zeros((0, {self.n_classes}))"
        truth, predicted = (f"np.array({a.tolist()}, dtype=int)" for a in (self.truth, self.predicted))
        return f"metric({truth}, {predicted}, {scores}, {self.n_classes})"

    def __len__(self) -> int:
        return len(self.truth)

    def at(self, rows: Any) -> Case:
        """The case of these utterances, in this order, with repetitions."""
        return Case(self.truth[rows], self.predicted[rows], self.posteriors[rows], self.n_classes)


class MetricSubject(Subject):
    """A metric, with its answers to all cases, computed once."""

    @cached_property
    def answers(self) -> list[tuple[Case, float | None]]:
        """Every tiny case, then the drawn ones, with what the metric says. Raises Failure as ``score`` does."""
        return [(case, score(self.target, case)) for case in (*tiny(), *drawn())]


def score(metric: Callable[..., Any], case: Case, who: str = "The metric") -> float | None:
    """What ``metric`` says of a case, whose arrays it gets as copies.

    Raises Failure that names ``who``, with the smallest case of the kind, where it raises or says what is neither a
    finite number nor None.
    """
    value, fault = _ask(metric, case)
    if not fault:
        return value
    kind = fault.partition(":")[0]
    small = shrink(case, lambda c: _ask(metric, c)[1].partition(":")[0] == kind)
    raise Failure(
        f"{who} {_ask(metric, small)[1]}.",
        reproduce=f"{small}.",
        cause="a division by the number of something that this case has none of; return None where the definition "
        "divides by nothing, else a float.",
    )


def number_of(value: Any) -> float | None:
    """``value`` as the host reads it; ValueError for what is no finite number or None."""
    if value is None:
        return None
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool):
        raise ValueError(f"returned {type(value).__name__} where a float or None is needed")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"returned {number}")
    return number


def same(a: float | None, b: float | None) -> bool:
    """Whether two answers agree within ``CLOSE``."""
    if a is None or b is None:
        return a is b
    return abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b))


def say(value: float | None) -> str:
    """An answer in words."""
    return "None" if value is None else f"{value:.10g}"


def shrink(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The smallest case found by leaving out utterances, then classes at the end, that still ``fails``."""
    smaller = True
    while smaller:
        smaller = False
        for i in range(len(case) - 1, -1, -1):
            rest = case.at(np.delete(np.arange(len(case)), i))
            if fails(rest):
                case, smaller = rest, True
        fewer = _without_last_class(case)
        if fewer is not None and fails(fewer):
            case, smaller = fewer, True
    return case


def make(truth: Sequence[int] | Ints, posteriors: Any, n_classes: int) -> Case:
    """A case whose predictions are those of the posteriors."""
    p = np.array(posteriors, dtype=np.float64).reshape(len(truth), n_classes)
    return Case(np.array(truth, dtype=np.int64), p.argmax(1).astype(np.int64), p, n_classes)


def certain(truth: Sequence[int], predicted: Sequence[int], n_classes: int) -> Case:
    """A case whose posteriors are all on the predicted class."""
    return make(truth, np.eye(n_classes)[np.array(predicted, dtype=int)], n_classes)


def tiny() -> Iterator[Case]:
    """Every choice of truth and prediction of 1 to ``TINY`` utterances and 1 to ``CLASSES`` classes, but for the order
    of the utterances, which ``check_order_of_utterances`` asks; the smallest first. Some rows have ties."""
    rng = np.random.default_rng(0)
    for n in range(1, TINY + 1):
        for k in range(1, CLASSES + 1):
            for chosen in combinations_with_replacement(product(range(k), repeat=2), n):
                truth, predicted = zip(*chosen, strict=True)
                yield make(truth, [_row(p, k, rng) for p in predicted], k)


def drawn(ties: bool = True) -> Iterator[Case]:
    """Cases of 5 to 30 utterances and 2 to 6 classes, better than chance, of which truth may lack some."""
    rng = np.random.default_rng(1)
    for n, k in product((5, 12, 30), range(2, 7)):
        for missing in (0, 1):
            truth = rng.integers(0, max(1, k - missing), n)
            raw = rng.dirichlet(np.ones(k), n) + 0.4 * np.eye(k)[truth]
            if ties:  # of one row with another and, seldom, within a row
                raw = np.round(raw, 1) + 0.013
            yield make(truth, raw / raw.sum(1, keepdims=True), k)


def _row(predicted: int, k: int, rng: np.random.Generator) -> Floats:
    """Posteriors with their first maximum at ``predicted``.

    Their quotients are no round numbers, for on the border of two bins of confidence two right ways of writing the
    border may round apart.
    """
    row = rng.choice([0.11, 0.17, 0.29], k)
    row[predicted] = rng.choice([0.41, 0.83])
    if predicted + 1 < k and rng.random() < 0.3:
        row[predicted + 1] = row[predicted]
    made: Floats = row / row.sum()
    return made


def _ask(metric: Callable[..., Any], case: Case) -> tuple[float | None, str]:
    """The answer, and what is wrong with it in words, of which those before a colon say the kind."""
    try:
        value = metric(case.truth.copy(), case.predicted.copy(), case.posteriors.copy(), case.n_classes)
    except (Exception, SystemExit) as error:
        return None, f"raised {type(error).__name__}: {' '.join(str(error).split())}".rstrip(".: ")
    try:
        return number_of(value), ""
    except ValueError as fault:
        return None, str(fault)


def _without_last_class(case: Case) -> Case | None:
    k = case.n_classes - 1
    if k < 1 or (case.truth == k).any() or (case.predicted == k).any():
        return None
    p = case.posteriors[:, :k]
    return Case(case.truth, case.predicted, p / p.sum(1, keepdims=True), k)
