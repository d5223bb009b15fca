"""`serkit plugin check` as typed; what the checks catch is in tests/testing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from serkit.cli.main import invoke
from serkit.host import get_host

HOOKS = """
from serkit.host import MetricSpec, hookimpl
@hookimpl
def serkit_metrics():
    return [MetricSpec(name="loud", summary="M.", target="loud_metric:loud")]
"""
METRIC = """
def loud(truth, predicted, posteriors, n_classes):
    print("one more call")
    return float((truth == predicted).mean()) if len(truth) else 0.0
"""


@pytest.fixture
def loud(distribution: Any) -> Iterator[None]:
    """A metric that prints, and is 0 where it is undefined, is installed."""
    distribution("loud", {"l": "loud_hooks"}, {"loud_hooks": HOOKS, "loud_metric": METRIC})
    get_host.cache_clear()
    yield
    get_host.cache_clear()


@pytest.mark.usefixtures("loud")
def test_json_is_json_whatever_the_plugin_prints(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["plugin", "check", "loud", "--check", "check_perfect", "--check", "check_no_utterance"]
    assert invoke([*asked, "--json"]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["schema"], found["kind"], found["name"], found["passed"]) == (1, "metric", "loud", False)
    assert found["counts"] == {"passed": 1, "failed": 1}
    assert [r["check"] for r in found["results"] if r["status"] == "failed"] == ["check_no_utterance"]
    assert "one more call" in err  # it is not lost

    assert invoke(asked) == 1
    out, _ = capsys.readouterr()
    assert "one more call" not in out
    assert "check_no_utterance: Of no utterance the metric is 0, where None is needed." in out
    assert out.endswith("loud does not conform: 1 passed, 1 FAILED.\n")
    assert invoke([*asked[:3], "--check", "check_perfect"]) == 0


def test_what_could_not_be_asked_is_not_called_conforming(capsys: pytest.CaptureFixture[str]) -> None:
    # a corpus without a copy of it conformed with 24 of its 32 checks skipped
    assert invoke(["plugin", "check", "casia", "--check", "check_ids"]) == 0
    out, _ = capsys.readouterr()
    assert out.endswith("casia keeps what could be asked, and most could not: 1 skipped.\n")
    assert invoke(["plugin", "check", "uar", "--check", "check_perfect"]) == 0
    assert capsys.readouterr().out.endswith("uar conforms: 1 passed.\n")
