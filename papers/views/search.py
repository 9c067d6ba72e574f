"""Search over what a person may know of."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from papers import markup, search, triage
from papers.models import Paper
from readinglist.http import Request

from .viewpoint import look, open_to_visitors, row_context

SHOWN = 50


@require_GET
@open_to_visitors
def search_papers(request: Request) -> HttpResponse:
    """Show the papers that match `?q=`, best first, with the matches marked."""
    text = request.GET.get("q", "").replace("\0", "").strip()[: search.QUERY_LIMIT]
    view = look(request)
    if view.acting is not None:
        view = triage.Viewpoint(view.user, view.acting, view.acting, [view.acting.pk], view.mine)
    found = search.best(Paper.objects.visible_to(request.user), text)
    papers = list(found.only("pk", "created", "authors")[: SHOWN + 1]) if text else []
    shown = papers[:SHOWN]
    ranks = triage.load_ranks_of(view, [paper.pk for paper in shown])
    rows = triage.load_rows(view, ranks) if shown else []
    marked = search.mark(text, [paper.pk for paper in shown]) if shown else {}
    authors = {paper.pk: triage.name_authors(paper.authors) for paper in shown}
    for row in rows:
        title, passage = marked[int(row.id)]
        row.title, row.summary = markup.highlight(title), markup.highlight(passage)
        row.authors = authors[int(row.id)]
        row.act_url = row.act_url and f"{row.act_url}&authors=1"
    context = {
        "q": text,
        "rows": rows,
        "is_more": len(papers) > SHOWN,
        "shown": SHOWN,
        "submit_url": f"{reverse('papers:submit')}?{urlencode({'text': text})}"
        if request.user.is_authenticated
        else "",
        **row_context(request, view),
    }
    return render(request, "papers/search.html", context)
