"""What a run says of its protocol: a final model without a score, shared speakers, folds without development."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import serkit
from serkit.data.audit import audit
from serkit.data.corpus import build
from serkit.data.protocols import make_protocol
from serkit.errors import UnknownNameError
from serkit.host import ArchitectureSpec, get_host
from serkit.host.protocols import ALL_DATA, LOSO, RANDOM_5FOLD
from serkit.run import corpora
from serkit.run.events import Events
from serkit.run.ledger import ledger_path
from serkit.run.recipe import Request, resolve
from serkit.run.report import facts as f
from serkit.run.report import terminal_summary
from serkit.run.runner import _first_lines, execute, speaker_independent
from serkit.types import Fold, Utterance

TINY = (
    "architecture.convs=1",
    "architecture.maps=[2]",
    "architecture.linear=4",
    "architecture.lstm=2",
    "architecture.unit.frames=80",
    "training.patience=1",
    "training.batch=32",
)
FIGURE = {"published": {"source": "P", "protocol": "demo/all_data@1", "preset": "small", "uar": 0.9}}


class Notes(Events):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def go(out: Path, protocol: str, events: Events | None = None, **over: Any) -> dict[str, Any]:
    request = Request(plugin="acrnn", dataset="demo", protocol=protocol, sets=TINY, **over)
    resume = out.exists()
    return execute(resolve(request, get_host()), out=out, resume=resume, host=get_host(), events=events or Events())


def test_all_data_makes_a_model_and_no_score(tmp_path: Path) -> None:
    out, seen = tmp_path / "final", Notes()
    ledger = ledger_path().read_bytes() if ledger_path().exists() else b""
    metrics = go(out, "all_data", seen, epochs=2, recipe=FIGURE)
    assert (ledger_path().read_bytes() if ledger_path().exists() else b"") == ledger
    assert "test_evaluations" not in metrics
    assert (metrics["scored"], metrics["speaker_independent"], metrics["complete"]) == (False, None, True)
    for name in ("uar", "war"):
        assert {k for k, v in metrics[name].items() if v is not None} == {"interval_note", "per_fold"}
        assert metrics[name]["per_fold"] == {}
    assert all(metrics[k] is None for k in ("confusion", "per_class_recall", "support", "roc", "groups"))
    assert metrics["metrics"] == {}
    assert metrics["published"]["comparable"] is False
    assert metrics["published"]["reasons"] == ["this run has no score"]
    assert metrics["published"]["difference"] is None
    # patience cannot end a fold that has nothing to be patient about: every epoch is run and the last one kept
    assert metrics["dev"] == {"select": "last", "last": None, "best": None, "epochs": {"0-all": 2}}
    assert (out / "folds/0-all/predictions.csv").read_text().count("\n") == 1  # its header

    assert seen.notes[0].startswith("acrnn, preset 'small'")
    assert [n for n in seen.notes if "no development part" in n] == [seen.notes[1]]
    assert not [n for n in seen.notes if n.startswith("speaker:")]  # nothing is tested, so nothing can leak

    words = "no score: demo/all_data@1 makes a final model and tests nothing"
    assert words in (out / "report.md").read_text().replace("\\", "")
    assert words in (out / "report.html").read_text()
    for page in ("report.md", "report.html"):
        assert "undefined" not in (out / page).read_text()
    assert drawn(metrics).splitlines()[1].strip() == words

    wav = next(Path(os.environ["SERKIT_CACHE"]).rglob("*.wav"))
    (one,) = serkit.load(out).predict([wav])
    assert (one.models, one.trained_on) == (1, 1)
    assert one.label in serkit.load(out).protocol["labels"]
    assert {**go(out, "all_data", epochs=2, recipe=FIGURE)} == metrics


def test_speakers_on_both_sides_are_said_first(tmp_path: Path) -> None:
    out, seen = tmp_path / "mixed", Notes()
    metrics = go(out, "random_5fold", seen, epochs=1, folds=[1])
    assert (metrics["scored"], metrics["speaker_independent"]) == (True, False)
    assert seen.notes[1].startswith("The protocol has no development part")
    warning = "Speaker-dependent: speakers of the test part are also in training or development"
    assert any(w.startswith(warning) for w in f.warnings(metrics))
    assert warning in " ".join(drawn(metrics).split())
    assert warning in (out / "report.md").read_text()
    assert warning in (out / "report.html").read_text()


def test_unseen_speakers_bring_no_warning(tmp_path: Path) -> None:
    metrics = go(tmp_path / "open", "loso_next", epochs=1, folds=[0])
    assert metrics["speaker_independent"] is True
    assert not [w for w in f.warnings(metrics) if "peaker" in w]


def test_what_the_audit_cannot_know_is_null() -> None:
    rows = [
        Utterance(id=f"{s}{n}{x}", path=Path("/c/x"), label=x, speaker=s) for s in "ab" for n in range(40) for x in "ef"
    ]
    named = build("toy", "/c", rows, ["e", "f"])
    nameless = build("toy", "/c", [replace(u, speaker="") for u in rows], ["e", "f"])
    half = build("toy", "/c", [replace(u, speaker=u.speaker.strip("b")) for u in rows], ["e", "f"])
    expected = [(named, LOSO, True), (named, RANDOM_5FOLD, False), (named, ALL_DATA, None)]
    expected += [(nameless, RANDOM_5FOLD, None), (half, RANDOM_5FOLD, False)]
    for corpus, spec, answer in expected:
        protocol = make_protocol(corpus, spec)
        assert speaker_independent(audit(corpus, protocol, {}), corpus, protocol) is answer, (corpus, spec.name)
    assert "not known whether test speakers" in f.warnings({"speaker_independent": None})[0]


def test_a_protocol_that_is_not_offered_names_those_that_are() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'loso.*There is all_data@1, loso@1, loso_next@1, random"):
        resolve(Request(plugin="acrnn", dataset="demo", protocol="loso_partner"), get_host())


def drawn(metrics: dict[str, Any]) -> str:
    from rich.console import Console

    console = Console(width=200)
    with console.capture() as captured:
        console.print(terminal_summary(metrics))
    return captured.get()


@pytest.mark.parametrize(("plugin", "said"), [("acrnn", True), ("he-svm", False)])
def test_epochs_without_development_are_not_spoken_of_where_there_are_none(plugin: str, said: bool) -> None:
    # an SVM was said to run every epoch
    sets = ["architecture.c=1.0"] if plugin == "he-svm" else TINY  # a search would ask for development speakers
    recipe = resolve(Request(plugin=plugin, dataset="demo", protocol="loso", device="cpu", sets=sets), get_host())
    fold = Fold(name="f01", train=("a", "b"), dev=(), test=("c",))
    seen, host = Notes(), get_host()
    dataset = corpora.spec_of(recipe.corpus, host)
    architecture = host.get("architecture", plugin).spec
    assert isinstance(architecture, ArchitectureSpec)
    _first_lines(replace(recipe, run=replace(recipe.run, precision="fp32")), architecture, dataset, [fold], host, seen)
    assert [n for n in seen.notes if "every epoch is run" in n] == seen.notes[1:] * said
