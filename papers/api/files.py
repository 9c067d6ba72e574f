"""Files that programs fetch by an address: calendars. They take a sign-in, a token, or `?key=` in the address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import permissions
from accounts.authentication import BasicTokenAuthentication, BearerAuthentication, FeedKeyAuthentication
from accounts.models import Club, FeedKey, User
from papers.numbers import read_number
from papers.scheduling.calendar import MOST_ALARM
from papers.scheduling.feeds import Feed

from . import preconditions
from .permissions import TokenScope
from .problems import InvalidInput
from .reach import Reach


class AnyAccept(BaseContentNegotiation):
    """Each address has one form; what the client would rather have changes nothing."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0] if parsers else None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class FileView(APIView):
    """A file for whoever signs in, sends a token, or holds the key of this very address (`feed_resource`)."""

    schema = None
    http_method_names = ["get", "head"]
    authentication_classes = [
        FeedKeyAuthentication,
        BasicTokenAuthentication,
        BearerAuthentication,
        SessionAuthentication,
    ]
    permission_classes = [IsAuthenticated, TokenScope]
    content_negotiation_class = AnyAccept
    feed_resource: FeedKey.Resource

    def get_authenticate_header(self, request: Request) -> str:
        return BasicTokenAuthentication().authenticate_header(request) or ""

    def answer(self, request: Request, etag: str) -> HttpResponse:
        """Return the file, or 304 where the client has it, for which nothing of it is read."""
        is_known = preconditions.matches_etag(request, etag)
        response = HttpResponseNotModified() if is_known else self.write(request)
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Authorization, Cookie"
        # The key in the address is nobody else's business.
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def write(self, request: Request) -> HttpResponse:
        raise NotImplementedError


class CalendarFile(FileView):
    """The sessions of a club, or of all of one's clubs.

    `?mine=1` leaves those in which one has a part, `?alarm=30` reminds so many minutes before.
    """

    feed_resource = FeedKey.Resource.CALENDAR

    def get(self, request: Request, slug: str | None = None) -> HttpResponse:
        self.alarm = read_alarm(request)
        self.feed = Feed(
            user=cast(User, request.user),
            clubs=find_clubs(request, slug),
            is_mine=read_switch(request, "mine"),
            now=timezone.now(),
        )
        self.name = self.feed.clubs[0].name if slug is not None else _("Journal clubs")
        return self.answer(request, preconditions.make_etag(self.name, self.alarm, *self.feed.find_state()))

    def write(self, request: Request) -> HttpResponse:
        # Reading the library takes a moment and some memory, and few processes ever write a calendar.
        from papers.scheduling.calendar import write_calendar

        zone = self.feed.clubs[0].time_zone if self.feed.clubs else "UTC"
        name = _("%(club)s: my parts") % {"club": self.name} if self.feed.is_mine else self.name
        content = write_calendar(self.feed.load_events(), name=name, zone=zone, alarm=self.alarm)
        slug = self.kwargs.get("slug", "journal-clubs")
        return HttpResponse(
            content,
            content_type="text/calendar; charset=utf-8",
            headers={"Content-Disposition": f'inline; filename="{slug}.ics"'},
        )


def find_clubs(request: Request, slug: str | None) -> list[Club]:
    """Return the club of an address, or all clubs of the person. Raises Http404 for one they may not know of."""
    reach = Reach.of(request)
    mine = [club for club in permissions.load_clubs(cast(User, request.user)) if club.pk in reach.my_clubs]
    if slug is None:
        return mine
    club = next((club for club in mine if club.slug == slug), None) or reach.clubs().filter(slug=slug).first()
    if club is None:
        raise Http404
    return [club]


def read_switch(request: Request, name: str) -> bool:
    """Return what `?name=1` says. Raises InvalidInput for anything but 0 and 1."""
    text = request.query_params.get(name, "0")
    if text not in {"0", "1"}:
        raise InvalidInput({name: [_("Write 1 for yes, 0 for no.")]})
    return text == "1"


def read_alarm(request: Request) -> timedelta | None:
    """Return how long before each session an alarm is wanted (`?alarm=`, minutes). Raises InvalidInput."""
    text = request.query_params.get("alarm")
    if text is None:
        return None
    minutes = read_number(text)
    most = int(MOST_ALARM.total_seconds() // 60)
    if minutes is None or minutes > most:
        raise InvalidInput({"alarm": [_("Write a number of minutes, at most %(most)d.") % {"most": most}]})
    return timedelta(minutes=minutes)
