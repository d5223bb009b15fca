"""Splitters: functions ``(corpus, **options) -> list[Fold]`` behind the protocols, one file a family.

Each is deterministic and independent of the order of rows, and says in one ``ProtocolError`` what it needs and what the
corpus has. ``serkit.host.protocols`` names them with their versions and guarantees.
"""
