"""The protocols that any corpus may offer, as data: a dataset's spec lists those that apply to it."""

from __future__ import annotations

from serkit.host.specs import ProtocolSpec

LOSO_NEXT = ProtocolSpec(
    name="loso_next",
    version=1,
    summary="A fold a speaker: tested on the speaker, developed on the next one in the cycle, trained on the others.",
    splitter="serkit.data.protocols:loso_next",
)
