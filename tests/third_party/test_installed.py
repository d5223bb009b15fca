"""Packages of strangers as users have them: built and installed by pip into an environment, found, checked, run and
removed; and broken ones, each named in a sentence while everything else goes on."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

TOY = Path(__file__).parent / "serkit-toy"

PROJECT = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"

[project.entry-points.serkit]
{entry} = "{module}"

[tool.setuptools]
py-modules = ["{module}"]
"""

METRIC = """from serkit.host import MetricSpec, hookimpl


@hookimpl
def serkit_metrics():
    return [MetricSpec(name="{name}", summary="A score.", target="json:dumps", host_api={api})]
"""

BROKEN = {
    "serkit-clash-a": ("1.1", "clash_a", METRIC.format(name="clashing", api=1)),
    "serkit-clash-b": ("2.2", "clash_b", METRIC.format(name="clashing", api=1)),
    "serkit-newer": ("3.0", "newer", METRIC.format(name="newest", api=9)),
    "serkit-raises": ("4.0", "raises", "raise RuntimeError('the licence file is missing')\n"),
    "serkit-misspelt": ("5.0", "misspelt", METRIC.format(name="jitterbug", api=1).replace("_metrics", "_metric")),
}
"""Distribution to its version, entry point and the source of its hooks."""

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment that sees what is installed in this one."""
    folder = tmp_path_factory.mktemp("installed") / "env"
    venv.create(folder, symlinks=os.name != "nt", with_pip=False)
    places = {*site.getsitepackages(), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # addsitedir, unlike a line with the path alone, also follows the .pth files there, of editable installs
    lines = [f"import site; site.addsitedir({place!r})" for place in sorted(places)]
    packages = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    (Path(packages) / "this_environment.pth").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def python(environment: Path) -> Command:
    """``python("-m", "serkit", ...)`` in that environment, in a folder of its own; ``rc`` is the exit code wanted."""
    program = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    work = environment.with_name("work")
    work.mkdir()

    def run(*arguments: str, rc: int | None = 0) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "SERKIT_CACHE": str(work / "cache"), "COLUMNS": "1000"}
        done = subprocess.run([program, *arguments], cwd=work, env=env, capture_output=True, text=True)
        assert rc in (None, done.returncode), f"{arguments}: {done.stdout}{done.stderr}"
        return done

    return run


@pytest.fixture(scope="module")
def pip(python: Command) -> Command:
    """``pip("install", folder)`` without the network: what builds packages is here."""

    def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        options = {
            "install": ["--no-index", "--no-build-isolation", "--no-deps"],
            "uninstall": ["--yes"],
        }[command]
        return python("-m", "pip", "--quiet", "--disable-pip-version-check", command, *options, *arguments)

    return run


@pytest.fixture(scope="module")
def toy(pip: Command, environment: Path) -> Path:
    """serkit-toy, installed; the folder it was built in."""
    source = environment.with_name(TOY.name)
    shutil.copytree(TOY, source)  # a build leaves its folders in the source
    pip("install", str(source))
    return source


def offers(python: Command) -> dict[str, dict[str, dict[str, str]]]:
    """What `serkit list` shows, by kind and name."""
    listed = json.loads(python("-m", "serkit", "list", "--json").stdout)
    return {kind: {row["name"]: row for row in rows} for kind, rows in listed.items() if kind != "broken"}


def test_it_is_listed_with_its_distribution_beside_ours(toy: Path, python: Command) -> None:
    shown = python("-m", "serkit", "list").stdout.splitlines()
    for name in ("toy-mean", "toy-tones", "error-rate"):
        assert any(line.startswith(f"{name} ") and line.rstrip().endswith("serkit-toy 0.3.0") for line in shown)
    found = offers(python)
    assert found["recipes"]["toy"]["distribution"] == "serkit-toy"
    assert found["architectures"]["acrnn"]["distribution"] == "serkit"


@pytest.mark.parametrize("name", ["toy-mean", "toy-tones", "error-rate"])
def test_it_is_checked(toy: Path, python: Command, name: str) -> None:
    report = json.loads(python("-m", "serkit", "plugin", "check", name, "--json", rc=None).stdout)
    assert [(r["check"], r["what"]) for r in report["results"] if r["status"] not in ("passed", "skipped")] == []
    assert (report["passed"], report["distribution"], report["version"]) == (True, "serkit-toy", "0.3.0")
    assert report["counts"].get("passed", 0) >= len(report["results"]) / 2


def test_its_own_tests_pass_where_it_is_installed(toy: Path, python: Command) -> None:
    # those of its dataset: the whole kit was asked above
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", str(toy / "tests"), "-k", "tones")
    assert " passed" in done.stdout


def test_it_runs(toy: Path, python: Command) -> None:
    done = python(
        "-m", "serkit", "run", "--plugin", "toy-mean", "--dataset", "toy-tones", "--folds", "0", "--epochs", "1",
        "--device", "cpu", "--out", "toy-run", "--json",
    )  # fmt: skip
    metrics = json.loads(done.stdout)
    assert (metrics["plugin"], metrics["dataset"], metrics["n_folds"]) == ("toy-mean", "toy-tones", 1)
    assert metrics["metrics"]["error-rate"]["pooled"] == pytest.approx(1 - metrics["war"]["pooled"])
    folder = toy.with_name("work") / "toy-run"
    assert (folder / "toy.txt").read_text() == "1 folds\n"  # its observer was told
    with_version = {"distribution": "serkit-toy", "version": "0.3.0"}
    assert with_version.items() <= json.loads((folder / "environment.json").read_text())["plugins"][0].items()


@pytest.fixture(scope="module")
def broken(toy: Path, pip: Command, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Five broken packages, installed beside serkit-toy."""
    root = tmp_path_factory.mktemp("broken")
    for name, (version, entry, source) in BROKEN.items():
        folder = root / name
        folder.mkdir()
        module = f"{entry}_hooks"
        (folder / f"{module}.py").write_text(source)
        (folder / "pyproject.toml").write_text(PROJECT.format(name=name, version=version, entry=entry, module=module))
    pip("install", *(str(root / name) for name in BROKEN))


WHY = {
    "clash_a": "its metric 'clashing' (distribution serkit-clash-a 1.1) has the name of the metric of distribution "
    "serkit-clash-b 2.2; rename it or uninstall one of the two",
    "clash_b": "its metric 'clashing' (distribution serkit-clash-b 2.2) has the name of the metric of distribution "
    "serkit-clash-a 1.1; rename it or uninstall one of the two",
    "newer": "'newest' needs host_api 9 and this SerKit offers 1; upgrade SerKit",
    "raises": "importing raises_hooks failed with RuntimeError: the licence file is missing",
    "misspelt": "it implements the unknown hook 'serkit_metric'; did you mean 'serkit_metrics'?",
}
"""Entry point to the reason why it is left out."""


def test_broken_packages_are_named_by_doctor(broken: None, python: Command) -> None:
    problems = json.loads(python("-m", "serkit", "doctor", "--json", rc=1).stdout)["problems"]
    assert sorted(problems) == sorted(
        f"Plugin {entry!r} of distribution {name} {version} is broken: {WHY[entry]}"
        for name, (version, entry, _) in BROKEN.items()
    )


OFFER = "Broken plugins may offer it: clash_a, clash_b, misspelt, newer, raises (see `serkit doctor`)."


@pytest.mark.parametrize(
    ("name", "rc", "sentences"),
    [
        (
            "clashing",
            1,
            [
                f"There is a plugin named 'clashing', but plugin {entry!r} of distribution {name} is broken: "
                f"{WHY[entry]}."
                for entry, name in (("clash_a", "serkit-clash-a 1.1"), ("clash_b", "serkit-clash-b 2.2"))
            ],
        ),
        (
            "newest",
            1,
            [
                "There is a plugin named 'newest', but plugin 'newer' of distribution serkit-newer 3.0 is broken: "
                f"{WHY['newer']}."
            ],
        ),
        (
            "serkit-raises",
            1,
            [
                "There is no usable plugin named 'serkit-raises', and plugin 'raises' of distribution serkit-raises "
                f"4.0 is broken: {WHY['raises']}."
            ],
        ),
        (
            "misspelt",
            1,
            [
                "There is no usable plugin named 'misspelt', and plugin 'misspelt' of distribution serkit-misspelt "
                f"5.0 is broken: {WHY['misspelt']}"
            ],
        ),
        # a score of the misspelt hook, which nobody could ask for its names
        (
            "jitterbug",
            2,
            [f"There is no plugin or protocol named 'jitterbug'; `serkit list` shows what there is. {OFFER}"],
        ),
    ],
)
def test_asking_for_a_broken_one_says_why(
    broken: None, python: Command, name: str, rc: int, sentences: list[str]
) -> None:
    done = python("-m", "serkit", "show", name, rc=rc)
    assert done.stdout == ""
    assert done.stderr in [f"Error: {sentence}\n" for sentence in sentences]


def test_the_rest_goes_on(broken: None, python: Command) -> None:
    found = offers(python)
    assert "toy-mean" in found["architectures"]
    assert {"uar", "error-rate"} <= found["metrics"].keys()
    assert not {"clashing", "newest", "jitterbug"} & found["metrics"].keys()
    assert python("-m", "serkit", "list", "recipes").stdout.splitlines()[-1] == (
        "Broken and left out: serkit-clash-a:clash_a, serkit-clash-b:clash_b, serkit-misspelt:misspelt, "
        "serkit-newer:newer, serkit-raises:raises (see `serkit doctor`)."
    )
    assert json.loads(python("-m", "serkit", "show", "toy-mean", "--json").stdout)["distribution"] == "serkit-toy"


def test_removed_they_are_gone(broken: None, pip: Command, python: Command) -> None:
    """Last, since the packages are for all tests here."""
    pip("uninstall", "serkit-toy", *BROKEN)
    assert "serkit-toy" not in python("-m", "serkit", "list", "--json").stdout
    done = python("-m", "serkit", "show", "toy-mean", rc=2)
    assert done.stderr == "Error: There is no plugin or protocol named 'toy-mean'; `serkit list` shows what there is.\n"
