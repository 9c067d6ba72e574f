"""Finding a time: polls of dates, their options, and what members say."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from papers.models import DatePoll, PollAnswer
from papers.numbers import LARGEST
from papers.scheduling import polls

from .people import PersonSerializer
from .sessions import MeetingSerializer, read_moment


class PollOptionSerializer(serializers.Serializer):
    """One time, and who can."""

    id = serializers.IntegerField(source="option.pk")
    starts = serializers.DateTimeField(source="option.starts")
    yes = PersonSerializer(many=True)
    maybe = PersonSerializer(many=True, help_text=_("If need be."))
    no = PersonSerializer(many=True)
    is_best = serializers.BooleanField(help_text=_("Whether no other time suits more."))


class DatePollSerializer(serializers.ModelSerializer):
    """A poll with all of its options; its version rises with their answers."""

    club = serializers.SlugField(source="club.slug", read_only=True)
    options = serializers.SerializerMethodField(help_text=_("Earliest first."))
    session = serializers.IntegerField(
        source="session_id", read_only=True, allow_null=True, help_text=_("What became of it.")
    )
    made_by = PersonSerializer(read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = DatePoll
        fields = [
            *("id", "club", "name", "kind", "minutes", "time_zone", "place", "video_link", "capacity"),
            *("options", "session", "made_by", "created", "closed_at", "version"),
        ]
        read_only_fields = fields

    @extend_schema_field(PollOptionSerializer(many=True))
    def get_options(self, poll: DatePoll) -> Any:
        return PollOptionSerializer(polls.tally(poll.options.all()), many=True).data


class PollOptionsSerializer(serializers.Serializer):
    """What `PUT options/` takes."""

    options = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=100,
        help_text=_("Times: 2025-04-30T14:00 by the clocks of `time_zone`, or with an offset or Z."),
    )

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        zone = said.get("time_zone") or self.context["time_zone"]
        said["options"] = [read_moment("options", text, zone) for text in said["options"]]
        return said


class NewDatePollSerializer(MeetingSerializer, PollOptionsSerializer):
    """What `POST polls/` takes."""


class PollAnswersSerializer(serializers.Serializer):
    answers = serializers.DictField(
        child=serializers.ChoiceField(choices=[*PollAnswer.Answer.choices, ("", _("taken back"))]),
        help_text=_('By the ids of options: {"31": "yes", "32": "maybe"}. Others stay as they are.'),
    )

    def validate_answers(self, said: dict[str, str]) -> dict[int, str]:
        answers = {}
        for key, answer in said.items():
            if not (key.isascii() and key.isdigit() and int(key) <= LARGEST):
                raise serializers.ValidationError(_("Name options by their ids."))
            answers[int(key)] = answer
        return answers


class ClosedPollSerializer(serializers.Serializer):
    option = serializers.IntegerField(
        min_value=1, max_value=LARGEST, help_text=_("The id of the one chosen.")
    )
