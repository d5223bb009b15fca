"""That a metric is what it is said to be: its definition word by word, its quick forms, its other names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from serkit.errors import SerkitError
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.metrics.cases import CLOSE, Case, MetricSubject, drawn, make, same, say, score, shrink

DEFINITION = "The definition in MetricSpec.reference"


def check_aliases(subject: MetricSubject) -> None:
    """Every alias is the same metric."""
    aliases = subject.spec.aliases
    for alias in aliases:
        try:
            found = subject.host.get("metric", alias).spec.name
        except SerkitError as error:
            found = str(error)
        if found != subject.name:
            raise Failure(
                f"The alias {alias!r} leads to {found} and not to {subject.name}.",
                reproduce=f"serkit show {alias}.",
                cause="another plugin has taken the name; choose another alias.",
            )
    if not aliases:
        raise NotApplicable("the metric has no other names")


def check_reference(subject: MetricSubject) -> None:
    """The metric agrees with its definition, followed word by word, on every tiny case and on larger ones."""
    if not subject.spec.reference:
        raise NotApplicable(
            "MetricSpec.reference names no function that follows the definition word by word; write it in plain loops, "
            "independently of the metric, and name it as 'module:attribute'"
        )
    reference = subject.host.load_target(subject.spec.reference)
    if reference is subject.target:
        raise Failure(
            "MetricSpec.reference names the metric itself.",
            reproduce="read MetricSpec.reference.",
            cause="a definition that is compared with itself finds nothing; write it down a second time, in loops.",
        )

    def differ(case: Case) -> bool:
        return not same(score(subject.target, case), score(reference, case, DEFINITION))

    for case, value in _answers(subject):
        if not same(value, score(reference, case, DEFINITION)):
            small = shrink(case, differ)
            raise Failure(
                f"The metric is {say(score(subject.target, small))} where its definition gives "
                f"{say(score(reference, small, DEFINITION))}.",
                reproduce=f"{small}, and the same of {subject.spec.reference}.",
                cause="classes absent from truth or predictions counted otherwise than the definition says, an index "
                "shifted, or ties; follow the two through this case by hand.",
            )


def check_quick_forms(subject: MetricSubject) -> None:
    """``from_confusion`` and ``resampled``, of which intervals are made, give what the metric gives."""
    metric = subject.target
    forms = [n for n in ("from_confusion", "resampled") if getattr(metric, n, None) is not None]
    if not forms:
        raise NotApplicable("the function has neither from_confusion nor resampled; its interval takes 1,000 calls")
    with np.errstate(all="ignore"):  # 0 / 0 is NaN, which is how a form says that it is undefined
        if "from_confusion" in forms:
            _from_confusion(subject, metric.from_confusion)
        if "resampled" in forms:
            _resampled(subject, metric)


def _answers(subject: MetricSubject) -> list[tuple[Case, float | None]]:
    """Those of the subject, and what it says of no utterance."""
    nothing = [make([], np.zeros((0, k)), k) for k in (1, 2, 3)]
    return [*((case, score(subject.target, case)) for case in nothing), *subject.answers]


def _from_confusion(subject: MetricSubject, form: Any) -> None:
    answers = _answers(subject)
    for k in sorted({c.n_classes for c, _ in answers}):
        chosen = [(c, value) for c, value in answers if c.n_classes == k]
        stack = np.zeros((len(chosen), k, k))
        for counts, (c, _) in zip(stack, chosen, strict=True):
            np.add.at(counts, (c.truth, c.predicted), 1.0)
        _compare("from_confusion", "confusion matrices", chosen, form(stack.copy()))
        whole = np.asarray(form(np.stack([stack, stack])))  # [2, cases, K, K] -> [2, cases]
        _compare("from_confusion", "confusion matrices in a stack of two", chosen, whole[1] if whole.ndim else whole)


def _resampled(subject: MetricSubject, metric: Any) -> None:
    rng = np.random.default_rng(6)
    for case in (c for c in drawn() if len(c) <= 12):
        group = rng.integers(0, 3, len(case))
        weights = np.vstack([rng.multinomial(3, [1 / 3] * 3, size=5), np.ones((1, 3)), np.zeros((1, 3))])
        rows = [np.repeat(np.arange(len(case)), w[group].astype(int)) for w in weights]
        given = (case.truth, case.predicted, case.posteriors, case.n_classes, group, weights.astype(np.float64))
        drawn_again = [(again, score(metric, again)) for again in map(case.at, rows)]
        _compare("resampled", f"resamples of the groups {group.tolist()}", drawn_again, metric.resampled(*given))


def _compare(form: str, words: str, cases: Sequence[tuple[Case, float | None]], got: Any) -> None:
    values = np.asarray(got, dtype=np.float64)
    if values.shape != (len(cases),):
        raise Failure(
            f"{form} of {len(cases)} {words} has the shape {list(values.shape)}; [{len(cases)}] is needed.",
            reproduce=f"{form} of {len(cases)} {words}.",
            cause="an axis is summed that should stay; count the axes from the end (-1, -2).",
        )
    for (case, wanted), value in zip(cases, values.tolist(), strict=True):
        if not same(wanted, None if np.isnan(value) else value):
            raise Failure(
                f"{form} gives {value:.10g} where the metric itself gives {say(wanted)} (NaN stands for None; the "
                f"two may differ by {CLOSE:g}).",
                reproduce=f"{case} and {form} of {words} that hold the same.",
                cause="the quick form counts absent classes otherwise, or gives what is undefined a value.",
            )
