"""Papers submitted by their identifiers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from papers.models import SubmissionItem

from .catalogue import IdentifierSerializer
from .imports import ImportSerializer


class SubmissionItemSerializer(serializers.ModelSerializer):
    """What came of one identifier that was submitted."""

    identifier = serializers.SerializerMethodField(
        help_text=_("As it was understood; null where it was not.")
    )
    paper = serializers.IntegerField(
        source="paper_id", read_only=True, allow_null=True, help_text=_("The paper's id, once there is one.")
    )

    class Meta:
        model = SubmissionItem
        fields = ["number", "place", "written", "identifier", "state", "reason", "paper"]
        read_only_fields = fields
        extra_kwargs = {
            "reason": {"help_text": _("Why there is no paper.")},
            "state": {
                "help_text": _(
                    "`waiting`: being looked up; `added`, `here`: there is a paper; `not_found`; "
                    "`unanswered`: try again; `unknown`: not understood."
                )
            },
        }

    @extend_schema_field(IdentifierSerializer(allow_null=True))
    def get_identifier(self, item: SubmissionItem) -> dict[str, str] | None:
        return {"scheme": item.scheme, "value": item.value} if item.scheme else None


class SubmissionSerializer(ImportSerializer):
    """An import of identifiers, and what came of each."""

    items = SubmissionItemSerializer(source="shown_items", many=True, read_only=True)

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "items"]


class NewSubmissionSerializer(serializers.Serializer):
    """What `POST papers/` takes."""

    identifier = serializers.CharField(
        required=False,
        max_length=2_000,
        help_text=_("One, however it is written, or an address with one in it."),
    )
    identifiers = serializers.ListField(
        child=serializers.CharField(max_length=2_000),
        required=False,
        min_length=1,
        max_length=100,
        help_text=_("Several."),
    )
    club = serializers.CharField(
        required=False, help_text=_("The short name of the club it is for; its members see the submission.")
    )
    suggest = serializers.BooleanField(
        required=False, default=False, help_text=_("Suggest what is found to the club's reading list.")
    )

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if ("identifier" in said) == ("identifiers" in said):
            raise serializers.ValidationError(_("Give either `identifier` or `identifiers`."))
        if said["suggest"] and "club" not in said:
            raise serializers.ValidationError({"club": [_("To which club?")]})
        return said
