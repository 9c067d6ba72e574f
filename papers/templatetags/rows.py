"""Writes rows of papers: `{% write_rows rows csrf_input bookmark %}`.

A listing has a hundred rows, and rendering the template of a row a hundred times is most of what the page costs
(bench/). But rows differ in little besides their texts. So the template is rendered once for each shape that rows
come in (voted on or not, with two tags, without comments …), with holes where texts go; what remains to do for
each row is to fill the holes of its shape.
"""

from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from papers.markup import Skeleton, make_hole
from papers.triage import Bookmark, Row, Ticks

register = template.Library()

# The fields of a row that go into holes, besides its tags.
_TEXTS = (
    *("id", "n", "url", "act_url", "title", "summary", "promote", "demote", "present", "score"),
    *(
        "tally",
        "voters",
        "comments",
        "source_votes",
        "offers",
        "since",
        "authors",
        "why",
        "before",
        "refusal",
    ),
)
_TICKS = ("ticks.up", "ticks.down", "ticks.width", "ticks.height")
_find_texts, _find_texts_and_ticks = attrgetter(*_TEXTS), attrgetter(*_TEXTS, *_TICKS)


class Shape(NamedTuple):
    """All of a row that its template asks about: rows of one shape differ in nothing but texts."""

    state: str
    is_voted: bool
    tags: int
    has_ticks: bool
    has_act_url: bool
    has_authors: bool
    has_comments: bool
    has_offers: bool
    has_since: bool
    has_source_votes: bool
    has_why: bool
    has_before: bool
    has_refusal: bool


@register.simple_tag
def write_rows(
    rows: Iterable[Row], csrf_input: SafeString | str = "", bookmark: Bookmark | None = None
) -> SafeString:
    """Return rows as HTML, the bookmark above the row where reading goes on."""
    if settings.DEBUG:
        _make_skeleton.cache_clear()  # the template may have been edited
    language = get_language()
    marked = bookmark.id if bookmark else ""
    parts = []
    for row in rows:
        if row.id == marked:
            parts.append(get_template("papers/_bookmark.html").render({"bookmark": bookmark}))
        find_texts = _find_texts if row.ticks is None else _find_texts_and_ticks
        texts = (csrf_input or "", *row.tags, *find_texts(row))
        parts.append(_make_skeleton(language, _shape_of(row)).fill(texts))
    return format_html("{}" * len(parts), *parts)


def _shape_of(row: Row) -> Shape:
    return Shape(
        row.state,
        row.my_vote != 0,
        len(row.tags),
        row.ticks is not None,
        row.act_url != "",
        row.authors != "",
        row.comments != "",
        row.offers != "",
        row.since != "",
        row.source_votes != "",
        row.why != "",
        row.before != "",
        row.refusal != "",
    )


@lru_cache(maxsize=512)
def _make_skeleton(language: str | None, shape: Shape) -> Skeleton:
    """Render the template of a row with holes in the place of texts; `language` is the one that is active."""

    names = ["csrf_input", *(f"tag{number}" for number in range(shape.tags)), *_TEXTS]
    names += _TICKS if shape.has_ticks else ()
    hole = {name: make_hole(name) for name in names}
    row = Row(
        **{name: hole[name] for name in _TEXTS},  # type: ignore[arg-type]
        state=shape.state,
        my_vote=int(shape.is_voted),
        tags=[hole[f"tag{number}"] for number in range(shape.tags)],
        ticks=Ticks(*(hole[name] for name in _TICKS)) if shape.has_ticks else None,
    )
    for name in (
        "act_url",
        "authors",
        "comments",
        "offers",
        "since",
        "source_votes",
        "why",
        "before",
        "refusal",
    ):
        if not getattr(shape, f"has_{name}"):
            setattr(row, name, "")
    html = get_template("papers/_row.html").render({"row": row, "csrf_input": hole["csrf_input"]})
    return Skeleton(html, names)
