"""``serkit doctor``: what this installation is made of, and what of it is broken."""

from __future__ import annotations

from typing import Annotated, Any

import typer

PACKAGES = ("numpy", "torch", "numba", "soundfile", "soxr", "scikit-learn", "matplotlib", "pydantic", "pluggy", "typer")


def doctor(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check the installation: versions, core, device, cache, plugins.

    Ends with 1 if something is broken.
    """
    from serkit.cli.console import print_json

    found = examine()
    if json_:
        print_json(found)
    else:
        _print(found)
    if found["problems"]:
        raise typer.Exit(1)


def examine() -> dict[str, Any]:
    """All findings as plain data; ``problems`` is a list of sentences, empty if all is well."""
    import platform
    import sys

    import serkit
    from serkit.cli.list_ import broken_rows
    from serkit.host import get_host

    problems: list[str] = []
    host = get_host()
    found: dict[str, Any] = {
        "serkit": serkit.__version__,
        "python": sys.version.split()[0],
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": _packages(problems),
        "core": _core(problems),
        "torch": _torch(problems),
        "cache": _cache(problems),
        "plugins": [{"distribution": d, "version": v} for d, v in host.distributions],
        "broken": broken_rows(host),
        "broken_targets": _broken_targets(host),
        "left_out": list(host.left_out),
        "not_installed": list(host.not_installed),
    }
    if not any(d == "serkit" for d, _ in host.distributions):
        problems.append("SerKit's own plugins are not installed; run `pip install .` in its source folder.")
    problems += [
        f"Plugin {b['entry_point']!r} of distribution {b['distribution']} {b['version']} is broken: {b['reason']}"
        for b in found["broken"]
    ]
    # What is wrong with the core or torch is said above, and many targets may fail for that one reason.
    problems += dict.fromkeys(b["reason"] for b in found["broken_targets"] if b["reason"] not in problems)
    problems += [
        f"SERKIT_PLUGINS names {n!r}, but no distribution of that name with SerKit plugins is installed; install it "
        "or take it out of SERKIT_PLUGINS."
        for n in host.not_installed
    ]
    return found | {"problems": problems}


def _packages(problems: list[str]) -> dict[str, str | None]:
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
            problems.append(f"The package {name} is missing; run `pip install {name}`.")
    return found


def _core(problems: list[str]) -> dict[str, Any]:
    from serkit.errors import SerkitError

    try:
        from serkit.kernels import native
    except (SerkitError, ImportError) as error:
        problems.append(str(error))
        return {"isa": None, "supported": []}
    return {"isa": native.isa(), "supported": list(native.supported_isas())}


def _torch(problems: list[str]) -> dict[str, Any]:
    try:
        import torch

        from serkit.run.device import has_bf16, resolve_device

        device = resolve_device("auto")
        name = torch.cuda.get_device_name() if device == "cuda" else ""
        return {"device": device, "device_name": name, "threads": torch.get_num_threads(), "bf16": has_bf16(device)}
    except Exception as error:  # a torch for another processor or driver fails in many ways
        problems.append(f"torch cannot be used: {type(error).__name__}: {error}")
        return {"device": None, "device_name": "", "threads": None, "bf16": None}


def _cache(problems: list[str]) -> dict[str, Any]:
    import os

    from serkit.data.fetch import cache_dir
    from serkit.run import cache

    folder = cache_dir()
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    writable = there.is_dir() and os.access(there, os.W_OK)
    if not writable:
        problems.append(f"The cache folder {folder} cannot be written; set SERKIT_CACHE to a folder that can.")
    entries, size = cache.size()
    return {"folder": str(folder), "writable": writable, "feature_entries": entries, "feature_bytes": size}


def _broken_targets(host: Any) -> list[dict[str, Any]]:
    # Targets are imported only when asked for, so this is where a plugin learns that one of its own fails.
    from serkit.errors import SerkitError
    from serkit.host.checks import KINDS, references

    found = []
    for kind in KINDS:
        for r in host.specs(kind):
            try:
                if kind == "recipe":
                    host.recipe_text(r.spec.name)
                    continue
                for reference in references(r.spec).values():
                    host.load_target(reference)
            except SerkitError as error:
                place = {"distribution": r.distribution, "version": r.version, "entry_point": r.source}
                found.append(place | {"reason": str(error), "names": [{"kind": kind, "name": r.spec.name}]})
    return found


def _print(found: dict[str, Any]) -> None:
    from serkit.cli.console import show, show_table

    core, torch = found["core"], found["torch"]
    yes = {True: "yes", False: "no", None: "unknown"}
    show_table(
        "installation",
        ("", ""),
        [
            ("serkit", found["serkit"]),
            ("python", f"{found['python']}, {found['platform']}"),
            ("packages", ", ".join(f"{n} {v or 'missing'}" for n, v in found["packages"].items())),
            ("instruction set", f"{core['isa'] or 'none'} (here: {', '.join(core['supported']) or 'none'})"),
            ("device", f"{torch['device'] or 'none'} {torch['device_name']}".rstrip()),
            ("threads", torch["threads"]),
            ("bf16 in hardware", yes[torch["bf16"]]),
            ("cache", f"{found['cache']['folder']}{'' if found['cache']['writable'] else ' (not writable)'}"),
            (
                "features kept",
                f"{found['cache']['feature_entries']:,}, {found['cache']['feature_bytes'] / 1e6:,.1f} MB",
            ),
            ("plugins", ", ".join(f"{p['distribution']} {p['version']}" for p in found["plugins"]) or "none"),
            ("left out by SERKIT_PLUGINS", ", ".join(found["left_out"]) or "none"),
        ],
    )
    for problem in found["problems"]:
        show(f"- {problem}")
    show(f"{len(found['problems'])} problem(s)." if found["problems"] else "All is well.")
