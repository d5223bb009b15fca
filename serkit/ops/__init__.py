"""Torch ops over the compiled kernels; each submodule registers its own when it is imported.

``logmel``, ``attention_pool`` and ``linear_attention_pool`` are here under one roof, loaded when they are first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serkit.ops.attention import attention_pool, linear_attention_pool
    from serkit.ops.log_mel import log_mel as logmel

__all__ = ["attention_pool", "linear_attention_pool", "logmel"]

# logmel, for log_mel is the module
_PLACES = {
    "attention_pool": ("attention", "attention_pool"),
    "linear_attention_pool": ("attention", "linear_attention_pool"),
    "logmel": ("log_mel", "log_mel"),
}


def __getattr__(name: str) -> Any:
    # lazy: torch takes seconds to import
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)


def __dir__() -> list[str]:
    return __all__
