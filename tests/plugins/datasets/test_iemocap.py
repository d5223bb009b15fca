"""IEMOCAP: the published counts, layouts, options, what an utterance says, and that nothing goes missing unseen."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from serkit.data.audit import audit
from serkit.data.protocols import make_protocol
from serkit.host.specs import DatasetSpec
from serkit.testing.trees import iemocap
from serkit.types import Corpus
from serkit_plugins.datasets.hooks import serkit_datasets
from serkit_plugins.datasets.iemocap import names
from serkit_plugins.datasets.iemocap.loader import Iemocap

SPEC: DatasetSpec = next(s for s in serkit_datasets() if s.name == "iemocap")
SESSIONS = ("Ses01", "Ses02", "Ses03", "Ses04", "Ses05")

# Published tables: neutral, happy, excited, sad, angry of each session.
IMPROVISED = [(223, 33, 99, 104, 62), (217, 54, 137, 100, 22), (198, 60, 89, 190, 90), (174, 31, 164, 81, 84),
              (287, 106, 174, 133, 31)]  # fmt: skip
ALL = [(384, 135, 143, 194, 229), (362, 117, 210, 197, 137), (320, 135, 151, 305, 240), (258, 65, 238, 143, 327),
       (384, 143, 299, 245, 170)]  # fmt: skip


def load(root: Path, **options: Any) -> Corpus:
    return Iemocap(**options).load(root)


@pytest.mark.parametrize(
    ("options", "subset", "count"),
    [
        ({}, "improvised", 2280),
        ({"merge_excited": True}, "improvised+excited", 2943),
        ({"scenario": "all"}, "all", 4490),
        ({"scenario": "all", "merge_excited": True}, "all+excited", 5531),
        ({"scenario": "scripted", "merge_excited": True}, "scripted+excited", 2588),
        ({"scenario": "all", "classes": "all"}, "all/all", 7532),
        ({"scenario": "improvised", "classes": "all"}, "improvised/all", 3984),
        # the four classes and 971 frustrated, 60 surprised, 8 fearful; and the same of all: 1849, 107, 40
        ({"merge_excited": True, "classes": "seven"}, "improvised+excited/seven", 2943 + 1039),
        ({"scenario": "all", "merge_excited": True, "classes": "seven"}, "all+excited/seven", 5531 + 1996),
    ],
)
def test_every_usual_subset_has_its_published_size(
    whole_iemocap: Path, options: dict[str, Any], subset: str, count: int
) -> None:
    corpus = load(whole_iemocap, **options)
    assert (len(corpus.utterances), corpus.subset, corpus.complete) == (count, subset, True)
    # the one note of a whole copy says what the choice of classes leaves out
    assert len(corpus.notes) == 1
    assert corpus.notes[0].startswith(f"{count} of ")


def test_what_is_left_out_is_always_said(whole_iemocap: Path) -> None:
    assert load(whole_iemocap).notes == (
        "2280 of 4784 rated turns are of the classes asked for; left out are 971 frustrated, 663 excited, 60 surprise, "
        "8 fear, 1 disgust, 1 other, 800 on which the raters did not agree.",
    )
    everything = load(whole_iemocap, scenario="all", classes="all")
    assert everything.notes == (
        "7532 of 10039 rated turns are of the classes asked for; left out are 2507 on which the raters did not agree.",
    )
    assert Counter(u.label for u in everything.utterances) == {
        "angry": 1103, "excited": 1041, "frustrated": 1849, "happy": 595, "sad": 1084, "neutral": 1708,
        "surprise": 107, "fear": 40, "disgust": 2, "other": 3,
    }  # fmt: skip


@pytest.mark.parametrize(("scenario", "table"), [("improvised", IMPROVISED), ("all", ALL)])
def test_the_session_tables(whole_iemocap: Path, scenario: str, table: list[tuple[int, ...]]) -> None:
    corpus = load(whole_iemocap, scenario=scenario, merge_excited=True)
    found = Counter((u.session, u.extra["consensus"]) for u in corpus.utterances)
    codes = ("neu", "hap", "exc", "sad", "ang")
    assert [tuple(found[s, c] for c in codes) for s in SESSIONS] == table
    assert Counter(u.label for u in corpus.utterances)["happy"] == sum(hap + exc for _, hap, exc, _, _ in table)


def test_the_speaker_is_the_letter_of_the_last_token(whole_iemocap: Path) -> None:
    improvised = Counter(u.speaker for u in load(whole_iemocap, merge_excited=True).utterances)
    scripted = Counter(u.speaker for u in load(whole_iemocap, scenario="scripted", merge_excited=True).utterances)
    speakers = [s + x for s in SESSIONS for x in "FM"]
    assert [improvised[s] for s in speakers] == [271, 250, 273, 257, 305, 322, 268, 266, 366, 365]
    assert [scripted[s] for s in speakers] == [257, 307, 208, 285, 217, 307, 260, 237, 224, 286]
    # both actors speak in the dialogues of either side, so the letter after Ses0n would give other counts
    sides = Counter(u.id[:6] for u in load(whole_iemocap, merge_excited=True).utterances)
    assert sides != improvised


def test_the_published_dialogues() -> None:
    every = names.dialogues(names.SCENARIOS)
    assert (len(every), len(names.dialogues(["improvised"])), len(names.dialogues(["scripted"]))) == (151, 80, 71)
    odd = {"Ses03M_impro05a", "Ses03M_impro05b", "Ses03M_impro08a", "Ses03M_impro08b", "Ses05M_script01_1b"}
    assert {x for x in every if x[-1] in "ab"} == odd
    assert {"Ses05M_script01_1", "Ses01F_impro07", "Ses02M_impro08"} <= set(every)
    assert {"Ses01F_impro08", "Ses03M_impro05", "Ses03M_impro08"}.isdisjoint(every)


def test_an_utterance_says_all_that_the_corpus_says(tmp_path: Path) -> None:
    folder = tmp_path / "Session1"
    (folder / "dialog/EmoEvaluation").mkdir(parents=True)
    (folder / "dialog/transcriptions").mkdir()
    (folder / "sentences/wav/Ses01F_impro01").mkdir(parents=True)
    (folder / "sentences/wav/Ses01F_impro01/Ses01F_impro01_M003.wav").touch()
    (folder / "dialog/EmoEvaluation/Ses01F_impro01.txt").write_text(
        "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
        "[7.5000 - 9.2500]\tSes01F_impro01_M003\texc\t[4.0000, 3.5000, 3.0000]\n"
        "C-E2:\tHappiness; Excited;\t()\nC-E3:\tNeutral state;\t(laughs a bit)\nC-M1:\tBored stiff;\t()\n"
        "A-E3:\tval 4; act 3; dom  3;\t()\nA-M1:\tval 5; act  ; dom 2.5;\t(val 1)\n"
    )
    words = "Ses01F_impro01_M003 [007.5000-009.2500]: [LAUGHTER] So  long. [BREATHING]\nM: Hm.\n"
    (folder / "dialog/transcriptions/Ses01F_impro01.txt").write_text(words)
    (u,) = load(tmp_path, merge_excited=True).utterances
    assert (u.id, u.label, u.speaker, u.sex, u.session, u.scenario, u.language, u.text) == (
        "Ses01F_impro01_M003", "happy", "Ses01M", "m", "Ses01", "improvised", "en", "[LAUGHTER] So long. [BREATHING]",
    )  # fmt: skip
    assert (u.start, u.end, u.path.name) == (0.0, None, "Ses01F_impro01_M003.wav")
    assert u.extra == {
        "dialogue": "Ses01F_impro01",
        "consensus": "exc",
        "valence": "4.0",
        "activation": "3.5",
        "dominance": "3.0",
        "turn_start": "7.5",
        "turn_end": "9.25",
        "votes": "E2:happy+excited E3:neutral M1:bored_stiff",
        "ratings": "E3:4,3,3 M1:5,-,2.5",
    }
    assert u.votes == {"happy": 1.0, "neutral": 1.0}  # E2 ticked happy and excited, which are one; M1 is the actor
    (u,) = load(tmp_path, classes="all", events=False).utterances
    assert (u.label, u.text) == ("excited", "So long.")
    assert u.votes == {"happy": 0.5, "excited": 0.5, "neutral": 1.0}


def test_the_files_of_the_tree_have_the_quirks_of_the_release(tmp_path: Path) -> None:
    iemocap.write(tmp_path)
    labels = [p.read_bytes() for p in tmp_path.rglob("EmoEvaluation/*.txt")]
    assert any(b"\r\n" in x for x in labels)
    assert any(not x.endswith(b"\n") for x in labels)
    assert any(b"; Other;\t" in x for x in labels)
    assert any(b"\t(a comment)" in x for x in labels)
    words = [p.read_bytes() for p in tmp_path.rglob("transcriptions/*.txt")]
    assert any(b"\nM: Caf\xe9?" in x for x in words)
    assert any(b"_FXX0 [" in x for x in words)
    assert list(tmp_path.rglob("._*.txt"))
    assert list(tmp_path.rglob("._*.wav"))
    assert [p.name for p in tmp_path.rglob("Ses05M_script01_1b*.txt")]
    corpus = load(tmp_path, scenario="all")
    assert Counter(u.label for u in corpus.utterances) == dict.fromkeys(("angry", "happy", "neutral", "sad"), 40)
    assert all(u.text for u in corpus.utterances)
    assert not [n for n in corpus.notes if "lines of" in n or "not named" in n or "no label" in n]


def bare(release: Path, into: Path, flat: bool) -> None:
    """A copy of what the loader needs and nothing else; ``flat`` without the folders of the sessions."""
    for session in release.iterdir():
        for part in ("sentences/wav", "dialog/EmoEvaluation", "dialog/transcriptions"):
            shutil.copytree(session / part, into / ("" if flat else session.name) / part, dirs_exist_ok=True)


@pytest.mark.parametrize("layout", ["release", "above", "bare", "flat", "Übung mit Leerzeichen"])
def test_every_layout_gives_the_same_ids_and_hash(tmp_path: Path, layout: str) -> None:
    iemocap.write(tmp_path / "first")
    release = tmp_path / "first" / "IEMOCAP_full_release"
    expected = load(release)
    root = {"release": release, "above": release.parent}.get(layout, tmp_path / layout)
    if not root.exists():
        bare(release, root, flat=layout == "flat")
    corpus = load(root)
    assert [u.id for u in corpus.utterances] == [u.id for u in expected.utterances]
    assert corpus.notes == expected.notes
    hashes = {make_protocol(c, SPEC.protocols[0]).hash for c in (corpus, expected)}
    assert len(hashes) == 1


def test_protocols_and_who_is_in_them(whole_iemocap: Path) -> None:
    assert [p.name for p in SPEC.protocols] == [
        "loso_partner", "session_swap", "loso_session", "loso_next", "emobox", "random_5fold", "all_data"
    ]  # fmt: skip
    assert SPEC.default_protocol == "loso_partner"
    corpus = load(whole_iemocap)
    assert Counter(u.label for u in corpus.utterances) == SPEC.labels
    made = {p.name: make_protocol(corpus, p) for p in SPEC.protocols}
    speaker = {u.id: u.speaker for u in corpus.utterances}
    last = made["loso_partner"].folds[-1]
    assert ({speaker[i] for i in last.test}, {speaker[i] for i in last.dev}) == ({"Ses05M"}, {"Ses05F"})
    assert {speaker[i] for i in last.train} == {s + x for s in SESSIONS[:4] for x in "FM"}
    assert (len(last.test), len(last.dev), len(last.train)) == (259, 298, 1723)
    assert len(made["loso_partner"].folds) == len(made["session_swap"].folds) == len(made["loso_next"].folds) == 10
    assert len(made["loso_session"].folds) == 5
    emobox = next(p for p in SPEC.protocols if p.name == "emobox")
    whole = make_protocol(load(whole_iemocap, scenario="all", merge_excited=True), emobox)
    assert [len(f.test) for f in whole.folds] == [1085, 1023, 1151, 1031, 1241]


def test_scripts_are_repeated_and_improvisations_are_not(tmp_path: Path) -> None:
    iemocap.write(tmp_path)
    for scenario, shared in (("improvised", set()), ("scripted", {"text"})):
        corpus = load(tmp_path, scenario=scenario)
        found = audit(corpus, make_protocol(corpus, SPEC.protocols[0]))  # the noise of no two turns is the same
        # both actors of a session are in its dialogues, and one of them is for development
        assert {o.kind for o in found.overlaps} == {"session"} | shared


@pytest.mark.parametrize(
    "path",
    [
        PurePosixPath("Session1/sentences/wav/Ses01F_impro04/Ses01F_impro04_M011.wav"),
        PureWindowsPath(r"C:\IEMOCAP\Session1\sentences\wav\Ses01F_impro04\Ses01F_impro04_M011.wav"),
        PurePosixPath(r"wav\Ses01F_impro04\Ses01F_impro04_M011.WAV"),
        PurePosixPath("Ses01F_impro04_M011"),
        PurePosixPath("iemocap-Ses01F_impro04_M011"),
    ],
)
def test_a_path_or_key_says_who_speaks(path: PurePosixPath | PureWindowsPath) -> None:
    u = Iemocap().identify(path)
    assert u is not None
    assert (u.id, u.speaker, u.sex, u.session, u.scenario, u.label) == (
        "Ses01F_impro04_M011", "Ses01M", "m", "Ses01", "improvised", "",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["03a01Fa.wav", "Ses06F_impro04_M011.wav", "Ses01F_impro04.wav", "Ses01F_impro04_M1"])
def test_other_names_are_not_of_this_corpus(name: str) -> None:
    assert Iemocap().identify(PurePosixPath(name)) is None
