"""What names of files tell: which corpus a folder looks like, and who speaks by a pattern that a user gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from serkit.data import audio
from serkit.errors import ConfigError, CorpusError

# Stems of file names, most telling first; a folder is taken for the first corpus that any of its files fits.
_STEMS: Mapping[str, re.Pattern[str]] = {
    "IEMOCAP": re.compile(r"Ses0[1-5][FM]_(impro|script)", re.IGNORECASE),
    "RAVDESS": re.compile(r"0[123]-0[12]-0[1-8]-0[12]-0[12]-0[12]-\d\d$"),
    "CREMA-D": re.compile(r"1\d{3}_[A-Z]{3}_(ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX?)$", re.IGNORECASE),
    "TESS": re.compile(r"(OAF?|YAF)_[a-z]+_(angry|disgust|fear|happy|neutral|ps|sad)$", re.IGNORECASE),
    "EMO-DB": re.compile(r"(03|08|09|1[0-6])[ab]\d\d[WLEAFTN][a-z]$", re.IGNORECASE),
    "SAVEE": re.compile(r"((DC|JE|JK|KL)_)?(sa|su|a|d|f|h|n)\d\d$", re.IGNORECASE),
    "CASIA": re.compile(r"(20[1-9]|2[1-4]\d|250)$|.*(liuchanhg|wangzhe|zhaoquanyin|zhaozuoxiang)", re.IGNORECASE),
}

_PACKED = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar")


def speaker_pattern(text: str, option: str) -> re.Pattern[str]:
    """The regular expression ``text``, whose groups are the speaker. Raises ConfigError, which names ``option``."""
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ConfigError(
            f"{option} {text!r} is no regular expression ({error}); write for example 'emodb-(..)'."
        ) from None
    if not pattern.groups:
        raise ConfigError(f"{option} {text!r} has no group; put the speaker into (...).")
    return pattern


def speaker_in(pattern: re.Pattern[str], name: str) -> str:
    """The speaker whom ``pattern`` finds anywhere in ``name``: its groups put together; empty if it finds none."""
    match = pattern.search(name)
    return "".join(group or "" for group in match.groups()) if match else ""


def looks_like(root: Path) -> str:
    """The corpus that the names of the audio files below ``root`` fit, or an empty string."""
    stems = [p.stem for p in audio.find(root)]
    return next((name for name, pattern in _STEMS.items() if any(pattern.match(s) for s in stems)), "")


def wrong_folder(corpus: str, root: Path, expected: str) -> CorpusError:
    """The error for a folder that does not hold ``corpus``: what was ``expected``, and what was seen there."""
    if not root.is_dir():
        return CorpusError(f"{root} is not a folder; name the folder that holds {corpus} ({expected}).")
    found = audio.find(root)
    if found:
        guess = looks_like(root)
        words = f", which looks like {guess}" if guess not in ("", corpus) else ""
        first = found[0].relative_to(root).as_posix()
        seen = f"seen were {len(found)} audio files such as" if len(found) > 1 else "all that was seen is"
        seen = f"{seen} {first}{words}"
    else:
        names = sorted(p.name for p in root.iterdir())
        packed = next((n for n in names if n.lower().endswith(_PACKED) and not n.startswith(".")), "")
        seen = "it holds no audio files" if names else "it is empty"
        seen += f", but the archive {packed}, which must be unpacked" if packed else ""
    return CorpusError(f"{root} does not hold {corpus}: expected were {expected}; {seen}.")
