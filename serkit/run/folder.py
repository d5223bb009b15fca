"""The run folder: where it lies, whether it may be written, and what is in it."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from serkit.data.corpus import writable
from serkit.errors import RunFolderError
from serkit.run.corpora import without_paths
from serkit.run.files import read_json, write_json, write_text
from serkit.run.recipe import Recipe


def default(recipe: Recipe) -> Path:
    """``runs/<UTC>-<plugin>-<dataset>-<6 hex>``."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return Path("runs") / f"{now}-{recipe.run.plugin}-{recipe.dataset}-{os.urandom(3).hex()}"


def fold(run: Path, seed: int, name: str) -> Path:
    """The folder of one fold."""
    return run / "folds" / f"{seed}-{name}"


def check(out: Path | None, recipe: Recipe, resume: bool) -> None:
    """Refuse a folder that may not be written: not empty without ``--resume``, of another recipe with it."""
    if out is not None and writable(str(out)) != str(out):  # the report bears the name
        raise RunFolderError(f"--out {writable(str(out))} is not valid UTF-8; name another folder.")
    if resume:
        if out is None:
            raise RunFolderError("--resume needs the folder of the run: --out DIR.")
        if (out / "recipe.toml").exists():
            _check_same(out, recipe)
            return
    if out is None or not out.exists():
        _check_writable(out or Path("runs"))
        return
    if not out.is_dir():
        raise RunFolderError(f"--out {out} is a file; name a folder that is empty or does not exist.")
    if any(out.iterdir()):
        hint = "it holds no recipe.toml to resume" if resume else "name another one, or continue its run with --resume"
        raise RunFolderError(f"--out {out} is not empty; {hint}.")
    _check_writable(out)


def _check_writable(out: Path) -> None:
    """Refuse a folder that could not be made or written, without making it."""
    try:
        above = next(p for p in (out, *out.absolute().parents) if p.exists())
    except (OSError, StopIteration) as error:
        raise RunFolderError(f"--out {out} cannot be written ({error}); name another folder.") from None
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        what = "may not be written" if above.is_dir() else "is a file"
        raise RunFolderError(f"--out {out} cannot be written, because {above} {what}; name another folder.")


def open_(out: Path | None, recipe: Recipe, resume: bool, inside: str = "folds") -> Path:
    """Make the folder, with the folder ``inside`` in it, and return its path; checked again, since time has passed."""
    check(out, recipe, resume)
    path = out or default(recipe)
    try:
        (path / inside).mkdir(parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise RunFolderError(f"--out {path} cannot be written ({error.strerror}); name another folder.") from None
    return path


def write_record(path: Path, recipe: Recipe, environment: Mapping[str, Any], protocol: Mapping[str, Any]) -> None:
    """recipe.toml, environment.json and protocol.json; a resumed run keeps those it has."""
    import tomli_w

    if (path / "protocol.json").exists():
        before = read_json(path / "protocol.json")
        if not isinstance(before, dict) or "hash" not in before:
            raise RunFolderError(f"{path / 'protocol.json'} is damaged; delete it and continue the run with --resume.")
        if before["hash"] != protocol["hash"]:
            raise RunFolderError(
                f"{path} was begun on other data: its protocol hash is {before['hash']}, now it is "
                f"{protocol['hash']}; point --data to the corpus of the run."
            )
        if before.get("audio_sha256") != protocol["audio_sha256"]:
            raise RunFolderError(
                f"{path} was begun on other recordings of the same names (their samples differ); point --data to the "
                "corpus of the run, or begin a new one."
            )
        if not (path / "environment.json").exists():
            write_json(path / "environment.json", {**environment, "recipe_sha256": recipe.identity()})
        return
    write_text(path / "recipe.toml", tomli_w.dumps(recipe.to_dict()))
    write_json(path / "environment.json", {**environment, "recipe_sha256": recipe.identity()})
    write_json(path / "protocol.json", protocol)


def write_parts(path: Path, parts: Mapping[str, Any]) -> None:
    """runs.json, of a run that reads finished runs; a resumed one is refused if those were made anew."""
    if not parts:
        return
    file = path / "runs.json"
    if file.exists() and read_json(file) != parts:
        raise RunFolderError(
            f"{path} was begun on other predictions of the runs that it reads (they were made anew); "
            "begin a new run with another --out."
        )
    write_json(file, parts)


def _check_same(path: Path, recipe: Recipe) -> None:
    try:
        before = tomllib.loads((path / "recipe.toml").read_text(encoding="utf-8"))
        before = {**before, "dataset": dict(before["dataset"]), "run": dict(before["run"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(f"{path / 'recipe.toml'} is damaged ({error}); begin a new run.") from None
    now = recipe.to_dict()
    for tables in (before, now):
        tables["dataset"] = without_paths(tables["dataset"])
        for key in ("device", "recipe"):
            tables["run"].pop(key, None)
        tables.pop("published", None)
    differing = sorted(_differences(before, now))
    if differing:
        raise RunFolderError(
            f"{path} holds a run of another recipe (it differs in {', '.join(differing[:4])}); --resume continues only "
            "the same recipe, so name another --out."
        )
    _check_unchanged(path, recipe)


def _check_unchanged(path: Path, recipe: Recipe) -> None:
    """Refuse a folder whose recipe.toml was edited after the run began: its finished folds are of another recipe."""
    file = path / "environment.json"
    if not file.exists():
        return
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        known["serkit"]  # what every record begins with
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(f"{file} is damaged ({error}); delete it and continue the run with --resume.") from None
    if known.get("recipe_sha256", recipe.identity()) != recipe.identity():
        raise RunFolderError(
            f"{path / 'recipe.toml'} was changed after the run began, so what is finished is of another recipe; "
            "restore it, or begin a new run with another --out."
        )


def table_before(run: Path, key: str) -> dict[str, Any] | None:
    """A table of the run's metrics.json if it had ended before: looking at its test folds again is no new evaluation,
    and timing its model again would give other figures for the same run."""
    try:
        found = read_json(run / "metrics.json").get(key)
    except (RunFolderError, AttributeError):  # not there, or damaged: it is written anew
        return None
    return found if isinstance(found, dict) else None


def read_recipe(path: Path) -> dict[str, Any]:
    """The tables of ``recipe.toml`` in a run folder. Raises RunFolderError if it is missing or damaged."""
    file = path / "recipe.toml"
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        for table, key in (("run", "plugin"), ("run", "preset"), ("dataset", "name"), ("protocol", "name")):
            tables[table][key]
        return tables
    except FileNotFoundError:
        raise RunFolderError(
            f"{path} is no run folder (it has no recipe.toml); name the folder that `serkit run` left, or a folder in "
            "its folds/."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = getattr(error, "strerror", None) or error
        raise RunFolderError(f"{file} cannot be read or is damaged ({why}); restore it, or begin a new run.") from None


def _differences(a: Mapping[str, Any], b: Mapping[str, Any], prefix: str = "") -> list[str]:
    out = []
    for key in {*a, *b}:
        x, y = a.get(key), b.get(key)
        if isinstance(x, Mapping) and isinstance(y, Mapping):
            out += _differences(x, y, f"{prefix}{key}.")
        elif _lists(x) != _lists(y):
            out.append(f"{prefix}{key}")
    return out


def _lists(value: Any) -> Any:
    return [_lists(v) for v in value] if isinstance(value, list | tuple) else value
