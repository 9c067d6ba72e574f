"""The only door into the catalogue. One paper is a batch of one."""

from ._adding import FIRST_DAY, FUTURE, Change, Outcome, add_records
from ._editing import EDITABLE, edit_paper, find_edited, undo_edit
from ._incoming import load_forms, load_records
from ._reviewing import keep_apart, merge_pair, propose_pair
from ._separating import unmerge
from ._uniting import Refused, merge_papers

__all__ = [
    "EDITABLE",
    "FIRST_DAY",
    "FUTURE",
    "Change",
    "Outcome",
    "Refused",
    "add_records",
    "edit_paper",
    "find_edited",
    "keep_apart",
    "load_forms",
    "load_records",
    "merge_pair",
    "merge_papers",
    "propose_pair",
    "undo_edit",
    "unmerge",
]
