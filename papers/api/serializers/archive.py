"""What a club discussed and concluded, and the record of who did what."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from papers.archive import Found
from papers.numbers import LARGEST
from papers.scheduling.presence import MOST_NEW

from .people import PersonSerializer


class TookPartSerializer(serializers.Serializer):
    member = PersonSerializer(allow_null=True)
    guest = serializers.CharField(source="guest.name", allow_null=True, default=None)
    part = serializers.CharField(source="part.name")


class ArchivedSerializer(serializers.Serializer):
    """An item that was discussed; without `item` the notes of a whole session."""

    session = serializers.IntegerField(source="session.pk")
    starts = serializers.DateTimeField(source="session.starts")
    item = serializers.IntegerField(source="item.pk", allow_null=True, default=None)
    entry = serializers.IntegerField(source="item.entry_id", allow_null=True, default=None)
    paper = serializers.IntegerField(source="item.entry.paper_id", allow_null=True, default=None)
    title = serializers.SerializerMethodField()
    verdict = serializers.CharField(source="item.verdict", default="")
    takeaways = serializers.CharField(source="item.takeaways", default="")
    notes = serializers.SerializerMethodField()
    parts = TookPartSerializer(source="item.presented", many=True, default=list)

    @extend_schema_field(
        serializers.CharField(help_text=_("Of the paper, or the topic; empty for a session."))
    )
    def get_title(self, found: Found) -> str:
        if found.item is None:
            return ""
        return found.item.entry.paper.title if found.item.entry else found.item.title

    @extend_schema_field(serializers.CharField)
    def get_notes(self, found: Found) -> str:
        return found.session.notes if found.item is None else found.item.notes


class RecordPersonSerializer(serializers.Serializer):
    name = serializers.CharField()
    is_guest = serializers.BooleanField()
    came = serializers.IntegerField(help_text=_("Sessions they came to."))
    parts = serializers.SerializerMethodField(help_text=_("How often they took each part."))

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_parts(self, person: Any) -> dict[str, int]:
        return dict(zip(self.context["parts"], person.parts, strict=True))


class DeedSerializer(serializers.Serializer):
    day = serializers.DateField()
    session = serializers.IntegerField()
    person = serializers.CharField()
    member = serializers.IntegerField(allow_null=True)
    guest = serializers.IntegerField(allow_null=True)
    part = serializers.CharField(help_text=_("Empty where they came."))
    item = serializers.CharField()
    paper = serializers.IntegerField(allow_null=True)


class RecordSerializer(serializers.Serializer):
    since = serializers.DateField()
    until = serializers.DateField()
    sessions = serializers.IntegerField(help_text=_("How many took place."))
    people = RecordPersonSerializer(many=True)
    deeds = DeedSerializer(many=True)


class CameSerializer(serializers.Serializer):
    members = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST),
        max_length=2_000,
        help_text=_("All who came, by their ids."),
    )
    guests = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST), max_length=2_000, default=list
    )
    new_guests = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=MOST_NEW,
        default=list,
        help_text=_("By name."),
    )


class WhoCameSerializer(serializers.Serializer):
    member = serializers.IntegerField(allow_null=True)
    guest = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    answer = serializers.CharField(help_text=_("What they said before: yes, maybe, no or nothing."))
    came = serializers.BooleanField(allow_null=True, help_text=_("Null: nobody has said so."))
