"""The header of an audformat database and the tables that it describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from serkit.data.corpus import few
from serkit.data.tables import Table, read_csv, read_text, seconds
from serkit.errors import CorpusError, nearest

Key = tuple[str, float, float | None]
"""What a row of a table is about: a file, and the seconds of its part."""


class Header:
    """``db.yaml``: schemes, tables, misc tables, splits. ``tables`` are the names of those that are about files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        content = _yaml(path)
        self._schemes = _mapping(path, content, "schemes")
        self._tables = _mapping(path, content, "tables")
        self._misc = _mapping(path, content, "misc_tables")
        self._split_types = _mapping(path, content, "splits")
        languages = content.get("languages") or []
        self.language = str(languages[0]) if isinstance(languages, list) and len(languages) == 1 else ""
        self.tables = tuple(self._tables)
        self._columns = {
            name: _mapping(path, table, "columns", f"columns of the table {name}")
            for name, table in self._tables.items()
        }
        self._read: dict[str, Table] = {}
        self._labels: dict[str, Mapping[str, Any] | None] = {}
        for name, table in self._tables.items():
            if table.get("type") not in ("filewise", "segmented"):
                raise CorpusError(
                    f"{path}: the table {name} has the type {table.get('type')!r}; filewise and segmented are known."
                )

    def columns(self, table: str) -> tuple[str, ...]:
        """Columns of a table, by the header."""
        return tuple(self._columns[table])

    def split(self, table: str) -> str:
        """The type of the split that a table is a part of (``train``), or an empty string."""
        name = str(self._tables[table].get("split_id") or "")
        return str(self._split_types.get(name, {}).get("type") or name).lower()

    def has_csv(self, table: str) -> bool:
        """Whether the table lies beside the header as CSV."""
        return self._file(table).is_file()

    def rows(self, table: str) -> Iterator[tuple[str, Key, Mapping[str, str]]]:
        """Words for the row, what it is about, and its cells."""
        read = self._table(table)
        segmented = self._tables[table]["type"] == "segmented"
        for row in read.rows:
            where, cells = read.where(row), row.cells
            if not cells["file"]:
                raise CorpusError(f"{where}: the cell of file is empty; name the recording, or delete the row.")
            start, end = 0.0, None
            if segmented:
                start = seconds(cells["start"], where, "start", plain=False, timedelta=True) or 0.0
                end = seconds(cells["end"], where, "end", plain=False, timedelta=True)
            yield where, (cells["file"], start, end), cells

    def attributes(self, table: str) -> dict[str, dict[str, str]]:
        """File to what ``table`` says of it, values of schemes looked up."""
        return {key[0]: self.expanded(table, cells, where) for where, key, cells in self.rows(table)}

    def expanded(self, table: str, cells: Mapping[str, str], where: str, but: str = "") -> dict[str, str]:
        """The cells of a row that are not empty, by column, with what the labels of their schemes say of them: a text
        in the place of its code, and the attributes of a speaker beside the speaker. ``but`` is left out."""
        found: dict[str, str] = {}
        more: dict[str, str] = {}
        for column in self.columns(table):
            value = cells[column]
            if not value or column == but:
                continue
            meaning = self.check(table, column, value, where)
            if isinstance(meaning, Mapping):
                more |= {str(k): str(v) for k, v in meaning.items() if v is not None and str(v)}
                found[column] = value
            elif meaning is not None and str(meaning) != value:
                found[column] = str(meaning)
                more[f"{column}_code"] = value
            else:
                found[column] = value
        return more | found

    def check(self, table: str, column: str, value: str, where: str) -> Any:
        """What the scheme of ``column`` says of ``value``: a mapping of attributes, a text, or None if nothing.

        Raises CorpusError if the scheme lists its labels and ``value`` is none of them.
        """
        scheme_id = str(self._columns[table][column].get("scheme_id") or "")
        if not scheme_id:
            return None
        if scheme_id not in self._schemes:
            raise CorpusError(
                f"{self.path}: the column {column} of {table} has the scheme {scheme_id!r}, which is not there; save "
                "the database again."
            )
        if scheme_id not in self._labels:
            self._labels[scheme_id] = self._labels_of(scheme_id)
        labels = self._labels[scheme_id]
        if labels is None:
            return None
        if value not in labels:
            near = nearest(value, labels)
            hint = f"did you mean {near!r}?" if near else f"the scheme has {few(list(labels), 10)}."
            raise CorpusError(f"{where}: {value!r} is no label of the scheme {scheme_id!r} of {self.path.name}; {hint}")
        return labels[value]

    def _labels_of(self, scheme_id: str) -> Mapping[str, Any] | None:
        labels = self._schemes[scheme_id].get("labels")
        if isinstance(labels, str):
            if labels not in self._misc:
                raise CorpusError(
                    f"{self.path}: the scheme {scheme_id!r} has its labels in the misc table {labels!r}, which is not "
                    "there; save the database again."
                )
            table = self._table(labels)
            level, *others = table.columns
            return {row.cells[level]: {c: row.cells[c] for c in others} for row in table.rows}
        if isinstance(labels, Mapping):
            return {str(k): v for k, v in labels.items()}
        return {str(k): None for k in labels} if isinstance(labels, list) else None

    def _file(self, table: str) -> Path:
        return self.path.with_name(f"{self.path.stem}.{table}.csv")

    def _table(self, name: str) -> Table:
        if name in self._read:
            return self._read[name]
        file = self._file(name)
        if not file.is_file():
            other = next((s for s in ("parquet", "pkl") if file.with_suffix(f".{s}").is_file()), "")
            hint = (
                f'only {file.with_suffix(f".{other}").name} is there; save the database with storage_format="csv"'
                if other
                else "put it there, or choose another table"
            )
            raise CorpusError(f"{file}, which {self.path.name} describes, does not exist: {hint}.")
        table = read_csv(file)
        if name in self._tables:
            times = ("start", "end") if self._tables[name]["type"] == "segmented" else ()
            table.need("file", *times, *self.columns(name))
        self._read[name] = table
        return table


def _yaml(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(read_text(path))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}," if mark else ""
        raise CorpusError(f"{path}{line} is not YAML; save the database again.") from None
    if not isinstance(content, Mapping) or not content.get("tables"):
        raise CorpusError(f"{path} is no header of an audformat database (it has no tables); name the folder of one.")
    return content


def _mapping(path: Path, content: Mapping[str, Any], key: str, what: str = "") -> dict[str, Any]:
    found = content.get(key) or {}
    if not isinstance(found, Mapping) or not all(v is None or isinstance(v, Mapping) for v in found.values()):
        raise CorpusError(f"{path}: {what or key} is no mapping of names to descriptions; save the database again.")
    return {str(k): v or {} for k, v in found.items()}
