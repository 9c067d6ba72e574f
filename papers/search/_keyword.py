"""Keyword search with PostgreSQL's full text (configuration `papers`: English stems, accents ignored).

The query follows web search habits: words are joined by "and", "quoted words" stand together, `or` and `-word`
work (https://www.postgresql.org/docs/current/textsearch-controls.html, websearch_to_tsquery). Rank is
ts_rank_cd with title, authors, abstract weighed 1, 0.4, 0.2 and documents by the logarithm of their length.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import connection, models
from django.db.models.expressions import RawSQL

from papers import identifiers
from papers.markup import MARK_END, MARK_START

if TYPE_CHECKING:
    from papers.models.catalogue import PaperQuerySet

QUERY_LIMIT = 400
TERMS = 12  # words and phrases of a query that count, each once: marking them costs time for every one
RANKED = 2_000  # newest matches that `best` looks at
SHORT = 320  # characters of an abstract that is shown whole

_QUERY = "websearch_to_tsquery('papers', %s)"
_WEIGHTS = "'{0.1, 0.2, 0.4, 1.0}'"


def matching(papers: "PaperQuerySet", text: str) -> "PaperQuerySet":
    """Return those of `papers` that a query finds, best first; a paper it names by identifier comes before all.

    Empty or senseless queries find nothing. Each paper has its `rank`.
    """
    text = text.replace("\0", "")[:QUERY_LIMIT].strip()
    if not text:
        return papers.none()
    named, text = identifiers.parse(text), clean_query(text)
    condition = models.Q(pk__in=RawSQL(f"SELECT id FROM papers_paper WHERE search_text @@ {_QUERY}", [text]))  # noqa: S611, S608
    rank: models.Expression = RawSQL(f"ts_rank_cd({_WEIGHTS}, papers_paper.search_text, {_QUERY}, 1)", [text])  # noqa: S611
    if named is not None:
        # Not a join: a paper would come once for each of its identifiers.
        is_named = models.Q(
            pk__in=RawSQL(
                "SELECT paper_id FROM papers_paperidentifier WHERE scheme = %s AND value = %s",
                [named.scheme, named.value],
            )
        )
        condition |= is_named
        rank = models.Case(models.When(is_named, then=models.Value(1000.0)), default=rank)
    rank = models.ExpressionWrapper(rank, output_field=models.FloatField())
    return papers.filter(condition).annotate(rank=rank).order_by("-rank", "-pk")


def best(papers: "PaperQuerySet", text: str) -> "PaperQuerySet":
    """Return what `matching` does, of the newest RANKED matches only.

    To rank is the cost of a search: a common word stands in most papers, and a tenth of the time will do. A paper that
    the query names is found however old it is.
    """
    found = matching(papers, text)
    if identifiers.parse(text) is not None:
        return found
    return matching(papers.filter(pk__in=found.order_by("-pk").values("pk")[:RANKED]), text)


def mark(text: str, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return {paper id: (title, passage)} with MARK_START and MARK_END around the words found; one statement.

    Still outside text: `markup.highlight` makes it HTML.
    """
    options = f"StartSel={MARK_START}, StopSel={MARK_END}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id,
                   ts_headline('papers', title, query, %s),
                   CASE WHEN length(abstract) <= {SHORT} THEN ts_headline('papers', abstract, query, %s)
                        ELSE ts_headline('papers', left(abstract, 3000), query, %s) || ' …' END
              FROM papers_paper, {_QUERY} AS query WHERE id = ANY(%s)
            """,  # noqa: S608
            [
                f"{options}, HighlightAll=true",
                f"{options}, HighlightAll=true",
                f"{options}, MaxFragments=2, MinWords=12, MaxWords=30, FragmentDelimiter= … ",
                clean_query(text.replace("\0", "")[:QUERY_LIMIT]),
                list(ids),
            ],
        )
        return {pk: (title, passage) for pk, title, passage in cursor.fetchall()}


def clean_query(text: str) -> str:
    """Return a query for PostgreSQL: without operators that nothing follows, repeated terms, and all beyond TERMS.

    PostgreSQL keeps the operators on a stack of sixteen, and then fails.
    """
    text = re.sub(r"[!&|()]", " ", text)
    text = re.sub(r"(?<!\w)-+(?![\w\"])", " ", text)
    kept: dict[str, None] = {}
    for number, term in enumerate(re.findall(r'-?"[^"]*"?|[^\s"]+', text)):
        is_or = term.lower() == "or"
        if is_or or len([each for each in kept if not each.startswith("or ")]) < TERMS:
            kept[f"or {number}" if is_or else term] = None
    return " ".join("or" if term.startswith("or ") else term for term in kept)
