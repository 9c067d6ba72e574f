"""The parts that a club's members take."""

from rest_framework import serializers

from papers.models import Part


class PartSerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(read_only=True)

    class Meta:
        model = Part
        fields = ["id", "name", "prompt", "kinds", "position", "version"]
        read_only_fields = ["position"]


class ChangedPartSerializer(PartSerializer):
    """What `PATCH parts/<id>/` takes; what is left out stays."""

    class Meta(PartSerializer.Meta):
        fields = ["name", "prompt", "kinds"]
        extra_kwargs = {name: {"required": False} for name in fields}


class NewPartSerializer(ChangedPartSerializer):
    class Meta(ChangedPartSerializer.Meta):
        extra_kwargs = {"prompt": {"required": False}, "kinds": {"required": False}}
