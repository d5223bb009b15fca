"""SAVEE: two layouts, the longest code first, exact counts."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path, PurePath

import pytest

from serkit.data.protocols import make_protocol
from serkit.host.specs import DatasetSpec
from serkit.testing.trees.savee import write
from serkit_plugins.datasets.hooks import serkit_datasets
from serkit_plugins.datasets.savee import Savee

SPEC: DatasetSpec = next(s for s in serkit_datasets() if s.name == "savee")


def test_the_whole_corpus_has_the_published_counts(tmp_path: Path) -> None:
    corpus = Savee().load(write(tmp_path, whole=True))
    assert (len(corpus.utterances), corpus.complete, corpus.notes) == (480, True, ())
    assert Counter(u.label for u in corpus.utterances) == SPEC.labels
    assert set(Counter((u.speaker, u.label == "neutral") for u in corpus.utterances).values()) == {30, 90}
    u = corpus.by_id()["JK_su15"]
    assert (u.label, u.speaker, u.sex, u.text, u.language, u.extra) == (
        "surprise", "JK", "m", None, "en", {"number": "15"},
    )  # fmt: skip
    # written down once; a change of it makes every earlier result incomparable and needs a new protocol version
    assert make_protocol(corpus, SPEC.protocols[0]).hash == (
        "1366561294fd093c0bc7c1526e42b4e988d402af8ec0180c4d525c4b1b7f49da"
    )
    folds = {p.name: make_protocol(corpus, p).folds for p in SPEC.protocols}
    assert {name: len(f) for name, f in folds.items()} == {
        "loso_next": 4, "emobox": 4, "random_5fold": 5, "all_data": 1,
    }  # fmt: skip
    assert [len(f.test) for f in folds["emobox"]] == [120] * 4


def test_the_flat_re_pack_gives_the_same_ids_and_hash(tmp_path: Path) -> None:
    official = Savee().load(write(tmp_path / "official"))
    for path in sorted((tmp_path / "official").rglob("*.wav")):
        (tmp_path / "flat").mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "flat" / f"{path.parent.name}_{path.name}")
    flat = Savee().load(tmp_path / "flat")
    assert [u.id for u in flat.utterances] == [u.id for u in official.utterances]
    assert len({make_protocol(c, SPEC.protocols[0]).hash for c in (official, flat)}) == 1
    assert Savee().load(tmp_path / "official" / "AudioData").utterances == official.utterances


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path, whole=True)
    shutil.rmtree(tmp_path / "AudioData" / "KL")
    (tmp_path / "AudioData" / "DC" / "n30.wav").unlink()
    corpus = Savee().load(tmp_path)
    assert (corpus.complete, len(corpus.missing)) == (False, 121)
    assert corpus.notes == (
        "1 of the 4 speakers of SAVEE is missing: KL.",
        "1 of the 360 recordings of the 3 speakers that are there are missing: DC_n30.",
    )


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("AudioData/DC/a01.wav", "DC_a01"),
        ("AudioData/DC/sa01.wav", "DC_sa01"),
        ("savee/jk/su15.WAV", "JK_su15"),
        ("KL_n30.wav", "KL_n30"),
        ("DC/KL_n30.wav", "KL_n30"),
        ("a01.wav", None),
        ("DC/a16.wav", None),
        ("DC/n31.wav", None),
        ("DC/a00.wav", None),
        ("DC/x01.wav", None),
        ("DC/a001.wav", None),
    ],
)
def test_identify_reads_a_path_alone(path: str, id: str | None) -> None:
    found = Savee().identify(PurePath(path))
    assert (found.id if found else None) == id
