"""Log-spectra to principal components, and the kernels learned on them (He, Ren and He, experiments three and four)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from serkit.errors import UserError
from serkit.nn import ZScore
from serkit_plugins.architectures.he.autoencoder import fit_encoder
from serkit_plugins.architectures.he.config import HeSaeConfig

Array = NDArray[np.float32]

_EPSILON = 1e-5  # added to the variances that whitening divides by


class SparseSpectra:
    """Normalised, whitened principal components of a spectrogram, ``[T, F]`` or ``[T, F, 1] -> [T, D]``, float32.

    ``kernels`` are the auto-encoders' weights ``[n, length, D]`` and biases ``[n]``, which the network starts from.
    """

    scope: Literal["train", "speaker"] = "train"

    def __init__(
        self, scaler: ZScore, mean: Array, projection: Array, kernels: Mapping[int, tuple[Array, Array]]
    ) -> None:
        self.scaler, self.mean, self.projection, self.kernels = scaler, mean, projection, dict(kernels)

    @classmethod
    def fit(
        cls,
        frames: Iterable[Array],
        rng: np.random.Generator,
        scaler: ZScore | None = None,
        settings: HeSaeConfig | None = None,
    ) -> SparseSpectra:
        """PCA over all frames ``[T, F]`` after ``scaler`` (None: fitted to them), then an auto-encoder a kernel length
        on a random share of the utterances. ``settings`` None: the paper's.

        Raises UserError if no utterance of that share is as long as a kernel, or a frame has fewer numbers than there
        are to be components.
        """
        settings, rows = settings or HeSaeConfig(), list(frames)
        scaler = scaler or ZScore.fit(rows, rng)
        if scaler.mean.size < settings.components:
            raise UserError(
                f"A frame of the input x has {scaler.mean.size} numbers, which cannot give "
                f"architecture.components={settings.components}; ask for at most as many, or take a feature with more."
            )
        mean, projection = _principal([scaler(x).reshape(len(x), -1) for x in rows], settings.components)
        made = cls(scaler, mean, projection, {})
        share = max(1, round(settings.autoencoder.share * len(rows)))
        chosen = [made(rows[i]) for i in np.sort(rng.permutation(len(rows))[:share])]
        for length in settings.kernels:
            long = [x for x in chosen if len(x) >= length]
            if not long:
                raise UserError(
                    f"None of the {len(chosen)} utterances drawn for the auto-encoder has the {length} frames of a "
                    "kernel; train on longer recordings, or set shorter architecture.kernels."
                )
            made.kernels[length] = fit_encoder(long, length, settings.maps, settings.autoencoder, rng)
        return made

    def __call__(self, x: Array) -> Array:
        """Components ``[T, D]`` of one utterance."""
        return np.asarray((self.scaler(x).reshape(len(x), -1) - self.mean) @ self.projection, np.float32)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Scaler, PCA and kernels, float32."""
        kernels = {
            f"kernel{n}/{part}": a
            for n, pair in self.kernels.items()
            for part, a in zip(("weight", "bias"), pair, strict=True)
        }
        scaler = {f"scaler/{k}": v for k, v in self.scaler.state().items()}
        return {**scaler, "mean": self.mean, "projection": self.projection, **kernels}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.generic]]) -> SparseSpectra:
        """From ``state()``."""
        own = {k: np.asarray(v, np.float32) for k, v in state.items()}
        lengths = sorted(int(k.removeprefix("kernel").removesuffix("/bias")) for k in own if k.endswith("/bias"))
        return cls(
            ZScore(own["scaler/mean"], own["scaler/std"]),
            own["mean"],
            own["projection"],
            {n: (own[f"kernel{n}/weight"], own[f"kernel{n}/bias"]) for n in lengths},
        )


def _principal(rows: list[Array], components: int) -> tuple[Array, Array]:
    """Mean ``[F]`` of all frames and the whitening projection ``[F, D]``, largest variance first; each direction's
    largest weight is positive, since its sign is anybody's choice."""
    n = sum(map(len, rows))
    mean = sum(x.sum(axis=0, dtype=np.float64) for x in rows) / n
    covariance = sum((x - mean).T @ (x - mean) for x in rows) / n
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1][:components], vectors[:, ::-1][:, :components]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    whitening = vectors / np.sqrt(np.maximum(values, 0.0) + _EPSILON)
    return np.asarray(mean, np.float32), np.asarray(whitening, np.float32)
