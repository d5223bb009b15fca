"""Package of a plugin to start from: ``serkit plugin new``.

``names`` decides what it may be called, ``versions`` which SerKit it asks for, ``package`` fills the files in
``templates`` and writes them.
"""

from __future__ import annotations

from serkit.scaffold.package import KINDS, Package, plan, write
from serkit.scaffold.versions import requirement

__all__ = ["KINDS", "Package", "plan", "requirement", "write"]
