"""EMO-DB: names, counts, layouts, quirks, checksums; on made-up files, and on the real recordings where they are."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest
import soundfile as sf

from serkit.data import fetch
from serkit.data.audio import decoded_sha256
from serkit.data.audit import audit
from serkit.data.progress import SilentProgress
from serkit.data.protocols import make_protocol
from serkit.errors import ConfigError, CorpusError, DownloadError
from serkit.host import get_host
from serkit.host.specs import DatasetSpec
from serkit.run.events import Events
from serkit.run.recipe import Request, resolve
from serkit.run.runner import execute
from serkit.testing.audio import write_noise
from serkit.testing.trees.emodb import write as emodb_tree
from serkit_plugins.datasets import emodb
from serkit_plugins.datasets.emodb import COUNTS, SPEAKERS, TEXTS, EmoDb
from serkit_plugins.datasets.hooks import serkit_datasets

REAL = Path(os.environ.get("SERKIT_TEST_DATA", Path(__file__).parents[3] / ".." / "shared" / "data")) / "emodb"
SPEC: DatasetSpec = next(s for s in serkit_datasets() if s.name == "emodb")
IDS = sorted(emodb._checksums())


def lay(folder: Path, names: list[str], suffix: str = ".wav") -> Path:
    """Empty files: loading reads names only."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}{suffix}").touch()
    return folder


def test_a_name_alone_says_what_the_loader_says(tmp_path: Path) -> None:
    lay(tmp_path / "wav", IDS)
    loaded = EmoDb().load(tmp_path).utterances
    assert [EmoDb().identify(u.path) for u in loaded] == list(loaded)
    found = EmoDb().identify(PureWindowsPath(r"C:\emodb\wav\03A01FA.WAV"))
    assert found is not None
    assert (found.id, found.speaker, found.extra["text_code"]) == ("03a01Fa", "03", "a01")
    assert EmoDb().identify(Path("wav/04a01Fa.wav")) is None  # there is no speaker 04


def test_the_known_names_have_the_published_counts() -> None:
    corpus_counts = Counter(emodb.LABELS[x[5]] for x in IDS)
    assert len(IDS) == 535
    assert corpus_counts == COUNTS == SPEC.labels
    assert Counter(x[:2] for x in IDS) == {name: count for name, (_, _, count) in SPEAKERS.items()}
    texts = {
        "a01": 49,
        "a02": 60,
        "a04": 51,
        "a05": 62,
        "a07": 55,
        "b01": 51,
        "b02": 51,
        "b03": 52,
        "b09": 52,
        "b10": 52,
    }
    assert Counter(x[2:5] for x in IDS) == texts
    assert set(texts) == set(TEXTS)
    assert Counter(x[6] for x in IDS) == {"a": 170, "b": 150, "c": 135, "d": 73, "e": 5, "f": 2}


def test_an_utterance_says_all_that_its_name_says(tmp_path: Path) -> None:
    corpus = EmoDb().load(lay(tmp_path, IDS))
    assert (corpus.complete, corpus.notes, corpus.subset) == (True, (), "535")
    assert corpus.labels == ("angry", "boredom", "disgust", "fear", "happy", "neutral", "sad")
    u = corpus.by_id()["03a01Fa"]
    assert (u.label, u.speaker, u.sex, u.take, u.language) == ("happy", "03", "m", "a", "de")
    assert u.text == "Der Lappen liegt auf dem Eisschrank."
    assert u.extra == {"text_code": "a01", "age": "31"}
    assert Counter(u.sex for u in corpus.utterances) == {"f": 302, "m": 233}


@pytest.mark.parametrize("where", ["", "wav", "WAV", "download/wav", "download"])
@pytest.mark.parametrize("suffix", [".wav", ".WAV", ".flac"])
def test_every_layout_and_container_gives_the_same_ids_and_hash(tmp_path: Path, where: str, suffix: str) -> None:
    lay(tmp_path / where, IDS, suffix)
    lay(tmp_path / "silb", IDS, ".silb")
    lay(tmp_path / where, ["._03a01Fa"], suffix)
    corpus = EmoDb().load(tmp_path)
    assert [u.id for u in corpus.utterances] == IDS
    assert corpus.notes == ()
    protocol = make_protocol(corpus, SPEC.protocols[0])
    # written down once; a change of it makes every earlier result incomparable and needs a new protocol version
    assert protocol.hash == "f6a3dbd99f3a5b4de791bf4e64ef50d8acce660c155ea24d408a58c7f959d053"


def test_protocols_follow_the_cycle_and_chen4_is_part_of_loso_next(tmp_path: Path) -> None:
    corpus = EmoDb().load(lay(tmp_path, IDS))
    specs = {s.name: s for s in SPEC.protocols}
    loso, chen4 = (make_protocol(corpus, specs[name]) for name in ("loso_next", "chen4"))
    speaker = {u.id: u.speaker for u in corpus.utterances}
    assert [(f.name, speaker[f.dev[0]]) for f in loso.folds] == [
        ("03", "08"), ("08", "09"), ("09", "10"), ("10", "11"), ("11", "12"), ("12", "13"), ("13", "14"),
        ("14", "15"), ("15", "16"), ("16", "03"),
    ]  # fmt: skip
    assert all(len(f.train) + len(f.dev) + len(f.test) == 535 for f in loso.folds)
    assert chen4.folds == loso.folds[6:]
    assert (loso.full_name, chen4.full_name) == ("emodb/loso_next@1", "emodb/chen4@1")
    assert chen4.hash != loso.hash
    assert SPEC.default_protocol == "loso_next"


def test_the_shared_sentences_are_reported(tmp_path: Path) -> None:
    corpus = EmoDb().load(lay(tmp_path, IDS))
    result = audit(corpus, make_protocol(corpus, SPEC.protocols[0]), {x: x for x in IDS})
    (line,) = [line for line in result.lines() if line.startswith("Shared texts: ")]
    assert set(line.removeprefix("Shared texts: ").split(" / ")) == set(TEXTS.values())
    assert {o.kind for o in result.overlaps} == {"text"}


def extra_names(count: int) -> list[str]:
    every = (f"{s}{t}{e}{v}" for v in "ghabcdef" for s in SPEAKERS for t in TEXTS for e in emodb.LABELS)
    return [x for x in every if x not in set(IDS)][:count]


def test_release_2_with_816_recordings(tmp_path: Path) -> None:
    lay(tmp_path / "wav", IDS + extra_names(281))
    corpus = EmoDb().load(tmp_path)
    assert len(corpus.utterances) == 535
    assert corpus.complete
    assert len(corpus.notes) == 1
    assert corpus.notes[0].startswith("816 recordings were found (EMO-DB 2.0); the 535")
    whole = EmoDb(subset="816").load(tmp_path)
    assert (len(whole.utterances), whole.complete, whole.subset, whole.notes) == (816, True, "816", ())


def test_laryngograms_are_no_recordings(tmp_path: Path) -> None:
    lay(tmp_path / "wav", IDS)
    write_noise(tmp_path / "Laryngograms" / f"{IDS[0]}.wav")
    corpus = EmoDb().load(tmp_path)
    assert corpus.by_id()[IDS[0]].path == tmp_path / "wav" / f"{IDS[0]}.wav"
    (note,) = corpus.notes
    assert f"left out (Laryngograms/{IDS[0]}.wav)" in note


def test_another_number_is_told_and_what_is_missing_is_named(tmp_path: Path) -> None:
    lay(tmp_path, IDS[7:] + extra_names(2))
    (tmp_path / "other.wav").touch()
    corpus = EmoDb().load(tmp_path)
    assert not corpus.complete
    assert len(corpus.utterances) == 528
    notes = "\n".join(corpus.notes)
    assert f"7 of the 535 recordings of EMO-DB are missing: {', '.join(IDS[:5])} and 2 more." in notes
    assert "speaker differ from the published corpus: 03 42 of 49" in notes
    assert "2 recordings are named like EMO-DB but not among its 535" in notes
    assert "1 audio file in" in notes
    assert corpus.missing == tuple(IDS[:7])
    few = EmoDb(subset="816").load(tmp_path)
    assert (few.complete, few.missing) == (False, tuple(IDS[:7]))
    assert "2 recordings beyond the 535 were found where EMO-DB 2.0 has 281." in few.notes
    assert few.notes[0] == corpus.notes[0]


def test_a_set_of_816_is_whole_by_the_names_of_the_535_and_the_number_of_the_others(tmp_path: Path) -> None:
    emodb_tree(tmp_path, subset="816")
    both = {s: EmoDb(subset=s).load(tmp_path) for s in ("535", "816")}
    assert [(c.subset, len(c.utterances), c.complete) for c in both.values()] == [
        ("535", 535, True),
        ("816", 816, True),
    ]
    for protocol in SPEC.protocols[:2]:
        hashes = {make_protocol(c, protocol).hash for c in both.values()}
        assert len(hashes) == 2
    # as many files, but one of the 535 is missing
    (tmp_path / "wav" / f"{IDS[0]}.wav").rename(tmp_path / "wav" / f"{IDS[0][:-1]}z.wav")
    broken = EmoDb(subset="816").load(tmp_path)
    assert (len(broken.utterances), broken.complete, broken.missing) == (816, False, (IDS[0],))
    assert "282 recordings beyond the 535" in broken.notes[-1]


def test_a_run_on_816_is_never_taken_for_one_on_535(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = emodb_tree(tmp_path / "emodb")
    for name in ("11a01Wz", "13a01Wz"):
        write_noise(data / "wav" / f"{name}.wav")
    monkeypatch.setattr("serkit.run.report.write_report", lambda folder: None)  # the pictures take longest
    small = ["convs=1", "maps=[2]", "pools=[[4, 4]]", "linear=4", "lstm=2", "unit.frames=8"]
    figure = {"source": "paper", "protocol": "emodb/loso_next@1", "preset": "paper", "subset": "535", "uar": 0.5}
    runs = {}
    for subset in (535, 816):
        request = Request(
            plugin="acrnn",
            dataset="emodb",
            data=(str(data),),
            folds=[0],
            epochs=1,
            device="cpu",
            recipe={"published": figure},
            sets=(f"dataset.subset={subset}", *(f"architecture.{s}" for s in small)),
        )
        recipe = resolve(request, get_host())
        runs[subset] = execute(recipe, out=tmp_path / str(subset), resume=False, host=get_host(), events=Events())
    assert [m["subset"] for m in runs.values()] == ["535", "816"]
    assert runs[535]["protocol_hash"] != runs[816]["protocol_hash"]
    reasons = {subset: " ".join(m["published"]["reasons"]) for subset, m in runs.items()}
    assert "subset" not in reasons[535]
    assert "it was measured on the subset '535' of the corpus, this run on '816'" in reasons[816]


def test_816_may_be_set_as_a_number() -> None:
    assert EmoDb(subset=816).options.subset == "816"


def test_twins_in_two_containers_count_once(tmp_path: Path) -> None:
    lay(tmp_path, IDS)
    lay(tmp_path, IDS[:2], ".flac")
    corpus = EmoDb().load(tmp_path)
    assert len(corpus.utterances) == 535
    assert corpus.by_id()[IDS[0]].path.suffix == ".wav"
    assert "2 recordings of EMO-DB are there more than once" in corpus.notes[0]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "it is empty"),
        (["notes.txt"], "it holds no audio files"),
        (["Actor_01/03-01-05-01-02-01-01.wav"], "all that was seen is .*which looks like RAVDESS"),
        (["Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav"], "which looks like IEMOCAP"),
        (["wav/somebody.wav"], r"all that was seen is wav/somebody\.wav"),
        (["03a01Fz.wav"], "None of the 1 recordings .* is one of EMO-DB's 535"),
    ],
)
def test_a_foreign_folder_is_refused_in_one_sentence(tmp_path: Path, files: list[str], words: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(CorpusError, match=words) as caught:
        EmoDb().load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_and_a_wrong_option_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is not a folder"):
        EmoDb().load(tmp_path / "no")
    with pytest.raises(ConfigError, match=r"unknown key 'dataset\.subst'; did you mean 'subset'"):
        EmoDb(subst="535")
    with pytest.raises(ConfigError, match="subset"):
        EmoDb(subset="600")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder wav/ of two made-up recordings that stand for the known ones."""
    (tmp_path / "wav").mkdir()
    table = {}
    for name in IDS[:2]:
        path = tmp_path / "wav" / f"{name}.wav"
        sf.write(path, np.random.default_rng(len(table)).integers(-9000, 9000, 800, np.int16), 16000)
        table[name] = (hashlib.sha256(path.read_bytes()).hexdigest(), decoded_sha256(path))
    monkeypatch.setattr(emodb, "_checksums", lambda: table)
    return tmp_path


def test_check_accepts_flac_copies_and_names_what_is_damaged(small: Path) -> None:
    assert EmoDb().check(small) == []
    first, second = (small / "wav" / f"{x}.wav" for x in IDS[:2])
    sf.write(first.with_suffix(".flac"), sf.read(first, dtype="int16")[0], 16000)
    first.unlink()
    assert EmoDb().check(small) == []
    content = bytearray(second.read_bytes())
    content[500] ^= 1
    second.write_bytes(content)
    (problem,) = EmoDb().check(small)
    assert f"{second} does not hold the published recording {IDS[1]}" in problem
    second.write_bytes(content[:-10])
    (problem,) = EmoDb().check(small)
    assert f"{second} is truncated" in problem


@pytest.fixture
def address(small: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(emodb, "URL", f"{serve(small)}/download.zip")
    return small


def zipped(folder: Path) -> None:
    with zipfile.ZipFile(folder / "download.zip", "w") as z:
        for path in (folder / "wav").iterdir():
            z.write(path, f"wav/{path.name}")


def test_fetch_downloads_unpacks_and_verifies(address: Path) -> None:
    zipped(address)
    home = fetch.locate(SPEC, None, EmoDb())
    assert sorted(p.name for p in (home / "wav").iterdir()) == [f"{x}.wav" for x in IDS[:2]]
    assert not (home / "download.zip").exists()
    assert EmoDb().load(home).complete


def test_a_fetch_that_goes_wrong_says_what_to_do_by_hand(address: Path) -> None:
    with pytest.raises(DownloadError, match=r"HTTP 404\); get it by hand at .* put it at .*emodb"):
        fetch.locate(SPEC, None, EmoDb())
    damaged = address / "wav" / f"{IDS[0]}.wav"
    content = bytearray(damaged.read_bytes())
    content[500] ^= 1
    damaged.write_bytes(content)
    zipped(address)
    with pytest.raises(DownloadError, match=f"damaged copy of EMO-DB .*{IDS[0]}.*by hand"):
        EmoDb().fetch(fetch.corpus_dir("emodb"), SilentProgress())
    (address / "download.zip").write_bytes(b"<html>moved</html>")
    with pytest.raises(DownloadError, match=r"not EMO-DB .*by hand"):
        EmoDb().fetch(fetch.corpus_dir("emodb"), SilentProgress())


@pytest.mark.real_data
@pytest.mark.skipif(not REAL.is_dir(), reason="the real EMO-DB is not where SERKIT_TEST_DATA points")
def test_the_real_recordings_are_whole_and_share_no_audio() -> None:
    corpus = EmoDb().load(REAL)
    assert (corpus.complete, corpus.notes) == (True, ())
    assert EmoDb().check(REAL) == []
    result = audit(corpus, make_protocol(corpus, SPEC.protocols[0]))
    assert {o.kind for o in result.overlaps} == {"text"}
