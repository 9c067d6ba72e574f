"""What a listing page shows: the papers of a period in order, what the club did with them, and where I stand.

Two statements carry it. `load_ranks` reads the whole period thinly: order, my acts, what is new; enough for the
strip, the counts and the filters. `load_rows` then reads the texts of the papers that are on screen. They are
plain SQL: composing the same through the ORM costs as much again as running it (see `bench/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import Club, User

from . import markup
from .models import Source
from .statements import fetch

if TYPE_CHECKING:
    from .listed import Place

PAGE = 100
PERIOD_LIMIT = 2_000
MOST_TICKS = 40
MOST_NAMES = 3

NEW, UNSEEN, SEEN, PROMOTED, DEMOTED, SKIPPED = "new", "unseen", "seen", "promoted", "demoted", "skipped"
OPEN = {NEW, UNSEEN}


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Who looks, and as what: in which club they act, whose votes they see, whether by name."""

    user: User | AnonymousUser
    club: Club | None
    """The club whose address the page stands under; None for the catalogue's own pages."""
    acting: Club | None
    """The club in which the acts on this page count; None for who may only look."""
    counted: Sequence[int]
    """The clubs whose votes, tags and comments are shown."""
    mine: Sequence[int]
    """The clubs whose private papers are visible."""

    @property
    def paper_base(self) -> str:
        """The beginning of the addresses of papers, made by hand since a listing needs a hundred."""
        return f"/clubs/{self.club.slug}/papers/" if self.club else "/papers/"

    @property
    def act_base(self) -> str:
        return f"/clubs/{self.acting.slug}/papers/" if self.acting else ""

    @property
    def shows_names(self) -> bool:
        return self.club is not None and self.club.pk in self.mine

    @property
    def shows_voters(self) -> bool:
        """Whether promoters are named, too; the club may want votes without names."""
        return self.shows_names and self.club is not None and self.club.shows_voters

    @property
    def hides_totals(self) -> bool:
        """Whether what votes add up to is a secret here until they close."""
        club = self.club or self.acting
        return club is not None and club.hides_totals


@dataclass(slots=True)
class Rank:
    """One paper's place in a period, and what I did with it."""

    paper_id: int
    n: int
    day: date | None
    """Of the listing, on a page that has some."""
    state: str
    my_vote: int
    offered: bool
    acted_at: datetime | None
    categories: list[str]
    score: int
    source: int = 0
    """Which of the page's sources lists it, counted from 1."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """A tally, one mark a vote: the paths of both kinds, and the size in pixels."""

    up: SafeString
    down: SafeString
    width: SafeString
    height: SafeString


# What a vote's buttons send and say: the pressed one takes the act back.
_PROMOTE, _PROMOTED = (
    format_html('value="{}" aria-pressed="{}"', value, pressed)
    for value, pressed in ((1, "false"), (0, "true"))
)
_DEMOTE, _DEMOTED = (
    format_html('value="{}" aria-pressed="{}"', value, pressed)
    for value, pressed in ((-1, "false"), (0, "true"))
)
_PRESENT, _PRESENTED = _PROMOTE, _PROMOTED
_ZERO = markup.number(0)
_SECRET = conditional_escape("–")


@dataclass(slots=True)
class Row:
    """What the template of a row prints, as text that is ready to print.

    Numbers are text already: a template formats each number anew, and a listing prints a thousand. What is
    said often is escaped already, since to escape it would be most of the work of printing a row.
    """

    id: SafeString
    n: SafeString
    url: str
    act_url: str
    title: SafeString
    summary: SafeString
    state: str = UNSEEN
    my_vote: int = 0
    promote: SafeString = _PROMOTE
    demote: SafeString = _DEMOTE
    present: SafeString = _PRESENT
    score: SafeString = _ZERO
    tags: list[str] = field(default_factory=list)
    comments: str = ""
    upvotes: int = 0
    source_votes: str = ""
    ticks: Ticks | None = None
    tally: str = ""
    voters: str = ""
    offers: str = ""
    since: str = ""
    """That there is a newer revision than the one I acted on."""
    authors: str = ""
    why: str = ""
    """Why it stands in this place; instead of a summary."""
    before: str = ""
    """That the club has discussed it, and when."""
    refusal: str = ""
    """Why the act that this row answers was not done."""


# What `state_of` takes, of the tables that tell of me.
ACTS = """
    vote.value, offer.id IS NOT NULL, skip.id IS NOT NULL,
    greatest(vote.cast_at, offer.offered_at, skip.skipped_at)
"""

# The first step is materialised so that the planner orders four and five tables and not eight: the time it takes
# to plan a join grows far faster than the join, and was four fifths of the whole (1.9 of 2.3 ms).
_RANKS = f"""
    WITH listed AS MATERIALIZED (
        SELECT DISTINCT ON (item.paper_id)
               item.paper_id, listing.date, place.position AS source_place, item.position, item.added, paper.categories
          FROM papers_listingitem item
          JOIN papers_listing listing ON listing.id = item.listing_id
          JOIN unnest(%(sources)s::bigint[]) WITH ORDINALITY AS place (source_id, position)
            ON place.source_id = listing.source_id
          JOIN papers_paper paper ON paper.id = item.paper_id
         WHERE listing.date BETWEEN %(first)s AND %(last)s
           AND (paper.private_to_id IS NULL OR paper.private_to_id = ANY(%(mine)s::bigint[]))
         ORDER BY item.paper_id, listing.date, place.position, item.position
    ), shown AS MATERIALIZED (
        SELECT * FROM listed ORDER BY date DESC, source_place, position LIMIT {PERIOD_LIMIT}
    )
    SELECT shown.paper_id, shown.date, shown.source_place, shown.categories,
           coalesce(entry.shown_promotions - entry.shown_demotions, 0),
           {ACTS}, shown.added > %(new_since)s
      FROM shown
      LEFT JOIN papers_entry entry ON entry.paper_id = shown.paper_id AND entry.club_id = %(club)s
      LEFT JOIN papers_vote vote ON vote.entry_id = entry.id AND vote.member_id = %(me)s
      LEFT JOIN papers_volunteer offer ON offer.entry_id = entry.id AND offer.member_id = %(me)s
      LEFT JOIN papers_skip skip
        ON skip.paper_id = shown.paper_id AND skip.club_id = %(club)s AND skip.member_id = %(me)s
     ORDER BY shown.date DESC, shown.source_place, shown.position
"""  # noqa: S608


def load_ranks(
    view: Viewpoint, sources: Sequence[Source], first: date, last: date, *, new_since: datetime | None = None
) -> list[Rank]:
    """Return the papers listed from `first` to `last`, each once, newest day first, in the sources' order.

    At most PERIOD_LIMIT; one statement.
    """
    rows = fetch(
        _RANKS,
        {
            "sources": [source.pk for source in sources],
            "club": view.acting.pk if view.acting else None,
            "me": view.user.pk if view.acting else None,
            "mine": list(view.mine),
            "first": first,
            "last": last,
            "new_since": new_since,
        },
    )
    return [
        Rank(paper_id, n, day, *state_of(*acts), categories, score, source)
        for n, (paper_id, day, source, categories, score, *acts) in enumerate(rows, start=1)
    ]


def load_ranks_of(view: Viewpoint, ids: Sequence[int]) -> list[Rank]:
    """Return what I did with each of some papers, numbered as they come; one statement."""
    acts = fetch(
        f"""
            SELECT {ACTS}
              FROM unnest(%(papers)s::bigint[]) WITH ORDINALITY AS paper (id, n)
              LEFT JOIN papers_entry entry ON entry.paper_id = paper.id AND entry.club_id = %(club)s
              LEFT JOIN papers_vote vote ON vote.entry_id = entry.id AND vote.member_id = %(me)s
              LEFT JOIN papers_volunteer offer ON offer.entry_id = entry.id AND offer.member_id = %(me)s
              LEFT JOIN papers_skip skip
                ON skip.paper_id = paper.id AND skip.club_id = %(club)s AND skip.member_id = %(me)s
             ORDER BY paper.n
        """,  # noqa: S608
        {
            "papers": list(ids),
            "club": view.acting.pk if view.acting else None,
            "me": view.user.pk if view.acting else None,
        },
    )
    return [
        Rank(pk, n, None, *state_of(*did), [], 0)
        for n, (pk, did) in enumerate(zip(ids, acts, strict=True), 1)
    ]


def name_authors(names: Sequence[str]) -> str:
    """Return “Ada Lovelace, Charles Babbage and 3 more”: enough to know a paper by."""
    shown = ", ".join(names[:4])
    rest = len(names) - 4
    return f"{shown} {_('and %(rest)d more') % {'rest': rest}}" if rest > 0 else shown


def state_of(
    vote: int | None, offered: bool, skipped: bool, acted_at: datetime | None, is_new: bool | None = False
) -> tuple[str, int, bool, datetime | None]:
    """Return what my acts make of a paper: its state, my vote, whether I offered to present, when I last acted."""
    if vote:
        state = PROMOTED if vote > 0 else DEMOTED
    elif skipped:
        state = SKIPPED
    elif offered:
        state = SEEN
    else:
        state = NEW if is_new else UNSEEN
    return state, vote or 0, offered, acted_at


_ROWS = """
    WITH counted AS MATERIALIZED (
        SELECT id, paper_id, shown_promotions AS promotions, shown_demotions AS demotions, comment_count, discussed_at
          FROM papers_entry
         WHERE club_id = ANY(%(clubs)s::bigint[]) AND paper_id = ANY(%(ids)s::bigint[])
    ), totals AS (
        SELECT paper_id, sum(promotions) AS promotions, sum(demotions) AS demotions, sum(comment_count) AS comments,
               max(discussed_at) AS discussed_at
          FROM counted GROUP BY paper_id
    ), tags AS (
        SELECT counted.paper_id, array_agg(DISTINCT tag.name) AS names
          FROM counted
          JOIN papers_tagging tagging ON tagging.entry_id = counted.id
          JOIN papers_tag tag ON tag.id = tagging.tag_id
         GROUP BY counted.paper_id
    ), voters AS (
        SELECT counted.paper_id, (array_agg(
                   CASE WHEN person.id = %(me)s THEN NULL
                        ELSE coalesce(nullif(person.name, ''), split_part(person.email, '@', 1)) END
                   ORDER BY person.id = %(me)s DESC, vote.cast_at))[1:%(most_names)s] AS names
          FROM counted
          JOIN papers_vote vote ON vote.entry_id = counted.id AND vote.value = 1 AND vote.is_revealed
          JOIN accounts_user person ON person.id = vote.member_id
         WHERE %(voters)s
         GROUP BY counted.paper_id
    ), offers AS (
        SELECT counted.paper_id, array_agg(
                   CASE WHEN person.id = %(me)s THEN NULL
                        ELSE coalesce(nullif(person.name, ''), split_part(person.email, '@', 1)) END
                   ORDER BY person.id = %(me)s DESC, offer.offered_at) AS names
          FROM counted
          JOIN papers_volunteer offer ON offer.entry_id = counted.id
          JOIN accounts_user person ON person.id = offer.member_id
         WHERE %(names)s
         GROUP BY counted.paper_id
    ), acts AS (
        SELECT entry_id, paper_revision, 0 AS act FROM papers_comment
         WHERE author_id = %(me)s AND removed_at IS NULL AND entry_id IN (SELECT id FROM counted)
        UNION ALL
        SELECT entry_id, paper_revision, 1 FROM papers_vote
         WHERE member_id = %(me)s AND entry_id IN (SELECT id FROM counted)
        UNION ALL
        SELECT entry_id, paper_revision, 2 FROM papers_volunteer
         WHERE member_id = %(me)s AND entry_id IN (SELECT id FROM counted)
    ), known AS (
        SELECT counted.paper_id, max(acts.paper_revision) AS revision, min(acts.act) AS act
          FROM counted JOIN acts ON acts.entry_id = counted.id GROUP BY counted.paper_id
    )
    SELECT paper.id, paper.title, paper.excerpt, paper.upvotes, paper.private_to_id,
           totals.promotions::int, totals.demotions::int, totals.comments::int,
           tags.names, voters.names, offers.names, paper.revision, known.revision, known.act, totals.discussed_at
      FROM papers_paper paper
      LEFT JOIN totals ON totals.paper_id = paper.id
      LEFT JOIN tags ON tags.paper_id = paper.id
      LEFT JOIN voters ON voters.paper_id = paper.id
      LEFT JOIN offers ON offers.paper_id = paper.id
      LEFT JOIN known ON known.paper_id = paper.id AND known.revision < paper.revision
     WHERE paper.id = ANY(%(ids)s::bigint[])
       AND (paper.private_to_id IS NULL OR paper.private_to_id = ANY(%(mine)s::bigint[]))
"""


def load_rows(view: Viewpoint, ranks: Iterable[Rank]) -> list[Row]:
    """Return what the page prints for these papers, in their order; one statement."""
    ranks = list(ranks)
    found = fetch(
        _ROWS,
        {
            "ids": [rank.paper_id for rank in ranks],
            "clubs": list(view.counted),
            "mine": list(view.mine),
            "me": view.user.pk,
            "names": view.shows_names,
            "voters": view.shows_voters,
            "most_names": MOST_NAMES,
        },
    )
    by_paper = {facts[0]: facts for facts in found}
    language = get_language()
    return [
        _make_row(view, rank, by_paper[rank.paper_id], language)
        for rank in ranks
        if rank.paper_id in by_paper
    ]


def _make_row(view: Viewpoint, rank: Rank, facts: tuple[Any, ...], language: str | None) -> Row:
    pk, title, excerpt, upvotes, private_to, promotions, demotions, comments = facts[:8]
    tags, voters, offers, revision, known_revision, act, discussed = facts[8:]
    row = Row(
        id=markup.number(pk),
        n=markup.number(rank.n),
        url=_paper_url(view, pk, private_to),
        act_url=_act_url(view, rank, private_to),
        title=markup.inline(title),
        summary=markup.inline(excerpt),
        state=rank.state,
        my_vote=rank.my_vote,
        upvotes=upvotes,
    )
    if rank.my_vote > 0:
        row.promote = _PROMOTED
    elif rank.my_vote < 0:
        row.demote = _DEMOTED
    if rank.offered:
        row.present = _PRESENTED
    if tags:
        row.tags = sorted(tags)
    if comments:
        row.comments = count_comments(language, comments)
    if upvotes:
        row.source_votes = count_source_votes(language, upvotes)
    if promotions or demotions:
        row.score = write_score(promotions - demotions)
        row.tally = describe_tally(language, promotions, demotions)
        row.ticks = draw_ticks(promotions, demotions)
        row.voters = name_people(voters, promotions) if voters else ""
    elif view.hides_totals:
        row.score = _SECRET
    if offers:
        row.offers = name_people(offers, len(offers))
    if known_revision:
        row.since = tell_revision(language, act, revision, known_revision)
    if discussed and view.club:
        row.before = tell_discussed(language, discussed.astimezone(ZoneInfo(view.club.time_zone)).date())
    return row


def _paper_url(view: Viewpoint, pk: int, private_to: int | None) -> str:
    """Return where a title leads; a paper private to another club of mine has no page under this one."""
    is_elsewhere = private_to is not None and view.club is not None and private_to != view.club.pk
    return f"/papers/{pk}" if is_elsewhere else f"{view.paper_base}{pk}"


def _act_url(view: Viewpoint, rank: Rank, private_to: int | None) -> str:
    """Return where the row's form goes; empty where nothing can be done: what is private stays in its club."""
    if view.acting is None or (private_to is not None and private_to != view.acting.pk):
        return ""
    return f"{view.act_base}{rank.paper_id}/triage?n={rank.n}{'' if view.club else '&at=catalogue'}"


@lru_cache(maxsize=1024)
def write_score(score: int) -> SafeString:
    return conditional_escape(f"{score}".replace("-", "−"))


@lru_cache(maxsize=1024)
def draw_ticks(promotions: int, demotions: int) -> Ticks:
    up, down = min(promotions, MOST_TICKS), min(demotions, MOST_TICKS)
    return Ticks(
        up=conditional_escape("".join(f"M{4 * i + 1} 11V1" for i in range(up))),
        down=conditional_escape("".join(f"M{4 * i + 1} 19V13" for i in range(down))),
        width=markup.number(4 * max(up, down)),
        height=markup.number(20 if down else 12),
    )


# Numbers in words are remembered: a page says the same ones often. `language` is the one that is active.


@lru_cache(maxsize=1024)
def count_comments(language: str | None, number: int) -> SafeString:
    text = ngettext("%(number)d comment", "%(number)d comments", number)
    return conditional_escape(text % {"number": number})


@lru_cache(maxsize=1024)
def count_source_votes(language: str | None, number: int) -> SafeString:
    text = ngettext("%(number)d vote at the source", "%(number)d votes at the source", number)
    return conditional_escape(text % {"number": number})


@lru_cache(maxsize=1024)
def tell_revision(language: str | None, act: int, revision: int, known: int) -> SafeString:
    """Return “v3 since you discussed it (v1)”; `act` is what I did: 0 discussed, 1 voted, 2 offered to present."""
    text = (
        _("v%(revision)d since you discussed it (v%(known)d)"),
        _("v%(revision)d since you voted (v%(known)d)"),
        _("v%(revision)d since you offered to present it (v%(known)d)"),
    )[act]
    return conditional_escape(text % {"revision": revision, "known": known})


@lru_cache(maxsize=1024)
def tell_discussed(language: str | None, day: date) -> SafeString:
    text = _("Discussed here on %(day)s")
    return conditional_escape(text % {"day": date_format(day, "j F Y")})


@lru_cache(maxsize=4096)
def describe_tally(language: str | None, promotions: int, demotions: int) -> SafeString:
    return conditional_escape(_("%(up)d for, %(down)d against.") % {"up": promotions, "down": demotions})


def name_people(names: Sequence[str | None], number: int) -> str:
    """Return “you, Ben, Chen +2”: first names, me (None) first, and how many more there are."""
    shown = [_("you") if name is None else name.split(maxsplit=1)[0] for name in names[:MOST_NAMES]]
    rest = number - len(shown)
    return ", ".join(shown) + (f" +{rest}" if rest > 0 else "")


@dataclass(frozen=True, slots=True)
class Strip:
    """The marks of a period: one tick a paper; `static/js/listing.js` reads and redraws them."""

    width: int
    label: str
    paths: list[tuple[str, str]]


_PATHS = {UNSEEN: "faint", NEW: "new-mark", SEEN: "done", SKIPPED: "done", PROMOTED: "up", DEMOTED: "down"}
_SPANS = {"faint": (14, 20), "done": (14, 20), "new-mark": (10, 20), "up": (2, 20), "down": (14, 28)}


def count_states(ranks: Iterable[Rank]) -> dict[str, int]:
    """Return how many papers are in each state, and the sums `seen_all`, `voted` and `open`."""
    counts = dict.fromkeys((NEW, UNSEEN, SEEN, PROMOTED, DEMOTED, SKIPPED), 0)
    for rank in ranks:
        counts[rank.state] += 1
    counts["voted"] = counts[PROMOTED] + counts[DEMOTED]
    counts["open"] = counts[NEW] + counts[UNSEEN]
    counts["all"] = sum(counts[state] for state in _PATHS)
    counts["seen_all"] = counts["all"] - counts["open"]
    return counts


def draw_strip(ranks: Sequence[Rank], counts: dict[str, int]) -> Strip:
    marks: dict[str, list[str]] = {name: [] for name in _SPANS}
    for rank in ranks:
        path = _PATHS[rank.state]
        top, bottom = _SPANS[path]
        marks[path].append(f"M{10 * rank.n - 5} {top}V{bottom}")
    label = _(
        "The %(all)d papers in order: %(promoted)d promoted, %(demoted)d demoted, %(skipped)d skipped, "
        "%(open)d not seen yet, of which %(new)d are new"
    )
    return Strip(10 * len(ranks), label % counts, [(name, "".join(drawn)) for name, drawn in marks.items()])


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where to go on: the first paper not seen after the place where I stopped, and when that was."""

    n: int
    id: str
    stopped: datetime | None


def find_bookmark(ranks: Sequence[Rank], stopped_at: int | None) -> Bookmark | None:
    """Return where to go on; None when nothing or everything was seen, or where that is the first paper.

    `stopped_at` is the paper that was on screen when the member left, if that is known.
    """
    start = next((rank.n for rank in ranks if rank.paper_id == stopped_at), 0)
    acted = [rank for rank in ranks if rank.acted_at is not None]
    if not start and not acted:
        return None
    start = start or max(rank.n for rank in acted)
    after = (rank for rank in ranks[start - 1 :] if rank.state in OPEN)
    go_on = next(after, None) or next((rank for rank in ranks if rank.state in OPEN), None)
    if go_on is None or go_on.n == 1:
        return None
    stopped = max((rank.acted_at for rank in acted if rank.acted_at), default=None)
    return Bookmark(go_on.n, str(go_on.paper_id), stopped)


def load_tags(view: Viewpoint, ranks: Iterable[Rank | Place]) -> dict[str, set[int]]:
    """Return the papers that carry each tag, most used first; one statement."""
    rows = fetch(
        """
            SELECT tag.name, array_agg(DISTINCT entry.paper_id)
              FROM papers_entry entry
              JOIN papers_tagging tagging ON tagging.entry_id = entry.id
              JOIN papers_tag tag ON tag.id = tagging.tag_id
             WHERE entry.club_id = ANY(%(clubs)s::bigint[]) AND entry.paper_id = ANY(%(ids)s::bigint[])
             GROUP BY tag.name
            """,
        {"clubs": list(view.counted), "ids": [rank.paper_id for rank in ranks]},
    )
    found = {name: set(ids) for name, ids in rows}
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def count_categories(ranks: Iterable[Rank]) -> dict[str, int]:
    """Return how many papers have each category, most frequent first."""
    counts: dict[str, int] = {}
    for rank in ranks:
        for category in rank.categories:
            counts[category] = counts.get(category, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The listing days around a day, and those of its month."""

    previous: date | None
    next: date | None
    days: set[date]


def find_neighbours(sources: Sequence[Source], first: date, last: date) -> Neighbours:
    """Return the nearest days with a listing outside a period, and all days of its month; one statement."""
    month = first.replace(day=1)
    after_month = (month + timedelta(days=32)).replace(day=1)
    [(previous, following, days)] = fetch(
        """
            WITH days AS (SELECT DISTINCT date FROM papers_listing WHERE source_id = ANY(%(sources)s::bigint[])
                             AND date >= %(month)s AND date < %(after)s)
            SELECT (SELECT max(date) FROM papers_listing
                     WHERE source_id = ANY(%(sources)s::bigint[]) AND date < %(first)s),
                   (SELECT min(date) FROM papers_listing
                     WHERE source_id = ANY(%(sources)s::bigint[]) AND date > %(last)s),
                   (SELECT array_agg(date) FROM days)
            """,
        {
            "sources": [source.pk for source in sources],
            "month": month,
            "after": after_month,
            "first": first,
            "last": last,
        },
    )
    return Neighbours(previous, following, set(days or ()))


def load_sources(view: Viewpoint, memberships: Sequence[int]) -> list[Source]:
    """Return the sources whose listings a page shows to a member of these clubs; one statement.

    The same as Source.objects.visible_to(user).followed_by(club), which takes ten times as long to compose as to
    run; a test holds the two together.
    """
    club = view.club or view.acting
    return list(
        Source.objects.raw(
            """
            SELECT source.* FROM papers_source source
             WHERE (source.club_id IS NULL OR source.club_id = ANY(%(memberships)s::bigint[]))
               AND (source.club_id = %(club)s
                    OR EXISTS (SELECT FROM papers_source_followers choice
                                WHERE choice.club_id = %(club)s AND choice.source_id = source.id)
                    OR (source.club_id IS NULL
                        AND NOT EXISTS (SELECT FROM papers_source_followers WHERE club_id = %(club)s)))
             ORDER BY source.name, source.id
            """,
            {"memberships": list(memberships), "club": club.pk if club else None},
        )
    )


def find_newest_day(sources: Sequence[Source]) -> date | None:
    [(day,)] = fetch(
        "SELECT max(date) FROM papers_listing WHERE source_id = ANY(%(sources)s::bigint[])",
        {"sources": [source.pk for source in sources]},
    )
    return day
