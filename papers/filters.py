"""What a list may be narrowed by: one FilterSet for each resource of the API.

A filter only narrows. Which rows somebody may know of was decided before, by `visible_to`.
"""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from papers.numbers import LARGEST, read_number

from . import identifiers, search
from .identifiers import Identifier
from .models import Assignment, CandidatePair, Entry, Import, Listing, OutgoingMail, Paper, Session

LONGEST_QUERY = 400


class IdentifierField(forms.CharField):
    """An identifier, however it is written; cleans to an `Identifier`."""

    default_error_messages = {
        "unreadable": _(
            "This is no identifier we can read. Write the scheme and the value, "
            "such as doi:10.1000/xyz, arxiv:2504.12345 or pmid:123."
        )
    }

    def clean(self, value: Any) -> Identifier | None:
        text = super().clean(value)
        if not text:
            return None
        found = identifiers.parse(text)
        if found is None:
            raise forms.ValidationError(self.error_messages["unreadable"], code="unreadable")
        return found


class IdentifierFilter(django_filters.CharFilter):
    field_class = IdentifierField


class IdField(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "min_value": 1, "max_value": LARGEST})


class IdFilter(django_filters.NumberFilter):
    """The id of another row: a whole number that a database holds."""

    field_class = IdField


class PaperFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search_text",
        max_length=LONGEST_QUERY,
        label=_("Words in title, authors, abstract or identifiers, best match first."),
    )
    identifier = IdentifierFilter(
        method="find_identifier",
        label=_(
            "Any identifier of the paper, however it is written: doi:10.1000/xyz, an arXiv address, pmid:123."
        ),
    )
    category = django_filters.CharFilter(
        method="keep_category", max_length=100, label=_("A category as its source writes it, such as cs.LG.")
    )
    published_after = django_filters.DateFilter(
        field_name="published", lookup_expr="gte", label=_("Published on this day or later.")
    )
    published_before = django_filters.DateFilter(
        field_name="published", lookup_expr="lte", label=_("Published on this day or earlier.")
    )

    class Meta:
        model = Paper
        fields: list[str] = []

    def search_text(self, papers: QuerySet[Paper], name: str, text: str) -> QuerySet[Paper]:
        return search.matching(papers, text)  # type: ignore[arg-type]

    def find_identifier(self, papers: QuerySet[Paper], name: str, found: Identifier) -> QuerySet[Paper]:
        return papers.filter(identifiers__scheme=found.scheme, identifiers__value=found.value)

    def keep_category(self, papers: QuerySet[Paper], name: str, category: str) -> QuerySet[Paper]:
        return papers.filter(categories__contains=[category])


class ListingFilter(django_filters.FilterSet):
    date = django_filters.DateFilter(label=_("The listings of one day."))
    date_after = django_filters.DateFilter(
        field_name="date", lookup_expr="gte", label=_("Of this day or later.")
    )
    date_before = django_filters.DateFilter(
        field_name="date", lookup_expr="lte", label=_("Of this day or earlier.")
    )
    source = django_filters.CharFilter(
        method="keep_source", max_length=80, label=_("The id or the short name of a source.")
    )

    class Meta:
        model = Listing
        fields: list[str] = []

    def keep_source(self, listings: QuerySet[Listing], name: str, source: str) -> QuerySet[Listing]:
        if (pk := read_number(source)) is not None:
            return listings.filter(Q(source=pk) | Q(source__slug=source))
        return listings.filter(source__slug=source)


class EntryFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(
        choices=Entry.State.choices,
        distinct=False,
        label=_("One state, or several: ?state=noted&state=suggested."),
    )
    tag = django_filters.CharFilter(
        method="keep_tag", max_length=50, label=_("A tag of the club, in upper or lower case.")
    )
    paper = IdFilter(field_name="paper", label=_("The entry of one paper, by the paper's id."))

    class Meta:
        model = Entry
        fields: list[str] = []

    def keep_tag(self, entries: QuerySet[Entry], name: str, tag: str) -> QuerySet[Entry]:
        return entries.filter(taggings__tag__name__iexact=tag)


class SessionFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Session.State.choices, label=_("draft, open, locked …"))
    series = IdFilter(field_name="series", label=_("Those of one series, by its id."))
    starts_after = django_filters.IsoDateTimeFilter(
        field_name="starts", lookup_expr="gte", label=_("Starts at this moment or later.")
    )
    starts_before = django_filters.IsoDateTimeFilter(
        field_name="starts", lookup_expr="lt", label=_("Starts before this moment.")
    )

    class Meta:
        model = Session
        fields: list[str] = []


class PairFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=CandidatePair.State.choices, label=_("open or apart."))

    class Meta:
        model = CandidatePair
        fields: list[str] = []


class ImportFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(
        choices=Import.State.choices, distinct=False, label=_("One state, or several.")
    )
    club = django_filters.CharFilter(
        field_name="club__slug", max_length=50, label=_("The short name of a club.")
    )

    class Meta:
        model = Import
        fields: list[str] = []


class MailFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(
        choices=OutgoingMail.State.choices, distinct=False, label=_("One state, or several.")
    )
    kind = django_filters.MultipleChoiceFilter(
        choices=OutgoingMail.Kind.choices, distinct=False, label=_("One kind, or several.")
    )
    session = IdFilter(label=_("The id of a session."))

    class Meta:
        model = OutgoingMail
        fields: list[str] = []


class AssignmentFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(
        choices=Assignment.State.choices, distinct=False, label=_("One state, or several.")
    )
    session = IdFilter(field_name="item__session", label=_("The id of a session."))
    member = IdFilter(field_name="member", label=_("The id of a member."))

    class Meta:
        model = Assignment
        fields: list[str] = []
