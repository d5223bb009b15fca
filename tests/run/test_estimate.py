from __future__ import annotations

from dataclasses import replace

import pytest

from serkit.host import get_host
from serkit.run.estimate import seconds_of
from serkit.run.events import about
from serkit.run.recipe import Recipe, Request, resolve

TINY = ("architecture.convs=1", "architecture.maps=[2]", "architecture.linear=4", "architecture.lstm=2")


def make(*sets: str) -> Recipe:
    return resolve(Request(plugin="acrnn", dataset="demo", sets=(*TINY, *sets)), get_host())


def seconds(recipe: Recipe, *train: int) -> float:
    found = seconds_of(recipe, train or (192,) * 10, get_host(), "cpu", False)
    assert found is not None
    return found


def test_time_goes_with_the_training_utterances_of_the_folds_seeds_and_epochs() -> None:
    # one probe serves all of them, so the ratios are exact up to rounding
    base = make("training.epochs=10")
    one = seconds(base)
    assert one > 0
    assert seconds(base, 192, 192) == pytest.approx(one * 2 / 10)
    assert seconds(base, 240) == pytest.approx(one * 240 / 1920)
    assert seconds(replace(base, run=replace(base.run, seeds=5))) == pytest.approx(one * 5)
    assert seconds(make("training.epochs=30")) == pytest.approx(one * 3)
    # 48 steps of 4 are one pass over 192 units, whatever a fold holds
    by_steps = make("training.steps=48", "training.batch=4")
    assert seconds(by_steps, *[5] * 10) == pytest.approx(seconds(make("training.epochs=10", "training.batch=4")) / 10)


@pytest.mark.parametrize(("sets", "units"), [(["unit.frames=75"], 4), (["unit.frames=75", "unit.hop=30"], 9)])
def test_an_utterance_of_three_seconds_has_as_many_units_as_are_cut_from_it(sets: list[str], units: int) -> None:
    # 298 frames: from 0, 75, 150 and, up to the end, 223; every 30 frames from 0 to 210, and 223
    sets = [*(f"architecture.{s}" for s in sets), "training.batch=4", "training.crop=0"]
    by_epoch = seconds(make(*sets, "training.epochs=1"), 4)
    assert by_epoch == pytest.approx(units * seconds(make(*sets, "training.steps=1"), 4))
    cropped = [*sets, "training.crop=50"]
    assert seconds(make(*cropped, "training.epochs=1"), 4) == pytest.approx(
        seconds(make(*cropped, "training.steps=1"), 4)
    )


def test_systems_of_several_inputs_and_of_words_are_probed_and_estimators_are_not() -> None:
    def of(plugin: str) -> float | None:
        recipe = resolve(Request(plugin=plugin, dataset="demo", epochs=1), get_host())
        return seconds_of(recipe, [10], get_host(), "cpu", False)

    for plugin in ("mmfa", "mmfa-text"):
        found = of(plugin)
        assert found is not None
        assert found > 0
    assert of("ser-svm") is None


def test_nothing_is_said_of_what_cannot_be_probed() -> None:
    broken = replace(make(), architecture=None)
    assert seconds_of(broken, [10], get_host(), "cpu", False) is None


@pytest.mark.parametrize(
    ("value", "words"), [(0.2, "1 s"), (40, "40 s"), (780, "13 min"), (12_600, "3.5 h"), (777_600, "9 days")]
)
def test_times_are_said_in_words(value: float, words: str) -> None:
    assert about(value) == words
