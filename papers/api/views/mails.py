"""The mails of a club, for its organisers: what went out, waits, or is uncertain; and when its reminders go."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers.api.idempotency import idempotent
from papers.api.pagination import NewestFirst
from papers.api.problems import InvalidInput
from papers.api.serializers import MailSerializer, RemindersSerializer
from papers.filters import MailFilter
from papers.models import OutgoingMail, ReminderSchedule
from papers.notifications import outbox, schedules

from .base import ApiView, ListView


class OrganisersView(ApiView):
    """Is for those who run the club."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if str(request.method).lower() in self.http_method_names:  # whatever else is answered 405
            self.check_reach()

    def check_reach(self) -> None:
        self.require(permissions.can_run_sessions(self.request.user, self.club))


class MailView(OrganisersView):
    queryset = OutgoingMail.objects.none()
    serializer_class = MailSerializer

    def mails(self) -> QuerySet[OutgoingMail]:
        return self.reach.mails().filter(club=self.club).select_related("recipient", "settled_by")


class MailList(MailView, ListView):
    pagination_class = NewestFirst
    filterset_class = MailFilter

    def get_queryset(self) -> QuerySet[OutgoingMail]:
        return self.mails()

    @extend_schema(summary=_("List a club's mails"), operation_id="list_mails")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first; for organisers. `?state=uncertain` are those that somebody should decide about."""
        return super().get(request, *args, **kwargs)


class MailDetail(MailView):
    @extend_schema(summary=_("Read a mail"), operation_id="read_mail")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show(get_object_or_404(self.mails(), pk=pk))


class MailSendAgain(MailView):
    @extend_schema(summary=_("Send a mail again"), operation_id="send_mail_again", request=None)
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """One that is uncertain or failed, under its old Message-ID; any other is answered as it is."""
        mail = get_object_or_404(self.mails(), pk=pk)
        try:
            mail = outbox.send_again(mail, by=self.person)
        except outbox.Forgotten as refusal:
            raise InvalidInput({"text": [str(refusal)]}) from None
        return self.show(self.mails().get(pk=mail.pk))


class MailLetBe(MailView):
    @extend_schema(summary=_("Let a mail be"), operation_id="let_mail_be", request=None)
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Nothing more is to be done about one that is uncertain or failed. It keeps its state."""
        mail = outbox.let_be(get_object_or_404(self.mails(), pk=pk), by=self.person)
        return self.show(self.mails().get(pk=mail.pk))


class Reminders(OrganisersView):
    queryset = ReminderSchedule.objects.none()
    serializer_class = RemindersSerializer

    @extend_schema(summary=_("Read when reminders go out"), operation_id="read_reminders")
    def get(self, request: Request, slug: str) -> Response:
        return self.show(schedules.load_schedule(self.club))

    @extend_schema(
        summary=_("Change when reminders go out"),
        operation_id="change_reminders",
        request=RemindersSerializer(partial=True),
    )
    def patch(self, request: Request, slug: str) -> Response:
        """What is left out stays; null means: no such mail."""
        said = self.read_input(RemindersSerializer)
        return self.show(schedules.change_schedule(self.club, by=self.person, **said))
