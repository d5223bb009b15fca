"""The report of a realistic run folder: right numbers, all escaped, nothing from outside, the same bytes again."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serkit.errors import RunFolderError
from serkit.host import get_host
from serkit.run.evaluation import evaluate
from serkit.run.plugins import load_metrics
from serkit.run.predictions import Predictions
from serkit.run.report import facts as f
from serkit.run.report import terminal_summary, write_report
from serkit.run.report.tables import group_tables
from serkit.run.report.text import escape
from serkit.run.scoring.published import compare_published
from serkit.types import Published

EMODB = ("angry", "boredom", "disgust", "fear", "happy", "sad", "neutral")
SPEAKERS = ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")


def fake_run(
    folder: Path,
    *,
    labels: tuple[str, ...] = EMODB,
    folds: tuple[str, ...] = SPEAKERS,
    seeds: int = 2,
    protocol: str = "emodb/loso_next@1",
    one_class: bool = False,
    **changes: Any,
) -> Path:
    """A run folder as ``serkit run`` leaves it, with predictions that are right about seven times in ten."""
    results = {}
    for seed in range(seeds):
        for i, fold in enumerate(folds):
            rng = np.random.default_rng([seed, i])
            n = 35 + int(rng.integers(36))
            truth = np.random.default_rng([99, i]).permutation(np.arange(n) % len(labels))
            posteriors = (
                rng.dirichlet(np.full(len(labels), 0.6), n) + rng.uniform(0.2, 0.8) * np.eye(len(labels))[truth]
            )
            posteriors /= posteriors.sum(1, keepdims=True)
            if one_class and (seed, i) == (0, 1):
                posteriors[:] = np.eye(len(labels))[2]
            p = Predictions(
                ids=tuple(f"{fold}/{k:03d}" for k in range(n)),
                split=tuple("test" if k % 3 else "dev" for k in range(n)),
                speaker=(fold,) * n,
                truth=truth,
                predicted=posteriors.argmax(1),
                posteriors=posteriors,
                labels=labels,
            )
            at = folder / "folds" / f"{seed}-{fold}"
            at.mkdir(parents=True)
            p.write(at / "predictions.csv")
            results[seed, fold] = p
            epochs = 18 + int(rng.integers(20))
            lines = ["epoch,step,lr,train_loss,dev_uar,dev_war,seconds"]
            for e in range(1, epochs + 1):
                loss = 0.1 + 1.85 * math.exp(-e / 8) + 0.04 * rng.normal() ** 2
                dev = "" if e == 1 else repr(0.72 - 0.55 * math.exp(-e / 6) + 0.03 * rng.normal())
                lines.append(f"{e},{12 * e},0.0005,{loss!r},{dev},{dev},2.5")
            (at / "history.csv").write_text("\n".join(lines) + "\n")
    metrics = load_metrics(get_host(), pytest.fail)
    speakers = {i: fold for (_, fold), p in results.items() for i in p.ids}
    groups = {"sex": {i: "fm"[folds.index(x) % 2] for i, x in speakers.items()}, "speaker": speakers}
    scores = evaluate(results, labels=labels, metrics=metrics, resamples=500, groups=groups)
    published = Published(source="Chen 2018, table 3", protocol="emodb/chen4@1", preset="paper", uar=0.8282)
    whole: dict[str, Any] = {
        "schema": 1,
        "complete": True,
        "dataset": "emodb",
        "plugin": "acrnn",
        "preset": "small",
        "protocol": protocol,
        "protocol_hash": "9f2c" * 16,
        "information": "inductive",
        "training_speakers": [8],
        "test_evaluations": {"recipe": 1, "protocol": 7},
        **scores,
        "dev": {"best": 0.741, "last": 0.702},
        "cost": {
            "parameters": 258532,
            "trainable": 258500,
            "multiply_adds": 119912448,
            "not_counted": ["aten::_fft_r2c"],
            "latency_ms": 19.3775,
            "real_time_factor": 0.006459,
            "repetitions": 10,
            "device": "cpu",
            "threads": 1,
            "seconds_of_audio": 3.0,
        },
        "published": compare_published(
            published,
            protocol=protocol,
            complete=True,
            uar=scores["uar"],
            war=scores["war"],
        ),
    }
    whole.update(changes)
    (folder / "metrics.json").write_text(json.dumps(whole, allow_nan=False))
    split = {
        "full_name": protocol,
        "hash": "9f2c" * 16,
        "labels": labels,
        "folds": [{"name": x} for x in SPEAKERS],
        "audit": {
            "lines": ["No speaker is in training and test.", "All 10 sentences of the test folds are in training."]
        },
    }
    (folder / "protocol.json").write_text(json.dumps(split))
    plugins = [{"kind": "architecture", "name": "acrnn", "distribution": "serkit", "version": "0.1.0"}]
    environment = {
        "serkit": "0.1.0",
        "python": "3.11.9",
        "torch": "2.13.0",
        "isa": "avx2",
        "device": "cpu",
        "threads": 2,
    }
    (folder / "environment.json").write_text(json.dumps(environment | {"plugins": plugins, "seconds": 1030.4}))
    (folder / "recipe.toml").write_text('schema = 1\n\n[run]\nplugin = "acrnn"\npreset = "small"\nseeds = 2\n')
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = fake_run(tmp_path_factory.mktemp("run"))
    write_report(folder)
    return folder


class Page(HTMLParser):
    """Visible text, tags, what the page would load, and whether every element is closed in order."""

    VOID = ("meta", "img", "source")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [v or "" for k, v in attrs if k in ("src", "srcset", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_report_is_written_and_nothing_else(run: Path) -> None:
    assert sorted(p.name for p in (run / "plots").iterdir()) == [
        f"{x}.png" for x in ("calibration", "confusion", "folds", "roc", "training")
    ]
    given = {"environment.json", "folds", "metrics.json", "protocol.json", "recipe.toml"}
    assert {p.name for p in run.iterdir()} == given | {"plots", "report.html", "report.md"}


def test_both_pages_show_the_numbers_of_metrics_json(run: Path) -> None:
    m = json.loads((run / "metrics.json").read_text())
    uar = m["uar"]
    low, high = uar["interval95"]
    wanted = [
        f"{100 * uar['pooled']:.1f} %",
        f"95 % interval {100 * low:.1f} to {100 * high:.1f} % over {m['bootstrap']['speakers']} speakers",
        f"{100 * uar['mean']:.1f} % ± {100 * uar['std_folds']:.1f} points",
        "pooled over 10 folds and 2 seeds",
        "1 time",  # how often the ledger saw this recipe, and the protocol
        "7 times",
        "82.8 %",
        "measured under emodb/chen4@1, this run under emodb/loso_next@1",
        "best epoch 74.1 %, last epoch 70.2 %",
        "17 min 10 s",
        "258,532, of them 258,500 trained",
        "119,912,448",
        "aten::_fft_r2c",
        "19.4 ms from samples to posteriors, 0.0065 of real time (median of 10; cpu, 1 thread)",
        "All 10 sentences of the test folds are in training.",
        *(f"{100 * x:.1f} %" for x in uar["per_fold"].values()),
        *(f"{100 * x:.1f} %" for x in m["per_class_recall"].values()),
        *(f"{100 * x['auc']:.1f} %" for x in m["roc"]["classes"].values()),
        *(f"{100 * x['pooled']:.1f} %" for x in m["metrics"].values()),
        *(x["definition"] for x in m["metrics"].values()),
        *(f"{100 * g[name]:.1f} %" for g in m["groups"]["sex"].values() for name in ("uar", "war")),
        f"UAR by sex: {100 * abs(m['groups']['sex']['f']['uar'] - m['groups']['sex']['m']['uar']):.1f} points between",
        "UAR by speaker: at most",
    ]
    markdown = re.sub(r"\\(.)", r"\1", (run / "report.md").read_text())
    html = Page((run / "report.html").read_text()).text
    for text in wanted:
        assert text in markdown, text
        assert text in html, text
    cells = [str(x) for row in m["confusion"]["matrix"] for x in row]
    assert re.findall(r"<small>(\d+)</small>", (run / "report.html").read_text()) == cells


def test_the_page_is_well_formed_and_loads_nothing_from_outside(run: Path) -> None:
    page = Page((run / "report.html").read_text())
    assert page.open == []
    assert "script" not in page.tags
    assert len(page.loads) == 8  # four pictures, light and dark; the confusion matrix is a table
    assert all(x.startswith("data:image/png;base64,") for x in page.loads)


def test_the_same_files_give_the_same_bytes(run: Path) -> None:
    names = ["report.md", "report.html", *(f"plots/{p.name}" for p in (run / "plots").iterdir())]
    assert len(names) == 7
    before = [(run / n).read_bytes() for n in names]
    write_report(run)
    assert [(run / n).read_bytes() for n in names] == before


def test_names_are_shown_as_they_are_and_never_run(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>|*x*"
    fake_run(tmp_path, labels=(bad, "$a$b", "悲しい"), folds=("a&b", "$f$"), seeds=1, plugin=bad, one_class=True)
    (tmp_path / "recipe.toml").write_text(f'note = "{bad}``` "\n')
    write_report(tmp_path)
    page = Page((tmp_path / "report.html").read_text())
    assert "script" not in page.tags
    assert page.open == []
    assert page.text.count(bad) >= 4  # title, class table, confusion matrix (twice), recipe
    assert "悲しい" in page.text
    assert "a&b" in page.text
    markdown = (tmp_path / "report.md").read_text()
    assert "<script>" not in markdown.split("````toml")[0].replace("\\<", "")
    assert escape(bad) in markdown


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"complete": False, "incomplete": ["2 of the 10 folds were run", "3 recordings of emodb are missing here"]},
            "The run is incomplete: 2 of the 10 folds were run; 3 recordings of emodb are missing here.",
        ),
        ({"collapsed": [{"seed": 1, "fold": "08"}]}, "Fold 08 of seed 1 collapsed"),
        ({"information": "speaker-unlabelled"}, "more than the utterance at hand (speaker-unlabelled)"),
    ],
)
def test_what_a_reader_must_mind_is_said_in_words(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    fake_run(tmp_path, folds=("03", "08"), seeds=1, **changes)
    write_report(tmp_path)
    assert says in Page((tmp_path / "report.html").read_text()).text
    assert escape(says) in (tmp_path / "report.md").read_text()


def test_a_clean_run_has_no_warning(tmp_path: Path) -> None:
    fake_run(tmp_path, folds=("03", "08"), seeds=1, protocol="emodb/chen4@1")
    write_report(tmp_path)
    html = (tmp_path / "report.html").read_text()
    assert 'class="mind"' not in html
    assert "Comparable : the same protocol" in Page(html).text.replace("Comparable:", "Comparable :")
    assert "Mind" not in (tmp_path / "report.md").read_text()


def test_metrics_json_alone_is_enough(tmp_path: Path) -> None:
    metrics = json.loads((fake_run(tmp_path / "whole", folds=("03",), seeds=1) / "metrics.json").read_text())
    for key in (
        "dev",
        "published",
        "preset",
        "support",
        "training_speakers",
        "metrics",
        "roc",
        "calibration",
        "groups",
    ):
        del metrics[key]
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "metrics.json").write_text(json.dumps(metrics))
    write_report(bare)
    assert sorted(p.name for p in (bare / "plots").iterdir()) == ["confusion.png", "folds.png"]
    assert "no interval: one speaker is no sample of speakers" in Page((bare / "report.html").read_text()).text


def test_undefined_values_are_called_undefined(tmp_path: Path) -> None:
    fake_run(tmp_path, labels=(*EMODB[:2], "calm"), folds=("03", "08"), seeds=1)
    path = tmp_path / "metrics.json"
    metrics = json.loads(path.read_text())
    metrics["per_class_recall"]["calm"] = metrics["groups"]["sex"]["f"]["uar"] = None
    metrics["roc"]["classes"]["calm"] = {"auc": None, "tpr": None}
    metrics["confusion"]["matrix"][2] = [0, 0, 0]
    metrics["uar"]["per_fold"]["08"] = metrics["uar"]["mean"] = metrics["uar"]["std_folds"] = None
    path.write_text(json.dumps(metrics))
    write_report(tmp_path)
    text = Page((tmp_path / "report.html").read_text()).text
    assert text.count("undefined") >= 5
    assert "UAR by sex: undefined in all groups but one." in text
    assert re.search(r"\bnan\b", text, re.IGNORECASE) is None


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("metrics.json", lambda p: p.unlink()),
        ("metrics.json", lambda p: p.write_text("{")),
        ("metrics.json", lambda p: p.write_text("[]")),
        ("protocol.json", lambda p: p.write_text("{")),
        ("folds/0-03/history.csv", lambda p: p.write_text("epoch,train_loss\n1,x\n")),
        ("folds/0-03/history.csv", lambda p: p.write_text("epoch,train_loss\n1\n")),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, damage: Callable[[Path], object]) -> None:
    fake_run(tmp_path, folds=("03",), seeds=1)
    damage(tmp_path / name)
    with pytest.raises(RunFolderError, match=re.escape(str(tmp_path / name))):
        write_report(tmp_path)


def test_the_terminal_shows_headline_folds_and_comparison(run: Path) -> None:
    from rich.console import Console

    m = json.loads((run / "metrics.json").read_text())
    m["plugin"] = "[red]acrnn[/]"
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(terminal_summary(m))
    text = console.export_text()
    assert "[red]acrnn[/]" in text
    assert f.headline(m) in text
    for fold, value in m["uar"]["per_fold"].items():
        assert re.search(rf"^\s*{fold} .*{100 * value:.1f} %", text, re.MULTILINE), fold
    assert "Not comparable: it was measured under emodb/chen4@1" in text
    for label, recall in m["per_class_recall"].items():
        assert re.search(rf"^\s*{label} .*{100 * recall:.1f} %", text, re.MULTILINE), label
    words = " ".join(text.split())
    assert "UAR by sex: " in words
    for name in ("uar", "war"):
        assert f"{name.upper()}: {m[name]['definition']}" in words


def test_folds_that_collapsed_are_marked_wherever_folds_are_shown(tmp_path: Path) -> None:
    from rich.console import Console

    fake_run(tmp_path, folds=("03", "08"), seeds=2, one_class=True)
    write_report(tmp_path)
    m = json.loads((tmp_path / "metrics.json").read_text())
    assert m["collapsed"] == [{"seed": 0, "fold": "08"}]
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(terminal_summary(m))
    for page in (
        console.export_text(),
        (tmp_path / "report.md").read_text(),
        Page((tmp_path / "report.html").read_text()).text,
    ):
        assert "Fold 08 of seed 0 collapsed: every test utterance was given the same class." in page
        assert "08 (collapsed in 1 of 2 seeds)" in page


def test_many_collapsed_folds_are_one_warning() -> None:
    m = {"collapsed": [{"seed": s, "fold": f} for s in range(5) for f in "ab"], "n_seeds": 5}
    (warning,) = f.warnings(m)
    assert warning.startswith("Fold a of seed 0, fold b of seed 0, ")
    assert " and 4 more collapsed:" in warning
    assert f.collapses(m) == {"a": "collapsed", "b": "collapsed"}


def test_groups_that_differ_for_another_reason_say_so() -> None:
    def words(**groups: dict[str, Any]) -> str:
        (table,) = group_tables({"groups": {"sex": groups}})
        return table.words

    f = {"n": 9, "speakers": 2, "classes": ["sad", "fear"], "uar": 0.75}
    m = {"n": 9, "speakers": 1, "classes": ["sad", "fear"], "uar": 0.5}
    assert words(f=f, m=m) == ("UAR by sex: 25.0 points between f (75.0 %) and m (50.0 %), which are 2 and 1 speaker.")
    assert words(f=f, m=m, unknown=m | {"uar": 0.1}) == words(f=f, m=m)
    assert words(f=f, m=m | {"classes": ["sad", "calm"]}).endswith(
        "some groups lack classes that others have, so their tasks differ."
    )
    # a model that says one class has one recall everywhere; said was "0.0 points between f and f"
    assert words(f=f, m=f) == "UAR by sex: 75.0 % in each of 2 groups."
    assert words(f=f | {"uar": None}, m=m | {"uar": None}) == "UAR by sex: undefined in all groups."


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (1030.4, "17 min 10 s"), (11100, "3 h 05 min")]
)
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert f.duration(seconds) == words


def test_what_is_half_way_between_tenths_prints_alike_however_it_was_summed() -> None:
    recalls = [8 / 12, 6 / 12, 11 / 12, 8 / 12]  # the first run of a new user printed 68.7 % beside 68.8 %
    assert sum(recalls) / 4 < 33 / 48
    assert f.percent(sum(recalls) / 4) == f.percent(33 / 48) == "68.8 %"
    assert f.points(-0.0125) == "\N{MINUS SIGN}1.2 points"
    assert (f.count(1, "batch", "batches"), f.count(12, "batch", "batches")) == ("1 batch", "12 batches")


def test_a_search_that_ends_at_the_edge_of_its_list_is_told() -> None:
    def search(*chosen: Any, values: tuple[Any, ...] = (0.1, 1.0, 10.0)) -> str:
        rows = [{"values": {"architecture.c": v}, "dev_uar": 0.5, "chosen": 0} for v in values]
        folds = {f"0-{k}": {"values": {"architecture.c": v}, "dev_uar": 0.5} for k, v in enumerate(chosen)}
        return f.search_words({"n_seeds": 1, "search": {"candidates": rows, "folds": folds}})

    assert "1: c 10 (50.0 %)" in search(10.0, 10.0)
    assert "chose architecture.c at an end" in search(10.0, 10.0)
    assert "chose architecture.c at an end" in search(0.1)
    assert "at an end" not in search(10.0, 0.1)
    assert "at an end" not in search(1.0, 10.0)
    assert "at an end" not in search(10.0, values=(1.0, 10.0))  # of two values each is an end
    assert "at an end" not in search("b", values=("a", "b", "c"))
