"""What a member does with a paper: vote, volunteer, skip, tag."""

import json
from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from papers import reading_list, triage
from papers.models import Entry, Paper, Vote
from papers.numbers import read_number
from readinglist.http import Request, wants_fragment

from .places import MOST_PLACES
from .viewpoint import look, member_only, row_context


def find_paper(request: Request, view: triage.Viewpoint, pk: int) -> Paper:
    """Return a paper that may get an entry of the club.

    Raises Http404 where the person may not know of it, and for what is private to another club of theirs.
    """
    papers = Paper.objects.visible_to(request.user).filter(Q(private_to=None) | Q(private_to=view.club))
    return get_object_or_404(papers, pk=pk)


@require_POST
@member_only
def triage_paper(request: Request, slug: str, pk: int) -> HttpResponse:
    """Perform the one act a row's form asks for, and answer with the row as it is now."""
    view = look(request, slug)
    paper = find_paper(request, view, pk)
    said = _act(request, view, paper)
    return _answer(request, view, paper, said)


def _act(request: Request, view: triage.Viewpoint, paper: Paper) -> str:
    """Perform the act, and say in a short sentence what happened."""
    club, user = view.acting, request.user
    assert club is not None
    form = request.POST
    if "skip" in form:
        reading_list.skip(club, paper, by=user)
        return _("Skipped.")
    if "restore" in form:
        reading_list.bring_back(club, paper, by=user)
        return _("Brought back.")
    if form.get("volunteer") == "1":
        reading_list.volunteer(reading_list.note(club, paper), by=user)
        return _("Offered to present.")
    if form.get("value") in {"1", "-1"}:
        value = int(form["value"])
        voted = reading_list.cast_vote(reading_list.note(club, paper), value=value, by=user)
        sentence = (
            _("Promoted. Score %(score)d.") if value == Vote.PROMOTE else _("Demoted. Score %(score)d.")
        )
        return sentence % {"score": voted.score}
    if form.get("volunteer") != "0" and form.get("value") != "0":
        raise BadRequest(_("Say which act: value, volunteer, skip or restore."))
    entry = Entry.objects.filter(club=club, paper=paper).first()
    if entry is None:
        return _("Nothing to take back.")
    if form.get("volunteer") == "0":
        reading_list.withdraw_offer(entry, by=user)
        return _("Offer to present taken back.")
    entry = reading_list.withdraw_vote(entry, by=user)
    return _("Vote taken back. Score %(score)d.") % {"score": entry.score}


def _answer(request: Request, view: triage.Viewpoint, paper: Paper, said: str) -> HttpResponse:
    if not wants_fragment(request):
        messages.success(request, said)
        return HttpResponseRedirect(_way_back(request, view, paper))
    rank = _rank_now(request, view, paper)
    if request.GET.get("at") == "catalogue":  # the row came from a page of all clubs one may see
        view = replace(look(request), acting=view.acting)
    [row] = triage.load_rows(view, [rank])
    if "authors" in request.GET:
        row.authors = triage.name_authors(paper.authors)
    is_row = (request.htmx.target or "").startswith("p")
    template = "papers/_rows.html" if is_row else "papers/_paper_vote.html"
    response = render(request, template, {**row_context(request, view), "rows": [row], "row": row})
    response["HX-Trigger"] = json.dumps({"said": said})
    return response


def _rank_now(request: Request, view: triage.Viewpoint, paper: Paper) -> triage.Rank:
    """Return where the paper stands for this member now; its number in the listing is the page's to say."""
    [rank] = triage.load_ranks_of(view, [paper])
    rank.n = read_number(request.GET.get("n", ""), least=1, most=MOST_PLACES) or 1
    return rank


def _way_back(request: Request, view: triage.Viewpoint, paper: Paper) -> str:
    """Return the page the act came from, at the paper's row; the paper's own page where that is not known."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return f"{came_from.partition('#')[0]}#p{paper.pk}"
    assert view.acting is not None
    return reverse("papers:entry_detail", args=[view.acting.slug, paper.pk])


@require_POST
@member_only
def tag_paper(request: Request, slug: str, pk: int) -> HttpResponse:
    """Put a tag on a paper, or take one off (`remove`)."""
    view = look(request, slug)
    paper = find_paper(request, view, pk)
    club = view.acting
    assert club is not None
    error = ""
    try:
        if name := request.POST.get("remove"):
            if entry := Entry.objects.filter(club=club, paper=paper).first():
                reading_list.untag(entry, name=name, by=request.user)
        else:
            name = reading_list.clean_tag(request.POST.get("tag", ""))
            reading_list.tag(reading_list.note(club, paper), name=name, by=request.user)
    except reading_list.BadTag as refusal:
        error = str(refusal)
    if wants_fragment(request):
        entry = Entry.objects.filter(club=club, paper=paper).first()
        tags = list(entry.taggings.select_related("tag")) if entry else []
        context = {"club": club, "paper": paper, "taggings": tags, "error": error, "can_tag": True,
                   "typed": request.POST.get("tag", "") if error else ""}  # fmt: skip
        return render(request, "papers/_tags.html", context)
    if error:
        messages.error(request, error)
    return HttpResponseRedirect(reverse("papers:entry_detail", args=[club.slug, paper.pk]))
