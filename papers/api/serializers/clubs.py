"""Clubs and their members."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.clubs import SETTINGS, BadName, clean_club_name
from accounts.models import Club, Membership, Role


class MemberSerializer(serializers.ModelSerializer):
    id = serializers.IntegerField(source="user_id", read_only=True)
    name = serializers.CharField(source="user.display_name", read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "name", "role", "joined"]


class ClubSerializer(serializers.ModelSerializer):
    role = serializers.SerializerMethodField(
        help_text=_("What you are here; null in a public club of others.")
    )
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Club
        fields = [*("id", "slug", *SETTINGS, "role", "created", "version")]

    @extend_schema_field(serializers.ChoiceField(choices=Role.choices, allow_null=True))
    def get_role(self, club: Club) -> str | None:
        roles: dict[int, str] = self.context["roles"]
        return roles.get(club.pk)


class ChangedClubSerializer(serializers.ModelSerializer):
    """What `PATCH clubs/<slug>/` takes; what is left out stays."""

    class Meta:
        model = Club
        fields = SETTINGS
        extra_kwargs = {name: {"required": False} for name in SETTINGS}

    def validate_name(self, name: str) -> str:
        try:
            return clean_club_name(name)
        except BadName as refusal:
            raise serializers.ValidationError(str(refusal)) from None
