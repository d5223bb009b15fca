"""Whether settings are plain frozen data, and what a plugin declares about itself is of the declared types."""

from __future__ import annotations

import collections.abc
import dataclasses
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from serkit import config
from serkit.errors import ConfigError, SerkitError
from serkit.nn.architecture import Estimator
from serkit.run.recipe import Request, resolve
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.isolated import HEAVY, imports
from serkit.testing.conformance.subjects import ArchitectureSubject
from serkit.types import Task, Training

MUTABLE = (list, dict, set, bytearray, collections.abc.MutableMapping, collections.abc.MutableSequence)


def check_config_is_frozen(subject: ArchitectureSubject) -> None:
    """The config is a frozen dataclass, all the way down, with a default for every field."""
    cls = subject.host.load_target(subject.spec.config)
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
        raise Failure(
            f"The config {subject.spec.config} is no dataclass.",
            reproduce=f"dataclasses.is_dataclass({_last(subject.spec.config)}).",
            cause="settings of another library; write @dataclass(frozen=True, kw_only=True).",
        )
    try:
        default = cls()
    except TypeError as error:
        raise Failure(
            f"{cls.__name__}() fails: {error}.",
            reproduce=f"{cls.__name__}().",
            cause="a field without a default; users name a plugin and nothing else, so give the paper's value.",
        ) from None
    for path, part in _parts(default, cls.__name__):
        if not type(part).__dataclass_params__.frozen:
            raise Failure(
                f"{path} is a dataclass that is not frozen.",
                reproduce=f"{path}.{dataclasses.fields(part)[0].name} = ..." if dataclasses.fields(part) else path,
                cause="a missing frozen=True; all folds of a run share one config, and what one changes the next sees.",
            )
        hints = get_type_hints(type(part))
        for f in dataclasses.fields(part):
            value, kind = getattr(part, f.name), get_origin(hints[f.name]) or hints[f.name]
            if kind in MUTABLE or (isinstance(value, MUTABLE[:4]) and not _read_only(hints[f.name])):
                raise Failure(
                    f"{path}.{f.name} is a {type(value).__name__}, which can be changed in place.",
                    reproduce=f"{path}().{f.name}" if "." not in path else f"{path}.{f.name}",
                    cause="a list, dict or set in a frozen dataclass; all folds of a run share one config, so take a "
                    "tuple, a nested frozen dataclass, or annotate a read-only Mapping.",
                )


def check_config_round_trips(subject: ArchitectureSubject) -> None:
    """Settings and the whole recipe are the same after they were written as TOML and read again."""
    import tomli_w

    recipe = subject.recipe
    given, cls = recipe.architecture, type(recipe.architecture)
    try:
        text = tomli_w.dumps(config.dump(given))
        back = config.load(cls, tomllib.loads(text))
    except (SerkitError, TypeError, ValueError) as error:
        raise Failure(
            f"The config does not survive TOML: {str(error).rstrip('.')}.",
            reproduce=f"serkit.config.load({cls.__name__}, serkit.config.dump({given!r})).",
            cause="a field that TOML cannot hold (None, bytes, an object); use text, numbers, true or false, tuples, "
            "and nested frozen dataclasses.",
        ) from None
    if back != given:
        changed = next((f.name for f in dataclasses.fields(cls) if getattr(back, f.name) != getattr(given, f.name)), "")
        raise Failure(
            f"{changed or 'The config'} is {getattr(given, changed, given)!r}, and after TOML "
            f"{getattr(back, changed, back)!r}.",
            reproduce=f"serkit.config.load({cls.__name__}, serkit.config.dump({cls.__name__}())).",
            cause="a __post_init__ that changes what it was given, or a field with compare=False or without equality.",
        )
    tables = tomllib.loads(tomli_w.dumps(recipe.to_dict()))
    again = resolve(Request(recipe=tables, device="cpu"), subject.host)
    if again.to_dict() != recipe.to_dict():
        was, now = recipe.to_dict(), again.to_dict()
        table = next(k for k in was if was[k] != now.get(k))
        raise Failure(
            f"The table [{table}] of a resolved recipe resolves to another one.",
            reproduce=f"`serkit run` of the recipe.toml that preset {subject.preset!r} writes.",
            cause="training, inputs or transforms that depend on something else than self.config.",
        )


def check_unknown_settings(subject: ArchitectureSubject) -> None:
    """A misspelt setting is refused with the name of the nearest one, and none takes keys that nobody reads."""
    cls = type(subject.recipe.architecture)
    for f in dataclasses.fields(cls):
        typo = f.name + "_"
        try:
            config.load(cls, {typo: 1})
        except ConfigError as error:
            if f.name in str(error):
                continue
        raise Failure(
            f"The setting {typo!r} is not refused with the name {f.name!r}.",
            reproduce=f"--set architecture.{typo}=1.",
            cause="a config that takes any keyword; take out __init__(**settings).",
        )
    for f in dataclasses.fields(cls):
        if all(_accepts(cls, {f.name: {"no_such_key": value}}) for value in (1, "text", [1])):
            raise Failure(
                f"{f.name} takes a table of any keys and values, so a misspelt one would do nothing.",
                reproduce=f"--set architecture.{f.name}.no_such_key=1.",
                cause="a field of type Mapping[str, Any]; make it a nested frozen dataclass.",
            )


def check_preset(subject: ArchitectureSubject) -> None:
    """Every key and value of the preset is known, and the host can make the architecture of it."""
    try:
        subject.architecture()
    except SerkitError as error:
        raise Failure(
            f"{str(error).rstrip('.')}.",
            reproduce=f"serkit show {subject.name} --preset {subject.preset}.",
            cause="a key that the config lost or a value out of its range; presets hold the tables architecture, "
            "training, features.<input> and search.",
        ) from None


def check_config_import(subject: ArchitectureSubject) -> None:
    """The config's module is data: importing it alone loads nothing heavy and prints nothing."""
    module = subject.spec.config.partition(":")[0]
    if module == subject.spec.target.partition(":")[0]:
        raise NotApplicable("the config is in the module of the model")
    found = imports(f"import importlib; importlib.import_module({module!r})")
    if found.printed:
        raise Failure(
            f"Importing {module} prints {found.printed[:80]!r}.",
            reproduce=f'python -c "import {module}".',
            cause="code that runs at import; leave only settings in the module.",
        )
    if found.heavy:
        raise Failure(
            f"Importing {module} loads {', '.join(found.heavy)}.",
            reproduce=f'python -c "import {module}"; {found.where} imports {found.heavy[0]}.',
            cause=f"an import at the head of a module of settings; none of {', '.join(HEAVY)} is needed for data.",
        )


def check_declarations(subject: ArchitectureSubject) -> None:
    """learns_from, reads_training, after_transforms, short, min_frames, task and the like are what the host reads."""
    a, built = subject.architecture(), subject.build()
    estimator = isinstance(built, Estimator)
    fields = {f.name for f in dataclasses.fields(Training)}
    settings = {f.name for f in dataclasses.fields(type(subject.recipe.architecture))}
    reads, after = getattr(a, "reads_training", None), getattr(a, "after_transforms", ())
    for name, allowed in (
        ("task", get_args(Task)),
        ("learns_from", ("train", "dev", "nothing")),
        ("short", ("pad", "refuse")),
        ("deterministic", (True, False)),
    ):
        value = getattr(a, name, None)
        if not any(value is x or (isinstance(x, str) and value == x) for x in allowed):
            _wrong(name, value, " or ".join(map(repr, allowed)))
    if isinstance(a.min_frames, bool) or not isinstance(a.min_frames, int) or a.min_frames < 1:
        _wrong("min_frames", a.min_frames, "a whole number of at least 1")
    if reads is not None and not (_names(reads) and set(reads) <= fields):
        unknown = [k for k in reads if k not in fields] if _names(reads) else reads
        _wrong("reads_training", unknown, f"None or a tuple of keys of [training]: {', '.join(sorted(fields))}")
    if reads is not None and not estimator:
        _wrong("reads_training", reads, "None where build() gives a module, whose training is the host's")
    if not (_names(after) and set(after) <= settings):
        _wrong("after_transforms", after, f"a tuple of settings of the config: {', '.join(sorted(settings))}")
    if a.learns_from != "train" and not estimator:
        _wrong("learns_from", a.learns_from, "'train' where build() gives a module")
    if not set(a.transforms) <= set(a.inputs):
        _wrong("transforms", sorted(set(a.transforms) - set(a.inputs)), f"keyed by inputs: {', '.join(a.inputs)}")
    for name, kind in a.transforms.items():
        missing = [m for m in ("fit", "__call__", "state", "from_state") if not callable(getattr(kind, m, None))]
        if missing or getattr(kind, "scope", None) not in ("train", "speaker"):
            _wrong(f"transforms[{name!r}]", missing or getattr(kind, "scope", None), "a serkit.nn.Transform")
    if not _names(getattr(a, "trained_on", ())):
        _wrong("trained_on", a.trained_on, "a tuple of names of corpora")


def _wrong(name: str, value: Any, wanted: str) -> None:
    raise Failure(
        f"{name} is {value!r}; it must be {wanted}.",
        reproduce=f"the attribute {name} of the architecture.",
        cause="a misspelt value; serkit.nn.Architecture says what each attribute means.",
    )


def _names(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(v, str) for v in value)


def _parts(settings: Any, path: str) -> Iterator[tuple[str, Any]]:
    """A config and the dataclasses in it, outermost first."""
    yield path, settings
    for f in dataclasses.fields(settings):
        value = getattr(settings, f.name)
        for part in value if isinstance(value, tuple) else (value,):
            if dataclasses.is_dataclass(part) and not isinstance(part, type):
                yield from _parts(part, f"{path}.{f.name}")


def _read_only(hint: Any) -> bool:
    """Whether an annotation promises a mapping or sequence that nobody changes."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return (get_origin(hint) or hint) in (collections.abc.Mapping, collections.abc.Sequence)


def _accepts(cls: type, values: dict[str, Any]) -> bool:
    try:
        config.load(cls, values)
    except SerkitError:
        return False
    return True


def _last(reference: str) -> str:
    return reference.rpartition(":")[2]


CHECKS = (
    Check(check_preset),
    Check(check_config_is_frozen, presets="default"),
    Check(check_config_import, presets="default"),
    Check(check_config_round_trips),
    Check(check_unknown_settings, presets="default"),
    Check(check_declarations),
)
