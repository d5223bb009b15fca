"""Runs: recipe, folds, training, evaluation, report. ``serkit.run(recipe)`` is ``serkit.run.api.run``."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """The package is also the function, since both have the name that a user expects."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from serkit.run.api import run

        return run(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
