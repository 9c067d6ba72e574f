"""The sources of a listing page are read by a statement of their own; it must agree with the querysets."""

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts import permissions
from accounts.models import User
from papers import triage
from papers.models import Source
from papers.triage import Viewpoint
from tests import factories

pytestmark = pytest.mark.django_db


def make_world():
    """Four clubs: one follows all, one has chosen, one has a source of its own, one chose what is not its own."""
    follows_all, chooses, owns, borrows = (factories.make_club(name) for name in ("all", "few", "own", "odd"))
    everybodys = [factories.make_source(kind=Source.Kind.ARXIV) for _ in range(3)]
    private = factories.make_source(club=owns)
    everybodys[1].followers.add(chooses)
    private.followers.add(borrows)
    people = [factories.make_user("Ada", club=club) for club in (follows_all, chooses, owns, borrows)]
    both = factories.make_user("Bo", club=owns)
    both.memberships.create(club=borrows)
    return [follows_all, chooses, owns, borrows, None], [*people, both, AnonymousUser()]


def test_the_statement_agrees_with_the_querysets():
    clubs, people = make_world()
    seen = set()
    for person in people:
        mine = [club.pk for club in permissions.load_clubs(person)] if isinstance(person, User) else []
        for club in clubs:
            wanted = list(Source.objects.visible_to(person).followed_by(club))
            assert triage.load_sources(Viewpoint(person, club, None, [], []), mine) == wanted
            seen.add(tuple(source.pk for source in wanted))
    assert len(seen) > 4, "the cases differ"
