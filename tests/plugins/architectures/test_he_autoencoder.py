"""The sparse auto-encoder of He, Ren and He: its loss and gradient in NumPy, planted features, the PCA before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from serkit.errors import UserError
from serkit.nn import Transform
from serkit_plugins.architectures.he import autoencoder
from serkit_plugins.architectures.he.autoencoder import Weights, fit_encoder, objective, squash
from serkit_plugins.architectures.he.config import AutoEncoder, HeSaeConfig
from serkit_plugins.architectures.he.spectra import SparseSpectra

pytestmark = pytest.mark.usefixtures("one_thread")


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def reference(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, w_out: np.ndarray, b_out: np.ndarray, s: AutoEncoder
) -> tuple[float, list[np.ndarray]]:
    """The paper's loss, and its gradient by back-propagation written out."""
    k = len(x)
    h = sigmoid(x @ w.T + b)
    z = h @ w_out.T + b_out
    out = sigmoid(z) if s.decoder == "sigmoid" else z
    rho, mean = s.sparsity, h.mean(0)
    kl = rho * np.log(rho / mean) + (1 - rho) * np.log((1 - rho) / (1 - mean))
    loss = 0.5 * ((x - out) ** 2).sum() / k + s.sparsity_weight * kl.sum()
    loss += 0.5 * s.weight_decay * ((w**2).sum() + (w_out**2).sum())
    d_out = (out - x) / k * (out * (1 - out) if s.decoder == "sigmoid" else 1)
    d_h = d_out @ w_out + s.sparsity_weight / k * (-rho / mean + (1 - rho) / (1 - mean))
    d_in = d_h * h * (1 - h)
    return loss, [d_in.T @ x + s.weight_decay * w, d_in.sum(0), d_out.T @ h + s.weight_decay * w_out, d_out.sum(0)]


@pytest.mark.parametrize("decoder", ["sigmoid", "linear"])
def test_loss_and_gradient_are_those_of_the_definition(decoder: str) -> None:
    rng = np.random.default_rng(0)
    settings = AutoEncoder(decoder=decoder, sparsity=0.07, sparsity_weight=2.0, weight_decay=0.01)
    given = [rng.standard_normal(shape) * 0.3 for shape in ((6, 10), (6,), (10, 6), (10,))]
    x = rng.uniform(0.1, 0.9, (40, 10))
    tensors = [torch.tensor(a, requires_grad=True) for a in given]
    found = objective(torch.tensor(x), Weights(*tensors), settings)
    found.backward()
    loss, gradients = reference(x, *given, settings)
    # 1e-10: the same float64 sums in another order
    np.testing.assert_allclose(found.item(), loss, rtol=1e-10)
    for tensor, gradient in zip(tensors, gradients, strict=True):
        np.testing.assert_allclose(tensor.grad, gradient, rtol=1e-10, atol=1e-12)


def test_units_that_never_fire_have_a_finite_loss() -> None:
    weights = Weights(torch.zeros(2, 3), torch.tensor([-200.0, 200.0]), torch.zeros(3, 2), torch.zeros(3))
    assert torch.isfinite(objective(torch.full((4, 3), 0.5), weights, AutoEncoder()))


def test_values_are_brought_to_where_a_sigmoid_goes() -> None:
    x = torch.tensor([-9.0, -3.0, 0.0, 1.5, 3.0, 9.0])
    expected = torch.tensor([0.1, 0.1, 0.5, 0.7, 0.9, 0.9])
    torch.testing.assert_close(squash(x, AutoEncoder()), expected)
    assert squash(x, AutoEncoder(decoder="linear")) is x


def planted(utterances: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Patches of five frames and three components that are sums of eight orthonormal features, each there in a tenth
    of them."""
    rng = np.random.default_rng(0)
    atoms = np.linalg.qr(rng.standard_normal((15, 15)))[0][:8]
    there = (rng.random((utterances, 8)) < 0.1) * 3.0
    return list((there @ atoms).reshape(utterances, 5, 3).astype(np.float32)), atoms


def cosines(weight: np.ndarray, atoms: np.ndarray) -> np.ndarray:
    """Of each planted feature with the unit most like it."""
    w = weight.reshape(len(weight), -1)
    return np.abs(w / np.linalg.norm(w, axis=1, keepdims=True) @ atoms.T).max(axis=0)


def test_sparsity_finds_planted_features() -> None:
    patches, atoms = planted(2000)
    settings = AutoEncoder(decoder="linear", sparsity=0.1, sparsity_weight=1.0, optimizer="lbfgs", iterations=200)
    weight, bias = fit_encoder(patches, 5, 8, settings, np.random.default_rng(1))
    assert (cosines(weight, atoms) > 0.9).all()
    hidden = sigmoid(np.stack(patches).reshape(-1, 15) @ weight.reshape(8, -1).T + bias)
    np.testing.assert_allclose(hidden.mean(0), 0.1, atol=0.02)  # the penalty pulls, it does not force
    dense, _ = fit_encoder(patches, 5, 8, replace(settings, sparsity_weight=0.0), np.random.default_rng(1))
    assert (cosines(dense, atoms) < 0.5).all()


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_training_lowers_the_loss_and_repeats_to_the_bit(optimizer: str) -> None:
    patches, _ = planted(300)
    settings = AutoEncoder(optimizer=optimizer, epochs=3, iterations=5, batch=64)
    runs = [fit_encoder(patches, 5, 8, settings, np.random.default_rng(2)) for _ in range(2)]
    assert np.array_equal(runs[0][0], runs[1][0])
    assert np.array_equal(runs[0][1], runs[1][1])
    rng = np.random.default_rng(2)
    x = squash(torch.from_numpy(np.stack(patches).reshape(300, -1)), settings)
    start = autoencoder._start(15, 8, rng)
    before = objective(x, start, settings).item()
    (autoencoder._adam if optimizer == "adam" else autoencoder._lbfgs)(x, start, settings, rng)
    assert objective(x, start, settings).item() < 0.9 * before


def test_patches_are_drawn_once_each_from_every_position() -> None:
    rows = [np.arange(n, dtype=np.float32)[:, None] + 100 * k for k, n in enumerate((7, 4, 9))]
    everything = autoencoder._patches(rows, 4, 100, np.random.default_rng(0))
    assert everything.shape == (4 + 1 + 6, 4, 1)
    assert len({float(p[0, 0]) for p in everything}) == 11
    assert (np.diff(everything[:, :, 0]) == 1).all()  # none reaches from one utterance into the next
    assert len(autoencoder._patches(rows, 4, 5, np.random.default_rng(0))) == 5


def spectra(n: int = 9) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    mixing = rng.standard_normal((12, 12))
    return [(rng.standard_normal((30 + 5 * k, 12)) @ mixing + 5).astype(np.float32)[:, :, None] for k in range(n)]


SMALL = HeSaeConfig(components=6, maps=3, kernels=(2, 4), autoencoder=AutoEncoder(epochs=1))


def test_components_are_white_and_the_transform_round_trips() -> None:
    rows = spectra()
    fitted = SparseSpectra.fit(rows, np.random.default_rng(0), settings=SMALL)
    assert isinstance(fitted, Transform)
    all_ = np.concatenate([fitted(x) for x in rows]).astype(np.float64)
    assert all_.shape[1] == 6
    # 1e-3: epsilon of 1e-5 beside variances down to a few hundredths, in float32
    np.testing.assert_allclose(all_.T @ all_ / len(all_), np.eye(6), atol=1e-3)
    again = SparseSpectra.from_state(fitted.state())
    assert np.array_equal(again(rows[0]), fitted(rows[0]))
    assert {n: w.shape for n, (w, _) in again.kernels.items()} == {2: (3, 2, 6), 4: (3, 4, 6)}
    same = SparseSpectra.fit(rows, np.random.default_rng(0), settings=SMALL).state()
    assert all(np.array_equal(same[k], v) for k, v in fitted.state().items())


def test_a_third_of_the_utterances_trains_the_auto_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spy(utterances: list[np.ndarray], length: int, units: int, *rest: object) -> tuple[np.ndarray, np.ndarray]:
        seen.append([len(x) for x in utterances])
        return np.zeros((units, length, 6), np.float32), np.zeros(units, np.float32)

    monkeypatch.setattr("serkit_plugins.architectures.he.spectra.fit_encoder", spy)
    SparseSpectra.fit(spectra(9), np.random.default_rng(0), settings=SMALL)
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 3  # of nine, each another length


def test_recordings_shorter_than_a_kernel_are_refused_in_words() -> None:
    rows = [x[:3] for x in spectra(3)]
    with pytest.raises(UserError, match="has the 4 frames of a kernel; train on longer recordings"):
        SparseSpectra.fit(rows, np.random.default_rng(0), settings=SMALL)


def test_more_components_than_a_frame_has_numbers_are_refused_in_words() -> None:
    with pytest.raises(UserError, match=r"has 3 numbers, which cannot give architecture\.components=5"):
        SparseSpectra.fit(
            [x[:, :3] for x in spectra(9)], np.random.default_rng(0), settings=replace(SMALL, components=5)
        )
