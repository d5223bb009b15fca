"""Parity: the ``torchaudio`` and ``htk`` presets against stored arrays of their published formulas (make_arrays.py).

``python tests/features/parity/test_arrays.py`` prints the largest difference of every group, as docs/numerics.md has
them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serkit.features import MFCC, LogMel, LogMelOptions, MFCCOptions, Spectrogram, SpectrogramOptions

with np.load(Path(__file__).with_name("arrays.npz"), allow_pickle=False) as stored:
    ARRAYS = dict(stored)

SIGNAL = ARRAYS.pop("signal")

# About three times what is measured (docs/numerics.md). Stored values are rounded to float32 once: 6e-8 of decibels of
# up to 100 and logarithms of up to 20; the rest is the rounding of our float32 transform in the weakest bands. A
# formula that is another one differs by 1e-3 and more.
BOUNDS = {
    "torchaudio/spectrogram": 1e-5,
    "torchaudio/log-mel": 6e-5,
    "torchaudio/mfcc": 1e-4,
    "htk/log-mel": 2e-5,
    "htk/mfcc": 2e-4,
}


def torchaudio_options(frames: str, bands: str = "") -> dict[str, Any]:
    n_fft, win, hop, pad = frames.split("-")
    out: dict[str, Any] = {
        "n_fft": int(n_fft), "frame_ms": int(win) / 16, "hop_ms": int(hop) / 16,
        "framing": "center" if pad == "reflect" else "center-zero",
    }  # fmt: skip
    if bands:
        scale, norm, f_min, f_max, n_mels, *count = bands.split("-")
        out |= {"mel_scale": scale, "mel_norm": norm, "n_mels": int(n_mels)}
        out |= {"f_min": float(f_min), "f_max": float(f_max)}
        if count:
            out["n_cepstra"] = int(count[0])
    return out


def htk_options(words: str) -> dict[str, Any]:
    frame, hop, n_fft, emphasis, spectrum, zero_mean, bands, *cepstra = words.split("-")
    out: dict[str, Any] = {
        "frame_ms": int(frame) / 16, "hop_ms": int(hop) / 16, "n_fft": int(n_fft), "preemphasis": float(emphasis),
        "spectrum": spectrum, "remove_dc": zero_mean == "1", "n_mels": int(bands),
    }  # fmt: skip
    if cepstra:
        out |= {"lifter": float(cepstra[0]), "delta_window": int(cepstra[1])}
    return out


def ours(name: str) -> np.ndarray:
    """What SerKit gives for a stored case."""
    library, feature, *words = name.split("/")
    made = torchaudio_options(*words) if library == "torchaudio" else htk_options(*words)
    if feature == "spectrogram":
        return Spectrogram(SpectrogramOptions.preset(library, **made, spectrum="magnitude"))(SIGNAL)[..., 0]
    if feature == "log-mel":
        return LogMel(LogMelOptions.preset(library, **made, channels=("static",)))(SIGNAL)[..., 0]
    rows = MFCC(MFCCOptions.preset(library, **made))(SIGNAL)
    return rows if library == "htk" else rows[..., 0]


@pytest.mark.parametrize("name", ARRAYS)
def test_presets_agree_with_the_published_formulas(name: str) -> None:
    rows, bound = ours(name), BOUNDS["/".join(name.split("/")[:2])]
    assert rows.shape == ARRAYS[name].shape
    assert np.abs(rows - ARRAYS[name]).max() <= bound


if __name__ == "__main__":
    print("| library | feature | cases | largest difference |\n| --- | --- | --- | --- |")
    for group in BOUNDS:
        found = [float(np.abs(ours(n) - a).max()) for n, a in ARRAYS.items() if n.startswith(f"{group}/")]
        print(f"| {group.replace('/', ' | ')} | {len(found)} | {max(found):.1e} |")
