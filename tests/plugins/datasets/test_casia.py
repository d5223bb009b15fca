"""CASIA: speaker, emotion and number wherever a copy has them; the same ids, hash and counts for every layout."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path, PurePath

import pytest

from serkit.data.audit import audit
from serkit.data.protocols import make_protocol
from serkit.errors import ConfigError, CorpusError
from serkit.host.specs import DatasetSpec
from serkit.testing.audio import write_noise
from serkit.testing.trees.casia import write
from serkit.types import Corpus
from serkit_plugins.datasets.casia import LABELS, SPEAKERS, Casia
from serkit_plugins.datasets.hooks import serkit_datasets

SPEC: DatasetSpec = next(s for s in serkit_datasets() if s.name == "casia")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("casia"), whole=True)


def same(one: Corpus, other: Corpus) -> bool:
    hashes = {make_protocol(c, SPEC.protocols[0]).hash for c in (one, other)}
    return len(hashes) == 1 and [u.id for u in one.utterances] == [u.id for u in other.utterances]


def test_the_whole_corpus_has_the_published_counts(whole: Path) -> None:
    corpus = Casia().load(whole)
    assert (len(corpus.utterances), corpus.complete, corpus.notes, corpus.subset) == (1200, True, (), "1200")
    assert Counter(u.label for u in corpus.utterances) == SPEC.labels
    assert set(Counter((u.speaker, u.label) for u in corpus.utterances).values()) == {50}
    assert Counter(u.sex for u in corpus.utterances) == {"f": 600, "m": 600}
    u = corpus.by_id()["zhaozuoxiang/sad/250"]
    assert (u.label, u.speaker, u.sex, u.text, u.language) == ("sad", "zhaozuoxiang", "m", "sentence 250", "zh")


def test_every_protocol_splits_it_and_a_number_is_a_text(whole: Path) -> None:
    corpus = Casia().load(whole)
    # written down once; a change of it makes every earlier result incomparable and needs a new protocol version
    assert make_protocol(corpus, SPEC.protocols[0]).hash == (
        "bd89b215e5ce15e792a78f0cc4b683d87580f238f330d97858b580b99005ec2d"
    )
    folds = {p.name: make_protocol(corpus, p).folds for p in SPEC.protocols}
    assert {name: len(f) for name, f in folds.items()} == {
        "loso_next": 4, "emobox": 4, "random_5fold": 5, "text_open": 5, "all_data": 1,
    }  # fmt: skip
    assert [len(f.test) for f in folds["emobox"]] == [300] * 4
    result = audit(corpus, make_protocol(corpus, SPEC.protocols[0]), {u.id: u.id for u in corpus.utterances})
    # every fold tests sentences that were trained on: the reason for text_open
    assert {(o.kind, o.n_test) for o in result.overlaps if o.between == "train+dev/test"} == {("text", 300)}


@pytest.mark.parametrize(
    "name",
    [
        "a/b/{speaker}/{emotion}/{number}.wav",
        "{emotion}/{speaker}/{number}.WAV",
        "{number}-{emotion}-{speaker}.wav",
        "data/{speaker}_{emotion}_{number}.wav",
        "{Speaker}/{Emotion}/{number}.wav",
        "{alias}/{normal}/{number}.wav",
        "angry/{speaker}/{emotion}_{number}.wav",
    ],
)
def test_every_layout_gives_the_same_ids_and_hash(tmp_path: Path, name: str) -> None:
    alias = {
        "liuchanhg": "Chang.Liu", "wangzhe": "Zhe.Wang", "zhaoquanyin": "Quanyin.Zhao", "zhaozuoxiang": "Zuoxiang.Zhao",
    }  # fmt: skip
    for path in sorted(write(tmp_path / "casia").rglob("*.wav")):
        speaker, emotion = path.parts[-3].lower(), path.parts[-2]
        below = name.format(
            speaker=speaker,
            emotion=emotion,
            number=path.stem,
            Speaker=speaker.upper(),
            Emotion=emotion.title(),
            alias=alias[speaker],
            normal="Normal" if emotion == "neutral" else emotion,
        )
        (tmp_path / "copy" / below).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "copy" / below)
    before, after = Casia().load(tmp_path / "casia"), Casia().load(tmp_path / "copy")
    assert same(before, after)
    assert before.notes == after.notes


def test_a_doubled_tree_counts_once_and_a_copy_that_differs_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    once = Casia().load(tmp_path)
    shutil.copytree(tmp_path, tmp_path / "CASIA")
    twice = Casia().load(tmp_path)
    assert same(once, twice)
    assert {len(u.path.relative_to(tmp_path).parts) for u in twice.utterances} == {3}
    assert twice.notes[-1].startswith("36 recordings of CASIA are there more than once with the same samples")
    other = write_noise(tmp_path / "CASIA" / "wangzhe" / "sad" / "201.wav", seed="another")
    with pytest.raises(CorpusError, match="recording wangzhe/sad/201, but their samples differ") as caught:
        Casia().load(tmp_path)
    assert str(other) in str(caught.value)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path, whole=True)
    shutil.rmtree(tmp_path / "wangzhe")
    for number in (203, 250):
        (tmp_path / "liuchanhg" / "fear" / f"{number}.wav").unlink()
    corpus = Casia().load(tmp_path)
    assert not corpus.complete
    assert corpus.notes == (
        "1 of the 4 speakers of CASIA is missing: wangzhe.",
        "2 of the 900 recordings of the 3 speakers that are there are missing: liuchanhg/fear/203, liuchanhg/fear/250.",
    )
    assert len(corpus.missing) == 302


def test_the_full_corpus_holds_the_1200_with_their_ids(tmp_path: Path) -> None:
    write(tmp_path, whole=True, subset="full")
    full = Casia(subset="full").load(tmp_path)
    assert (len(full.utterances), full.complete, full.notes, full.subset) == (9600, True, (), "full")
    assert Counter(u.text is None for u in full.utterances) == {False: 7200, True: 2400}
    part = Casia().load(tmp_path)
    assert (part.complete, part.subset) == (True, "1200")
    assert part.notes == (
        "8400 recordings of CASIA beyond its 1,200 (numbers 201 to 250) were left out (dataset option subset = "
        '"full" takes all).',
    )
    expected = {f"{s}/{e}/{n}" for s in SPEAKERS for e in LABELS for n in range(201, 251)}
    assert {u.id for u in part.utterances} == expected
    (tmp_path / "不同文本100" / "Zhe.Wang" / "normal" / "7.wav").unlink()
    short = Casia(subset="full").load(tmp_path)
    assert not short.complete
    assert short.notes == (
        "Utterances per class differ from the published corpus: neutral 1599 of 1600.",
        "Utterances per speaker differ from the published corpus: wangzhe 2399 of 2400.",
    )
    # one more of the other part makes up the sums, not the groups
    same_text = tmp_path / "相同文本300" / "wangzhe" / "neutral"
    write_noise(same_text / "301.wav")
    swapped = Casia(subset="full").load(tmp_path)
    assert not swapped.complete
    assert swapped.notes == (
        "2 groups of CASIA differ from the full corpus (e.g. wangzhe/neutral same text 301 of 300).",
    )


def test_numbers_that_do_not_circulate_need_the_option(tmp_path: Path) -> None:
    write(tmp_path, subset="full")
    with pytest.raises(CorpusError, match=r'has a number from 201 to 250 .*subset = "full"') as caught:
        Casia().load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    with pytest.raises(ConfigError, match="subset"):
        Casia(subset="9600")


_WRONG = ("latin-1", "cp437", "utf-8")


def _unpacked(codec: str) -> str:
    """What the folder's name becomes where an archive's GBK is taken for something else."""
    return "不同文本100".encode("gbk").decode(codec, "surrogateescape")


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("casia/wangzhe/angry/201.wav", "wangzhe/angry/201"),
        ("casia/相同文本300/zhaozuoxiang/normal/7.wav", "zhaozuoxiang/neutral/7"),
        ("casia/不同文本100/Zhe.Wang/sad/7.wav", "different-text/wangzhe/sad/7"),
        *((f"{_unpacked(codec)}/Zhe.Wang/sad/7.wav", "different-text/wangzhe/sad/7") for codec in _WRONG),
        ("201-sad-zhaoquanyin.wav", "zhaoquanyin/sad/201"),
        ("wangzhe_neutral_206.wav", "wangzhe/neutral/206"),
        ("wangzhe/angry/201 (1).wav", None),
        ("wangzhe/angry/take201.wav", None),
        ("wangzhe/sad_angry/201.wav", None),
        ("wangzhe/angry/0.wav", None),
        ("wangzhe/bored/201.wav", None),
        ("angry/201.wav", None),
        ("wangzhes/angry/201.wav", None),
        ("wav/03a01Fa.wav", None),
    ],
)
def test_identify_reads_a_path_alone(path: str, id: str | None) -> None:
    found = Casia().identify(PurePath(path))
    assert (found.id if found else None) == id
