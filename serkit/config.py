"""Turns mappings (TOML tables, ``--set``, presets) into frozen settings dataclasses, and back.

Every unknown key and every bad value is one sentence with the dotted key and, for a misspelt key, the nearest valid
one. The checking of values is pydantic's; it is imported on first use, so that listing plugins does not pay for it.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from serkit.errors import ConfigError, PluginError, nearest

T = TypeVar("T")


def load(cls: type[T], values: Mapping[str, Any], *, where: str = "", path: str = "") -> T:
    """Build ``cls`` (a dataclass) from ``values``, with defaults for what is missing.

    ``where`` names the source for messages (a file, ``--set``, ``preset 'small'``) and ``path`` the dotted prefix of
    its keys. Raises ConfigError for an unknown key, a wrong type or a value out of
    range, PluginError if ``cls``, which may be a plugin's, is no dataclass.
    """
    from pydantic import TypeAdapter, ValidationError

    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
        raise PluginError(
            f"The settings {path or 'asked for'} are described by {getattr(cls, '__name__', cls)!r} of "
            f"{getattr(cls, '__module__', 'a plugin')}, which is no dataclass; its authors must make it one "
            "(@dataclass(frozen=True, kw_only=True))."
        )
    check_keys(cls, values, where=where, path=path)
    try:
        # lax mode: TOML has no tuples; json-like lists become them
        return TypeAdapter(cls).validate_python(_texts(cls, values))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join([path, *map(str, first["loc"])] if path else map(str, first["loc"]))
        got = f" (got {first['input']!r})" if "input" in first else ""
        raise ConfigError(
            f"{_of(where)}{key or cls.__name__}: {_lower(first['msg']).replace('valid tuple', 'list')}{got}."
        ) from None


def dump(settings: Any) -> dict[str, Any]:
    """A settings dataclass as a plain dict that TOML and JSON can hold; ``load`` of it gives the same settings."""
    return {f.name: _plain(getattr(settings, f.name)) for f in dataclasses.fields(settings)}


def check_keys(cls: Any, values: Mapping[str, Any], *, where: str = "", path: str = "") -> None:
    """Raise ConfigError if ``values`` has a key that the dataclass ``cls`` (or one nested in it) lacks."""
    hints = get_type_hints(cls)
    allowed = [f.name for f in dataclasses.fields(cls)]
    for key, value in values.items():
        full = f"{path}.{key}" if path else key
        if key not in allowed:
            near = nearest(key, allowed)
            hint = f"did you mean {near!r}?" if near else f"allowed are {', '.join(allowed) or 'no keys'}."
            raise ConfigError(f"{_of(where)}unknown key {full!r}; {hint}")
        nested = _dataclass_in(hints[key])
        if nested is not None and isinstance(value, Mapping):
            check_keys(nested, value, where=where, path=full)


def literal(text: str) -> Any:
    """A TOML literal from a command line; anything else is text, so that shells need no quotes within quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def assignments(texts: Iterable[str]) -> dict[str, Any]:
    """The values of ``--set key=value``, one text each. Raises ConfigError for one without a value."""
    values: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--set {text!r} has no value; write key=value, e.g. --set n_mels=64.")
        values[key.strip()] = literal(value)
    return values


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the values of ``over`` on top, table by table; neither is changed."""
    out = {k: dict(v) if isinstance(v, Mapping) else v for k, v in base.items()}
    for key, value in over.items():
        old = out.get(key)
        out[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return out


def _texts(cls: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with numbers that are choices of a text as text: ``--set subset=816`` reads as a number."""
    hints = get_type_hints(cls)
    out = dict(values)
    for key, value in values.items():
        if type(value) is int and get_origin(hints[key]) is Literal and str(value) in get_args(hints[key]):
            out[key] = str(value)
    return out


def _dataclass_in(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return next((d for d in map(_dataclass_in, get_args(hint)) if d), None)
    return hint if dataclasses.is_dataclass(hint) else None


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dump(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _of(where: str) -> str:
    return f"In {where}, " if where else ""


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
