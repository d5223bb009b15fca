"""Dotted paths into a recipe's tables: ``--set``, and the keys of ``[search]`` and ``[sweep]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from serkit import config
from serkit.errors import ConfigError, UnknownNameError

GRIDS = ("search", "sweep")
"""Tables of values to try; their keys are those of other tables, so a bare key never means them."""


def parse_sets(sets: Sequence[str], resolved: Mapping[str, Any], allowed: Sequence[str]) -> dict[str, Any]:
    """``--set`` items as tables. A bare key is looked up in the tables ``resolved``; ``allowed`` are the names of
    tables. Raises UserError for what is no ``path=value``, is unknown or could mean several keys."""
    tables = {k: v for k, v in resolved.items() if isinstance(v, Mapping) and k not in GRIDS}
    known = [path for path, _ in leaves(tables)]
    out: dict[str, Any] = {}
    for item in sets:
        key, equals, text = item.partition("=")
        key = key.strip()
        if not equals or not all(key.split(".")):
            raise ConfigError(f"--set {item!r} is not path=value; write for example --set training.lr=1e-3.")
        if "." not in key:
            key = _only_path(key, known)
        elif key.split(".")[0] not in allowed:
            raise UnknownNameError("table for --set", key.split(".")[0], allowed)
        out = config.merge(out, nest(key, config.literal(text)))
    return out


def _only_path(key: str, known: Sequence[str]) -> str:
    found = [p for p in known if p.split(".")[-1] == key]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"--set {key} could be any of {', '.join(found)}; name one of them in full.")
    raise UnknownNameError("key for --set", key, {p.split(".")[-1] for p in known}, "Name it as table.key=value.")


def leaves(tables: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted path and value of everything that is no table."""
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def has(tables: Mapping[str, Any], path: str) -> bool:
    """Whether there is a value at a dotted path."""
    first, _, rest = path.partition(".")
    if first not in tables:
        return False
    return not rest or (isinstance(tables[first], Mapping) and has(tables[first], rest))


def nest(path: str, value: Any) -> dict[str, Any]:
    """``{"a": {"b": value}}`` of ``a.b``."""
    first, _, rest = path.partition(".")
    return {first: nest(rest, value) if rest else value}
