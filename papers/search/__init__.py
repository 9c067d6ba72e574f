"""Find papers by words: `matching` orders them by rank, `mark` shows where the words stand."""

from ._keyword import QUERY_LIMIT, mark, matching

__all__ = ["QUERY_LIMIT", "mark", "matching"]
