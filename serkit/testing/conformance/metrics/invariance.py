"""What must change nothing: order, the kind of numbers, having been asked before; and that nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.generators import untouched
from serkit.testing.conformance.metrics.cases import (
    Case,
    MetricSubject,
    certain,
    drawn,
    make,
    number_of,
    same,
    say,
    score,
    shrink,
)

COARSE = 1e-4
"""Of posteriors in float32 that are sixty-fourths, and so the same numbers, a metric may compute in float32: sums of
thirty values of 24 bits each round by less than 1e-5, logarithms and quotients of them by some times that."""


def check_ties(subject: MetricSubject) -> None:
    """Posteriors that are all equal give a number or None, whatever the order of the utterances."""
    for k in (2, 3, 4):
        for truth in ([0, 1] * 3, [*range(k)] * 2, [k - 1, 0, 0, 0]):
            found = _another_order(subject, make(truth, np.full((len(truth), k), 1 / k), k))
            if found:
                raise Failure(
                    f"{found[0]} of the same tied utterances in another order.",
                    reproduce=found[1],
                    cause="ties are broken by the place of an utterance; give tied ones the same rank (a pair that is "
                    "tied counts one half).",
                )


def check_order_of_utterances(subject: MetricSubject) -> None:
    """The order of the utterances changes nothing."""
    for case in drawn():
        found = _another_order(subject, case)
        if found:
            raise Failure(
                f"{found[0]} of the same utterances in another order.",
                reproduce=found[1],
                cause="a step that looks at neighbours, at the first or the last, or that sorts one array alone.",
            )


def check_order_of_classes(subject: MetricSubject) -> None:
    """Other numbers for the classes, their columns along with them, change nothing."""
    rng = np.random.default_rng(3)
    for case in drawn(ties=False):
        order = rng.permutation(case.n_classes)

        def fails(c: Case, order: Any = order) -> bool:
            return c.n_classes == len(order) and not same(*(score(subject.target, x) for x in (c, _renamed(c, order))))

        if not fails(case):
            continue
        reference = _reference(subject)
        if reference and not same(score(reference, case), score(reference, _renamed(case, order))):
            raise NotApplicable("by its own reference definition the metric depends on the numbers of the classes")
        small = shrink(case, fails)
        renamed = _renamed(small, order)
        raise Failure(
            f"The metric is {say(score(subject.target, small))}, and {say(score(subject.target, renamed))} after "
            f"renaming the classes.",
            reproduce=f"{small} and {renamed}.",
            cause="one class is treated otherwise, or classes are counted from 1. If the definition does so, follow it "
            "in MetricSpec.reference.",
        )


def check_inputs_unchanged(subject: MetricSubject) -> None:
    """The arrays are not changed, and may be read-only, as the host's are."""
    for case in (certain([2, 0, 1], [1, 2, 0], 3), *drawn()):
        given = [case.truth.copy(), case.predicted.copy(), case.posteriors.copy()]
        subject.target(*given, case.n_classes)
        for name, array in zip(("truth", "predicted", "posteriors"), given, strict=True):
            if not np.array_equal(array, getattr(case, name), equal_nan=array.dtype.kind == "f"):
                raise Failure(
                    f"The metric changed its argument {name} from {getattr(case, name).tolist()} to {array.tolist()}.",
                    reproduce=f"{case}.",
                    cause="array.sort(), +=, or an assignment into the argument; work on np.sort(array) or a copy.",
                )
        for array in given:
            array.flags.writeable = False
        try:
            subject.target(*given, case.n_classes)
        except Exception as error:
            raise Failure(
                f"Of read-only arrays the metric raised {type(error).__name__}: {str(error).rstrip('.')}.",
                reproduce=f"{case} with array.flags.writeable = False for each.",
                cause="the argument is changed in place and restored; work on a copy.",
            ) from error


def check_deterministic(subject: MetricSubject) -> None:
    """The same case has the same value to the bit, at once again and after others; no global generator moves."""
    cases = list(drawn())
    with untouched(
        "A call",
        reproduce=f"{cases[0]}",
        cause="np.random.seed() or a draw from np.random, which others draw from too; np.random.default_rng(0) is a "
        "generator of one's own.",
    ):
        first = [score(subject.target, case) for case in cases]
    for case, before in reversed(list(zip(cases, first, strict=True))):
        for _ in range(2):
            value = score(subject.target, case)
            if value != before:
                small = shrink(case, lambda c: len(c) > 0 and score(subject.target, c) != score(subject.target, c))
                raise Failure(
                    f"The metric is {before!r}, and {value!r} when asked again.",
                    reproduce=f"{small}, several times.",
                    cause="random numbers without a seed of their own (np.random.default_rng(0)), or something kept "
                    "from the call before.",
                )


def check_types(subject: MetricSubject) -> None:
    """int32 and int64, float32 and float64, in C and Fortran order and as views, have the same value."""
    for case in _dyadic():
        wanted = score(subject.target, case)
        for words, given, close in _kinds(case):
            try:
                value = number_of(subject.target(*given, case.n_classes))
            except Exception as error:
                raise Failure(
                    f"Of {words} the metric failed: {type(error).__name__}: {str(error).rstrip('.')}.",
                    reproduce=f"{case} with {words}.",
                    cause="a comparison of dtypes, or a view of the bytes; np.asarray takes any of them.",
                ) from error
            if (wanted is None) != (value is None) or (
                wanted is not None and value is not None and abs(value - wanted) > close * max(1.0, abs(wanted))
            ):
                raise Failure(
                    f"Of {words} the metric is {say(value)}, of int64 and float64 {say(wanted)}.",
                    reproduce=f"{case} with {words}.",
                    cause="arithmetic in the type that was given, or an array read in the order of its memory.",
                )


def _another_order(subject: MetricSubject, case: Case) -> tuple[str, str] | None:
    """The two values of the smallest case that has another value in another order, and that case; None without one."""
    for turn in (_backwards, _rotated, _shuffled):

        def fails(c: Case, turn: Callable[[int], Any] = turn) -> bool:
            return not same(score(subject.target, c), score(subject.target, c.at(turn(len(c)))))

        if fails(case):
            small = shrink(case, lambda c: len(c) > 1 and fails(c))
            other = small.at(turn(len(small)))
            values = [say(score(subject.target, c)) for c in (small, other)]
            return f"The metric is {values[0]}, and {values[1]}", f"{small} and {other}."
    return None


def _backwards(n: int) -> Any:
    return np.arange(n)[::-1]


def _rotated(n: int) -> Any:
    return np.roll(np.arange(n), 1)


def _shuffled(n: int) -> Any:
    return np.random.default_rng(n).permutation(n)


def _renamed(case: Case, order: Any) -> Case:
    """Class ``c`` is called ``order[c]``."""
    posteriors = np.empty_like(case.posteriors)
    posteriors[:, order] = case.posteriors
    return Case(order[case.truth], order[case.predicted], posteriors, case.n_classes)


def _reference(subject: MetricSubject) -> Any:
    return subject.host.load_target(subject.spec.reference) if subject.spec.reference else None


def _dyadic() -> Iterator[Case]:
    """Cases whose posteriors are sixty-fourths, none 0: float32 holds them as they are."""
    rng = np.random.default_rng(5)
    for n in (1, 4, 20):
        shares = 1 + rng.multinomial(60, [0.2, 0.3, 0.1, 0.4], n)
        yield make(rng.integers(0, 4, n), shares / 64, 4)


def _kinds(case: Case) -> Iterator[tuple[str, tuple[Any, Any, Any], float]]:
    t, y, p = case.truth, case.predicted, case.posteriors
    exact = 1e-12  # the order of a sum may follow the memory, and nothing else
    yield "int32 classes", (t.astype(np.int32), y.astype(np.int32), p.copy()), exact
    yield "float32 posteriors", (t.copy(), y.copy(), p.astype(np.float32)), COARSE
    yield "posteriors in Fortran order", (t.copy(), y.copy(), np.asfortranarray(p)), exact
    twice = [np.repeat(a, 2, axis=0) for a in (t, y, p)]
    yield "views of every other row", (twice[0][::2], twice[1][::2], twice[2][::2]), exact
