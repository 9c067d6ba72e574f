"""A real Chromium at a real server. One browser a process; each test has a profile of its own.

Whatever a page writes to its console as an error, an exception of its scripts, or what its
Content-Security-Policy stopped, fails the test that opened it.
"""

import os
import re
import shutil

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 15_000  # milliseconds: the machine may be busy


def find_chromium():
    found = shutil.which(os.environ.get("CHROMIUM") or "/usr/bin/chromium")
    if found is None:
        pytest.fail(
            "The browser tests need Chromium. Install it (apt install chromium), or name it in CHROMIUM."
        )
    return found


@pytest.fixture(scope="session")
def browser():
    # Playwright keeps an event loop in this thread, in which Django would refuse to ask the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


class Window:
    """A browser profile with one page, and what went wrong in it."""

    def __init__(self, browser, base_url, **options):
        self.context = browser.new_context(base_url=base_url, **options)
        self.context.set_default_timeout(PATIENCE)
        self.base_url = base_url
        self.page = self.context.new_page()
        self.complaints = []
        self.expected = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))

    def _listen(self, message):
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def expect_complaint(self, pattern):
        """Say of an error that the test brings it about."""
        self.expected.append(pattern)

    def sign_in(self, person):
        """Carry the session of somebody who has signed in."""
        client = Client()
        client.force_login(person)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        self.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": self.base_url, "httpOnly": True}]
        )

    def open(self, path):
        response = self.page.goto(path)
        assert response.status == 200, (path, response.status)
        return self.page

    def check(self):
        return [
            each for each in self.complaints if not any(re.search(known, each) for known in self.expected)
        ]


@pytest.fixture
def open_window(browser, transactional_db, live_server):
    """Open a new window: `open_window(person, viewport=…, java_script_enabled=False, …)`."""
    windows = []

    def open_window(person=None, **options):
        window = Window(browser, live_server.url, **options)
        windows.append(window)
        if person is not None:
            window.sign_in(person)
        return window

    yield open_window
    for window in windows:
        window.page.goto("about:blank")  # so that no request is under way when the tables are emptied
        window.context.close()
    assert [complaint for window in windows for complaint in window.check()] == []


@pytest.fixture
def window(open_window, member):
    return open_window(member)


@pytest.fixture
def papers(source, transactional_db):
    """Five papers of a day, as [Paper] in their order."""
    from tests import factories

    listing = factories.make_listing(source=source, number=5)
    return [item.paper for item in listing.items.select_related("paper").order_by("position")]
