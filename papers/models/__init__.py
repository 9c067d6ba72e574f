from .api import IdempotentResponse
from .catalogue import Catalogue, MergedPaper, Paper, PaperIdentifier, SourceRecord, Tombstone
from .discussion import Comment, CommentRevision
from .identity import CandidatePair, Decision, PaperEdit
from .imports import FetchedPage, Import, RejectedRecord, SubmissionItem
from .listings import Listing, ListingItem
from .meeting import ActionItem, Attachment, NotesRevision, Question, QuestionVote
from .notifications import Announced, OutgoingMail, ReminderSchedule
from .planning import Absence, PlanDraft, SwapOffer
from .polls import DatePoll, PollAnswer, PollOption
from .presenting import Assignment, Attendance, Guest, Part
from .reading_list import Entry, EntryChange, ListingVisit, Skip, Tag, Tagging, Volunteer, Vote
from .sessions import AgendaChange, AgendaItem, PastImport, Pause, Series, Session, SessionKind
from .sources import DryRun, HostTurn, Source

__all__ = [
    "Absence",
    "ActionItem",
    "AgendaChange",
    "AgendaItem",
    "Announced",
    "Assignment",
    "Attachment",
    "Attendance",
    "CandidatePair",
    "Catalogue",
    "Comment",
    "CommentRevision",
    "DatePoll",
    "Decision",
    "DryRun",
    "Entry",
    "EntryChange",
    "FetchedPage",
    "Guest",
    "HostTurn",
    "IdempotentResponse",
    "Import",
    "Listing",
    "ListingItem",
    "ListingVisit",
    "MergedPaper",
    "NotesRevision",
    "OutgoingMail",
    "Paper",
    "PaperEdit",
    "PaperIdentifier",
    "Part",
    "PastImport",
    "Pause",
    "PlanDraft",
    "PollAnswer",
    "PollOption",
    "Question",
    "QuestionVote",
    "RejectedRecord",
    "ReminderSchedule",
    "Series",
    "Session",
    "SessionKind",
    "Skip",
    "Source",
    "SourceRecord",
    "SubmissionItem",
    "SwapOffer",
    "Tag",
    "Tagging",
    "Tombstone",
    "Volunteer",
    "Vote",
]
