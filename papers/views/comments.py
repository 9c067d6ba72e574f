"""An entry's discussion: post, preview, edit, remove, and what a comment said before."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import permissions
from papers import discussion, reading_list
from papers.models import Comment
from papers.numbers import read_number
from readinglist.http import Request

from .acts import find_paper
from .papers import comment_url, describe_paper
from .viewpoint import find_club, look, member_only, open_to_visitors

REVISIONS = 5  # of a comment on a page, each of up to 20 kB


def _find_comment(request: Request, slug: str, pk: int) -> Comment:
    comments = Comment.objects.visible_to(request.user).select_related("entry__club", "author")
    return get_object_or_404(comments, pk=pk, entry__club__slug=slug)


@require_POST
@member_only
def post_comment(request: Request, slug: str, pk: int) -> HttpResponse:
    """Post a comment or a reply; with `preview` show how it will look, and keep what was typed."""
    view = look(request, slug)
    paper = find_paper(request, view, pk)
    club = find_club(request, slug)
    text = request.POST.get("text", "").replace("\0", "")
    parent_id = request.POST.get("parent", "")
    parent = None
    if (number := read_number(parent_id)) is not None:
        there = Comment.objects.filter(entry__club=club, entry__paper=paper, removed_at=None)
        parent = there.filter(pk=number).first()
    error = ""
    try:
        text = discussion.clean_text(text)
        if parent_id and parent is None:
            raise discussion.CommentGone(_("The comment you answer is gone. Post yours as a new one."))
        if "preview" not in request.POST:
            with transaction.atomic():  # a comment that is refused makes no entry
                entry = reading_list.note(club, paper)
                comment = discussion.post_comment(entry, text=text, by=request.user, parent=parent)
            messages.success(request, _("Posted."))
            return redirect(comment_url(comment, slug))
    except discussion.Refused as refusal:
        error = str(refusal)
    context = describe_paper(request, view, paper, at_comment=parent.pk if parent else None)
    context.update(
        draft=text, draft_error=error, draft_parent=parent, preview=not error and "preview" in request.POST
    )
    return render(request, "papers/paper_detail.html", context)


@require_http_methods(["GET", "POST"])
@member_only
def edit_comment(request: Request, slug: str, pk: int) -> HttpResponse:
    comment = _find_comment(request, slug, pk)
    if not permissions.can_edit_comment(request.user, comment.author_id, comment.entry.club):
        raise PermissionDenied(_("Only its author may edit a comment."))
    text, error = comment.text, ""
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\0", "")
        try:
            text = discussion.clean_text(text)
            if "preview" not in request.POST:
                discussion.edit_comment(comment, text=text, by=request.user)
                return redirect(comment_url(comment, slug))
        except discussion.Refused as refusal:
            error = str(refusal)
    context = {
        "club": comment.entry.club,
        "comment": comment,
        "paper": comment.entry.paper,
        "draft": text,
        "draft_error": error,
        "preview": "preview" in request.POST and not error,
        "back": comment_url(comment, slug),
    }
    return render(request, "papers/comment_edit.html", context)


@require_POST
@member_only
def remove_comment(request: Request, slug: str, pk: int) -> HttpResponse:
    comment = _find_comment(request, slug, pk)
    if not permissions.can_remove_comment(request.user, comment.author_id, comment.entry.club):
        raise PermissionDenied(_("Only its author and organisers may remove a comment."))
    discussion.remove_comment(comment, by=request.user)
    messages.success(request, _("Removed."))
    return redirect(comment_url(comment, slug))


@require_GET
@open_to_visitors
def comment_history(request: Request, slug: str, pk: int) -> HttpResponse:
    """Show what a comment said before each edit, to whoever may read it."""
    club = find_club(request, slug)
    comment = _find_comment(request, slug, pk)
    found = comment.revisions.order_by("-pk")
    if before := read_number(request.GET.get("before", "")):
        found = found.filter(pk__lt=before)
    revisions = list(found[: REVISIONS + 1])
    context = {
        "club": club,
        "comment": comment,
        "paper": comment.entry.paper,
        "revisions": revisions[:REVISIONS],
        "before": revisions[REVISIONS - 1].pk if len(revisions) > REVISIONS else None,
        "back": comment_url(comment, slug),
    }
    return render(request, "papers/comment_history.html", context)
