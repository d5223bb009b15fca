"""Plugins against a reference by a clock that they move themselves: rows, faults, and what cannot be timed."""

from __future__ import annotations

from typing import Any

import pytest

from serkit.errors import PluginError, UnknownNameError, UserError
from serkit.host import get_host
from serkit.testing.bench import bench_plugin, memory
from serkit.testing.bench.report import make_contest, reference_of, works_of

# a turn is 100 s and more, of which the readings of the clock are a few milliseconds
CLOCK = 1e-3


def test_rows_of_a_model_twice_as_slow_as_its_reference(ticking: Any) -> None:
    made = bench_plugin("mine", compare="steady")
    assert list(made.rows) == [f"mine[default] {w}" for w in ("training_step", "batch", "utterance", "features")]
    for work in ("training_step", "batch", "utterance"):
        found = made.rows[f"mine[default] {work}"]
        assert found["ratio"] == pytest.approx(0.5, rel=CLOCK)
        assert found["ratio_quartiles"] == pytest.approx([0.5, 0.5], rel=CLOCK)
        assert (found["anchor"], found["ours"], found["group"]) == ("steady[default]", True, work)
        # 40 bands with two deltas to four classes, with biases; only the products count
        assert (found["parameters"], found["trainable"], found["multiply_adds"]) == (484, 484, 480)
        assert found["reference"]["parameters"] == 484
        assert (found["peak_memory_bytes"] is not None) == (memory.peak(int)[1] is not None)
    assert "parameters" not in made.rows["mine[default] features"]
    assert (made.distribution, made.version, made.skipped) == ("ticking", "1.0", {})


def test_a_plugin_against_itself_and_against_the_usual_reference(ticking: Any) -> None:
    found = bench_plugin("mine", compare="mine", works=["utterance"]).rows["mine[default] utterance"]
    assert found["ratio"] == pytest.approx(1.0, rel=CLOCK)
    assert found["anchor"] == "the same mine[default]"
    assert reference_of(get_host(), "architecture").label == "acrnn[small]"
    assert reference_of(get_host(), "feature").label == "log-mel"
    assert reference_of(get_host(), "architecture", "acrnn", "paper").label == "acrnn[paper]"


def test_an_estimator_is_fitted_and_asked(ticking: Any) -> None:
    rows = bench_plugin("nearest-mean", compare="steady", works=["training_step", "batch"]).rows
    assert rows["nearest-mean[default] training_step"]["ratio"] == pytest.approx(2.0, rel=CLOCK)
    assert rows["nearest-mean[default] batch"]["parameters"] is None


@pytest.mark.parametrize(
    ("fault", "work", "said"),
    [
        ("raises", "utterance", r"failed in forward\(\) with ZeroDivisionError: no"),
        ("nan", "utterance", "returned values that are not finite"),
        ("shape", "utterance", r"returned \[1, 3\] for 1 units; \[B, K\] = \[1, 4\] is expected"),
        ("noise", "utterance", "returned other posteriors when it was asked the same again, so it was not timed"),
        ("loss", "training_step", "has a loss of nan in a training step, so it was not timed"),
        ("gradient", "training_step", "has gradients that are not finite after a training step, so it was not timed"),
    ],
)
def test_a_wrong_answer_is_a_sentence_and_no_figure(ticking: Any, fault: str, work: str, said: str) -> None:
    ticking.fault = fault
    with pytest.raises((PluginError, UserError), match=f"architecture 'mine' .distribution ticking 1.0.* {said}"):
        bench_plugin("mine", compare="steady", works=[work])


def test_a_reference_that_fails_is_named(ticking: Any) -> None:
    with pytest.raises(PluginError, match=r"The reference broken\[default\] cannot be timed; choose another with"):
        bench_plugin("mine", compare="broken", works=["utterance"])
    with pytest.raises(PluginError, match=r"^The architecture 'broken' of plugin 'ticking'"):
        bench_plugin("broken", compare="steady", works=["utterance"])


def test_features(ticking: Any) -> None:
    (found,) = bench_plugin("both", kind="feature", sets=["size=3"], compare="gaps").rows.values()
    assert (found["entrant"], found["work"]) == ("both size=3", "samples to frames, 1 utterance of 3 s")
    with pytest.raises(PluginError, match=r"frames of shape \[300\] for 3 s; its `shape` promises \[frames, 1\]"):
        bench_plugin("bad-level", compare="both")
    with pytest.raises(PluginError, match="returned other frames when it was asked the same again"):
        bench_plugin("restless", compare="both")


def test_what_cannot_be_timed_is_said(ticking: Any) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'acrnn'"):
        bench_plugin("acrn")
    with pytest.raises(UserError, match="'uar' is a metric, and none of the kinds that are timed: architecture"):
        bench_plugin("uar")
    with pytest.raises(UserError, match=r"the name of several plugins \(architecture, feature\); choose one with"):
        bench_plugin("both")
    with pytest.raises(UserError, match="No 'metric' is timed; the kinds that are timed: architecture, feature"):
        bench_plugin("uar", kind="metric")
    with pytest.raises(UserError, match="no preset 'big'; its presets: default"):
        bench_plugin("mine", preset="big")
    with pytest.raises(UserError, match="The feature 'gaps' has no presets"):
        bench_plugin("gaps", preset="big")
    with pytest.raises(UserError, match="no work of the architecture 'mine' named 'bach'; did you mean 'batch'"):
        bench_plugin("mine", works=["bach"])
    with pytest.raises(UserError, match="There is no architecture named 'log-mel'"):
        bench_plugin("mine", compare="log-mel")


def test_the_weights_stay_so_that_every_step_is_the_same_work(ticking: Any) -> None:
    host = get_host()
    mine = works_of(host, "mine", "architecture")
    step = mine.prepare("training_step")
    assert step() == step() == step()


def test_a_contest_judges_the_plugin_alone(ticking: Any) -> None:
    host = get_host()
    mine, other = works_of(host, "mine", "architecture"), works_of(host, "steady", "architecture")
    contest = make_contest("batch", mine, other)
    assert (list(contest.entrants), contest.anchors, contest.own) == (
        ["mine[default]", "steady[default]"],
        ("steady[default]",),
        "mine[default]",
    )
    assert contest.work == "frames to posteriors, 16 utterances of 3 s"
