"""Writes ``arrays.npz``: what torchaudio and HTK give for a test signal, by their published formulas in plain NumPy.

torchaudio cannot be imported beside every torch, and HTK is a C program under a licence of its own, so their results
come from what their documentation says, written out here one frame at a time in float64 with nothing of SerKit's:

* torchaudio: ``torch.stft`` (centred frames of ``n_fft`` samples over the reflected waveform, the window in their
  middle), ``melscale_fbanks`` (triangles straight in Hz, HTK or Slaney scale, Slaney area norm), ``amplitude_to_DB``
  without ``top_db``, ``create_dct`` (documentation of torchaudio 2);
* HTK: the HTK Book 3.4, sections 5.2 to 5.6 and 5.9: pre-emphasis and Hamming window of a frame, magnitudes or powers,
  triangles straight in Mel, type-II DCT, lifter, log energy, regression.

``python tests/features/parity/make_arrays.py`` writes the file beside this script; ``test_arrays.py`` reads it. Arrays
are float32, rounded once, and small: ``signal`` and one array a case, the case's options in its name.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def signal() -> np.ndarray:
    """A fifth of a second of a falling tone with overtones in noise, on the grid of 16-bit integers."""
    t = np.arange(3200) / 16000
    tone = sum(np.sin(2 * np.pi * k * (220 * t - 90 * t * t)) / k for k in (1, 2, 3, 5, 8, 13))
    x = 0.15 * tone + 0.01 * np.random.default_rng(5).standard_normal(3200)
    return (np.round(x * 32768) / 32768).astype(np.float32)


def fourier(frame: list[float], n_fft: int) -> np.ndarray:
    """Bins 0 .. n_fft / 2 by the definition of the transform."""
    k = np.arange(n_fft // 2 + 1)[:, None]
    n = np.arange(len(frame))[None, :]
    return np.exp(-2j * np.pi * (k * n % n_fft) / n_fft) @ np.array(frame)


# ---- torchaudio ----


def ta_hz_to_mel(f: float, scale: str) -> float:
    if scale == "htk":
        return 2595.0 * math.log10(1.0 + f / 700.0)
    return f / (200.0 / 3) if f < 1000.0 else 15.0 + math.log(f / 1000.0) / (math.log(6.4) / 27.0)


def ta_mel_to_hz(m: float, scale: str) -> float:
    if scale == "htk":
        return 700.0 * (10.0 ** (m / 2595.0) - 1.0)
    return m * (200.0 / 3) if m < 15.0 else 1000.0 * math.exp((math.log(6.4) / 27.0) * (m - 15.0))


def ta_fbanks(n_fft: int, n_mels: int, f_min: float, f_max: float, scale: str, norm: str) -> np.ndarray:
    """``melscale_fbanks``, ``[bins, bands]``: the smaller of two straight lines, cut at zero."""
    lines = np.linspace(0.0, 8000.0, n_fft // 2 + 1)
    m = np.linspace(ta_hz_to_mel(f_min, scale), ta_hz_to_mel(f_max, scale), n_mels + 2)
    points = [ta_mel_to_hz(float(v), scale) for v in m]
    out = np.zeros((len(lines), n_mels))
    for b in range(n_mels):
        low, peak, high = points[b : b + 3]
        for i, f in enumerate(lines):
            out[i, b] = max(0.0, min((f - low) / (peak - low), (high - f) / (high - peak)))
        if norm == "slaney":
            out[:, b] *= 2.0 / (high - low)
    return out


def ta_power(x: np.ndarray, n_fft: int, win: int, hop: int, pad: str, exponent: float) -> np.ndarray:
    """``torchaudio.transforms.Spectrogram``, ``[frames, bins]``, of a periodic Hann window."""
    half = n_fft // 2
    padded = np.pad(x.astype(np.float64), half, mode=pad)
    taper = [0.5 - 0.5 * math.cos(2 * math.pi * i / win) for i in range(win)]
    before = (n_fft - win) // 2
    whole = [0.0] * before + taper + [0.0] * (n_fft - win - before)
    rows = []
    for i in range(1 + (len(padded) - n_fft) // hop):
        frame = [float(padded[i * hop + j]) * whole[j] for j in range(n_fft)]
        rows.append(np.abs(fourier(frame, n_fft)) ** exponent)
    return np.array(rows)


def ta_mfcc(decibels: np.ndarray, count: int) -> np.ndarray:
    """``create_dct`` with ``norm="ortho"`` applied."""
    bands = decibels.shape[1]
    table = np.zeros((bands, count))
    for n in range(bands):
        for k in range(count):
            table[n, k] = math.sqrt(2.0 / bands) * math.cos(math.pi / bands * (n + 0.5) * k)
    table[:, 0] /= math.sqrt(2.0)
    return decibels @ table


def torchaudio() -> dict[str, np.ndarray]:
    out = {}
    x = signal()
    for n_fft, win, hop, pad in [(400, 400, 200, "reflect"), (512, 400, 160, "reflect"), (512, 512, 256, "constant")]:
        frames = f"{n_fft}-{win}-{hop}-{pad}"
        out[f"torchaudio/spectrogram/{frames}"] = ta_power(x, n_fft, win, hop, pad, 1.0)
        power = ta_power(x, n_fft, win, hop, pad, 2.0)
        for scale, norm, f_min, f_max, n_mels in [
            ("htk", "none", 0.0, 8000.0, 40),
            ("slaney", "slaney", 60.0, 7600.0, 32),
            ("htk", "slaney", 0.0, 8000.0, 23),
        ]:  # fmt: skip
            mel = power @ ta_fbanks(n_fft, n_mels, f_min, f_max, scale, norm)
            decibels = 10.0 * np.log10(np.maximum(mel, 1e-10))
            words = f"{frames}/{scale}-{norm}-{f_min:g}-{f_max:g}-{n_mels}"
            out[f"torchaudio/log-mel/{words}"] = decibels
            out[f"torchaudio/mfcc/{words}-13"] = ta_mfcc(decibels, 13)
    return out


# ---- HTK ----


def htk_rows(
    x: np.ndarray, frame: int, hop: int, n_fft: int, emphasis: float, power: bool, zero_mean: bool, bands: int
) -> tuple[np.ndarray, np.ndarray]:
    """Log bands ``[frames, bands]`` and log energies ``[frames]``."""
    pcm = [float(v) * 32768.0 for v in x]
    top = 2595.0 * math.log10(1.0 + 8000.0 / 700.0)
    centres = [top * c / (bands + 1) for c in range(bands + 2)]
    all_bands, energies = [], []
    for start in range(0, len(pcm) - frame + 1, hop):
        s = pcm[start : start + frame]
        if zero_mean:
            mean = sum(s) / frame
            s = [v - mean for v in s]
        energies.append(math.log(sum(v * v for v in s)))
        s = [s[0] * (1.0 - emphasis)] + [s[i] - emphasis * s[i - 1] for i in range(1, frame)]
        s = [v * (0.54 - 0.46 * math.cos(2 * math.pi * i / (frame - 1))) for i, v in enumerate(s)]
        size = np.abs(fourier(s, n_fft))
        if power:
            size = size**2
        sums = [0.0] * (bands + 2)
        for k in range(1, n_fft // 2):
            mel = 2595.0 * math.log10(1.0 + k * 16000.0 / n_fft / 700.0)
            c = max(i for i in range(bands + 1) if centres[i] <= mel)
            # what falls between two centres is shared by their bands in proportion
            upper = (mel - centres[c]) / (centres[c + 1] - centres[c])
            sums[c] += (1.0 - upper) * size[k]
            sums[c + 1] += upper * size[k]
        all_bands.append([math.log(max(v, 1.0)) for v in sums[1:-1]])
    return np.array(all_bands), np.array(energies)


def htk_cepstra(logs: np.ndarray, count: int, lifter: int) -> np.ndarray:
    """Cepstra 1 .. count."""
    bands = logs.shape[1]
    out = np.zeros((len(logs), count))
    for i in range(1, count + 1):
        for j in range(1, bands + 1):
            out[:, i - 1] += logs[:, j - 1] * math.cos(math.pi * i / bands * (j - 0.5))
        out[:, i - 1] *= math.sqrt(2.0 / bands)
        if lifter:
            out[:, i - 1] *= 1.0 + lifter / 2.0 * math.sin(math.pi * i / lifter)
    return out


def htk_regression(rows: np.ndarray, theta: int) -> np.ndarray:
    out = np.zeros_like(rows)
    last = len(rows) - 1
    for t in range(len(rows)):
        for th in range(1, theta + 1):
            out[t] += th * (rows[min(t + th, last)] - rows[max(t - th, 0)])
    return out / (2 * sum(th * th for th in range(1, theta + 1)))


def htk() -> dict[str, np.ndarray]:
    out = {}
    for frame, hop, n_fft, emphasis, power, zero_mean, bands in [
        (400, 160, 512, 0.97, False, False, 26), (400, 160, 512, 0.97, True, True, 26),
        (320, 100, 512, 0.0, False, True, 20), (512, 256, 512, 0.95, True, False, 24),
    ]:  # fmt: skip
        logs, energies = htk_rows(signal(), frame, hop, n_fft, emphasis, power, zero_mean, bands)
        words = f"{frame}-{hop}-{n_fft}-{emphasis:g}-{'power' if power else 'magnitude'}-{zero_mean:d}-{bands}"
        out[f"htk/log-mel/{words}"] = logs
        for lifter, theta in [(22, 2), (0, 3)]:
            rows = np.concatenate([energies[:, None], htk_cepstra(logs, 12, lifter)], axis=1)
            first = htk_regression(rows, theta)
            stacked = np.stack([rows, first, htk_regression(first, theta)], axis=-1)
            out[f"htk/mfcc/{words}-{lifter}-{theta}"] = stacked
    return out


if __name__ == "__main__":
    arrays = {"signal": signal(), **torchaudio(), **htk()}
    np.savez_compressed(HERE / "arrays.npz", **{name: a.astype(np.float32) for name, a in arrays.items()})
