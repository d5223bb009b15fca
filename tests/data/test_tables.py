"""CSV and JSON lines with the lines of their rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from serkit.data.tables import read_csv, read_json, read_jsonl, seconds
from serkit.errors import CorpusError


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_rows_have_their_lines(tmp_path: Path, end: str, mark: bytes) -> None:
    text = end.join(["File , x", "a, 1", "", ",", '"b', 'c","2,5"', "ä,3"])
    table = read_csv(write(tmp_path, mark + text.encode()), ["file"])
    assert table.columns == ("file", "x")
    assert [(r.line, r.cells["file"], r.cells["x"]) for r in table.rows] == [
        (2, "a", "1"), (5, f"b{end}c", "2,5"), (7, "ä", "3"),
    ]  # fmt: skip
    assert table.where(table.rows[1]) == f"{tmp_path / 't.csv'}, line 5"


def test_a_column_without_a_name_has_its_place(tmp_path: Path) -> None:
    assert read_csv(write(tmp_path, ",a\n0,1\n")).columns == ("column_1", "a")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "t.csv is empty"),
        ("\n,\n", "t.csv is empty"),
        ("a,b\n", "a header but no rows"),
        ("a,b\n1,2\n3\n", "line 3, has 1 cells where the header has 2"),
        ("a,b\n1,2,3\n", 'line 2, has 3 cells where the header has 2; put cells that hold commas into "quotes"'),
        ("a;b\n1;2\n", "line 1, is separated by semicolons"),
        ("a\tb\n1\t2\n", "line 1, is separated by tabs"),
        ("a,b,a\n1,2,3\n", "line 1, names the column 'a' twice"),
        ('a,b\n1,"2"3\n', "line 2, is not CSV"),
        ('a,b\n1,"2\n', "line 2, is not CSV"),
        (b"a,b\n1,2\nf\xfc,3\n", "line 3, is not UTF-8"),
        (b"\xff\xfea\x00", "line 1, is not UTF-8"),
    ],
)
def test_bad_tables_are_told_by_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read_csv(write(tmp_path, text))
    assert words in str(caught.value)
    assert str(tmp_path / "t.csv") in str(caught.value)


def test_a_missing_column_suggests_the_nearest(tmp_path: Path) -> None:
    table = read_csv(write(tmp_path, "file,emtion\na,sad\n"))
    with pytest.raises(CorpusError, match="no column 'emotion'; there is file, emtion; rename 'emtion'"):
        table.need("file", "emotion")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cannot be read"):
        read_csv(tmp_path / "none.csv")


def test_json_lines_have_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": 1}\n\n{"a": 2}\n')
    assert read_jsonl(path) == [(1, {"a": 1}), (3, {"a": 2})]


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"a": 1}\n{"a": \n', "line 2, is not a JSON object"), ("[1]\n", "line 1, is not"), ("\n", "is empty"),
     ("[" * 100_000, "line 1, is not"), ('{"a": "\\ud83d"}', "line 1, is not")],
)  # fmt: skip
def test_bad_json_lines_are_told_by_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CorpusError, match=words):
        read_jsonl(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a":\n', "line 2, is not JSON"),
        ("[" * 100_000, "line 1, is not JSON"),
        ('["\\udfff"]', "line 1, is not JSON"),
    ],
)
def test_bad_json_is_told_by_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CorpusError, match=words):
        read_json(write(tmp_path, text))
    assert read_json(write(tmp_path, '{"a": ["\\ud83d\\ude00"]}')) == {"a": ["😀"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("NaT", None), ("1.5", 1.5), ("0 days 00:00:01.500000", 1.5), ("1 days 01:01:01", 90061.0),
     ("00:02:03.25", 123.25), ("-1 days +23:59:59", -1.0), ("1e-3", 0.001), (".5", 0.5),
     ("0 days", 0.0), ("2 days", 172800.0)],  # so pandas writes a column of whole days
)  # fmt: skip
def test_times_of_either_form(text: str, value: float | None) -> None:
    assert seconds(text, "t.csv, line 2", "start", timedelta=True) == value


@pytest.mark.parametrize("text", ["1,5", "x", "nan", "inf", "1e999", "1_0", "١", "0 days 00:00:61"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(CorpusError, match=r"t\.csv, line 2: end is .*a number of seconds such as 1\.5 is expected"):
        seconds(text, "t.csv, line 2", "end")
    with pytest.raises(CorpusError, match="0 days 00:00:01"):
        seconds("1.5", "t.csv, line 2", "end", plain=False, timedelta=True)
