"""``serkit list``: what can be run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from serkit.host import Host, Kind, Registered

PLURALS: dict[str, Kind] = {
    "architectures": "architecture",
    "datasets": "dataset",
    "metrics": "metric",
    "features": "feature",
    "recipes": "recipe",
}


def list_(
    kind: Annotated[
        str, typer.Argument(help="architectures, datasets, protocols, metrics, features or recipes; all without it.")
    ] = "",
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the plugins installed here, by kind.

    For example: serkit list protocols
    """
    from serkit.cli.console import print_json, show, show_table
    from serkit.host import get_host

    host = get_host()
    if kind in ("protocol", "protocols"):  # part of datasets, no plugins
        if json_:
            print_json({"protocols": offers(host), "broken": broken_rows(host)})
        else:
            _show_protocols(host)
        return
    kinds = kinds_of(kind)
    if json_:
        print_json({plural: _rows(host, single) for plural, single in kinds.items()} | {"broken": broken_rows(host)})
        return
    for plural, single in kinds.items():
        if single == "recipe" and host.specs("recipe"):
            _show_recipes(host)
            continue
        rows = [_cells(r) for r in host.specs(single)]
        columns = ("name", *(("also called",) if single == "metric" else ()), "summary", "distribution")
        show_table(plural, columns, rows) if rows else show(f"{plural}: none")
        if rows and single == "dataset":
            _show_protocols(host)
    if host.broken:
        names = ", ".join(sorted({f"{b.distribution}:{b.source}" for b in host.broken}))
        show(f"Broken and left out: {names} (see `serkit doctor`).")


def kinds_of(word: str) -> dict[str, Kind]:
    """The kinds that ``word`` (singular or plural, empty for all) names, keyed by plural. Raises UnknownNameError."""
    from serkit.errors import UnknownNameError

    found = {p: k for p, k in PLURALS.items() if word in ("", p, k)}
    if not found:
        raise UnknownNameError("kind of plugin", word, (*PLURALS, "protocols"))
    return found


PROMISES = ("information", "guaranteed unseen in training")
"""Heads of the columns of :func:`promises`."""


def promises(protocol: Mapping[str, Any]) -> tuple[str, str]:
    """Information level of a dumped ProtocolSpec, and what no test part shares with training and development."""
    unseen = ", ".join(protocol["guarantees"]) or "nothing"
    dev = protocol.get("dev_guarantees")
    if not protocol["scored"]:
        unseen = "no test part, no score"
    elif dev is not None and set(dev) != set(protocol["guarantees"]):
        unseen += f" (development: {', '.join(dev) or 'nothing'})"
    return protocol["information"], unseen


def broken_rows(host: Host) -> list[dict[str, Any]]:
    """The broken plugins as plain data."""
    return [
        {
            "distribution": b.distribution,
            "version": b.version,
            "entry_point": b.source,
            "reason": b.reason,
            "names": [{"kind": k, "name": n} for k, n in b.names],
        }
        for b in host.broken
    ]


def _cells(registered: Registered) -> tuple[str, ...]:
    from serkit.host import MetricSpec

    spec = registered.spec
    also = (", ".join(spec.aliases),) if isinstance(spec, MetricSpec) else ()
    return (spec.name, *also, spec.summary, f"{registered.distribution} {registered.version}")


def offers(host: Host) -> list[dict[str, Any]]:
    """Every protocol of every dataset as plain data, with the ``dataset`` and whether it is its ``default``."""
    return [
        {"dataset": d["name"], "default": p["name"] == d["default_protocol"]} | p
        for d in _rows(host, "dataset")
        for p in d["protocols"]
    ]


def _show_protocols(host: Host) -> None:
    """A row a protocol, with the datasets that offer it; a default is marked with an asterisk."""
    from serkit.cli.console import show_table

    rows: dict[tuple[str, ...], list[str]] = {}
    for p in offers(host):
        row = (f"{p['name']}@{p['version']}", *promises(p))
        rows.setdefault(row, []).append(p["dataset"] + "*" * p["default"])
    cells = [(*row, ", ".join(rows[row])) for row in sorted(rows)]
    show_table("protocols of datasets (* default)", ("name", *PROMISES, "datasets"), cells)


def recipe_facts(host: Host, name: str) -> dict[str, Any]:
    """``protocol``, ``preset``, ``information`` and ``published`` (the table, or None) of a recipe, from its file; None
    where the file leaves them to the architecture or the corpus. Raises SerkitError if it cannot be read."""
    import tomllib

    from serkit.errors import PluginError

    try:
        tables = tomllib.loads(host.recipe_text(name))
        protocol, run, published = (tables.get(key, {}) for key in ("protocol", "run", "published"))
        return {
            "protocol": protocol.get("name"),
            "information": protocol.get("information"),
            "preset": run.get("preset"),
            "published": dict(published) or None,
        }
    except (tomllib.TOMLDecodeError, AttributeError) as error:
        raise PluginError(f"The recipe {name!r} is damaged ({error}); tell its authors.") from None


def published_words(published: Mapping[str, Any] | None) -> str:
    """``UAR 82.8 ± 5.0 (emodb/chen4@1)``: what a paper prints, in per cent and points."""
    if not published:
        return "none"
    scores = []
    for key, name in (("uar", "UAR"), ("war", "WAR")):
        if key in published:
            deviation = f" ± {100 * published[f'{key}_std']:.1f}" if f"{key}_std" in published else ""
            scores.append(f"{name} {100 * published[key]:.1f}{deviation}")
    return f"{', '.join(scores)} ({published.get('protocol', 'protocol not given')})"


def _paper(citation: str) -> str:
    """As much of a citation as tells papers apart, with the year at its end: titles would fill the screen.

    `serkit show` and ``--json`` have all of it.
    """
    from textwrap import shorten

    text, comma, year = citation.rpartition(", ")
    dated = comma and year.isdecimal()
    short = shorten(text if dated else citation, 30, placeholder=" …")
    return f"{short.rstrip(',')}, {year}" if dated else short


def _show_recipes(host: Host) -> None:
    """What is published: paper, system, corpus, protocol and the figure."""
    from serkit.cli.console import show_table
    from serkit.errors import SerkitError

    rows = []
    for registered in host.specs("recipe"):
        spec: Any = registered.spec
        try:
            facts = recipe_facts(host, spec.name)
            # the corpus has a column of its own, and names of protocols cannot be broken
            published = published_words(facts["published"]).replace(f"{spec.dataset}/", "")
            found = (facts["protocol"] or "the corpus's", published)
        except SerkitError as error:
            found = ("", str(error))
        rows.append((spec.name, _paper(spec.citation), spec.architecture, spec.dataset, *found))
    show_table(
        "recipes", ("name", "paper", "architecture", "corpus", "protocol", "published, % (measured under)"), rows
    )


def _rows(host: Host, kind: Kind) -> list[dict[str, Any]]:
    from serkit import config

    return [
        config.dump(r.spec)
        | {"distribution": r.distribution, "version": r.version, "entry_point": r.source}
        | (_recipe_row(host, r.spec.name) if kind == "recipe" else {})
        for r in host.specs(kind)
    ]


def _recipe_row(host: Host, name: str) -> dict[str, Any]:
    from serkit.errors import SerkitError

    try:
        return recipe_facts(host, name)
    except SerkitError as error:
        return {"broken": str(error)}
