"""A meeting: its clock, notes, questions, files, conclusions, and who does what next."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from papers.models import ActionItem, AgendaItem, Attachment, Question, Session
from papers.numbers import LARGEST
from papers.scheduling import minutes, questions

from .people import PersonSerializer

_ITEM: dict[str, Any] = {"min_value": 1, "max_value": LARGEST, "required": False, "allow_null": True}
_VERSION: dict[str, Any] = {"read_only": True, "help_text": _("The club's version at its last change.")}


class MeetingSerializer(serializers.ModelSerializer):
    """The clock of a meeting. Time left is `ends` minus now, or minus `paused`."""

    session = serializers.IntegerField(source="pk", read_only=True)
    began = serializers.DateTimeField(source="began_at", read_only=True, allow_null=True)
    item = serializers.IntegerField(
        source="item_now_id", read_only=True, allow_null=True, help_text=_("What is on now.")
    )
    ends = serializers.DateTimeField(
        source="item_ends", read_only=True, allow_null=True, help_text=_("When its time is over.")
    )
    paused = serializers.DateTimeField(source="paused_at", read_only=True, allow_null=True)
    is_on = serializers.BooleanField(read_only=True)
    version = serializers.IntegerField(**_VERSION)

    class Meta:
        model = Session
        fields = ["session", "state", "is_on", "began", "item", "ends", "paused", "extra_minutes", "version"]
        read_only_fields = fields


class RunMeetingSerializer(serializers.Serializer):
    act = serializers.ChoiceField(choices=["start", "next", "back", "pause", "resume", "extend", "finish"])
    after = serializers.IntegerField(
        **_ITEM, help_text=_("What you saw on: where something else is on by now, nothing is done.")
    )
    minutes = serializers.IntegerField(
        min_value=1, max_value=600, default=5, help_text=_("How many more, for `extend`.")
    )


class NotesSerializer(serializers.Serializer):
    text = serializers.CharField()
    version = serializers.IntegerField(help_text=_("The number of these notes, to name when they are saved."))
    about = serializers.CharField(help_text=_("What they are about, in words."))


class SavedNotesSerializer(serializers.Serializer):
    text = serializers.CharField(help_text=_("With what others wrote meanwhile."))
    version = serializers.IntegerField(help_text=_("The number of this text."))
    mine = serializers.IntegerField(
        help_text=_("The number of the text that was sent, for whoever has written on from that.")
    )


class NewNotesSerializer(serializers.Serializer):
    base_version = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text=_("From which number they were written.")
    )
    # The bound is the verb's: notes that are too long may still be shortened.
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)


class ConclusionSerializer(serializers.ModelSerializer):
    """What a club makes of an item of an agenda."""

    item = serializers.IntegerField(source="pk", read_only=True)
    session = serializers.IntegerField(source="session_id", read_only=True)
    entry = serializers.IntegerField(source="entry_id", read_only=True, allow_null=True)
    template = serializers.SerializerMethodField(help_text=_("What take-aways begin with in this club."))
    version = serializers.IntegerField(**_VERSION)

    class Meta:
        model = AgendaItem
        fields = ["item", "session", "entry", "verdict", "takeaways", "template", "version"]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField)
    def get_template(self, item: AgendaItem) -> str:
        return item.session.club.minutes_template


class ChangedConclusionSerializer(serializers.Serializer):
    verdict = serializers.CharField(
        required=False, allow_blank=True, help_text=_("One line, of at most 300 characters.")
    )
    takeaways = serializers.CharField(required=False, allow_blank=True, help_text=_("Markdown."))


class QuestionSerializer(serializers.ModelSerializer):
    session = serializers.IntegerField(source="session_id", read_only=True)
    item = serializers.IntegerField(source="item_id", read_only=True, allow_null=True)
    asked_by = PersonSerializer(read_only=True, allow_null=True)
    asked = serializers.DateTimeField(source="asked_at", read_only=True)
    votes = serializers.IntegerField(source="vote_count", read_only=True)
    my_vote = serializers.BooleanField(source="is_mine", read_only=True)
    version = serializers.IntegerField(**_VERSION)

    class Meta:
        model = Question
        fields = [
            "id",
            "session",
            "item",
            "text",
            "asked_by",
            "asked",
            "state",
            "votes",
            "my_vote",
            "version",
        ]
        read_only_fields = fields


class NewQuestionSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=questions.LONGEST)
    item = serializers.IntegerField(**_ITEM, help_text=_("What it is about; without, what is on now."))


class ChangedQuestionSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=Question.State.choices)


class AttachmentSerializer(serializers.ModelSerializer):
    session = serializers.IntegerField(source="session_id", read_only=True)
    item = serializers.IntegerField(source="item_id", read_only=True, allow_null=True)
    url = serializers.SerializerMethodField(help_text=_("The link, or where the file is."))
    is_file = serializers.SerializerMethodField()
    added_by = PersonSerializer(read_only=True, allow_null=True)
    added = serializers.DateTimeField(source="added_at", read_only=True)
    version = serializers.IntegerField(**_VERSION)

    class Meta:
        model = Attachment
        fields = [
            *("id", "session", "item", "kind", "name", "url", "is_file", "size", "added_by", "added"),
            "version",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.URLField)
    def get_url(self, attachment: Attachment) -> str:
        if attachment.link:
            return attachment.link
        slug = attachment.session.club.slug
        return reverse(
            "api:attachment_file",
            args=[slug, attachment.session_id, attachment.pk],
            request=self.context["request"],
        )

    @extend_schema_field(serializers.BooleanField)
    def get_is_file(self, attachment: Attachment) -> bool:
        return bool(attachment.stored_as)

    def to_representation(self, attachment: Attachment) -> dict[str, Any]:
        shown = super().to_representation(attachment)
        if not self.context.get("is_member"):
            shown["added_by"] = None
        return shown


class NewAttachmentSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Attachment.Kind.choices, default=Attachment.Kind.SLIDES)
    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    item = serializers.IntegerField(**_ITEM, help_text=_("Without, it is the session's."))
    link = serializers.CharField(required=False, allow_blank=True, max_length=1_000)
    file = serializers.FileField(required=False, allow_empty_file=False, max_length=1_000)


class ActionSerializer(serializers.ModelSerializer):
    session = serializers.IntegerField(source="session_id", read_only=True)
    item = serializers.IntegerField(source="item_id", read_only=True, allow_null=True)
    member = PersonSerializer(read_only=True, allow_null=True)
    guest = serializers.CharField(source="guest.name", read_only=True, allow_null=True, default=None)
    done = serializers.DateTimeField(source="done_at", read_only=True, allow_null=True)
    version = serializers.IntegerField(**_VERSION)

    class Meta:
        model = ActionItem
        fields = ["id", "session", "item", "text", "member", "guest", "due", "done", "version"]
        read_only_fields = fields


class NewActionSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=minutes.LONGEST_ACTION)
    item = serializers.IntegerField(**_ITEM, help_text=_("The item it came up in."))
    member = serializers.IntegerField(**_ITEM, help_text=_("Whose it is, by their id."))
    guest = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=100,
        help_text=_("Or the name of a guest."),
    )
    due = serializers.DateField(required=False, allow_null=True)


class ChangedActionSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=minutes.LONGEST_ACTION, required=False)
    member = serializers.IntegerField(**_ITEM)
    guest = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=100)
    due = serializers.DateField(required=False, allow_null=True)
    is_done = serializers.BooleanField(required=False)
