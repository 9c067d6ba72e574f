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
from django.utils.translation import ngettext

from accounts.models import Club, User

from . import voting
from .models import (
    AgendaItem,
    Entry,
    EntryChange,
    ListingVisit,
    Paper,
    Session,
    Skip,
    Tag,
    Tagging,
    Volunteer,
    Vote,
)
from .reasons import write_moment
from .statements import fetch
from .trending import heat_of, refresh_heat_of
from .verbs import verb
from .versions import Gone, Stamps, stamp

Cause = EntryChange.Cause

TAGS_AN_ENTRY = 30
TAG_LENGTH = Tag._meta.get_field("name").max_length or 50
VISIT = timedelta(minutes=30)


class Refused(Exception):
    """An act that makes no sense here; its text is a sentence for the person who tried."""


class BudgetSpent(Refused):
    """A vote beyond those a member has until votes close."""


class OnAgenda(Refused):
    """To drop what stands on the agenda of a session to come."""


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
    """Put an entry on the club's list, a dropped one too; suggesting what is on it changes nothing.

    Nor does suggesting what was discussed: that takes `suggest_again`.
    """
    entry = _lock(entry)
    if entry.state == Entry.State.DISCUSSED:
        return entry
    if entry.suggested_by_id is None or entry.state == Entry.State.DROPPED:
        entry.suggested_by = by
        if entry.state == Entry.State.DROPPED:
            _put_on_list(entry, cause=Cause.SUGGESTED, by=by)
        settle(entry, cause=Cause.SUGGESTED, by=by)
        stamp(entry.club, [entry])
    return entry


@verb
def suggest_again(entry: Entry, *, by: User) -> Entry:
    """Put a discussed entry on the list once more; others are suggested as ever.

    The votes and offers it had have done their work. They go into its history, so that everybody may vote anew.
    """
    entry = _lock(entry)
    if entry.state != Entry.State.DISCUSSED:
        return suggest(entry, by=by)
    votes, offers = list(entry.votes.all()), list(entry.volunteers.all())
    gone: list[Gone] = [(Vote, vote.pk) for vote in votes if vote.value == Vote.PROMOTE]
    gone += [(Volunteer, offer.pk) for offer in offers]
    change = _put_on_list(entry, cause=Cause.AGAIN, by=by)
    shown, secret = ([vote for vote in votes if vote.is_revealed is known] for known in (True, False))
    change.facts = {
        "votes": [[vote.member_id, vote.value, vote.cast_at.isoformat()] for vote in shown],
        "secret": [[vote.member_id, vote.value, vote.cast_at.isoformat()] for vote in secret],
        "offers": [[offer.member_id, 0, offer.offered_at.isoformat()] for offer in offers],
    }
    change.save(update_fields=["facts"])
    entry.votes.all().delete()
    entry.volunteers.all().delete()
    entry.suggested_by = by
    settle(entry)
    if entry.club.hides_totals:  # what is known of them is that they are gone
        _show_totals(entry)
    stamp(entry.club, [entry], deleted=gone)
    return entry


@verb
def cast_vote(entry: Entry, *, value: int, by: User) -> Entry:
    """Promote (+1) or demote (−1); the same vote again changes nothing, the other one replaces it.

    Raises BudgetSpent, and ValueError for any other value.
    """
    if value not in (Vote.PROMOTE, Vote.DEMOTE):
        raise ValueError(f"A vote is 1 or -1, not {value!r}.")
    entry = _lock(entry)
    club = entry.club
    before = Vote.objects.filter(entry=entry, member=by).first()
    if before is not None and before.value == value:
        return entry
    # A changed vote is a new row: others see promotions only, so the old one must vanish for them.
    gone = _remove_vote(before)
    vote = Vote.objects.create(
        entry=entry,
        member=by,
        value=value,
        paper_revision=entry.paper.revision,
        is_revealed=not club.hides_totals,
    )
    _unskip(club, entry.paper_id, by)
    is_seen = settle(entry, cause=Cause.PROMOTED, by=by)
    stamp(club, [entry, vote] if is_seen else [vote], deleted=gone)
    if club.vote_budget is not None and not entry.is_chosen:
        # Now that the club's row is ours, no other vote of theirs is under way.
        _keep_budget(club, by, before, now=vote.cast_at)
    return entry


def _keep_budget(club: Club, member: User, before: Vote | None, *, now: datetime) -> None:
    """Refuse a vote that was one too many; `before` is the one it replaced."""
    closings = voting.load_closings(club)
    window = voting.find_budgets_window(closings, now)
    is_one_more = before is None or (window.opens is not None and before.cast_at < window.opens)
    most = club.vote_budget
    if most is None or not is_one_more or voting.count_spent(club, member, window.opens) <= most:
        return
    spent = ngettext("Your one vote is spent.", "All your %(most)d votes are spent.", most) % {"most": most}
    if window.closing is None:
        hint = _("Take one back to vote for this paper.")
    else:
        hint = _("Take one back to vote for this paper, or wait until votes close on %(when)s.") % {
            "when": write_moment(window.closing.closes, club.time_zone)
        }
    raise BudgetSpent(f"{spent} {hint}")


@verb
def vote_on_paper(club: Club, paper: Paper, *, value: int, by: User) -> Entry:
    """Vote on a paper, whose entry is made where there is none; refused, it makes none. Raises BudgetSpent."""
    return cast_vote(note(club, paper), value=value, by=by)


@verb
def withdraw_vote(entry: Entry, *, by: User) -> Entry:
    """Take a vote back; without one nothing changes."""
    entry = _lock(entry)
    before = Vote.objects.filter(entry=entry, member=by).first()
    if before is not None:
        gone = _remove_vote(before)
        is_seen = settle(entry)
        stamp(entry.club, [entry] if is_seen else [], deleted=gone)
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
        settle(entry, cause=Cause.OFFERED, by=by)
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


def clean_note(text: str) -> str:
    """Return a note as it is kept: one line, no longer than its column."""
    most = EntryChange._meta.get_field("note").max_length
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]


@verb
def drop(entry: Entry, *, by: User, note: str = "") -> Entry:
    """Take an entry off the list; a later promotion brings it back. Raises OnAgenda."""
    entry = _lock(entry)
    if entry.state == Entry.State.SCHEDULED and _find_to_come(entry).exists():
        raise OnAgenda(_("It stands on the agenda of a session. Take it off there first."))
    if entry.state != Entry.State.DROPPED:
        _change_state(entry, Entry.State.DROPPED, cause=Cause.DROPPED, by=by, note=note)
        entry.save(update_fields=["state", "state_since"])
        stamp(entry.club, [entry])
    return entry


@verb
def schedule(
    entry: Entry, session: Session, *, by: User | None = None, note: str = "", stamps: Stamps | None = None
) -> Entry:
    """Say that an entry stands on a session's agenda; its votes are done. What is scheduled already stays so.

    `by` is nobody where the votes chose it. A verb on many entries gives its `stamps`, and writes them at its end.
    """
    entry = _lock(entry)
    if entry.state != Entry.State.SCHEDULED:
        _change_state(entry, Entry.State.SCHEDULED, cause=Cause.SCHEDULED, by=by, session=session, note=note)
        entry.save(update_fields=["state", "state_since"])
        _stamp_now_or_later(entry, stamps)
    return entry


@verb
def unschedule(
    entry: Entry, session: Session, *, by: User | None = None, note: str = "", stamps: Stamps | None = None
) -> Entry:
    """Say that an entry stands on a session's agenda no more; it is again what it was before, with all its votes.

    Still scheduled is what stands on the agenda of another session that is to come.
    """
    entry = _lock(entry)
    elsewhere = _find_to_come(entry)
    if entry.state != Entry.State.SCHEDULED or elsewhere.exclude(session=session).exists():
        return entry
    chosen = entry.changes.filter(cause=Cause.SCHEDULED).order_by("pk").last()
    state = Entry.State(chosen.before) if chosen else Entry.State.SUGGESTED
    if state in {Entry.State.NOTED, Entry.State.SUGGESTED}:
        state = Entry.State.SUGGESTED if _is_wanted(entry) else Entry.State.NOTED
    if state == Entry.State.SUGGESTED and entry.suggested is None:
        entry.suggested = timezone.now()
    _change_state(entry, state, cause=Cause.UNSCHEDULED, by=by, session=session, note=note)
    entry.save(update_fields=["state", "state_since", "suggested"])
    _stamp_now_or_later(entry, stamps)
    return entry


@verb
def mark_discussed(
    entry: Entry, session: Session, *, by: User | None = None, stamps: Stamps | None = None
) -> Entry:
    """Say that an entry was discussed in a session; the latest such session counts.

    One that was put on the list again since, or stands on the agenda of another session to come, stays there.
    """
    entry = _lock(entry)
    if EntryChange.objects.filter(entry=entry, cause=Cause.DISCUSSED, session=session).exists():
        return entry
    is_latest = entry.discussed_at is None or entry.discussed_at < session.starts
    if is_latest:
        entry.discussed_at = session.starts
    elsewhere = _find_to_come(entry)
    is_past = entry.state == Entry.State.SUGGESTED and (entry.suggested or session.starts) > session.starts
    stays = is_past or elsewhere.exclude(session=session).exists()
    state = Entry.State(entry.state) if stays else Entry.State.DISCUSSED
    began = min(session.starts, timezone.now())
    _change_state(entry, state, cause=Cause.DISCUSSED, by=by, session=session, at=began)
    entry.save(update_fields=["state", "state_since", "discussed_at"])
    _stamp_now_or_later(entry, stamps)
    return entry


@verb
def unmark_discussed(entry: Entry, session: Session, *, stamps: Stamps | None = None) -> Entry:
    """Say that an entry was not discussed in a session after all: that line of its history is gone."""
    entry = _lock(entry)
    line = entry.changes.filter(cause=Cause.DISCUSSED, session=session).last()
    if line is None:
        return entry
    if entry.state == Entry.State.DISCUSSED:
        entry.state, entry.state_since = line.before, timezone.now()
    line.delete()
    others = entry.changes.filter(cause=Cause.DISCUSSED).aggregate(latest=models.Max("session__starts"))
    entry.discussed_at = others["latest"]
    entry.save(update_fields=["state", "state_since", "discussed_at"])
    _stamp_now_or_later(entry, stamps)
    return entry


@verb
def reveal(session: Session, *, now: datetime, stamps: Stamps | None = None) -> list[Entry]:
    """Show the votes whose time is over with a session's lock, and the totals they make; return the entries.

    For a club that keeps totals secret until then; in others nothing is hidden, and nothing changes. Votes and entries
    are stamped, so that sync carries them.
    """
    closes = min(voting.closing_of(session).closes, now)
    votes = Vote.objects.filter(entry__club=session.club_id)
    secret = votes.filter(is_revealed=False, cast_at__lt=closes)
    if not session.club.hides_totals and not secret.exists():
        return []
    touched = set(secret.values_list("entry", flat=True))
    # One whose promotion was taken back shows the old totals until now.
    touched |= set(_find_outdated(session.club).values_list("pk", flat=True))
    entries = list(
        Entry.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=touched).order_by("pk")
    )
    shown = list(secret.filter(entry__in=entries))
    Vote.objects.filter(pk__in=[vote.pk for vote in shown]).update(is_revealed=True)
    totals = {
        pk: (up, down)
        for pk, up, down in Vote.objects.filter(entry__in=entries, is_revealed=True)
        .order_by()
        .values_list("entry")
        .annotate(
            up=models.Count("pk", filter=models.Q(value=Vote.PROMOTE)),
            down=models.Count("pk", filter=models.Q(value=Vote.DEMOTE)),
        )
    }
    for entry in entries:
        entry.shown_promotions, entry.shown_demotions = totals.get(entry.pk, (0, 0))
    Entry.objects.bulk_update(entries, ["shown_promotions", "shown_demotions"])
    refresh_heat_of(entries)
    if entries:
        if stamps is None:
            stamp(session.club, [*entries, *shown])
        else:
            stamps.add(session.club, [*entries, *shown])
    return entries


def _find_outdated(club: Club) -> models.QuerySet[Entry]:
    """Return the entries whose shown totals are not those of their revealed votes."""
    revealed = models.Q(votes__is_revealed=True)
    up = models.Count("votes", filter=revealed & models.Q(votes__value=Vote.PROMOTE))
    down = models.Count("votes", filter=revealed & models.Q(votes__value=Vote.DEMOTE))
    counted = Entry.objects.filter(club=club).annotate(up=up, down=down)
    return counted.exclude(shown_promotions=models.F("up"), shown_demotions=models.F("down"))


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


def settle(entry: Entry, *, cause: str = Cause.PROMOTED, by: User | None = None) -> bool:
    """Bring the totals, the heat and the state in line with the votes and offers as they are now.

    `cause` and `by` say what put the entry on the list, if this does. Return whether anything changed that others see:
    all but a vote while totals are secret.
    """
    totals = entry.votes.aggregate(
        up=models.Count("pk", filter=models.Q(value=Vote.PROMOTE)),
        down=models.Count("pk", filter=models.Q(value=Vote.DEMOTE)),
    )
    was_promoted, was_in = entry.promotions, entry.state
    entry.promotions, entry.demotions = totals["up"], totals["down"]
    state = Entry.State(entry.state)
    if state == Entry.State.SUGGESTED and not _is_wanted(entry):
        # Not by whom: it may have been a demotion.
        _change_state(entry, Entry.State.NOTED, cause=Cause.WITHDRAWN)
        entry.suggested = None
    elif (state == Entry.State.NOTED and _is_wanted(entry)) or (
        state == Entry.State.DROPPED and entry.promotions > was_promoted
    ):
        _put_on_list(entry, cause=cause, by=by)
    if not entry.club.hides_totals:
        entry.shown_promotions, entry.shown_demotions = entry.promotions, entry.demotions
    entry.heat = heat_of(entry)
    entry.save(
        update_fields=[
            *("promotions", "demotions", "shown_promotions", "shown_demotions", "heat"),
            *("state", "state_since", "suggested", "suggested_by"),
        ]
    )
    return not entry.club.hides_totals or entry.state != was_in


def count_revealed(entry: Entry) -> tuple[int, int]:
    """Return the promotions and demotions of an entry that everybody may know of."""
    values = list(entry.votes.filter(is_revealed=True).values_list("value", flat=True))
    return values.count(Vote.PROMOTE), values.count(Vote.DEMOTE)


def _show_totals(entry: Entry) -> None:
    entry.shown_promotions, entry.shown_demotions = entry.promotions, entry.demotions
    entry.heat = heat_of(entry)
    entry.save(update_fields=["shown_promotions", "shown_demotions", "heat"])


def _is_wanted(entry: Entry) -> bool:
    return bool(entry.promotions or entry.suggested_by_id or entry.volunteers.exists())


def _find_to_come(entry: Entry) -> models.QuerySet[AgendaItem]:
    """Return where an entry stands on the agendas of sessions that were neither held nor cancelled."""
    states = [Session.State.DRAFT, Session.State.OPEN, Session.State.LOCKED]
    return AgendaItem.objects.filter(entry=entry, session__state__in=states)


def _put_on_list(entry: Entry, *, cause: str, by: User | None) -> EntryChange:
    change = _change_state(entry, Entry.State.SUGGESTED, cause=cause, by=by)
    entry.suggested = change.changed
    return change


def _change_state(
    entry: Entry,
    state: Entry.State,
    *,
    cause: str,
    by: User | None = None,
    session: Session | None = None,
    note: str = "",
    at: datetime | None = None,
) -> EntryChange:
    """Give an entry another state and write a line of its history; to save the entry is for the caller."""
    now = at or timezone.now()
    change = EntryChange.objects.create(
        entry=entry,
        before=entry.state,
        state=state,
        cause=cause,
        by=by,
        session=session,
        note=note,
        changed=now,
    )
    if entry.state != state:
        entry.state, entry.state_since = state, now
    return change


def _stamp_now_or_later(entry: Entry, stamps: Stamps | None) -> None:
    if stamps is None:
        stamp(entry.club, [entry])
    else:
        stamps.add(entry.club, [entry])


def _unskip(club: Club, paper_id: int, member: User) -> None:
    Skip.objects.filter(club=club, member=member, paper_id=paper_id).delete()
