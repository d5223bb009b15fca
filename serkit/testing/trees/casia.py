"""A small CASIA: the layout of the 1,200 recordings that circulate, or of the full corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from serkit.testing.audio import write_noise

SPEAKERS = ("ZhaoZuoxiang", "liuchanhg", "wangzhe", "zhaoquanyin")
EMOTIONS = ("angry", "fear", "happy", "neutral", "sad", "surprise")

# What a public script shows of the full corpus; its numbers are not published, so they begin at 1 here.
_FULL_SPEAKERS = ("Chang.Liu", "Quanyin.Zhao", "Zhe.Wang", "Zuoxiang.Zhao")


def write(root: Path, whole: bool = False, subset: Literal["1200", "full"] = "1200") -> Path:
    """Write noise named like CASIA below ``root`` and return it: three speakers with two sentences each, or with
    ``whole`` all four with 201 to 250 (``subset="full"``: 300 of the same text and 100 of different ones a cell)."""
    speakers = slice(None) if whole else slice(3)
    if subset == "1200":
        for speaker in SPEAKERS[speakers]:
            for emotion in EMOTIONS:
                for number in range(201, 251 if whole else 203):
                    write_noise(root / speaker / emotion / f"{number}.wav", 0.01, seed=f"{speaker} {emotion} {number}")
        return root
    for names, part, count in ((SPEAKERS, "相同文本300", 300), (_FULL_SPEAKERS, "不同文本100", 100)):
        for speaker in names[speakers]:
            for emotion in EMOTIONS:
                said = "normal" if emotion == "neutral" and part.startswith("不") else emotion
                for number in range(1, count + 1 if whole else 3):
                    path = root / part / speaker / said / f"{number}.wav"
                    write_noise(path, 0.002, seed=f"{part} {speaker} {emotion} {number}")
    return root
