"""The ops under one roof, and what importing that roof costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import serkit.ops


def test_ops_are_found_by_their_names() -> None:
    from serkit.ops.attention import attention_pool, linear_attention_pool
    from serkit.ops.log_mel import log_mel

    assert serkit.ops.attention_pool is attention_pool
    assert serkit.ops.linear_attention_pool is linear_attention_pool
    assert serkit.ops.logmel is log_mel
    assert dir(serkit.ops) == ["attention_pool", "linear_attention_pool", "logmel"]
    with pytest.raises(AttributeError, match="no attribute 'pool'"):
        _ = serkit.ops.pool


def test_the_roof_alone_loads_no_torch() -> None:
    code = "import sys, serkit.ops; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
