"""Papers, as everybody reads them and as they are edited by hand."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from papers.importers.times import read_date
from papers.models import Paper
from papers.records import MAX_ABSTRACT, MAX_AUTHORS, MAX_JOURNAL, MAX_NAME, MAX_TITLE, PartialDate, Precision


class IdentifierSerializer(serializers.Serializer):
    scheme = serializers.CharField()
    value = serializers.CharField()


class UrlSerializer(serializers.Serializer):
    kind = serializers.CharField(help_text=_("page, pdf, code, project or doi"))
    url = serializers.URLField()

    def to_representation(self, pair: list[str]) -> dict[str, str]:
        return {"kind": pair[0], "url": pair[1]}


class FormSerializer(serializers.Serializer):
    """Where, when and under which names a paper appeared once."""

    place = serializers.CharField(
        help_text=_("Journal, volume, issue and pages in one line; empty for a preprint.")
    )
    identifiers = IdentifierSerializer(many=True)
    revision = serializers.IntegerField(allow_null=True, help_text=_("The newest of the preprint."))
    date = serializers.DateField(allow_null=True, help_text=_("Of the preprint, the day of that revision."))
    precision = serializers.ChoiceField(
        [each.value for each in Precision], help_text=_("What is known of the day.")
    )


class FormsSerializer(serializers.Serializer):
    preprint = FormSerializer()
    published = FormSerializer()


class PaperSerializer(serializers.ModelSerializer):
    authors = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text=_("Names in order.")
    )
    categories = serializers.ListField(child=serializers.CharField(), read_only=True)
    identifiers = IdentifierSerializer(many=True, read_only=True)
    urls = UrlSerializer(many=True, read_only=True)
    published_precision = serializers.ChoiceField(
        [each.value for each in Precision],
        read_only=True,
        help_text=_("What is known of the day: of a month or a year, `published` is the first day."),
    )
    revision = serializers.IntegerField(
        read_only=True, allow_null=True, help_text=_("The work's own, as 3 of arXiv v3.")
    )
    version = serializers.IntegerField(
        read_only=True, help_text=_("The catalogue's version at its last change.")
    )
    forms = serializers.SerializerMethodField(
        help_text=_("The preprint and the published form, of a paper that has both; else null.")
    )

    class Meta:
        model = Paper
        fields = [
            *("id", "title", "abstract", "authors", "identifiers", "published", "published_precision"),
            *("updated", "revision", "categories", "journal", "volume", "issue", "pages", "urls"),
            *("forms", "version"),
        ]

    @extend_schema_field(FormsSerializer(allow_null=True))
    def get_forms(self, paper: Paper) -> dict[str, Any] | None:
        """Return what `context["forms"]` has of the paper."""
        both = self.context["forms"].get(paper.pk)
        return FormsSerializer(both).data if both else None


class EditedPaperSerializer(serializers.Serializer):
    """What `PATCH papers/<id>/` takes. Null, or nothing, gives a field back to the sources."""

    title = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=MAX_TITLE)
    abstract = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=MAX_ABSTRACT
    )
    authors = serializers.ListField(
        child=serializers.CharField(max_length=MAX_NAME),
        required=False,
        allow_null=True,
        max_length=MAX_AUTHORS,
        help_text=_("Names in order."),
    )
    published = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=10,
        help_text=_("As much of the day as is known: 2014-12-05, 2014-12 or 2014."),
    )
    journal = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=MAX_JOURNAL,
        help_text=_("Without one, volume, issue and pages are as the sources say, too."),
    )
    volume = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=100)
    issue = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=100)
    pages = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=100)

    def validate_published(self, text: str | None) -> PartialDate | None:
        found = read_date(text) if text else None
        if text and found is None:
            raise serializers.ValidationError(_("This is no date. Write it as 2014-12-05, 2014-12 or 2014."))
        return found

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as `catalogue.edit_paper` takes them."""
        return {
            name: tuple(value) if isinstance(value, list) else value or "" for name, value in said.items()
        }
