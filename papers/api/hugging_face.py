"""The addresses of Hugging Face Daily Papers, in that service's shapes, for clients that exist already.

`huggingface_hub.HfApi(endpoint=…)` has four calls for papers: list_daily_papers, list_papers, paper_info and
read_paper. The last two send no token, so these addresses are open where PUBLIC_CATALOGUE is set, and take the
token as the password of Basic otherwise: HfApi(endpoint="https://x:TOKEN@host"). A paper's `id` is its arXiv id
where it has one, else ours; look-ups take both. What clubs do with papers never shows here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication, get_authorization_header
from rest_framework.exceptions import ParseError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import BasicTokenAuthentication, BearerAuthentication
from papers import catalogue, identifiers, periods, search
from papers.appearances import Appearance
from papers.models import ListingItem, Paper
from papers.numbers import read_number

from . import preconditions, problems
from .files import AnyAccept
from .permissions import TokenScope
from .reach import Reach

DEFAULT_LIMIT = 50
MOST = 100
DEPTH = 1000
TOKEN_PREFIX = str(settings.REST_KNOX["TOKEN_PREFIX"])


class OwnBearerAuthentication(BearerAuthentication):
    """Bearer with a token of ours. Where all is open, a token for Hugging Face that came along is passed over."""

    def authenticate(self, request: Request) -> Any:
        prefix = TOKEN_PREFIX.encode()
        words = get_authorization_header(request).split()
        if settings.PUBLIC_CATALOGUE and len(words) == 2 and not words[1].startswith(prefix):
            return None
        return super().authenticate(request)


class CatalogueIsOpen(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return settings.PUBLIC_CATALOGUE or bool(request.user and request.user.is_authenticated)


def error_response(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Answer an error as that service does: {"error": …}, the sentence in a header too."""
    translated = problems.note_failure(error, context.get("request"))
    found = force_str(translated.detail)
    text = _("There is no such paper here.") if translated.status_code == 404 else found
    header = text.encode("ascii", "replace").decode().replace("\n", " ")
    headers = {**problems.headers_of(translated), "X-Error-Message": header}
    return JsonResponse({"error": text}, status=translated.status_code, headers=headers)


class HuggingFaceView(APIView):
    schema = None
    http_method_names = ["get", "head"]
    authentication_classes = [BasicTokenAuthentication, OwnBearerAuthentication, SessionAuthentication]
    permission_classes = [CatalogueIsOpen, TokenScope]
    content_negotiation_class = AnyAccept

    @cached_property
    def reach(self) -> Reach:
        return Reach.of(self.request)

    def get_exception_handler(self) -> Any:
        return error_response

    def get_authenticate_header(self, request: Request) -> str:
        return BasicTokenAuthentication().authenticate_header(request) or ""

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(answer, Response) and self.request.method in {"GET", "HEAD"}:
            preconditions.add_etag(self.request, answer)
        return answer


@dataclass(frozen=True, slots=True)
class Mention:
    """A paper in a listing."""

    paper_id: int
    day: date | None
    upvotes: int | None
    submitter: str


class DailyPapers(HuggingFaceView):
    """`GET /api/daily_papers`: date, week, month, submitter, sort, p, limit."""

    def get(self, request: Request) -> Response:
        limit = read_parameter(request, "limit", DEFAULT_LIMIT, least=1, most=MOST)
        start = read_parameter(request, "p", 0, least=0, most=10**9) * limit
        sort = request.query_params.get("sort", "publishedAt")
        if sort not in {"publishedAt", "trending"}:
            raise ParseError(_("`sort` is publishedAt or trending."))
        listings, period = self.reach.listings(), self._read_period()
        if period is not None:
            listings = listings.filter(date__range=(period.first, period.last))
        items = self.reach.listing_items().filter(listing__in=listings.values("pk"))
        submitter = request.query_params.get("submitter", "")
        if submitter:
            items = items.filter(submitter=submitter.replace("\0", ""))
        number = min(start, DEPTH) + limit
        if sort == "trending":
            mentions = walk_hottest(self.reach, items, number, are_few=bool(period or submitter))
        else:
            mentions = walk_listings(items, number)
        if start >= DEPTH and len(mentions) > DEPTH:
            raise ParseError(
                _("Pages end after %(most)d papers. Ask for a date, a week or a month.") % {"most": DEPTH}
            )
        return Response(list(show_items(mentions[start : start + limit])))

    def _read_period(self) -> periods.Period | None:
        """Return the day, week or month that is asked for, None for all days."""
        parsers = {"date": periods.parse_day, "week": periods.parse_week, "month": periods.parse_month}
        examples = {"date": "2025-04-25", "week": "2025-W17", "month": "2025-04"}
        asked = {name: text for name in parsers if (text := self.request.query_params.get(name))}
        if len(asked) > 1:
            raise ParseError(_("Give a date, a week or a month, not several of them."))
        for name, text in asked.items():
            period = parsers[name](text)
            if period is None:
                raise ParseError(
                    _("`%(name)s` is written like this: %(example)s.")
                    % {"name": name, "example": examples[name]}
                )
            return period
        return None


class PaperSearch(HuggingFaceView):
    """`GET /api/papers/search`: q, limit. Without words, the newest."""

    def get(self, request: Request) -> Response:
        limit = read_parameter(request, "limit", DEFAULT_LIMIT, least=1, most=MOST)
        text = request.query_params.get("q", "")
        items = self.reach.listing_items().filter(listing__in=self.reach.listings().values("pk"))
        if text.strip():
            ids = list(search.best(self.reach.papers(), text).values_list("pk", flat=True)[:limit])
            mentions = find_mentions(items, ids)
        else:
            mentions = walk_listings(items, limit)
        return Response(list(show_items(mentions)))


class PaperInfo(HuggingFaceView):
    """`GET /api/papers/<id>`, by arXiv id or ours."""

    def get(self, request: Request, name: str) -> Response:
        paper = find_paper(self.reach, name)
        items = self.reach.listing_items().filter(listing__in=self.reach.listings().values("pk"))
        [mention] = find_mentions(items, [paper.pk])
        return Response(show_paper(paper, mention))


class PaperMarkdown(HuggingFaceView):
    """`GET /papers/<id>.md`, by arXiv id or ours."""

    def get(self, request: Request, name: str) -> HttpResponse:
        paper = find_paper(self.reach, name)
        return HttpResponse(write_markdown(paper), content_type="text/markdown; charset=utf-8")


paper_markdown = PaperMarkdown.as_view()


# Finding


def find_paper(reach: Reach, name: str) -> Paper:
    """Return the paper that an arXiv id, another identifier or an id of ours names. Raises Http404."""
    papers = reach.papers().prefetch_related("identifiers").defer("search_text")
    pk = read_number(name)
    if pk is not None:
        merged = reach.merged_papers().filter(pk=pk).values("paper")
        found = papers.filter(pk=pk).first() or papers.filter(pk__in=merged).first()
    else:
        named = identifiers.parse(name, "arxiv") or identifiers.parse(name)
        if named is None:
            raise Http404
        found = papers.filter(identifiers__scheme=named.scheme, identifiers__value=named.value).first()
    if found is None:
        raise Http404
    return found


def walk_listings(items: QuerySet[ListingItem], number: int) -> list[Mention]:
    """Return the first papers of listings, newest day first, in their order; each paper once.

    It reads from the top, so `number` must be small; a paper that several listings name is read again.
    """
    rows = items.order_by("-listing__date", "listing__source", "position").values_list(
        "paper_id", "listing__date", "upvotes", "submitter"
    )
    window = number + 50
    while True:
        read = [Mention(*row) for row in rows[:window]]
        found: dict[int, Mention] = {}
        for mention in read:
            found.setdefault(mention.paper_id, mention)
        if len(found) >= number or len(read) < window:
            return list(found.values())[:number]
        window *= 4


def walk_hottest(reach: Reach, items: QuerySet[ListingItem], number: int, *, are_few: bool) -> list[Mention]:
    """Return the hottest papers of listings (`papers.trending`); `are_few` where those are not most of all."""
    listed = reach.papers().filter(Exists(items.filter(paper=OuterRef("pk"))))
    # A sum is in no index: the one on heat would lead through all that is hotter than these few, 0.6 s for a
    # month among 100,000 papers.
    heat = (F("heat") + 0.0) if are_few else F("heat")
    listed = listed.order_by(heat.desc(), "-pk")
    return find_mentions(items, listed.values_list("pk", flat=True)[:number])


def find_mentions(items: QuerySet[ListingItem], paper_ids: Iterable[int]) -> list[Mention]:
    """Return, in their order, where papers stand in their newest listing; nowhere is fine too."""
    ids = list(dict.fromkeys(paper_ids))
    rows = items.filter(paper__in=ids).order_by("listing__date").values_list(
        "paper_id", "listing__date", "upvotes", "submitter"
    )  # fmt: skip
    newest = {row[0]: Mention(*row) for row in rows}
    return [newest.get(pk) or Mention(pk, None, None, "") for pk in ids]


def read_parameter(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    number = read_number(text, least=least, most=most)
    if number is None:
        raise ParseError(
            _("`%(name)s` is a whole number from %(least)d to %(most)d.")
            % {"name": name, "least": least, "most": most}
        )
    return number


# Showing


def show_items(mentions: list[Mention]) -> Iterator[dict[str, Any]]:
    """Give the items of a list: a paper each, wrapped in what the listing says of it. Two queries."""
    papers = (
        Paper.objects.prefetch_related("identifiers")
        .only("title", "abstract", "authors", "published", "urls", "upvotes")
        .in_bulk([mention.paper_id for mention in mentions])
    )
    for mention in mentions:
        paper = papers.get(mention.paper_id)
        if paper is None:  # merged away since
            continue
        shown = show_paper(paper, mention)
        yield {
            "paper": shown,
            "publishedAt": show_moment(mention.day or paper.published),
            # Where `paper` has no publishedAt the client takes the outer one for it, and looks here for the other.
            "submittedOnDailyAt": show_moment(mention.day),
            "title": shown["title"],
            "summary": shown["summary"],
            "numComments": 0,
            **({"submittedBy": shown["submittedOnDailyBy"]} if mention.submitter else {}),
        }


def show_paper(paper: Paper, mention: Mention) -> dict[str, Any]:
    """Give a paper as that service does; what is not known is null or left out."""
    addresses: dict[str, str] = {}
    for kind, address in paper.urls:
        addresses.setdefault(kind, address)
    shown: dict[str, Any] = {
        "id": public_id(paper),
        "authors": [
            {"_id": f"{paper.pk}-{number}", "name": name, "hidden": False}
            for number, name in enumerate(paper.authors, start=1)
        ],
        "publishedAt": show_moment(paper.published),
        "submittedOnDailyAt": show_moment(mention.day),
        "title": paper.title,
        "summary": paper.abstract,
        "upvotes": paper.upvotes if mention.upvotes is None else mention.upvotes,
    }
    if mention.submitter:
        shown["submittedOnDailyBy"] = {
            "user": mention.submitter,
            "name": mention.submitter,
            "fullname": mention.submitter,
            "type": "user",
        }
    for kind, name in (("code", "githubRepo"), ("project", "projectPage")):
        if kind in addresses:
            shown[name] = addresses[kind]
    return shown


def public_id(paper: Paper) -> str:
    """Return a paper's arXiv id where it has one, else ours."""
    arxiv = [found.value for found in paper.identifiers.all() if found.scheme == "arxiv"]
    return min(arxiv) if arxiv else str(paper.pk)


def show_moment(day: date | None) -> str | None:
    return None if day is None else f"{day.isoformat()}T00:00:00.000Z"


_TAG_OR_LINK = re.compile(r"(\\*)(<(?=[A-Za-z/!?])|\]\()")


def write_markdown(paper: Paper) -> str:
    """Return a paper as Markdown: title, facts, abstract. What looks like a tag or a link is made plain text."""
    facts = []
    if paper.authors:
        facts.append((_("Authors"), ", ".join(paper.authors)))
    if paper.published:
        facts.append((_("Published"), paper.published_as_known))
    both = catalogue.load_forms([paper]).get(paper.pk)
    if both:
        facts.append((_("Preprint"), _describe_form(both.preprint)))
        facts.append((_("Published form"), _describe_form(both.published)))
    elif paper.appeared_in:
        facts.append((_("Journal"), paper.appeared_in))
    if paper.categories:
        facts.append((_("Categories"), ", ".join(paper.categories)))
    lines = [f"# {_escape(paper.title)}", "", *(f"- {name}: {_escape(text)}" for name, text in facts)]
    for row in paper.identifiers.all():
        found = identifiers.Identifier(row.scheme, row.value)
        lines.append(f"- {found}: <{identifiers.address(found)}>")
    lines += [f"- {kind}: <{_close(address)}>" for kind, address in paper.urls]
    lines.append(
        f"- {settings.SITE_NAME}: <{settings.SITE_URL}{reverse('papers:paper_detail', args=[paper.pk])}>"
    )
    if paper.abstract:
        lines += ["", f"## {_('Abstract')}", "", _escape(paper.abstract)]
    return "\n".join(lines) + "\n"


def _describe_form(form: Appearance) -> str:
    revision = f"v{form.revision}" if form.revision else ""
    parts = (form.place, *map(str, form.identifiers), revision, form.date_as_known)
    return ", ".join(part for part in parts if part)


def _escape(text: str) -> str:
    """Make plain text of what Markdown would read as a tag or a link; backslashes before it are doubled."""
    return _TAG_OR_LINK.sub(r"\1\1\\\2", text)


def _close(address: str) -> str:
    """Return an address that cannot end the angle brackets around it."""
    return address.replace("<", "%3C").replace(">", "%3E")
