"""What a request may know of: what its person may, narrowed to the clubs its token is for.

Every queryset of the API starts here, so a forgotten check hides rows instead of showing them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from rest_framework.request import Request

from accounts import permissions
from accounts.models import ApiToken, Club, User
from papers.models import (
    Absence,
    Assignment,
    CandidatePair,
    DatePoll,
    Decision,
    Entry,
    Import,
    Listing,
    ListingItem,
    MergedPaper,
    OutgoingMail,
    Paper,
    PlanDraft,
    Series,
    Session,
    Source,
)
from papers.models.catalogue import PaperQuerySet

Rows = TypeVar("Rows", bound=QuerySet)


class Reach:
    def __init__(self, user: User | AnonymousUser, token: ApiToken | None = None) -> None:
        self.user = user
        self.token = token

    @classmethod
    def of(cls, request: Request) -> Reach:
        token = request.auth if isinstance(request.auth, ApiToken) else None
        return cls(request.user, token)

    @property
    def token_clubs(self) -> set[int]:
        """The clubs the token is for, by one query for each request; empty where it is for all, or there is none."""
        return set() if self.token is None else permissions.token_clubs(self.token)

    @cached_property
    def my_clubs(self) -> frozenset[int]:
        """The clubs in which this request acts as a member. One query for each request."""
        if not isinstance(self.user, User):
            return frozenset()
        mine = frozenset(permissions.load_roles(self.user))
        return mine & self.token_clubs if self.token_clubs else mine

    def clubs(self) -> QuerySet[Club]:
        return self._narrow(Club.objects.visible_to(self.user), "pk")

    def papers(self) -> PaperQuerySet:
        return self._narrow(Paper.objects.visible_to(self.user), "private_to", or_nobodys=True)

    def merged_papers(self) -> QuerySet[MergedPaper]:
        """Ids that lead to another paper."""
        merged = self._narrow(MergedPaper.objects.visible_to(self.user), "private_to", or_nobodys=True)
        return merged.filter(paper__in=self.papers().values("pk"))

    def pairs(self) -> QuerySet[CandidatePair]:
        pairs = CandidatePair.objects.visible_to(self.user)
        for owner in ("first__private_to", "second__private_to", "club"):
            pairs = self._narrow(pairs, owner, or_nobodys=True)
        return pairs

    def decisions(self) -> QuerySet[Decision]:
        return self._narrow(Decision.objects.visible_to(self.user), "private_to", or_nobodys=True)

    def papers_for(self, club: Club) -> QuerySet[Paper]:
        """Papers that may get an entry of a club: what is private to another club stays out of this one."""
        return self.papers().filter(Q(private_to=None) | Q(private_to=club))

    def sources(self) -> QuerySet[Source]:
        return self._narrow(Source.objects.visible_to(self.user), "club", or_nobodys=True)

    def listings(self) -> QuerySet[Listing]:
        return Listing.objects.filter(source__in=self.sources().values("pk"))

    def listing_items(self) -> QuerySet[ListingItem]:
        return ListingItem.objects.filter(paper__in=self.papers().values("pk"))

    def imports(self) -> QuerySet[Import]:
        return self._narrow(Import.objects.visible_to(self.user), "club", or_nobodys=True)

    def mails(self) -> QuerySet[OutgoingMail]:
        return self._narrow(OutgoingMail.objects.visible_to(self.user), "club")

    def entries(self) -> QuerySet[Entry]:
        entries = self._narrow(Entry.objects.visible_to(self.user), "club")
        return self._narrow(entries, "paper__private_to", or_nobodys=True)

    def sessions(self) -> QuerySet[Session]:
        return self._narrow(Session.objects.visible_to(self.user), "club")

    def date_polls(self) -> QuerySet[DatePoll]:
        return self._narrow(DatePoll.objects.visible_to(self.user), "club")

    def series(self) -> QuerySet[Series]:
        return self._narrow(Series.objects.visible_to(self.user), "club")

    def assignments(self) -> QuerySet[Assignment]:
        return self._narrow(Assignment.objects.visible_to(self.user), "club")

    def absences(self) -> QuerySet[Absence]:
        return self._narrow(Absence.objects.visible_to(self.user), "club")

    def plan_drafts(self) -> QuerySet[PlanDraft]:
        return self._narrow(PlanDraft.objects.visible_to(self.user), "club")

    def _narrow(self, rows: Rows, club: str, *, or_nobodys: bool = False) -> Rows:
        if not self.token_clubs:
            return rows
        allowed = Q(**{f"{club}__in": self.token_clubs})
        return rows.filter(allowed | Q(**{club: None}) if or_nobodys else allowed)
