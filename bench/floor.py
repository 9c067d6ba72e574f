"""The floor: what the same rows cost at least in Django, with nothing around them.

One statement, whose excerpts and dates the database makes and whose numbers are text already; one template without
includes, translations or context processors, whose forms work (they have the token); nobody is signed in.
"""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import get_template

ROWS = """
    SELECT paper.id::text, paper.title, left(paper.abstract, 240), to_char(listing.date, 'DD Mon YYYY'),
           ARRAY(SELECT tag.name
              FROM papers_tagging tagging JOIN papers_tag tag ON tag.id = tagging.tag_id
             WHERE tagging.entry_id = entry.id),
           coalesce(entry.promotions - entry.demotions, 0)::text, coalesce(entry.comment_count, 0)::text
      FROM papers_listing listing
      JOIN papers_listingitem item ON item.listing_id = listing.id
      JOIN papers_paper paper ON paper.id = item.paper_id
      LEFT JOIN papers_entry entry ON entry.paper_id = paper.id AND entry.club_id = %s
     WHERE listing.date = %s
     ORDER BY item.position
"""


@login_not_required
def show_floor(request: HttpRequest, club: int, day: str) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [club, day])
        papers = cursor.fetchall()
    context = {"day": day, "papers": papers, "token": get_token(request)}
    return HttpResponse(get_template("floor.html").render(context))
