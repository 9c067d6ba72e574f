"""What went wrong."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


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
