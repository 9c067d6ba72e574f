"""The mails of a club, and when its reminders go out."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from papers.models import OutgoingMail, ReminderSchedule
from papers.notifications import schedules

from .people import PersonSerializer


class MailSerializer(serializers.ModelSerializer):
    session = serializers.IntegerField(
        source="session_id",
        read_only=True,
        allow_null=True,
        help_text=_("The id of the session it is about."),
    )
    recipient = PersonSerializer(read_only=True)
    text = serializers.CharField(
        read_only=True, allow_blank=True, help_text=_("Forgotten 90 days after its end, and then empty.")
    )
    settled_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = OutgoingMail
        fields = [
            *("id", "key", "kind", "session", "recipient", "address", "subject", "text", "method"),
            *("message_id", "state", "made", "due_at", "useless_after", "attempts", "data_started_at"),
            *("ended_at", "error", "settled_at", "settled_by"),
        ]
        read_only_fields = fields
        extra_kwargs = {
            "key": {"help_text": _("What it is about and to whom: no other mail has it.")},
            "method": {"help_text": _("Of a calendar invitation: REQUEST or CANCEL.")},
            "state": {
                "help_text": _(
                    "Uncertain: the connection broke while the mail server took it; never sent again by itself."
                )
            },
            "useless_after": {"help_text": _("From then on it is not sent any more.")},
            "data_started_at": {"help_text": _("When the mail server had asked for the text.")},
            "error": {"help_text": _("Why it waits, was withdrawn, not sent, or is uncertain.")},
            "settled_at": {"help_text": _("When an organiser let it be.")},
        }


class RemindersSerializer(serializers.ModelSerializer):
    """When reminders go out; null where there is no such mail."""

    class Meta:
        model = ReminderSchedule
        fields = schedules.FIELDS
        extra_kwargs: dict[str, Any] = {"at": {"format": "%H:%M"}}
