"""Find papers by words: `matching` orders them by rank, `mark` shows where the words stand."""

from ._keyword import END, QUERY_LIMIT, START, mark, matching

__all__ = ["END", "QUERY_LIMIT", "START", "mark", "matching"]
