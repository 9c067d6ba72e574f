"""Have we read this, and what did we conclude?"""

from datetime import UTC, datetime, timedelta

import pytest

from papers import archive, reading_list
from papers.models import AgendaItem, Assignment, Session
from papers.scheduling import minutes
from papers.scheduling.parts import load_parts
from tests import factories

NOW = datetime(2026, 4, 30, 14, 0, tzinfo=UTC)


def discuss(club, title="", *, weeks=1, by=None, state=Session.State.HELD, notes="", **facts):
    """An item of a session that was held some weeks ago, with what was concluded."""
    session = factories.make_session(club, NOW - timedelta(weeks=weeks), state=state)
    paper = factories.make_paper(title, **facts.pop("paper", {}))
    item = factories.make_item(session, reading_list.note(club, paper))
    AgendaItem.objects.filter(pk=item.pk).update(notes=notes, **facts)
    item.refresh_from_db()
    return item


def find(club, text="", **place):
    return archive.find(club, text, now=NOW, size=place.pop("size", 50), **place).rows


def titles(club, text=""):
    return [row.item.entry.paper.title for row in find(club, text)]


def test_it_is_found_by_title_verdict_takeaways_and_notes(club):
    discuss(club, "Offline reinforcement learning", weeks=1)
    discuss(club, "A second paper", weeks=2, verdict="Convincing, but the baselines are weak")
    discuss(club, "A third paper", weeks=3, takeaways="- use a *smaller* learning rate")
    discuss(club, "A fourth paper", weeks=4, notes="Somebody mentioned zeolites in passing")
    assert titles(club, "reinforcement") == ["Offline reinforcement learning"]
    assert titles(club, "weak baseline") == ["A second paper"]
    assert titles(club, "zeolite") == ["A fourth paper"]
    assert titles(club, "learning") == ["Offline reinforcement learning", "A third paper"], (
        "the title weighs more"
    )
    assert titles(club, "second baselines") == ["A second paper"], "words may stand in title and verdict"
    assert titles(club, "unheard") == []


def test_it_is_found_by_author_and_by_identifier(club):
    discuss(
        club,
        "By her",
        paper={"authors": ["Grete Hermann"], "identifiers": [factories.make_identifier("2504.12345")]},
    )
    assert titles(club, "hermann") == ["By her"]
    assert titles(club, "https://arxiv.org/abs/2504.12345v2") == ["By her"]


def test_without_words_the_latest_comes_first(club):
    for weeks in (3, 1, 2):
        discuss(club, f"{weeks} weeks ago", weeks=weeks)
    assert titles(club) == ["1 weeks ago", "2 weeks ago", "3 weeks ago"]


def test_what_has_not_happened_is_no_archive(club):
    discuss(club, "To come", weeks=-1, state=Session.State.LOCKED)
    discuss(club, "Cancelled", state=Session.State.CANCELLED)
    discuss(club, "A draft", state=Session.State.DRAFT)
    discuss(club, "Over", state=Session.State.LOCKED)
    assert titles(club) == ["Over"]


def test_notes_of_a_whole_session_and_topics_with_notes(club):
    session = factories.make_session(club, NOW - timedelta(weeks=1), state=Session.State.HELD)
    factories.make_item(session, title="News")
    factories.make_item(session, title="Retreat", notes="We go to the mountains")
    Session.objects.filter(pk=session.pk).update(notes="We spoke of mountains at length")
    found = find(club, "mountain")
    assert {(row.session.pk, row.item and row.item.title) for row in found} == {
        (session.pk, "Retreat"),
        (session.pk, None),
    }
    assert len(find(club)) == 2, "a topic of which nothing was noted is left out"


def test_it_is_private_to_the_club(club, other_club):
    discuss(other_club, "Secret work", verdict="Secret verdict")
    assert titles(club, "secret") == []
    assert titles(other_club, "secret") == ["Secret work"]


def test_excerpts_mark_what_was_found_and_are_outside_text(club):
    discuss(club, "A paper", takeaways="<script>alert(1)</script> and a kumquat")
    [row] = find(club, "kumquat")
    assert f"{archive.MARK_START}kumquat{archive.MARK_END}" in row.excerpt


def test_who_presented_and_what_is_attached_come_along(club, member):
    item = discuss(club, "A paper")
    Assignment.objects.create(club=club, item=item, part=load_parts(club)[0], member=member, state="done")
    item.session.attachments.create(item=item, name="slides", link="https://a.example/")
    [row] = find(club)
    assert [str(each.member) for each in row.item.presented] == ["Mia Member"]
    assert [each.name for each in row.item.kept] == ["slides"]


@pytest.mark.parametrize("text", ["", "paper"])
def test_pages_meet_without_gap_or_repetition(club, text):
    for weeks in range(1, 8):
        discuss(club, f"Paper {weeks}", weeks=weeks // 2 + 1)  # two at one time
    whole = [row.key for row in find(club, text)]
    walked, after = [], None
    while True:
        page = archive.find(club, text, now=NOW, size=3, after=after)
        walked += [row.key for row in page.rows]
        if not page.has_more:
            break
        after = page.rows[-1].key
    assert walked == whole and len(set(whole)) == 7
    back = archive.find(club, text, now=NOW, size=3, after=whole[5], backwards=True)
    assert [row.key for row in back.rows] == whole[2:5] and back.has_more


@pytest.mark.parametrize("number", [1, 25])
@pytest.mark.parametrize(("text", "queries"), [("", 5), ("paper", 6)])
def test_costs_the_same_for_any_number(club, member, number, text, queries, django_assert_num_queries):
    for _ in range(number):
        item = discuss(club, "A paper", takeaways="paper")
        minutes.add_action(item.session, text="Do it", item=item, member=member, by=member)
    # What is found; items, who took part, files, action items; where the words stand.
    with django_assert_num_queries(queries):
        assert len(find(club, text)) == number


@pytest.mark.parametrize("text", ["!", "-", "&|()", '"', "\0", "'", "a " * 500, "%s %(x)s", "\\", "<b>"])
def test_odd_queries_do_no_harm(club, text):
    discuss(club, "A paper")
    find(club, text)


def test_long_and_odd_notes_can_be_searched(club):
    discuss(club, "Long", notes="ä" * 50_000, takeaways="word " * 2_000)
    discuss(club, "Many words", notes=" ".join(f"w{number}" for number in range(8_000)))
    assert titles(club, "w7999") == ["Many words"]


def test_a_paper_discussed_twice_says_so_twice(club):
    first = discuss(club, "Twice", weeks=9, verdict="Wrong")
    entry = first.entry
    session = factories.make_session(club, NOW - timedelta(weeks=1), state=Session.State.HELD)
    factories.make_item(session, entry, verdict="Right after all")
    assert [item.verdict for item in archive.load_discussed(entry, now=NOW)] == ["Right after all", "Wrong"]
