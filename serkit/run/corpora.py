"""``[dataset]`` of a recipe: one corpus or several that are pooled, where they lie, and the label map."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serkit import config
from serkit.errors import ConfigError, UnknownNameError, UserError
from serkit.host import DatasetSpec, Host, Registered
from serkit.host.protocols import ALL_DATA, CROSS_CORPUS, LOSO_NEXT, POOLED_SPEAKERS, RANDOM_5FOLD
from serkit.host.specs import ProtocolSpec

if TYPE_CHECKING:  # recipes are resolved without reading a corpus
    from serkit.data.progress import Progress
    from serkit.types import Corpus

POOL_PROTOCOLS: tuple[ProtocolSpec, ...] = (CROSS_CORPUS, POOLED_SPEAKERS, LOSO_NEXT, RANDOM_5FOLD, ALL_DATA)
"""Protocols of several corpora pooled; the first is their default."""


@dataclass(frozen=True, kw_only=True)
class PartChoice:
    """One dataset plugin of the choice. An empty ``path`` is the cache; ``options`` are the plugin's, all of them and
    as it took them where it shows them (``816`` as ``"816"``), so that one meaning has one identity."""

    name: str
    path: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    label_map: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Its table; what is empty is left out."""
        table = {"path": self.path} if self.path else {}
        return {**table, **self.options, **({"label_map": dict(self.label_map)} if self.label_map else {})}


@dataclass(frozen=True, kw_only=True)
class CorpusChoice:
    """A resolved ``[dataset]`` table: ``parts`` sorted by name (one, unless corpora are pooled).

    ``label_map`` goes over every part that has the class: source class to target class, "" leaves the class out. A
    part's own map goes over it.
    """

    parts: tuple[PartChoice, ...]
    label_map: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``emodb``, or of a pool the sorted names: ``emodb+ravdess``."""
        return "+".join(p.name for p in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """The ``[dataset]`` table that :func:`choose` reads back to the same choice."""
        common = {"label_map": dict(self.label_map)} if self.label_map else {}
        if len(self.parts) == 1:
            return {"name": self.name, **self.parts[0].to_dict(), **common}
        return {"name": self.name, **common, **{p.name: table for p in self.parts if (table := p.to_dict())}}


def without_paths(table: Mapping[str, Any]) -> dict[str, Any]:
    """A ``[dataset]`` table without where the corpora lie, which can change no result."""
    out = {key: value for key, value in table.items() if key != "path"}
    for part in str(table.get("name", "")).split("+"):
        if part in out and part != "name" and isinstance(out[part], Mapping):
            out[part] = {key: value for key, value in out[part].items() if key != "path"}
            if not out[part]:
                del out[part]
    return out


def names(dataset: str) -> list[str]:
    """``["ravdess", "emodb"]`` of ``ravdess+emodb``, in the order written. Raises UserError if a name is empty or
    stands there twice."""
    parts = [part.strip() for part in dataset.split("+")]
    for part in parts:
        if not part:
            raise UserError(f"The dataset {dataset!r} has an empty part; write for example emodb+ravdess.")
        if parts.count(part) > 1:
            raise UserError(
                f"The dataset {dataset!r} names {part} twice, and its utterances would have the same ids; name each "
                "corpus once, or read two folders through one csv manifest."
            )
    return parts


def canonical(dataset: str) -> str:
    """The name of a pool whatever the order it was written in; of a single dataset the name itself."""
    return "+".join(sorted(names(dataset)))


def choose(table: Mapping[str, Any], data: Sequence[str | Path], host: Host, *, where: str) -> CorpusChoice:
    """The corpora that a ``[dataset]`` table names, with ``data`` (what ``--data`` gave) over their paths.

    ``data`` holds folders in the order of the names as written, or ``name=folder``. ``where`` names the source of the
    table in errors. Raises UnknownNameError for a dataset that does not exist, UserError for anything that does not
    fit, options among it, and PluginError for a dataset that cannot be made; no corpus is read.
    """
    wanted = names(str(table["name"]))
    for name in wanted:
        host.get("dataset", name)
    paths = _paths(wanted, data)
    if len(wanted) == 1:
        part = _part(wanted[0], {k: v for k, v in table.items() if k not in ("name", "label_map")}, "dataset", where)
        parts = [part]
    else:
        for key in table:
            if key not in ("name", "label_map", *wanted):
                raise UnknownNameError(
                    f"table of [dataset] in {where}",
                    key,
                    ("label_map", *wanted),
                    f"Options of a corpus of the pool stand in its own table, [dataset.{wanted[0]}].",
                )
        parts = [_part(name, table.get(name, {}), f"dataset.{name}", where) for name in sorted(wanted)]
    return CorpusChoice(
        parts=tuple(replace(p, path=paths.get(p.name, p.path), options=_taken(p, host)) for p in parts),
        label_map=_label_map(table.get("label_map", {}), "dataset.label_map", where),
    )


def spec_of(choice: CorpusChoice, host: Host) -> DatasetSpec:
    """The spec of the dataset, or one made for the pool: the classes that every part lists, and its protocols."""
    specs = []
    for part in choice.parts:
        spec = host.get("dataset", part.name).spec
        assert isinstance(spec, DatasetSpec)
        specs.append(spec)
    if len(specs) == 1:
        return specs[0]
    shared = [label for label in specs[0].labels if all(label in s.labels for s in specs)]
    known = all(s.labels and s.speakers for s in specs)
    return DatasetSpec(
        name=choice.name,
        summary=f"{', '.join(s.name for s in specs)}, pooled on the classes that all have",
        target="serkit.data.pool:pool",
        labels={label: sum(s.labels[label] for s in specs) for label in shared} if known else {},
        speakers=sum(s.speakers for s in specs) if known else 0,
        protocols=POOL_PROTOCOLS,
        default_protocol=POOL_PROTOCOLS[0].name,
    )


def protocol_of(spec: DatasetSpec, wanted: str, remedy: str = "") -> ProtocolSpec:
    """The protocol that ``wanted`` names, as ``loso_next``, ``loso_next@1`` or ``emodb/loso_next@1``; empty is the
    default one. Raises UnknownNameError, with ``remedy`` at its end, for another name, version or corpus."""
    wanted = wanted or spec.default_protocol
    of, slash, short_name = wanted.rpartition("/")
    short = (short_name if not slash or canonical(of) == spec.name else wanted).partition("@")
    found = {p.name: p for p in spec.protocols}.get(short[0])
    if found is None or (short[2] and short[2] != str(found.version)):
        offered = [f"{p.name}@{p.version}" for p in spec.protocols]
        raise UnknownNameError(f"protocol of {spec.name!r}", wanted, offered, remedy, every=True)
    return found


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the choice that was read from the folder ``root``: the plugin behind it and its corpus, labels as they
    are there."""

    registered: Registered
    dataset: Any
    root: Path
    corpus: Corpus


def read(choice: CorpusChoice, host: Host, *, progress: Progress | None = None, allow_fetch: bool = True) -> list[Part]:
    """Every part of the choice as its dataset reads it; fetched first where allowed and needed.

    Raises what ``serkit.data.fetch.locate`` and ``serkit.data.loading.load_corpus`` raise.
    """
    from serkit.data.fetch import locate
    from serkit.data.loading import load_corpus, make_dataset

    parts = []
    for part in choice.parts:
        registered = host.get("dataset", part.name)
        assert isinstance(registered.spec, DatasetSpec)
        dataset = make_dataset(registered, host.load("dataset", part.name), part.options)
        root = locate(registered.spec, part.path or None, dataset, progress=progress, allow_fetch=allow_fetch)
        corpus = load_corpus(registered, dataset, root)
        parts.append(Part(registered=registered, dataset=dataset, root=root, corpus=corpus))
    return parts


def combine(choice: CorpusChoice, parts: Sequence[Part]) -> Corpus:
    """The corpus, or the pool of the corpora, with the label maps of the choice applied.

    Raises UnknownNameError for a class that no part has, and what ``serkit.data.pool`` raises.
    """
    from serkit.data import pool

    known = {label for part in parts for label in part.corpus.labels}
    for source in choice.label_map:
        if source not in known:
            raise UnknownNameError(f"class of {choice.name}", source, known, "Correct [dataset.label_map].")
    mapped = []
    for wanted, part in zip(choice.parts, parts, strict=True):
        common = {s: t for s, t in choice.label_map.items() if s in part.corpus.labels}
        mapped.append(pool.map_labels(part.corpus, {**common, **wanted.label_map}))
    return mapped[0] if len(mapped) == 1 else pool.pool(mapped)


def load(choice: CorpusChoice, host: Host, *, progress: Progress | None = None, allow_fetch: bool = True) -> Corpus:
    """:func:`read` and :func:`combine` in one."""
    return combine(choice, read(choice, host, progress=progress, allow_fetch=allow_fetch))


def _paths(wanted: Sequence[str], data: Sequence[str | Path]) -> dict[str, str]:
    """The folder of each part that ``--data`` names."""
    from serkit.data.fetch import user_path

    named: dict[str, str] = {}
    rest = []
    for item in map(str, data):
        name, equals, folder = item.partition("=")
        if equals and name in wanted:
            if name in named or not folder:
                problem = "is given twice" if name in named else "names no folder"
                raise UserError(f"--data {name}=... {problem}; give one folder for each corpus.")
            named[name] = folder
        elif equals and "/" not in name and not os.path.exists(user_path(item, "--data")):  # a folder may be named a=b
            raise UnknownNameError("corpus of this run", name, wanted, f"--data {item} is neither a folder nor that.")
        else:
            rest.append(item)
    unnamed = [name for name in wanted if name not in named]
    if rest and len(rest) != len(unnamed):
        raise UserError(
            f"The corpora that need a folder are {', '.join(unnamed) or 'none'}, and --data names {len(rest)}; give "
            f"one for each in this order, or name it: --data {wanted[0]}=FOLDER."
        )
    found = {**named, **dict(zip(unnamed, rest, strict=False))}
    return {name: os.path.realpath(user_path(folder, "--data")) for name, folder in found.items()}


def _part(name: str, table: Any, path: str, where: str) -> PartChoice:
    if not isinstance(table, Mapping):
        raise ConfigError(f"In {where}, {path} is not a table; write [{path}].")
    folder = table.get("path", "")
    if not isinstance(folder, str):
        raise ConfigError(f"In {where}, {path}.path must be text (got {folder!r}).")
    return PartChoice(
        name=name,
        path=folder,
        options={k: v for k, v in table.items() if k not in ("path", "label_map")},
        label_map=_label_map(table.get("label_map", {}), f"{path}.label_map", where),
    )


def _taken(part: PartChoice, host: Host) -> dict[str, Any]:
    """The options of a part as its dataset took them, defaults as well; as written if it has no settings dataclass."""
    from serkit.data.loading import make_dataset

    dataset = make_dataset(host.get("dataset", part.name), host.load("dataset", part.name), part.options)
    settings = getattr(dataset, "options", None)
    if dataclasses.is_dataclass(settings) and not isinstance(settings, type):
        return config.dump(settings)
    return dict(part.options)


def _label_map(table: Any, path: str, where: str) -> dict[str, str]:
    if not isinstance(table, Mapping):
        raise ConfigError(f'In {where}, {path} is not a table; write [{path}] with lines like calm = "neutral".')
    for source, target in table.items():
        if not isinstance(target, str) or target != target.strip():
            raise ConfigError(
                f"In {where}, {path}.{source} must be the name of a class, or empty to leave the class out "
                f"(got {target!r})."
            )
    return dict(table)
