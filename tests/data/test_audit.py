"""The leakage audit finds planted overlaps of every kind, on both borders, and stays quiet without them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from serkit.data.audit import audit, from_dict, hash_audio, measure
from serkit.data.corpus import build, texts
from serkit.data.progress import SilentProgress
from serkit.errors import AudioError, LeakageError
from serkit.types import Corpus, Fold, Guarantee, Protocol, Utterance

PARTS = {"t1": "train", "t2": "train", "d1": "dev", "e1": "test", "e2": "test"}


def corpus() -> Corpus:
    rows = [
        Utterance(
            id=i, path=Path(f"/c/{i}.wav"), label="sad", speaker=PARTS[i], text=f"words {i}", session=f"session {i}"
        )
        for i in PARTS
    ]
    return build("toy", "/c", rows, ["sad"])


def change(c: Corpus, **values: dict[str, str]) -> Corpus:
    return replace(c, utterances=tuple(replace(u, **values.get(u.id, {})) for u in c.utterances))


def protocol(*guarantees: Guarantee) -> Protocol:
    fold = Fold(name="f", train=("t1", "t2"), dev=("d1",), test=("e1", "e2"))
    return Protocol(
        corpus="toy",
        name="p",
        version=1,
        folds=(fold,),
        labels=("sad",),
        hash="0",
        guarantees=guarantees,
        dev_guarantees=guarantees,
    )


HASHES = {i: f"hash {i}" for i in PARTS}

# kind, and how to make the later id share it with the earlier one
PLANTS: list[tuple[Guarantee, Callable[[str, str], tuple[Corpus, dict[str, str]]]]] = [
    ("speaker", lambda a, b: (change(corpus(), **{b: {"speaker": PARTS[a]}}), HASHES)),
    ("text", lambda a, b: (change(corpus(), **{b: {"text": f"words {a}"}}), HASHES)),
    ("session", lambda a, b: (change(corpus(), **{b: {"session": f"session {a}"}}), HASHES)),
    ("audio", lambda a, b: (corpus(), HASHES | {b: HASHES[a]})),
]


@pytest.mark.parametrize(("kind", "plant"), PLANTS, ids=[k for k, _ in PLANTS])
@pytest.mark.parametrize(("early", "late"), [("t2", "e1"), ("d1", "e1"), ("t2", "d1")])
def test_a_planted_overlap_fails_a_guarantee_and_is_reported_without_one(
    kind: Guarantee, plant: Callable[[str, str], tuple[Corpus, dict[str, str]]], early: str, late: str
) -> None:
    c, hashes = plant(early, late)
    with pytest.raises(LeakageError, match="in fold f") as caught:
        audit(c, protocol(kind), hashes)
    text = str(caught.value)
    assert kind in text or (kind == "audio" and "recording" in text)
    assert f"e.g. {early}" in text or kind == "speaker"  # a speaker has several utterances to name
    assert f"e.g. {late}" in text
    found = audit(c, protocol(), hashes).overlaps
    between = "train/dev" if late == "d1" else "train+dev/test"
    assert (kind, between) in {(o.kind, o.between) for o in found}
    assert {o.kind for o in found} == {kind}


def test_train_and_dev_may_share_what_only_the_test_part_is_kept_from() -> None:
    c = change(corpus(), d1={"speaker": "train"})
    found = audit(c, replace(protocol("speaker"), dev_guarantees=()), HASHES)
    assert [(o.kind, o.between) for o in found.overlaps] == [("speaker", "train/dev")]
    with pytest.raises(LeakageError, match="in train or dev"):
        audit(change(c, e1={"speaker": "train"}), replace(protocol("speaker"), dev_guarantees=()), HASHES)


def test_nothing_shared_passes_every_guarantee() -> None:
    result = audit(corpus(), protocol("speaker", "text", "session", "audio"), HASHES)
    assert result.overlaps == ()
    assert len(result.lines()) == 4
    assert all("nothing shared" in line and "(guaranteed)" in line for line in result.lines())


def test_lines_and_dict_name_what_is_shared_and_what_is_unknown() -> None:
    c = change(corpus(), e1={"text": "words t1"})
    c = replace(c, utterances=tuple(replace(u, session=None) for u in c.utterances))
    result = audit(c, protocol("speaker"), HASHES)
    lines = result.lines()
    assert any(line.startswith("Shared texts: ") and "words t1" in line for line in lines)
    assert any(
        line.startswith("text: test shares texts with train or dev in 1 of 1 fold (1 in all, 50%") for line in lines
    )
    assert "session: the corpus does not say, so nothing could be measured." in lines
    content = json.loads(json.dumps(result.to_dict()))
    assert content["kinds"]["speaker"] == {
        "guaranteed": True, "guaranteed_dev": True, "known": True, "overlaps": []
    }  # fmt: skip
    assert from_dict(content) == result
    assert content["kinds"]["text"]["overlaps"] == [
        {
            "fold": "f", "between": "train+dev/test", "values": ["words t1"], "example": ["t1", "e1"],
            "utterances": 1, "of": 2,
        }
    ]  # fmt: skip


def test_texts_are_compared_as_words() -> None:
    """Two transcripts of one sentence were unseen texts where one had a capital letter or a second space."""
    c = change(corpus(), t1={"text": "Das wär's"}, e1={"text": "das  wa\u0308r's"})
    assert measure(c, protocol(), {}).overlaps[0].values == ("Das wär's",)
    assert texts(c)["e1"] == texts(c)["t1"] == "Das wär's"


def test_what_is_known_of_some_is_not_said_of_all() -> None:
    """One row with a speaker among many was enough for "nothing shared by train, dev and test"."""
    c = change(corpus(), **{u.id: {"speaker": "", "text": ""} for u in corpus().utterances if u.id != "e1"})
    result = audit(c, protocol(), HASHES)
    (line,) = [line for line in result.lines() if line.startswith("speaker")]
    share = 100 // len(c.utterances)
    assert line == f"speaker: nothing shared by train, dev and test in 1 fold, known of {share}% of the utterances."
    assert result.folds[0].unknown == {"speaker": len(PARTS) - 1, "text": len(PARTS) - 1, "session": 0, "audio": 0}
    assert from_dict(json.loads(json.dumps(result.to_dict()))) == result


class Counting(SilentProgress):
    def __init__(self) -> None:
        self.total = self.done = 0

    def start(self, total: int, description: str) -> None:
        self.total = total

    def advance(self, n: int = 1) -> None:
        self.done += n


def on_disk(folder: Path) -> Corpus:
    rng = np.random.default_rng(0)
    for i in PARTS:
        sf.write(folder / f"{i}.wav", rng.uniform(-0.5, 0.5, 400), 16000, subtype="PCM_16")
    c = corpus()
    return replace(c, utterances=tuple(replace(u, path=folder / f"{u.id}.wav") for u in c.utterances))


def test_duplicate_audio_is_found_across_containers_and_progress_is_told(tmp_path: Path) -> None:
    c = on_disk(tmp_path)
    assert audit(c, protocol("audio")).overlaps == ()
    samples = sf.read(tmp_path / "t1.wav", dtype="int16")[0]
    sf.write(tmp_path / "e1.flac", samples, 16000, subtype="PCM_16")
    c = replace(c, utterances=tuple(replace(u, path=tmp_path / "e1.flac") if u.id == "e1" else u for u in c.utterances))
    progress = Counting()
    with pytest.raises(
        LeakageError, match=r"the same recording is in train or dev \(e.g. t1\) and in test \(e.g. e1\)"
    ):
        audit(c, protocol("audio"), progress=progress)
    assert (progress.total, progress.done) == (5, 5)


def test_parts_of_one_file_differ_and_equal_parts_do_not(tmp_path: Path) -> None:
    c = on_disk(tmp_path)
    times = {"t1": (0.0, 0.01), "t2": (0.01, 0.02), "e1": (0.0, 0.01)}
    rows = [
        replace(u, path=tmp_path / "t1.wav", start=times[u.id][0], end=times[u.id][1]) if u.id in times else u
        for u in c.utterances
    ]
    hashes = hash_audio(replace(c, utterances=tuple(rows)))
    assert hashes["t1"] == hashes["e1"]
    assert hashes["t1"] != hashes["t2"]


def test_an_unreadable_file_ends_the_hashing_with_its_name(tmp_path: Path) -> None:
    c = on_disk(tmp_path)
    (tmp_path / "d1.wav").write_bytes(b"")
    with pytest.raises(AudioError, match=r"d1\.wav is an empty file"):
        hash_audio(c)


def test_folds_are_counted_part_by_part_and_every_broken_guarantee_is_kept() -> None:
    c = change(corpus(), e1={"text": "words t1", "speaker": "train"}, d1={"session": "session t2"}, t2={"text": ""})
    found = measure(c, protocol("speaker", "session"), {})
    (fold,) = found.folds
    assert fold.utterances == {"train": 2, "dev": 1, "test": 2}
    assert fold.distinct["speaker"] == {"train": 1, "dev": 1, "test": 2}
    assert fold.distinct["text"] == {"train": 1, "dev": 1, "test": 2}
    assert fold.seen == {"speaker": 1, "text": 1, "session": 0, "audio": 0}
    assert fold.dev_seen == {"speaker": 0, "text": 0, "session": 1, "audio": 0}
    assert [(o.kind, o.between) for o in found.broken] == [("speaker", "train+dev/test"), ("session", "train/dev")]
    assert "audio: recordings were not read, so nothing could be measured." in found.lines()
