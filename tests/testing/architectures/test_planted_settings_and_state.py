"""Broken plugins, one fault each: what settings, seeds, training, state and folds must hold is caught by its check."""

from __future__ import annotations

import re
from typing import Any

import pytest

DROPOUT = "        self.dropout = nn.Dropout(0.1)"
BUILD = "        return Net(fold.input_shapes"
SEEN = "        seen = np.unique(labels)\n"
SCALED = "        return super().__call__(x)"

FAULTS = {
    # settings
    "a list in the config": (
        "module",
        [("rates: tuple[float, ...] = (0.5, 1.0)", "rates: list[float] = field(default_factory=lambda: [0.5])")],
        "check_config_is_frozen",
        "rates is a list, which can be changed in place",
    ),
    "a config that is not frozen": (
        "module",
        [("frozen=True, kw_only=True)\nclass Settings", "kw_only=True)\nclass Settings")],
        "check_config_is_frozen",
        "Settings is a dataclass that is not frozen",
    ),
    "a setting without a default": (
        "module",
        [("    rates: tuple[float, ...] = (0.5, 1.0)", "    rates: tuple[float, ...]")],
        "check_preset",
        "rates: field required",
    ),
    "a config that takes unknown keys": (
        "module",
        [("(0.5, 1.0)\n", "(0.5, 1.0)\n    more: Mapping[str, Any] = field(default_factory=dict)\n")],
        "check_unknown_settings",
        "more takes a table of any keys and values",
    ),
    "a setting that TOML does not have": (
        "module",
        [("rates: tuple[float, ...] = (0.5, 1.0)", "rates: float | None = None")],
        "check_config_round_trips",
        "The config does not survive TOML",
    ),
    "a preset with an unknown key": (
        "module",
        [('{"hidden": 12}', '{"hiden": 12}')],
        "check_preset",
        "did you mean 'hidden'",
    ),
    "a config that imports torch": (
        "module",
        [("from dataclasses import dataclass, field", "import torch\nfrom dataclasses import dataclass, field")],
        "check_config_import",
        "loads torch",
    ),
    "hooks that import torch": (
        "module",
        [("from serkit.host import ArchitectureSpec", "import torch\nfrom serkit.host import ArchitectureSpec")],
        "check_listing",
        "Listing it loads torch",
    ),
    "hooks that print": (
        "module",
        [("from serkit.host import ArchitectureSpec", "print('hello')\nfrom serkit.host import ArchitectureSpec")],
        "check_listing",
        "prints 'hello'",
    ),
    "no frame is enough": (
        "module",
        [("    transforms = {", "    min_frames = 0\n    transforms = {")],
        "check_declarations",
        "min_frames is 0; it must be a whole number of at least 1",
    ),
    "a module that learns from development speakers": (
        "module",
        [("    transforms = {", '    learns_from = "dev"\n    transforms = {')],
        "check_declarations",
        "learns_from is 'dev'",
    ),
    "after_transforms of no setting": (
        "module",
        [("    transforms = {", '    after_transforms = ("hiden",)\n    transforms = {')],
        "check_declarations",
        "after_transforms is",
    ),
    "a key of training that there is not": (
        "estimator",
        [('reads_training = ("class_weights",)', 'reads_training = ("class_weight",)')],
        "check_declarations",
        r"reads_training is \['class_weight'\]",
    ),
    # seeds
    "weights of an unseeded generator": (
        "module",
        [
            (
                "        self.dropout = nn.Dropout(0.1)",
                "        self.dropout = nn.Dropout(0.1)\n        with torch.no_grad():\n"
                "            self.first.bias.fill_(np.random.default_rng().normal())",
            )
        ],
        "check_seeds",
        "Two builds with seed 1 differ in first.bias",
    ),
    "build() seeds torch": (
        "module",
        [(BUILD, f"        torch.manual_seed(0)\n{BUILD}")],
        "check_global_generators",
        r"build\(\) seeds torch's global generator",
    ),
    "every seed builds the same": (
        "module",
        [(BUILD, f"        torch.manual_seed(0)\n{BUILD}")],
        "check_seeds",
        "Builds with seeds 1 and 2 have the same weights",
    ),
    "fit_transforms() draws from NumPy's generator": (
        "module",
        [('        return {"x": Scaled.fit(', '        np.random.rand()\n        return {"x": Scaled.fit(')],
        "check_global_generators",
        r"fit_transforms\(\) moves the global generator of NumPy",
    ),
    "unseeded randomness in fit()": (
        "estimator",
        [(SEEN, f"{SEEN}        x = x + np.random.default_rng().normal(0, 1e-6, x.shape)\n")],
        "check_repeats",
        "same seed differs in model/means",
    ),
    "deterministic, though it draws": (
        "estimator",
        [(SEEN, f"{SEEN}        x = x + rng.normal(0, 1e-6, x.shape)\n")],
        "check_repeats",
        "It declares deterministic = True, and another seed changes model/means",
    ),
    "a constant seed in fit()": (
        "estimator",
        [("    deterministic = True\n", "")],
        "check_repeats",
        "Training with seeds 0 and 1 gives the same model",
    ),
    "deterministic, though weights are drawn": (
        "module",
        [("    transforms = {", "    deterministic = True\n    transforms = {")],
        "check_seeds",
        "It declares deterministic = True, and builds with seeds 1 and 2 differ in first.weight",
    ),
    "double precision for all code": (
        "module",
        [(BUILD, f"        torch.set_default_dtype(torch.float64)\n{BUILD}")],
        "check_global_settings",
        "It changes torch's default dtype from torch.float32 to torch.float64",
    ),
    # training
    "a parameter that is never used": (
        "module",
        [(DROPOUT, f"{DROPOUT}\n        self.old = nn.Linear(2, 2)")],
        "check_gradients",
        "No gradient reaches 2 parameters: old.weight, old.bias",
    ),
    "a detached branch": (
        "module",
        [("torch.tanh(self.first(y))", "torch.tanh(self.first(y)).detach()")],
        "check_gradients",
        "first.weight, first.bias",
    ),
    "a bias that a norm takes out again": (
        "module",
        [
            ("        self.dropout = nn.Dropout(0.1)", "        self.dropout = nn.BatchNorm1d(hidden)"),
            ("torch.tanh(self.first(y))", "self.first(y)"),
        ],
        "check_gradients",
        "No gradient reaches 1 parameter: first.bias",
    ),
    "classes shifted by one in evaluation mode": (
        "module",
        [
            (
                "        return self.out(self.dropout(y))",
                "        z = self.out(self.dropout(y))\n        return z if self.training else z.roll(1, 1)",
            )
        ],
        "check_learns_eight",
        "of 8 samples are not learnt",
    ),
    "an estimator that does not learn": (
        "estimator",
        [("np.exp(-(distance", "np.exp(-0.0 * (distance")],
        "check_learns_eight",
        "samples are not learnt",
    ),
    "labels shifted by one": (
        "estimator",
        [("        return p\n", "        return np.roll(p, 1, axis=1)\n")],
        "check_columns",
        r"Samples of 'angry' \(class 0\) have .*; theirs is column 1",
    ),
    "columns for the classes seen": (
        "estimator",
        [("        return p\n", "        return p[:, self.prior > 0]\n")],
        "check_columns",
        r"predict_proba gives \[14, 3\]; \[N, K\] = \[14, 4\] is needed",
    ),
    "scores that are no posteriors": (
        "estimator",
        [("        return p\n", "        return p * 2\n")],
        "check_columns",
        "of sum 2",
    ),
    "weights that count nothing": (
        "estimator",
        [("np.bincount(labels, weights, self.n_classes)", "np.bincount(labels, None, self.n_classes) * 1.0")],
        "check_weights",
        "With ten times the weight on 'angry'",
    ),
    # state
    "state() forgets a part": (
        "estimator",
        [
            ('{"means": self.means, "prior": self.prior}', '{"means": self.means}'),
            ('training = Training(class_weights="balanced")', "training = Training()"),
        ],
        "check_saving",
        r"differ by .* after loading; saved were means",
    ),
    "learnt, and no buffer": (
        "module",
        [
            (DROPOUT, f"{DROPOUT}\n        self.scale = 1.0"),
            (
                "        y = torch.tanh(self.first(y))",
                "        if self.training:\n            self.scale = float(y.detach().std())\n"
                "        y = torch.tanh(self.first(y / self.scale))",
            ),
        ],
        "check_saving",
        "after loading; saved were first.bias",
    ),
    "a transform that forgets a part": (
        "module",
        [
            (
                SCALED,
                "        return super().__call__(x)\n\n    @classmethod\n    def from_state(cls, state):\n"
                '        return cls(state["mean"], np.ones_like(state["std"]))',
            )
        ],
        "check_transforms_saving",
        "The transform Scaled of 'x' gives",
    ),
    # folds
    "a scaler kept on the class from the first fold": (
        "estimator",
        [
            (
                SEEN,
                f"{SEEN}        if Means.shared is None:\n            Means.shared = x.mean(axis=0)\n"
                "        x = x - Means.shared\n",
            )
        ],
        "check_folds_apart",
        "After another fold, the fold has another model/means",
    ),
    "a scaler kept on the architecture": (
        "module",
        [
            (
                '        return {"x": Scaled.fit(train.utterances("x"), rng)}',
                "        self.kept = getattr(self, 'kept', None) or Scaled.fit(train.utterances(\"x\"), rng)\n"
                '        return {"x": self.kept}',
            )
        ],
        "check_folds_apart",
        "After another fold, the fold has another transforms/x/mean",
    ),
    "a running maximum in a module": (
        "module",
        [
            ("class Scaled(ZScore):", "TOP = [1.0]\n\nclass Scaled(ZScore):"),
            (SCALED, "        TOP[0] = max(TOP[0], float(np.abs(x).max()))\n        return x / np.float32(TOP[0])"),
        ],
        "check_fits_on_training_only",
        "changes predictions of other utterances",
    ),
    "a scaler fitted on all data that the extractor saw": (
        "module",
        [
            ("        return x\n", "        Level.seen.append(x)\n        return x\n"),
            ('Scaled.fit(train.utterances("x"), rng)', "Scaled.fit(Level.seen, rng)"),
        ],
        "check_fits_on_training_only",
        "test utterances to 1e.06 changes",
    ),
    "an extractor that remembers the loudest": (
        "module",
        [
            (
                "        return x\n",
                "        Level.seen[:] = [max(float(x.max()), *Level.seen)]\n"
                "        return x - np.float32(Level.seen[0])\n",
            ),
            ("    seen = []", "    seen = [0.0]"),
        ],
        "check_fits_on_training_only",
        "are others after louder utterances were extracted",
    ),
    "fit() changes its input": (
        "estimator",
        [(SEEN, f"{SEEN}        for row in inputs['x']:\n            row -= row.mean()\n")],
        "check_inputs_are_kept",
        r"fit\(\) changes the array 0 of 'x'",
    ),
    "a transform changes its input": (
        "module",
        [(SCALED, "        x -= self.mean\n        return x")],
        "check_inputs_are_kept",
        "a transform's __call__ changes the array",
    ),
    "scaled by the samples to be predicted": (
        "estimator",
        [
            (
                "        x = self._rows(inputs)\n        distance",
                "        x = self._rows(inputs)\n"
                "        x = x - x.mean(axis=0) + self.means.mean(axis=0)\n        distance",
            )
        ],
        "check_predicts_alone",
        "Samples alone have posteriors that differ",
    ),
    "the sample before counts": (
        "estimator",
        [("        return p\n", "        return 0.9 * p + 0.1 * np.roll(p, 1, axis=0)\n")],
        "check_predicts_alone",
        "Samples in the opposite order|Samples alone",
    ),
    "dropout left on in predict": (
        "estimator",
        [
            (
                "        x = self._rows(inputs)\n        distance",
                "        x = torch.dropout(torch.from_numpy(self._rows(inputs)), 0.5, True).numpy()\n        distance",
            )
        ],
        "check_predicts_again",
        "Two calls of predict_proba differ",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_caught_by_the_check_that_names_it(fault: str, broken: Any) -> None:
    kind, edits, check, words = FAULTS[fault]
    report = broken(kind, *edits, only=(check,))
    failed = [r for r in report.results if r.status == "failed"]
    assert failed, f"nothing failed: {report.counts}"
    for result in failed:
        assert "could not end" not in result.what
        assert result.reproduce
        assert result.cause
    assert re.search(words, failed[0].what), failed[0].what


@pytest.mark.parametrize("kind", ["module", "estimator"])
def test_a_correct_plugin_fails_nothing(kind: str, broken: Any) -> None:
    report = broken(kind)
    assert report.passed, [(r.check, r.what) for r in report.results if not r.good]
    assert report.counts["passed"] > 20


def test_a_sound_model_with_much_dropout_learns_eight(broken: Any) -> None:
    # both of He's networks of sparse codes, with dropout of a half after every layer, were said not to learn
    report = broken("module", ("nn.Dropout(0.1)", "nn.Dropout(0.995)"), only=("check_learns_eight",))
    assert report.passed, [r.what for r in report.results if not r.good]
