"""A made-up clone of CREMA-D: folders, file names and tables as in the repository, noise for audio."""

from __future__ import annotations

from pathlib import Path

from serkit.testing.audio import write_noise

SENTENCES = ("IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI")
EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")

_ABSENT = {"1002": ("TIE_NEU",), "1008": ("WSI",), "1009": ("MTI",), "1019": ("ITH",), "1076": ("ITS_NEU",)}
_WOMEN = (2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 18, 20, 21, 24, 25, 28, 29, 30, 37, 43, 46, 47, 49, 52, 53, 54, 55, 56, 58,
          60, 61, 63, 72, 73, 74, 75, 76, 78, 79, 82, 84, 89, 91)  # fmt: skip


def write(root: Path, whole: bool = False) -> Path:
    """Write a clone into ``root`` and return it: ``AudioWAV/``, ``VideoDemographics.csv`` and
    ``summaryTable.csv`` and ``tabulatedVotes.csv`` of ``processedResults/``.

    With ``whole`` all 7,442 files; otherwise four sentences of ten actors, five of them women. Ages and votes are made
    up: every seventh recording is a tie, and of the others every fifth is heard as neutral.
    """
    actors = range(1, 92) if whole else (1, 2, 3, 5, 6, 7, 9, 11, 14, 15)
    names = []
    for actor in (f"{1000 + i}" for i in actors):
        for text in SENTENCES if whole else SENTENCES[:4]:
            for emotion in EMOTIONS:
                if f"{text}_{emotion}".startswith(_ABSENT.get(actor, ("-",))):
                    continue
                levels = ("LO", "MD", "HI") if text == "IEO" and emotion != "NEU" else ("XX",)
                names += [f"{actor}_{text}_{emotion}_{level}" for level in levels]
    for name in names:
        write_noise(root / "AudioWAV" / f"{name}.wav", seconds=0.02)
    people = [
        f'{1000 + i},{20 + i % 50},"{"Female" if i in _WOMEN else "Male"}","Unknown","Not Hispanic"' for i in actors
    ]
    (root / "VideoDemographics.csv").write_text(
        "\n".join(['"ActorID","Age","Sex","Race","Ethnicity"', *people, ""]), encoding="utf-8"
    )
    votes = []
    for i, name in enumerate(names, 1):
        vote = "A:N" if i % 7 == 0 else "N" if i % 5 == 0 else name[9]
        votes.append(f'"{i}","{name}","{vote}","50","{name[9]}","50","{name[9]}","50"')
    columns = '"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"'
    (root / "processedResults").mkdir(exist_ok=True)
    (root / "processedResults" / "summaryTable.csv").write_text("\n".join([columns, *votes, ""]), encoding="utf-8")
    counts = ['"","A","D","F","H","N","S","fileName","numResponses"']
    for modality in (1, 2, 3):  # heard, seen, heard and seen
        counts += [f'"{modality}{i:05}",{_counts(name, modality)},"{name}",10' for i, name in enumerate(names, 1)]
    (root / "processedResults" / "tabulatedVotes.csv").write_text("\n".join([*counts, ""]), encoding="utf-8")
    return root


def _counts(name: str, modality: int) -> str:
    """Of ten raters, those who saw the actor agree with what was asked for; of those who heard, six do."""
    right = 6 if modality == 1 else 10
    return ",".join(str(right * (code == name[9:12]) + (10 - right) * (code == "NEU")) for code in EMOTIONS)
