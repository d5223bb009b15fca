"""Parameters of published networks that no gradient reaches: exactly these, so that a declaration hides no other."""

from __future__ import annotations

import pytest

from serkit.host import get_host
from serkit.run.train_fold import build, prepare
from serkit.testing.conformance.architectures import toy, training
from serkit.testing.conformance.subjects import ArchitectureSubject, Subject, subjects

pytestmark = pytest.mark.usefixtures("one_thread")

# a few maps and frames of the published ones: which parameters are dead does not depend on how many there are
NARROW = ["architecture.unit.frames=40", "architecture.maps=[32, 64]"]

# what attention adds to every score, or to every value (weights sum to one), and biases before a batch normalisation
_TOP = ["classifier.dense.0.bias", "classifier.dense.1.bias"]
_HALF = [f"single.{n}" for n in ("branch.attend.b", "heads.key.bias", "heads.value.bias", "heads.out.bias", *_TOP)]

DEAD = {
    "acrnn": ["dense.bias"],
    "cnn-lstm": ["dense.bias"],
    # in its code the norm stands after the linear layer
    "acrnn[chen_reference]": ["linear.bias"],
    # frames are averaged, and the dense layer is linear: to its norm both biases are one
    "cnn-lstm[parallel]": ["linear.bias", "dense.bias"],
    "cnn-lstm[small_parallel]": ["linear.bias", "dense.bias"],
    "mmfa": ["audio.attend.b", "text.attend.b", "fusion.key.bias", "fusion.value.bias", "fusion.out.bias", *_TOP],
    "mmfa-audio": _HALF,
    "mmfa-text": _HALF,
}


def _chosen() -> list[Subject]:
    found: list[Subject] = []
    for name in (n for n in DEAD if "[" not in n):
        sets = NARROW if name in ("acrnn", "cnn-lstm") else []
        found += subjects(get_host(), "architecture", name, sets=sets)
    return found


@pytest.mark.parametrize("subject", _chosen(), ids=str)
def test_these_parameters_are_dead_and_no_other(subject: ArchitectureSubject) -> None:
    with toy.job(subject) as job:
        prepared = prepare(job)
        found = training._dead(job, build(job, prepared.transforms), prepared)
    assert found == DEAD.get(str(subject), DEAD[subject.name])


def test_they_are_those_of_every_declaration() -> None:
    declared = {
        r.spec.name
        for r in get_host().specs("architecture")
        if r.distribution == "serkit" and "check_gradients" in r.spec.expected_failed_checks
    }
    assert declared == {name for name in DEAD if "[" not in name}
