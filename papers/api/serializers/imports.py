"""Imports, how far they are, and what they rejected."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Club
from papers import importers
from papers.models import Import

from .people import PersonSerializer


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
