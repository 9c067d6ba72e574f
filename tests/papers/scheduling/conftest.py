from datetime import UTC, datetime, timedelta

import pytest

from papers import reading_list
from papers.models import Session
from papers.scheduling.parts import load_parts, wanted_in
from tests import factories


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def parts(club):
    """Presenter and discussant, as a paper talk wants them."""
    return wanted_in(load_parts(club), "paper_talk")


@pytest.fixture
def make_talk(club, now):
    """Make a session in so many weeks with one paper, locked; return the item."""

    def make(weeks=1, title="", *, state=Session.State.LOCKED, **paper):
        starts = now.replace(minute=0, second=0, microsecond=0) + timedelta(weeks=weeks)
        session = factories.make_session(club, starts, state=state)
        entry = reading_list.note(club, factories.make_paper(title, **paper))
        return factories.make_item(session, entry)

    return make
