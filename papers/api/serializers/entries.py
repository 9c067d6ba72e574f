"""A club's reading list: entries, votes and tags."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from papers.models import Entry, EntryChange, Vote
from papers.numbers import LARGEST
from papers.reading_list import TAG_LENGTH

from .people import PersonSerializer


class PromoterSerializer(serializers.Serializer):
    """A member with a promotion or an offer on an entry."""

    id = serializers.IntegerField(source="member_id")
    name = serializers.CharField(source="member.display_name")


class RankingSerializer(serializers.Serializer):
    """An entry's place on the list for the session whose votes close next."""

    place = serializers.IntegerField(help_text=_("From 1."))
    score = serializers.FloatField(help_text=_("Votes of earlier windows count with the club's carry-over."))
    is_eligible = serializers.BooleanField(help_text=_("Whether it has the score that the club asks for."))
    reason = serializers.CharField(help_text=_("Why it stands there, as a sentence."))


class EntrySerializer(serializers.ModelSerializer):
    """An entry and all that belongs to it; prepared by `views.entries.with_acts`."""

    club = serializers.SlugField(source="club.slug", read_only=True)
    paper = serializers.IntegerField(source="paper_id", read_only=True, help_text=_("The id of the paper."))
    score = serializers.IntegerField(
        source="shown_score", read_only=True, help_text=_("Promotions less demotions.")
    )
    promotions = serializers.IntegerField(
        source="shown_promotions",
        read_only=True,
        help_text=_("Where the club keeps totals secret: as they were when votes closed last."),
    )
    demotions = serializers.IntegerField(source="shown_demotions", read_only=True)
    my_vote = serializers.SerializerMethodField(help_text=_("Your own vote: 1, -1, or null."))
    promoters = PromoterSerializer(
        many=True,
        read_only=True,
        allow_null=True,
        help_text=_("In the order they promoted; for members only, and where votes are by name."),
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
    state_since = serializers.DateTimeField(read_only=True)
    discussed = serializers.DateTimeField(
        source="discussed_at",
        read_only=True,
        allow_null=True,
        help_text=_("When the last session began that discussed it; it may be on the list again."),
    )
    ranking = serializers.SerializerMethodField(
        help_text=_("Where it stands on the list, and why; null but with ?order=rank.")
    )
    suggested_by = PersonSerializer(read_only=True, allow_null=True, help_text=_("For members only."))
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Entry
        fields = [
            *("id", "club", "paper", "state", "state_since", "discussed"),
            *("score", "promotions", "demotions", "my_vote", "ranking"),
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
        if not entry.club.shows_voters:
            shown["promoters"] = None
        return shown

    @extend_schema_field(RankingSerializer(allow_null=True))
    def get_ranking(self, entry: Entry) -> dict[str, Any] | None:
        places: dict[int, dict[str, Any]] = self.context.get("places", {})
        return places.get(entry.pk)

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
    again = serializers.BooleanField(
        required=False,
        default=False,
        help_text=_("Put what was discussed before on the list once more; without it, that stays discussed."),
    )


class EntryChangeSerializer(serializers.Serializer):
    """One change of an entry's state; of papers.history.Line."""

    id = serializers.IntegerField()
    changed = serializers.DateTimeField()
    before = serializers.ChoiceField(choices=Entry.State.choices)
    state = serializers.ChoiceField(choices=Entry.State.choices)
    cause = serializers.ChoiceField(choices=EntryChange.Cause.choices)
    note = serializers.CharField(allow_blank=True)
    session = serializers.IntegerField(
        source="session.pk", allow_null=True, default=None, help_text=_("The id of the session it was for.")
    )
    by = PersonSerializer(
        allow_null=True, help_text=_("For members only; null also where votes are secret or nameless.")
    )
    text = serializers.CharField(help_text=_("The same as a sentence."))


class WindowSerializer(serializers.Serializer):
    """Until when votes count for which session, and how many one has left."""

    session = serializers.IntegerField(allow_null=True, help_text=_("The id of the session they count for."))
    opens = serializers.DateTimeField(allow_null=True, help_text=_("When votes closed before; null: never."))
    closes = serializers.DateTimeField(allow_null=True, help_text=_("Null while no session is open."))
    text = serializers.CharField(help_text=_("The same as a sentence."))
    vote_budget = serializers.IntegerField(
        allow_null=True, help_text=_("Votes per member and window; null: no limit.")
    )
    votes_left = serializers.IntegerField(
        allow_null=True, help_text=_("Yours; null without a limit, and for who is no member.")
    )
    totals_are_secret = serializers.BooleanField()


class DroppedEntrySerializer(serializers.Serializer):
    note = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=300, help_text=_("Why, for its history.")
    )


class CastVoteSerializer(serializers.Serializer):
    value = serializers.ChoiceField(choices=[1, -1], help_text=_("1 promotes, -1 demotes."))

    def validate_value(self, value: int) -> int:
        # A ChoiceField compares as text, so "1" and true would do; what comes back is the number.
        return int(value)


class VoteSerializer(serializers.ModelSerializer):
    entry = serializers.IntegerField(source="entry_id", read_only=True)
    paper = serializers.IntegerField(source="entry.paper_id", read_only=True)
    member = PersonSerializer(
        read_only=True, allow_null=True, help_text=_("Null, but of your own, where votes are not by name.")
    )
    cast = serializers.DateTimeField(
        source="cast_at", read_only=True, allow_null=True, help_text=_("Null where `member` is.")
    )
    version = serializers.IntegerField(read_only=True)

    class Meta:
        model = Vote
        fields = ["id", "entry", "paper", "member", "value", "cast", "version"]
        read_only_fields = fields

    def to_representation(self, vote: Vote) -> dict[str, Any]:
        shown = super().to_representation(vote)
        if not self.context["shows_voters"] and vote.member_id != self.context["request"].user.pk:
            shown |= {"member": None, "cast": None}
        return shown


class TagSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=TAG_LENGTH, help_text=_("Blanks become hyphens."))
