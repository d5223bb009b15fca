"""What a metric says at the ends of its range and where it has little or nothing to go by."""

from __future__ import annotations

import math

import numpy as np

from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.metrics.cases import Case, MetricSubject, certain, make, same, say, score, shrink


def check_finite(subject: MetricSubject) -> None:
    """A finite float or None for any truth and prediction, never NaN and never an exception."""
    if all(value is None for _, value in subject.answers):
        raise Failure(
            f"The metric is None in all of {len(subject.answers)} cases.",
            reproduce=f"{subject.answers[-1][0]}.",
            cause="an early return, or a comparison with None or NaN that is always true.",
        )


def check_range(subject: MetricSubject) -> None:
    """Every value lies in the declared range, its ends included; the host refuses any other."""
    try:
        low, high = _range(subject)
    except NotApplicable:
        raise Failure(
            f"The range of the spec is {subject.spec.range!r}; two numbers are needed, the lower one first.",
            reproduce="read MetricSpec.range.",
            cause="ends swapped, or one left out; float('inf') is an end too.",
        ) from None

    def outside(case: Case) -> bool:
        value = score(subject.target, case)
        return value is not None and not low <= value <= high

    for case, value in subject.answers:
        if value is not None and not low <= value <= high:
            small = shrink(case, outside)
            raise Failure(
                f"The metric is {score(subject.target, small)!r}, outside the range {low:g} to {high:g} of its spec.",
                reproduce=f"{small}.",
                cause="a wrong MetricSpec.range; or rounding beyond an end, which min(high, max(low, value)) mends.",
            )


def check_perfect(subject: MetricSubject) -> None:
    """Certain and right predictions of several classes have the best value of the range."""
    for k in (2, 3, 4):
        truth = [*range(k), *range(k), 0]
        case = certain(truth, truth, k)
        value, best = score(subject.target, case), _best(subject)
        if math.isinf(best):  # a number cannot be it, but nothing may be above
            guesses = [score(subject.target, c) for c in _guesses(truth, k)]
            known = [g for g in guesses if g is not None] + ([] if value is None else [value])
            best = max(known, default=best) if subject.spec.higher_is_better else min(known, default=best)
        if value is None or not same(value, best):
            raise Failure(
                f"Predictions that are all right have {say(value)}; the best value is {best:g}.",
                reproduce=f"{case}.",
                cause="classes counted from 1 or shifted by one, higher_is_better the wrong way round, or a range that "
                "does not end where the metric does.",
            )


def check_worst(subject: MetricSubject) -> None:
    """All wrong is not better than chance, and the worst end of the range is reached where it is finite.

    It must be reached by one of the tiny cases or by predictions that are all wrong and certain: a range that is wider
    than the metric says less than it could, and hides faults from ``check_range``.
    """
    low, high = _range(subject)
    seen = [v for _, v in subject.answers if v is not None]
    for k in (2, 3):
        truth = [*range(k)] * 6
        wrong = certain(truth, [(t + 1) % k for t in truth], k)
        value = score(subject.target, wrong)
        guesses = [v for v in (score(subject.target, c) for c in _guesses(truth, k)) if v is not None]
        if value is None or not guesses:
            continue
        seen.append(value)
        chance = math.fsum(guesses) / len(guesses)
        if _better(subject, value, chance) and not same(value, chance):
            raise Failure(
                f"Predictions that are all wrong have {value:g}, which is better than the {chance:g} of guesses.",
                reproduce=f"{wrong}.",
                cause="higher_is_better the wrong way round, an absolute value, or a measure of how much is known of "
                "the truth and not of how much is right.",
            )
    end = low if subject.spec.higher_is_better else high
    if math.isfinite(end) and seen:
        worst = min(seen) if subject.spec.higher_is_better else max(seen)
        if not same(worst, end):
            raise Failure(
                f"The worst value of {len(seen)} cases is {worst:g}; the range of the spec ends at {end:g}.",
                reproduce=f"{certain([0, 1], [1, 0], 2)}.",
                cause="a wrong MetricSpec.range: declare what the metric can reach (float('inf') if there is no end).",
            )


def check_absent_class(subject: MetricSubject) -> None:
    """A class that no utterance is of costs a perfect prediction nothing: it has the best value, or None."""
    for k in (2, 3, 4):
        for absent in range(k):
            truth = [c for c in range(k) if c != absent] * 2
            _best_or_none(subject, certain(truth, truth, k), f"with class {absent} of {k} absent")


def check_single_class(subject: MetricSubject) -> None:
    """Where all utterances are of one class, a perfect prediction has the best value, or None, and others no better."""
    for k in (1, 2, 3):
        for c in range(k):
            right = _best_or_none(subject, certain([c] * 3, [c] * 3, k), "of a single class")
            for wrong in range(k):
                case = certain([c] * 3, [c, wrong, wrong], k)
                value = score(subject.target, case)
                if right is not None and value is not None and _better(subject, value, right):
                    raise Failure(
                        f"Of a single class, wrong predictions have {value:g} and right ones {right:g}.",
                        reproduce=f"{case}.",
                        cause="what is undefined for one class is given a value; return None.",
                    )


def check_one_utterance(subject: MetricSubject) -> None:
    """A single utterance, rightly predicted, has the best value, or None; wrongly predicted none that is better."""
    for k in (1, 2, 3):
        for c in range(k):
            right = _best_or_none(subject, certain([c], [c], k), "of one utterance")
            case = certain([c], [(c + 1) % k], k)
            value = score(subject.target, case)
            if right is not None and value is not None and _better(subject, value, right):
                raise Failure(
                    f"One utterance wrongly predicted has {value:g} and rightly {right:g}.",
                    reproduce=f"{case}.",
                    cause="what is undefined for one utterance is given a value; return None.",
                )


def check_no_utterance(subject: MetricSubject) -> None:
    """Of no utterance at all the metric is None: undefined, which is not 0."""
    for k in (1, 2, 3):
        case = make([], np.zeros((0, k)), k)
        value = score(subject.target, case)
        if value is not None:
            raise Failure(
                f"Of no utterance the metric is {value:g}, where None is needed.",
                reproduce=f"{case}.",
                cause="a fallback such as `if not len(truth): return 0.0`, or a guarded division; return None, since a "
                "0 is averaged as if it had been measured.",
            )


def _best_or_none(subject: MetricSubject, case: Case, words: str) -> float | None:
    """What the metric says of a perfect prediction; Failure if that is a value other than the best."""
    best = _best(subject)

    def fails(c: Case) -> bool:
        value = score(subject.target, c)
        return value is not None and not same(value, best)

    if math.isfinite(best) and fails(case):
        small = shrink(case, fails)
        raise Failure(
            f"A perfect prediction {words} has {say(score(subject.target, small))}; it should have the best value "
            f"{best:g}, or None where that is undefined.",
            reproduce=f"{small}.",
            cause="the sum is divided by n_classes, or what is undefined is given a value; divide by the number of "
            "classes that the truth holds, and return None where there is nothing to divide by.",
        )
    return score(subject.target, case)


def _guesses(truth: list[int], k: int) -> list[Case]:
    """Certain predictions drawn by chance."""
    rng = np.random.default_rng(2)
    return [certain(truth, rng.integers(0, k, len(truth)).tolist(), k) for _ in range(20)]


def _range(subject: MetricSubject) -> tuple[float, float]:
    try:
        low, high = (float(end) for end in subject.spec.range)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if not low < high:  # NaN too
        raise NotApplicable("the range of the spec is none, as check_range says")
    return low, high


def _best(subject: MetricSubject) -> float:
    return _range(subject)[1 if subject.spec.higher_is_better else 0]


def _better(subject: MetricSubject, a: float, b: float) -> bool:
    return a > b if subject.spec.higher_is_better else a < b
