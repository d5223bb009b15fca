"""How far our eGeMAPS agrees with openSMILE's, and which of the two is right where they differ.

``python tests/features/egemaps/agreement.py EMODB`` takes the folder of EMO-DB (with ``wav/`` in it) and writes the
tables of docs/egemaps.md between their marks; a few minutes. It needs the packages opensmile, praat-parselmouth and
SciPy. ``test_agreement.py`` holds the features to the table.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from scipy.stats import spearmanr

from serkit.data.synth import LABELS, SPEAKERS, utterance
from serkit.features import Egemaps, Pitch, PitchOptions, Spectrogram, SpectrogramOptions
from serkit.features.egemaps.extractor import EgemapsOptions
from serkit.features.egemaps.functionals import course, smooth
from serkit.features.egemaps.names import COLUMNS, RATE
from serkit.features.egemaps.voice import Voice
from serkit.kernels.jit.voice import voice as synthesise
from serkit.kernels.reference.harmonics import level

PAGE = Path(__file__).parents[3] / "docs" / "egemaps.md"
Table = np.ndarray
LEAD = 3
"""Our frames are centred on multiples of the hop, openSMILE's of 60 ms begin there: so many hops lie between."""
THEIR_F0 = "F0semitoneFrom27.5Hz_sma3nz"


def smile(level: str = "Functionals") -> Any:
    """openSMILE's extractor of eGeMAPSv02. Raises ImportError where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that it imports
        import opensmile
    return opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel[level])


def voice() -> Voice:
    """Our contours of voiced frames with the default options."""
    defaults = EgemapsOptions()
    return Voice(defaults.f0_min, defaults.f0_max, defaults.voicing_threshold)


def theirs(waveforms: Sequence[np.ndarray], extractor: Any) -> Table:
    """openSMILE's values, ``[n, 88]``."""
    return np.concatenate([extractor.process_signal(x, RATE).to_numpy() for x in waveforms]).astype(np.float64)


def ours(waveforms: Sequence[np.ndarray]) -> Table:
    """Ours, ``[n, 88]``."""
    return np.concatenate(Egemaps().batch(waveforms)).astype(np.float64)


def correlations(a: Table, b: Table) -> Table:
    """Spearman's and Pearson's correlation of each column of two tables ``[n, K]``, as ``[K, 2]``."""
    return np.array(
        [(spearmanr(x, y).statistic, np.corrcoef(x, y)[0, 1]) for x, y in zip(a.T, b.T, strict=True)]
    )  # fmt: skip


def read(folder: Path, every: int = 1) -> list[np.ndarray]:
    """Every so-manieth recording of EMO-DB, in the order of their names."""
    return [soundfile.read(path, dtype="float32")[0] for path in sorted((folder / "wav").glob("*.wav"))[::every]]


def main_table(found: Table) -> list[str]:
    """The 88 rows."""
    lines = ["| feature | Spearman | Pearson |", "| --- | --: | --: |"]
    return lines + [
        f"| `{name}` | {rank:.3f} | {line:.3f} |" for name, (rank, line) in zip(COLUMNS, found, strict=True)
    ]


def truth_table() -> list[str]:
    """F0 and formants of voiced frames of the synthetic corpus, whose truth is known."""
    lld = smile("LowLevelDescriptors")
    mine: list[list[np.ndarray]] = [[] for _ in range(4)]
    other: list[list[list[np.ndarray]]] = [[[] for _ in range(LEAD + 1)] for _ in range(4)]
    for speaker in range(len(SPEAKERS)):
        for emotion in LABELS:
            made = utterance(speaker, emotion, speaker)
            contours, frames = voice()(made.waveform), lld.process_signal(made.waveform, RATE)
            count = min(len(frames), len(made.f0) - LEAD)
            here = slice(LEAD, LEAD + count)  # where openSMILE's voicing of its first frames is
            semitones = frames[THEIR_F0].to_numpy()[:count]
            both = made.voicing[here] & (semitones > 0) & ~np.isnan(contours["F0"][here])
            true = [1200 * np.log2(np.maximum(made.f0, 1.0) / 27.5), *made.formants.T]
            mine[0].append(np.stack([100 * contours["F0"][here], true[0][here]])[:, both])
            other[0][0].append(np.stack([100 * semitones, true[0][here]])[:, both])
            for n in (1, 2, 3):
                mine[n].append(np.stack([contours[f"F{n}frequency"][here], true[n][here]])[:, both])
                tract = frames[f"F{n}frequency_sma3nz"].to_numpy()[:count]
                for lead in range(LEAD + 1):  # its frames of formants may be shorter: the best place counts
                    other[n][lead].append(np.stack([tract, true[n][lead : lead + count]])[:, both])
    lines = ["|  | correlation, ours | openSMILE | median error, ours | openSMILE |", "| --- | --: | --: | --: | --: |"]
    for n in range(4):
        unit = "cents" if n == 0 else "Hz"
        a, b = _error(mine[n]), max(_error(pairs) for pairs in other[n] if pairs)
        lines.append(f"| F{n} | {a[0]:.2f} | {b[0]:.2f} | {a[1]:.0f} {unit} | {b[1]:.0f} {unit} |")
    return lines


def _error(pairs: list[np.ndarray]) -> tuple[float, float]:
    joined = np.concatenate(pairs, axis=1)
    value, true = joined[:, ~np.isnan(joined).any(axis=0)]
    return float(np.corrcoef(value, true)[0, 1]), float(np.median(np.abs(value - true)))


def vowel_table() -> list[str]:
    """Mean formants of steady synthetic vowels of 2 s at 120 Hz, bandwidths 80 Hz."""
    extractor = smile()
    columns = [COLUMNS.index(f"F{n}frequency_sma3nz_amean") for n in (1, 2, 3)]
    lines = ["| F1, F2, F3 made | ours | openSMILE |", "| --- | --- | --- |"]
    flat, silent = np.ones(800), np.zeros((2, 2 * RATE))
    for tract in ((300, 2200, 2900), (500, 1500, 2500), (700, 1200, 2500), (800, 1200, 2600)):
        x = synthesise(
            flat * 120, flat, flat * 0, flat * 0, np.tile([*tract, 3500.0, 4500.0], (800, 1)), np.full((800, 5), 80.0),
            flat * 4000, flat * 1000, silent, np.zeros((2, 1)), hop=40, sample_rate=RATE, open_quotient=0.6,
            tilt_pole=0.3, jitter=0.0, shimmer=0.0,
        )  # fmt: skip
        vowel = [(x / np.abs(x).max() / 2).astype(np.float32)]
        said = [", ".join(f"{v:.0f}" for v in table[0, columns]) for table in (ours(vowel), theirs(vowel, extractor))]
        lines.append(f"| {', '.join(map(str, tract))} | {said[0]} | {said[1]} |")
    return lines


def praat_table(waveforms: Sequence[np.ndarray], mine: Table, other: Table) -> list[str]:
    """Means of a recording by Praat, correlated with ours and openSMILE's."""
    import parselmouth
    from parselmouth.praat import call

    rows = []
    for x in waveforms:
        sound = parselmouth.Sound(x.astype(np.float64), float(RATE))
        pitch = sound.to_pitch_ac(0.01, 75.0, pitch_ceiling=600.0)
        points = call([sound, pitch], "To PointProcess (cc)")
        formants = sound.to_formant_burg(0.01, 5.0, 5500.0, 0.025, 50.0)
        times = pitch.xs()[~np.isnan([pitch.get_value_at_time(t) for t in pitch.xs()])]
        tract = [
            np.nanmean([of(n, t) for t in times])
            for n in (1, 2, 3)
            for of in (formants.get_value_at_time, formants.get_bandwidth_at_time)
        ]
        jitter = call(points, "Get jitter (local)", 0, 0, 1e-4, 0.02, 1.3)
        rows.append([jitter, call([sound, points], "Get shimmer (local_dB)", 0, 0, 1e-4, 0.02, 1.3, 1.6), *tract])
    kinds = ["jitterLocal_sma3nz", "shimmerLocaldB_sma3nz"]
    kinds += [f"F{n}{kind}_sma3nz" for n in (1, 2, 3) for kind in ("frequency", "bandwidth")]
    lines = ["| mean of | ours and Praat | openSMILE and Praat |", "| --- | --: | --: |"]
    for k, kind in enumerate(kinds):
        column = COLUMNS.index(f"{kind}_amean")
        praat = np.array(rows)[:, k]
        known = ~np.isnan(praat)
        pair = [spearmanr(praat[known], table[known, column]).statistic for table in (mine, other)]
        lines.append(f"| `{kind}` | {pair[0]:.2f} | {pair[1]:.2f} |")
    return lines


def f0_table(waveforms: Sequence[np.ndarray], other: Table) -> list[str]:
    """Where F0 differs, and who else hears it so; what the rule of rising and falling parts alone changes."""
    lld = smile("LowLevelDescriptors")
    pitch = Pitch(PitchOptions(columns=("f0",)))
    rows, courses = [], []
    for x in waveforms:
        semitones = lld.process_signal(x, RATE)[THEIR_F0].to_numpy().astype(np.float64)
        voiced = semitones > 0
        courses.append(course(semitones[voiced])[6:])
        third = 12 * np.log2(pitch(x)[LEAD:, 0].astype(np.float64) / 27.5)[: len(voiced)]
        here = voice()(x)["F0"][LEAD:][: len(third)]
        rows.append(np.stack([here, np.where(voiced, semitones, np.nan)[: len(third)], third]))
    mine, their, third = np.concatenate(rows, axis=1)
    both = ~np.isnan(mine) & ~np.isnan(their)
    apart = both & (np.abs(mine - their) > 2)
    sides = [np.mean(np.abs(third - f0)[apart] < 1.5) for f0 in (mine, their)]
    start = COLUMNS.index(f"{THEIR_F0}_meanRisingSlope")
    same = [r for r, _ in correlations(np.array(courses), other[:, start : start + 4])]
    return [
        "| what | figure |",
        "| --- | --: |",
        f"| frames on whose voicing the two agree | {np.mean(~np.isnan(mine) == ~np.isnan(their)):.1%} |",
        f"| frames voiced in both whose F0 differ by more than 2 semitones | {apart.sum() / both.sum():.2%} |",
        f"| of these, the feature `pitch` (Boersma 1993) lies within 1.5 semitones of ours | {sides[0]:.0%} |",
        f"| of these, it lies within 1.5 semitones of openSMILE's | {sides[1]:.0%} |",
        f"| Spearman of its four slopes and ours of its own contour | {', '.join(f'{r:.2f}' for r in same)} |",
    ]


def harmonic_difference(waveform: np.ndarray, number: int) -> float:
    """Mean over voiced frames of the level in dB at ``number`` times F0 less that of the next harmonic."""
    spectrum = Spectrogram(
        SpectrogramOptions(frame_ms=60.0, n_fft=1024, window="hamming", framing="center", log="none")
    )
    f0 = 27.5 * 2 ** (voice()(waveform)["F0"] / 12)
    found = []
    for power, hz in zip(spectrum(waveform)[..., 0].astype(np.float64), f0.tolist(), strict=True):
        if not np.isnan(hz):
            levels = [level(power, hz, k, RATE / 1024) for k in (number, number + 1)]
            found.append(levels[0] - levels[1])
    return float(np.mean(found))


def convention_table(waveforms: Sequence[np.ndarray], mine: Table, extractor: Any) -> list[str]:
    """Where conventions differ: formant amplitudes in unvoiced frames, and what halving the samples changes."""
    lld = smile("LowLevelDescriptors")
    contours = [lld.process_signal(x, RATE) for x in waveforms]
    lines = ["| what | figure |", "| --- | --: |"]
    for n in (1, 2, 3):
        name = f"F{n}amplitudeLogRelF0_sma3nz"
        voiced = [c[name].to_numpy()[c[THEIR_F0].to_numpy() > 0].mean() for c in contours]
        found = spearmanr(mine[:, COLUMNS.index(f"{name}_amean")], voiced).statistic
        lines.append(f"| Spearman of `{name}_amean` and openSMILE's contour over its voiced frames | {found:.2f} |")
    stated = [c["logRelF0-H1-H2_sma3nz"].to_numpy()[c[THEIR_F0].to_numpy() > 0].mean() for c in contours]
    for number in (1, 2):
        found = spearmanr([harmonic_difference(x, number) for x in waveforms], stated).statistic
        lines.append(
            f"| Spearman of openSMILE's mean `H1-H2` and the level at {number} F0 less the next | {found:.2f} |"
        )
    for lead in (LEAD, 0):
        pairs = [np.empty((2, 0))]
        for x, c in zip(waveforms, contours, strict=True):
            rough = smooth(voice()(x)["jitterLocal"])[lead : lead + len(c)]
            other = c["jitterLocal_sma3nz"].to_numpy()[: len(rough)]
            pairs.append(np.stack([rough, other])[:, ~np.isnan(rough) & (other > 0)])
        found = spearmanr(*np.concatenate(pairs, axis=1)).statistic
        when = "at the time of its F0" if lead else "30 ms before its F0"
        lines.append(f"| Spearman of jitter frame by frame, ours {when} | {found:.2f} |")
    halved = [x / np.float32(2) for x in waveforms]
    for table, who in ((lambda w: theirs(w, extractor), "openSMILE"), (ours, "ours")):
        before, after = table(waveforms), table(halved)
        for name in ("slopeV0-500_sma3nz_amean", "slopeV500-1500_sma3nz_amean"):
            column = COLUMNS.index(name)
            moved = np.abs(after - before)[:, column].mean() / before[:, column].std()
            lines.append(f"| `{name}`, {who}: change when samples are halved, in deviations | {moved:.2f} |")
    return lines


def into(page: str, name: str, lines: Sequence[str]) -> str:
    """The page with what stands between the marks of the table ``name`` replaced."""
    begin, end = f"<!-- {name}: made by tests/features/egemaps/agreement.py -->\n", f"<!-- end of {name} -->"
    before, rest = page.split(begin)
    return before + begin + "\n" + "\n".join(lines) + "\n\n" + end + rest.split(end)[1]


def main(folder: Path) -> None:
    recordings = read(folder)
    extractor = smile()
    mine, other = ours(recordings), theirs(recordings, extractor)
    some = slice(None, None, 8)
    page = PAGE.read_text("utf-8")
    page = into(page, "agreement", main_table(correlations(mine, other)))
    page = into(page, "truth", truth_table())
    page = into(page, "vowels", vowel_table())
    page = into(page, "praat", praat_table(recordings[some], mine[some], other[some]))
    page = into(page, "f0", f0_table(recordings[some], other[some]))
    page = into(page, "conventions", convention_table(recordings[some], mine[some], extractor))
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
