"""``serkit show``: all there is to know about one plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from serkit.errors import SerkitError, UnknownNameError, UserError

if TYPE_CHECKING:
    from serkit.host import Host, Registered


def show(
    name: Annotated[
        str,
        typer.Argument(help="A plugin of any kind (`serkit list`), a protocol, or a pool, e.g. emodb+demo."),
    ],
    kind: Annotated[str, typer.Option(help="Only this kind, where several have the name.")] = "",
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show one plugin: settings, presets, labels, protocols, origin.

    For example: serkit show iemocap
    """
    from serkit.cli.console import print_json
    from serkit.cli.list_ import kinds_of, offers
    from serkit.host import get_host

    host = get_host()
    single = next(iter(kinds_of(kind).values())) if kind else None
    described, failure = [], None
    if "+" in name and single in (None, "dataset"):
        described, found = [_pool(host, name)], []
    else:
        try:
            found = [host.get(single, name)] if single else host.find(name)
        except UnknownNameError as unknown:
            protocol = [p for p in offers(host) if name in (p["name"], f"{p['name']}@{p['version']}")]
            if single or not protocol:
                raise unknown if single else _unknown(unknown, host) from None
            _show_protocol(name, protocol, as_json=json_)
            return
    for registered in found:
        page, error = describe(host, registered)
        described.append(page)
        failure = failure or error
    if json_ and len(described) > 1:
        kinds = " and ".join(page["kind"] for page in described)
        raise UserError(f"{name!r} is the name of {kinds}; choose one with --kind, since --json prints one object.")
    if json_:
        print_json(described[0])
    else:
        for page in described:
            _print(page)
    if failure is not None:  # after what the spec alone could say
        raise failure


def _unknown(error: UnknownNameError, host: Host) -> UnknownNameError:
    """The same where a plugin is near, else what is known of protocols."""
    from serkit.cli.list_ import offers

    if error.nearest:
        return error
    protocols = {p["name"] for p in offers(host)}
    return UnknownNameError("plugin or protocol", error.name, protocols, error.remedy, look=error.look)


def _show_protocol(name: str, found: list[dict[str, Any]], *, as_json: bool) -> None:
    """A protocol, which is no plugin: what it promises on the datasets that offer it."""
    from serkit.cli.console import print_json, show_table
    from serkit.cli.list_ import PROMISES, promises

    if as_json:
        print_json({"kind": "protocol", "name": name, "offers": found})
        return
    rows: dict[tuple[str, ...], list[str]] = {}
    for p in found:
        row = (*promises(p), p["summary"])
        rows.setdefault(row, []).append(p["dataset"] + "*" * p["default"])
    cells = [(", ".join(datasets), *row) for row, datasets in rows.items()]
    show_table(f"{name} (protocol; * default)", ("datasets", *PROMISES, "summary"), cells)


def describe(host: Host, registered: Registered) -> tuple[dict[str, Any], SerkitError | None]:
    """Everything about a plugin as plain data, and the error if its code cannot be used: then the spec's part only."""
    from serkit import config
    from serkit.host import ArchitectureSpec, DatasetSpec, FeatureSpec, RecipeSpec

    spec = registered.spec
    page: dict[str, Any] = {"kind": spec.kind} | config.dump(spec)
    page |= {"distribution": registered.distribution, "version": registered.version, "entry_point": registered.source}
    try:
        if isinstance(spec, ArchitectureSpec):
            page |= _architecture(host, spec)
        elif isinstance(spec, DatasetSpec):
            page |= _dataset(host, spec)
        elif isinstance(spec, FeatureSpec):
            from serkit.cli.settings import rows

            options = host.load_target(spec.options)
            page["settings"] = rows(options)
            # named presets are no part of what a feature must have
            page["presets"] = {name: dict(over) for name, over in getattr(options, "PRESETS", {}).items()}
        elif isinstance(spec, RecipeSpec):
            from serkit.cli.list_ import recipe_facts

            page |= recipe_facts(host, spec.name)
            page["text"] = host.recipe_text(spec.name)
    except SerkitError as error:
        return page, error
    return page, None


def _architecture(host: Host, spec: Any) -> dict[str, Any]:
    from serkit.cli.settings import rows
    from serkit.run.api import describe_architecture
    from serkit.types import Training

    built = describe_architecture(spec.name)
    return {
        "described_preset": built["preset"],
        "parameters": built["parameters"],
        "parameters_spec": built["parameters_spec"],
        "multiply_adds": built["multiply_adds"],
        "not_counted": built["not_counted"],
        "seconds_of_audio": built["seconds_of_audio"],
        "classes": built["classes"],
        "settings": rows(host.load_target(spec.config), built["architecture"]),
        "training": rows(Training, built["training"]),
        "inputs": built["inputs"],
        "unit": built["unit"],
    }


def _dataset(host: Host, spec: Any) -> dict[str, Any]:
    import dataclasses

    from serkit.cli.settings import rows
    from serkit.data.fetch import home, needs_data, present

    dataset = host.load("dataset", spec.name)()
    folder = None if needs_data(spec) else home(spec, dataset)
    options = getattr(dataset, "options", None)
    settings = rows(type(options)) if dataclasses.is_dataclass(options) else []
    return {
        "utterances": sum(spec.labels.values()),
        "folder": folder and str(folder),
        "here": folder is not None and present(folder),
        "settings": settings,
    }


def _pool(host: Host, name: str) -> dict[str, Any]:
    """A pool as plain data: the classes that the published parts share, and its protocols."""
    from serkit import config
    from serkit.run import corpora

    choice = corpora.choose({"name": name}, (), host, where="the command line")
    spec = corpora.spec_of(choice, host)
    parts = [host.get("dataset", part.name) for part in choice.parts]
    origins = dict.fromkeys(f"{r.distribution} {r.version}" for r in parts)
    return {"kind": spec.kind} | config.dump(spec) | {"distribution": ", ".join(origins), "version": ""}


def _print(page: dict[str, Any]) -> None:
    from serkit.cli.console import show as show_
    from serkit.cli.console import show_table

    kind = page["kind"]
    show_(f"{page['name']} ({kind}): {page['summary']}")
    origin = [("distribution", f"{page['distribution']} {page['version']}".rstrip()), ("target", page["target"])]
    origin += [(key, page[key]) for key in ("citation", "license", "homepage") if page.get(key)]
    show_table("origin", ("", ""), origin)
    {"architecture": _print_architecture, "dataset": _print_dataset}.get(kind, _print_rest)(page)


def _print_architecture(page: dict[str, Any]) -> None:
    from serkit.cli.console import show as show_
    from serkit.cli.console import show_table

    marks = {page["default_preset"]: "default", page["paper_preset"]: "the paper's"}
    if page["default_preset"] == page["paper_preset"]:
        marks = {page["default_preset"]: "default, the paper's"}
    rows = [(n, marks.get(n, ""), ", ".join(_flat(over)) or "defaults") for n, over in page["presets"].items()]
    show_table("presets", ("name", "", "changes"), rows)
    if "settings" not in page:
        return
    preset = page["described_preset"]
    _settings(f"settings [architecture], in preset {preset}", page["settings"])
    _settings(f"settings [training], in preset {preset}", page["training"])
    show_table("inputs", ("name", "settings"), [(n, ", ".join(_flat(i))) for n, i in page["inputs"].items()])
    show_(f"unit: {', '.join(_flat(page['unit']))}")
    if page["parameters"] is not None:
        spec = f" ({page['parameters_spec']:,} with one bias a gate)" if page["parameters_spec"] else ""
        show_(f"parameters: {page['parameters']:,}{spec}, preset {preset}, {page['classes']} classes")
    if page["multiply_adds"] is not None:
        besides = f" (besides {', '.join(page['not_counted'])})" if page["not_counted"] else ""
        show_(f"multiply-adds of {page['seconds_of_audio']:g} s of speech: {page['multiply_adds']:,}{besides}")


def _print_dataset(page: dict[str, Any]) -> None:
    from serkit.cli.console import show as show_
    from serkit.cli.console import show_table
    from serkit.cli.list_ import PROMISES, promises

    if page["labels"]:
        show_table("labels", ("label", "utterances"), page["labels"].items())
        show_(f"{sum(page['labels'].values())} utterances, {page['speakers']} speakers")
    else:
        show_("labels, utterances and speakers: as the manifest says")
    rows = [
        (
            f"{p['name']}@{p['version']}" + (" (default)" if p["name"] == page["default_protocol"] else ""),
            *promises(p),
            p["summary"],
        )
        for p in page["protocols"]
    ]
    show_table("protocols", ("name", *PROMISES, "summary"), rows)
    if "folder" not in page:
        return
    if page["settings"]:
        _settings("settings [dataset]", page["settings"])
    if page["folder"] is None:
        show_("Reads what you have; name its file or folder with --data")
        return
    if page["here"]:
        show_(f"On this machine: {page['folder']}")
    elif page["embedded"] or page["fetchable"]:
        show_(f"Not here yet; the first run, or `serkit data fetch {page['name']}`, puts it into {page['folder']}")
    else:
        show_(f"Not here; put it into {page['folder']} or pass its folder with --data")


def _print_rest(page: dict[str, Any]) -> None:
    from serkit.cli.console import show as show_
    from serkit.cli.console import show_table

    if page["kind"] == "metric":
        low, high = page["range"]
        better = "higher" if page["higher_is_better"] else "lower"
        folds = "per fold and pooled" if page["per_fold"] else "pooled only"
        if page["aliases"]:
            show_(f"also called {', '.join(page['aliases'])}")
        show_(f"range {low:g} to {high:g}, {better} is better, {folds}")
    if page.get("presets"):
        rows = [(name, ", ".join(_flat(over)) or "defaults") for name, over in page["presets"].items()]
        show_table("presets", ("name", "changes"), rows)
    if "settings" in page:
        _settings(
            f"settings [features.<input>]{', kept on disk once computed' if page['cached'] else ''}", page["settings"]
        )
    if "text" in page:
        from serkit.cli.list_ import published_words

        show_(f"{page['architecture']} on {page['dataset']}, published: {published_words(page['published'])}")
        show_(page["text"].rstrip())


def _settings(title: str, rows: list[dict[str, Any]]) -> None:
    from serkit.cli.console import show_table

    show_table(
        title, ("key", "type", "value", "allowed"), [(r["key"], r["type"], r["value"], r["allowed"]) for r in rows]
    )


def _flat(table: Any, prefix: str = "") -> list[str]:
    found: list[str] = []
    for key, value in table.items():
        path = f"{prefix}{key}"
        found += _flat(value, f"{path}.") if isinstance(value, dict) else [f"{path}={value}"]
    return found
