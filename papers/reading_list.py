"""What a club does with papers: note, suggest, vote, volunteer, tag, drop; and what a member has seen.

Each verb locks the entry it changes, keeps the totals beside it equal to the votes, and stamps the club.
Whether a person may act is asked of `accounts.permissions` before; whether the act makes sense, here.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club, User

from .models import Entry, ListingVisit, Paper, Skip, Tag, Tagging, Volunteer, Vote
from .statements import fetch
from .trending import heat_of
from .verbs import verb
from .versions import stamp

TAGS_AN_ENTRY = 30
TAG_LENGTH = Tag._meta.get_field("name").max_length or 50
VISIT = timedelta(minutes=30)


class BadTag(Exception):
    """A tag that is empty, too long, or one too many; its text is a sentence for the person who tried."""


@verb
def note(club: Club, paper: Paper) -> Entry:
    """Return the club's entry for a paper, made when there is none."""
    entry = Entry.objects.filter(club=club, paper=paper).first()
    if entry is not None:
        return entry
    try:
        with transaction.atomic():
            entry = Entry(club=club, paper=paper)
            entry.heat = heat_of(entry)
            entry.save()
            stamp(club, [entry])
    except IntegrityError:  # somebody else's first act came first
        entry = Entry.objects.get(club=club, paper=paper)
    return entry


@verb
def suggest(entry: Entry, *, by: User) -> Entry:
    """Put an entry on the club's list, a dropped one too; suggesting what is on it changes nothing."""
    entry = _lock(entry)
    if entry.suggested_by_id is None or entry.state == Entry.State.DROPPED:
        entry.suggested_by = by
        if entry.state == Entry.State.DROPPED:
            entry.state = Entry.State.NOTED
        settle(entry)
        stamp(entry.club, [entry])
    return entry


@verb
def cast_vote(entry: Entry, *, value: int, by: User) -> Entry:
    """Promote (+1) or demote (−1); the same vote again changes nothing, the other one replaces it.

    Raises ValueError for any other value.
    """
    if value not in (Vote.PROMOTE, Vote.DEMOTE):
        raise ValueError(f"A vote is 1 or -1, not {value!r}.")
    entry = _lock(entry)
    before = Vote.objects.filter(entry=entry, member=by).first()
    if before is not None and before.value == value:
        return entry
    # A changed vote is a new row: others see promotions only, so the old one must vanish for them.
    gone = _remove_vote(before)
    vote = Vote.objects.create(entry=entry, member=by, value=value, paper_revision=entry.paper.revision)
    _unskip(entry.club, entry.paper_id, by)
    settle(entry)
    stamp(entry.club, [entry, vote], deleted=gone)
    return entry


@verb
def withdraw_vote(entry: Entry, *, by: User) -> Entry:
    """Take a vote back; without one nothing changes."""
    entry = _lock(entry)
    before = Vote.objects.filter(entry=entry, member=by).first()
    if before is not None:
        gone = _remove_vote(before)
        settle(entry)
        stamp(entry.club, [entry], deleted=gone)
    return entry


@verb
def volunteer(entry: Entry, *, by: User) -> Entry:
    """Offer to present an entry; offering again changes nothing."""
    entry = _lock(entry)
    offer, created = Volunteer.objects.get_or_create(
        entry=entry, member=by, defaults={"paper_revision": entry.paper.revision}
    )
    if created:
        _unskip(entry.club, entry.paper_id, by)
        settle(entry)
        stamp(entry.club, [entry, offer])
    return entry


@verb
def withdraw_offer(entry: Entry, *, by: User) -> Entry:
    """Take the offer to present back; without one nothing changes."""
    entry = _lock(entry)
    offer = Volunteer.objects.filter(entry=entry, member=by).first()
    if offer is not None:
        gone = (Volunteer, offer.pk)
        offer.delete()
        settle(entry)
        stamp(entry.club, [entry], deleted=[gone])
    return entry


def clean_tag(text: str) -> str:
    """Return a tag as the club writes it: one line, no white space at the ends, words joined by hyphens.

    Raises BadTag when nothing is left or it is too long.
    """
    name = "-".join(text.replace("#", " ").replace(",", " ").split()).strip("-")
    if not name or not name.isprintable():
        raise BadTag(_("A tag needs a letter or a digit, such as offline-rl."))
    if len(name) > TAG_LENGTH:
        raise BadTag(
            _("A tag has at most %(most)d characters; this one has %(number)d.")
            % {"most": TAG_LENGTH, "number": len(name)}
        )
    return name


@verb
def tag(entry: Entry, *, name: str, by: User) -> Entry:
    """Put a tag on an entry, in the spelling the club used first; a tag it has already changes nothing.

    Raises BadTag.
    """
    name = clean_tag(name)
    entry = _lock(entry)
    known = _lock_tag(entry.club, name)
    if known is None:
        try:
            with transaction.atomic():
                known = Tag.objects.create(club=entry.club, name=name)
        except IntegrityError:  # somebody else's came first
            known = _lock_tag(entry.club, name)
            assert known is not None
    if Tagging.objects.filter(entry=entry, tag=known).exists():
        return entry
    if Tagging.objects.filter(entry=entry).count() >= TAGS_AN_ENTRY:
        raise BadTag(_("An entry has at most %(most)d tags. Remove one first.") % {"most": TAGS_AN_ENTRY})
    tagging = Tagging.objects.create(entry=entry, tag=known, by=by)
    stamp(entry.club, [entry, tagging])
    return entry


@verb
def untag(entry: Entry, *, name: str, by: User) -> Entry:
    """Take a tag off an entry; a tag nothing else carries is forgotten."""
    try:
        name = clean_tag(name)
    except BadTag:  # so no entry carries it
        return entry
    entry = _lock(entry)
    label = _lock_tag(entry.club, name)
    tagging = Tagging.objects.filter(entry=entry, tag=label).first() if label else None
    if label is not None and tagging is not None:
        gone = (Tagging, tagging.pk)
        tagging.delete()
        if not label.taggings.exists():
            label.delete()
        stamp(entry.club, [entry], deleted=[gone])
    return entry


@verb
def drop(entry: Entry, *, by: User) -> Entry:
    """Take an entry off the list; a later promotion brings it back."""
    entry = _lock(entry)
    if entry.state != Entry.State.DROPPED:
        entry.state = Entry.State.DROPPED
        entry.save(update_fields=["state"])
        stamp(entry.club, [entry])
    return entry


def skip(club: Club, paper: Paper, *, by: User) -> None:
    """Pass over a paper: a private mark that makes no entry."""
    Skip.objects.get_or_create(club=club, member=by, paper=paper)


def bring_back(club: Club, paper: Paper, *, by: User) -> None:
    """Take a skip back."""
    _unskip(club, paper.pk, by)


@dataclass(frozen=True, slots=True)
class Visit:
    """When the visit of a listing before this one began (None: never), and the paper they stopped at."""

    new_since: datetime | None
    stopped_at: int | None


def visit_listing(club: Club, day: date, *, by: User, now: datetime) -> Visit:
    """Note that a member looks at a day's listing, and return what the visit before left.

    Pages opened within half an hour of its beginning belong to a visit.
    """
    seen_at, visit = _visit(club, day, by=by, now=now)
    if seen_at is not None and seen_at < now - VISIT:
        # Another window began this visit while we waited for it, and we read what was there before.
        seen_at, visit = _visit(club, day, by=by, now=now)
    return visit


def _visit(club: Club, day: date, *, by: User, now: datetime) -> tuple[datetime | None, Visit]:
    """Return when the visit is noted to have begun, and what the one before left."""
    # One statement, which writes at most every half hour: reading a listing should cost no more. A conflict that
    # updates nothing would still take a lock, and so write.
    table = ListingVisit._meta.db_table
    found = fetch(
        f"""
            WITH kept AS (
                SELECT seen_at, new_since, stopped_at_id FROM {table}
                 WHERE club_id = %(club)s AND member_id = %(member)s AND date = %(day)s
            ), moved AS (
                INSERT INTO {table} AS visit (club_id, member_id, date, seen_at, new_since)
                SELECT %(club)s, %(member)s, %(day)s, %(now)s, NULL
                 WHERE NOT EXISTS (SELECT FROM kept WHERE seen_at >= %(before)s)
                ON CONFLICT (member_id, club_id, date) DO UPDATE
                   SET new_since = visit.seen_at, seen_at = %(now)s
                 WHERE visit.seen_at < %(before)s
                RETURNING seen_at, new_since, stopped_at_id
            )
            SELECT * FROM moved UNION ALL SELECT * FROM kept WHERE NOT EXISTS (SELECT FROM moved)
            """,  # noqa: S608
        {"club": club.pk, "member": by.pk, "day": day, "now": now, "before": now - VISIT},
    )
    seen_at, new_since, stopped_at = found[0] if found else (None, None, None)
    return seen_at, Visit(new_since, stopped_at)


def stop_at(club: Club, day: date, paper: Paper, *, by: User) -> None:
    """Keep which paper of a day's listing was on screen when the member left."""
    ListingVisit.objects.filter(club=club, member=by, date=day).update(stopped_at=paper)


def _lock(entry: Entry) -> Entry:
    """Return the entry as it is now, locked until the transaction ends, with its club."""
    return Entry.objects.select_for_update(of=("self",)).select_related("club", "paper").get(pk=entry.pk)


def _lock_tag(club: Club, name: str) -> Tag | None:
    """Return a club's tag in whatever spelling, locked, so that it is not forgotten while an entry gets it.

    Compared as its unique index does: upper and lower case are no mirror images (K, the Kelvin sign, is k in
    lower case, but k is not it in upper case).
    """
    tags = Tag.objects.select_for_update(no_key=True).alias(lower=Lower("name"))
    return tags.filter(club=club, lower=Lower(models.Value(name))).first()


def _remove_vote(vote: Vote | None) -> list[tuple[type[models.Model], int]]:
    """Delete a vote; return the tombstone it leaves, none for a demotion, which nobody else ever saw."""
    if vote is None:
        return []
    pk = vote.pk
    vote.delete()
    return [(Vote, pk)] if vote.value == Vote.PROMOTE else []


def settle(entry: Entry) -> None:
    """Bring the totals, the heat and the state in line with the votes and offers as they are now."""
    totals = entry.votes.aggregate(
        up=models.Count("pk", filter=models.Q(value=Vote.PROMOTE)),
        down=models.Count("pk", filter=models.Q(value=Vote.DEMOTE)),
    )
    was_promoted = entry.promotions
    entry.promotions, entry.demotions = totals["up"], totals["down"]
    is_wanted = bool(entry.promotions or entry.suggested_by_id or entry.volunteers.exists())
    state = Entry.State(entry.state)
    if state == Entry.State.SUGGESTED and not is_wanted:
        entry.state, entry.suggested = Entry.State.NOTED, None
    elif (state == Entry.State.NOTED and is_wanted) or (
        state == Entry.State.DROPPED and entry.promotions > was_promoted
    ):
        entry.state, entry.suggested = Entry.State.SUGGESTED, timezone.now()
    entry.heat = heat_of(entry)
    entry.save(update_fields=["promotions", "demotions", "state", "suggested", "suggested_by", "heat"])


def _unskip(club: Club, paper_id: int, member: User) -> None:
    Skip.objects.filter(club=club, member=member, paper_id=paper_id).delete()
