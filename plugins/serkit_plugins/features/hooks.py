"""Features this distribution computes."""

from __future__ import annotations

from serkit.host.hookspecs import hookimpl
from serkit.host.specs import FeatureSpec


@hookimpl
def serkit_features() -> list[FeatureSpec]:
    return [
        FeatureSpec(
            name="log-mel",
            summary="Log-Mel bands with delta and delta-delta, [frames, bands, channels]",
            target="serkit.features:LogMel",
            options="serkit.features:LogMelOptions",
            citation="M. Chen, X. He, J. Yang, H. Zhang, IEEE SPL 25(10), 2018 (the defaults)",
            license="Apache-2.0",
        ),
        FeatureSpec(
            name="mfcc",
            summary="Energy and Mel-frequency cepstra with delta and delta-delta, [frames, rows, channels]",
            target="serkit.features:MFCC",
            options="serkit.features:MFCCOptions",
            citation="S. Davis, P. Mermelstein, IEEE TASSP 28(4), 1980",
            license="Apache-2.0",
        ),
        FeatureSpec(
            name="spectrogram",
            summary="Power or magnitude of FFT bins, linear or logarithmic, [frames, bins, channels]",
            target="serkit.features:Spectrogram",
            options="serkit.features:SpectrogramOptions",
            license="Apache-2.0",
        ),
        FeatureSpec(
            name="stft",
            summary="Complex short-time spectrum, complex64 [frames, bins]",
            target="serkit.features:STFT",
            options="serkit.features:STFTOptions",
            license="Apache-2.0",
        ),
        FeatureSpec(
            name="pitch",
            summary="F0, voicing, harmonics-to-noise ratio, jitter, shimmer, [frames, columns]",
            target="serkit.features:Pitch",
            options="serkit.features:PitchOptions",
            cached=True,
            citation="P. Boersma, Proc. Institute of Phonetic Sciences Amsterdam 17, 1993",
            license="Apache-2.0",
        ),
        FeatureSpec(
            name="formants",
            summary="Frequencies and bandwidths of F1 to F3 by linear prediction, [frames, columns]",
            target="serkit.features:Formants",
            options="serkit.features:FormantsOptions",
            cached=True,
            citation="B. Atal, S. Hanauer, JASA 50, 1971",
            license="Apache-2.0",
        ),
        FeatureSpec(
            name="log-energy",
            summary="Logarithm of the mean square of a frame, [frames, 1]",
            target="serkit.features:log_energy",
            options="serkit.features:FrameOptions",
            license="Apache-2.0",
        ),
        FeatureSpec(
            name="zero-crossing-rate",
            summary="Changes of sign a sample, [frames, 1]",
            target="serkit.features:zero_crossing_rate",
            options="serkit.features:FrameOptions",
            citation="L. Rabiner, R. Schafer, Digital Processing of Speech Signals, 1978",
            license="Apache-2.0",
        ),
        FeatureSpec(
            name="spectral-shape",
            summary="Centroid, spread, entropy, slopes, roll-off, flux, band ratios of the spectrum, [frames, 18]",
            target="serkit.features:SpectralShape",
            options="serkit.features:SpectralShapeOptions",
            citation="G. Peeters, A large set of audio features for sound description, IRCAM, 2004",
            license="Apache-2.0",
        ),
        FeatureSpec(
            name="speech-functionals",
            summary="Functionals of 71 descriptors of speech and their deltas, one row an utterance, [1, 5540]",
            target="serkit.features:SpeechFunctionals",
            options="serkit.features:SpeechFunctionalsOptions",
            license="Apache-2.0",
            cached=True,
        ),
        FeatureSpec(
            name="egemaps",
            summary="The 88 functionals of eGeMAPS, of our own descriptors, [1, 88]",
            target="serkit.features:Egemaps",
            options="serkit.features:EgemapsOptions",
            citation="F. Eyben et al., IEEE Trans. Affective Computing 7(2), 2016, 190-202",
            license="Apache-2.0",
            cached=True,
        ),
        FeatureSpec(
            name="opensmile",
            summary="openSMILE's feature sets, functionals or descriptors (extra opensmile, not for commercial use)",
            target="serkit_plugins.features.opensmile:OpenSmile",
            options="serkit_plugins.features.opensmile:OpenSmileOptions",
            citation="F. Eyben, M. Wöllmer, B. Schuller, ACM Multimedia, 2010, 1459-1462",
            license="audEERING Research License: non-commercial use and research only",
            cached=True,
        ),
    ]
