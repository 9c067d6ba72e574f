"""The only door into the catalogue. One paper is a batch of one."""

from ._adding import Change, Outcome, add_records

__all__ = ["Change", "Outcome", "add_records"]
