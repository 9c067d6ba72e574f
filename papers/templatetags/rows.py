"""Writes rows of papers: `{% write_rows rows csrf_input bookmark %}`.

A listing has a hundred rows, and rendering the template of a row a hundred times is most of what the page costs
(bench/). But rows differ in little besides their texts. So the template is rendered once for each shape that rows
come in (voted on or not, with two tags, without comments …), with holes where texts go; what remains to do for
each row is to fill the holes of its shape.
"""

from collections.abc import Iterable
from functools import lru_cache
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
    has_source_votes: bool


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
        skeleton = _make_skeleton(language, _shape_of(row))
        parts.append(skeleton.fill(_Texts(row, csrf_input or "")))
    return format_html("{}" * len(parts), *parts)


class _Texts(dict[str, str]):
    """The texts of a row by the names of their holes."""

    def __init__(self, row: Row, csrf_input: SafeString | str) -> None:
        super().__init__(csrf_input=csrf_input)
        self.row = row
        for number, tag in enumerate(row.tags):
            self[f"tag{number}"] = tag
        if row.ticks:
            self.update(up=row.ticks.up, down=row.ticks.down, width=row.ticks.width, height=row.ticks.height)

    def __missing__(self, name: str) -> str:
        text: str = getattr(self.row, name)
        return text


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
        row.source_votes != "",
    )


@lru_cache(maxsize=512)
def _make_skeleton(language: str | None, shape: Shape) -> Skeleton:
    """Render the template of a row with holes in the place of texts; `language` is the one that is active."""

    def make(name: str, *, there: bool = True) -> SafeString | str:
        return make_hole(name) if there else ""

    row = Row(
        id=make("id"),
        n=make("n"),
        url=make("url"),
        act_url=make("act_url", there=shape.has_act_url),
        title=make_hole("title"),
        summary=make_hole("summary"),
        state=shape.state,
        my_vote=int(shape.is_voted),
        promote=make_hole("promote"),
        demote=make_hole("demote"),
        present=make_hole("present"),
        score=make("score"),
        tags=[make(f"tag{number}") for number in range(shape.tags)],
        comments=make("comments", there=shape.has_comments),
        source_votes=make("source_votes", there=shape.has_source_votes),
        ticks=Ticks(make("up"), make("down"), make("width"), make("height")) if shape.has_ticks else None,
        tally=make("tally"),
        voters=make("voters"),
        offers=make("offers", there=shape.has_offers),
        authors=make("authors", there=shape.has_authors),
    )
    html = get_template("papers/_row.html").render({"row": row, "csrf_input": make_hole("csrf_input")})
    return Skeleton(html)
