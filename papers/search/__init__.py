"""Find papers by words: `matching` gives all by rank, `best` the best of the newest, `mark` where the words stand."""

from ._keyword import QUERY_LIMIT, best, mark, matching

__all__ = ["QUERY_LIMIT", "best", "mark", "matching"]
