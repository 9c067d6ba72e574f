"""Who takes which part: assignments, swaps, plans, days away."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from papers.models import Absence, Assignment, PlanDraft, SwapOffer
from papers.numbers import LARGEST
from papers.scheduling.assignments import ANSWER
from papers.scheduling.board import explain_to

from .people import PersonSerializer
from .sessions import GuestSerializer


class AssignedPartSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class SwapSerializer(serializers.ModelSerializer):
    assignment = serializers.IntegerField(source="assignment_id", help_text=_("What is offered."))
    wanted = serializers.IntegerField(source="wanted_id", help_text=_("What it is offered for."))

    class Meta:
        model = SwapOffer
        fields = ["id", "assignment", "wanted", "state", "offered_at", "answered_at"]
        read_only_fields = fields


class AssignmentSerializer(serializers.ModelSerializer):
    """An assignment and the swaps that are open; prepared by `views.assignments.with_people`."""

    session = serializers.IntegerField(
        source="item.session_id", allow_null=True, default=None, read_only=True
    )
    item = serializers.IntegerField(
        source="item_id", allow_null=True, read_only=True, help_text=_("The agenda item.")
    )
    part = AssignedPartSerializer(read_only=True, allow_null=True)
    entry = serializers.IntegerField(
        source="entry_id",
        allow_null=True,
        read_only=True,
        help_text=_("The entry, where a member is asked to read it and not to take a part."),
    )
    member = PersonSerializer(read_only=True, allow_null=True)
    guest = GuestSerializer(read_only=True, allow_null=True)
    reason = serializers.SerializerMethodField(
        help_text=_("Why they: told to you where it is you, else with their name.")
    )
    answer = serializers.SerializerMethodField(
        help_text=_("Why it was declined; for who declined and for organisers, else empty.")
    )
    proposed_by = PersonSerializer(read_only=True, allow_null=True)
    swaps = serializers.SerializerMethodField(help_text=_("Open offers of this part, or for it."))
    version = serializers.IntegerField(read_only=True)

    class Meta:
        model = Assignment
        fields = [
            *("id", "session", "item", "part", "entry", "member", "guest", "state", "is_pinned", "reason"),
            *("proposed_by", "proposed_at", "answered_at", "answer", "reminded_at", "swaps", "version"),
        ]
        read_only_fields = fields

    def get_reason(self, assignment: Assignment) -> str:
        if assignment.part is None:
            return assignment.reason if assignment.member_id == self.context["request"].user.pk else ""
        return explain_to(assignment, assignment.part, self.context["request"].user, self.context["club"])

    def get_answer(self, assignment: Assignment) -> str:
        is_own = assignment.member_id == self.context["request"].user.pk
        return assignment.answer if is_own or self.context["may_plan"] else ""

    @extend_schema_field(SwapSerializer(many=True))
    def get_swaps(self, assignment: Any) -> list[dict[str, Any]]:
        offers = [*assignment.offers_made, *assignment.offers_had]
        return list(SwapSerializer(offers, many=True).data)


class IdField(serializers.IntegerField):
    def __init__(self, **more: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST, **more)


class NewAssignmentSerializer(serializers.Serializer):
    item = IdField(help_text=_("The id of an agenda item."))
    part = IdField(help_text=_("The id of a part."))
    member = IdField(
        required=False, help_text=_("Whom to ask, for organisers; left out: you take it yourself.")
    )
    guest = serializers.CharField(
        required=False,
        max_length=100,
        help_text=_("The name of somebody without an account, for organisers; known or new."),
    )
    is_pinned = serializers.BooleanField(default=True, help_text=_("Whether plans leave it as it is."))

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if "member" in said and "guest" in said:
            raise serializers.ValidationError({"guest": _("Name a member or a guest, not both.")})
        return said


class PartAnswerSerializer(serializers.Serializer):
    answer = serializers.ChoiceField(choices=["accept", "decline"])
    because = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=ANSWER, help_text=_("Why not.")
    )


class HandOverSerializer(serializers.Serializer):
    to = IdField(help_text=_("The id of a member."))


class NewSwapSerializer(serializers.Serializer):
    wanted = IdField(help_text=_("The id of an assignment of another member."))


class SwapAnswerSerializer(serializers.Serializer):
    answer = serializers.ChoiceField(
        choices=["accept", "decline", "withdraw"],
        help_text=_("Who has the wanted part accepts or declines; who offered withdraws."),
    )


class AbsenceSerializer(serializers.ModelSerializer):
    member = PersonSerializer(read_only=True)
    version = serializers.IntegerField(read_only=True)

    class Meta:
        model = Absence
        fields = ["id", "member", "first_day", "last_day", "version"]
        read_only_fields = fields


class NewAbsenceSerializer(serializers.Serializer):
    first_day = serializers.DateField()
    last_day = serializers.DateField(help_text=_("Included."))


class NewPlanSerializer(serializers.Serializer):
    dry_run = serializers.BooleanField(
        default=True,
        help_text=_("True: nothing changes until it is applied. False: it is applied as soon as it is made."),
    )
    sessions = serializers.ListField(
        child=IdField(),
        required=False,
        min_length=1,
        max_length=100,
        help_text=_("Ids of sessions to come; left out: the next twenty."),
    )


class PlanChangeSerializer(serializers.Serializer):
    item = serializers.IntegerField()
    part = serializers.IntegerField()
    member = serializers.IntegerField(
        allow_null=True, help_text=_("Who would be asked; null: nobody, the place is open.")
    )
    before = serializers.IntegerField(allow_null=True, help_text=_("Who has it now, and would no more."))
    state = serializers.CharField(
        allow_null=True, help_text=_("Of who has it now: proposed, or accepted, where they cannot come.")
    )
    reason = serializers.CharField(help_text=_("Why they."))


class PlanOpenSerializer(serializers.Serializer):
    item = serializers.IntegerField()
    part = serializers.IntegerField()
    reason = serializers.CharField(help_text=_("Why nobody can have it."))


class PlanGapSerializer(serializers.Serializer):
    part = serializers.IntegerField()
    gap = serializers.IntegerField(help_text=_("Turns between the most and the least burdened."))


class PlanSerializer(serializers.ModelSerializer):
    made_by = PersonSerializer(read_only=True, allow_null=True)
    changes = PlanChangeSerializer(many=True, read_only=True, source="told_changes")
    open = PlanOpenSerializer(many=True, read_only=True, source="told_open")
    gaps = PlanGapSerializer(many=True, read_only=True)
    stay = serializers.IntegerField(read_only=True, help_text=_("How many places stay as they are."))
    error = serializers.CharField(
        read_only=True, help_text=_("Why none was made, or why it was not applied.")
    )

    class Meta:
        model = PlanDraft
        fields = [
            *("id", "state", "made_by", "made_at", "ended_at", "sessions", "changes", "open", "gaps", "stay"),
            "error",
        ]
        read_only_fields = fields
