from .api import IdempotentResponse
from .catalogue import Catalogue, MergedPaper, Paper, PaperIdentifier, SourceRecord, Tombstone
from .discussion import Comment, CommentRevision
from .identity import CandidatePair, Decision, PaperEdit
from .imports import FetchedPage, Import, RejectedRecord, SubmissionItem
from .listings import Listing, ListingItem
from .reading_list import Entry, ListingVisit, Skip, Tag, Tagging, Volunteer, Vote
from .sources import DryRun, HostTurn, Source

__all__ = [
    "CandidatePair",
    "Catalogue",
    "Comment",
    "CommentRevision",
    "Decision",
    "DryRun",
    "Entry",
    "FetchedPage",
    "HostTurn",
    "IdempotentResponse",
    "Import",
    "Listing",
    "ListingItem",
    "ListingVisit",
    "MergedPaper",
    "Paper",
    "PaperEdit",
    "PaperIdentifier",
    "RejectedRecord",
    "Skip",
    "Source",
    "SourceRecord",
    "SubmissionItem",
    "Tag",
    "Tagging",
    "Tombstone",
    "Volunteer",
    "Vote",
]
