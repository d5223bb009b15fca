"""The batches that modules are checked on."""

from __future__ import annotations

from serkit.host import get_host
from serkit.testing.conformance.subjects import ArchitectureSubject, subjects


def test_inputs_of_other_rates_have_lengths_of_their_own() -> None:
    # a network that took the lengths of its sound for those of its words passed check_padding
    (subject, *_) = subjects(get_host(), "architecture", "mmfa")
    assert isinstance(subject, ArchitectureSubject)
    batch = subject.batch([8, 8])
    lengths = sorted(x.tolist() for name, x in batch.items() if name.endswith("_lengths"))
    assert lengths == [[8, 8], [9, 7]]
