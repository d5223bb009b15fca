"""Which code a run was made with: the commit, where SerKit came from git, and the machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import serkit


def commit() -> str | None:
    """The commit of the installed SerKit, with ``+changes`` where tracked files of its checkout differ from it; None
    where it did not come from git (a wheel of a registry has its version only)."""
    root = Path(serkit.__file__).parents[1]
    if (root / ".git").exists():  # a checkout, installed editable or imported in place
        head = _git(root, "rev-parse", "HEAD")
        if head:
            return head + ("+changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    try:  # PEP 610: what pip knows of an install from a repository
        record = json.loads(distribution("serkit").read_text("direct_url.json") or "{}")
        return str(record["vcs_info"]["commit_id"])
    except (PackageNotFoundError, ValueError, KeyError, TypeError):
        return None


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):  # no git here: then the version has to do
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def processor() -> str:
    """The processor's name, as the system gives it."""
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
