"""What tests of pages share: a page as a tree, and the people who look."""

import re
from datetime import date

import pytest
from lxml import html

from tests import factories


class Page:
    """An answer as a reader finds it. `find` takes a class or an XPath expression."""

    def __init__(self, response):
        self.response = response
        self.text = response.content.decode()
        self.tree = html.fromstring(self.text)

    def find(self, what):
        if what.startswith("."):
            what = f"//*[contains(concat(' ', normalize-space(@class), ' '), ' {what[1:]} ')]"
        return self.tree.xpath(what)

    def words(self, what):
        return [" ".join(each.text_content().split()) for each in self.find(what)]

    @property
    def said(self):
        """The whole answer but for the token of its forms, which is another each time."""
        return re.sub(r"x-csrftoken.{0,90}|csrfmiddlewaretoken.{0,90}", "", self.text)

    @property
    def titles(self):
        return self.words(".paper-title")

    @property
    def hrefs(self):
        return {link.get("href") for link in self.find("//a")}

    @property
    def states(self):
        return [row.get("data-state") for row in self.find(".paper")]

    @property
    def ids(self):
        return [each.get("id") for each in self.find("//*[@id]")]


@pytest.fixture
def get(client):
    """Open an address and return its page; the answer must be 200 unless `status` says otherwise."""

    def get(path, *, status=200, **headers):
        response = client.get(path, **headers)
        assert response.status_code == status, (path, response.status_code)
        return Page(response)

    return get


@pytest.fixture
def signed_in(client, member):
    client.force_login(member)
    return client


@pytest.fixture
def stranger(db):
    """Somebody with an account and without any club."""
    return factories.make_user("Stan Stranger")


@pytest.fixture
def public_catalogue(settings):
    settings.PUBLIC_CATALOGUE = True


@pytest.fixture
def day():
    return date(2025, 4, 25)


@pytest.fixture
def private_paper(club, day):
    """A paper that came only by a file of `club`."""
    return factories.make_paper("Secret work", source=factories.make_source(club=club), listed=day)
