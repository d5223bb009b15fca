"""Start-up: `import serkit` against a bare interpreter, `serkit --help` against `import typer`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from serkit.testing.bench import Contest, Entrant
from serkit.testing.bench.race import Race

PYTHON = sys.executable
COMMANDS = {
    "import": {"python -c pass": [PYTHON, "-c", "pass"], "serkit": [PYTHON, "-c", "import serkit"]},
    "help": {
        "python -c 'import typer'": [PYTHON, "-c", "import typer"],
        "serkit --help": [str(Path(PYTHON).with_name("serkit")), "--help"],
    },
}
ROWS = [(group, entrant) for group, commands in COMMANDS.items() for entrant in commands]


def contest(group: str) -> Contest:
    def ready(command: list[str]) -> Callable[[], str]:
        return lambda: subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def check(name: str, answer: str) -> None:
        assert ("Usage: serkit" in answer) == (name == "serkit --help"), answer

    commands = COMMANDS[group]
    return Contest(
        entrants={name: Entrant(lambda command=command: ready(command)) for name, command in commands.items()},
        anchors=(next(iter(commands)),),
        check=check,
        work="a process from start to end",
    )


@pytest.mark.parametrize(("group", "entrant"), ROWS)
def test_start(race: Race, group: str, entrant: str) -> None:
    race(entrant, f"start-up, {group}", lambda: contest(group))
