"""RAVDESS: names, counts, layouts, subsets, downloads, on made-up files."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pytest
import soundfile

from serkit.data import fetch
from serkit.data.loading import load_corpus, make_dataset
from serkit.data.progress import SilentProgress
from serkit.data.protocols import make_protocol
from serkit.errors import AudioError, ConfigError, CorpusError, DownloadError
from serkit.host import get_host
from serkit.testing.audio import write_noise, write_silence
from serkit.testing.trees.ravdess import write
from serkit_plugins.datasets import ravdess
from serkit_plugins.datasets.ravdess import GANS, Ravdess, published
from serkit_plugins.datasets.specs.ravdess import SPEC

SPEECH = sorted(published("speech"))


def lay(folder: Path, names: list[str], suffix: str = ".wav") -> Path:
    """Empty files: loading reads names only."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}{suffix}").touch()
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both archives, unpacked beside each other."""
    root = tmp_path_factory.mktemp("ravdess")
    write(root, whole=True)
    return write(root, whole=True, channel="song")


def test_the_speech_has_the_published_counts(whole: Path) -> None:
    corpus = Ravdess().load(whole)
    rows = corpus.utterances
    assert (len(rows), len(corpus.speakers), corpus.complete, corpus.subset) == (1440, 24, True, "speech")
    assert Counter(u.label for u in rows) == SPEC.labels
    assert Counter(u.intensity for u in rows) == {"normal": 768, "strong": 672}
    assert set(Counter(u.speaker for u in rows).values()) == {60}
    assert Counter((u.speaker, u.label) for u in rows)["07", "neutral"] == 4
    assert Counter((u.speaker, u.label) for u in rows)["07", "calm"] == 8
    assert corpus.notes == (
        '1012 recordings of its song were left out (dataset option subset = "song" or "both" takes them).',
    )


def test_the_song_has_the_published_counts(whole: Path) -> None:
    corpus = Ravdess(subset="song").load(whole)
    rows = corpus.utterances
    assert (len(rows), len(corpus.speakers), corpus.complete) == (1012, 23, True)
    assert "18" not in corpus.speakers
    assert Counter(u.label for u in rows) == {
        "neutral": 92, "calm": 184, "happy": 184, "sad": 184, "angry": 184, "fear": 184,
    }  # fmt: skip
    assert Counter(u.intensity for u in rows) == {"normal": 552, "strong": 460}
    assert set(Counter(u.speaker for u in rows).values()) == {44}


def test_both_channels_together_are_told_apart(whole: Path) -> None:
    corpus = Ravdess(subset="both").load(whole)
    assert (len(corpus.utterances), corpus.complete, corpus.notes) == (2452, True, ())
    assert Counter(u.extra["channel"] for u in corpus.utterances) == {"speech": 1440, "song": 1012}
    assert len(corpus.labels) == 8


def test_an_utterance_says_all_that_its_name_says(whole: Path) -> None:
    u = Ravdess().load(whole).by_id()["03-01-08-02-01-02-17"]
    assert (u.label, u.speaker, u.sex, u.intensity, u.take) == ("surprise", "17", "m", "strong", "2")
    assert (u.text, u.language, u.session) == ("Kids are talking by the door", "en", None)
    assert u.extra == {"channel": "speech", "text_code": "01"}
    assert Counter(u.sex for u in Ravdess().load(whole).utterances) == {"f": 720, "m": 720}


def test_identify_reads_a_name_without_the_file() -> None:
    u = Ravdess().identify(PurePosixPath("downloads/Actor_12/03-01-05-01-02-01-12.wav"))
    assert u is not None
    assert (u.id, u.label, u.speaker, u.sex) == ("03-01-05-01-02-01-12", "angry", "12", "f")
    assert u.text == "Dogs are sitting by the door"
    video = Ravdess().identify(PureWindowsPath(r"C:\x\01-02-03-01-02-01-05.mp4"))
    assert video is not None
    assert (video.speaker, video.label, video.extra["channel"]) == ("05", "happy", "song")
    for other in ("03a01Fa.wav", "03-01-09-01-02-01-12.wav", "03-01-05-01-02-01-25.wav"):
        assert Ravdess().identify(PurePosixPath(other)) is None


@pytest.mark.parametrize("where", ["", "Actor_{}", "Audio_Speech_Actors_01-24/Actor_{}", "ü b/c/Actor_{}"])
@pytest.mark.parametrize("suffix", [".wav", ".WAV", ".flac"])
def test_every_layout_and_container_gives_the_same_ids(tmp_path: Path, where: str, suffix: str) -> None:
    for actor in sorted({x[-2:] for x in SPEECH}):
        names = [x for x in SPEECH if x.endswith(actor)]
        lay(tmp_path / where.format(actor), [*names, f"._{names[0]}"], suffix)
    corpus = Ravdess().load(tmp_path)
    assert [u.id for u in corpus.utterances] == SPEECH
    assert (corpus.complete, corpus.notes) == (True, ())
    # written down once; a change of it makes every earlier result incomparable and needs a new protocol version
    assert (
        make_protocol(corpus, SPEC.protocols[0]).hash
        == "8bd3892679f82953613bed89bce68507ed4f486062920319d280a8ece4c8032f"
    )


def test_a_partial_copy_names_actors_and_files_not_a_thousand_names(tmp_path: Path) -> None:
    write(tmp_path, whole=True)
    for actor in range(6, 25):
        shutil.rmtree(tmp_path / "Audio_Speech_Actors_01-24" / f"Actor_{actor:02d}")
    (tmp_path / "Audio_Speech_Actors_01-24" / "Actor_02" / "03-01-04-01-01-02-02.wav").unlink()
    corpus = Ravdess().load(tmp_path)
    assert (len(corpus.utterances), corpus.complete, len(corpus.missing)) == (299, False, 1141)
    absent = ", ".join(f"{i:02d}" for i in range(6, 25))
    assert corpus.notes == (
        f"19 of the 24 actors of RAVDESS are missing: {absent}.",
        "1 of the 300 recordings of the 5 actors that are there are missing: 03-01-04-01-01-02-02.",
        "Utterances per class differ from the published corpus: angry 40 of 192, calm 40 of 192, disgust 40 of 192, "
        "fear 40 of 192, happy 40 of 192, neutral 20 of 96, sad 39 of 192, surprise 40 of 192.",
    )


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    root = write(tmp_path, whole=True)
    actor = root / "Audio_Speech_Actors_01-24" / "Actor_01"
    lay(root / "Video", ["01-01-03-01-01-01-01", "02-01-03-01-01-01-01", "._01-01-03-01-01-01-01"], ".mp4")
    lay(root / "Video", ["01-01-03-01-01-01-01"])
    lay(root / ".Trash", ["01-01-03-01-01-01-01"], ".mp4")
    lay(actor, ["._03-01-03-01-01-01-01", "03-01-01-02-01-01-01", "03-01-03-01-01-01-25", "door"])
    shutil.copytree(actor, root / "copy", ignore=shutil.ignore_patterns("door*", "*-02-01-01-01.*", "*-25.wav"))
    corpus = Ravdess().load(root)
    assert (len(corpus.utterances), corpus.complete) == (1440, True)
    films, copies, strangers = corpus.notes
    assert "more than once with the same samples" in copies
    assert films.startswith("3 files of the video recordings were left out (e.g. Video/01-01-03-01-01-01-01.mp4)")
    # a strong neutral and a 25th actor do not exist
    assert strangers.startswith("3 audio files in ")
    assert "Actor_01/03-01-01-02-01-01-01.wav" in strangers


def test_two_different_recordings_of_one_name_are_refused(tmp_path: Path) -> None:
    write_noise(tmp_path / "a" / "03-01-03-01-01-01-01.wav", seed="a")
    write_noise(tmp_path / "b" / "03-01-03-01-01-01-01.wav", seed="b")
    with pytest.raises(CorpusError, match="both named as the recording 03-01-03-01-01-01-01"):
        Ravdess().load(tmp_path)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "it is empty"),
        (["notes.txt", "._03-01-03-01-01-01-01.wav"], "it holds no audio files"),
        (["wav/03a01Fa.wav"], "all that was seen is wav/03a01Fa.wav, which looks like EMO-DB"),
        (["Actor_01/03-02-03-01-01-01-01.wav"], "none of its subset 'speech'; .* subset = \"song\""),
        (["Actor_01/01-01-03-01-01-01-01.mp4"], "holds only files of RAVDESS's video recordings .*Audio_Speech_Actors"),
    ],
)
def test_a_foreign_folder_is_refused_in_one_sentence(tmp_path: Path, files: list[str], words: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(CorpusError, match=words) as caught:
        Ravdess().load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_and_a_wrong_option_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is not a folder"):
        Ravdess().load(tmp_path / "no")
    with pytest.raises(ConfigError, match=r"unknown key 'dataset\.subst'; did you mean 'subset'"):
        Ravdess(subst="song")
    with pytest.raises(ConfigError, match="subset"):
        Ravdess(subset="sing")


def test_pointers_of_git_lfs_are_explained(tmp_path: Path) -> None:
    lay(tmp_path, SPEECH[:3])
    for path in tmp_path.iterdir():
        path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n")
    host = get_host()
    registered = host.get("dataset", "ravdess")
    with pytest.raises(CorpusError, match=r"stand in for 3 of the.*git lfs pull"):
        load_corpus(registered, make_dataset(registered, host.load("dataset", "ravdess")), tmp_path)


def test_the_510_are_those_that_fill_the_window(tmp_path: Path) -> None:
    """As many files of each class as Gans 2020 used are long enough, all others one sample too short."""
    left = Counter(GANS)
    # 258 hops of 512 samples at 44.1 kHz are 143,777 samples at 48 kHz, and half a second before them is skipped
    shortest = 24000 + 143777
    for name in (x for x in SPEECH if ravdess.LABELS[x[6:8]] in GANS):
        label = ravdess.LABELS[name[6:8]]
        left[label] -= 1
        frames = shortest if left[label] >= 0 else shortest - 1
        write_silence(tmp_path / f"{name}.wav", frames / 48000, sample_rate=48000)
    corpus = Ravdess(subset="gans510").load(tmp_path)
    assert (len(corpus.utterances), corpus.subset, corpus.complete, corpus.notes) == (510, "gans510", True, ())
    assert corpus.labels == ("angry", "happy", "neutral", "sad")
    folds = make_protocol(corpus, next(p for p in SPEC.protocols if p.name == "random_5fold")).folds
    assert [len(f.test) for f in folds] == [102] * 5
    kept = corpus.utterances[0]
    write_silence(kept.path, (shortest - 1) / 48000, sample_rate=48000)
    less = Ravdess(subset="gans510").load(tmp_path)
    assert (len(less.utterances), less.complete) == (509, False)
    assert less.notes == (
        f"Utterances per class differ from the published corpus: {kept.label} {GANS[kept.label] - 1} of "
        f"{GANS[kept.label]}.",
    )


def test_cut_recordings_cannot_be_the_510(tmp_path: Path) -> None:
    """The words were to check the folder, which was the right one."""
    write_silence(tmp_path / "03-01-03-01-01-01-01.wav", 3.0, sample_rate=48000)
    with pytest.raises(CorpusError, match=r"None of the 1 recordings .* is longer than 3\.495 s .*'gans510'"):
        Ravdess(subset="gans510").load(tmp_path)


def test_a_file_without_a_length_ends_the_510_in_words(tmp_path: Path) -> None:
    lay(tmp_path, ["03-01-03-01-01-01-01"])
    with pytest.raises(AudioError, match=r"03-01-03-01-01-01-01\.wav is an empty file"):
        Ravdess(subset="gans510").load(tmp_path)


def test_protocols_test_every_actor_once(whole: Path) -> None:
    corpus = Ravdess().load(whole)
    protocols = {p.name: make_protocol(corpus, p) for p in SPEC.protocols}
    speaker = {u.id: u.speaker for u in corpus.utterances}
    tested = [sorted({speaker[x] for x in f.test}) for f in protocols["emobox"].folds]
    assert [len(f.test) for f in protocols["emobox"].folds] == [240] * 6
    assert tested[0] == ["01", "11", "20", "21"]
    assert sorted(s for group in tested for s in group) == list(corpus.speakers)
    sexes = {u.speaker: u.sex for u in corpus.utterances}
    for fold in protocols["actor_groups"].folds:
        assert Counter(sexes[s] for s in {speaker[x] for x in fold.test}) == {"f": 2, "m": 2}
    texts = {u.id: u.text for u in corpus.utterances}
    assert [len({texts[x] for x in f.test}) for f in protocols["text_open"].folds] == [1, 1]
    assert len(protocols["loso_next"].folds) == 24


def archive(folder: Path, channel: str) -> None:
    """A small ZIP of one actor's files, as Zenodo's are laid out."""
    tree = write(folder / f"{channel} tree", channel=channel)
    with zipfile.ZipFile(folder / f"{channel}.zip", "w") as z:
        for path in sorted(tree.rglob("Actor_01/*.wav")):
            z.write(path, f"Actor_01/{path.name}")


@pytest.fixture
def zenodo(tmp_path: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a server that offers two small archives in place of the official ones."""
    table = {}
    address = serve(tmp_path)
    for channel, official in ravdess.ARCHIVES.items():
        archive(tmp_path, channel)
        content = (tmp_path / f"{channel}.zip").read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        table[channel] = replace(official, url=f"{address}/{channel}.zip", size=len(content), sha256=digest)
    monkeypatch.setattr(ravdess, "ARCHIVES", table)
    return tmp_path


class Shown(SilentProgress):
    """What the bar would say."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def start(self, total: int, description: str) -> None:
        self.stages.append(description)


def test_fetch_downloads_verifies_and_unpacks_the_channels_asked_for(zenodo: Path) -> None:
    home = fetch.locate(SPEC, None, Ravdess())
    assert home == fetch.corpus_dir("ravdess")
    assert [p.name for p in home.iterdir()] == ["Audio_Speech_Actors_01-24"]
    assert len(Ravdess().load(home).utterances) == 30
    shown = Shown()
    both = fetch.locate(SPEC, None, Ravdess(subset="both"), progress=shown)
    assert shown.stages[0] == "Downloading Audio_Speech_Actors_01-24.zip (CC BY-NC-SA 4.0: no commercial use)"
    assert both == fetch.corpus_dir("ravdess-both")
    assert len(Ravdess(subset="both").load(both).utterances) == 30 + 22
    assert fetch.home(SPEC, Ravdess(subset="gans510")) == home


def test_a_fetch_that_goes_wrong_says_what_to_do_by_hand_and_goes_on_later(zenodo: Path) -> None:
    song = zenodo / "song.zip"
    good = song.read_bytes()
    song.write_bytes(good[:-1] + b"?")
    into = fetch.corpus_dir("ravdess-both")
    with pytest.raises(DownloadError, match=r"another SHA-256.*get Audio_Song.*by hand.*ravdess-both"):
        Ravdess(subset="both").fetch(into)
    song.write_bytes(good)
    (zenodo / "speech.zip").unlink()  # what was fetched before is not fetched again
    Ravdess(subset="both").fetch(into)
    assert sorted(p.name for p in into.iterdir()) == ["Audio_Song_Actors_01-24", "Audio_Speech_Actors_01-24"]
    with pytest.raises(DownloadError, match=r"HTTP 404\); get Audio_Speech_Actors_01-24\.zip by hand at .*zenodo"):
        fetch.locate(SPEC, None, Ravdess())


def test_check_names_what_is_not_the_published_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(ravdess._checksums()) == SPEECH
    # the published set holds one take twice, under two names
    assert len(set(ravdess._checksums().values())) == 1439
    kept, altered, sung, copy = (
        tmp_path / x
        for x in (
            "03-01-03-01-01-01-01.wav",
            "03-01-03-01-01-02-01.wav",
            "03-02-03-01-01-01-01.wav",
            "03-01-03-01-02-01-01.flac",
        )
    )
    for path in (kept, altered, sung, copy.with_suffix(".wav")):
        write_noise(path, sample_rate=48000)
    soundfile.write(copy, soundfile.read(copy.with_suffix(".wav"), dtype="int16")[0], 48000)
    copy.with_suffix(".wav").unlink()
    monkeypatch.setitem(ravdess._checksums(), kept.stem, hashlib.sha256(kept.read_bytes()).hexdigest())
    (problem,) = Ravdess(subset="both").check(tmp_path)
    assert (
        problem
        == f"{altered} is not the published file 03-01-03-01-01-02-01: its bytes differ; fetch or copy it again."
    )
    soundfile.write(sung, np.array([0.1, np.nan], np.float32), 48000, subtype="FLOAT")
    (problem,) = Ravdess(subset="song").check(tmp_path)  # it was only hashed, and NaN has a hash
    assert f"{sung} holds NaN or infinite samples" in problem
    write_noise(sung, sample_rate=48000)
    sung.write_bytes(sung.read_bytes()[:-10])
    assert f"{sung} is truncated" in Ravdess(subset="song").check(tmp_path)[0]
