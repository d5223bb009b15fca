"""Recipes: everything that defines a run, from flags and files to one resolved, written-down whole.

Precedence: defaults < preset < recipe < ``--set`` < flags. A resolved recipe loads to the same recipe again.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from serkit import config
from serkit.errors import ConfigError, PluginError, UnknownNameError, UserError
from serkit.host import ArchitectureSpec, DatasetSpec, FeatureSpec, Host, ProtocolSpec, RecipeSpec
from serkit.run import corpora, grid
from serkit.run.corpora import CorpusChoice
from serkit.run.plugins import make_architecture, named
from serkit.run.sets import leaves, parse_sets
from serkit.types import Information, Published, Training

SCHEMA = 1
TABLES = ("run", "architecture", "training", "features", "dataset", "protocol", "search", "sweep", "published")


@dataclass(frozen=True, kw_only=True)
class RunTable:
    """``[run]``: what is run and how. ``folds`` are numbers into the protocol's folds; empty means all. ``recipe`` is
    the name of the shipped recipe it began as, if any."""

    plugin: str
    preset: str
    seeds: Annotated[int, Gt(0)] = 1
    folds: tuple[Annotated[int, Ge(0)], ...] = ()
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    recipe: str = ""


@dataclass(frozen=True, kw_only=True)
class ProtocolTable:
    """``[protocol]``: who is tested, and what a system may know of the test speakers (part of the protocol's hash)."""

    name: str
    information: Information


@dataclass(frozen=True, kw_only=True)
class FeatureChoice:
    """``[features.<input>]``: a feature plugin and its options (an instance of the plugin's options dataclass)."""

    feature: str
    options: Any


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A resolved recipe. ``architecture`` is an instance of the plugin's config dataclass.

    ``search`` and ``sweep`` hold values to try (``serkit/run/grid.py``): of each fold the best on the development
    speakers, and a run each.
    """

    run: RunTable
    architecture: Any
    training: Training
    features: Mapping[str, FeatureChoice]
    corpus: CorpusChoice
    protocol: str
    information: Information
    published: Published | None
    search: grid.Grid = field(default_factory=dict)
    sweep: grid.Grid = field(default_factory=dict)

    @property
    def dataset(self) -> str:
        """Name of the corpus, or of the pool of corpora (``emodb+ravdess``)."""
        return self.corpus.name

    def to_dict(self) -> dict[str, Any]:
        """The recipe as TOML tables; ``resolve`` of it gives the same recipe."""
        tables: dict[str, Any] = {
            "schema": SCHEMA,
            "run": config.dump(self.run),
            "architecture": config.dump(self.architecture),
            "training": config.dump(self.training),
            "features": {n: {"feature": c.feature, **config.dump(c.options)} for n, c in self.features.items()},
            "dataset": self.corpus.to_dict(),
            "protocol": {"name": self.protocol, "information": self.information},
        }
        for name, values in (("search", self.search), ("sweep", self.sweep)):
            if values:
                tables[name] = grid.to_tables(values)
        if self.published is not None:
            tables["published"] = {k: v for k, v in config.dump(self.published).items() if v is not None}
        return tables

    def identity(self) -> str:
        """SHA-256 over everything that can change a result; where the corpus lies, the device, the recipe's name
        and the published figure cannot."""
        tables = self.to_dict()
        tables["dataset"] = corpora.without_paths(tables["dataset"])
        tables.pop("published", None)
        for key in ("device", "recipe"):
            tables["run"].pop(key)
        return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


@dataclass(kw_only=True)
class Request:
    """What a user asked for, before it is resolved: a recipe (tables) and flags that go over it.

    ``data`` is a folder for each corpus in the order of the dataset's name, or ``name=folder``.
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    where: str = "the recipe"
    plugin: str = ""
    dataset: str = ""
    preset: str = ""
    protocol: str = ""
    information: str = ""
    data: Sequence[str | Path] = ()
    folds: Sequence[int] | None = None
    seeds: int | None = None
    epochs: int | None = None
    device: str = ""
    precision: str = ""
    sets: Sequence[str] = ()


def read_recipe(name_or_file: str | Path, host: Host) -> tuple[dict[str, Any], str]:
    """The tables of a recipe file, or of a recipe that a plugin ships, and words for where they came from."""
    path = Path(name_or_file)
    if path.suffix == ".toml" or path.is_file():
        try:
            text = path.read_text(encoding="utf-8-sig")  # Windows's editors write a mark that TOML forbids
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise ConfigError(
                f"The recipe {path} cannot be read ({why}); name a TOML file, or a recipe of `serkit list recipes`."
            ) from None
        return _parse(text, str(path)), str(path)
    where = f"recipe {name_or_file!r}"
    return config.merge(
        _parse(host.recipe_text(str(name_or_file)), where), {"run": {"recipe": str(name_or_file)}}
    ), where


def resolve(request: Request, host: Host) -> Recipe:
    """A complete, checked recipe. Raises UserError sentences for anything unknown or out of range."""
    tables = _check_tables(request)
    recipe = _resolve(request, tables, host)
    if request.sets:
        over = parse_sets(request.sets, recipe.to_dict(), TABLES)
        settled = {name: grid.without(tables.get(name, {}), over) for name in ("search", "sweep")}
        recipe = _resolve(request, config.merge({**tables, **settled}, over), host, sets=True)
    for name in ("search", "sweep"):
        variants(recipe, name, host)  # a value out of range is told before anything is trained
    if recipe.published is None and not request.recipe:
        recipe = replace(recipe, published=_published(recipe, host))
    return recipe


def variants(recipe: Recipe, name: Literal["search", "sweep"], host: Host) -> list[tuple[dict[str, Any], Recipe]]:
    """Every combination of values of ``[search]`` (``[sweep]``) as ``{path: value}``, with the recipe that has them
    set, and no such table; none where there is no such table. Raises UserError for unknown keys and values out of
    range."""
    tables = {k: v for k, v in recipe.to_dict().items() if k != name and (k, name) != ("sweep", "search")}
    values = recipe.search if name == "search" else recipe.sweep
    made = []
    for point in grid.points(values) if values else ():
        request = Request(recipe=grid.over(tables, point), where=f"[{name}]")
        made.append((point, _resolve(request, request.recipe, host)))
    return made


def _resolve(request: Request, tables: Mapping[str, Any], host: Host, sets: bool = False) -> Recipe:
    run, where = dict(tables.get("run", {})), "--set or " + request.where if sets else request.where
    _check_names(tables, where)
    plugin = request.plugin or run.pop("plugin", "")
    run.pop("plugin", None)
    dataset_table = dict(tables.get("dataset", {}))
    dataset = request.dataset or dataset_table.get("name", "")
    if not plugin or not dataset:
        missing = "--plugin" if not plugin else "--dataset"
        raise UserError(f"A run needs an architecture and a corpus; name {missing}, or a --recipe that does.")
    if corpora.canonical(dataset) != corpora.canonical(dataset_table.get("name") or dataset):
        dataset_table = {}  # another corpus: the recipe's path and options do not apply to it
    spec = host.get("architecture", plugin).spec
    assert isinstance(spec, ArchitectureSpec)
    corpus = corpora.choose({**dataset_table, "name": dataset}, request.data, host, where=where)

    preset = request.preset or run.pop("preset", "") or spec.default_preset
    run.pop("preset", None)
    if preset not in spec.presets:
        raise UnknownNameError(f"preset of {plugin!r}", preset, spec.presets)
    over = spec.presets[preset]
    who = f"preset {preset!r} of {named(host, 'architecture', plugin)}"
    _check_preset(host, spec, over, who)

    def table(name: str, base: Mapping[str, Any]) -> dict[str, Any]:
        return config.merge(config.merge(base, over.get(name, {})), tables.get(name, {}))

    config_type = host.load_target(spec.config)
    architecture = config.load(config_type, table("architecture", {}), where=where, path="architecture")
    model = make_architecture(host, plugin, architecture)
    training = config.load(Training, table("training", config.dump(model.training)), where=where, path="training")
    if request.epochs is not None:
        training = config.load(Training, {**config.dump(training), "epochs": request.epochs}, where="--epochs")
    published = tables.get("published")
    sweep = grid.read(tables.get("sweep", {}), "sweep", where)
    search = _search(request, tables, over, sweep, where, who)
    protocol = _protocol(request, tables, corpora.spec_of(corpus, host), where)
    wanted = request.information or tables.get("protocol", {}).get("information", "") or protocol.information
    table_of = {"name": protocol.name, "information": wanted}
    chosen = config.load(ProtocolTable, table_of, where="--information" if request.information else where)
    return Recipe(
        run=_run_table(request, {**run, "plugin": plugin, "preset": preset}, where),
        architecture=architecture,
        training=training,
        features=_features(model.inputs, table("features", {}), host, where),
        corpus=corpus,
        protocol=chosen.name,
        information=chosen.information,
        published=config.load(Published, published, where=where, path="published") if published else None,
        search=search,
        sweep=sweep,
    )


def _search(
    request: Request,
    tables: Mapping[str, Any],
    over: Mapping[str, Any],
    sweep: grid.Grid,
    where: str,
    who: str,
) -> dict[str, tuple[Any, ...]]:
    """``[search]``: the preset's, less what the user gave one value or sweeps, and the user's over it."""
    try:
        grid.read(over.get("search", {}), "search", "it")
    except UserError as error:
        raise PluginError(f"The {who} is wrong: {str(error).rstrip('.')}; tell its authors.") from None
    preset = grid.without(grid.without(over.get("search", {}), tables), grid.to_tables(sweep))
    table = config.merge(preset, tables.get("search", {}))
    if request.epochs is not None:
        table = grid.without(table, {"training": {"epochs": request.epochs}})
    search = grid.read(table, "search", where)
    twice = [path for path in search if path in sweep]
    if twice:
        raise ConfigError(f"In {where}, {twice[0]} is in [search] and in [sweep]; a key can be in one of them.")
    if "training.select" in search:
        raise ConfigError(
            f"In {where}, search.training.select would compare the development score of a best epoch, which flatters, "
            "with that of a last one; set training.select to one of them."
        )
    return search


def _run_table(request: Request, table: Mapping[str, Any], where: str) -> RunTable:
    run = config.load(RunTable, table, where=where, path="run")
    flags = {"seeds": request.seeds, "folds": request.folds, "device": request.device, "precision": request.precision}
    for name, value in flags.items():
        if value not in (None, ""):  # one by one, so that a mistake is told of the flag it was made in
            run = config.load(RunTable, {**config.dump(run), name: value}, where=f"--{name}", path="run")
    return run


def _check_names(tables: Mapping[str, Any], where: str) -> None:
    """Refuse names that are no text, and keys of [protocol] that nobody reads."""
    for table, keys in (
        ("run", ("plugin", "preset")),
        ("dataset", ("name", "path")),
        ("protocol", ("name", "information")),
    ):
        for key in keys:
            value = tables.get(table, {}).get(key, "")
            if not isinstance(value, str):
                raise ConfigError(f"In {where}, {table}.{key} must be text (got {value!r}).")
    for key in tables.get("protocol", {}):
        if key not in ("name", "information"):
            raise ConfigError(f"In {where}, unknown key 'protocol.{key}'; [protocol] has name and information.")


def _check_preset(host: Host, spec: ArchitectureSpec, over: Mapping[str, Any], who: str) -> None:
    """A mistake in a plugin's preset is the plugin's, not the user's."""
    known = {"architecture": host.load_target(spec.config), "training": Training, "features": None, "search": None}
    for table, values in over.items():
        if table not in known:
            raise PluginError(f"The {who} changes the table {table!r}; a preset may change {', '.join(known)}.")
        if not isinstance(values, Mapping):
            raise PluginError(f"The {who} gives {values!r} for the table {table!r}; keys and values are expected.")
        if known[table] is not None:
            try:
                config.load(known[table], values, path=table)
            except ConfigError as error:
                raise PluginError(f"The {who} is wrong: {str(error).rstrip('.')}; tell its authors.") from None


def _features(inputs: Mapping[str, Any], tables: Mapping[str, Any], host: Host, where: str) -> dict[str, FeatureChoice]:
    for name in tables:
        if name not in inputs:
            raise UnknownNameError("input", name, inputs, "Tables [features.<input>] name the architecture's inputs.")
    chosen = {}
    for name, wanted in inputs.items():
        if not isinstance(tables.get(name, {}), Mapping):
            raise ConfigError(f"In {where}, features.{name} is not a table; write [features.{name}].")
        over = dict(tables.get(name, {}))
        feature = over.pop("feature", wanted.feature)
        spec = host.get("feature", feature).spec
        assert isinstance(spec, FeatureSpec)
        base = wanted.options if feature == wanted.feature else {}
        options = config.load(
            host.load_target(spec.options), config.merge(base, over), where=where, path=f"features.{name}"
        )
        chosen[name] = FeatureChoice(feature=feature, options=options)
    return chosen


def _protocol(request: Request, tables: Mapping[str, Any], spec: DatasetSpec, where: str) -> ProtocolSpec:
    home, remedy = tables.get("dataset", {}).get("name", ""), ""
    if request.dataset and home and corpora.canonical(request.dataset) != corpora.canonical(home):
        remedy = f"The protocol came with {where}, which is of {home}; choose one of {spec.name} with --protocol."
    asked = request.protocol
    return corpora.protocol_of(spec, asked or tables.get("protocol", {}).get("name", ""), "" if asked else remedy)


def _published(recipe: Recipe, host: Host) -> Published | None:
    """The figure of the shipped recipe that fits a run without a recipe best: of the same architecture and corpus,
    first by protocol, then preset, then by how few settings differ; None where two of other figures fit alike."""
    protocol = corpora.protocol_of(corpora.spec_of(recipe.corpus, host), recipe.protocol)
    full_name, mine = f"{recipe.dataset}/{protocol.name}@{protocol.version}", dict(leaves(recipe.to_dict()))
    ranked = []
    for registered in host.specs("recipe"):
        spec = registered.spec
        if not isinstance(spec, RecipeSpec) or (spec.architecture, spec.dataset) != (recipe.run.plugin, recipe.dataset):
            continue
        where = f"recipe {spec.name!r}"
        tables = _parse(host.recipe_text(spec.name), where)
        if tables.get("published"):
            figure = config.load(Published, tables["published"], where=where, path="published")
            settings = {k: v for k, v in tables.items() if k in ("architecture", "training", "features", "dataset")}
            differing = sum(mine.get(path) != value for path, value in leaves(settings))
            rank = (figure.protocol != full_name, figure.preset != recipe.run.preset, differing)
            ranked.append((rank, figure))
    best = [figure for rank, figure in ranked if rank == min(r for r, _ in ranked)]
    return best[0] if best and all(figure == best[0] for figure in best) else None


def _check_tables(request: Request) -> Mapping[str, Any]:
    tables = dict(request.recipe)
    schema = tables.pop("schema", SCHEMA)
    if schema != SCHEMA:
        raise ConfigError(f"In {request.where}, schema is {schema!r}, and this SerKit reads schema {SCHEMA}.")
    for name, value in tables.items():
        if name not in TABLES:
            raise UnknownNameError(f"table in {request.where}", name, TABLES)
        if not isinstance(value, Mapping):
            raise ConfigError(f"In {request.where}, {name!r} is not a table; write [{name}].")
    return tables


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not TOML ({error}).") from None


def for_device(recipe: Recipe, device: str, precision: str) -> Recipe:
    """The recipe with ``auto`` replaced by what was chosen, as it is written into the run folder."""
    run = replace(recipe.run, device=device, precision=precision)  # type: ignore[arg-type]
    return replace(recipe, run=run)
