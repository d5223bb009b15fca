"""Names of IEMOCAP's dialogues and turns, and what they say."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Scenario = Literal["improvised", "scripted"]
SCENARIOS: tuple[Scenario, ...] = ("improvised", "scripted")

_DIALOGUE = r"Ses0([1-5])([FM])_(impro[0-9]{2}[ab]?|script[0-9]{2}_[0-9][ab]?)"
DIALOGUE = re.compile(_DIALOGUE)
# XX and a digit in place of the number: a turn that was cut but not rated.
_TURN = re.compile(rf"({_DIALOGUE})_([FM])([0-9]{{3}}|XX[0-9]+)")
_TURN_AT_END = re.compile(rf"(?:^|[^A-Za-z0-9]){_TURN.pattern}$")


@dataclass(frozen=True, slots=True)
class TurnName:
    """A turn as its name tells it. ``letter`` is who speaks: the letter of the last token. The one after ``Ses0n``
    only says who of the two wore the motion-capture markers in that dialogue."""

    name: str
    dialogue: str
    session: str
    letter: Literal["F", "M"]
    scenario: Scenario
    rated: bool

    @property
    def speaker(self) -> str:
        """One of the ten, ``Ses01F`` to ``Ses05M``."""
        return f"{self.session}{self.letter}"

    @property
    def sex(self) -> Literal["f", "m"]:
        """Sex of the speaker."""
        return "f" if self.letter == "F" else "m"


def parse(name: str) -> TurnName | None:
    """The parts of a turn's name, or None if it is none."""
    return _parts(_TURN.fullmatch(name))


def parse_end(text: str) -> TurnName | None:
    """The turn that ``text``, such as another tool's key, ends with; None if there is none."""
    return _parts(_TURN_AT_END.search(text))


def scenario_of(dialogue: str) -> Scenario:
    """Whether a dialogue was improvised or follows a script."""
    return "improvised" if "_impro" in dialogue else "scripted"


def dialogues(scenarios: Collection[Scenario]) -> list[str]:
    """Names of the published dialogues of these scenarios: 80 improvised, 71 scripted."""
    found = []
    for session in range(1, 6):
        for side in "FM":
            start = f"Ses0{session}{side}"
            names = [f"{start}_impro{k:02}" for k in range(1, 8 if session == 1 else 9)]
            if start == "Ses03M":  # two of its improvisations were recorded in two parts
                names = [x for x in names if x[-2:] not in ("05", "08")]
                names += [f"{start}_impro{part}" for part in ("05a", "05b", "08a", "08b")]
            parts = ("01_1", "01_2", "01_3", "02_1", "02_2", "03_1", "03_2")
            names += [f"{start}_script{part}" for part in (*parts, *(("01_1b",) if start == "Ses05M" else ()))]
            found += [x for x in names if scenario_of(x) in scenarios]
    return sorted(found)


def _parts(match: re.Match[str] | None) -> TurnName | None:
    if match is None:
        return None
    dialogue, session, _, _, letter, number = match.groups()
    return TurnName(
        name=f"{dialogue}_{letter}{number}",
        dialogue=dialogue,
        session=f"Ses0{session}",
        letter="F" if letter == "F" else "M",
        scenario=scenario_of(dialogue),
        rated=not number.startswith("XX"),
    )
