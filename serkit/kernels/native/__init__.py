"""The compiled core, with arguments checked and errors in words. ``isa()`` says which instruction set is in use."""

from __future__ import annotations

from serkit.errors import ConfigError, SerkitError

try:
    from serkit import _core
except ImportError as error:
    raise SerkitError(
        f"SerKit's compiled core cannot be loaded ({error}); install the package with `pip install .`, "
        "or with `pip install --no-build-isolation -e .` to work on it."
    ) from error


__all__ = ["_core", "isa", "supported_isas"]


def isa() -> str:
    """Name of the instruction set in use, ``"baseline"``, ``"avx2"`` or ``"avx512"``.

    The fastest one of this machine, unless the environment variable ``SERKIT_ISA`` names one when the core is first
    used. Raises ConfigError if that name is not one of ``supported_isas()``.
    """
    try:
        return str(_core.isa())
    except ValueError as error:
        raise ConfigError(str(error)) from None


def supported_isas() -> tuple[str, ...]:
    """Names that ``SERKIT_ISA`` may have on this machine, the one taken without it last."""
    return tuple(_core.supported_isas())


isa()  # a wrong SERKIT_ISA is a sentence at import, not an error in the middle of a run
