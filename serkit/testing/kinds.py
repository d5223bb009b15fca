"""Which plugin is meant by a name, among the kinds that something can be asked of."""

from __future__ import annotations

from collections.abc import Sequence

from serkit.errors import UserError
from serkit.host import Host
from serkit.host.specs import Kind


def kind_among(kinds: Sequence[Kind], done: str, host: Host, name: str, kind: str = "") -> Kind:
    """The one of ``kinds`` that the plugin ``name`` is of, or ``kind``. ``done`` says what is done to such ("checked").

    Raises UserError for another kind, or where there are several, and what ``Host.get`` raises.
    """
    allowed = f"the kinds that are {done}: {', '.join(kinds)}"
    if kind and kind not in kinds:
        raise UserError(f"No {kind!r} is {done}; {allowed}.")
    found = [k for k in kinds if k == kind]
    if found:
        host.get(found[0], name)
        return found[0]
    every = [r.spec.kind for r in host.find(name)]
    found = [k for k in kinds if k in every]
    if not found:
        raise UserError(f"{name!r} is a {every[0]}, and none of {allowed}.")
    if len(found) > 1:
        raise UserError(f"{name!r} is the name of several plugins ({', '.join(found)}); choose one with --kind.")
    return found[0]
