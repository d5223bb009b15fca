"""A support vector machine as an estimator: for systems that classify one vector an utterance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from serkit.errors import RunFolderError, UserError

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
Kernel = Literal["linear", "rbf"]
Vote = Literal["soft", "hard"]


class SupportVectorClassifier:
    """C-SVC, one machine a pair of classes, over the rows of all inputs, one row ``[1, D]`` an utterance each.

    With D values in all, the kernel is ``x . z / D`` (linear) or ``exp(-gamma |x - z|^2 / D)`` (rbf), so that ``c`` and
    ``gamma`` mean the same for any number of standardised features; LIBSVM's default gamma is 1 here. Values are first
    brought into [-``clip``, ``clip``] (0: left as they are). Fitted by scikit-learn (LIBSVM: C. Chang, C. Lin, ACM TIST
    2(3), 2011), kept as arrays: weights of each pair, or support vectors and their coefficients.

    With d the decision value of a pair, 1 at the margin of the one class and -1 at that of the other, a class scores

    * ``vote="soft"``: the sum of d over its pairs, each limited to [-1, 1];
    * ``vote="hard"``: the number of pairs it wins, ties broken by the sum s of d as scikit-learn does with
      ``break_ties``: s / (3 |s| + 3) is added.

    Posteriors are the softmax of the scores, so the decision is the most probable class. Classes that training lacked
    have posterior 0.
    """

    def __init__(
        self,
        n_classes: int,
        *,
        kernel: Kernel = "linear",
        c: float = 1.0,
        gamma: float = 1.0,
        clip: float = 0.0,
        vote: Vote = "soft",
    ) -> None:
        self.n_classes, self.kernel, self.c, self.gamma, self.clip, self.vote = n_classes, kernel, c, gamma, clip, vote
        self._classes = np.empty(0, np.int64)
        self._vectors: NDArray[np.floating] = np.empty((0, 0), np.float32)
        self._coefficients = np.empty((0, 0))
        self._intercepts = np.empty(0)

    def fit(
        self,
        inputs: Mapping[str, Sequence[Array]],
        labels: NDArray[np.int64],
        rng: np.random.Generator,
        weights: Doubles,
    ) -> None:
        """Learn from rows and class indices ``[N]``; ``weights`` ``[N]`` multiply C. Nothing in it is random.

        Raises UserError if there are not two classes, or an input has more than one row an utterance.
        """
        from sklearn.svm import SVC

        x = self._rows(inputs)
        self._classes, encoded = np.unique(labels, return_inverse=True)
        if len(self._classes) < 2:
            raise UserError(
                f"The training part has {len(self._classes)} of {self.n_classes} classes; a support vector machine "
                "needs two at least, so choose another protocol or fold."
            )
        # LIBSVM draws for its own posteriors only, but without a seed scikit-learn moves NumPy's global generator
        machine = SVC(kernel="precomputed", C=self.c, decision_function_shape="ovo", random_state=0)
        machine.fit(self._kernel(x, x), encoded, sample_weight=weights)
        self._vectors = x[machine.support_]
        self._coefficients = _by_pair(machine)
        self._intercepts = np.array(machine.intercept_, np.float64)
        if len(self._classes) == 2:  # of two classes alone scikit-learn counts the second as positive
            self._coefficients, self._intercepts = -self._coefficients, -self._intercepts
        if self.kernel == "linear":  # weights of each pair in place of hundreds of vectors
            self._vectors = self._coefficients @ self._vectors.astype(np.float64)
            self._coefficients = np.empty((0, 0))

    def decisions(self, inputs: Mapping[str, Sequence[Array]]) -> Doubles:
        """Decision values ``[N, pairs]``, positive for the first class of the pair; pairs of the classes of training as
        ``itertools.combinations`` orders them. Raises UserError as ``fit`` does, or for rows of another length."""
        x = self._rows(inputs)
        if x.shape[1] != self._vectors.shape[1]:
            raise UserError(
                f"The support vector machine was trained on rows of {self._vectors.shape[1]} values and was given "
                f"{x.shape[1]}; compute them with the same feature and options."
            )
        against = self._kernel(x, self._vectors)
        if self.kernel == "rbf":
            against = against @ self._coefficients.T
        return np.asarray(against + self._intercepts)

    def predict_proba(self, inputs: Mapping[str, Sequence[Array]]) -> Doubles:
        """Posteriors ``[N, K]``; see the class."""
        decisions = self.decisions(inputs)
        known = len(self._classes)
        total, wins = np.zeros((len(decisions), known)), np.zeros((len(decisions), known))
        for d, (first, second) in zip(decisions.T, combinations(range(known), 2), strict=True):
            part = np.clip(d, -1.0, 1.0) if self.vote == "soft" else d
            total[:, first] += part
            total[:, second] -= part
            wins[:, first] += d > 0
            wins[:, second] += d <= 0
        scores = total if self.vote == "soft" else wins + total / (3.0 * np.abs(total) + 3.0)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        out = np.zeros((len(decisions), self.n_classes))
        out[:, self._classes] = powers / powers.sum(axis=1, keepdims=True)
        return out

    def state(self) -> dict[str, NDArray[np.generic]]:
        """``classes`` int64, ``intercepts`` float64 ``[pairs]``, and ``vectors``: weights float64 ``[pairs, D]``
        (linear), or support vectors float32 ``[S, D]`` with ``coefficients`` float64 ``[pairs, S]`` (rbf)."""
        kept: dict[str, NDArray[np.generic]] = {
            "classes": self._classes,
            "intercepts": self._intercepts,
            "vectors": self._vectors,
        }
        return kept | ({"coefficients": self._coefficients} if self.kernel == "rbf" else {})

    def load_state(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """The inverse of ``state``. Raises RunFolderError for the state of another machine."""
        pairs = len(state.get("classes", ())) * (len(state.get("classes", ())) - 1) // 2
        shapes = {name: np.shape(value) for name, value in state.items()}
        rows = shapes.get("coefficients", (0, pairs))[1] if self.kernel == "rbf" else pairs
        wanted = {"classes", "intercepts", "vectors"} | ({"coefficients"} if self.kernel == "rbf" else set())
        if set(shapes) != wanted or not pairs or shapes["intercepts"] != (pairs,) or shapes["vectors"][0] != rows:
            raise RunFolderError(
                f"The saved state is not that of a support vector machine with kernel {self.kernel!r}; train the fold "
                "again."
            )
        self._classes = np.asarray(state["classes"], np.int64)
        self._intercepts = np.asarray(state["intercepts"], np.float64)
        self._vectors = np.asarray(state["vectors"], np.float32 if self.kernel == "rbf" else np.float64)
        self._coefficients = np.asarray(state.get("coefficients", np.empty((0, 0))), np.float64)

    def _rows(self, inputs: Mapping[str, Sequence[Array]]) -> Array:
        for name, rows in inputs.items():
            longest = max((len(x) for x in rows), default=1)
            if longest != 1:
                raise UserError(
                    f"A support vector machine takes one row an utterance, but the input {name!r} has up to {longest}; "
                    "give it a feature of one row (speech-functionals)."
                )
        x = np.concatenate([[row.ravel() for row in rows] for rows in inputs.values()], axis=1).astype(np.float32)
        return np.clip(x, -self.clip, self.clip) if self.clip else x

    def _kernel(self, a: NDArray[np.floating], b: NDArray[np.floating]) -> Doubles:
        # in double: LIBSVM's path hangs on the last bits, and weights are sums of many vectors
        a, b = a.astype(np.float64), b.astype(np.float64)
        products = a @ b.T / a.shape[1]
        if self.kernel == "linear":
            return np.asarray(products)
        squares = [np.einsum("nd,nd->n", x, x) / x.shape[1] for x in (a, b)]
        distances = np.maximum(squares[0][:, None] + squares[1] - 2.0 * products, 0.0)
        return np.asarray(np.exp(-self.gamma * distances))


def _by_pair(machine: object) -> Doubles:
    """Coefficients ``[pairs, S]`` of all support vectors in the machine of each pair. LIBSVM keeps, for a vector of
    class i, those against class j in row j - 1 if j > i, else in row j."""
    dual, counts = machine.dual_coef_, machine.n_support_  # type: ignore[attr-defined]
    edges = np.concatenate([[0], np.cumsum(counts)])
    out = []
    for first, second in combinations(range(len(counts)), 2):
        row = np.zeros(dual.shape[1])
        row[edges[first] : edges[first + 1]] = dual[second - 1, edges[first] : edges[first + 1]]
        row[edges[second] : edges[second + 1]] = dual[first, edges[second] : edges[second + 1]]
        out.append(row)
    return np.array(out)
