"""Whom and what the bench measures with: clubs of 5 and of 40, who vote, tag and comment on a day's 90 papers."""

import random
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.db import transaction

from accounts import clubs, tokens
from accounts.models import Club, User
from papers import catalogue, discussion, reading_list
from papers.models import Paper, Source, Vote
from papers.records import Record

DAY = date(2026, 1, 5)
SHORT_DAY = date(2026, 1, 6)
NEW_DAY = date(2026, 1, 7)
PAPERS = 90
SHORT = 9
TAGS = ["classic", "dataset", "theory", "has-code", "to-present", "efficiency", "evaluation"]
NAMES = ["Ada Lind", "Bao Moreno", "Chidi Vale", "Dara Kovic", "Elif Sand"]


@dataclass(frozen=True, slots=True)
class Reader:
    """A member of a club, who has signed in and has a token."""

    club: int
    slug: str
    cookies: dict[str, str]
    token: str


def make_lab(records: list[Record]) -> list[Reader]:
    """List papers that are in the catalogue already, make the clubs and let them act; return a reader of each."""
    source = Source.objects.create(slug="bench-day", name="A day's papers", kind=Source.Kind.HUGGING_FACE)
    outcomes = catalogue.add_records(source, records[:PAPERS], listed=DAY)
    catalogue.add_records(source, records[:SHORT], listed=SHORT_DAY)
    found = Paper.objects.in_bulk([outcome.paper_id for outcome in outcomes])
    papers = [found[outcome.paper_id] for outcome in outcomes]
    return [make_club(papers, size) for size in (5, 40)]


@transaction.atomic
def make_club(papers: list[Paper], size: int) -> Reader:
    """Make a club whose members have, between them, voted on every paper; half of them carry tags."""
    rng = random.Random(size)
    people = [
        User.objects.create_user(f"member{n}of{size}@example.org", name=f"{NAMES[n % 5]} {n}")
        for n in range(size)
    ]
    club = clubs.create_club(f"Club of {size}", owner=people[0])
    for person in people[1:]:
        clubs.add_member(club, person)
    for number, paper in enumerate(papers):
        act(club, paper, people, number, rng)
    return make_reader(club, people[0])


def act(club: Club, paper: Paper, people: list[User], number: int, rng: random.Random) -> None:
    entry = reading_list.note(club, paper)
    for person in rng.sample(people, rng.randint(1, len(people) // 2)):
        reading_list.cast_vote(entry, value=rng.choice([Vote.PROMOTE] * 3 + [Vote.DEMOTE]), by=person)
    if number % 2 == 0:
        for name in rng.sample(TAGS, rng.randint(1, 3)):
            reading_list.tag(entry, name=name, by=people[0])
    if number % 3 == 0:
        for person in rng.sample(people, rng.randint(1, 3)):
            discussion.post_comment(entry, text="Does it hold for $n > 10$?", by=person)
    if number % 5 == 0:
        reading_list.volunteer(entry, by=rng.choice(people))
    if number % 9 == 0:
        reading_list.skip(club, paper, by=people[0])


def make_reader(club: Club, member: User) -> Reader:
    login = SessionStore()
    login[SESSION_KEY] = str(member.pk)
    login[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    login[HASH_SESSION_KEY] = member.get_session_auth_hash()
    login.save()
    _token, secret = tokens.create_token(member, name="bench")
    return Reader(club.pk, club.slug, {settings.SESSION_COOKIE_NAME: str(login.session_key)}, secret)
