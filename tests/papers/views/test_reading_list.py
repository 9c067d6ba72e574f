from datetime import UTC, datetime

import pytest

from accounts.models import Club, Membership
from papers import discussion, reading_list
from papers.models import Entry
from papers.views import reading_list as views
from tests import factories

from .conftest import Page

pytestmark = pytest.mark.django_db

LIST = "/clubs/ml/list/"


def put(club, source, title, *voters, value=1, **facts):
    entry = reading_list.note(club, factories.make_paper(title, source=source, **facts))
    for person in voters:
        reading_list.cast_vote(entry, value=value, by=person)
    return entry


def test_in_the_order_of_the_votes_each_with_its_reason(
    signed_in, get, club, member, organiser, owner, source
):
    put(club, source, "One vote, first", member)
    put(club, source, "One vote, second", organiser)
    put(club, source, "Two votes", member, organiser)
    shaky = put(club, source, "Shaky", member)
    for person in (organiser, owner):
        reading_list.cast_vote(shaky, value=-1, by=person)
    reading_list.volunteer(put(club, source, "Offered"), by=member)
    reading_list.suggest(put(club, source, "Suggested"), by=member)
    put(club, source, "Only demoted", member, value=-1)
    reading_list.tag(put(club, source, "Only tagged"), name="x", by=member)
    reading_list.drop(put(club, source, "Dropped", member), by=organiser)
    page = get(LIST)
    assert page.titles == [
        "Two votes",
        "One vote, first",
        "One vote, second",
        "Offered",
        "Suggested",
        "Shaky",
    ]
    assert [row.get("data-n") for row in page.find(".paper")] == ["1", "2", "3", "4", "5", "6"]
    assert page.words(".paper-why") == [
        "First: the highest score, two votes for, none against.",
        "Second: one vote for, none against.",
        "Third: level with the second; its first vote came a moment later.",
        "No vote counts for it yet; a paper needs a score of 1 to get on an agenda.",
        "No vote counts for it yet; a paper needs a score of 1 to get on an agenda.",
        "Below the score of 1 that a paper needs: one vote for, two against.",
    ]


def test_it_says_until_when_votes_count(signed_in, get, club):
    assert "No session is open for votes yet." in get(LIST).words(".lede")[0]
    factories.make_session(club, datetime(2099, 4, 29, 12, tzinfo=UTC), lock_hours=24)
    assert get(LIST).words(".lede") == ["Votes close Tuesday 28 April, 12:00, for Wednesday 29 April."]
    Club.objects.update(vote_budget=3)
    assert get(LIST).words(".lede")[0].endswith("3 votes left until Tuesday 28 April, 12:00.")


def test_a_vote_there_comes_back_with_its_new_reason(signed_in, get, club, member, organiser, source):
    put(club, source, "Ahead", organiser)
    behind = put(club, source, "Behind", organiser)
    reading_list.volunteer(put(club, source, "Offered"), by=organiser)
    [form] = get(LIST).find(f"//li[@id='p{behind.paper_id}']//form")
    address = form.get("action")
    headers = {"HX-Request": "true", "HX-Target": f"p{behind.paper_id}"}
    row = Page(signed_in.post(address, {"value": "1"}, headers=headers))
    assert row.words(".paper-why") == ["First: the highest score, two votes for, none against."]
    assert row.find(".paper")[0].get("data-n") == "2", "it stays where it is on the page"
    [form] = row.find("//form")
    assert form.get("action") == address
    Club.objects.update(hides_totals=True)
    row = Page(signed_in.post(address, {"value": "0"}, headers=headers))
    assert not row.find(".paper-why")


def test_other_states_each_say_since_when_and_why(signed_in, get, club, member, organiser, source):
    session = factories.make_session(club, datetime(2025, 4, 30, 14, tzinfo=UTC), state="held")
    draft = factories.make_session(club, datetime(2099, 5, 1, tzinfo=UTC), state="draft")
    on_agenda, chosen, read, older, dropped = (
        put(club, source, title, member)
        for title in ("On agenda", "Chosen", "Read", "Read before", "Dropped")
    )
    reading_list.schedule(on_agenda, factories.make_session(club, datetime(2099, 4, 30, tzinfo=UTC)))
    reading_list.schedule(chosen, draft)
    for entry, each in (
        (read, session),
        (older, factories.make_session(club, datetime(2023, 4, 23, tzinfo=UTC), state="held")),
    ):
        reading_list.schedule(entry, each)
        reading_list.mark_discussed(entry, each)
    reading_list.drop(dropped, by=organiser, note="Retracted.")
    page = get(LIST)
    assert page.titles == []
    assert page.words("//nav[@class='filters']/a/span[@class='num']") == ["0", "2", "2", "1"]
    page = get(f"{LIST}?state=scheduled")
    assert dict(zip(page.titles, page.words(".paper-why"), strict=True)) == {
        "Chosen": "Chosen for a session.",
        "On agenda": "On the agenda of Thursday 30 April 2099.",
    }
    page = get(f"{LIST}?state=discussed")
    assert (page.titles, page.words(".paper-why")) == (
        ["Read", "Read before"],
        ["Discussed on Wednesday 30 April 2025.", "Discussed on Sunday 23 April 2023."],
    )
    day = datetime.now(UTC)
    assert get(f"{LIST}?state=dropped").words(".paper-why") == [
        f"Dropped on {day:%A} {day.day} {day:%B %Y} by Otto Organiser. Retracted."
    ]
    signed_in.force_login(organiser)
    assert "On the agenda of Friday 1 May 2099." in get(f"{LIST}?state=scheduled").words(".paper-why")
    assert get(f"{LIST}?state=nonsense").titles == []


def test_suggested_again_it_says_that_it_was_discussed(signed_in, get, club, member, source):
    session = factories.make_session(club, datetime(2023, 4, 23, tzinfo=UTC), state="held")
    entry = put(club, source, "Read before")
    reading_list.mark_discussed(entry, session)
    reading_list.suggest_again(entry, by=member)
    assert get(LIST).words(".paper-since") == ["Discussed here on 23 April 2023"]


def test_filter_by_tag_keeps_the_places(signed_in, get, club, member, organiser, source):
    put(club, source, "First", member, organiser)
    reading_list.tag(put(club, source, "Second", member), name="rl", by=member)
    reading_list.drop(
        reading_list.tag(put(club, source, "Dropped", member), name="old", by=member), by=organiser
    )
    page = get(f"{LIST}?tag=rl")
    assert (page.titles, [row.get("data-n") for row in page.find(".paper")]) == (["Second"], ["2"])
    assert "?tag=rl" in get(LIST).hrefs and "?tag=old" not in get(LIST).hrefs
    assert "?state=dropped&tag=old" in get(f"{LIST}?state=dropped").hrefs
    assert get(f"{LIST}?tag=none").words("//div[@class='empty']/h2") == ["Nothing here fits"]


def test_fresh_eyes_are_a_members_own_order(signed_in, get, club, member, organiser, source, client):
    for number in range(12):
        put(club, source, f"Number {number}", organiser)
    voted = Entry.objects.order_by("pk").first()
    reading_list.cast_vote(voted, value=1, by=member)
    page = get(f"{LIST}?order=fresh")
    assert page.titles == get(f"{LIST}?order=fresh").titles != get(LIST).titles
    assert page.titles[-1] == "Number 0", "what was acted on comes last"
    assert not page.find(".paper-why")
    client.force_login(organiser)
    assert get(f"{LIST}?order=fresh").titles == get(LIST).titles, "who has voted on all has no fresh eyes"


def test_secret_totals_leave_no_trace_in_the_order(signed_in, get, club, member, organiser, owner, source):
    for number in range(6):
        put(club, source, f"Number {number}", organiser)
    Club.objects.update(hides_totals=True)
    before = get(LIST)
    for person in (owner, factories.make_user(club=club)):
        reading_list.cast_vote(Entry.objects.get(paper__title="Number 4"), value=1, by=person)
    page = get(LIST)
    assert page.titles == before.titles and page.words("//output") == before.words("//output")
    assert page.words(".voters") == before.words(".voters")
    assert not page.find(".paper-why") and not page.find("//a[contains(@href, 'order=')]")
    assert "Totals are secret until then" in page.words(".lede")[0]
    assert page.titles == get(f"{LIST}?order=fresh").titles, "shuffled for this member"
    assert get("/clubs/ml/").titles == before.titles
    trending = get("/clubs/ml/papers/trending")
    assert trending.words("//output").count("2") == 0
    Club.objects.update(is_public=True)
    signed_in.logout()
    assert get(LIST).titles == [f"Number {number}" for number in range(6)], "as they were suggested"


def test_where_votes_are_not_by_name_no_name_is_shown(signed_in, get, club, organiser, source):
    entry = put(club, source, "Ours", organiser)
    assert "Otto" in get(LIST).text
    Club.objects.update(shows_voters=False)
    for path in (LIST, f"/clubs/ml/papers/{entry.paper_id}", "/clubs/ml/papers/trending"):
        assert "Otto" not in get(path).text, path


def test_an_empty_list_says_how_it_fills(signed_in, get, club):
    page = get(LIST)
    assert page.words("//h2") == ["Nothing is on the list yet"]
    assert "/clubs/ml/papers/" in page.hrefs


def test_who_may_read_it(client, get, club, member, outsider, source):
    put(club, source, "Ours", member)
    assert client.get(LIST).url == f"/accounts/login/?next={LIST}"
    client.force_login(outsider)
    get(LIST, status=404)
    Club.objects.filter(pk=club.pk).update(is_public=True)
    page = get(LIST)
    assert page.titles == ["Ours"] and not page.find(".vote") and "Mia" not in page.text
    client.logout()
    assert get(LIST).titles == ["Ours"]


def test_private_papers_stay_private_on_a_public_clubs_list(
    client, get, club, member, outsider, private_paper
):
    reading_list.cast_vote(reading_list.note(club, private_paper), value=1, by=member)
    Club.objects.filter(pk=club.pk).update(is_public=True)
    assert "Secret work" not in get(LIST).text
    client.force_login(outsider)
    assert "Secret work" not in get(LIST).text
    client.force_login(member)
    assert get(LIST).titles == ["Secret work"]


def test_each_club_has_its_own(client, get, club, other_club, member, outsider, source):
    Membership.objects.create(club=other_club, user=member)
    put(club, source, "Ours", member)
    put(other_club, source, "Theirs", outsider)
    client.force_login(member)
    assert get(LIST).titles == ["Ours"]
    assert get("/clubs/bio/list/").titles == ["Theirs"]


def test_a_long_list_goes_on_where_it_stopped(signed_in, get, club, member, source, monkeypatch):
    monkeypatch.setattr(views, "SHOWN", 3)
    for number in range(5):
        put(club, source, f"Number {number}", member)
    page = get(LIST)
    assert len(page.titles) == 3 and "Show 2 more" in page.text and "?from=4" in page.hrefs
    page = get(f"{LIST}?from=4")
    assert page.titles == ["Number 3", "Number 4"]
    assert page.words(".paper-why")[0].startswith("Fourth: level with the third")
    assert get(f"{LIST}?from=99").titles == []
    get(f"{LIST}?from=x", status=400)


@pytest.mark.parametrize("number", [2, 50])
def test_it_costs_the_same_for_any_number_of_rows(
    signed_in, get, club, member, organiser, source, django_assert_num_queries, number
):
    for index in range(number):
        entry = put(club, source, f"Number {index}", organiser)
        reading_list.tag(entry, name=f"tag-{index}", by=member)
        discussion.post_comment(entry, text="Hm.", by=member)
    # user, my clubs; sessions, counts, ranking, tags, what I did, rows
    with django_assert_num_queries(8):
        page = get(LIST)
    assert len(page.titles) == number == Entry.objects.count()
    # what I acted on, besides
    with django_assert_num_queries(9):
        get(f"{LIST}?order=fresh")
    for entry in Entry.objects.all():
        reading_list.drop(entry, by=organiser)
    # user, my clubs; sessions, counts, entries, tags, why, what I did, rows
    with django_assert_num_queries(9):
        assert len(get(f"{LIST}?state=dropped").titles) == number


# Suggesting again, and dropping


def test_a_discussed_paper_says_so_and_can_be_suggested_again(signed_in, get, club, member, source):
    entry = put(club, source, "Read before")
    session = factories.make_session(club, datetime(2023, 4, 23, tzinfo=UTC), state="held")
    reading_list.mark_discussed(entry, session)
    path = f"/clubs/ml/papers/{entry.paper_id}"
    page = get(path)
    assert "Machine learning discussed this paper on 23 April 2023." in page.text
    [form] = page.find("//form[contains(@action, '/suggest')]")
    response = signed_in.post(form.get("action"), follow=True)
    page = Page(response)
    assert "Suggested again." in page.text
    assert "Machine learning has discussed this paper before, on 23 April 2023." in page.text
    assert get(LIST).titles == ["Read before"]
    assert page.words("//ol[@class='line small']/li")[0].endswith(
        "Suggested again by Mia Member; before, it had 0 for and 0 against"
    )


def test_the_history_is_on_the_papers_page(signed_in, get, club, member, organiser, source):
    entry = put(club, source, "Ours", organiser)
    session = factories.make_session(club, datetime(2099, 4, 30, tzinfo=UTC))
    reading_list.schedule(entry, session, by=organiser, note="We have a guest.")
    lines = get(f"/clubs/ml/papers/{entry.paper_id}").words("//ol[@class='line small']/li")
    day = datetime.now(UTC)
    today = f"{day.day} {day:%B %Y}"
    assert lines == [
        f"{today}Put on an agenda by Otto Organiser, for the session of 30 April 2099 We have a guest.",
        f"{today}Promoted by Otto Organiser, and so on the list",
        f"{today}First noted",
    ]


def test_an_organiser_drops_with_a_note_and_a_member_may_not(client, get, club, member, organiser, source):
    entry = put(club, source, "Ours", member)
    path = f"/clubs/ml/papers/{entry.paper_id}"
    client.force_login(member)
    assert not get(path).find("//form[contains(@action, '/drop')]")
    assert client.post(f"{path}/drop").status_code == 403
    client.force_login(organiser)
    [form] = get(path).find("//form[contains(@action, '/drop')]")
    page = Page(client.post(form.get("action"), {"note": "  Not \x00 for us.\n" + "x" * 400}, follow=True))
    assert "Dropped. A promotion brings it back." in page.text
    change = entry.changes.last()
    assert change.note.startswith("Not for us. xxx") and len(change.note) == 300
    assert get(path).find("//form[contains(@action, '/suggest')]")
