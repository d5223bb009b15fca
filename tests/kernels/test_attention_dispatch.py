"""Do the instruction sets agree? Each runs in a process of its own, since the choice is made once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from serkit.kernels.native import supported_isas

SCRIPT = """
import sys
import numpy as np
from serkit.kernels.native import attention as native, isa
rng = np.random.default_rng(3)
dtype = sys.argv[2]
draw = lambda *n: (rng.standard_normal(n) / np.sqrt(n[-1])).astype(dtype)
x, lengths = rng.standard_normal((3, 40, 50)).astype(dtype), np.array([40, 7, 1])
q, w, b, dc, da = draw(21), draw(21, 50), draw(21), draw(3, 50), draw(3, 40)
pooled, weights, hidden = np.empty((3, 50), dtype), np.empty((3, 40), dtype), np.empty((120, 21), dtype)
native.forward(x, lengths, q, w, b, 1.5, pooled=pooled, weights=weights, hidden=hidden)
g = dict(dx=np.empty_like(x), dquery=np.empty_like(q), dweight=np.empty_like(w), dbias=np.empty_like(b))
native.backward(x, lengths, q, w, b, 1.5, weights=weights, hidden=hidden, grad_pooled=dc, grad_weights=da, **g)
np.savez(sys.argv[1], isa=isa(), pooled=pooled, weights=weights, **g)
"""


# A fused multiply-add drops one of two roundings of a term, so instruction sets differ by no more than each differs
# from the truth: 50 terms of order one times eps, three results in a row.
@pytest.mark.parametrize(("dtype", "bound"), [("float32", 2e-5), ("float64", 4e-14)])
@pytest.mark.skipif(len(supported_isas()) == 1, reason="this machine or build has only the baseline instruction set")
def test_isas_agree(dtype: str, bound: float, tmp_path: Path) -> None:
    results = {}
    for isa in supported_isas():
        file = tmp_path / f"{isa}.npz"
        subprocess.run([sys.executable, "-c", SCRIPT, file, dtype], env={**os.environ, "SERKIT_ISA": isa}, check=True)
        results[isa] = np.load(file)
        assert str(results[isa]["isa"]) == isa
    for isa, got in results.items():
        for name in ("pooled", "weights", "dx", "dquery", "dweight", "dbias"):
            want = results["baseline"][name]
            np.testing.assert_allclose(got[name], want, rtol=0, atol=bound, err_msg=f"{isa} {name}")
