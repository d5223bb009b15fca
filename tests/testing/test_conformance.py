"""The kit's own machinery, with checks made for the purpose; what the checks catch is in the folders beside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serkit.errors import UnknownNameError, UserError
from serkit.host import Host, get_host
from serkit.testing import parametrize_with_checks
from serkit.testing.conformance import Check, Failure, NotApplicable, check_plugin, checks_of
from serkit.testing.conformance.parametrize import _skipping
from serkit.testing.conformance.runner import CHECKED, expected, pairs, run_check
from serkit.testing.conformance.subjects import subjects


def check_good(subject: Any) -> None:
    """Nothing is asked."""


def check_bad(subject: Any) -> None:
    """Something is asked in vain."""
    raise Failure("It is bad.", reproduce="call it.", cause="it was made so.")


def check_none(subject: Any) -> None:
    """Asked of others."""
    raise NotApplicable("there is no GPU here")


def check_crash(subject: Any) -> None:
    """Falls over."""
    raise ZeroDivisionError("no")


def check_wordless(subject: Any) -> None:
    """Falls over without a word."""
    raise ValueError


def acrnn() -> list[Any]:
    return subjects(get_host(), "architecture", "acrnn")


@pytest.mark.parametrize(
    ("check", "reason", "status", "good"),
    [
        (check_good, "", "passed", True),
        (check_good, "it is known", "unexpected", False),
        (check_bad, "", "failed", False),
        (check_bad, "it is known", "expected", True),
        (check_none, "", "skipped", True),
        (check_crash, "", "failed", False),
        (check_crash, "it is known", "failed", False),
        (check_wordless, "", "failed", False),
    ],
)
def test_how_a_check_ends(check: Any, reason: str, status: str, good: bool) -> None:
    result = run_check(acrnn()[0], Check(check), reason)
    assert (result.status, result.good, result.check) == (status, good, check.__name__)
    assert not result.what.endswith((" .", ": ."))  # as of an exception without words
    if status in ("failed", "unexpected"):
        assert result.what.endswith(".")
    if check is check_crash:
        assert "ZeroDivisionError: no" in result.what
        assert "test_conformance.py:" in result.reproduce


def test_the_default_preset_is_first_and_alone_for_slow_checks() -> None:
    slow, quick = Check(check_bad, presets="default"), Check(check_good)
    chosen = acrnn()
    spec = chosen[0].spec
    assert chosen[0].preset == spec.default_preset
    asked = [(s.preset, c.name) for s, c in pairs(chosen, [quick, slow])]
    assert asked.count((spec.default_preset, "check_bad")) == 1
    assert [p for p, c in asked if c == "check_bad"] == [spec.default_preset]
    assert sorted(p for p, c in asked if c == "check_good") == sorted(spec.presets)
    # one preset that was asked for is asked everything; of two that are not the default one, the first is: neither was,
    # so that a report of no check said that the model conforms
    (one,) = subjects(get_host(), "architecture", "acrnn", presets=["paper"])
    assert len(list(pairs([one], [quick, slow]))) == 2
    two = subjects(get_host(), "architecture", "acrnn", presets=["paper", "depth_on_dev"])
    assert [(s.preset, c.name) for s, c in pairs(two, [slow])] == [(two[0].preset, "check_bad")]


def test_reasons_are_found_by_check_and_by_preset_and_unknown_ones_are_refused() -> None:
    spec, checks = replace(acrnn()[0].spec, expected_failed_checks={}), [Check(check_bad), Check(check_good)]
    by_preset = {s.preset: s for s in acrnn()}
    reason = expected(spec, checks, {"check_bad[paper]": "as published", "check_good": "always"})
    assert reason(by_preset["paper"], checks[0]) == "as published"
    assert reason(by_preset["small"], checks[0]) == ""
    assert reason(by_preset["small"], checks[1]) == "always"
    with pytest.raises(UserError, match=r"'check_bda', which is no check; did you mean 'check_bad'\?"):
        expected(spec, checks, {"check_bda": "typo"})
    for key in ("check_bad[big]", "check_bad[paper", "check_bad[]", "check_bad["):
        with pytest.raises(UserError, match="there is no such preset"):
            expected(spec, checks, {key: "typo"})
    for nothing in ("", " ", None):  # an empty one was taken for no declaration at all
        with pytest.raises(UserError, match="as the reason for 'check_bad'; say in words why it fails"):
            expected(spec, checks, {"check_bad": nothing})  # type: ignore[dict-item]


def test_what_is_said_of_a_plugin_that_is_not_asked_is_refused() -> None:
    for more in ({"expected_failed_checks": {"acrn": {}}}, {"sets": {"acrn": ()}}, {"data": {"acrn": "."}}):
        (what,) = more
        with pytest.raises(UnknownNameError, match=rf"\(`{what}`\) named 'acrn'; did you mean 'acrnn'\?"):
            parametrize_with_checks(["acrnn"], **more)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"write parametrize_with_checks\(\['acrnn'\]\)"):
        parametrize_with_checks("acrnn")


def test_what_cannot_be_checked_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'acrnn'"):
        check_plugin("acrn")
    with pytest.raises(UserError, match="is a recipe, and none of the kinds that are checked: architecture, dataset"):
        check_plugin("chen2018-emodb")
    with pytest.raises(UserError, match="no preset 'big'; its presets"):
        check_plugin("acrnn", presets=["big"])
    with pytest.raises(UserError, match="'uar' has no presets"):
        check_plugin("uar", presets=["big"])
    with pytest.raises(UserError, match=r"/nowhere given with --data does not exist"):
        check_plugin("emodb", data="/nowhere")
    with pytest.raises(UserError, match="The architecture 'acrnn' reads no corpus; leave out --data"):  # was ignored
        check_plugin("acrnn", data=tmp_path)
    with pytest.raises(UserError, match="no check of the kind architecture named 'check_build'; did you mean"):
        check_plugin("acrnn", only=["check_build"])


def test_a_failure_has_a_line_to_paste() -> None:
    # the three ran into each other where the line had no full stop, and could not be pasted where it had one
    for line in ("metric([0], [1])", "metric([0], [1])."):
        failure = Failure("It is 2.", reproduce=line, cause="a sum.")
        assert failure.reproduce == "metric([0], [1])"
        assert str(failure) == "It is 2.\nTo reproduce: metric([0], [1])\nLikely cause: a sum."


@pytest.mark.parametrize(
    ("name", "sets", "said"),
    [
        ("log-mel", "n_mel=64", "unknown key 'n_mel'; did you mean 'n_mels'"),
        ("log-mel", "n_mels", "'n_mels' has no value"),
        ("acrnn", "hiden=3", "no key for --set named 'hiden'"),
        ("acrnn", "training.lr=fast", "training.lr: input should be a valid number"),
        ("demo", "dataset.voices=3", "voices"),
    ],
)
def test_settings_that_the_plugin_does_not_have_are_the_users_mistake(name: str, sets: str, said: str) -> None:
    """They were taken for a fault of the plugin, or all was skipped and the plugin was said to conform."""
    with pytest.raises(UserError, match=said):
        check_plugin(name, sets=[sets])


def test_a_report_for_programs() -> None:
    report = check_plugin("acrnn", only=["check_builds"], presets=["small"])
    assert report.passed
    found = report.to_dict()
    assert (found["name"], found["distribution"], found["counts"]) == ("acrnn", "serkit", {"passed": 1})
    assert found["results"][0]["preset"] == "small"


@pytest.mark.parametrize("kind", CHECKED)
def test_every_check_says_what_must_hold_and_none_is_there_twice(kind: Any) -> None:
    checks = checks_of(kind)
    assert all(c.name.startswith("check_") and c.summary.endswith(".") for c in checks)
    assert len({c.name for c in checks}) == len(checks)


def test_reasons_of_a_spec_must_be_words(distribution: Any) -> None:
    source = """
from serkit.host import MetricSpec, hookimpl
@hookimpl
def serkit_metrics():
    return [MetricSpec(name="m", summary="M.", target="a:b", expected_failed_checks={"check_range": ""})]
"""
    host = Host(distribution("reasons", {"r": "reasons_hooks"}, {"reasons_hooks": source}))
    assert "expected_failed_checks of metric 'm' must map names of checks to reasons" in host.broken[0].reason


def test_parametrize_makes_a_test_of_each_check() -> None:
    mark = parametrize_with_checks(["acrnn"], expected_failed_checks={"acrnn": {"check_builds[paper]": "not so"}})
    names, params = mark.args
    assert names == ("plugin", "check")
    found = {p.id: p for p in params}
    assert {"acrnn[paper]-check_builds", "acrnn[small]-check_builds"} <= found.keys()
    (mark,) = found["acrnn[paper]-check_builds"].marks
    assert (mark.name, mark.kwargs) == ("xfail", {"strict": True, "raises": Failure, "reason": "not so"})
    assert not found["acrnn[small]-check_builds"].marks
    by_function = parametrize_with_checks(["acrnn"], expected_failed_checks=lambda name: {"check_builds": name})
    assert next(p for p in by_function.args[1] if p.id.endswith("check_builds")).marks[0].kwargs["reason"] == "acrnn"


def test_a_check_that_is_not_applicable_is_a_skip() -> None:
    with pytest.raises(pytest.skip.Exception, match="there is no GPU here"):
        _skipping(Check(check_none))(acrnn()[0])
