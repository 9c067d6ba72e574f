"""A paper's page: what it is, and what the club makes of it."""

from bisect import bisect_right
from itertools import accumulate
from typing import Any

from django.db.models.functions import Length
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import Club
from papers import archive, catalogue, discussion, history, identifiers, triage
from papers.appearances import Appearance
from papers.markup import COMMENT_LIMIT
from papers.models import Comment, Entry, ListingItem, MergedPaper, Paper, PaperIdentifier, Source
from papers.numbers import read_number
from papers.records import clean_address
from readinglist.http import Request

from .minutes import name_people
from .places import read_place
from .viewpoint import look, open_to_visitors, row_context

# Comments that are on one page however long they are.
FEW = discussion.ROOM // COMMENT_LIMIT


def resolve_paper(request: Request, pk: int) -> Paper | int:
    """Return the paper of an id, or the id it was merged into. Raises Http404."""
    papers = (
        Paper.objects.visible_to(request.user).select_related("private_to").prefetch_related("identifiers")
    )
    paper = papers.filter(pk=pk).first()
    if paper is not None:
        return paper
    merged = get_object_or_404(MergedPaper.objects.visible_to(request.user), pk=pk)
    return merged.paper_id


@open_to_visitors
def paper_detail(request: Request, pk: int, slug: str | None = None) -> HttpResponse:
    """Show a paper; with the discussion and votes of the club whose address it is, or the current one."""
    view = look(request, slug)
    found = resolve_paper(request, pk)
    if isinstance(found, Paper) and view.club and found.private_to not in (None, view.club):
        raise Http404
    if isinstance(found, int):
        return (
            redirect("papers:entry_detail", slug, found) if slug else redirect("papers:paper_detail", found)
        )
    return render(request, "papers/paper_detail.html", describe_paper(request, view, found))


@open_to_visitors
def paper_by_identifier(request: Request, name: str) -> HttpResponse:
    """Lead from an arXiv id of either style to the paper's own address."""
    found = identifiers.parse(name, "arxiv")
    if found is None:
        raise Http404
    named = get_object_or_404(
        PaperIdentifier,
        scheme=found.scheme,
        value=found.value,
        paper__in=Paper.objects.visible_to(request.user),
    )
    return redirect("papers:paper_detail", named.paper_id)


def describe_paper(
    request: Request, view: triage.Viewpoint, paper: Paper, *, at_comment: int | None = None
) -> dict[str, Any]:
    """Return all that the page shows.

    The club is the one whose address it is, the one the paper is private to, or the one the reader acts in.
    """
    club = view.club or paper.private_to or view.acting
    under_club = view.club is not None
    if not under_club and club is not None:
        view = triage.Viewpoint(view.user, club, club, [club.pk], view.mine)
    [row] = triage.load_rows(view, triage.load_ranks_of(view, [paper.pk]))
    entry = (
        Entry.objects.filter(club=club, paper=paper).select_related("suggested_by").first() if club else None
    )
    listed = (
        ListingItem.objects.filter(paper=paper, listing__source__in=Source.objects.visible_to(request.user))
        .select_related("listing__source")
        .order_by("-listing__date")
    )
    names = [(each.scheme, each.value, _address(each)) for each in paper.identifiers.all()]
    forms = _describe_forms(paper)
    return {
        **row_context(request, view),
        "club": club,
        "under_club": under_club,
        "shows_names": view.shows_names,
        "paper": paper,
        "row": row,
        "links": [
            (kind, found)
            for kind, address in paper.urls
            if kind in {"pdf", "code", "project"} and (found := clean_address(address))
        ],
        "identifiers": names,
        "forms": forms,
        # What the two forms are called stands with them.
        "other_names": [
            name for name in names if name[2] not in {url for *_, told in forms for _, url in told}
        ],
        "listed": list(listed[:5]),
        "entry": entry,
        **_describe_history(request, view, club, entry),
        "may_drop": club is not None and permissions.can_drop(request.user, club),
        "taggings": list(entry.taggings.select_related("tag")) if entry else [],
        "can_edit": permissions.can_edit_paper(request.user, paper.private_to),
        **_describe_review(request, paper),
        "can_tag": club is not None and permissions.can_tag(request.user, club),
        "can_comment": club is not None and permissions.can_comment(request.user, club),
        **describe_discussion(request, club, entry, at=at_comment),
        "discussed": describe_discussed(request, club, entry),
    }


def _describe_history(
    request: Request, view: triage.Viewpoint, club: Club | None, entry: Entry | None
) -> dict[str, Any]:
    """Return what the entry went through, the latest first, and who suggested it where no line of that says so."""
    if club is None or entry is None:
        return {"history": []}
    lines = history.load_history(
        entry,
        club,
        sees_names=view.shows_names,
        sees_drafts=permissions.can_run_sessions(request.user, club),
    )
    is_said = any(line.by == entry.suggested_by and line.cause in {"suggested", "again"} for line in lines)
    return {
        "history": lines[::-1],
        "suggested_by": entry.suggested_by if view.shows_names and not is_said else None,
    }


def describe_discussion(
    request: Request, club: Club | None, entry: Entry | None, *, at: int | None = None
) -> dict[str, Any]:
    """Return comments of an entry in reading order, each with what I may do with it, and the ways to the others.

    One page of them (discussion.cut): that with the comment `at` or `?comment=`, or with place `?from=`.
    """
    if club is None or entry is None:
        return {"posts": [], "comment_count": 0}
    skeleton = Comment.objects.filter(entry=entry).defer("text").annotate(size=Length("text"))
    pages = discussion.cut(discussion.thread(skeleton)) or [[]]
    if at is None:
        at = read_number(request.GET.get("comment", ""))
    starts = [1 + start for start in accumulate(map(len, pages[:-1]), initial=0)]
    number = bisect_right(starts, read_place(request)) - 1
    for place, page in enumerate(pages):
        if any(post.comment.pk == at for post in page):
            number = place
    posts = pages[number]
    comments = Comment.objects.select_related("author").in_bulk([post.comment.pk for post in posts])
    for post in posts:
        post.comment = comments.get(post.comment.pk, post.comment)
        author_id, is_there = post.comment.author_id, post.comment.removed_at is None
        post.is_mine = author_id == request.user.pk
        post.can_edit = is_there and permissions.can_edit_comment(request.user, author_id, club)
        post.can_remove = is_there and permissions.can_remove_comment(request.user, author_id, club)
    return {
        "posts": posts,
        "comment_count": entry.comment_count,
        "earlier": starts[number - 1] if number else None,
        "later": starts[number + 1] if number + 1 < len(pages) else None,
    }


def describe_discussed(request: Request, club: Club | None, entry: Entry | None) -> list[dict[str, Any]]:
    """Return what a club concluded each time it discussed an entry; notes only for its members."""
    if club is None or entry is None or entry.state != Entry.State.DISCUSSED:
        return []
    is_member = permissions.is_member(request.user, club)
    return [
        {
            "item": item,
            "url": f"{item.session.get_absolute_url()}#concluded{item.pk}",
            "people": name_people(item),
            "kept": item.kept,  # type: ignore[attr-defined]
            "notes": item.notes if is_member else "",
        }
        for item in archive.load_discussed(entry, now=timezone.now())
    ]


def comment_url(comment: Comment, slug: str) -> str:
    """Return where a comment stands; `comment.entry` is loaded."""
    page = reverse("papers:entry_detail", args=[slug, comment.entry.paper_id])
    query = f"?comment={comment.pk}" if comment.entry.comment_count > FEW else ""
    return f"{page}{query}#c{comment.pk}"


def _describe_review(request: Request, paper: Paper) -> dict[str, Any]:
    """Return whether this person may propose that the paper is another one, and what was merged into it."""
    if not permissions.can_review(request.user, request.my_clubs):
        return {"can_propose": False}
    merged = (
        MergedPaper.objects.visible_to(request.user).filter(paper=paper).select_related("private_to", "by")
    )
    return {
        "can_propose": True,
        "merged": [
            (each, permissions.can_decide(request.user, each.private_to))
            for each in merged.defer("log").order_by("-merged")
        ],
    }


def _describe_forms(paper: Paper) -> list[tuple[str, Appearance, list[tuple[str, str]]]]:
    """Return the preprint and the published form, each with its names and addresses; nothing if there is one only."""
    both = catalogue.load_forms([paper]).get(paper.pk)
    if both is None:
        return []
    return [
        (label, form, [(write_name(name), identifiers.address(name)) for name in form.identifiers])
        for label, form in [(_("Preprint"), both.preprint), (_("Published"), both.published)]
    ]


def write_name(name: identifiers.Identifier) -> str:
    return f"arXiv {name.value}" if name.scheme == "arxiv" else f"{name.scheme.upper()} {name.value}"


def _address(identifier: PaperIdentifier) -> str:
    return identifiers.address(identifiers.Identifier(identifier.scheme, identifier.value))
