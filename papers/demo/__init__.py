"""The demo lab: two listings, a club of five, and what they did on two days (see README.md beside this file).

The listings come in as everything does, by imports that a worker performs; the acts go through the verbs that
the pages call. Only their times are set afterwards, to those of the story: a Thursday and a Friday of April 2025,
moved by whole weeks to the last ones, so that what the club voted for is what it meets about next.
"""

import json
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import Club, Membership, User
from papers import discussion, importing, reading_list
from papers.models import (
    Comment,
    Entry,
    Import,
    ListingItem,
    ListingVisit,
    Paper,
    Skip,
    Tagging,
    Volunteer,
    Vote,
)
from papers.sources import keeping

from . import meetings

FOLDER = Path(__file__).parent
PASSWORD = "reading-list"  # noqa: S105 - printed for every visitor of the demo
LISTINGS = [
    ("arxiv-2025-04-24.xml", "arxiv-atom", date(2025, 4, 24)),
    ("daily-papers-2025-04-25.txt", "hf-page", date(2025, 4, 25)),
]
FRIDAY = LISTINGS[1][2]
LAST_VISIT = datetime(2025, 4, 25, 11, 5, tzinfo=UTC)
LAST_ACT = datetime(2025, 4, 25, 15, 0, tzinfo=UTC)
LATE_PAPERS = 12


class NoWorker(Exception):
    """Nobody performed the imports in time."""


def is_loaded() -> bool:
    return Club.objects.filter(slug="demo").exists()


def queue_listings() -> list[Import]:
    """Queue the two listings, as an administrator's upload would be."""
    runs = []
    for name, format, day in LISTINGS:
        with (FOLDER / name).open("rb") as file:
            runs.append(importing.queue_import(upload=file, name=name, by=None, format=format, date=day))
    return runs


def wait_for(runs: list[Import], *, seconds: float) -> None:
    """Return when a worker has brought all of them in. Raises NoWorker."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        states = set(Import.objects.filter(pk__in=[run.pk for run in runs]).values_list("state", flat=True))
        if states == {Import.State.DONE}:
            return
        if Import.State.FAILED in states:
            raise NoWorker("The listings of the demo could not be imported; see /imports/.")
        time.sleep(0.05)
    raise NoWorker(f"No worker has taken the demo's listings in {seconds:.0f} s. Is one running?")


@transaction.atomic
def make_lab(now: datetime | None = None) -> Club:
    """Make the club and its people, and let them act and meet."""
    now = now or timezone.now()
    shift = timedelta(weeks=(now - LAST_ACT).days // 7)
    story = json.loads((FOLDER / "lab.json").read_text("utf-8"))
    club = Club.objects.create(
        slug=story["club"]["slug"],
        name=story["club"]["name"],
        time_zone=story["club"]["timezone"],
        minutes_template=story["club"]["minutes_template"],
    )
    people = {}
    for person in story["people"]:
        user = User.objects.create_user(
            person["email"], PASSWORD, name=person["name"], default_club=club, is_active=True
        )
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        # So long ago that what they gave since then counts for plans.
        Membership.objects.create(club=club, user=user, role=person["role"], joined=now - timedelta(weeks=60))
        people[person["email"]] = user
    for source in story["sources"]:
        # Paused, so that no demo asks anybody; the organiser may try a dry run.
        keeping.make_source(
            club=club,
            **{**source, "daily_at": time_of_day.fromisoformat(source["daily_at"])},
            is_paused=True,
        )
    papers = {paper.title: paper for paper in Paper.objects.filter(private_to=None)}
    for session in story["sessions"]:
        meetings.hold_session(club, session, people, papers, friday=LAST_ACT + shift)
    comments: dict[str, Comment] = {}
    for act in story["acts"]:
        at = parse_datetime(act["at"])
        assert at is not None
        _perform(club, act, people[act["by"]], papers[act["paper"]], comments, at=at + shift)
    _date_entries(club)
    _date_listing(LAST_VISIT + shift)
    # As if Ben had been here before the last papers came in: they are new to him.
    ListingVisit.objects.create(
        club=club,
        member=people["member1@example.org"],
        date=FRIDAY,
        seen_at=LAST_VISIT + shift,
        new_since=None,
    )
    meetings.prepare_next(club, story["next"], people, now=now)
    return club


def _perform(
    club: Club,
    act: dict[str, str],
    by: User,
    paper: Paper,
    comments: dict[str, Comment],
    *,
    at: datetime,
) -> None:
    name = act["act"]
    if name == "skip":
        reading_list.skip(club, paper, by=by)
        Skip.objects.filter(club=club, member=by, paper=paper).update(skipped_at=at)
        return
    entry = reading_list.note(club, paper)
    if name in {"promote", "demote"}:
        reading_list.cast_vote(entry, value=Vote.PROMOTE if name == "promote" else Vote.DEMOTE, by=by)
        Vote.objects.filter(entry=entry, member=by).update(cast_at=at)
    elif name == "volunteer":
        reading_list.volunteer(entry, by=by)
        Volunteer.objects.filter(entry=entry, member=by).update(offered_at=at)
    elif name == "tag":
        reading_list.tag(entry, name=act["tag"], by=by)
        Tagging.objects.filter(entry=entry, tag__name=act["tag"]).update(tagged_at=at)
    else:
        parent = comments.get(act.get("reply_to", ""))
        comment = discussion.post_comment(entry, text=act["text"], by=by, parent=parent)
        comments[act["id"]] = comment
        Comment.objects.filter(pk=comment.pk).update(posted_at=at)
        if edited := act.get("edited_text"):
            discussion.edit_comment(comment, text=edited, by=by)
            Comment.objects.filter(pk=comment.pk).update(edited_at=at + timedelta(minutes=4))
            comment.revisions.update(replaced_at=at + timedelta(minutes=4))


def _date_entries(club: Club) -> None:
    """Set when each entry was noted and suggested: at the first act, the first promotion or offer."""
    acted = Entry.objects.filter(club=club).exclude(state=Entry.State.DISCUSSED)
    for entry in acted.prefetch_related("votes", "volunteers", "taggings", "comments"):
        wanted = [vote.cast_at for vote in entry.votes.all()]
        wanted += [offer.offered_at for offer in entry.volunteers.all()]
        noted = [tagging.tagged_at for tagging in entry.taggings.all()]
        noted += [comment.posted_at for comment in entry.comments.all()]
        entry.created = min(wanted + noted)
        entry.suggested = min(wanted) if entry.suggested else None
        entry.save(update_fields=["created", "suggested"])
        entry.changes.update(changed=entry.suggested or entry.created)


def _date_listing(last_visit: datetime) -> None:
    """Set when Friday's papers came in: the last dozen at noon, the others in the morning."""
    items = ListingItem.objects.filter(listing__date=FRIDAY)
    last = items.count() - LATE_PAPERS
    items.filter(position__lte=last).update(added=last_visit - timedelta(hours=6))
    items.filter(position__gt=last).update(added=last_visit + timedelta(hours=1))
