"""Split files of other tools: each format read as it is written, each fault named with file and row."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serkit.data.audit import Audit, measure
from serkit.data.foreign import ForeignSplit, part_of, read_split, with_audio
from serkit.data.foreign_rows import Names, recording
from serkit.data.recognise import speaker_pattern
from serkit.data.verdict import Verdict, class_counts, judge
from serkit.errors import CorpusError
from serkit.testing.audio import write_noise
from serkit.types import Protocol
from serkit_plugins.datasets.emodb import LABELS, EmoDb, _checksums
from serkit_plugins.datasets.iemocap.loader import Iemocap

EMODB = Names("emodb", EmoDb().identify)
IEMOCAP = Names("iemocap", Iemocap().identify)


def audited(split: ForeignSplit) -> tuple[Audit, Verdict]:
    protocol = Protocol(
        corpus="x", name="foreign", version=0, folds=split.folds, labels=split.corpus.labels, hash="",
        guarantees=(), dev_guarantees=(),
    )  # fmt: skip
    found = measure(split.corpus, protocol, {u.id: recording(u) for u in split.corpus.utterances})
    return found, judge(split, found)


def alone(path: Path, names: Names | None = None, column: str = "") -> ForeignSplit:
    return read_split([("", path)], names or Names(), column=column)


def save(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def emobox_row(name: str, **more: Any) -> str:
    row = {
        "key": name, "dataset": "emodb", "wav": f"downloads/emodb/wav/{name}.wav", "type": "raw",
        "sample_rate": 16000, "length": 1.5, "task": "category", "emo": LABELS[name[5]], "channel": 1,
    }  # fmt: skip
    return json.dumps({**row, **more})


def emobox(folder: Path) -> Path:
    """Folders in EmoBox's shape: five random folds of 428 and 107 rows, no speakers, no development lists."""
    names = sorted(_checksums())
    random.Random(0).shuffle(names)
    for k in range(5):
        test = names[107 * k : 107 * (k + 1)]
        for part, rows in (("train", sorted(set(names) - set(test))), ("test", test)):
            text = "".join(emobox_row(x) + "\n" for x in rows)
            save(folder / f"fold_{k + 1}" / f"emodb_{part}_fold_{k + 1}.jsonl", text)
    save(folder / "label_map.json", '{"neutral": "Neutral"}')
    return folder


def test_emobox_on_emodb_is_speaker_dependent(tmp_path: Path) -> None:
    split = alone(emobox(tmp_path), EMODB)
    assert [(f.name, len(f.train), len(f.dev), len(f.test)) for f in split.folds] == [
        (f"fold_{k}", 428, 0, 107) for k in range(1, 6)
    ]
    assert split.notes == ("Not read, since their names say no part or no fold: label_map.json.",)
    found, verdict = audited(split)
    assert verdict.leaks
    assert verdict.lines[0] == "Speaker-dependent: 10 of 10 test speakers are in training in each of 5 folds."
    assert verdict.lines[1].startswith("No development part in 5 of 5 folds")
    assert {f.seen["text"] for f in found.folds} == {10}  # the names say the texts as well
    assert {f.seen["audio"] for f in found.folds} == {0}
    counts = class_counts(split)
    assert counts["fold_1"]["train"]["angry"] + counts["fold_1"]["test"]["angry"] == 127


def speechbrain(folder: Path, part: str, keys: list[str]) -> Path:
    rows = {
        k: {"wav": f"{{data_root}}/Session{k[4]}/sentences/wav/{k[:-5]}/{k}.wav", "length": 2.5, "emo": "neu"}
        for k in keys
    }
    return save(folder / f"{part}.json", json.dumps(rows, indent=2))


def test_speechbrain_goes_by_the_last_letter_of_an_iemocap_name(tmp_path: Path) -> None:
    speechbrain(tmp_path, "train", ["Ses01F_impro01_F000", "Ses02M_impro01_M001"])
    speechbrain(tmp_path, "valid", ["Ses03F_impro01_M000"])
    speechbrain(tmp_path, "test", ["Ses01M_impro02_F003", "Ses04F_impro01_F000"])
    found, verdict = audited(alone(tmp_path, IEMOCAP))
    assert verdict.lines == ("Speaker-dependent: 1 of 2 test speakers are in training in the only fold.",)
    (fold,) = found.folds
    assert (fold.seen["session"], fold.dev_seen["session"]) == (1, 0)
    assert fold.utterances == {"train": 2, "dev": 1, "test": 2}
    # the same files named one by one
    parts = [(p, tmp_path / f"{p}.json") for p in ("train", "valid", "test")]
    assert read_split(parts, IEMOCAP).folds == alone(tmp_path, IEMOCAP).folds


def test_speakers_of_the_column_that_the_names_contradict_are_told(tmp_path: Path) -> None:
    rows = {"meta_data": [
        {"path": f"Session1/sentences/wav/{x[:-5]}/{x}.wav", "label": "neu", "speaker": x[:6]}
        for x in ("Ses01F_impro01_F000", "Ses01F_impro01_M000")
    ]}  # fmt: skip
    save(tmp_path / "train_meta_data.json", json.dumps(rows))
    save(tmp_path / "test_meta_data.json", json.dumps(rows).replace("Ses01", "Ses02"))
    (note,) = alone(tmp_path, IEMOCAP).notes
    assert "call one speaker are several by the file names of iemocap in 2 of 2 cases" in note


HEAD = "file,speaker,emotion,gender,split"


def test_a_manifest_with_a_split_column_bom_and_windows_paths(tmp_path: Path) -> None:
    rows = [r"wav\a\1.wav,s1,angry,female,train", r"wav\a\2.wav,s1,sad,female,val", "wav/b/1.wav,s2,sad,male,test"]
    path = save(tmp_path / "m.csv", "\r\n".join([HEAD, *rows]) + "\r\n", "utf-8-sig")
    split = alone(path)
    (fold,) = split.folds
    assert fold.train == ("1.wav (m.csv, line 2)",)
    assert [str(u.path) for u in split.corpus.utterances] == ["wav/a/1.wav", "wav/a/2.wav", "wav/b/1.wav"]
    found, verdict = audited(split)
    assert not verdict.leaks
    assert verdict.lines == ("Speaker-independent: no test speaker is in training or development in the only fold.",)
    assert found.folds[0].dev_seen["speaker"] == 1


def test_folds_of_a_nkululeko_table_are_tested_in_turn(tmp_path: Path) -> None:
    lines = ["file,speaker,emotion,start,end,fold"]
    lines += [f"{k}.wav,s{k % 6},sad,0 days 00:00:00.5,0 days 00:00:02,{k % 12 + 1}" for k in range(24)]
    split = alone(save(tmp_path / "nk.csv", "\n".join(lines)))
    assert [f.name for f in split.folds] == [str(k) for k in range(1, 13)]  # 2 before 10
    assert [(len(f.train), len(f.dev), len(f.test)) for f in split.folds] == [(22, 0, 2)] * 12
    assert split.corpus.utterances[0].end == 2.0
    _, verdict = audited(split)
    assert verdict.lines[0] == "Speaker-dependent: 1 of 1 test speakers are in training in each of 12 folds."


def test_another_column_and_a_pattern_for_speakers(tmp_path: Path) -> None:
    text = "path,label,part\nspk1_a.wav,x,training\nspk2_b.wav,y,eval\nspk2_c.wav,y,devel\n"
    names = Names(pattern=re.compile(r"(spk\d)_"))
    split = alone(save(tmp_path / "t.csv", text), names, "part")
    assert split.corpus.speakers == ("spk1", "spk2")
    _, verdict = audited(split)
    assert verdict.lines == ("Selected on test speakers: 1 of 1 test speakers are in development in the only fold.",)
    assert verdict.leaks


def test_development_on_the_test_part_repeated_rows_and_contradictions_are_told(tmp_path: Path) -> None:
    head = "file,speaker,emotion\n"
    train = save(tmp_path / "tr.csv", head + "a.wav,s1,sad\na.wav,s1,sad\nb.wav,s1,sad\n")
    dev = save(tmp_path / "de.csv", head + "c.wav,s2,sad\nd.wav,s2,angry\n")
    test = save(tmp_path / "te.csv", head + "d.wav,s2,angry\nc.wav,s2,sad\nb.wav,s3,happy\n")
    split = read_split([("train", train), ("dev", dev), ("test", test)], Names())
    assert split.notes == (
        "Rows that repeat another of the same part: 1 (e.g. a.wav (tr.csv, line 2) and a.wav (tr.csv, line 3)).",
        "Recordings listed with two speakers: 1 (e.g. s1 of b.wav (tr.csv, line 4) and s3 of b.wav (te.csv, line 4)).",
        "Recordings listed with two labels: 1 (e.g. sad of b.wav (tr.csv, line 4) and happy of b.wav (te.csv, line "
        "4)).",
    )
    found, verdict = audited(split)
    assert found.folds[0].seen["audio"] == 3
    assert verdict.leaks
    same = read_split([("train", train), ("dev", test), ("test", test)], Names())
    assert "The development part is the test part in the only fold" in audited(same)[1].lines[-1]


def test_parts_of_one_file_are_other_recordings(tmp_path: Path) -> None:
    text = "file,speaker,start,end,split\nx.wav,s1,0,1,train\nx.wav,s2,1,2,test\nx.wav,s3,0,1,test\n"
    found, _ = audited(alone(save(tmp_path / "t.csv", text)))
    assert (found.folds[0].seen["audio"], found.folds[0].distinct["audio"]["test"]) == (1, 2)


def test_recordings_are_found_by_as_much_of_their_path_as_agrees(tmp_path: Path) -> None:
    for name in ("s1/201.wav", "s2/201.wav", "s2/202.wav"):
        write_noise(tmp_path / "data" / "wav" / name)
    (tmp_path / "data" / "wav" / "s1" / "201.wav").rename(tmp_path / "data" / "wav" / "s1" / "201.FLAC")
    text = "file,speaker,split\nC:\\c\\s1\\201.wav,s1,train\nold/s2/201.wav,s2,test\n201.wav,s3,test\nno.wav,s4,test\n"
    split, found = with_audio(alone(save(tmp_path / "t.csv", text)), tmp_path / "data")
    assert [x.partition(" ")[2] for x in found] == ["(t.csv, line 2)", "(t.csv, line 3)"]  # bare 201.wav fits two
    where = [u.path.relative_to(tmp_path).as_posix() for u in split.corpus.utterances if u.id in found]
    assert where == ["data/wav/s1/201.FLAC", "data/wav/s2/201.wav"]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("valid", "dev"),
        ("emodb_train_fold_1", "train"),
        ("test_meta_data", "test"),
        ("train_test", ""),
        ("trainer", ""),
    ],
)
def test_parts_in_names(name: str, part: str) -> None:
    assert part_of(name) == part


def one(name: str, text: str) -> Callable[[Path], list[tuple[str, Path]]]:
    return lambda folder: [("", save(folder / name, text))]


PAIR = "file,speaker\na.wav,s\n"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (one("t.csv", ""), r"t\.csv is empty"),
        (one("t.csv", "file,speaker,split\n"), r"t\.csv has a header but no rows"),
        (one("t.csv", "name,speaker,split\na,s,train\n"), r"t\.csv, line 1, has no column of files .* name, speaker"),
        (one("t.csv", PAIR), r"lacks a column split or fold.*there is file, speaker: name one with --column"),
        (one("t.csv", "file,speaker,split\na,s,train\nb,,test\n"), r"t\.csv, line 3, has no speaker; say .*--dataset"),
        (one("t.csv", "file,speaker,split\na,s,train\n,s,test\n"), r"t\.csv, line 3, names no file"),
        (one("t.csv", "file,speaker,split\na,s,train\nb,s,\n"), r"says nothing of b \(t\.csv, line 3\)"),
        (one("t.csv", "file,speaker,split\na,s,train\nb,s,dev\n"), r"column split of .* gives no row to test"),
        (one("t.csv", "file,speaker,fold\na,s,1\nb,s,1\n"), "has one value only"),
        # unused rows made folds of "train" and "none", each tested once
        (one("t.csv", "file,speaker,split\na,s,train\nb,s,none\n"), r"says train of some rows and none of others .*3"),
        (one("t.csv", "file,speaker,split\na,s\n"), r"t\.csv, line 2, has 2 cells where the header has 3"),
        (one("t.csv", "file,speaker,start,end,split\na,s,2,1,test\n"), r"t\.csv, line 2, ends at 1\.0 s but starts"),
        (one("t.jsonl", '{"wav": "a"}\n{"wav": \n'), r"t\.jsonl, line 2, is not a JSON object"),
        (one("t.json", '{"a": {\n'), r"t\.json, line 2, is not JSON"),
        (one("t.json", "{}"), r"t\.json holds no utterances"),
        (one("t.json", '{"a": 3}'), r"t\.json, key a, is no object"),
        (one("t.json", '[{"wav": ["a.wav"], "spk": "s"}]'), r"t\.json, entry 1, names no file"),
        (one("t.json", '[{"wav": "a.wav", "spk": "\\ud83d"}]'), r"t\.json, line 1, is not JSON"),  # a traceback
        (one("t.jsonl", emobox_row("03a01Fa", split="test")), r"line 1, has no speaker; say .* --dataset emodb,"),
        (one("t.txt", "a"), r"t\.txt is none of the split files that are read"),
        (lambda f: [("", f / "no.csv")], r"no\.csv given with --split does not exist"),
        (lambda f: [("", f)], "holds no split: .*seen was nothing"),
        (lambda f: [("train", save(f / "a.csv", PAIR))], "has no file for test; name one with --split test=FILE"),
        (lambda f: [("", save(f / "a.csv", PAIR)), ("", save(f / "b.csv", PAIR))], "names no part; write train=FILE"),
        (lambda f: [("dev", save(f / "a.csv", PAIR)), ("val", save(f / "b.csv", PAIR))], "two files for dev"),
    ],
)  # fmt: skip
def test_faults_are_one_sentence(make: Callable[[Path], list[tuple[str, Path]]], words: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=words) as caught:
        read_split(make(tmp_path), Names())
    assert "\n" not in str(caught.value)


def test_names_of_another_corpus_and_patterns_that_miss_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "t.jsonl", emobox_row("03a01Fa").replace("03a01Fa", "Ses01F_impro01_F000"))
    with pytest.raises(CorpusError, match=r"line 1, has no speaker, and Ses01F.* is not named as files of emodb are"):
        alone(path, EMODB)
    with pytest.raises(CorpusError, match=r"line 1: the pattern .* finds no speaker in downloads/emodb"):
        alone(path, Names(pattern=re.compile(r"(\d\d)a")))


@pytest.mark.parametrize(
    ("start", "end", "told"), [("1", "3", True), ("2", "3", False), ("", "", True), ("0", "2", False)]
)
def test_parts_that_overlap_in_time_are_told(tmp_path: Path, start: str, end: str, told: bool) -> None:
    """Half a test recording in training counted as nothing shared; equal times are the same recording, and told so."""
    text = f"file,speaker,split,start,end\na.wav,s,train,0,2\na.wav,t,test,{start},{end}\n"
    notes = alone(save(tmp_path / "t.csv", text)).notes
    assert any("overlap in time with rows of training or development: 1" in note for note in notes) == told


def test_a_label_that_is_not_there_contradicts_nothing(tmp_path: Path) -> None:
    text = "file,speaker,split,emotion\na.wav,s,train,sad\na.wav,s,test,\n"
    assert not any("two labels" in note for note in alone(save(tmp_path / "t.csv", text)).notes)


def test_groups_of_a_pattern_are_put_together_and_found_in_keys(tmp_path: Path) -> None:
    """As dataset emobox reads them, so that one pattern does for both."""
    rows = [{"key": f"iemocap-Ses0{k}F_impro01_{s}000", "wav": f"{k}.wav", "split": p}
            for k, s, p in ((1, "M", "train"), (2, "F", "test"))]  # fmt: skip
    path = save(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)))
    pattern = speaker_pattern(r"iemocap-(Ses0\d).*_([FM])\w+$", "--speaker-pattern")
    assert alone(path, Names(pattern=pattern)).corpus.speakers == ("Ses01M", "Ses02F")


def test_names_of_speakers_that_are_hardly_others_are_told(tmp_path: Path) -> None:
    rows = [{"wav": "a.wav", "spk": s, "split": p} for s, p in (("Jörg", "train"), ("Jo\u0308rg", "test"))]
    split = alone(save(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows))))
    assert any("differ in case or accents alone: Jo\u0308rg and Jörg." in note for note in split.notes)
    rows = [{"wav": f"{p}.wav", "spk": s, "split": p} for s, p in ((3, "train"), (3.0, "test"))]
    assert alone(save(tmp_path / "n.jsonl", "\n".join(map(json.dumps, rows)))).corpus.speakers == ("3",)


def test_two_files_for_one_part_of_a_folder_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "train.csv", PAIR)
    save(tmp_path / "train.json", "{}")
    with pytest.raises(CorpusError, match=r"holds two files for train \(train\.csv and train\.json\)"):
        alone(tmp_path)
