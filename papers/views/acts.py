"""What a member does with a paper: vote, volunteer, skip, tag."""

import json
from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Club
from papers import reading_list, triage, voting
from papers.models import Entry, Paper, Vote
from papers.numbers import read_number
from papers.reasons import tell_closed
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
    try:
        said = _act(request, view, paper)
    except reading_list.BudgetSpent as refusal:
        return _answer(request, view, paper, refusal=str(refusal))
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
        voted = reading_list.vote_on_paper(club, paper, value=value, by=user)
        done = _("Promoted.") if value == Vote.PROMOTE else _("Demoted.")
        return " ".join([done, _tell_score(voted), *_tell_when_it_counts(club, voted)])
    if form.get("volunteer") != "0" and form.get("value") != "0":
        raise BadRequest(_("Say which act: value, volunteer, skip or restore."))
    entry = Entry.objects.filter(club=club, paper=paper).first()
    if entry is None:
        return _("Nothing to take back.")
    if form.get("volunteer") == "0":
        reading_list.withdraw_offer(entry, by=user)
        return _("Offer to present taken back.")
    entry = reading_list.withdraw_vote(entry, by=user)
    return f"{_('Vote taken back.')} {_tell_score(entry)}"


def _tell_score(entry: Entry) -> str:
    if entry.club.hides_totals:
        return _("The score is secret until votes close.")
    return _("Score %(score)d.") % {"score": entry.score}


def _tell_when_it_counts(club: Club, entry: Entry) -> list[str]:
    """Return that a vote came after a lock, if it did: it counts for the session after."""
    if entry.is_chosen:
        return []
    now = timezone.now()
    closings = voting.load_closings(club)
    closed = voting.find_closed(closings, now)
    return [tell_closed(closed, voting.find_coming(closings, now))] if closed else []


def _answer(
    request: Request, view: triage.Viewpoint, paper: Paper, said: str = "", *, refusal: str = ""
) -> HttpResponse:
    """Answer with the row as it is now and what happened, or why it did not."""
    if not wants_fragment(request):
        if refusal:
            messages.error(request, refusal)
        else:
            messages.success(request, said)
        return HttpResponseRedirect(_way_back(request, view, paper))
    rank = _rank_now(request, view, paper)
    if request.GET.get("at") == "catalogue":  # the row came from a page of all clubs one may see
        view = replace(look(request), acting=view.acting)
    [row] = triage.load_rows(view, [rank])
    row.refusal = refusal
    if request.GET.get("at") == "list":
        row.act_url += "&at=list"
        row.why = _explain(view, paper)
    if "authors" in request.GET:
        row.authors = triage.name_authors(paper.authors)
    is_row = (request.htmx.target or "").startswith("p")
    template = "papers/_rows.html" if is_row else "papers/_paper_vote.html"
    context = row_context(request, view)
    response = render(request, template, {**context, "rows": [row], "row": row})
    news = {"said": refusal or said}
    if left := context.get("votes_left"):
        news["left"] = left
    response["HX-Trigger"] = json.dumps(news)
    return response


def _explain(view: triage.Viewpoint, paper: Paper) -> str:
    """Return why the paper stands where it does on the list by now; nothing while that is a secret."""
    if view.club is None or view.hides_totals:
        return ""
    ranking = voting.rank(view.club, now=timezone.now())
    places = (place for place, row in enumerate(ranking.rows, start=1) if row.paper_id == paper.pk)
    place = next(places, None)
    return ranking.explain(place) if place else _("No longer on the list.")


def _rank_now(request: Request, view: triage.Viewpoint, paper: Paper) -> triage.Rank:
    """Return where the paper stands for this member now; its number in the listing is the page's to say."""
    [rank] = triage.load_ranks_of(view, [paper.pk])
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
