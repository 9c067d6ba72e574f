"""How hot a paper is: votes weighed against time, without an age at which papers drop out.

    heat = log2(1 + votes) + days since 1 January 2000 / 2

One more doubling of the votes outweighs two days of age, so that a paper with 7 votes stands level with
one of four days later that has 1. Since all papers cool at the same pace, their order never changes by
itself: the number is stored, indexed, and computed anew only when a vote is cast. The idea of adding a
logarithm of the votes to the time is the one that news aggregators made known in the 2000s.
"""

import math
from datetime import UTC, date, datetime, time

DAYS_A_DOUBLING = 2.0
_START = datetime(2000, 1, 1, tzinfo=UTC)


def compute_heat(votes: int, listed: date) -> float:
    """Return the heat of a paper that has `votes` (negative counts as none) and was listed on a day."""
    age = datetime.combine(listed, time(), UTC) - _START
    return math.log2(1 + max(0, votes)) + age.days / DAYS_A_DOUBLING
