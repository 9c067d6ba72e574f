import pytest

from accounts.models import Club
from papers import discussion, reading_list
from tests import factories


@pytest.fixture
def entry(club, member, organiser, source):
    paper = factories.make_paper("Unlearning $\\alpha$ and <b>bold</b>", source=source)
    entry = reading_list.note(club, paper)
    reading_list.cast_vote(entry, value=1, by=member)
    discussion.post_comment(entry, text="A **clean** idea <script>", by=organiser)
    return entry


def page_of(client, path="/clubs/ml/"):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_member_sees_list_discussion_and_members(client, club, member, organiser, entry):
    client.force_login(member)
    page = page_of(client)
    assert "<h1" in page and "Machine learning" in page
    assert f'href="/clubs/ml/papers/{entry.paper_id}"' in page
    assert f'href="/clubs/ml/papers/{entry.paper_id}#c{entry.comments.get().pk}"' in page
    assert "Otto Organiser" in page and "Mia Member" in page
    assert 'href="/clubs/ml/papers/"' in page and 'href="/clubs/ml/list/"' in page
    assert "/clubs/ml/settings/" not in page
    assert "<b>bold" not in page and "<script>" not in page.replace("<script src", "")


def test_highest_score_stands_first(client, club, owner, member, organiser, source):
    votes = {"Third": [1], "First": [1, 1, 1], "Fourth": [1, -1], "Second": [1, 1]}
    for title, values in votes.items():
        entry = reading_list.note(club, factories.make_paper(title, source=source))
        for person, value in zip((owner, organiser, member), values, strict=False):
            reading_list.cast_vote(entry, value=value, by=person)
    reading_list.note(club, factories.make_paper("Only noted", source=source))
    client.force_login(member)
    page = page_of(client)
    places = [page.index(f">{title}<") for title in ("First", "Second", "Third", "Fourth")]
    assert places == sorted(places)
    assert "Only noted" not in page


def test_private_club_is_unknown_to_others(client, club, entry, outsider):
    assert client.get("/clubs/ml/").url == "/accounts/login/?next=/clubs/ml/"
    assert client.get("/clubs/none/").url == "/accounts/login/?next=/clubs/none/"
    client.force_login(outsider)
    assert client.get("/clubs/ml/").status_code == 404


def test_public_club_shows_its_list_to_all_but_not_its_members(
    client, club, member, organiser, entry, outsider
):
    Club.objects.filter(pk=club.pk).update(is_public=True)
    for person in (None, outsider):
        if person:
            client.force_login(person)
        page = page_of(client)
        assert f'href="/clubs/ml/papers/{entry.paper_id}"' in page
        assert "A <strong>clean</strong> idea" in page
        assert "Mia" not in page and "/clubs/ml/members/" not in page


def test_papers_private_to_another_club_stay_out(client, club, other_club, member, source):
    entry = reading_list.note(club, factories.make_paper("Secret work", source=source))
    reading_list.cast_vote(entry, value=1, by=member)
    discussion.post_comment(entry, text="About secret work", by=member)
    known = reading_list.note(club, factories.make_paper("Known work", source=source))
    reading_list.cast_vote(known, value=1, by=member)
    entry.paper.private_to = other_club
    entry.paper.save()
    client.force_login(member)
    page = page_of(client)
    assert "Secret work" not in page and "About secret work" not in page
    assert "Known work" in page and "The whole list: one paper" in page


def test_long_comment_is_cut_between_words_and_not_in_a_formula(client, entry, member):
    discussion.post_comment(entry, text="word " * 28 + "then $a = b + c$ holds.\n\nMore.", by=member)
    client.force_login(member)
    page = page_of(client)
    assert "word then …" in page and "$" not in page and "More." not in page


def test_removed_comments_are_not_shown(client, entry, member, organiser):
    discussion.remove_comment(entry.comments.get(), by=organiser)
    client.force_login(member)
    assert "Nobody has commented yet" in page_of(client)


def test_owner_finds_settings_and_invitations(client, owner):
    client.force_login(owner)
    page = page_of(client)
    assert "/clubs/ml/settings/" in page and "/clubs/ml/members/" in page
    assert "Nothing is on the list yet" in page


def test_cost_does_not_grow(client, club, member, organiser, source, django_assert_num_queries):
    client.force_login(member)

    def fill(number):
        for _ in range(number):
            entry = reading_list.note(club, factories.make_paper(source=source))
            reading_list.cast_vote(entry, value=1, by=organiser)
            discussion.post_comment(entry, text="Read it.", by=organiser)
            factories.make_user(club=club)

    fill(2)
    page_of(client)
    # user, my clubs; entries, what I did, rows, how many; comments; members
    with django_assert_num_queries(8):
        page_of(client)
    fill(15)
    with django_assert_num_queries(8):
        page_of(client)
