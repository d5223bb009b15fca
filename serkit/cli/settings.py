"""A settings dataclass as rows for ``serkit show``: key, type, value and what is allowed."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

from serkit import config

_SIGNS = {Ge: (">=", "ge"), Gt: (">", "gt"), Le: ("<=", "le"), Lt: ("<", "lt")}


def rows(cls: Any, values: Mapping[str, Any] | None = None, prefix: str = "") -> list[dict[str, Any]]:
    """One row a key of the dataclass ``cls``, nested ones with dotted keys.

    ``values`` are shown as the values, else the defaults (None where there is none). Each row has ``key``, ``type``,
    ``value``, ``default`` and ``allowed`` (choices or bounds, empty if anything of the type goes).
    """
    hints = get_type_hints(cls, include_extras=True)
    found = []
    for f in dataclasses.fields(cls):
        key, hint = f"{prefix}{f.name}", hints[f.name]
        default = _default(f)
        value = values[f.name] if values is not None and f.name in values else default
        plain, allowed = _read(hint)
        if dataclasses.is_dataclass(plain) and isinstance(value, Mapping):
            found += rows(plain, value, f"{key}.")
            continue
        found.append({"key": key, "type": _name(plain), "value": value, "default": default, "allowed": allowed})
    return found


def _default(f: dataclasses.Field[Any]) -> Any:
    made = f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
    if made is dataclasses.MISSING:
        return None
    if dataclasses.is_dataclass(made) and not isinstance(made, type):
        return config.dump(made)
    return list(made) if isinstance(made, tuple) else made


def _read(hint: Any) -> tuple[Any, str]:
    # Annotated may stand around the whole type or around the members of a tuple; either way its bounds are shown.
    if get_origin(hint) is Annotated:
        plain, *limits = get_args(hint)
        inner, allowed = _read(plain)
        return inner, " and ".join(filter(None, [allowed, *map(_limit, limits)]))
    if get_origin(hint) is Literal:
        return hint, " | ".join(map(str, get_args(hint)))
    if get_origin(hint) in (tuple, list):
        inner = next((a for a in get_args(hint) if a is not ...), None)
        return hint, f"each {words.removeprefix('each ')}" if inner is not None and (words := _read(inner)[1]) else ""
    return hint, ""


def _limit(limit: Any) -> str:
    sign, attribute = _SIGNS.get(type(limit), ("", ""))
    return f"{sign} {getattr(limit, attribute):g}" if sign else ""


def _name(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is Annotated:
        return _name(get_args(hint)[0])
    if origin is Literal:
        return " or ".join(dict.fromkeys(type(a).__name__ for a in get_args(hint)))
    if origin in (Union, types.UnionType):
        return " or ".join(_name(a) for a in get_args(hint))
    if origin in (tuple, list):
        inner = [_name(a) for a in get_args(hint) if a is not ...]
        return f"list of {' and '.join(dict.fromkeys(inner))}"
    if hint is type(None):
        return "none"
    return getattr(hint, "__name__", str(hint))
