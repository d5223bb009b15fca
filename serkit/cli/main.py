"""``serkit``: puts the commands together and turns every error into one sentence and an exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

import serkit
from serkit.cli import audit, doctor, features, list_, predict, run, show
from serkit.cli import data as data_
from serkit.cli import plugin as plugin_
from serkit.errors import SerkitError

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as shells report it."""

# Without rich markup the help needs no rich, whose import would take longer than everything else `--help` does.
app = typer.Typer(
    name="serkit",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run.run)
app.command("list")(list_.list_)
app.command()(show.show)
app.command()(doctor.doctor)
app.add_typer(data_.app, name="data")
app.command()(audit.audit)
app.command()(features.features)
app.command()(predict.predict)
app.add_typer(plugin_.app, name="plugin")


@app.callback(invoke_without_command=True)
def serkit_(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error (or SERKIT_DEBUG=1).")] = False,
) -> None:
    """Train and evaluate published speech-emotion systems under their published protocols."""
    if version:
        typer.echo(f"serkit {serkit.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process: 0, 2 for a user's mistake, 1 for a failure, 130 after Ctrl-C."""
    sys.exit(invoke(sys.argv[1:] if arguments is None else arguments))


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; an error is one sentence on standard error."""
    arguments, debug = _debug(list(arguments))
    _print_anything()
    with _plain_warnings(debug):
        try:
            code = app(arguments, prog_name="serkit", standalone_mode=False)
            sys.stdout.flush()  # here, since a closed pipe at interpreter exit would print a traceback
        except KeyboardInterrupt:
            code = INTERRUPTED
        except BrokenPipeError:
            return _quiet_end()
        except SystemExit as end:  # rich ends so on a broken pipe
            code = end.code
        except Exception as error:
            if debug:
                traceback.print_exc()
            return _report(error)
    if code == INTERRUPTED:
        _say("Interrupted.")
    return code if isinstance(code, int) else 0


def _print_anything() -> None:
    """Let characters that the terminal's encoding lacks, and names of files that are not valid UTF-8, print as escapes:
    a command must not fail over a path that it mentions."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _report(error: Exception) -> int:
    if isinstance(error, SerkitError):
        _say(str(error) if error.exit_code == INTERRUPTED else f"Error: {error}")
        return error.exit_code
    if type(error).__name__ == "Abort":  # a prompt was left
        return _report_interrupt()
    # What the parser raises. Typer has carried its own copy of click since 0.26, so there is no one class to name.
    words = getattr(error, "format_message", None)
    if callable(words):
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "serkit"
        text = str(words()).rstrip()
        if type(error).__name__ == "NoArgsIsHelpError":  # `serkit data` alone; its text is the help
            _say(text)
            return 2
        _say(f"Error: {text if text.endswith(('.', '?')) else text + '.'} See `{path} --help`.")
        return int(getattr(error, "exit_code", 2))
    if isinstance(error, OSError) and error.filename is not None:
        _say(f"Error: {error.filename}: {error.strerror}.")
        return 1
    _say(
        f"Error: unexpected {type(error).__name__}: {' '.join(str(error).split())}; "
        "repeat the command with --debug and report what it shows."
    )
    return 1


def _report_interrupt() -> int:
    _say("Interrupted.")
    return INTERRUPTED


def _debug(arguments: list[str]) -> tuple[list[str], bool]:
    # --debug may stand anywhere, since it is typed by adding it to the end of the command that failed
    end = arguments.index("--") if "--" in arguments else len(arguments)
    rest = [a for a in arguments[:end] if a != "--debug"] + arguments[end:]
    return rest, len(rest) < len(arguments) or os.environ.get("SERKIT_DEBUG", "") not in ("", "0")


def _say(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        _quiet_end()


def _quiet_end() -> int:
    # The reader has gone (`serkit list | head -1`); what is still buffered would fail again when Python ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    return 1


@contextmanager
def _plain_warnings(debug: bool) -> Iterator[None]:
    usual = warnings.formatwarning
    if not debug:
        warnings.formatwarning = lambda message, *_, **__: f"Warning: {message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = usual
