"""`serkit show`: one plugin of each kind, and what it says of a broken one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Lt

from serkit.cli.main import invoke
from serkit.cli.settings import rows
from serkit.host import Host


def page(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert invoke(["show", *arguments, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    return content


def text(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert invoke(["show", *arguments]) == 0
    return capsys.readouterr().out


def test_an_architecture(capsys: pytest.CaptureFixture[str]) -> None:
    content = page(capsys, "acrnn")
    assert content["kind"] == "architecture"
    assert content["distribution"] == "serkit"
    assert content["described_preset"] == "paper"
    assert content["parameters"] > 0
    # 3 s are 300 frames of 40 bands; 5 x 3 kernels; a (2, 2) pool after the first convolution; 150 frames of 256 x 20
    convolutions = 15 * (300 * 40 * 3 * 128 + 150 * 20 * (128 * 256 + 4 * 256 * 256))
    recurrent = 2 * 150 * 4 * 128 * (768 + 128)
    rest = 150 * 5120 * 768 + 2 * 150 * 256 + 256 * 64 + 64 * 4  # linear, attention, dense, out
    assert content["multiply_adds"] == convolutions + recurrent + rest
    assert (content["not_counted"], content["seconds_of_audio"]) == ([], 3.0)
    by_key = {r["key"]: r for r in content["settings"]}
    assert by_key["convs"]["type"] == "int"
    assert by_key["convs"]["default"] == 6
    assert ">= 1" in by_key["convs"]["allowed"]
    assert "unit.frames" in by_key
    assert next(r for r in content["training"] if r["key"] == "lr")["allowed"] == "> 0"
    assert content["inputs"]["x"]["feature"] == "log-mel"


def test_an_architecture_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    shown = text(capsys, "acrnn")
    for word in (
        "presets",
        "small",
        "the paper's",
        "convs",
        "> 0",
        "optimizer",
        "log-mel",
        "parameters:",
        "multiply-adds of 3 s",
    ):
        assert word in shown


def test_a_dataset(capsys: pytest.CaptureFixture[str]) -> None:
    content = page(capsys, "emodb")
    assert content["utterances"] == 535
    assert content["here"] is False
    shown = text(capsys, "emodb")
    for word in ("angry", "127", "535 utterances, 10 speakers", "loso_next@1 (default)", "Not here yet"):
        assert word in shown
    row = next(line for line in shown.splitlines() if "speaker_text_open@1" in line)
    assert "speaker, text (development: speaker)  " in row


def test_a_reader_of_manifests_shows_its_options_and_no_counts(capsys: pytest.CaptureFixture[str]) -> None:
    settings = {row["key"]: row for row in page(capsys, "csv")["settings"]}
    assert settings["missing"]["allowed"] == "error | skip"
    shown = text(capsys, "csv")
    for word in (
        "settings [dataset]",
        "labels, utterances and speakers: as the manifest says",
        "name its file or folder",
    ):
        assert word in shown
    assert "settings" not in text(capsys, "demo")


def test_a_metric(capsys: pytest.CaptureFixture[str]) -> None:
    assert page(capsys, "uar")["range"] == [0.0, 1.0]
    assert "higher is better" in text(capsys, "uar")


@pytest.mark.parametrize(("alias", "name"), [("ua", "uar"), ("wa", "war"), ("f1_micro", "war")])
def test_a_metric_by_another_name(capsys: pytest.CaptureFixture[str], alias: str, name: str) -> None:
    assert page(capsys, alias)["name"] == name
    shown = text(capsys, alias)
    assert shown.startswith(f"{name} (metric):")
    assert f"{alias}" in shown.partition("also called ")[2].partition("\n")[0].split(", ")


def test_a_feature(capsys: pytest.CaptureFixture[str]) -> None:
    keys = [r["key"] for r in page(capsys, "log-mel")["settings"]]
    assert "n_mels" in keys
    assert "n_mels" in text(capsys, "log-mel")


def test_a_feature_shows_its_presets(capsys: pytest.CaptureFixture[str]) -> None:
    assert page(capsys, "mfcc")["presets"]["kaldi"]["waveform"] == "int16"
    assert "presets" in text(capsys, "mfcc")
    assert "presets" not in text(capsys, "pitch")  # it has none


def test_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert "[architecture]" in page(capsys, "chen2018-emodb")["text"]
    assert 'plugin = "acrnn"' in text(capsys, "chen2018-emodb")


def test_an_unknown_name_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["show", "acrm"]) == 2
    assert "did you mean 'acrnn'?" in capsys.readouterr().err


def test_a_kind_narrows(capsys: pytest.CaptureFixture[str]) -> None:
    assert page(capsys, "uar", "--kind", "metrics")["name"] == "uar"
    assert invoke(["show", "uar", "--kind", "dataset"]) == 2
    assert "no dataset named 'uar'" in capsys.readouterr().err


SHARED = """
from serkit.host import DatasetSpec, MetricSpec, ProtocolSpec, hookimpl

@hookimpl
def serkit_metrics():
    return [MetricSpec(name="both", summary="A score.", target="json:dumps")]

@hookimpl
def serkit_datasets():
    split = ProtocolSpec(name="p", version=1, summary="s", splitter="json:dumps")
    return [DatasetSpec(name="both", summary="A corpus.", target="nowhere:Corpus", labels={"sad": 3}, speakers=1,
                        protocols=(split,), default_protocol="p")]
"""


def test_a_name_of_two_kinds_shows_both_and_a_broken_target_last(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, distribution: Any
) -> None:
    host = Host(distribution("both", {"both": "both_hooks"}, {"both_hooks": SHARED}))
    monkeypatch.setattr("serkit.host.get_host", lambda: host)
    assert invoke(["show", "both"]) == 1
    out, err = capsys.readouterr()
    assert "both (dataset): A corpus." in out
    assert "both (metric): A score." in out
    assert "3 utterances, 1 speakers" in out
    assert err.startswith("Error: The dataset 'both' of plugin 'both' (distribution both 1.0) cannot be used")
    assert invoke(["show", "both", "--json"]) == 2
    assert "choose one with --kind" in capsys.readouterr().err
    assert invoke(["show", "both", "--kind", "metric", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"] == "A score."


@dataclass(frozen=True)
class Inner:
    rate: Annotated[float, Gt(0), Lt(1)] = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    mode: Literal["a", "b"] = "a"
    sizes: tuple[Annotated[int, Ge(2)], ...] = (2, 3)
    inner: Inner = field(default_factory=Inner)
    maybe: int | None = None


def test_settings_become_rows() -> None:
    found = {r.pop("key"): r for r in rows(Outer)}
    assert found == {
        "name": {"type": "str", "value": None, "default": None, "allowed": ""},
        "mode": {"type": "str", "value": "a", "default": "a", "allowed": "a | b"},
        "sizes": {"type": "list of int", "value": [2, 3], "default": [2, 3], "allowed": "each >= 2"},
        "inner.rate": {"type": "float", "value": 0.5, "default": 0.5, "allowed": "> 0 and < 1"},
        "maybe": {"type": "int or none", "value": None, "default": None, "allowed": ""},
    }


def test_values_stand_beside_defaults() -> None:
    found = {r["key"]: r for r in rows(Outer, {"mode": "b", "inner": {"rate": 0.25}})}
    assert (found["mode"]["value"], found["mode"]["default"]) == ("b", "a")
    assert (found["inner.rate"]["value"], found["inner.rate"]["default"]) == (0.25, 0.5)


def test_a_pool_of_corpora(capsys: pytest.CaptureFixture[str]) -> None:
    content = page(capsys, "ravdess+emodb")
    assert (content["name"], content["kind"], content["speakers"]) == ("emodb+ravdess", "dataset", 10 + 24)
    assert content["labels"]["neutral"] == 79 + 96
    assert "boredom" not in content["labels"]
    assert content["protocols"][0]["name"] == content["default_protocol"] == "cross_corpus"
    assert "cross_corpus@1 (default)" in text(capsys, "emodb+ravdess", "--kind", "dataset")
    assert "as the manifest says" in text(capsys, "emodb+csv")
    assert invoke(["show", "emodb+ravdes"]) == 2
    assert "did you mean 'ravdess'" in capsys.readouterr().err


def test_a_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["show", "speaker_text_open"]) == 0
    text = capsys.readouterr().out
    assert "speaker_text_open (protocol" in text
    assert "speaker, text (development: speaker)" in text
    assert invoke(["show", "loso_next@1", "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert {o["dataset"] for o in page["offers"] if o["default"]} >= {"emodb", "ravdess", "csv"}
    assert {o["name"] for o in page["offers"]} == {"loso_next"}
    assert invoke(["show", "emobox"]) == 0  # the reader of manifests has the name, so it is the one that is meant
    assert "emobox (dataset)" in capsys.readouterr().out


def test_an_unknown_name_is_one_short_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    # it was followed by the names of all fifty plugins, and protocols were not among them
    assert invoke(["show", "speaker_txt_open"]) == 2
    assert "did you mean 'speaker_text_open'?" in capsys.readouterr().err
    assert invoke(["show", "zzz"]) == 2
    assert capsys.readouterr().err == (
        "Error: There is no plugin or protocol named 'zzz'; `serkit list` shows what there is.\n"
    )
