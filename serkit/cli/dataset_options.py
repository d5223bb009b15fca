"""``--set`` of the commands that read a corpus without a recipe."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from serkit.errors import ConfigError

Set = Annotated[
    list[str] | None, typer.Option("--set", help="An option of the dataset, e.g. subset=816 or missing=skip.")
]


def dataset_options(sets: list[str] | None) -> dict[str, Any]:
    """Options of a dataset from ``key=value``; ``dataset.key=value``, as `serkit run` has it, is the same.

    Raises ConfigError for anything else.
    """
    from serkit import config

    options: dict[str, Any] = {}
    for item in sets or ():
        key, equals, text = item.partition("=")
        path = key.strip().removeprefix("dataset.").split(".")
        if not equals or not all(path):
            raise ConfigError(f"--set {item!r} is not key=value; write for example --set missing=skip.")
        if path == ["name"]:
            raise ConfigError(f"--set {item!r} names a dataset, but the command has named it already; leave it out.")
        value = config.literal(text)
        for part in reversed(path[1:]):
            value = {part: value}
        options = config.merge(options, {path[0]: value})
    return options
