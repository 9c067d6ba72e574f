"""A club's reading list: entries, votes and tags."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from papers.models import Entry, Vote
from papers.numbers import LARGEST
from papers.reading_list import TAG_LENGTH

from .people import PersonSerializer


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
