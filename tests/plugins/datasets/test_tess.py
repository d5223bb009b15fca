"""TESS: file name before folder, its misnamed, doubled, resampled and unreadable files, exact counts."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path, PurePath

import pytest

from serkit.data import audio
from serkit.data.protocols import make_protocol
from serkit.host.specs import DatasetSpec
from serkit.testing.trees.tess import write
from serkit_plugins.datasets.hooks import serkit_datasets
from serkit_plugins.datasets.tess import Tess

SPEC: DatasetSpec = next(s for s in serkit_datasets() if s.name == "tess")


def test_the_whole_corpus_has_the_published_counts(tmp_path: Path) -> None:
    corpus = Tess().load(write(tmp_path, whole=True))
    assert (len(corpus.utterances), corpus.complete, corpus.notes) == (2800, True, ())
    assert Counter(u.label for u in corpus.utterances) == SPEC.labels
    assert set(Counter((u.speaker, u.label) for u in corpus.utterances).values()) == {200}
    u = corpus.by_id()["YAF_youth_ps"]
    assert (u.label, u.speaker, u.sex, u.text, u.language) == ("surprise", "YAF", "f", "Say the word youth.", "en")
    assert u.extra == {"word": "youth", "age": "26"}
    misnamed = corpus.by_id()["OAF_bite_neutral"]
    assert (misnamed.speaker, misnamed.path.name) == ("OAF", "OA_bite_neutral.wav")
    # written down once; a change of it makes every earlier result incomparable and needs a new protocol version
    assert make_protocol(corpus, SPEC.protocols[0]).hash == (
        "d076e818195a504c5abcb435bf441b72a7a03dd90613d82f35e223a3e901d847"
    )
    folds = {p.name: make_protocol(corpus, p).folds for p in SPEC.protocols}
    assert {name: len(f) for name, f in folds.items()} == {
        "loso": 2, "random_5fold": 5, "text_open": 5, "all_data": 1,
    }  # fmt: skip
    assert all(not f.dev and len(f.test) == 1400 for f in folds["loso"])


def test_a_flat_copy_and_other_folders_give_the_same_ids_and_hash(tmp_path: Path) -> None:
    folders = Tess().load(write(tmp_path / "folders"))
    (tmp_path / "flat").mkdir()
    for path in sorted((tmp_path / "folders").rglob("*.wav")):
        shutil.copy(path, tmp_path / "flat" / path.name)
        wrong = tmp_path / "misleading" / "YAF_pleasant_surprised"
        wrong.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, wrong / path.name)
        nameless = tmp_path / "nameless" / path.parent.name
        nameless.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, nameless / path.name.split("_", 1)[1])
    for layout in ("flat", "misleading", "nameless"):
        other = Tess().load(tmp_path / layout)
        assert [u.id for u in other.utterances] == [u.id for u in folders.utterances]
        assert len({make_protocol(c, SPEC.protocols[0]).hash for c in (folders, other)}) == 1


def test_the_doubled_re_pack_counts_once(tmp_path: Path) -> None:
    once = Tess().load(write(tmp_path / "TESS"))
    shutil.copytree(tmp_path / "TESS", tmp_path / "TESS" / "TESS Toronto emotional speech set data")
    twice = Tess().load(tmp_path / "TESS")
    assert twice.utterances == once.utterances
    assert twice.notes[-1].startswith("56 recordings of TESS are there more than once with the same samples")


def test_the_file_of_another_rate_is_read_like_the_others(tmp_path: Path) -> None:
    corpus = Tess().load(write(tmp_path))
    odd, plain = (corpus.by_id()[x].path for x in ("OAF_food_fear", "OAF_food_sad"))
    assert (audio.info(odd).sample_rate, audio.info(plain).sample_rate) == (96000, 24414)
    # 10 ms each, up to the rounding of 24,414 Hz to whole samples
    assert abs(len(audio.read(odd)) - len(audio.read(plain))) <= 1


def test_check_names_what_cannot_be_read_and_what_is_known_of_it(tmp_path: Path) -> None:
    corpus = Tess().load(write(tmp_path))
    assert Tess().check(tmp_path) == []
    known, plain = (corpus.by_id()[x].path for x in ("YAF_germ_angry", "YAF_germ_sad"))
    for path in (known, plain):
        path.write_bytes(path.read_bytes()[:-7])
    second, first = Tess().check(tmp_path)  # sorted by path
    assert first.startswith(f"{known} is truncated")
    assert first.endswith("(it is known to be damaged in some copies).")
    assert second.startswith(f"{plain} is truncated")
    assert "known" not in second


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path, whole=True)
    for name in ("OAF_neutral/OA_bite_neutral.wav", "YAF_Fear/YAF_youth_fear.wav"):
        (tmp_path / name).unlink()
    corpus = Tess().load(tmp_path)
    assert (corpus.complete, corpus.missing) == (False, ("OAF_bite_neutral", "YAF_youth_fear"))
    assert corpus.notes == ("2 of the 2800 recordings of TESS are missing: OAF_bite_neutral, YAF_youth_fear.",)


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("OAF_angry/OAF_back_angry.wav", "OAF_back_angry"),
        ("yaf_back_PS.WAV", "YAF_back_ps"),
        ("OA_bite_neutral.wav", "OAF_bite_neutral"),
        ("OAF_Pleasant_surprise/back_ps.wav", "OAF_back_ps"),
        ("YAF_sad/OAF_back_angry.wav", "OAF_back_angry"),
        ("back_ps.wav", None),
        ("OAFish/back_ps.wav", None),
        ("OAF_bakc_angry.wav", None),
        ("OAF_back_surprised.wav", None),
        ("OAF_back_angry_2.wav", None),
    ],
)
def test_identify_reads_a_path_alone(path: str, id: str | None) -> None:
    found = Tess().identify(PurePath(path))
    assert (found.id if found else None) == id
