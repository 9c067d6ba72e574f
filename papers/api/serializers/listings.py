"""Listings and the papers on them."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from papers.models import Listing


class ListingItemSerializer(serializers.Serializer):
    position = serializers.IntegerField()
    paper = serializers.IntegerField(source="paper_id", help_text=_("The id of the paper."))
    upvotes = serializers.IntegerField(allow_null=True, help_text=_("Votes at the source itself."))
    submitter = serializers.CharField(allow_blank=True)


class ListingSerializer(serializers.ModelSerializer):
    source = serializers.IntegerField(  # type: ignore[assignment]
        source="source_id", read_only=True, help_text=_("The id of the source.")
    )
    version = serializers.IntegerField(
        read_only=True, help_text=_("The catalogue's version at its last change.")
    )

    class Meta:
        model = Listing
        fields = ["id", "source", "date", "created", "version"]


class ListingDetailSerializer(ListingSerializer):
    items = ListingItemSerializer(
        source="first_items", many=True, read_only=True, help_text=_("The first 1,000 papers, in order.")
    )
    more_items = serializers.URLField(
        read_only=True,
        allow_null=True,
        help_text=_("Where the items after those are; null when these are all."),
    )

    class Meta(ListingSerializer.Meta):
        fields = [*ListingSerializer.Meta.fields, "items", "more_items"]
