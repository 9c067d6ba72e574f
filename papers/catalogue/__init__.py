"""The only door into the catalogue. One paper is a batch of one."""

from ._adding import FIRST_DAY, FUTURE, Change, Outcome, add_records
from ._uniting import merge_papers

__all__ = ["FIRST_DAY", "FUTURE", "Change", "Outcome", "add_records", "merge_papers"]
