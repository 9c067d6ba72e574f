"""A meeting and what it leaves behind: clock, notes, questions, files, conclusions, action items."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from accounts.models import User
from papers import markup, meeting_files
from papers.api import preconditions
from papers.api.idempotency import idempotent
from papers.api.parsers import BoundedJSONParser
from papers.api.preconditions import VERSION_HEADER
from papers.api.problems import InvalidInput, TooLarge
from papers.api.schema import location
from papers.api.serializers import (
    ActionSerializer,
    AttachmentSerializer,
    ChangedActionSerializer,
    ChangedConclusionSerializer,
    ChangedQuestionSerializer,
    ConclusionSerializer,
    MeetingSerializer,
    NewActionSerializer,
    NewAttachmentSerializer,
    NewNotesSerializer,
    NewQuestionSerializer,
    NotesSerializer,
    QuestionSerializer,
    RunMeetingSerializer,
    SavedNotesSerializer,
)
from papers.models import ActionItem, AgendaItem, Attachment, Question, QuestionVote, Session
from papers.scheduling import attachments, meeting, minutes, questions
from papers.uploads import FORM_ALLOWANCE

from .base import ApiView, ClubListView, unchanged


class OfSession(ApiView):
    """Finds the session in the address, and its items as far as the person may know of their papers."""

    queryset: QuerySet[Any] = Session.objects.none()
    has_versions = True

    def sessions(self) -> QuerySet[Session]:
        return self.reach.sessions().filter(club=self.club).select_related("club", "item_now")

    def session(self) -> Session:
        return get_object_or_404(self.sessions(), pk=self.kwargs["pk"])

    def items(self) -> QuerySet[AgendaItem]:
        is_known = Q(entry=None) | Q(entry__in=self.reach.entries().values("pk"))
        items = AgendaItem.objects.filter(is_known, session__in=self.sessions().values("pk"))
        return items.select_related("session__club", "entry__paper").defer("entry__paper__search_text")

    def item(self) -> AgendaItem:
        return get_object_or_404(self.items(), session=self.kwargs["pk"], pk=self.kwargs["item"])

    def named_item(self, session: Session, pk: int | None) -> AgendaItem | None:
        """Return the item that a body names. Raises InvalidInput."""
        if pk is None:
            return None
        item = self.items().filter(session=session, pk=pk).first()
        if item is None:
            raise InvalidInput({"item": [_("There is no such item on the agenda.")]})
        return item

    def require_attendance(self) -> None:
        self.require(permissions.can_attend(self.request.user, self.club))

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        if self.request is not None:  # there is none while the schema is made
            context["is_member"] = permissions.is_member(self.request.user, self.club)
        return context


class Meeting(OfSession):
    serializer_class = MeetingSerializer

    @extend_schema(summary=_("Read the clock of a meeting"), operation_id="read_meeting")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show(self.session())

    @extend_schema(
        summary=_("Run a meeting"),
        operation_id="run_meeting",
        request=RunMeetingSerializer,
        responses=MeetingSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Begin it, go on to the next item or back, pause, go on, give more minutes, finish; for organisers."""
        self.session()
        self.require(permissions.can_run_sessions(request.user, self.club))
        with unchanged(request, self.sessions(), pk) as session:
            said, by = self.read_input(RunMeetingSerializer), self.person
            seen: dict[str, Any] = {"after": said["after"]} if "after" in said else {}
            match said["act"]:
                case "start":
                    meeting.start(session, by=by)
                case "next":
                    meeting.next_item(session, by=by, **seen)
                case "back":
                    meeting.go_back(session, by=by, **seen)
                case "pause":
                    meeting.pause(session, by=by)
                case "resume":
                    meeting.resume(session, by=by)
                case "extend":
                    meeting.extend(session, minutes=said["minutes"], by=by, **seen)
                case "finish":
                    meeting.finish(session, by=by)
        return self.show(self.session())


# Notes and conclusions


class SessionNotes(OfSession):
    serializer_class = NotesSerializer
    has_versions = False

    def target(self) -> Session | AgendaItem:
        return self.session()

    @extend_schema(summary=_("Read the notes of a session"), operation_id="read_session_notes")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """For members: others read what was concluded."""
        return self.show_notes()

    @extend_schema(
        summary=_("Save the notes of a session"),
        operation_id="save_session_notes",
        request=NewNotesSerializer,
        responses=SavedNotesSerializer,
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """For members. Where somebody else has saved since `base_version`, the lines of both are kept."""
        return self.save_notes()

    def show_notes(self) -> Response:
        self.target()
        self.require_attendance()
        target, about = self.target(), str(_("the whole session"))
        if isinstance(target, AgendaItem):
            about = markup.plain(target.entry.paper.title) if target.entry else target.title
        shown = {"text": target.notes, "version": target.notes_version, "about": about}
        return Response(NotesSerializer(shown).data)

    def save_notes(self) -> Response:
        target = self.target()
        self.require_attendance()
        said = self.read_input(NewNotesSerializer)
        saved = minutes.save_notes(
            target, text=said["text"], base_version=said["base_version"], by=self.person
        )
        return Response(SavedNotesSerializer(saved).data)


class ItemNotes(SessionNotes):
    def target(self) -> AgendaItem:
        return self.item()

    @extend_schema(summary=_("Read the notes of an item"), operation_id="read_item_notes")
    def get(self, request: Request, slug: str, pk: int, item: int) -> Response:  # type: ignore[override]
        """For members: others read what was concluded."""
        return self.show_notes()

    @extend_schema(
        summary=_("Save the notes of an item"),
        operation_id="save_item_notes",
        request=NewNotesSerializer,
        responses=SavedNotesSerializer,
    )
    def put(self, request: Request, slug: str, pk: int, item: int) -> Response:  # type: ignore[override]
        """For members. Where somebody else has saved since `base_version`, the lines of both are kept."""
        return self.save_notes()


class Conclusion(OfSession):
    serializer_class = ConclusionSerializer

    @extend_schema(summary=_("Read what a club makes of an item"), operation_id="read_conclusion")
    def get(self, request: Request, slug: str, pk: int, item: int) -> Response:
        return self.show(self.item())

    @extend_schema(
        summary=_("Say what a club makes of an item"),
        operation_id="conclude",
        request=ChangedConclusionSerializer,
        responses=ConclusionSerializer,
    )
    def patch(self, request: Request, slug: str, pk: int, item: int) -> Response:
        """A verdict in a line, and take-aways; for organisers and who takes part in it."""
        found = self.item()
        takes_part = attachments.takes_part(found, self.person)
        self.require(permissions.can_conclude(request.user, self.club, takes_part=takes_part))
        said = self.read_input(ChangedConclusionSerializer)
        with transaction.atomic():
            session = get_object_or_404(self.sessions().select_for_update(of=("self",)), pk=pk)
            found = get_object_or_404(self.items(), session=session, pk=item)
            preconditions.require_unmodified(request, found.version)
            minutes.conclude(found, by=self.person, **said)
        return self.show(self.item())


# Questions


class Questions(OfSession):
    """Members only: who asked what is nobody else's business."""

    queryset = Question.objects.none()
    serializer_class = QuestionSerializer

    def questions(self) -> QuerySet[Question]:
        self.require_attendance()
        mine = QuestionVote.objects.filter(question=OuterRef("pk"), member=self.person)
        rows = Question.objects.visible_to(self.request.user).filter(session__in=self.sessions().values("pk"))
        rows = rows.filter(session=self.kwargs["pk"]) if "pk" in self.kwargs else rows
        return rows.select_related("asked_by", "session").annotate(is_mine=Exists(mine))

    def question(self) -> Question:
        self.session()
        return get_object_or_404(self.questions(), pk=self.kwargs["question"])

    @contextmanager
    def unchanged_question(self) -> Iterator[Question]:
        """Lock a question, and refuse where it is newer than the client has seen."""
        self.question()
        with unchanged(self.request, self.questions().order_by(), self.kwargs["question"]) as question:
            yield question


class ClubQuestionList(Questions, ClubListView):
    def get_queryset(self) -> QuerySet[Question]:
        return self.questions()

    @extend_schema(summary=_("List the questions of a club"), operation_id="list_club_questions")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those of all its meetings, in the order of their last change; for members."""
        return super().get(request, *args, **kwargs)


class QuestionList(Questions, ClubListView):
    def get_queryset(self) -> QuerySet[Question]:
        self.session()
        return self.questions()

    @extend_schema(summary=_("List the questions of a meeting"), operation_id="list_questions")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of their last change; for members."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Ask a question"),
        operation_id="ask_question",
        request=NewQuestionSerializer,
        responses={201: QuestionSerializer},
        parameters=[location(201, _("Where the question is."))],
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """For members. It comes with the vote of who asks."""
        session = self.session()
        self.require_attendance()
        said = self.read_input(NewQuestionSerializer)
        item = self.named_item(session, said.get("item"))
        question = questions.ask(session, text=said["text"], item=item, by=self.person)
        address = reverse("api:question", args=[slug, pk, question.pk])
        return self.show(self.questions().get(pk=question.pk), status=201, headers={"Location": address})


class QuestionDetail(Questions):
    @extend_schema(summary=_("Read a question"), operation_id="read_question")
    def get(self, request: Request, slug: str, pk: int, question: int) -> Response:
        return self.show(self.question())

    @extend_schema(
        summary=_("Settle a question"),
        operation_id="settle_question",
        request=ChangedQuestionSerializer,
        responses=QuestionSerializer,
    )
    def patch(self, request: Request, slug: str, pk: int, question: int) -> Response:
        """Say that it was answered, or is closed, or open again; for who asked, and organisers."""
        self.require_settling()
        state = self.read_input(ChangedQuestionSerializer)["state"]
        with self.unchanged_question() as found:
            questions.set_state(found, state=state, by=self.person)
        return self.show(self.question())

    @extend_schema(
        summary=_("Take a question away"), operation_id="remove_question", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int, question: int) -> Response:
        """For who asked, and organisers."""
        self.require_settling()
        with self.unchanged_question() as found:
            questions.remove(found, by=self.person)
        return Response(status=204)

    def require_settling(self) -> None:
        asked_by = self.question().asked_by_id
        self.require(permissions.can_settle_question(self.request.user, asked_by, self.club))


class QuestionVoting(Questions):
    @extend_schema(
        summary=_("Want to know as well"),
        operation_id="vote_for_question",
        request=None,
        responses=QuestionSerializer,
    )
    def put(self, request: Request, slug: str, pk: int, question: int) -> Response:
        """One vote a member: the same again changes nothing."""
        questions.vote(self.question(), by=self.person)
        return self.show(self.question())

    @extend_schema(
        summary=_("Take the vote for a question back"),
        operation_id="withdraw_question_vote",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, pk: int, question: int) -> Response:
        found = questions.withdraw_vote(self.question(), by=self.person)
        return Response(status=204, headers={VERSION_HEADER: str(found.version)})


# Slides, recordings and other files


class Attachments(OfSession):
    queryset = Attachment.objects.none()
    serializer_class = AttachmentSerializer

    def attachments(self) -> QuerySet[Attachment]:
        rows = Attachment.objects.visible_to(self.request.user)
        rows = rows.filter(
            Q(item=None) | Q(item__in=self.items().values("pk")), session__in=self.sessions().values("pk")
        )
        rows = rows.select_related("session__club", "added_by")
        return rows.filter(session=self.kwargs["pk"]) if "pk" in self.kwargs else rows

    def attachment(self) -> Attachment:
        return get_object_or_404(self.attachments(), pk=self.kwargs["attachment"])


class ClubAttachmentList(Attachments, ClubListView):
    def get_queryset(self) -> QuerySet[Attachment]:
        return self.attachments()

    @extend_schema(summary=_("List the files and links of a club"), operation_id="list_club_attachments")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those of all its sessions, in the order of their last change."""
        return super().get(request, *args, **kwargs)


class AttachmentList(Attachments, ClubListView):
    parser_classes = [MultiPartParser, BoundedJSONParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything reads the body: what is too large is never stored, not even for a moment.
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_LIMIT + FORM_ALLOWANCE:
            raise TooLarge(
                _("The file has more than %(most)d MB. Give a link instead.")
                % {"most": settings.UPLOAD_LIMIT // 2**20}
            )
        super().initial(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Attachment]:
        self.session()
        return self.attachments()

    @extend_schema(summary=_("List the files and links of a session"), operation_id="list_attachments")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of their last change."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Attach a file or a link"),
        operation_id="attach",
        request={"multipart/form-data": NewAttachmentSerializer, "application/json": NewAttachmentSerializer},
        responses={201: AttachmentSerializer},
        parameters=[location(201, _("Where the attachment is."))],
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Organisers attach to a session and its items, who takes part in an item to that. A link may come as JSON."""
        session = self.session()
        self.require_attendance()
        said = self.read_input(NewAttachmentSerializer)
        item = self.named_item(session, said.get("item"))
        takes_part = item is not None and attachments.takes_part(item, self.person)
        self.require(permissions.can_conclude(request.user, self.club, takes_part=takes_part))
        file = said.get("file")
        attachment = attachments.attach(
            session,
            item=item,
            kind=said["kind"],
            name=said.get("name", ""),
            link=said.get("link", ""),
            upload=file,
            size=file.size if file else None,
            by=self.person,
        )
        address = reverse("api:attachment", args=[slug, pk, attachment.pk])
        shown = self.attachments().get(pk=attachment.pk)
        return self.show(shown, status=201, headers={"Location": address})


class AttachmentDetail(Attachments):
    @extend_schema(summary=_("Read an attachment"), operation_id="read_attachment")
    def get(self, request: Request, slug: str, pk: int, attachment: int) -> Response:
        return self.show(self.attachment())

    @extend_schema(
        summary=_("Take an attachment away"), operation_id="detach", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int, attachment: int) -> Response:
        """For who attached it, and organisers."""
        found = self.attachment()
        self.require(permissions.can_detach(request.user, found.added_by_id, self.club))
        with unchanged(request, self.attachments().order_by(), attachment) as found:
            attachments.detach(found, by=self.person)
        return Response(status=204)


class AttachmentFile(Attachments):
    has_versions = False

    @extend_schema(
        summary=_("Fetch the file of an attachment"),
        operation_id="read_attachment_file",
        responses={
            (200, "application/octet-stream"): OpenApiResponse(
                OpenApiTypes.BINARY, description=_("The file as it was given.")
            )
        },
    )
    def get(self, request: Request, slug: str, pk: int, attachment: int) -> HttpResponseBase:
        """404 for a link, which is elsewhere."""
        return meeting_files.send_file(self.attachment())

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        # A file is not read into memory for an ETag.
        if isinstance(response, Response):
            return super().finalize_response(request, response, *args, **kwargs)
        return response


# Action items


class Actions(OfSession):
    """Members only."""

    queryset = ActionItem.objects.none()
    serializer_class = ActionSerializer

    def actions(self) -> QuerySet[ActionItem]:
        self.require_attendance()
        rows = ActionItem.objects.visible_to(self.request.user)
        rows = rows.filter(session__in=self.sessions().values("pk")).select_related(
            "member", "guest", "session"
        )
        return rows.filter(session=self.kwargs["pk"]) if "pk" in self.kwargs else rows

    def noted_action(self) -> ActionItem:
        self.session()
        return get_object_or_404(self.actions(), pk=self.kwargs["action"])

    def read_owner(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return whose it is to be, as far as the body says. Raises InvalidInput."""
        owner: dict[str, Any] = {}
        if "guest" in said:
            owner["guest"] = said["guest"] or None
        if "member" in said:
            owner["member"] = None
            if said["member"] is not None:
                found = User.objects.filter(pk=said["member"], memberships__club=self.club).first()
                if found is None:
                    raise InvalidInput({"member": [_("There is no such member of the club.")]})
                owner["member"] = found
        return owner


class ClubActionList(Actions, ClubListView):
    def get_queryset(self) -> QuerySet[ActionItem]:
        return self.actions()

    @extend_schema(summary=_("List the action items of a club"), operation_id="list_club_actions")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those of all its sessions, in the order of their last change; for members."""
        return super().get(request, *args, **kwargs)


class ActionList(Actions, ClubListView):
    def get_queryset(self) -> QuerySet[ActionItem]:
        self.session()
        return self.actions()

    @extend_schema(summary=_("List the action items of a session"), operation_id="list_actions")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of their last change; for members."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Note an action item"),
        operation_id="add_action",
        request=NewActionSerializer,
        responses={201: ActionSerializer},
        parameters=[location(201, _("Where the action item is."))],
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """For members. Without an owner it is nobody's yet."""
        session = self.session()
        self.require_attendance()
        said = self.read_input(NewActionSerializer)
        action = minutes.add_action(
            session,
            text=said["text"],
            item=self.named_item(session, said.get("item")),
            due=said.get("due"),
            by=self.person,
            **self.read_owner(said),
        )
        address = reverse("api:action", args=[slug, pk, action.pk])
        return self.show(self.actions().get(pk=action.pk), status=201, headers={"Location": address})


class ActionDetail(Actions):
    @extend_schema(summary=_("Read an action item"), operation_id="read_action")
    def get(self, request: Request, slug: str, pk: int, action: int) -> Response:
        return self.show(self.noted_action())

    @extend_schema(
        summary=_("Change an action item"),
        operation_id="change_action",
        request=ChangedActionSerializer,
        responses=ActionSerializer,
    )
    def patch(self, request: Request, slug: str, pk: int, action: int) -> Response:
        """For whose it is, who noted it, and organisers. What is not named stays."""
        self.require_change()
        said = self.read_input(ChangedActionSerializer)
        facts = {name: said[name] for name in ("text", "due", "is_done") if name in said}
        with unchanged(request, self.actions().order_by(), action) as found:
            minutes.change_action(found, by=self.person, **facts, **self.read_owner(said))
        return self.show(self.noted_action())

    @extend_schema(
        summary=_("Take an action item away"),
        operation_id="remove_action",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, pk: int, action: int) -> Response:
        """For whose it is, who noted it, and organisers."""
        self.require_change()
        with unchanged(request, self.actions().order_by(), action) as found:
            minutes.remove_action(found, by=self.person)
        return Response(status=204)

    def require_change(self) -> None:
        found = self.noted_action()
        whose = {found.member_id, found.made_by_id}
        self.require(permissions.can_change_action(self.request.user, whose, self.club))
