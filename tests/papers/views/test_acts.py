import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from lxml import html

from accounts.models import Club, Membership
from papers import reading_list
from papers.models import Entry, Skip, Tag, Volunteer, Vote
from tests import factories

from .conftest import Page

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def paper(listing):
    return listing.items.get(position=2).paper


@pytest.fixture
def url(paper):
    return f"/clubs/ml/papers/{paper.pk}/triage?n=2"


def send(client, url, paper, **act):
    """Send an act as htmx does from a row; return what was said, and the row."""
    response = client.post(url, act, headers={**HTMX, "HX-Target": f"p{paper.pk}"})
    assert response.status_code == 200, response.status_code
    return json.loads(response["HX-Trigger"])["said"], html.fromstring(response.content.decode())


def pressed(row):
    return {
        name
        for name in ("up", "down", "present")
        if row.xpath(f"//button[contains(@class, 'vote-{name}') and @aria-pressed='true']")
    }


# Each act


@pytest.mark.parametrize(
    ("acts", "said", "state", "now_pressed", "score"),
    [
        ([{"value": "1"}], "Promoted. Score 1.", "promoted", {"up"}, "1"),
        ([{"value": "-1"}], "Demoted. Score -1.", "demoted", {"down"}, "−1"),
        ([{"value": "1"}, {"value": "-1"}], "Demoted. Score -1.", "demoted", {"down"}, "−1"),
        ([{"value": "1"}, {"value": "1"}], "Promoted. Score 1.", "promoted", {"up"}, "1"),
        ([{"value": "1"}, {"value": "0"}], "Vote taken back. Score 0.", "unseen", set(), "0"),
        ([{"value": "0"}], "Nothing to take back.", "unseen", set(), "0"),
        ([{"volunteer": "1"}], "Offered to present.", "seen", {"present"}, "0"),
        ([{"volunteer": "1"}, {"value": "1"}], "Promoted. Score 1.", "promoted", {"up", "present"}, "1"),
        ([{"volunteer": "1"}, {"volunteer": "0"}], "Offer to present taken back.", "unseen", set(), "0"),
        ([{"volunteer": "0"}], "Nothing to take back.", "unseen", set(), "0"),
        ([{"skip": "1"}], "Skipped.", "skipped", set(), "0"),
        ([{"skip": "1"}, {"restore": "1"}], "Brought back.", "unseen", set(), "0"),
        ([{"skip": "1"}, {"value": "1"}], "Promoted. Score 1.", "promoted", {"up"}, "1"),
    ],
)
def test_an_act_answers_with_the_row_and_a_sentence(
    signed_in, paper, url, acts, said, state, now_pressed, score
):
    for act in acts:
        answer, row = send(signed_in, url, paper, **act)
    assert answer == said
    assert row.get("id") == f"p{paper.pk}" and row.get("class") == "paper"
    assert (row.get("data-state"), row.get("data-n")) == (state, "2")
    assert pressed(row) == now_pressed
    assert row.xpath("string(//output)") == score


def test_pressed_buttons_take_back_what_they_did(signed_in, member, paper, url):
    """What a button sends is in the row: pressing it again undoes it."""
    for name, model in (("value", Vote), ("volunteer", Volunteer)):
        for count in (1, 0):
            _said, row = send(signed_in, url, paper, value="0")
            kind = "vote-up" if name == "value" else "vote-present"
            if count == 0:
                _said, row = send(signed_in, url, paper, **{name: "1"})
            [button] = row.xpath(f"//button[contains(@class, '{kind}')]")
            assert button.get("name") == name
            send(signed_in, url, paper, **{name: button.get("value")})
            assert model.objects.filter(member=member).count() == count
            send(signed_in, url, paper, **{name: "0"})


def test_skipping_makes_no_entry(signed_in, member, paper, url):
    send(signed_in, url, paper, skip="1")
    assert not Entry.objects.exists() and Skip.objects.get().member == member


def test_a_skipped_row_offers_the_way_back_and_a_voted_one_no_skip(signed_in, paper, url):
    names = "//button[@name='skip' or @name='restore']/@name"
    assert send(signed_in, url, paper, volunteer="1")[1].xpath(names) == ["skip"]
    assert send(signed_in, url, paper, skip="1")[1].xpath(names) == ["restore"]
    assert send(signed_in, url, paper, value="1")[1].xpath(names) == []


@pytest.mark.parametrize(
    "act",
    [{}, {"value": ""}, {"value": "2"}, {"value": "x"}, {"value": "1 "}, {"volunteer": "yes"}, {"n": "1"}],
)
def test_what_names_no_act_changes_nothing(signed_in, member, club, paper, url, act):
    reading_list.cast_vote(reading_list.note(club, paper), value=1, by=member)
    assert signed_in.post(url, act).status_code == 400
    assert Vote.objects.get().value == 1


@pytest.mark.parametrize("n", ["", "x", "-1", "9" * 40, "٣", "<script>"])
def test_an_odd_number_in_the_address_does_no_harm(signed_in, paper, n):
    _said, row = send(signed_in, f"/clubs/ml/papers/{paper.pk}/triage?n={n}", paper, value="1")
    assert row.get("data-n") == "1"


def test_the_papers_own_page_gets_its_vote_back(signed_in, paper, url):
    response = signed_in.post(url, {"value": "1"}, headers={**HTMX, "HX-Target": "vote"})
    part = html.fromstring(response.content.decode())
    assert part.get("id") == "vote" and pressed(part) == {"up"}
    assert json.loads(response["HX-Trigger"]) == {"said": "Promoted. Score 1."}


def test_a_row_of_search_results_keeps_its_authors(signed_in, source, day):
    paper = factories.make_paper("Found", source=source, authors=("Ada Lovelace",))
    page = signed_in.get("/search?q=found").content.decode()
    [form] = html.fromstring(page).xpath("//form[contains(@class, 'paper-side')]")
    _said, row = send(signed_in, form.get("action"), paper, value="1")
    assert row.xpath("//*[@class='paper-authors']/text()") == ["Ada Lovelace"]


def test_a_row_outside_a_clubs_address_goes_on_counting_all_my_clubs(
    client, club, other_club, member, outsider, paper
):
    Membership.objects.create(club=other_club, user=member)
    reading_list.cast_vote(reading_list.note(other_club, paper), value=1, by=outsider)
    client.force_login(member)
    page = client.get("/papers/date/2025-04-25").content.decode()
    form = html.fromstring(page).xpath(f"//*[@id='p{paper.pk}']//form")[0]
    _said, row = send(client, form.get("action"), paper, value="1")
    assert row.xpath("string(//output)") == "2"
    assert row.xpath("//h3/a/@href") == [f"/papers/{paper.pk}"]
    assert Entry.objects.get(club=club).score == 1


# Without scripts


def test_without_scripts_it_leads_back_to_the_row(signed_in, paper, url):
    came_from = "http://testserver/clubs/ml/papers/date/2025-04-25?show=open&from=3#p9"
    response = signed_in.post(url, {"value": "1"}, headers={"Referer": came_from})
    assert response.status_code == 302
    assert response.url == (f"http://testserver/clubs/ml/papers/date/2025-04-25?show=open&from=3#p{paper.pk}")
    assert "Promoted. Score 1." in signed_in.get("/clubs/ml/papers/date/2025-04-25").content.decode()


@pytest.mark.parametrize(
    "came_from",
    [
        *(
            "",
            "https://evil.example/",
            "//evil.example/x",
            "http://testserver.evil.example/",
            "http://evil@x/",
        ),
        *("javascript:alert(1)", "http:///evil.example", "\\\\evil.example", "data:text/html,x"),
        *("http://testserver@evil.example/", "http://testserver:80@evil.example", "ftp://testserver/"),
    ],
)
def test_it_never_leads_to_another_host(signed_in, paper, url, came_from):
    response = signed_in.post(url, {"value": "1"}, headers={"Referer": came_from})
    assert response.url == f"/clubs/ml/papers/{paper.pk}"


# Who may


def test_acts_are_posts(signed_in, paper, url):
    for method in (signed_in.get, signed_in.put, signed_in.delete, signed_in.head):
        assert method(url).status_code == 405
    assert signed_in.get(f"/clubs/ml/papers/{paper.pk}/tags").status_code == 405


def test_a_form_without_token_is_refused(member, paper, url):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    tags = f"/clubs/ml/papers/{paper.pk}/tags"
    for headers in ({}, HTMX):
        assert client.post(url, {"value": "1"}, headers=headers).status_code == 403
        assert client.post(tags, {"tag": "x"}, headers=headers).status_code == 403
    assert not Entry.objects.exists()
    page = html.fromstring(client.get("/clubs/ml/papers/date/2025-04-25").content.decode())
    token = page.xpath(f"//*[@id='p{paper.pk}']//input[@name='csrfmiddlewaretoken']/@value")[0]
    assert client.post(url, {"value": "1", "csrfmiddlewaretoken": token}).status_code == 302
    header = json.loads(page.xpath("//body/@hx-headers")[0])
    assert client.post(url, {"value": "-1"}, headers={**HTMX, **header}).status_code == 200
    assert Vote.objects.get().value == -1


@pytest.mark.parametrize("act", ["triage", "tags"])
def test_who_may_act(client, club, member, outsider, stranger, administrator, paper, act):
    url = f"/clubs/ml/papers/{paper.pk}/{act}"
    body = {"value": "1", "tag": "x"}
    assert client.post(url, body).url.startswith("/accounts/login/")
    for person in (outsider, stranger, administrator):
        client.force_login(person)
        assert client.post(url, body).status_code == 404
    Club.objects.filter(pk=club.pk).update(is_public=True)
    for person in (outsider, stranger, administrator):
        client.force_login(person)
        assert client.post(url, body).status_code == 403
    assert not Entry.objects.exists()
    client.force_login(member)
    assert client.post(url, body).status_code == 302
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("act", ["triage", "tags", "comments"])
def test_papers_one_may_not_know_of(client, other_club, private_paper, member, outsider, act):
    body = {"value": "1", "tag": "x", "text": "x"}
    client.force_login(outsider)
    answers = [
        client.post(f"/clubs/bio/papers/{pk}/{act}", body)
        for pk in (private_paper.pk, private_paper.pk + 1000)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert Page(answers[0]).said == Page(answers[1]).said
    # nor does somebody in both clubs carry it from one to the other
    Membership.objects.create(club=other_club, user=member)
    client.force_login(member)
    assert client.post(f"/clubs/bio/papers/{private_paper.pk}/{act}", body).status_code == 404
    assert not Entry.objects.exists()


# Tags


def tag(client, paper, **body):
    response = client.post(f"/clubs/ml/papers/{paper.pk}/tags", body, headers=HTMX)
    assert response.status_code == 200
    part = html.fromstring(response.content.decode())
    assert part.get("id") == "tags"
    return part


def tags_in(part):
    return part.xpath("//button[@name='remove']/@value")


def test_tags_go_on_and_off(signed_in, paper):
    assert tags_in(tag(signed_in, paper, tag="offline rl")) == ["offline-rl"]
    assert tags_in(tag(signed_in, paper, tag="Agents")) == ["Agents", "offline-rl"]
    assert tags_in(tag(signed_in, paper, remove="offline-rl")) == ["Agents"]
    assert tags_in(tag(signed_in, paper, remove="never")) == ["Agents"]
    assert tags_in(tag(signed_in, paper, remove="a\0b")) == ["Agents"]


def test_a_tag_that_cannot_be_is_explained_and_kept(signed_in, paper):
    part = tag(signed_in, paper, tag="x" * 51)
    assert "at most 50" in part.xpath("string(//*[@role='alert'])")
    assert part.xpath("//input[@name='tag']/@value") == ["x" * 51]
    assert part.xpath("//input[@name='tag']/@aria-describedby") == ["tag-error"]
    assert not Tag.objects.exists()
    assert not Entry.objects.exists()


def test_tags_without_scripts(signed_in, paper):
    url = f"/clubs/ml/papers/{paper.pk}/tags"
    assert signed_in.post(url, {"tag": "x y"}).url == f"/clubs/ml/papers/{paper.pk}"
    assert signed_in.post(url, {"tag": "#"}).url == f"/clubs/ml/papers/{paper.pk}"
    page = signed_in.get(f"/clubs/ml/papers/{paper.pk}").content.decode()
    assert "x-y" in page and "needs a letter or a digit" in page


def test_the_31st_tag_is_explained(signed_in, club, member, paper):
    entry = reading_list.note(club, paper)
    for number in range(30):
        reading_list.tag(entry, name=f"tag-{number}", by=member)
    part = tag(signed_in, paper, tag="one-more")
    assert "at most 30 tags" in part.xpath("string(//*[@role='alert'])") and len(tags_in(part)) == 30


# Costs


def test_an_act_costs_few_queries(signed_in, paper, url, django_assert_max_num_queries):
    send(signed_in, url, paper, value="1")
    # Of these, four are the transactions of verbs within a verb.
    with django_assert_max_num_queries(27):
        send(signed_in, url, paper, value="-1")


def test_an_entry_that_was_merged_away_this_moment_is_not_there(signed_in, club, paper, monkeypatch):
    entry = reading_list.note(club, paper)
    monkeypatch.setattr(reading_list, "note", lambda club, paper: entry)
    Entry.objects.filter(pk=entry.pk).delete()
    assert signed_in.post(f"/clubs/ml/papers/{paper.pk}/triage", {"value": "1"}).status_code == 404


# Budgets, secrets, and votes after the lock


def test_each_vote_says_what_is_left_and_one_too_many_is_refused_in_its_row(signed_in, member, club, listing):
    Club.objects.filter(pk=club.pk).update(vote_budget=1)
    first, second = (item.paper for item in listing.items.all()[:2])
    response = signed_in.post(
        f"/clubs/ml/papers/{first.pk}/triage", {"value": "1"}, headers={**HTMX, "HX-Target": f"p{first.pk}"}
    )
    assert json.loads(response["HX-Trigger"])["left"] == "0 votes left."
    said, row = send(signed_in, f"/clubs/ml/papers/{second.pk}/triage", second, value="1")
    assert said == "Your one vote is spent. Take one back to vote for this paper."
    assert row.xpath("string(//*[@data-error])").strip() == said
    assert (row.get("data-state"), pressed(row)) == ("unseen", set())
    assert not Entry.objects.filter(paper=second).exists()


def test_without_scripts_the_refusal_is_a_message(signed_in, member, club, listing):
    Club.objects.filter(pk=club.pk).update(vote_budget=1)
    first, second = (item.paper for item in listing.items.all()[:2])
    for paper in (first, second):
        response = signed_in.post(f"/clubs/ml/papers/{paper.pk}/triage", {"value": "1"}, follow=True)
    assert "Your one vote is spent" in response.content.decode()


def test_a_secret_score_is_not_told(signed_in, member, club, paper, url):
    Club.objects.filter(pk=club.pk).update(hides_totals=True)
    for person in (factories.make_user(club=club), factories.make_user(club=club)):
        reading_list.cast_vote(reading_list.note(club, paper), value=1, by=person)
    said, row = send(signed_in, url, paper, value="1")
    assert said == "Promoted. The score is secret until votes close."
    assert row.xpath("string(//output)") == "–" and not row.xpath("//*[@class='voters']")
    said, row = send(signed_in, url, paper, value="0")
    assert said == "Vote taken back. The score is secret until votes close."


def test_a_vote_after_the_lock_says_for_what_it_counts(signed_in, club, paper, url):
    now = datetime.now(UTC)
    locked = factories.make_session(club, now + timedelta(hours=5), state="locked")
    day = f"{locked.starts:%A} {locked.starts.day} {locked.starts:%B}"
    said, _row = send(signed_in, url, paper, value="1")
    assert said == f"Promoted. Score 1. Votes for {day} are closed, so it counts for the session after."
    after = factories.make_session(club, now + timedelta(days=8))
    day_after = f"{after.starts:%A} {after.starts.day} {after.starts:%B}"
    said, _row = send(signed_in, url, paper, value="-1")
    assert said == f"Demoted. Score -1. Votes for {day} are closed, so it counts for {day_after}."
