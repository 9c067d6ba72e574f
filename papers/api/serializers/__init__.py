"""What the API's rows look like, and what it takes in; a file a subject. The words are those of docs/design.md."""

from .agenda import (
    AgendaChangeSerializer,
    AgendaSerializer,
    ArrangedAgendaSerializer,
    ChangedAgendaItemSerializer,
    NewAgendaItemSerializer,
    OverriddenItemSerializer,
    SwappedItemsSerializer,
    UndoneChangeSerializer,
    UnlockedAgendaSerializer,
)
from .catalogue import EditedPaperSerializer, IdentifierSerializer, PaperSerializer, UrlSerializer
from .clubs import ChangedClubSerializer, ClubSerializer, MemberSerializer
from .comments import (
    CommentRevisionSerializer,
    CommentSerializer,
    EditedCommentSerializer,
    NewCommentSerializer,
)
from .entries import (
    CastVoteSerializer,
    EntryChangeSerializer,
    EntrySerializer,
    NewEntrySerializer,
    PromoterSerializer,
    RankingSerializer,
    TagSerializer,
    VoteSerializer,
    WindowSerializer,
)
from .imports import (
    CountsSerializer,
    ImportSerializer,
    NewImportSerializer,
    ProgressSerializer,
    RejectionSerializer,
)
from .listings import ListingDetailSerializer, ListingItemSerializer, ListingSerializer
from .mails import MailSerializer, RemindersSerializer
from .parts import ChangedPartSerializer, NewPartSerializer, PartSerializer
from .people import PersonSerializer
from .problems import FieldErrorSerializer, ProblemSerializer
from .review import (
    DecisionSerializer,
    NewDecisionSerializer,
    NewPairSerializer,
    PairEndSerializer,
    PairSerializer,
)
from .sources import (
    ChangedSourceSerializer,
    DryRunSerializer,
    FoundSerializer,
    HealthSerializer,
    NewSourceSerializer,
    SourceSerializer,
)
from .submissions import NewSubmissionSerializer, SubmissionItemSerializer, SubmissionSerializer
from .sync import TombstoneSerializer

__all__ = [
    "AgendaChangeSerializer",
    "AgendaSerializer",
    "ArrangedAgendaSerializer",
    "CastVoteSerializer",
    "ChangedAgendaItemSerializer",
    "ChangedClubSerializer",
    "ChangedPartSerializer",
    "ChangedSourceSerializer",
    "ClubSerializer",
    "CommentRevisionSerializer",
    "CommentSerializer",
    "CountsSerializer",
    "DecisionSerializer",
    "DryRunSerializer",
    "EditedCommentSerializer",
    "EditedPaperSerializer",
    "EntryChangeSerializer",
    "EntrySerializer",
    "FieldErrorSerializer",
    "FoundSerializer",
    "HealthSerializer",
    "IdentifierSerializer",
    "ImportSerializer",
    "ListingDetailSerializer",
    "ListingItemSerializer",
    "ListingSerializer",
    "MailSerializer",
    "MemberSerializer",
    "NewAgendaItemSerializer",
    "NewCommentSerializer",
    "NewDecisionSerializer",
    "NewEntrySerializer",
    "NewImportSerializer",
    "NewPairSerializer",
    "NewPartSerializer",
    "NewSourceSerializer",
    "NewSubmissionSerializer",
    "OverriddenItemSerializer",
    "PairEndSerializer",
    "PairSerializer",
    "PaperSerializer",
    "PartSerializer",
    "PersonSerializer",
    "ProblemSerializer",
    "ProgressSerializer",
    "PromoterSerializer",
    "RankingSerializer",
    "RejectionSerializer",
    "RemindersSerializer",
    "SourceSerializer",
    "SubmissionItemSerializer",
    "SubmissionSerializer",
    "SwappedItemsSerializer",
    "TagSerializer",
    "TombstoneSerializer",
    "UndoneChangeSerializer",
    "UnlockedAgendaSerializer",
    "UrlSerializer",
    "VoteSerializer",
    "WindowSerializer",
]
