"""Parity: presets against the libraries they are named after, over sizes, windows, framings, scales and norms.

``python tests/features/parity/test_peers.py`` prints the largest difference of every group, as docs/numerics.md has
them. A library that is not installed is skipped in the tests and left out of the print.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from serkit.features import (
    MFCC,
    STFT,
    Delta,
    DeltaOptions,
    LogMel,
    LogMelOptions,
    MFCCOptions,
    Spectrogram,
    SpectrogramOptions,
    STFTOptions,
)

Case = tuple[np.ndarray, np.ndarray]
PASCAL = 32768  # of 16-bit integers


def voice(seconds: float = 1.0, rate: int = 16000) -> np.ndarray:
    """A gliding voice of 40 harmonics over noise 40 dB below, on the grid of 16-bit integers that openSMILE reads."""
    t = np.arange(round(seconds * rate)) / rate
    f0 = 120 + 40 * np.sin(2 * np.pi * 1.3 * t)
    phase = 2 * np.pi * np.cumsum(f0) / rate
    tone = sum(np.sin(k * phase) / k * (k * f0 < rate / 2) for k in range(1, 41))
    x = 0.2 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t)) + 0.003 * np.random.default_rng(0).standard_normal(len(t))
    return (np.round(x * PASCAL) / PASCAL).astype(np.float32)


def grid(**values: Any) -> Iterator[dict[str, Any]]:
    """Every combination of the lists given."""
    for chosen in product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


def log(power: np.ndarray, floor: float = 1e-10) -> np.ndarray:
    return np.log(np.maximum(power, floor))


def ms(samples: int, rate: int = 16000) -> float:
    return 1000 * samples / rate


def librosa_frames(o: Mapping[str, Any]) -> dict[str, Any]:
    """Our words for a case of librosa's grid."""
    framing = {"reflect": "center", "constant": "center-zero", "none": "snip"}[o["pad"]]
    return {
        "sample_rate": 16000, "frame_ms": ms(o["win"]), "hop_ms": ms(o["hop"]), "n_fft": o["n_fft"],
        "window": f"{o['window']}-periodic", "framing": framing, "preemphasis": o["emphasis"],
    }  # fmt: skip


def librosa_signal(librosa: Any, o: Mapping[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    """The waveform, pre-emphasised by librosa, and librosa's words for the frames."""
    x = voice()
    if o["emphasis"]:
        x = librosa.effects.preemphasis(x, coef=o["emphasis"], zi=np.zeros(1, np.float32))
    pad = {} if o["pad"] == "none" else {"pad_mode": o["pad"]}
    return x, {
        "n_fft": o["n_fft"], "hop_length": o["hop"], "win_length": o["win"], "window": o["window"],
        "center": o["pad"] != "none", **pad,
    }  # fmt: skip


LIBROSA = [
    {"n_fft": n_fft, "win": win, "hop": hop, "pad": pad, "window": window, "emphasis": emphasis}
    for (n_fft, win, hop), pad, (window, emphasis) in product(
        [(512, 512, 160), (2048, 2048, 512), (1200, 1200, 400), (1024, 600, 200)],
        ["reflect", "constant", "none"],
        [("hann", 0.0), ("hamming", 0.97), ("blackman", 0.5)],
    )
    if pad != "none" or win == n_fft  # not centred, librosa puts a short window into the middle of longer frames
]


def librosa_stft() -> Iterator[Case]:
    librosa = importlib.import_module("librosa")
    for o in LIBROSA:
        x, words = librosa_signal(librosa, o)
        yield STFT(STFTOptions.preset("librosa", **librosa_frames(o)))(voice()), librosa.stft(x, **words).T


def librosa_spectrogram() -> Iterator[Case]:
    librosa = importlib.import_module("librosa")
    for o in LIBROSA:
        x, words = librosa_signal(librosa, o)
        ours = Spectrogram(SpectrogramOptions.preset("librosa", **librosa_frames(o)))(voice())[..., 0]
        yield ours, np.abs(librosa.stft(x, **words)).T


def librosa_log_mel() -> Iterator[Case]:
    librosa = importlib.import_module("librosa")
    for o in LIBROSA:
        x, words = librosa_signal(librosa, o)
        for m in grid(
            htk=[False, True], norm=["slaney", None], n_mels=[26], f_min=[20.0], f_max=[7600.0], power=[2, 1]
        ):
            ours = LogMelOptions.preset(
                "librosa", **librosa_frames(o), channels=("static",), mel_scale="htk" if m["htk"] else "slaney",
                mel_norm=m["norm"] or "none", n_mels=m["n_mels"], f_min=m["f_min"], f_max=m["f_max"],
                spectrum="power" if m["power"] == 2 else "magnitude",
            )  # fmt: skip
            theirs = librosa.feature.melspectrogram(
                y=x, sr=16000, **words, htk=m["htk"], norm=m["norm"], n_mels=m["n_mels"], fmin=m["f_min"],
                fmax=m["f_max"], power=m["power"],
            )  # fmt: skip
            yield LogMel(ours)(voice())[..., 0], log(theirs.T)


def librosa_mfcc() -> Iterator[Case]:
    librosa = importlib.import_module("librosa")
    for o in LIBROSA[::3]:
        x, words = librosa_signal(librosa, o)
        for count, n_mels in [(20, 40), (13, 26)]:
            ours = MFCCOptions.preset("librosa", **librosa_frames(o), n_mels=n_mels, n_cepstra=count)
            power = librosa.feature.melspectrogram(y=x, sr=16000, **words, n_mels=n_mels)
            theirs = librosa.feature.mfcc(S=librosa.power_to_db(power, top_db=None), n_mfcc=count)
            yield MFCC(ours)(voice())[..., 0], theirs.T


KALDI = list(
    grid(
        window=["povey", "hamming", "hanning", "rectangular", "blackman"], snip_edges=[True, False],
        preemphasis=[0.97, 0.0], remove_dc=[True, False],
        sizes=[(25.0, 10.0, True, 16000), (20.0, 8.0, False, 16000), (32.0, 12.5, True, 8000)],
    )
)  # fmt: skip


def kaldi_frames(o: Mapping[str, Any]) -> dict[str, Any]:
    frame_ms, hop_ms, power_of_two, rate = o["sizes"]
    frame = round(frame_ms * rate / 1000)
    return {
        "frame_ms": frame_ms, "hop_ms": hop_ms, "sample_rate": rate, "preemphasis": o["preemphasis"],
        "n_fft": 2 ** int(np.ceil(np.log2(frame))) if power_of_two else frame, "remove_dc": o["remove_dc"],
        "window": {"hanning": "hann"}.get(o["window"], o["window"]), "framing": "snip" if o["snip_edges"] else "mirror",
    }  # fmt: skip


def kaldi(kind: str, o: Mapping[str, Any], x: np.ndarray, **more: Any) -> np.ndarray:
    """kaldi-native-fbank's ``Fbank`` or ``Mfcc`` with dither 0; ``mel_`` before options of its Mel bands."""
    module = importlib.import_module("kaldi_native_fbank")
    options = getattr(module, f"{kind}Options")()
    frames = options.frame_opts
    frames.frame_length_ms, frames.frame_shift_ms, frames.round_to_power_of_two, frames.samp_freq = o["sizes"]
    frames.dither, frames.window_type, frames.snip_edges = 0.0, o["window"], o["snip_edges"]
    frames.preemph_coeff, frames.remove_dc_offset = o["preemphasis"], o["remove_dc"]
    for name, value in more.items():
        setattr(options.mel_opts if name.startswith("mel_") else options, name.removeprefix("mel_"), value)
    computer = getattr(module, f"Online{kind}")(options)
    computer.accept_waveform(frames.samp_freq, (x * PASCAL).tolist())
    computer.input_finished()
    return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])


def kaldi_log_mel() -> Iterator[Case]:
    for i, o in enumerate(KALDI):
        x = voice(rate=o["sizes"][-1])
        n_mels, (high, f_max), power = (23, 15)[i % 2], [(0.0, 0.0), (-300.0, x.size / 2 - 300)][i % 2], i % 3 != 0
        options = LogMelOptions.preset(
            "kaldi", **kaldi_frames(o), n_mels=n_mels, f_max=f_max, spectrum="power" if power else "magnitude",
            channels=("static",),
        )  # fmt: skip
        theirs = kaldi("Fbank", o, x, mel_num_bins=n_mels, mel_high_freq=high, use_power=power)
        yield LogMel(options)(x)[..., 0], theirs


def kaldi_mfcc() -> Iterator[Case]:
    for i, o in enumerate(KALDI[::2]):
        x, energy, lifter, count = voice(rate=o["sizes"][-1]), i % 2 == 0, (22.0, 0.0)[i % 3 == 0], (13, 20)[i % 5 == 0]
        options = MFCCOptions.preset(
            "kaldi", **kaldi_frames(o), energy="frame" if energy else "none", first_cepstrum=int(energy),
            n_cepstra=count - energy, lifter=lifter, channels=("static",),
        )  # fmt: skip
        theirs = kaldi("Mfcc", o, x, use_energy=energy, cepstral_lifter=lifter, num_ceps=count)
        yield MFCC(options)(x)[..., 0], theirs


PSF = list(
    grid(sizes=[(25.0, 10.0, 512), (20.0, 12.5, 400), (32.0, 16.0, 1024)], window=["rectangular", "hamming"],
         preemphasis=[0.97, 0.0], n_mels=[26, 40], band=[(0.0, 0.0), (100.0, 7000.0)])
)  # fmt: skip


def psf_words(o: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A case in our words and in python_speech_features'."""
    (frame_ms, hop_ms, n_fft), (f_min, f_max) = o["sizes"], o["band"]
    ours = {
        "frame_ms": frame_ms, "hop_ms": hop_ms, "n_fft": n_fft, "window": o["window"], "n_mels": o["n_mels"],
        "preemphasis": o["preemphasis"], "f_min": f_min, "f_max": f_max,
    }  # fmt: skip
    theirs = {
        "winlen": frame_ms / 1000, "winstep": hop_ms / 1000, "nfft": n_fft, "nfilt": o["n_mels"],
        "preemph": o["preemphasis"], "lowfreq": f_min, "highfreq": f_max or None,
        "winfunc": np.hamming if o["window"] == "hamming" else np.ones,
    }  # fmt: skip
    return ours, theirs


def psf_log_mel() -> Iterator[Case]:
    psf = importlib.import_module("python_speech_features")
    for o in PSF:
        ours, theirs = psf_words(o)
        rows, _ = psf.fbank(voice().astype(np.float64) * PASCAL, 16000, **theirs)
        yield LogMel(LogMelOptions.preset("psf", **ours))(voice())[..., 0], np.log(rows)


def psf_mfcc() -> Iterator[Case]:
    psf = importlib.import_module("python_speech_features")
    for i, o in enumerate(PSF):
        ours, theirs = psf_words(o)
        energy, lifter = i % 3 != 0, (22, 0)[i % 2]
        options = MFCCOptions.preset(
            "psf", **ours, energy="spectrum" if energy else "none", first_cepstrum=int(energy), n_cepstra=13 - energy,
            lifter=lifter,
        )  # fmt: skip
        x = voice().astype(np.float64) * PASCAL
        rows = psf.mfcc(x, 16000, **theirs, numcep=13, appendEnergy=energy, ceplifter=lifter)
        first = psf.delta(rows, 2)
        yield MFCC(options)(voice()), np.stack([rows, first, psf.delta(first, 2)], axis=-1)


def psf_delta() -> Iterator[Case]:
    psf = importlib.import_module("python_speech_features")
    rows = np.random.default_rng(0).standard_normal((50, 13)).astype(np.float32)
    for half, count in product([1, 2, 3, 9], [1, 2, 50]):
        yield Delta(DeltaOptions(delta_window=half))(rows[:count]), psf.delta(rows[:count], half)


SMILE = """
[componentInstances:cComponentManager]
instance[dataMemory].type = cDataMemory
printLevelStats = 0
\\{{\\cm[source{{?}}:include external source]}}
[componentInstances:cComponentManager]
instance[cut].type = cFramer
instance[emphasis].type = cVectorPreemphasis
instance[taper].type = cWindower
instance[transform].type = cTransformFFT
instance[modulus].type = cFFTmagphase
instance[bands].type = cMelspec
instance[cepstra].type = cMfcc
instance[slope].type = cDeltaRegression
instance[both].type = cVectorConcat
[cut:cFramer]
reader.dmLevel = wave
writer.dmLevel = cut
frameSize = {frame_s}
frameStep = {hop_s}
frameCenterSpecial = left
[emphasis:cVectorPreemphasis]
reader.dmLevel = cut
writer.dmLevel = emphasis
k = {preemphasis}
[taper:cWindower]
reader.dmLevel = emphasis
writer.dmLevel = taper
winFunc = {window}
[transform:cTransformFFT]
reader.dmLevel = taper
writer.dmLevel = transform
[modulus:cFFTmagphase]
reader.dmLevel = transform
writer.dmLevel = modulus
[bands:cMelspec]
reader.dmLevel = modulus
writer.dmLevel = bands
nBands = {n_mels}
usePower = {power}
htkcompatible = 1
lofreq = {f_min}
hifreq = {f_max}
specScale = mel
[cepstra:cMfcc]
reader.dmLevel = bands
writer.dmLevel = cepstra
firstMfcc = 0
lastMfcc = 12
cepLifter = {lifter}
htkcompatible = 1
[slope:cDeltaRegression]
reader.dmLevel = cepstra
writer.dmLevel = slope
deltawin = 2
blocksize = 1
[both:cVectorConcat]
reader.dmLevel = \\cm[lvl{{cepstra;slope}}:levels]
writer.dmLevel = both
includeSingleElementFields = 1
\\{{\\cm[sink{{?}}:include external sink]}}
"""


def opensmile_mfcc() -> Iterator[Case]:
    opensmile = importlib.import_module("opensmile")
    # f_min=100: openSMILE begins at the bin after f_min rounded to a bin, which below 100 Hz may leave out one of ours
    cases = grid(frame=[(25, 10, 512), (32, 16, 512), (50, 10, 1024)], window=["hamming", "hann"], power=[1, 0])
    with TemporaryDirectory() as folder:
        for i, o in enumerate(cases):
            (frame_ms, hop_ms, n_fft), lifter, n_mels = o["frame"], (22.0, 0.0)[i % 3 == 0], (26, 23)[i % 2]
            preemphasis, (f_min, f_max) = (0.97, 0.0)[i % 4 == 1], ((0, 8000), (100, 6500))[i % 2]
            conf = Path(folder) / f"mfcc-{i}.conf"
            conf.write_text(
                SMILE.format(frame_s=frame_ms / 1000, hop_s=hop_ms / 1000, preemphasis=preemphasis,
                             window=o["window"][:3], n_mels=n_mels, power=o["power"], f_min=f_min, f_max=f_max,
                             lifter=lifter)
            )  # fmt: skip
            smile = opensmile.Smile(feature_set=str(conf), feature_level="both")
            theirs = smile.process_signal(voice(), 16000).to_numpy()
            options = MFCCOptions.preset(
                "opensmile", frame_ms=float(frame_ms), hop_ms=float(hop_ms), n_fft=n_fft, lifter=lifter, n_mels=n_mels,
                preemphasis=preemphasis, window=o["window"], spectrum="power" if o["power"] else "magnitude",
                f_min=float(f_min), f_max=float(f_max), channels=("static", "delta"),
            )  # fmt: skip
            order = [12, *range(12)]  # as HTK it puts cepstrum 0 last
            yield MFCC(options)(voice()), np.stack([theirs[:, order], theirs[:, [13 + c for c in order]]], axis=-1)


# Bounds, about three times what is measured (docs/numerics.md). The signal has bands up to 60 dB below the loudest bin
# of their frame, where the rounding of a float32 transform shows, theirs too where the library computes in float32 (all
# but python_speech_features, whose rectangular windows leave bands nearest to it). Cepstra add up 20 to 40 logarithms,
# decibels are 4.3 times as large as natural units and the lifter multiplies by up to 12. What differs in its formula
# differs by 1e-3 and more: a window's period, a bin at the edge of a band, the first sample of a frame.
GROUPS: dict[tuple[str, str], tuple[Callable[[], Iterator[Case]], float]] = {
    ("librosa", "stft"): (librosa_stft, 2.5e-5),
    ("librosa", "spectrogram"): (librosa_spectrogram, 2.5e-5),
    ("librosa", "log-mel"): (librosa_log_mel, 1.5e-5),
    ("librosa", "mfcc"): (librosa_mfcc, 1e-4),
    ("kaldi_native_fbank", "log-mel"): (kaldi_log_mel, 1e-4),
    ("kaldi_native_fbank", "mfcc"): (kaldi_mfcc, 4e-4),
    ("python_speech_features", "log-mel"): (psf_log_mel, 4e-4),
    ("python_speech_features", "mfcc"): (psf_mfcc, 1e-3),
    ("python_speech_features", "delta"): (psf_delta, 1e-6),
    ("opensmile", "mfcc"): (opensmile_mfcc, 4e-4),
}


def differences(cases: Iterator[Case]) -> list[float]:
    """Largest absolute difference of each case; infinite where frames differ in number."""
    return [float(np.abs(a - b).max()) if a.shape == b.shape else np.inf for a, b in cases]


@pytest.mark.parametrize(("library", "feature"), GROUPS, ids=lambda word: word)
def test_presets_agree_with_the_library(library: str, feature: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")
    make, bound = GROUPS[library, feature]
    found = differences(make())
    assert len(found) >= 12
    assert max(found) <= bound, f"case {int(np.argmax(found))} of {len(found)}"


if __name__ == "__main__":
    print("| library | version | feature | cases | largest difference |\n| --- | --- | --- | --- | --- |")
    from importlib.metadata import version
    from importlib.util import find_spec

    for (library, feature), (make, _) in GROUPS.items():
        if find_spec(library):
            found = differences(make())
            print(f"| {library} | {version(library)} | {feature} | {len(found)} | {max(found):.1e} |")
