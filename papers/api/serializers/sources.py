"""Sources, how they are, and their dry runs."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Club
from papers.models import DryRun, Source
from papers.models.sources import MOST_HOURS
from papers.sources import health


class HealthSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=[state.value for state in health.State])
    text = serializers.CharField(help_text=_("The same as a sentence."))
    last_good = serializers.DateTimeField(allow_null=True, help_text=_("The end of the last good run."))
    next_run = serializers.DateTimeField(allow_null=True, help_text=_("Null while it runs by hand only."))
    failures = serializers.IntegerField(help_text=_("How many runs in a row have failed."))
    error = serializers.CharField(
        allow_null=True, help_text=_("Why the last one failed; for its keepers only.")
    )


class SourceSerializer(serializers.ModelSerializer):
    """A source. What it asks for is told to those who keep it: an address may hold a key."""

    club: serializers.SlugRelatedField[Club] = serializers.SlugRelatedField(
        slug_field="slug",
        read_only=True,
        allow_null=True,
        help_text=_("The club it belongs to; null for the installation's."),
    )
    query = serializers.CharField(
        read_only=True, allow_null=True, help_text=_("What it asks for; for its keepers only.")
    )
    address = serializers.CharField(read_only=True, allow_null=True, help_text=_("For its keepers only."))
    watermark = serializers.DictField(
        read_only=True, allow_null=True, help_text=_("Up to where everything is in; for its keepers only.")
    )
    every_hours = serializers.IntegerField(read_only=True, allow_null=True)
    daily_at = serializers.TimeField(
        read_only=True, allow_null=True, format="%H:%M", help_text=_("By the clocks of its time zone.")
    )
    health = serializers.SerializerMethodField()

    class Meta:
        model = Source
        fields = [
            *("id", "slug", "name", "kind", "club", "query", "address", "since", "every_hours", "daily_at"),
            *("time_zone", "is_paused", "watermark", "health"),
        ]
        read_only_fields = fields

    def to_representation(self, source: Source) -> dict[str, Any]:
        shown = super().to_representation(source)
        if not self.context["keeps"](source.club):
            shown |= {"query": None, "address": None, "watermark": None}
        return shown

    @extend_schema_field(HealthSerializer)
    def get_health(self, source: Source) -> dict[str, Any]:
        found = health.describe(source, timezone.now())
        return dict(
            HealthSerializer(
                {
                    "state": found.state,
                    "text": found.text,
                    "last_good": source.last_good,
                    "next_run": source.due_at,
                    "failures": source.failures,
                    "error": source.error if self.context["keeps"](source.club) else None,
                }
            ).data
        )


class ChangedSourceSerializer(serializers.Serializer):
    """What `PATCH sources/<id>/` takes; what is left out stays."""

    name = serializers.CharField(required=False, max_length=100)
    kind = serializers.ChoiceField(
        required=False, choices=Source.Kind.choices, help_text=_("Any but upload.")
    )
    query = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=1_000,
        help_text=_("A search of arXiv or Crossref, a category, a set, an ISSN."),
    )
    address = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2_000,
        help_text=_("Of a feed, a file or a repository, on the open network."),
    )
    since = serializers.DateField(
        required=False, allow_null=True, help_text=_("How far back its first run goes; a week if null.")
    )
    every_hours = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MOST_HOURS,
        help_text=_("Or `daily_at`, or neither."),
    )
    daily_at = serializers.TimeField(required=False, allow_null=True, help_text=_("Such as 06:00."))
    time_zone = serializers.CharField(required=False, max_length=64, help_text=_("Such as Europe/Berlin."))
    is_paused = serializers.BooleanField(required=False)


class NewSourceSerializer(ChangedSourceSerializer):
    """What `POST sources/` takes."""

    name = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(choices=Source.Kind.choices, help_text=_("Any but upload."))
    club = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text=_("The short name of the club it is for; else the installation."),
    )


class FoundSerializer(serializers.Serializer):
    """What a dry run says of one record."""

    what = serializers.ChoiceField(choices=["new", "here", "rejected"])
    title = serializers.CharField(required=False)
    authors = serializers.CharField(required=False, help_text=_("The first names in order."))
    paper = serializers.IntegerField(
        required=False, allow_null=True, help_text=_("The id of a paper that is here.")
    )
    place = serializers.CharField(required=False, help_text=_("Where a rejected record stands."))
    reason = serializers.CharField(required=False)
    raw = serializers.CharField(required=False, allow_blank=True)


class DryRunSerializer(serializers.ModelSerializer):
    found = FoundSerializer(many=True, read_only=True, help_text=_("The first fifty records."))

    class Meta:
        model = DryRun
        fields = ["state", "queued", "finished", "error", "found", "has_more"]
        read_only_fields = fields
