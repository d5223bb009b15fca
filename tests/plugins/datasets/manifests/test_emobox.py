"""Lists of EmoBox: folds, splits, label maps with their faults, speakers from keys, roots above."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serkit.cli.main import invoke
from serkit.data.protocols import make_protocol
from serkit.errors import ConfigError
from serkit.testing.audio import write_noise
from serkit.types import Corpus
from serkit_plugins.datasets.manifests.emobox import EmoBox
from serkit_plugins.datasets.specs.emobox import SPEC

Load = Callable[..., Corpus]
Refused = Callable[..., str]
PATTERN = "emodb-(..)"
SPEAKERS = ("03", "08", "09", "10")


@pytest.fixture
def reader() -> str:
    return "emobox"


def row(key: str, emotion: str, folder: str = "downloads/emodb/wav") -> dict[str, Any]:
    return {
        "key": f"emodb-{key}", "dataset": "emodb", "wav": f"{folder}/{key}.wav", "type": "raw", "sample_rate": 16000,
        "num_frame": 4800.0, "task": "category", "length": 0.3, "emo": emotion, "channel": 1,
    }  # fmt: skip


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


ROWS = [row(f"{s}a0{k}{e[0].upper()}a", e) for s in SPEAKERS for e in ("anger", "neutral") for k in (1, 2)]


def corpus_folder(root: Path, rows: list[dict[str, Any]] = ROWS, n_folds: int = 2) -> Path:
    """``data/emodb`` as EmoBox has it, each fold testing every ``n_folds``-th speaker, and the recordings."""
    folder = root / "data" / "emodb"
    for k in range(n_folds):
        test = [r for r in rows if SPEAKERS.index(r["key"][6:8]) % n_folds == k]
        train = [r for r in rows if r not in test]
        lines(folder / f"fold_{k + 1}" / f"emodb_test_fold_{k + 1}.jsonl", test)
        lines(folder / f"fold_{k + 1}" / f"emodb_train_fold_{k + 1}.jsonl", train)
    lines(folder / "emodb.jsonl", rows)
    (folder / "label_map.json").write_text(json.dumps({"anger": "Angry", "Neutral": "Neutral"}))
    for r in rows:
        write_noise(root / r["wav"], 0.3)
    return folder


def test_disjoint_folds_become_a_column(tmp_path: Path, load: Load) -> None:
    corpus = load(corpus_folder(tmp_path), speaker_pattern=PATTERN)
    assert (len(corpus.utterances), corpus.labels, corpus.speakers) == (16, ("angry", "neutral"), SPEAKERS)
    u = corpus.by_id()["downloads/emodb/wav/03a01Aa"]
    assert u.path == tmp_path / "downloads/emodb/wav/03a01Aa.wav"
    assert u.extra == {"key": "emodb-03a01Aa", "corpus": "emodb", "fold": "1"}
    protocol = make_protocol(corpus, next(p for p in SPEC.protocols if p.name == "given_folds"))
    assert [(f.name, len(f.train), len(f.test)) for f in protocol.folds] == [("1", 8, 8), ("2", 8, 8)]
    notes = " ".join(corpus.notes)
    assert "differ from the labels in case were taken for them: 'Neutral' for 'neutral'." in notes


def test_one_fold_is_a_split(tmp_path: Path, load: Load) -> None:
    folder = corpus_folder(tmp_path)
    for given, options in ((folder, {"fold": 2}), (folder / "fold_2", {})):
        corpus = load(given, speaker_pattern=PATTERN, **options)
        assert {u.speaker for u in corpus.utterances if u.extra["split"] == "test"} == {"08", "10"}
        (fold,) = make_protocol(corpus, next(p for p in SPEC.protocols if p.name == "given_split")).folds
        assert (len(fold.train), len(fold.dev), len(fold.test)) == (8, 0, 8)


def test_a_development_list_is_kept_of_one_fold(tmp_path: Path, load: Load) -> None:
    folder = corpus_folder(tmp_path)
    train = folder / "fold_1" / "emodb_train_fold_1.jsonl"
    rows = [r for r in ROWS if r["key"][6:8] in ("08", "10")]
    lines(train, rows[4:])
    lines(folder / "fold_1" / "emodb_valid_fold_1.jsonl", rows[:4])
    assert any("Development lists were left out" in n for n in load(folder).notes)
    assert sum(u.extra["split"] == "dev" for u in load(folder, fold=1).utterances) == 4


def test_a_single_file_has_neither(tmp_path: Path, load: Load) -> None:
    folder = corpus_folder(tmp_path)
    corpus = load(folder / "emodb.jsonl")
    assert corpus.speakers == ()
    assert corpus.utterances[0].extra == {"key": "emodb-03a01Aa", "corpus": "emodb"}
    assert any("name no speakers" in n for n in corpus.notes)


def test_the_root_may_be_named(tmp_path: Path, load: Load, refused: Refused) -> None:
    folder = corpus_folder(tmp_path / "lists")
    (tmp_path / "lists" / "downloads").rename(tmp_path / "downloads")
    ids = [u.id for u in load(folder).utterances]  # the folder above is looked through as well
    assert [u.id for u in load(folder, root=str(tmp_path)).utterances] == ids
    assert "16 of the 16 rows" in refused(folder, root=str(tmp_path / "lists"))


def test_the_label_map_may_put_classes_together_or_lack_one(tmp_path: Path, load: Load, refused: Refused) -> None:
    path = lines(tmp_path / "x.jsonl", [row("a", "exc", "w"), row("b", "hap", "w"), row("c", "odd", "w")])
    for name in "abc":
        write_noise(tmp_path / "w" / f"{name}.wav")
    (tmp_path / "label_map.json").write_text('{"exc": "Happy", "hap": "Happy"}')
    corpus = load(path)
    assert corpus.labels == ("happy", "odd")
    assert any("label_map.json does not have these labels, which stay as they are: odd (1)." in n for n in corpus.notes)
    (tmp_path / "label_map.json").write_text("[]")
    assert "label_map.json must map each label to a name" in refused(path)
    (tmp_path / "label_map.json").write_text("{")
    assert "label_map.json, line 1, is not JSON" in refused(path)


@pytest.mark.parametrize(
    ("pattern", "key", "speaker"),
    [
        ("emodb-(..)", "emodb-03a02Wb", "03"),
        (r"iemocap-(Ses0\d).*_([FM])\w+$", "iemocap-Ses01M_script02_2_F023", "Ses01F"),
        (r"-(\d\d)$", "ravdess-03-01-05-02-02-01-21", "21"),
        (r"casia-\d+-(\w+)-", "casia-246-wangzhe-sad", "wangzhe"),
        (r"savee-(\w\w)-", "savee-JE-su07", "JE"),
    ],
)
def test_the_patterns_of_the_page_find_the_speakers(
    tmp_path: Path, load: Load, pattern: str, key: str, speaker: str
) -> None:
    page = Path(__file__).parents[4] / "docs" / "manifests.md"
    assert f"`{pattern}`" in page.read_text("utf-8")
    path = lines(tmp_path / "x.jsonl", [{**row("a", "sad", "w"), "key": key}])
    write_noise(tmp_path / "w" / "a.wav")
    assert load(path, speaker_pattern=pattern).speakers == (speaker,)


def test_keys_without_a_speaker_are_counted(tmp_path: Path, load: Load) -> None:
    path = lines(tmp_path / "x.jsonl", [row("a", "sad", "w")])
    write_noise(tmp_path / "w" / "a.wav")
    assert any("finds nothing in 1 of 1 keys" in n for n in load(path, speaker_pattern="casia-(.)").notes)


@pytest.mark.parametrize(("pattern", "words"), [("(", "no regular expression"), ("emodb-..", "has no group")])
def test_a_pattern_that_cannot_be_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        EmoBox(speaker_pattern=pattern)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"key": "a", "wav": "w/a.wav"}', "line 2: 'emo' is missing or no text"),
        ('{"key": "a", "wav": 3, "emo": "sad"}', "line 2: 'wav' is missing or no text"),
        ('{"key": "emodb-a", "wav": "w/a.wav", "emo": "sad"}', "line 2: the key 'emodb-a' is there already (line 1)"),
        ('{"key": "b", "wav": "w\\\\a.wav", "emo": "sad"}', "line 2: w\\a.wav is there already"),
        ('{"key": "b", "wav": "w/b.wav", "emo": "sad"}', "1 of the 2 rows"),
        ("nothing", "line 2, is not a JSON object"),
    ],
)
def test_bad_rows_are_told_by_line(tmp_path: Path, refused: Refused, text: str, words: str) -> None:
    path = lines(tmp_path / "x.jsonl", [row("a", "sad", "w")])
    path.write_text(path.read_text("utf-8") + text, encoding="utf-8")
    write_noise(tmp_path / "w" / "a.wav")
    assert words in refused(path)


def test_bad_folds_are_told(tmp_path: Path, refused: Refused) -> None:
    folder = corpus_folder(tmp_path)
    test = folder / "fold_1" / "emodb_test_fold_1.jsonl"
    assert "has no fold_3; the option fold may be 1, 2" in refused(folder, fold=3)
    before = test.read_text("utf-8")
    lines(test, [r for r in ROWS if r["key"][6:8] in ("03", "08")])
    assert "is in another part of fold 1 as well" in refused(folder)
    lines(test, [{**ROWS[0], "emo": "neutral"}])
    assert "has another wav or emo than in" in refused(folder)
    test.write_text(before.split("\n")[0] + "\n")
    assert "do not test each recording once and train on all others (fold 1)" in refused(folder)
    # the second was read in the place of the first, without a word
    lines(folder / "fold1" / "emodb_test_fold_1.jsonl", ROWS)
    assert "are both fold 1; delete or rename one" in refused(folder)
    shutil.rmtree(folder / "fold1")
    lines(folder / "fold_1" / "emodb_test_fold1.jsonl", ROWS)
    assert "are both the test part, but differ" in refused(folder)
    for path in folder.glob("fold_1/*test*"):
        path.unlink()
    assert "lacks a train or a test file" in refused(folder)


def test_a_fold_that_is_not_there_is_not_passed_over(tmp_path: Path, load: Load, refused: Refused) -> None:
    folder = corpus_folder(tmp_path)
    assert load(folder / "fold_1", fold=1).utterances == load(folder, fold=1).utterances
    assert "has no fold_2" in refused(folder / "fold_1", fold=2)
    assert "is a file; leave it out" in refused(folder / "emodb.jsonl", fold=1)


def test_a_dataset_that_is_no_text_is_unknown(tmp_path: Path, load: Load) -> None:
    """null became a corpus named "None", and its speakers other people than those of the same corpus by name."""
    path = lines(tmp_path / "x.jsonl", [row("a", "sad", "w"), {**row("b", "joy", "w"), "dataset": None}])
    for name in "ab":
        write_noise(tmp_path / "w" / f"{name}.wav")
    assert [u.extra.get("corpus", "") for u in load(path).utterances] == ["emodb", ""]


def test_folders_without_lists_are_told(tmp_path: Path, refused: Refused) -> None:
    assert "it is empty" in refused(tmp_path)
    for name in "ab":
        lines(tmp_path / f"{name}.jsonl", ROWS)
    assert "holds 2 files *.jsonl; name one of them" in refused(tmp_path)


@pytest.mark.usefixtures("one_thread")
def test_a_whole_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = corpus_folder(tmp_path)
    given = ["--data", str(folder), "--set", f"dataset.speaker_pattern={PATTERN}"]
    run = ["run", "--plugin", "acrnn", "--dataset", "emobox", *given, "--out", str(tmp_path / "run")]
    assert invoke([*run, "--folds", "0", "--epochs", "1", "--device", "cpu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["protocol"] == "emobox/loso_next@1"
    assert invoke(["data", "check", "emobox", *given]) == 0
    assert "16 utterances, 4 speakers" in capsys.readouterr().out
