"""The protocols of shipped corpora on all of their published names: hashes that must never move, EmoBox's folds."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path, PurePath

import pytest

from serkit.data.corpus import build
from serkit.data.protocols import make_protocol
from serkit.errors import ProtocolError
from serkit.host import DatasetSpec, get_host
from serkit.types import Corpus, Protocol
from serkit_plugins.datasets.emobox_emodb import listed

FOLDER = Path(__file__).parents[3] / "plugins" / "serkit_plugins" / "datasets"


def names(dataset: str) -> list[str]:
    """Paths of all recordings of a corpus."""
    if dataset == "emodb":
        return [line.split()[0] for line in (FOLDER / "emodb_535.txt").read_text().splitlines() if line[0] != "#"]
    if dataset == "casia":
        speakers = ("liuchanhg", "wangzhe", "zhaoquanyin", "ZhaoZuoxiang")
        return [
            f"{s}/{e}/{n}"
            for s, e, n in product(speakers, ("angry", "fear", "happy", "neutral", "sad", "surprise"), range(201, 251))
        ]
    if dataset == "savee":
        of = {"sa": 15, "su": 15, "a": 15, "d": 15, "f": 15, "h": 15, "n": 30}
        return [f"{s}/{e}{n:02}" for s in ("DC", "JE", "JK", "KL") for e in of for n in range(1, of[e] + 1)]
    codes = product(range(1, 9), (1, 2), (1, 2), (1, 2), range(1, 25))  # ravdess
    return [f"03-01-{e:02}-{i:02}-{s:02}-{r:02}-{a:02}" for e, i, s, r, a in codes if not (e == 1 and i == 2)]


def spec_of(dataset: str) -> DatasetSpec:
    spec = get_host().get("dataset", dataset).spec
    assert isinstance(spec, DatasetSpec)
    return spec


def corpus(dataset: str, keep: str = "") -> Corpus:
    """The table of a corpus from its names alone; ``keep`` limits it to names with this text in them."""
    loader = get_host().load("dataset", dataset)()
    rows = [loader.identify(PurePath(f"{name}.wav")) for name in names(dataset) if keep in name]
    return build(dataset, Path("/c"), [u for u in rows if u], sorted(spec_of(dataset).labels))


def protocols(dataset: str) -> dict[str, Protocol]:
    table = corpus(dataset)
    return {spec.name: make_protocol(table, spec) for spec in spec_of(dataset).protocols}


def test_the_hashes_of_emodb_stay() -> None:
    """A change of one makes every earlier result incomparable, and needs a new version of that protocol."""
    assert {name: p.hash for name, p in protocols("emodb").items()} == {
        "loso_next": "f6a3dbd99f3a5b4de791bf4e64ef50d8acce660c155ea24d408a58c7f959d053",
        "loso": "ae7a41fbaec7205068b421a688776457b2fd56f95950d9bf5c4ade6e1f121812",
        "chen4": "5261b1feb37ba8b81b599175e6172c57949f9ac0925595e7ffa3e5f815ba5f77",
        "random_5fold": "4afac71b82d128946c954ee353bbb375492219b296bd6ae8bb4653250c77de05",
        "emobox": "5cbd079d63a724d7d6fada4d4d7491aa32d29c962b22012bb13d8fafdcc737c4",
        "text_open": "c0f65ac0ac86fef9d550a2383c090039b753ea1fc91f3bf8430a519f023dcce7",
        "speaker_text_open": "3a8f1fcc707658233f65aff09d8b9bce32c9e900fd936ddb3bc2d29e0023ff92",
        "all_data": "95dbbb873cb09430e411d3d52f821820307c7bc741f5813cd8714dd0abab88de",
    }


@pytest.mark.parametrize("dataset", ["casia", "savee", "ravdess"])
def test_every_protocol_of_a_whole_corpus_can_be_made(dataset: str) -> None:
    made = protocols(dataset)
    assert spec_of(dataset).default_protocol in made
    for p in made.values():
        tested = Counter(x for f in p.folds for x in f.test)
        assert set(tested.values()) <= {1}
        assert len(tested) == (len(names(dataset)) if p.scored else 0)


EMOBOX = {
    "ravdess": (
        240, ["01 11 20 21", "04 10 12 14", "08 09 19 23", "03 05 07 24", "02 15 16 18", "06 13 17 22"],
    ),
    "casia": (300, ["wangzhe", "zhaozuoxiang", "liuchanhg", "zhaoquanyin"]),
    "savee": (120, ["JE", "KL", "DC", "JK"]),
}  # fmt: skip
"""Utterances a fold, and the speakers that EmoBox's folds 1 and on test (Ma et al. 2024, its published lists)."""


@pytest.mark.parametrize("dataset", EMOBOX)
def test_emobox_tests_the_published_speakers(dataset: str) -> None:
    size, groups = EMOBOX[dataset]
    speaker = {u.id: u.speaker for u in corpus(dataset).utterances}
    emobox = protocols(dataset)["emobox"]
    found = {f.name: " ".join(sorted({speaker[x] for x in f.test})).lower() for f in emobox.folds}
    assert found == {f"fold{k}": group.lower() for k, group in enumerate(groups, start=1)}
    assert {len(f.test) for f in emobox.folds} == {size}
    rest = size * (len(groups) - 1)
    # a fifth of each class, whose rounding adds up to less than one utterance a class
    assert all(abs(len(f.dev) - rest / 5) < len(emobox.labels) for f in emobox.folds)
    assert (emobox.guarantees, emobox.dev_guarantees) == (("speaker",), ())


def test_a_partial_copy_leaves_out_the_emobox_folds_of_which_nobody_is_there() -> None:
    spec = next(p for p in spec_of("ravdess").protocols if p.name == "emobox")
    loader = get_host().load("dataset", "ravdess")()
    here = [x for x in names("ravdess") if x.endswith(("-01", "-03", "-05"))]
    rows = [loader.identify(PurePath(f"{x}.wav")) for x in here]
    folds = make_protocol(build("ravdess", Path("/c"), rows, sorted(spec_of("ravdess").labels)), spec).folds
    assert [(f.name, len(f.test)) for f in folds] == [("fold1", 60), ("fold4", 120)]


def test_emobox_lists_each_of_the_535_of_emodb_once() -> None:
    folds = listed()
    assert set(folds) == set(names("emodb"))
    assert Counter(folds.values()) == {f"fold{k}": 107 for k in range(1, 6)}
    # all ten speakers are in each test part, so the folds cannot show how new speakers are recognised
    assert {(f, x[:2]) for x, f in folds.items()} == set(product(set(folds.values()), {x[:2] for x in folds}))
    # the first and the last line of some of the published lists
    ends = ("03a02Wb", "fold1"), ("16b10Td", "fold1"), ("03a07Wc", "fold2"), ("16a05Tb", "fold3"), ("03b01Wc", "fold4")
    for name, fold in (*ends, ("16a07Td", "fold5")):
        assert folds[name] == fold
    assert protocols("emodb")["emobox"].guarantees == ()
    spec = next(p for p in spec_of("emodb").protocols if p.name == "emobox")
    assert spec.summary.startswith("Speaker-dependent")


def test_emobox_refuses_recordings_of_emodb_that_it_does_not_list() -> None:
    table = corpus("emodb")
    stranger = get_host().load("dataset", "emodb")().identify(PurePath("03a01Fh.wav"))
    spec = next(p for p in spec_of("emodb").protocols if p.name == "emobox")
    with pytest.raises(ProtocolError, match=r"lists 535 files of emodb, and 1 .*\(03a01Fh\)"):
        make_protocol(build("emodb", "/c", [*table.utterances, stranger], table.labels), spec)


def test_text_open_leaves_out_two_sentences_of_emodb_a_fold() -> None:
    table = corpus("emodb").by_id()
    folds = protocols("emodb")["text_open"].folds
    # by hand: 62 60 55 52 52 files are dealt first, then 52 51 51 51 49 to the lightest group left
    assert [sorted({table[x].extra["text_code"] for x in f.test}) for f in folds] == [
        ["a01", "a05"], ["a02", "b01"], ["a07", "b02"], ["b03", "b09"], ["a04", "b10"],
    ]  # fmt: skip
    assert [len(f.test) for f in folds] == [111, 111, 106, 104, 103]


def test_actor_groups_of_ravdess_have_two_women_and_two_men() -> None:
    table = corpus("ravdess").by_id()
    for fold in protocols("ravdess")["actor_groups"].folds:
        assert Counter(sex for _, sex in {(table[x].speaker, table[x].sex) for x in fold.test}) == {"f": 2, "m": 2}
