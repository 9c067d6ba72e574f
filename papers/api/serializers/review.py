"""Pairs of papers that may be one, and what was decided."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from papers.models import CandidatePair, Decision
from papers.numbers import LARGEST

from .people import PersonSerializer


class PairEndSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()


class PairSerializer(serializers.ModelSerializer):
    papers = serializers.SerializerMethodField(help_text=_("The two, the older id first."))
    proposed_by = PersonSerializer(read_only=True, allow_null=True, help_text=_("Null: an import."))

    class Meta:
        model = CandidatePair
        fields = ["id", "papers", "state", "reason", "proposed_by", "proposed"]
        read_only_fields = fields

    @extend_schema_field(PairEndSerializer(many=True))
    def get_papers(self, pair: CandidatePair) -> list[dict[str, Any]]:
        return [{"id": paper.pk, "title": paper.title} for paper in (pair.first, pair.second)]


class NewPairSerializer(serializers.Serializer):
    paper = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text=_("The id of a paper."))
    other = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text=_("The id of another one."))
    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=500, help_text=_("Why they are one.")
    )


class DecisionSerializer(serializers.ModelSerializer):
    paper = serializers.IntegerField(source="kept", read_only=True, help_text=_("The one that stayed."))
    other = serializers.IntegerField(
        read_only=True, help_text=_("The other; merged, its id leads to the first.")
    )
    by = PersonSerializer(read_only=True, allow_null=True, help_text=_("Null: an import."))

    class Meta:
        model = Decision
        fields = ["id", "act", "paper", "other", "reason", "by", "decided"]
        read_only_fields = fields


class NewDecisionSerializer(serializers.Serializer):
    act = serializers.ChoiceField(choices=[Decision.Act.MERGED, Decision.Act.KEPT_APART])
