"""Find papers by words: `matching` gives all by rank, `best` the best of the newest, `mark` where the words stand;
`clean_query` is for who searches elsewhere."""

from ._keyword import QUERY_LIMIT, best, clean_query, mark, matching

__all__ = ["QUERY_LIMIT", "best", "clean_query", "mark", "matching"]
