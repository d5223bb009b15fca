"""What every bench is made of: contestants that take turns, rows with ratios, and a comparison with stored rows.

A bench file has one test a piece of work, parametrized by ``entrant``, which calls ``race(entrant, group, contest)``.
"""

from harness.contest import Contest, Entrant, Race

__all__ = ["Contest", "Entrant", "Race"]
