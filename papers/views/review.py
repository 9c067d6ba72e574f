"""Papers that may be one: propose, look at side by side, decide, take back."""

import re
from dataclasses import dataclass
from functools import wraps

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import permissions
from accounts.models import Club
from papers import catalogue, identifiers
from papers.differences import Description, Fact, Verdict, compare_facts
from papers.models import CandidatePair, Decision, MergedPaper, Paper
from papers.numbers import read_number
from papers.records import clean_line
from readinglist.http import Request

from .viewpoint import View

SHOWN = 10
DECISIONS_SHOWN = 50
LATEST = 3
REASON_LENGTH = 500

_PAPER_ADDRESS = re.compile(r"(?:https?://[^/\s]+)?(?:/clubs/[\w-]+)?/?papers/(?P<pk>[0-9]{1,19})(?:[?#].*)?")


_LABELS = {
    "title": gettext_lazy("Title"),
    "authors": gettext_lazy("Authors"),
    "published": gettext_lazy("Published"),
    "journal": gettext_lazy("Journal"),
    "volume": gettext_lazy("Volume"),
    "issue": gettext_lazy("Issue"),
    "pages": gettext_lazy("Pages"),
    "identifiers": gettext_lazy("Identifiers"),
}
_VERDICTS = {
    Verdict.EQUAL: gettext_lazy("equal"),
    Verdict.DIFFERENT: gettext_lazy("different"),
    Verdict.UNKNOWN: gettext_lazy("not on both"),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A pair side by side, the paper that would stay first, and what the person may do with it."""

    pair: CandidatePair
    keep: Paper
    other: Paper
    rows: list[tuple[str, str, Fact]]
    """Each fact with its label, and what the two say of it in a word."""
    may_decide: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log, with the merge that the person may still take back, or the pair that is still kept apart."""

    decision: Decision
    merged: MergedPaper | None
    pair: CandidatePair | None


def reviewers_only(view: View) -> View:
    """Let those in who may look through pairs (permissions.can_review)."""

    @wraps(view)
    def wrapped(request: Request, **kwargs: int) -> HttpResponse:
        if not permissions.can_review(request.user, request.my_clubs):
            raise PermissionDenied(_("Organisers propose what may be one paper, and administrators decide."))
        return view(request, **kwargs)

    return wrapped


@require_GET
@reviewers_only
def pair_list(request: Request) -> HttpResponse:
    """Show pairs to be decided, newest first, and the latest decisions; `?before=` goes on below an id."""
    pairs = _find_pairs(request).filter(state=CandidatePair.State.OPEN)
    if before := read_number(request.GET.get("before", "")):
        pairs = pairs.filter(pk__lt=before)
    found = list(pairs.order_by("-pk")[: SHOWN + 1])
    context = {
        "comparisons": [_compare(request, pair) for pair in found[:SHOWN]],
        "before": found[SHOWN - 1].pk if len(found) > SHOWN else None,
        "lines": _read_log(request, Decision.objects.visible_to(request.user)[:LATEST]),
    }
    return render(request, "papers/pair_list.html", context)


@require_GET
@reviewers_only
def pair_detail(request: Request, pk: int) -> HttpResponse:
    """Show one pair, also one that is kept apart."""
    pair = get_object_or_404(_find_pairs(request), pk=pk)
    return render(request, "papers/pair_detail.html", {"comparison": _compare(request, pair)})


@require_POST
@reviewers_only
def decide_pair(request: Request, pk: int) -> HttpResponse:
    """Make one paper of a pair (`act=merge`), or keep the two apart (`act=apart`)."""
    pair = get_object_or_404(_find_pairs(request), pk=pk)
    if not permissions.can_decide(request.user, _owner_of(pair)):
        raise PermissionDenied(_("An administrator decides whether these two are one paper."))
    try:
        match request.POST.get("act"):
            case "merge":
                paper = catalogue.merge_pair(pair, by=request.user)
                said = _("Merged into “%(title)s”. It can be taken back below.") % {"title": paper.title}
            case "apart":
                catalogue.keep_apart(pair, by=request.user)
                said = _("Kept apart: no import will merge the two.")
            case _other:
                raise BadRequest(_("Say which act: merge or apart."))
    except catalogue.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("papers:pair_list")


@require_GET
@reviewers_only
def decision_list(request: Request) -> HttpResponse:
    """Show the log of what was decided, newest first; `?before=` goes on below an id."""
    decisions = Decision.objects.visible_to(request.user)
    if before := read_number(request.GET.get("before", "")):
        decisions = decisions.filter(pk__lt=before)
    lines = _read_log(request, decisions[: DECISIONS_SHOWN + 1])
    is_more = len(lines) > DECISIONS_SHOWN
    context = {
        "lines": lines[:DECISIONS_SHOWN],
        "before": lines[DECISIONS_SHOWN - 1].decision.pk if is_more else None,
    }
    return render(request, "papers/decision_list.html", context)


@require_POST
@reviewers_only
def take_back(request: Request, pk: int) -> HttpResponse:
    """Take the merge back of the paper that had this id."""
    merged = get_object_or_404(MergedPaper.objects.visible_to(request.user), pk=pk)
    if not permissions.can_decide(request.user, merged.private_to):
        raise PermissionDenied(_("An administrator takes merges back."))
    try:
        paper = catalogue.unmerge(merged, by=request.user)
    except catalogue.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("papers:decision_list")
    messages.success(
        request, _("Taken back: “%(title)s” is a paper of its own again.") % {"title": paper.title}
    )
    return redirect(paper)


@require_POST
@reviewers_only
def propose_pair(request: Request, pk: int) -> HttpResponse:
    """Propose that this paper is the same as the one named in `other`: by id, address or identifier."""
    papers = Paper.objects.visible_to(request.user)
    paper = get_object_or_404(papers, pk=pk)
    merged = MergedPaper.objects.visible_to(request.user)
    other = find_named(papers, merged, request.POST.get("other", ""))
    if other is None:
        messages.error(
            request,
            _(
                "No paper here has this address, id or identifier. Give its address here, its DOI or its arXiv id."
            ),
        )
        return redirect(paper)
    reason = clean_line(request.POST.get("reason", ""))[:REASON_LENGTH]
    try:
        pair = catalogue.propose_pair(paper, other, reason=reason, by=request.user)
    except catalogue.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(paper)
    return redirect("papers:pair_detail", pair.pk)


def find_named(papers: QuerySet[Paper], merged: QuerySet[MergedPaper], text: str) -> Paper | None:
    """Return the one of some papers that a person names: by its id or address here, or by any identifier.

    `merged` has the ids that lead to another paper, as far as the person may know of them.
    """
    text = clean_line(text)
    here = _PAPER_ADDRESS.fullmatch(text)
    pk = read_number(here["pk"] if here else text)
    if pk is not None:
        into = merged.filter(pk=pk).values("paper")
        return papers.filter(pk=pk).first() or papers.filter(pk__in=into).first()
    named = identifiers.parse(text) or identifiers.parse(text, "arxiv")
    if named is None:
        return None
    return papers.filter(identifiers__scheme=named.scheme, identifiers__value=named.value).first()


def describe(paper: Paper) -> Description:
    """Return what is compared of a paper whose identifiers are loaded."""
    return Description(
        title=paper.title,
        authors=paper.authors,
        published=paper.published_as_known,
        journal=paper.journal,
        volume=paper.volume,
        issue=paper.issue,
        pages=paper.pages,
        identifiers=[identifiers.Identifier(name.scheme, name.value) for name in paper.identifiers.all()],
    )


def _find_pairs(request: Request) -> QuerySet[CandidatePair]:
    pairs = CandidatePair.objects.visible_to(request.user)
    return (
        pairs.select_related("first__private_to", "second__private_to", "proposed_by", "club")
        .prefetch_related("first__identifiers", "second__identifiers")
        .defer(*("first__search_text", "first__abstract", "second__search_text", "second__abstract"))
    )


def _owner_of(pair: CandidatePair) -> Club | None:
    return pair.first.private_to or pair.second.private_to


def _compare(request: Request, pair: CandidatePair) -> Comparison:
    keep, other = sorted(
        [pair.first, pair.second], key=lambda paper: (paper.private_to_id is not None, paper.pk)
    )
    return Comparison(
        pair,
        keep,
        other,
        [
            (str(_LABELS[fact.name]), str(_VERDICTS[fact.verdict]), fact)
            for fact in compare_facts(describe(keep), describe(other))
        ],
        permissions.can_decide(request.user, _owner_of(pair)),
    )


def _read_log(request: Request, decisions: QuerySet[Decision]) -> list[Line]:
    """Return lines of the log, with what stands: merges that the person may take back, and pairs kept apart."""
    rows = list(decisions.select_related("by"))
    merged = MergedPaper.objects.visible_to(request.user).select_related("private_to")
    standing = {
        each.pk: each
        for each in merged.filter(pk__in=[row.other for row in rows]).defer("log")
        if permissions.can_decide(request.user, each.private_to)
    }
    ids = {pk for row in rows if row.act == Decision.Act.KEPT_APART for pk in (row.kept, row.other)}
    pairs = CandidatePair.objects.visible_to(request.user).filter(state=CandidatePair.State.APART)
    apart = {
        frozenset((each.first_id, each.second_id)): each
        for each in pairs.filter(first__in=ids, second__in=ids)
    }
    lines = []
    for row in rows:  # newest first, so that only the last word on two papers is found
        found = kept = None
        if row.act == Decision.Act.MERGED:
            found = standing.pop(row.other, None)
        elif row.act == Decision.Act.KEPT_APART:
            kept = apart.pop(frozenset((row.kept, row.other)), None)
        lines.append(Line(row, found, kept))
    return lines
