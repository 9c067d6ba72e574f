"""The discussion of an entry."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from papers.models import Comment, CommentRevision
from papers.numbers import LARGEST

from .people import PersonSerializer


class CommentSerializer(serializers.ModelSerializer):
    entry = serializers.IntegerField(source="entry_id", read_only=True)
    parent = serializers.IntegerField(source="parent_id", read_only=True, allow_null=True)  # type: ignore[assignment]
    author = PersonSerializer(read_only=True, allow_null=True)
    posted = serializers.DateTimeField(source="posted_at", read_only=True)
    edited = serializers.DateTimeField(source="edited_at", read_only=True, allow_null=True)
    removed = serializers.DateTimeField(source="removed_at", read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Comment
        fields = ["id", "entry", "parent", "author", "text", "posted", "edited", "removed", "version"]
        read_only_fields = fields


class NewCommentSerializer(serializers.Serializer):
    text = serializers.CharField(
        trim_whitespace=False, help_text=_("Markdown with mathematics, up to 20 kB.")
    )
    parent = serializers.IntegerField(  # type: ignore[assignment]
        required=False,
        allow_null=True,
        min_value=1,
        max_value=LARGEST,
        help_text=_("The comment this one answers."),
    )


class EditedCommentSerializer(serializers.Serializer):
    text = serializers.CharField(trim_whitespace=False)


class CommentRevisionSerializer(serializers.ModelSerializer):
    replaced = serializers.DateTimeField(source="replaced_at", read_only=True)

    class Meta:
        model = CommentRevision
        fields = ["text", "replaced"]
        read_only_fields = fields
