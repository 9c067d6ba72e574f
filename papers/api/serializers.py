"""What the API's rows look like, and what it takes in. The words are those of docs/design.md."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Club, Membership, Role, User
from papers import importers
from papers.importers.times import PartialDate, read_date
from papers.models import (
    CandidatePair,
    Comment,
    CommentRevision,
    Decision,
    DryRun,
    Entry,
    Import,
    Listing,
    Paper,
    Source,
    SubmissionItem,
    Vote,
)
from papers.models.sources import MOST_HOURS
from papers.numbers import LARGEST
from papers.reading_list import TAG_LENGTH
from papers.records import MAX_ABSTRACT, MAX_AUTHORS, MAX_JOURNAL, MAX_NAME, MAX_TITLE, Precision
from papers.sources import health

# People


class PersonSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="display_name", read_only=True)

    class Meta:
        model = User
        fields = ["id", "name"]


class MemberSerializer(serializers.ModelSerializer):
    id = serializers.IntegerField(source="user_id", read_only=True)
    name = serializers.CharField(source="user.display_name", read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "name", "role", "joined"]


class ClubSerializer(serializers.ModelSerializer):
    role = serializers.SerializerMethodField(
        help_text=_("What you are here; null in a public club of others.")
    )
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Club
        fields = ["id", "slug", "name", "time_zone", "is_public", "role", "created", "version"]

    @extend_schema_field(serializers.ChoiceField(choices=Role.choices, allow_null=True))
    def get_role(self, club: Club) -> str | None:
        roles: dict[int, str] = self.context["roles"]
        return roles.get(club.pk)


# The catalogue


class IdentifierSerializer(serializers.Serializer):
    scheme = serializers.CharField()
    value = serializers.CharField()


class UrlSerializer(serializers.Serializer):
    kind = serializers.CharField(help_text=_("page, pdf, code, project or doi"))
    url = serializers.URLField()

    def to_representation(self, pair: list[str]) -> dict[str, str]:
        return {"kind": pair[0], "url": pair[1]}


class PaperSerializer(serializers.ModelSerializer):
    authors = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text=_("Names in order.")
    )
    categories = serializers.ListField(child=serializers.CharField(), read_only=True)
    identifiers = IdentifierSerializer(many=True, read_only=True)
    urls = UrlSerializer(many=True, read_only=True)
    published_precision = serializers.ChoiceField(
        [each.value for each in Precision],
        read_only=True,
        help_text=_("What is known of the day: of a month or a year, `published` is the first day."),
    )
    revision = serializers.IntegerField(
        read_only=True, allow_null=True, help_text=_("The work's own, as 3 of arXiv v3.")
    )
    version = serializers.IntegerField(
        read_only=True, help_text=_("The catalogue's version at its last change.")
    )

    class Meta:
        model = Paper
        fields = [
            *("id", "title", "abstract", "authors", "identifiers", "published", "published_precision"),
            *("updated", "revision", "categories", "journal", "volume", "issue", "pages", "urls", "version"),
        ]


class EditedPaperSerializer(serializers.Serializer):
    """What `PATCH papers/<id>/` takes. Null, or nothing, gives a field back to the sources."""

    title = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=MAX_TITLE)
    abstract = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=MAX_ABSTRACT
    )
    authors = serializers.ListField(
        child=serializers.CharField(max_length=MAX_NAME),
        required=False,
        allow_null=True,
        max_length=MAX_AUTHORS,
        help_text=_("Names in order."),
    )
    published = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=10,
        help_text=_("As much of the day as is known: 2014-12-05, 2014-12 or 2014."),
    )
    journal = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=MAX_JOURNAL,
        help_text=_("Without one, volume, issue and pages are as the sources say, too."),
    )
    volume = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=100)
    issue = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=100)
    pages = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=100)

    def validate_published(self, text: str | None) -> PartialDate | None:
        found = read_date(text) if text else None
        if text and found is None:
            raise serializers.ValidationError(_("This is no date. Write it as 2014-12-05, 2014-12 or 2014."))
        return found

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as `catalogue.edit_paper` takes them."""
        changes = {
            name: tuple(value) if isinstance(value, list) else value or "" for name, value in said.items()
        }
        if "published" in said:
            day: PartialDate | None = said["published"]
            changes |= {
                "published": day.date if day else None,
                "published_precision": day.precision if day else Precision.DAY,
            }
        return changes


# Papers that may be one


class PairEndSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()


class PairSerializer(serializers.ModelSerializer):
    papers = serializers.SerializerMethodField(help_text=_("The two, the older id first."))
    proposed_by = PersonSerializer(read_only=True, allow_null=True, help_text=_("Null: an import."))

    class Meta:
        model = CandidatePair
        fields = ["id", "papers", "state", "reason", "proposed_by", "proposed"]
        read_only_fields = fields

    @extend_schema_field(PairEndSerializer(many=True))
    def get_papers(self, pair: CandidatePair) -> list[dict[str, Any]]:
        return [{"id": paper.pk, "title": paper.title} for paper in (pair.first, pair.second)]


class NewPairSerializer(serializers.Serializer):
    paper = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text=_("The id of a paper."))
    other = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text=_("The id of another one."))
    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=500, help_text=_("Why they are one.")
    )


class DecisionSerializer(serializers.ModelSerializer):
    paper = serializers.IntegerField(source="kept", read_only=True, help_text=_("The one that stayed."))
    other = serializers.IntegerField(
        read_only=True, help_text=_("The other; merged, its id leads to the first.")
    )
    by = PersonSerializer(read_only=True, allow_null=True, help_text=_("Null: an import."))

    class Meta:
        model = Decision
        fields = ["id", "act", "paper", "other", "reason", "by", "decided"]
        read_only_fields = fields


class NewDecisionSerializer(serializers.Serializer):
    act = serializers.ChoiceField(choices=[Decision.Act.MERGED, Decision.Act.KEPT_APART])


# Sources and listings


class HealthSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=[state.value for state in health.State])
    text = serializers.CharField(help_text=_("The same as a sentence."))
    last_good = serializers.DateTimeField(allow_null=True, help_text=_("The end of the last good run."))
    next_run = serializers.DateTimeField(allow_null=True, help_text=_("Null while it runs by hand only."))
    failures = serializers.IntegerField(help_text=_("How many runs in a row have failed."))
    error = serializers.CharField(
        allow_null=True, help_text=_("Why the last one failed; for its keepers only.")
    )


class SourceSerializer(serializers.ModelSerializer):
    """A source. What it asks for is told to those who keep it: an address may hold a key."""

    club: serializers.SlugRelatedField[Club] = serializers.SlugRelatedField(
        slug_field="slug",
        read_only=True,
        allow_null=True,
        help_text=_("The club it belongs to; null for the installation's."),
    )
    query = serializers.CharField(
        read_only=True, allow_null=True, help_text=_("What it asks for; for its keepers only.")
    )
    address = serializers.CharField(read_only=True, allow_null=True, help_text=_("For its keepers only."))
    watermark = serializers.DictField(
        read_only=True, allow_null=True, help_text=_("Up to where everything is in; for its keepers only.")
    )
    every_hours = serializers.IntegerField(read_only=True, allow_null=True)
    daily_at = serializers.TimeField(
        read_only=True, allow_null=True, format="%H:%M", help_text=_("By the clocks of its time zone.")
    )
    health = serializers.SerializerMethodField()

    class Meta:
        model = Source
        fields = [
            *("id", "slug", "name", "kind", "club", "query", "address", "since", "every_hours", "daily_at"),
            *("time_zone", "is_paused", "watermark", "health"),
        ]
        read_only_fields = fields

    def to_representation(self, source: Source) -> dict[str, Any]:
        shown = super().to_representation(source)
        if not self.context["keeps"](source.club):
            shown |= {"query": None, "address": None, "watermark": None}
        return shown

    @extend_schema_field(HealthSerializer)
    def get_health(self, source: Source) -> dict[str, Any]:
        found = health.describe(source, timezone.now())
        return dict(
            HealthSerializer(
                {
                    "state": found.state,
                    "text": found.text,
                    "last_good": source.last_good,
                    "next_run": source.due_at,
                    "failures": source.failures,
                    "error": source.error if self.context["keeps"](source.club) else None,
                }
            ).data
        )


class ChangedSourceSerializer(serializers.Serializer):
    """What `PATCH sources/<id>/` takes; what is left out stays."""

    name = serializers.CharField(required=False, max_length=100)
    kind = serializers.ChoiceField(
        required=False, choices=Source.Kind.choices, help_text=_("Any but upload.")
    )
    query = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=1_000,
        help_text=_("A search of arXiv or Crossref, a category, a set, an ISSN."),
    )
    address = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2_000,
        help_text=_("Of a feed, a file or a repository, on the open network."),
    )
    since = serializers.DateField(
        required=False, allow_null=True, help_text=_("How far back its first run goes; a week if null.")
    )
    every_hours = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MOST_HOURS,
        help_text=_("Or `daily_at`, or neither."),
    )
    daily_at = serializers.TimeField(required=False, allow_null=True, help_text=_("Such as 06:00."))
    time_zone = serializers.CharField(required=False, max_length=64, help_text=_("Such as Europe/Berlin."))
    is_paused = serializers.BooleanField(required=False)


class NewSourceSerializer(ChangedSourceSerializer):
    """What `POST sources/` takes."""

    name = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(choices=Source.Kind.choices, help_text=_("Any but upload."))
    club = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text=_("The short name of the club it is for; else the installation."),
    )


class FoundSerializer(serializers.Serializer):
    """What a dry run says of one record."""

    what = serializers.ChoiceField(choices=["new", "here", "rejected"])
    title = serializers.CharField(required=False)
    authors = serializers.CharField(required=False, help_text=_("The first names in order."))
    paper = serializers.IntegerField(
        required=False, allow_null=True, help_text=_("The id of a paper that is here.")
    )
    place = serializers.CharField(required=False, help_text=_("Where a rejected record stands."))
    reason = serializers.CharField(required=False)
    raw = serializers.CharField(required=False, allow_blank=True)


class DryRunSerializer(serializers.ModelSerializer):
    found = FoundSerializer(many=True, read_only=True, help_text=_("The first fifty records."))

    class Meta:
        model = DryRun
        fields = ["state", "queued", "finished", "error", "found", "has_more"]
        read_only_fields = fields


class ListingItemSerializer(serializers.Serializer):
    position = serializers.IntegerField()
    paper = serializers.IntegerField(source="paper_id", help_text=_("The id of the paper."))
    upvotes = serializers.IntegerField(allow_null=True, help_text=_("Votes at the source itself."))
    submitter = serializers.CharField(allow_blank=True)


class ListingSerializer(serializers.ModelSerializer):
    source = serializers.IntegerField(  # type: ignore[assignment]
        source="source_id", read_only=True, help_text=_("The id of the source.")
    )
    version = serializers.IntegerField(
        read_only=True, help_text=_("The catalogue's version at its last change.")
    )

    class Meta:
        model = Listing
        fields = ["id", "source", "date", "created", "version"]


class ListingDetailSerializer(ListingSerializer):
    items = ListingItemSerializer(
        source="first_items", many=True, read_only=True, help_text=_("The first 1,000 papers, in order.")
    )
    more_items = serializers.URLField(
        read_only=True,
        allow_null=True,
        help_text=_("Where the items after those are; null when these are all."),
    )

    class Meta(ListingSerializer.Meta):
        fields = [*ListingSerializer.Meta.fields, "items", "more_items"]


# Imports


class CountsSerializer(serializers.ModelSerializer):
    class Meta:
        model = Import
        fields = ["added", "updated", "unchanged", "rejected"]
        read_only_fields = fields


class ProgressSerializer(serializers.ModelSerializer):
    records_per_second = serializers.FloatField(
        source="pace", read_only=True, allow_null=True, help_text=_("Since a worker last took it up.")
    )
    seconds_left = serializers.IntegerField(
        read_only=True, allow_null=True, help_text=_("At this pace; null where that is not known.")
    )

    class Meta:
        model = Import
        fields = ["read_bytes", "input_bytes", "records_per_second", "seconds_left"]
        read_only_fields = fields


class ImportSerializer(serializers.ModelSerializer):
    source = serializers.IntegerField(source="source_id", read_only=True)  # type: ignore[assignment]
    club: serializers.SlugRelatedField[Club] = serializers.SlugRelatedField(
        slug_field="slug", read_only=True, allow_null=True
    )
    queued_by = PersonSerializer(read_only=True, allow_null=True)
    counts = CountsSerializer(source="*", read_only=True)
    progress = ProgressSerializer(source="*", read_only=True)

    class Meta:
        model = Import
        fields = [
            *("id", "state", "input_name", "format", "date", "columns", "source", "club", "queued_by"),
            *("queued", "started", "finished", "attempts", "error", "progress", "counts", "is_submission"),
        ]
        read_only_fields = fields
        extra_kwargs = {
            "is_submission": {
                "help_text": _("Of identifiers, by `POST papers/`; its `items/` tell of each.")
            },
            "attempts": {"help_text": _("How often a worker took it up: more than once where it broke off.")},
        }


class RejectionSerializer(serializers.Serializer):
    place = serializers.CharField(help_text=_("Where in the input, such as: line 11."))
    reason = serializers.CharField()
    raw = serializers.CharField(
        allow_blank=True, help_text=_("What the record says, its first 2,000 characters.")
    )


class NewImportSerializer(serializers.Serializer):
    """What `POST imports/` takes, as multipart/form-data."""

    file = serializers.FileField(
        allow_empty_file=True,
        use_url=False,
        help_text=_("The input: a saved page, a JSON answer, an Atom feed …"),
    )
    format = serializers.ChoiceField(
        choices=[], required=False, allow_blank=True, help_text=_("Detected where it is left out.")
    )
    date = serializers.DateField(
        required=False,
        allow_null=True,
        help_text=_("The day of the listing, where the input does not say it."),
    )
    club = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text=_("The short name of the club it is for; else the installation."),
    )
    source = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_blank=True, help_text=_("The short name of the source it came from.")
    )
    columns = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text=_(
            "Of a table (CSV): an object of fields and the headings of their columns, such as "
            '{"title": "Titel", "year": "Jahr"}. Guessed where it is left out.'
        ),
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        fields["format"].choices = list(importers.FORMATS)  # type: ignore[attr-defined]
        return fields


class SubmissionItemSerializer(serializers.ModelSerializer):
    """What came of one identifier that was submitted."""

    identifier = serializers.SerializerMethodField(
        help_text=_("As it was understood; null where it was not.")
    )
    paper = serializers.IntegerField(
        source="paper_id", read_only=True, allow_null=True, help_text=_("The paper's id, once there is one.")
    )

    class Meta:
        model = SubmissionItem
        fields = ["number", "place", "written", "identifier", "state", "reason", "paper"]
        read_only_fields = fields
        extra_kwargs = {
            "reason": {"help_text": _("Why there is no paper.")},
            "state": {
                "help_text": _(
                    "`waiting`: being looked up; `added`, `here`: there is a paper; `not_found`; "
                    "`unanswered`: try again; `unknown`: not understood."
                )
            },
        }

    @extend_schema_field(IdentifierSerializer(allow_null=True))
    def get_identifier(self, item: SubmissionItem) -> dict[str, str] | None:
        return {"scheme": item.scheme, "value": item.value} if item.scheme else None


class SubmissionSerializer(ImportSerializer):
    """An import of identifiers, and what came of each."""

    items = SubmissionItemSerializer(source="shown_items", many=True, read_only=True)

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "items"]


class NewSubmissionSerializer(serializers.Serializer):
    """What `POST papers/` takes."""

    identifier = serializers.CharField(
        required=False,
        max_length=2_000,
        help_text=_("One, however it is written, or an address with one in it."),
    )
    identifiers = serializers.ListField(
        child=serializers.CharField(max_length=2_000),
        required=False,
        min_length=1,
        max_length=100,
        help_text=_("Several."),
    )
    club = serializers.CharField(
        required=False, help_text=_("The short name of the club it is for; its members see the submission.")
    )
    suggest = serializers.BooleanField(
        required=False, default=False, help_text=_("Suggest what is found to the club's reading list.")
    )

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if ("identifier" in said) == ("identifiers" in said):
            raise serializers.ValidationError(_("Give either `identifier` or `identifiers`."))
        if said["suggest"] and "club" not in said:
            raise serializers.ValidationError({"club": [_("To which club?")]})
        return said


# The reading list


class PromoterSerializer(serializers.Serializer):
    """A member with a promotion or an offer on an entry."""

    id = serializers.IntegerField(source="member_id")
    name = serializers.CharField(source="member.display_name")


class EntrySerializer(serializers.ModelSerializer):
    """An entry and all that belongs to it; prepared by `views.entries.with_acts`."""

    club = serializers.SlugField(source="club.slug", read_only=True)
    paper = serializers.IntegerField(source="paper_id", read_only=True, help_text=_("The id of the paper."))
    score = serializers.IntegerField(read_only=True, help_text=_("Promotions less demotions."))
    my_vote = serializers.SerializerMethodField(help_text=_("Your own vote: 1, -1, or null."))
    promoters = PromoterSerializer(
        many=True,
        read_only=True,
        allow_null=True,
        help_text=_("In the order they promoted; for members only."),
    )
    volunteers = PromoterSerializer(
        source="offers", many=True, read_only=True, allow_null=True, help_text=_("For members only.")
    )
    revision_seen = serializers.SerializerMethodField(
        help_text=_(
            "The newest revision of the paper on which you voted, commented or offered; null: none known."
        )
    )
    tags = serializers.SerializerMethodField()
    comments = serializers.IntegerField(source="comment_count", read_only=True, help_text=_("How many."))
    suggested_by = PersonSerializer(read_only=True, allow_null=True, help_text=_("For members only."))
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Entry
        fields = [
            *("id", "club", "paper", "state", "score", "promotions", "demotions", "my_vote"),
            *(
                "revision_seen",
                "promoters",
                "volunteers",
                "tags",
                "comments",
                "suggested_by",
                "created",
                "version",
            ),
        ]
        read_only_fields = fields

    def to_representation(self, entry: Entry) -> dict[str, Any]:
        shown = super().to_representation(entry)
        if not self.context["is_member"]:
            # Who stands behind the numbers of a public club is its own business.
            shown |= {"promoters": None, "volunteers": None, "suggested_by": None}
        return shown

    def get_my_vote(self, entry: Any) -> int | None:
        return next((vote.value for vote in entry.my_votes), None)

    def get_revision_seen(self, entry: Any) -> int | None:
        person = self.context["request"].user.pk
        acts = [*entry.my_votes, *(offer for offer in entry.offers if offer.member_id == person)]
        seen = [entry.commented_revision, *(act.paper_revision for act in acts)]
        return max((revision for revision in seen if revision is not None), default=None)

    def get_tags(self, entry: Any) -> list[str]:
        return [tagging.tag.name for tagging in entry.taggings.all()]


class NewEntrySerializer(serializers.Serializer):
    paper = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text=_("The id of a paper."))


class CastVoteSerializer(serializers.Serializer):
    value = serializers.ChoiceField(choices=[1, -1], help_text=_("1 promotes, -1 demotes."))

    def validate_value(self, value: int) -> int:
        # A ChoiceField compares as text, so "1" and true would do; what comes back is the number.
        return int(value)


class VoteSerializer(serializers.ModelSerializer):
    entry = serializers.IntegerField(source="entry_id", read_only=True)
    paper = serializers.IntegerField(source="entry.paper_id", read_only=True)
    member = PersonSerializer(read_only=True)
    cast = serializers.DateTimeField(source="cast_at", read_only=True)
    version = serializers.IntegerField(read_only=True)

    class Meta:
        model = Vote
        fields = ["id", "entry", "paper", "member", "value", "cast", "version"]
        read_only_fields = fields


class TagSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=TAG_LENGTH, help_text=_("Blanks become hyphens."))


# The discussion


class CommentSerializer(serializers.ModelSerializer):
    entry = serializers.IntegerField(source="entry_id", read_only=True)
    parent = serializers.IntegerField(source="parent_id", read_only=True, allow_null=True)  # type: ignore[assignment]
    author = PersonSerializer(read_only=True, allow_null=True)
    posted = serializers.DateTimeField(source="posted_at", read_only=True)
    edited = serializers.DateTimeField(source="edited_at", read_only=True, allow_null=True)
    removed = serializers.DateTimeField(source="removed_at", read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Comment
        fields = ["id", "entry", "parent", "author", "text", "posted", "edited", "removed", "version"]
        read_only_fields = fields


class NewCommentSerializer(serializers.Serializer):
    text = serializers.CharField(
        trim_whitespace=False, help_text=_("Markdown with mathematics, up to 20 kB.")
    )
    parent = serializers.IntegerField(  # type: ignore[assignment]
        required=False,
        allow_null=True,
        min_value=1,
        max_value=LARGEST,
        help_text=_("The comment this one answers."),
    )


class EditedCommentSerializer(serializers.Serializer):
    text = serializers.CharField(trim_whitespace=False)


class CommentRevisionSerializer(serializers.ModelSerializer):
    replaced = serializers.DateTimeField(source="replaced_at", read_only=True)

    class Meta:
        model = CommentRevision
        fields = ["text", "replaced"]
        read_only_fields = fields


# Sync and errors


class TombstoneSerializer(serializers.Serializer):
    kind = serializers.CharField(help_text=_("What it was: paper, entry, vote, volunteer, tagging …"))
    id = serializers.IntegerField(source="object_id")
    version = serializers.IntegerField(help_text=_("The library's version when it was deleted."))


class FieldErrorSerializer(serializers.Serializer):
    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    accepted = serializers.JSONField(
        required=False, help_text=_("The values that would do, where they are few.")
    )


class ProblemSerializer(serializers.Serializer):
    """Problem details, RFC 9457."""

    type = serializers.URLField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    code = serializers.CharField(help_text=_("The problem as one word, for scripts."))
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]
