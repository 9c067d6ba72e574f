"""The cast, named by role. Everybody has the password `reading-list`."""

import shutil
from itertools import count

import pytest
from django.conf import settings
from django.core.cache import cache

from accounts.models import Role
from papers.models import Catalogue
from tests import factories

_cache_versions = count(1)


@pytest.fixture(autouse=True)
def _clean_slate():
    """No rate limit, cached session or stored file of one test reaches the next.

    A new version of every key, since clearing a Redis cache would empty the broker of parallel tests too.
    """
    cache.version = next(_cache_versions)
    yield
    shutil.rmtree(settings.FILES_DIR, ignore_errors=True)


@pytest.fixture(autouse=True)
def _catalogue_row(request):
    """A test that commits leaves emptied tables: the one row that a migration makes is made again.

    For every test, since tests that another process has left over run in any order.
    """
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        request.getfixturevalue("transactional_db")
    elif marker or "db" in request.fixturenames:
        request.getfixturevalue("db")
    else:
        return
    Catalogue.objects.get_or_create(pk=Catalogue.ID)


@pytest.fixture
def club(db):
    return factories.make_club("ml", name="Machine learning")


@pytest.fixture
def other_club(db):
    return factories.make_club("bio", name="Biology")


@pytest.fixture
def owner(club):
    return factories.make_user("Olga Owner", club=club, role=Role.OWNER)


@pytest.fixture
def organiser(club):
    return factories.make_user("Otto Organiser", club=club, role=Role.ORGANISER)


@pytest.fixture
def member(club):
    return factories.make_user("Mia Member", club=club)


@pytest.fixture
def outsider(other_club):
    return factories.make_user("Ute Outsider", club=other_club, role=Role.OWNER)


@pytest.fixture
def administrator(db):
    return factories.make_user("Ada Administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def source(club, other_club):
    return factories.make_source(followers=[club, other_club])


@pytest.fixture
def listing(source):
    return factories.make_listing(source=source)
