"""Ask people about a preprint and a published paper whose titles are alike and whose authors are the same.

A title is often changed on the way into a journal, and nothing but people can tell such a pair from two papers of one
group. Equal titles are none of this module's business: `_identity` compares them.
"""

from collections.abc import Collection
from typing import Final

from django.db import connection

from papers.merge import YEARS_APART
from papers.models import Source

from ._identity import note_pairs

LEAST_ALIKE: Final = 0.5
"""How many of their three-letter pieces two titles share (pg_trgm). Of the shared files one pair reaches 0.3."""

_REASON: Final = (
    "The authors' family names are the same and the titles are alike: a preprint and its published form?"
)

# Each is looked up by itself (LATERAL with a LIMIT), as in `_staging`. More than so many papers have the same one or
# two common names for authors; then some of them are compared.
_FIND = """
    SELECT new.id, other.id
      FROM papers_paper new CROSS JOIN LATERAL (
        SELECT id, title, title_key, published, private_to_id FROM papers_paper paper
         WHERE paper.form_key = new.form_key # 1 LIMIT 1000) AS other
     WHERE new.id = ANY(%(ids)s) AND new.form_key IS NOT NULL AND new.title_key <> other.title_key
       AND (other.private_to_id IS NULL OR other.private_to_id = %(club)s)
       AND coalesce(abs(date_part('year', new.published) - date_part('year', other.published)) <= %(years)s, true)
       AND similarity(new.title, other.title) >= %(alike)s
"""


def ask_about_forms(source: Source, paper_ids: Collection[int]) -> None:
    """Ask about those of these papers, new or changed, that may be the other form of one. The catalogue is locked."""
    if not paper_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND,
            {"ids": list(paper_ids), "club": source.club_id, "years": YEARS_APART, "alike": LEAST_ALIKE},
        )
        found = cursor.fetchall()
    if found:
        note_pairs(source, ((one, other, _REASON) for one, other in found))
