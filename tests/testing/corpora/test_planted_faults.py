"""Datasets broken on purpose: each fault is caught by the checks that name it, and a correct dataset passes whole."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serkit.host import Host
from serkit.testing.audio import write_noise
from serkit.testing.conformance import Report, check_plugin, checks_of

HOOKS = """
from serkit.host import DatasetSpec, hookimpl
from serkit.host.protocols import ALL_DATA, LOSO_NEXT
from serkit.host.specs import ProtocolSpec

OWN = ProtocolSpec(name="own", version=1, summary="Halves.", splitter="tiny_code:halves")

@hookimpl
def serkit_datasets():
    return [DatasetSpec(name="tiny", summary="Four speakers, two words.", target="tiny_code:Tiny",
                        labels={"angry": 4, "happy": 8, "sad": 12}, speakers=4,
                        protocols=(LOSO_NEXT, OWN, ALL_DATA), default_protocol="loso_next")]
"""

CODE = """
import random
from pathlib import Path, PurePath

from serkit.data import audio
from serkit.data.corpus import build, missing_note
from serkit.data.recognise import wrong_folder
from serkit.types import Corpus, Fold, Utterance

CLASSES = ["angry", "happy", "sad"]

class Tiny:
    def load(self, root):
        table = root / "labels.txt"
        if not table.is_file():
            raise wrong_folder("Tiny", root, "labels.txt and the folder wav")
        known = dict(line.split() for line in table.read_text().splitlines())
        files = sorted(p for p in (root / "wav").iterdir() if p.stem in known and p.suffix == ".wav")
        missing = known.keys() - {p.stem for p in files}
        notes = [missing_note(missing, len(known))] if missing else []
        rows = [self.row(p.stem, p, known[p.stem]) for p in files]
        return build("tiny", root, rows, CLASSES, missing=missing, notes=notes)

    def row(self, name, path, label):
        return Utterance(id=name, path=path, label=label, speaker=name[:3])

    def identify(self, path):
        stem = PurePath(path).stem
        return self.row(stem, Path(path), "") if stem[:3] in ("ada", "ben", "eve", "max") else None

def halves(corpus):
    here = corpus.speakers
    parts = {s: tuple(u.id for u in corpus.utterances if u.speaker == s) for s in here}
    return [Fold(name="half", train=parts[here[0]] + parts[here[1]], dev=(), test=parts[here[2]] + parts[here[3]])]
"""

SPEAKERS = ("ada", "ben", "eve", "max")
WORDS = {"anger": "angry", "joy1": "happy", "joy2": "happy", "woe1": "sad", "woe2": "sad", "woe3": "sad"}
"""Part of the name of a recording to its label, which the name does not say."""


def write(root: Path) -> None:
    names = [f"{s}-{w}" for s in SPEAKERS for w in WORDS]
    for name in names:
        write_noise(root / "wav" / f"{name}.wav")
    lines = [f"{name} {WORDS[name[4:]]}" for name in names]
    (root / "labels.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


@pytest.fixture
def checked(distribution: Any) -> Callable[..., Report]:
    """``checked(*replacements, hooks=(), write=write, leave=())``: the report on the tiny dataset with these changes
    of its code and of its hooks, without the checks to ``leave`` out."""

    def run(
        *replacements: tuple[str, str], hooks: tuple[tuple[str, str], ...] = (), write: Any = write, leave: Any = ()
    ) -> Report:
        code, spec = CODE, HOOKS
        for old, new in replacements:
            assert old in code, old
            code = code.replace(old, new)
        for old, new in hooks:
            assert old in spec, old
            spec = spec.replace(old, new)
        for module in ("tiny_hooks", "tiny_code"):
            sys.modules.pop(module, None)
        host = Host(distribution("tiny", {"tiny": "tiny_hooks"}, {"tiny_hooks": spec, "tiny_code": code}))
        assert host.broken == ()
        names = [c.name for c in checks_of("dataset") if c.name not in leave]
        return check_plugin("tiny", data=write, host=host, only=names)

    return run


def failed(report: Report) -> dict[str, str]:
    """What each check that failed found."""
    return {r.check: r.what for r in report.results if r.status == "failed"}


def test_a_correct_dataset_passes_whole(checked: Callable[..., Report]) -> None:
    report = checked()
    assert failed(report) == {}
    assert {r.check: r.reason for r in report.results if r.status == "skipped"} == {
        "check_fetch": "it is not made on this machine",
        "check_label_names": "the paths of its recordings do not name its classes",
    }


def test_without_a_copy_only_what_needs_none_is_asked(checked: Callable[..., Report]) -> None:
    report = checked(write=None)
    assert failed(report) == {}
    assert {r.check for r in report.results if r.status == "passed"} == {
        "check_listing", "check_spec", "check_target", "check_splitters", "check_empty_folder", "check_missing_folder",
        "check_file_for_folder", "check_wrong_folder",
    }  # fmt: skip
    reasons = {r.reason for r in report.results if r.status == "skipped" and r.check != "check_fetch"}
    assert reasons == {"it needs the corpus; give a copy with --data, in pytest parametrize_with_checks(data=)"}


FILES = 'files = sorted(p for p in (root / "wav").iterdir() if p.stem in known and p.suffix == ".wav")'
REFUSAL = 'raise wrong_folder("Tiny", root, "labels.txt and the folder wav")'
NOTES = "missing=missing, notes=notes"
BUILT = f'return build("tiny", root, rows, CLASSES, {NOTES})'
ROWS = "rows = [self.row(p.stem, p, known[p.stem]) for p in files]"


@pytest.mark.parametrize(
    ("replacements", "found"),
    [
        pytest.param(
            [(BUILT, f'(root / "index.txt").write_text("kept")\n        {BUILT}')],
            {"check_folder_unchanged": "load() leaves index.txt written in the folder."},
            id="an index is kept in the user's folder",
        ),
        pytest.param(
            [(BUILT, f"random.seed(0)\n        {BUILT}")],
            {"check_deterministic": "load() moves the global generator of Python."},
            id="a seed is set for everyone",
        ),
        pytest.param(
            [(NOTES, "notes=()")],
            {"check_removed_recording": "returns 23 utterances where it returned 24, and neither notes nor missing"},
            id="missing files are dropped silently",
        ),
        pytest.param(
            [(ROWS, ROWS.replace("for p in files", "for p in files if not damaged(p)")),
             ("def halves", "def damaged(p):\n    from serkit.data.intact import problem\n    return problem(p)\n\n"
              "def halves")],
            {f"check_{what}_recording": "neither notes nor missing say so"
             for what in ("truncated", "empty", "garbled")},
            id="spoilt files are dropped silently",
        ),
        pytest.param(
            [("def row", "def check(self, root, progress):\n        return []\n\n    def row")],
            {f"check_{what}_recording": "check() does not name" for what in ("truncated", "empty", "garbled")},
            id="its own check finds nothing",
        ),
        pytest.param(
            [(ROWS, "rows = [self.row(p.stem, p, x) for p, x in zip(files, list(known.values()))]")],
            {"check_removed_recording": "the label of"},
            id="rows joined with files by place",
        ),
        pytest.param(
            [(ROWS, "labels = [known[p.stem] for p in files]\n        labels = labels[1:] + labels[:1]\n        "
              "rows = [self.row(p.stem, p, x) for p, x in zip(files, labels)]")],
            {"check_removed_recording": "the label of 'max-woe3' is 'happy' where it was 'angry'"},
            id="labels shifted by one row",
        ),
        pytest.param(
            [("known[p.stem])", "CLASSES[(CLASSES.index(known[p.stem]) + 1) % 3])")],
            {"check_counts": "There are 12 utterances of the class 'angry' where the spec declares 4."},
            id="labels shifted by one class",
        ),
        pytest.param(
            [("known[p.stem])", "known[p.stem].replace('sad', 'bored'))")],
            {"check_loads": "has the label 'bored', which is not one of angry, happy, sad"},
            id="a label outside the corpus's set",
        ),
        pytest.param(
            [("known[p.stem])", "known[p.stem].replace('sad', 'bored'))"), ("CLASSES, m", "[*CLASSES, 'bored'], m")],
            {"check_labels": "is not among the spec's (angry, happy, sad)",
             "check_counts": "0 utterances of the class",
             "check_folds": "has no utterance there"},
            id="a label outside the declared set",
        ),
        pytest.param(
            [("speaker=name[:3]", "speaker=''")],
            {"check_speakers": "24 of the 24 utterances have no speaker", "check_counts": "There are 0 speakers",
             "check_folds": "guarantees an unseen speaker"},
            id="speakers empty",
        ),
        pytest.param(
            [(ROWS, ROWS + "\n        rows.append(self.row('ada-copy', files[0], 'angry'))")],
            {"check_duplicates": "'ada-anger' and 'ada-copy' are of one file and overlap",
             "check_counts": "There are 5 utterances of the class 'angry'"},
            id="a file twice",
        ),
        pytest.param(
            [("id=name", "id=str(path.with_suffix(''))")],
            {"check_ids": "is no POSIX path below", "check_another_place": "24 utterances are gone",
             "check_links": "24 utterances are gone", "check_unrelated_files": "24 utterances are gone"},
            id="ids with the folder in them",
        ),
        pytest.param(
            [("sorted(p for", "list(p for"), (ROWS, ROWS + """
        from dataclasses import replace
        rows = [replace(u, id=str(k)) for k, u in enumerate(rows)]""")],
            {"check_listing_order": "With folders listed from the", "check_removed_recording": "utterances are"},
            id="numbered in the order of the listing",
        ),
        pytest.param(
            [("sorted(p for", "list(p for"), (BUILT, "from dataclasses import replace\n        "
              "corpus = build('tiny', root, rows, CLASSES, missing=missing, notes=notes)\n        "
              "return replace(corpus, utterances=tuple(rows))")],
            {"check_listing_order": "the order is another"},
            id="rows in the order of the listing",
        ),
        pytest.param(
            [(REFUSAL, "return Corpus(name='tiny', root=root, utterances=(), labels=())")],
            {f"check_{what}": "returns a corpus of 0 utterances"
             for what in ("empty_folder", "missing_folder", "file_for_folder", "wrong_folder")},
            id="a wrong folder gives an empty corpus",
        ),
        pytest.param(
            [("if not table.is_file():", "if False:")],
            {f"check_{what}": "raises " for what in ("empty_folder", "missing_folder", "file_for_folder",
                                                     "wrong_folder")},
            id="a wrong folder is no sentence",
        ),
        pytest.param(
            [(REFUSAL, "from serkit.errors import CorpusError\n            raise CorpusError('This is not Tiny.')")],
            {f"check_{what}": "does not name it" for what in ("empty_folder", "missing_folder", "file_for_folder",
                                                              "wrong_folder")},
            id="a refusal without the folder",
        ),
        pytest.param(
            [("Utterance(id=name,", "Utterance(id=name, end=50.0,")],
            {"check_times": "ends at 50.0 s, and ada-anger.wav lasts 0.050 s"},
            id="times in milliseconds",
        ),
        pytest.param(
            [("p.suffix == \".wav\"", "not p.is_symlink()")],
            {"check_links": "load() raises"},
            id="links are no files",
        ),
        pytest.param(
            [(" if p.stem in known and p.suffix == \".wav\")", ")"), ("known[p.stem]", "known.get(p.stem, 'sad')")],
            {"check_unrelated_files": "1 utterances are new"},
            id="every file is a recording",
        ),
        pytest.param(
            [("self.row(stem, Path(path), \"\")", "self.row(stem, Path(path), \"sad\")")],
            {"check_identify": "says label 'sad' where load() says 'angry'"},
            id="identify says something else",
        ),
        pytest.param(
            [("speaker=name[:3]", "speaker=None")],
            {"check_loads": "is None; text is expected"},
            id="a speaker who is None",
        ),
        pytest.param(
            [("label=label", "label=label, start=float('nan')")],
            {"check_loads": "ends at None s but starts at nan s"},
            id="a time that is no number",
        ),
        pytest.param(
            [("stem = PurePath(path).stem", "stem = Path(path).resolve(strict=True).stem")],
            {"check_identify": "raises FileNotFoundError"},
            id="identify opens the file",
        ),
        pytest.param(
            [("def row", "def check(self, root, progress):\n        raise OSError('no')\n\n    def row")],
            {f"check_{what}_recording": "check() does not name" for what in ("truncated", "empty", "garbled")},
            id="its own check fails",
        ),
        pytest.param(
            [("train=parts[here[0]] + parts[here[1]]", "train=parts[here[0]] + parts[here[1]] + parts[here[2]][:3]"),
             ("test=parts[here[2]] +", "test=parts[here[2]][3:] +")],
            {"check_guarantees": "in fold half the speaker 'eve' is in train or dev"},
            id="a speaker on both sides",
        ),
        pytest.param(
            [("here = corpus.speakers", "here = list(corpus.speakers)\n    random.shuffle(here)")],
            {"check_folds_repeat": "the train of 'half' differs"},
            id="a random split without a seed",
        ),
        pytest.param(
            [("dev=(), test=parts[here[2]]", "dev=parts[here[2]], test=parts[here[2]]")],
            {"check_folds": "an id may be in one part only"},
            id="an id in two parts",
        ),
        pytest.param(
            [('name="half"', 'name="ada"')],
            {"check_folds": "The fold 'ada' of tiny/own@1 tests 'eve-anger', which is of another speaker"},
            id="a fold named after another speaker",
        ),
    ],
)  # fmt: skip
def test_a_planted_fault_is_caught(
    checked: Callable[..., Report], replacements: list[tuple[str, str]], found: dict[str, str]
) -> None:
    report = checked(*replacements, leave=["check_processes"])
    said = failed(report)
    assert set(said) == set(found)
    for check, words in found.items():
        assert words in said[check]
    for result in report.results:
        if result.status == "failed":
            assert result.reproduce
            assert result.cause
            assert "could not end" not in result.what, result.what


@pytest.mark.parametrize(
    ("hooks", "check", "words"),
    [
        (('"sad": 12', '"sad": 10'), "check_counts", "12 utterances of the class 'sad' where the spec declares 10."),
        (("speakers=4", "speakers=5"), "check_counts", "4 speakers where the spec declares 5, and the corpus says"),
        (('"sad": 12', '"sad": 0'), "check_spec", "declares 0 utterances of the class 'sad'"),
        (('"happy": 8, "sad": 12', ""), "check_spec", "declares 1 classes where at least 2 are needed"),
        (("speakers=4", "speakers=0"), "check_spec", "its default protocol 'loso_next' guarantees unseen ones"),
        (("version=1", "version=0"), "check_spec", "'own', whose version 0"),
        (('summary="Halves."', 'summary="Halves.", guarantees=("speakers",)'), "check_spec", "'speakers' is none"),
        (("tiny_code:halves", "tiny_code:halfs"), "check_splitters", "splitter of the protocol 'own' cannot be used"),
        (('default_protocol="loso_next"', 'default_protocol="all_data"'), "check_spec", "which gives no score"),
        (("speakers=4,", "speakers=4, embedded=True,"), "check_target", "Tiny has no method fetch()"),
        (("tiny_code:Tiny", "tiny_code:Utterance"), "check_target", "cannot be made"),
    ],
)  # fmt: skip
def test_a_fault_of_the_spec_is_caught(
    checked: Callable[..., Report], hooks: tuple[str, str], check: str, words: str
) -> None:
    assert words in failed(checked(hooks=(hooks,), leave=["check_processes"]))[check]


def test_names_that_say_another_class(checked: Callable[..., Report]) -> None:
    """Counts that are equal do not show a shift; names of folders do."""

    def by_class(root: Path) -> None:
        for name, label in ((f"{s}-{w}", x) for s in SPEAKERS for w, x in WORDS.items()):
            write_noise(root / "wav" / label / f"{name}.wav")
        (root / "labels.txt").write_text("".join(f"{s}-{w} {x}\n" for s in SPEAKERS for w, x in WORDS.items()))

    deeper = ('(root / "wav").iterdir()', '(root / "wav").rglob("*")')
    shift = ("known[p.stem])", "CLASSES[(CLASSES.index(known[p.stem]) + 1) % 3])")
    leave = ["check_processes"]
    assert failed(checked(deeper, write=by_class, leave=leave)) == {}
    said = failed(checked(deeper, shift, write=by_class, leave=leave))
    assert "Of the 24 recordings whose paths name a class none has that label" in said["check_label_names"]


def test_equal_samples_under_two_names(checked: Callable[..., Report]) -> None:
    def with_copy(root: Path) -> None:
        write(root)
        (root / "wav" / "max-woe3.wav").write_bytes((root / "wav" / "ada-joy1.wav").read_bytes())

    said = failed(checked(write=with_copy, leave=["check_processes"]))
    assert set(said) == {"check_duplicates"}
    assert "'ada-joy1' and 'max-woe3' hold the same samples" in said["check_duplicates"]


def test_a_damaged_copy(checked: Callable[..., Report]) -> None:
    def with_damage(root: Path) -> None:
        write(root)
        (root / "wav" / "ben-joy1.wav").write_bytes(b"no audio")

    said = failed(checked(write=with_damage, leave=["check_processes"]))
    assert set(said) == {"check_audio"}
    assert "1 of the 24 recordings cannot be read" in said["check_audio"]
    assert "ben-joy1.wav" in said["check_audio"]


def test_a_loop_over_a_set_differs_between_processes(checked: Callable[..., Report]) -> None:
    over_a_set = ("here = corpus.speakers", "here = list(set(corpus.speakers))")
    by_hash = ("id=name", "id=f'{name}{hash(name)}'")
    assert "In another process the rows differ" in failed(checked(by_hash))["check_processes"]
    # of four names, the two seeds of the kit and this process's own, two orders differ
    assert "In another process the folds of the protocol 'own' differ" in failed(checked(over_a_set))["check_processes"]


FETCH = """def fetch(self, into, progress):
        from serkit.testing.audio import write_noise
        names = [s + "-" + w for s in SPEAKERS for w in WORDS]
        for x in names:
            write_noise(into / "wav" / (x + ".wav"), seed=x + str(SEED))
        (into / "labels.txt").write_text("".join(x + " " + WORDS[x[4:]] + chr(10) for x in names))

    def row""".replace("SPEAKERS", repr(SPEAKERS)).replace("WORDS", repr(WORDS))


def test_an_embedded_corpus_that_is_drawn_anew(checked: Callable[..., Report]) -> None:
    embedded = (("speakers=4,", "speakers=4, embedded=True,"),)
    fetch = ("def row", FETCH.replace("SEED", "0"))
    unseeded = ("def row", FETCH.replace("SEED", "random.random()"))
    given = {"hooks": embedded, "write": None, "leave": ["check_processes"]}
    assert failed(checked(fetch, **given)) == {}
    said = failed(checked(unseeded, **given))
    assert set(said) == {"check_fetch"}
    assert said["check_fetch"] == "The corpus was made twice, and wav/ada-anger.wav holds other samples."


def test_state_kept_from_one_load_to_the_next(checked: Callable[..., Report]) -> None:
    said = failed(checked((ROWS, f"{ROWS}\n        CLASSES.reverse()"), leave=["check_processes"]))
    assert "gives another table: the classes are" in said["check_deterministic"]
