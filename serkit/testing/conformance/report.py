"""What the kit found out about a plugin, as data."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["passed", "failed", "expected", "unexpected", "skipped"]
"""``expected``: failed, as the plugin declares; ``unexpected``: declared to fail, and passed; ``skipped``: says
nothing."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one check ended. ``what``, ``reproduce`` and ``cause`` are those of the failure; ``reason`` says why a check
    was skipped or was expected to fail."""

    check: str
    summary: str
    status: Status
    preset: str = ""
    what: str = ""
    reproduce: str = ""
    cause: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether a plugin with this result conforms."""
        return self.status not in ("failed", "unexpected")


@dataclass(frozen=True, kw_only=True)
class Report:
    """All checks of one plugin."""

    kind: str
    name: str
    distribution: str
    version: str
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed but what was declared, and nothing passed that was declared to fail."""
        return all(r.good for r in self.results)

    @property
    def counts(self) -> dict[str, int]:
        """Number of results by status."""
        return dict(Counter(r.status for r in self.results))

    def to_dict(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "schema": 1,
            "kind": self.kind,
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "passed": self.passed,
            "counts": self.counts,
            "results": [asdict(r) for r in self.results],
        }
