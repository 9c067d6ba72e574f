"""What a script that keeps up is told beside the rows."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class TombstoneSerializer(serializers.Serializer):
    kind = serializers.CharField(help_text=_("What it was: paper, entry, vote, volunteer, tagging …"))
    id = serializers.IntegerField(source="object_id")
    version = serializers.IntegerField(help_text=_("The library's version when it was deleted."))
