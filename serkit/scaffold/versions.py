"""Which versions of SerKit a plugin asks for, by the policy of ``docs/plugins/versions.md``."""

from __future__ import annotations

import re

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.\d+)*(.*)")


def requirement(version: str) -> str:
    """The dependency of a plugin that is written with SerKit ``version``: ``serkit>=0.3,<0.4`` for 0.3.2,
    ``serkit>=1.4,<2`` for 1.4.0. A release before its time (``0.3.0rc1``) is its own lower bound, since ``>=0.3``
    leaves it out."""
    match = _VERSION.fullmatch(version)
    if not match:
        raise ValueError(f"{version!r} is not a version.")
    major, minor = int(match[1]), int(match[2])
    lowest = version if match[3] else f"{major}.{minor}"
    return f"serkit>={lowest},<{major + 1 if major else f'0.{minor + 1}'}"
