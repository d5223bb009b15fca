"""``[search]`` and ``[sweep]`` of a recipe: keys of other tables, each with a list of values to try.

``[search.architecture] convs = [1, 2, 3]`` trains each value in each fold and keeps the best on the development
speakers (``serkit/run/search.py``); ``[sweep.architecture] scale = [0.1, 0.3]`` makes a run of each value
(``serkit/run/sweep.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from serkit import config
from serkit.errors import ConfigError, UnknownNameError
from serkit.run.sets import has, leaves, nest

TABLES = ("architecture", "training", "features")
"""Tables whose keys may be tried; what is tested, and how often, is the same for all values."""

Grid = Mapping[str, tuple[Any, ...]]
"""Dotted path (``"architecture.convs"``) to the values to try, sorted by path."""


def read(tables: Mapping[str, Any], name: str, where: str) -> dict[str, tuple[Any, ...]]:
    """The grid of the table ``name`` (``search`` or ``sweep``). Raises ConfigError for a key of another table and for
    what is no list of different values."""
    found: dict[str, tuple[Any, ...]] = {}
    for table in tables:
        if table not in TABLES:
            raise UnknownNameError(
                f"table of [{name}] in {where}", table, TABLES, f"Write for example [{name}.architecture]."
            )
        if not isinstance(tables[table], Mapping):
            raise ConfigError(f"In {where}, {name}.{table} is not a table; write [{name}.{table}].")
    for path, values in sorted(leaves(tables), key=lambda pair: pair[0]):
        if not isinstance(values, list | tuple) or not values:
            raise ConfigError(
                f"In {where}, {name}.{path} must be a list of the values to try, such as [1, 2, 3] (got {values!r})."
            )
        if any(values[i] == values[j] for i in range(len(values)) for j in range(i)):
            raise ConfigError(f"In {where}, {name}.{path} has a value twice (got {values!r}); name each once.")
        found[path] = tuple(values)
    return found


def to_tables(grid: Grid) -> dict[str, Any]:
    """The inverse of :func:`read`."""
    out: dict[str, Any] = {}
    for path, values in grid.items():
        out = config.merge(out, nest(path, list(values)))
    return out


def points(grid: Grid) -> list[dict[str, Any]]:
    """Every combination of values, ``{path: value}``; the last path varies fastest."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def size(grid: Grid) -> int:
    """How many combinations there are."""
    return math.prod(map(len, grid.values()))


def over(tables: Mapping[str, Any], point: Mapping[str, Any]) -> dict[str, Any]:
    """``tables`` with the values of one combination in them."""
    out = dict(tables)
    for path, value in point.items():
        out = config.merge(out, nest(path, value))
    return out


def without(grid: Mapping[str, Any], settled: Mapping[str, Any]) -> dict[str, Any]:
    """The table of a grid without keys for which the tables ``settled`` have one value: what a user sets is not
    searched, whatever a preset says."""
    out: dict[str, Any] = {}
    for path, values in leaves(grid):
        if not has(settled, path):
            out = config.merge(out, nest(path, values))
    return out


def plain(point: Mapping[str, Any]) -> dict[str, Any]:
    """A combination as JSON gives it back: lists for tuples."""
    return {path: _lists(value) for path, value in point.items()}


def _lists(value: Any) -> Any:
    return [_lists(v) for v in value] if isinstance(value, list | tuple) else value


def words(point: Mapping[str, Any]) -> str:
    """``convs 3, lr 0.001``: the last part of each path with its value."""
    return ", ".join(f"{path.rsplit('.', 1)[-1]} {value_words(value)}" for path, value in point.items())


def value_words(value: Any) -> str:
    """A value as people write it: ``0.3``, ``true``, ``[2, 2]``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(value_words, value))}]"
    return str(value)
