"""SerKit: speech emotion recognition you can trust.

``serkit.run(recipe)`` trains and evaluates, ``serkit.load(run)`` opens a finished run; features are in
``serkit.features``. Importing this package loads neither numpy nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["__version__", "load", "run"]

if TYPE_CHECKING:
    from serkit import run
    from serkit.run.api import load

    _core: Any  # compiled, so there is nothing to read; serkit.kernels.native checks what goes in and out
else:  # a checker that saw this function would let any misspelt name pass

    def __getattr__(name: str) -> Any:
        if name == "run":
            # The package of this name is callable: importing any of its modules would replace a function here anyway.
            return import_module("serkit.run")
        if name == "load":
            return import_module("serkit.run.api").load
        raise AttributeError(f"module 'serkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
