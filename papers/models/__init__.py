from .api import IdempotentResponse
from .catalogue import Catalogue, MergedPaper, Paper, PaperIdentifier, SourceRecord, Tombstone
from .discussion import Comment, CommentRevision
from .identity import CandidatePair, Decision
from .imports import Import, RejectedRecord
from .listings import Listing, ListingItem, Source
from .reading_list import Entry, ListingVisit, Skip, Tag, Tagging, Volunteer, Vote

__all__ = [
    "CandidatePair",
    "Catalogue",
    "Comment",
    "CommentRevision",
    "Decision",
    "Entry",
    "IdempotentResponse",
    "Import",
    "Listing",
    "ListingItem",
    "ListingVisit",
    "MergedPaper",
    "Paper",
    "PaperIdentifier",
    "RejectedRecord",
    "Skip",
    "Source",
    "SourceRecord",
    "Tag",
    "Tagging",
    "Tombstone",
    "Volunteer",
    "Vote",
]
