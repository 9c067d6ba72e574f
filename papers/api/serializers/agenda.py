"""The agenda of a session, and the record of its changes."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from papers.models import AgendaChange, AgendaItem, Session
from papers.models.sessions import MOST_MINUTES
from papers.numbers import LARGEST
from papers.scheduling import agenda
from papers.scheduling.agenda_items import MOST_ITEMS

from .people import PersonSerializer

_MOST_POSITION = 10_000


class AgendaItemSerializer(serializers.ModelSerializer):
    """A point of an agenda; `starts` is computed from the minutes of those above it."""

    entry = serializers.IntegerField(
        source="entry_id", read_only=True, allow_null=True, help_text=_("The entry; null for a topic.")
    )
    paper = serializers.IntegerField(
        source="entry.paper_id", read_only=True, allow_null=True, default=None, help_text=_("Its paper.")
    )
    starts = serializers.SerializerMethodField()
    score = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text=_("When votes closed, if they brought it; for members only."),
    )
    reason = serializers.CharField(read_only=True, help_text=_("Why it stands here; for members only."))
    version = serializers.IntegerField(read_only=True)

    class Meta:
        model = AgendaItem
        fields = [
            *("id", "position", "entry", "paper", "title", "minutes", "starts", "is_pinned", "is_closing"),
            *("note", "reason", "score", "version"),
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.DateTimeField)
    def get_starts(self, item: AgendaItem) -> str:
        starts: dict[int, datetime] = self.context["starts"]
        return str(serializers.DateTimeField().to_representation(starts[item.pk]))

    def to_representation(self, item: AgendaItem) -> dict[str, Any]:
        shown = super().to_representation(item)
        if not self.context["is_member"]:
            shown |= {"reason": "", "score": None}
        return shown


class AgendaSerializer(serializers.Serializer):
    """A session's agenda. Its version is that of the session, which every change of the agenda raises."""

    session = serializers.IntegerField(source="pk")
    state = serializers.ChoiceField(choices=Session.State.choices)
    minutes = serializers.IntegerField(help_text=_("Those of the session."))
    left = serializers.SerializerMethodField(help_text=_("Minutes that no item has; below 0: too many."))
    items = serializers.SerializerMethodField()
    version = serializers.IntegerField()

    @extend_schema_field(serializers.IntegerField)
    def get_left(self, session: Session) -> int:
        return session.minutes - sum(item.minutes for item in self.context["items"])

    @extend_schema_field(AgendaItemSerializer(many=True))
    def get_items(self, session: Session) -> list[dict[str, Any]]:
        every, seen = self.context["every"], self.context["items"]
        starts = agenda.compute_starts(session.starts, [item.minutes for item in every])
        context = {**self.context, "starts": {item.pk: at for item, at in zip(every, starts, strict=True)}}
        return [dict(each) for each in AgendaItemSerializer(seen, many=True, context=context).data]


class SubjectSerializer(serializers.Serializer):
    """What an item is about: one of a paper and a topic."""

    paper = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST, help_text=_("The id of a paper.")
    )
    title = serializers.CharField(
        required=False, allow_blank=True, max_length=300, help_text=_("Or a topic without a paper.")
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if "id" not in said and ("paper" in said) == bool(said.get("title")):
            raise serializers.ValidationError(_("Give either a paper or a title."))
        return said


class AgendaItemFieldsSerializer(SubjectSerializer):
    """What may be said of an item besides its place."""

    minutes = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        help_text=_("Left out: what is usual in such a session."),
    )
    is_pinned = serializers.BooleanField(
        required=False,
        help_text=_("Whether a paper stays when the agenda fills by votes; left out: it does."),
    )
    is_closing = serializers.BooleanField(
        required=False, help_text=_("Whether it stands below the papers that the votes bring.")
    )


class NewAgendaItemSerializer(AgendaItemFieldsSerializer):
    position = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=_MOST_POSITION,
        help_text=_("From 1. Left out: last of those that open the session, or that close it."),
    )


class ChangedAgendaItemSerializer(serializers.Serializer):
    """What is left out stays as it is."""

    title = serializers.CharField(required=False, max_length=300, help_text=_("Of a topic."))
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=MOST_MINUTES)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)
    is_pinned = serializers.BooleanField(required=False)
    is_closing = serializers.BooleanField(required=False)
    position = serializers.IntegerField(required=False, min_value=1, max_value=_MOST_POSITION)


class WantedAgendaItemSerializer(AgendaItemFieldsSerializer):
    id = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST,
        help_text=_("Of an item that is there; new ones have none."),
    )


class ArrangedAgendaSerializer(serializers.Serializer):
    items = serializers.ListField(
        child=WantedAgendaItemSerializer(),
        max_length=MOST_ITEMS,
        help_text=_("All items in their order. One that is there and not named is taken off."),
    )
    anyway = serializers.BooleanField(
        required=False, default=False, help_text=_("Also where that loses what others have added.")
    )


class OverriddenItemSerializer(SubjectSerializer):
    note = serializers.CharField(max_length=500, help_text=_("Why."))
    anyway = serializers.BooleanField(required=False, default=False)


class SwappedItemsSerializer(serializers.Serializer):
    items = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST),
        min_length=2,
        max_length=2,
        help_text=_("The ids of two items that change places."),
    )


class UnlockedAgendaSerializer(serializers.Serializer):
    lock_at = serializers.DateTimeField(
        help_text=_("When votes close anew: from now on, and before the session starts.")
    )


class UndoneChangeSerializer(serializers.Serializer):
    change = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST,
        help_text=_("The first change to be undone, with all since; left out: the last one."),
    )
    anyway = serializers.BooleanField(
        required=False, default=False, help_text=_("Also where an accepted part would end with it.")
    )


class RecordedItemSerializer(serializers.Serializer):
    """An item as the record has it: as it was then."""

    id = serializers.IntegerField()
    entry = serializers.IntegerField(allow_null=True)
    paper = serializers.IntegerField(allow_null=True)
    title = serializers.CharField()
    minutes = serializers.IntegerField()
    is_pinned = serializers.BooleanField()
    is_closing = serializers.BooleanField()
    note = serializers.CharField()


class AgendaChangeSerializer(serializers.ModelSerializer):
    by = PersonSerializer(read_only=True, allow_null=True, help_text=_("Null: the clock."))
    made = serializers.DateTimeField(source="made_at", read_only=True)
    text = serializers.CharField(source="said", read_only=True, help_text=_("What changed, in words."))
    before = RecordedItemSerializer(many=True, read_only=True)
    after = RecordedItemSerializer(many=True, read_only=True)

    class Meta:
        model = AgendaChange
        fields = ["id", "act", "text", "by", "made", "before", "after", "is_undone"]
        read_only_fields = fields
