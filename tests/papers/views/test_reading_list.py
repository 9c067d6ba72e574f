import pytest

from accounts.models import Club, Membership
from papers import discussion, reading_list
from papers.models import Entry
from papers.views import reading_list as views
from tests import factories

pytestmark = pytest.mark.django_db

LIST = "/clubs/ml/list/"


def put(club, source, title, *voters, value=1, **facts):
    entry = reading_list.note(club, factories.make_paper(title, source=source, **facts))
    for person in voters:
        reading_list.cast_vote(entry, value=value, by=person)
    return entry


def test_by_score_and_of_equals_the_one_suggested_first(
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


def test_a_long_list_says_that_there_is_more(signed_in, get, club, member, source, monkeypatch):
    monkeypatch.setattr(views, "SHOWN", 3)
    for number in range(4):
        put(club, source, f"Number {number}", member)
    page = get(LIST)
    assert len(page.titles) == 3 and "The first 3 are shown" in page.text


@pytest.mark.parametrize("number", [2, 50])
def test_it_costs_the_same_for_any_number_of_rows(
    signed_in, get, club, member, organiser, source, django_assert_num_queries, number
):
    for index in range(number):
        entry = put(club, source, f"Number {index}", organiser)
        reading_list.tag(entry, name=f"tag-{index}", by=member)
        discussion.post_comment(entry, text="Hm.", by=member)
    # user, my clubs; entries, what I did, rows
    with django_assert_num_queries(5):
        page = get(LIST)
    assert len(page.titles) == number == Entry.objects.count()
