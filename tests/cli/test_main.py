"""Errors as sentences with exit codes, whatever raised them; no traceback unless asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import serkit
from serkit.cli import list_
from serkit.cli.main import _plain_warnings, app, invoke
from serkit.errors import PluginError, UserError
from serkit.testing.trees import emodb

SERKIT = [sys.executable, "-c", "from serkit.cli.main import main; main()"]


def raising(error: BaseException) -> Callable[[str], None]:
    def kinds_of(word: str) -> None:
        raise error

    return kinds_of


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `serkit list` raise the given error."""
    return lambda error: monkeypatch.setattr(list_, "kinds_of", raising(error))


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UserError("The file x is no audio."), 2, "Error: The file x is no audio.\n"),
        (PluginError("The plugin x is broken."), 1, "Error: The plugin x is broken.\n"),
        (FileNotFoundError(2, "No such file or directory", "a.wav"), 1, "Error: a.wav: No such file or directory.\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (
            ZeroDivisionError("two\nlines"),
            1,
            "Error: unexpected ZeroDivisionError: two lines; "
            "repeat the command with --debug and report what it shows.\n",
        ),
    ],
)
def test_an_error_is_one_sentence(
    failing: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    text: str,
) -> None:
    failing(error)
    assert invoke(["list"]) == code
    assert capsys.readouterr() == ("", text)


@pytest.mark.parametrize("arguments", [["--debug", "list"], ["list", "--debug"]])
def test_debug_shows_the_traceback(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    failing(UserError("No."))
    assert invoke(arguments) == 2
    out = capsys.readouterr().err
    assert out.startswith("Traceback")
    assert out.endswith("Error: No.\n")


@pytest.mark.parametrize(("value", "traceback"), [("1", True), ("0", False), ("", False)])
def test_the_environment_can_ask_for_tracebacks(
    failing: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    value: str,
    traceback: bool,
) -> None:
    monkeypatch.setenv("SERKIT_DEBUG", value)
    failing(UserError("No."))
    invoke(["list"])
    assert ("Traceback" in capsys.readouterr().err) is traceback


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lst"], ["No such command 'lst'", "'list'", "`serkit --help`"]),
        (["run", "--fold", "1"], ["No such option: --fold", "--folds", "`serkit run --help`"]),
        (["show"], ["Missing argument"]),
        (["run", "--seeds", "many"], ["--seeds"]),
        (["run", "--seeds", "0"], ["--seeds"]),
    ],
)
def test_a_mistyped_command_line_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
) -> None:
    assert invoke(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def test_no_command_and_help_show_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke([]) == 0
    plain = capsys.readouterr().out
    assert invoke(["--help"]) == 0
    assert capsys.readouterr().out == plain
    for command in ("run", "list", "show", "doctor", "data", "audit", "features", "predict"):
        assert f"\n  {command} " in plain


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    names = [c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands]
    names += [str(g.name) for g in app.registered_groups]
    assert len(names) >= 6
    for name in names:
        assert invoke([name, "--help"]) == 0
        assert f"Usage: serkit {name}" in capsys.readouterr().out


@pytest.mark.parametrize("group", [[], ["data"]])
def test_no_summary_of_a_command_is_cut(capsys: pytest.CaptureFixture[str], group: list[str]) -> None:
    # most ended in "...", since the parser cuts a first sentence that does not fit the line
    assert invoke([*group, "--help"]) == 0
    commands = capsys.readouterr().out.split("Commands:")[1].strip().splitlines()
    assert len(commands) >= 5
    assert all(line.endswith(".") and not line.endswith("...") for line in commands)


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "list",
        "show",
        "audit",
        "features",
        "predict",
        *(f"data {x}" for x in ("path", "check", "export", "fetch")),
    ],
)
def test_help_of_a_command_has_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert invoke([*command.split(), "--help"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert f"For example: serkit {command} " in words


def test_a_group_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["data"]) == 2
    text = capsys.readouterr()
    assert "Usage: serkit data" in text.err
    assert "Error" not in text.err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["--version"]) == 0
    assert capsys.readouterr().out == f"serkit {serkit.__version__}\n"


def test_a_warning_is_one_line() -> None:
    with _plain_warnings(debug=False):
        assert warnings.formatwarning("An observer failed.", UserWarning, "x.py", 1) == "Warning: An observer failed.\n"
    assert "x.py" in warnings.formatwarning("An observer failed.", UserWarning, "x.py", 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows reports a closed pipe in another way")
def test_a_closed_pipe_is_quiet() -> None:
    process = subprocess.Popen([*SERKIT, "list", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert errors == b""
    assert process.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_ctrl_c_ends_with_130() -> None:
    code = (
        "import os, signal, serkit.cli.list_ as c\n"
        "c.kinds_of = lambda word: os.kill(os.getpid(), signal.SIGINT)\n"
        "from serkit.cli.main import main\nmain(['list'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are not Unicode")
def test_a_path_that_no_encoding_has_is_printed_as_escapes(tmp_path: Path) -> None:
    root = emodb.write(tmp_path / "corpus")
    Path(os.fsdecode(os.fsencode(root) + b"/gr\xfcn \xe2\x82\xac.wav")).touch()
    for encoding, shown in (("utf-8:strict", "gr\\udcfcn \u20ac.wav"), ("latin-1:strict", "gr\\udcfcn \\u20ac.wav")):
        done = subprocess.run(
            [sys.executable, "-m", "serkit", "data", "check", "emodb", "--data", str(root)],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding},
        )
        assert done.returncode == 1  # it is not whole
        assert b"Traceback" not in done.stderr
        assert shown in done.stdout.decode("utf-8")
