"""Scripts: clients of the API, each with a token of somebody of the cast."""

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from papers import reading_list
from papers.api import docs
from tests import factories


@pytest.fixture(autouse=True)
def _fresh_schema():
    docs.make_schema.cache_clear()


def make_script(user=None, *, scope="full", clubs=()):
    """A client with a token of `user`; without one, a visitor."""
    script = APIClient()
    if user is not None:
        _token, secret = tokens.create_token(user, scope=scope, clubs=clubs)
        script.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return script


@pytest.fixture
def script(member):
    return make_script(member)


@pytest.fixture
def outsiders_script(outsider):
    return make_script(outsider)


@pytest.fixture
def organisers_script(organiser):
    return make_script(organiser)


@pytest.fixture
def visitors_script(db):
    return make_script()


@pytest.fixture
def paper(listing):
    return listing.items.first().paper


@pytest.fixture
def entry(club, paper, organiser):
    """An entry that the organiser suggested and promoted."""
    entry = reading_list.suggest(reading_list.note(club, paper), by=organiser)
    return reading_list.cast_vote(entry, value=1, by=organiser)


@pytest.fixture
def private_paper(club):
    """A paper that came only by a file of the club."""
    return factories.make_paper("A private paper", source=factories.make_source(club=club, kind="upload"))
