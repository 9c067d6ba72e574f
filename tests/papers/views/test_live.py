"""The page of a meeting: what is on, questions, notes; and what it costs to keep asking."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from papers import reading_list
from papers.models import Question, QuestionVote, Session
from papers.scheduling import meeting, minutes, questions
from tests import factories

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def session(club):
    now = timezone.now().replace(second=0, microsecond=0)
    session = factories.make_session(club, now, state=Session.State.LOCKED, place="Room 2.14")
    factories.make_item(session, title="News", minutes=5)
    entry = reading_list.note(club, factories.make_paper("On $x^2$ & <b>hostile</b> titles"))
    factories.make_item(session, entry, minutes=30)
    return session


@pytest.fixture
def path(session):
    return f"/clubs/ml/sessions/{session.pk}/live"


def etag_of(page):
    return page.find("//*[@id='live-now']")[0].get("data-etag")


def test_before_it_begins_the_agenda_stands(signed_in, get, path):
    page = get(path)
    assert "Not begun yet" in page.words("//h1")
    assert len(page.find("//ol[contains(@class, 'agenda')]/li")) == 2
    assert not page.find("//*[@data-run]"), "members do not run the clock"
    assert page.find("//math")
    assert "<b>hostile" not in page.text


def test_organiser_begins_and_goes_on(client, organiser, get, path, session):
    client.force_login(organiser)
    assert page_acts(get(path)) == ["start"]
    answer = client.post(f"{path}/run", {"act": "start"}, **HTMX)
    assert answer.status_code == 200 and "data-ends" in answer.content.decode()
    page = get(path)
    assert page.words("//li[@aria-current='step']//h3") == ["News"]
    assert page_acts(page) == ["next", "extend", "pause", "back", "finish"]

    on = page.find("//input[@name='after']")[0].get("value")
    assert client.post(f"{path}/run", {"act": "next", "after": on}).status_code == 302
    client.post(f"{path}/run", {"act": "next", "after": on})
    page = get(path)
    assert "hostile" in page.words("//li[@aria-current='step']//h3")[0]
    assert page_acts(page) == ["finish", "extend", "pause", "back"]
    assert "Paused." in client.post(f"{path}/run", {"act": "pause"}, **HTMX).content.decode()
    client.post(f"{path}/run", {"act": "resume"})
    client.post(f"{path}/run", {"act": "extend"})
    client.post(f"{path}/run", {"act": "finish"})
    session.refresh_from_db()
    assert session.state == "held"
    assert "The meeting is over" in get(path).text


def page_acts(page):
    return [each.get("value") for each in page.find("//form[@data-run]//button")]


def test_what_is_refused_is_said(client, organiser, path):
    client.force_login(organiser)
    answer = client.post(f"{path}/run", {"act": "next"}, **HTMX)
    assert (answer.status_code, "The meeting has not begun." in answer.content.decode()) == (200, True)
    assert "has not begun" in client.post(f"{path}/run", {"act": "pause"}, follow=True).content.decode()
    assert client.post(f"{path}/run", {"act": "dance"}).status_code == 400


def test_nothing_new_is_304_and_two_queries(
    client, member, organiser, get, path, session, django_assert_num_queries
):
    meeting.start(session, by=organiser)
    client.force_login(member)
    etag = etag_of(get(path))
    # Who asks; their clubs, with the versions that say whether anything has changed.
    with django_assert_num_queries(2):
        answer = client.get(f"{path}/state", HTTP_IF_NONE_MATCH=etag, **HTMX)
    assert (answer.status_code, answer.content) == (304, b"")

    questions.ask(session, text="Why?", by=organiser)
    answer = client.get(f"{path}/state", HTTP_IF_NONE_MATCH=etag, **HTMX)
    assert (answer.status_code, "Why?" in answer.content.decode()) == (200, True)
    again = client.get(f"{path}/state", HTTP_IF_NONE_MATCH=answer["ETag"], **HTMX)
    assert again.status_code == 304


def test_one_persons_tag_is_not_anothers(client, member, organiser, get, path):
    client.force_login(member)
    etag = etag_of(get(path))
    client.force_login(organiser)
    assert client.get(f"{path}/state", HTTP_IF_NONE_MATCH=etag, **HTMX).status_code == 200


@pytest.mark.parametrize("number", [2, 30])
def test_costs_the_same_for_any_number(
    signed_in, session, club, organiser, member, path, number, django_assert_num_queries
):
    for _ in range(number):
        factories.make_item(session)
        factories.make_question(session, asked_by=organiser)
        factories.make_question(session, state="answered")
    meeting.start(session, by=organiser)
    # Who asks, their clubs; the session, its agenda, who takes which part; questions open, counted, settled.
    with django_assert_num_queries(8):
        assert signed_in.get(f"{path}/state", **HTMX).status_code == 200


def test_ten_thousand_questions(signed_in, session, path, django_assert_num_queries):
    Question.objects.bulk_create(
        [Question(session=session, text=f"Question {number}?", vote_count=number) for number in range(10_000)]
    )
    with django_assert_num_queries(7):
        page = signed_in.get(f"{path}/state", **HTMX).content.decode()
    assert "Question 9999?" in page and "9950 more questions" in page.replace(",", "")
    assert len(page) < 200_000


def test_a_member_asks_votes_and_settles(signed_in, member, organiser, path, session):
    assert signed_in.post(f"{path}/questions", {"text": "Why <i>this</i>?"}).status_code == 302
    mine = Question.objects.get()
    theirs = questions.ask(session, text="And this?", by=organiser)
    answer = signed_in.post(f"{path}/questions/{theirs.pk}", {"vote": "1"}, **HTMX)
    assert '"said": "2 want to know."' in answer["HX-Trigger"]
    assert "Why &lt;i&gt;this&lt;/i&gt;?" in answer.content.decode()
    assert signed_in.post(f"{path}/questions/{theirs.pk}", {"act": "answered"}).status_code == 403
    signed_in.post(f"{path}/questions/{mine.pk}", {"act": "answered"})
    assert Question.objects.get(pk=mine.pk).state == "answered"
    signed_in.post(f"{path}/questions/{mine.pk}", {"act": "remove"})
    assert not Question.objects.filter(pk=mine.pk).exists()
    signed_in.post(f"{path}/questions/{theirs.pk}", {"vote": "0"})
    assert not QuestionVote.objects.filter(member=member).exists()
    assert signed_in.post(f"{path}/questions/{theirs.pk}", {"act": "burn"}).status_code in {400, 403}
    assert signed_in.post(f"{path}/questions/{mine.pk}", {"vote": "1"}).status_code == 404


def test_a_question_that_is_refused_is_said(signed_in, path):
    answer = signed_in.post(f"{path}/questions", {"text": " "}, **HTMX)
    assert "Write the question." in answer.content.decode()
    assert "asked" not in answer["HX-Trigger"].replace("asked_", "")


def test_who_voted_is_told_to_nobody(client, member, organiser, session, path):
    question = questions.ask(session, text="Why?", by=organiser)
    questions.vote(question, by=member)
    client.force_login(organiser)
    page = client.get(path).content.decode()
    assert "2 votes" in page and "Mia Member" not in re.sub(r"(?s)<header.*?</header>", "", page)


def test_notes_without_a_script(signed_in, get, member, organiser, session, path):
    meeting.start(session, by=organiser)
    item = session.agenda.first()
    page = get(path)
    assert page.find("//input[@name='item']")[0].get("value") == str(item.pk)
    fields = {"item": item.pk, "base_version": 0, "text": "Mia was here"}
    assert signed_in.post(f"{path}/notes", fields)["Location"] == f"{path}?notes={item.pk}#notes"
    minutes.save_notes(item, text="Otto was here", base_version=0, by=organiser)
    item.refresh_from_db()
    assert item.notes == "Mia was here\nOtto was here"
    told = signed_in.post(f"{path}/notes", {**fields, "text": "Mia was here too"}, follow=True)
    assert "the lines of both" in told.content.decode()

    assert get(f"{path}?notes=0").find("//textarea")[0].text.strip() == ""
    refused = signed_in.post(f"{path}/notes", {"item": 0, "base_version": 0, "text": "x" * 50_001})
    assert refused.status_code == 200
    assert "Shorten them" in refused.content.decode() and "x" * 50_001 in refused.content.decode()
    assert signed_in.post(f"{path}/notes", {"item": 0, "text": "x"}).status_code == 400
    assert (
        signed_in.post(f"{path}/notes", {"item": 999_999, "base_version": 0, "text": "x"}).status_code == 404
    )
    assert signed_in.get(f"{path}?notes=999999").status_code == 404


def test_without_a_script_the_page_says_when_it_ends(signed_in, get, organiser, session, path):
    began = meeting.start(session, by=organiser)
    page = get(path)
    assert page.find("//noscript/a")
    assert f"{began.item_ends:%H:%M}"[-2:] in " ".join(page.words("//*[@id='live-now']//p"))


def test_a_meeting_without_an_agenda(client, organiser, get, club):
    session = factories.make_session(club, timezone.now() - timedelta(minutes=1), state=Session.State.LOCKED)
    client.force_login(organiser)
    path = f"/clubs/ml/sessions/{session.pk}/live"
    assert "Nothing is on the agenda" in get(path).text
    client.post(f"{path}/run", {"act": "start"})
    assert page_acts(get(path)) == ["finish", "extend", "pause", "back"]
    client.post(f"{path}/run", {"act": "finish", "after": "0"})
    session.refresh_from_db()
    assert session.state == "held"


def test_visitors_of_a_public_club_take_no_part(client, club, outsider, path):
    club.is_public = True
    club.save()
    client.force_login(outsider)
    for address in (path, f"{path}/state"):
        assert client.get(address).status_code == 403
    assert client.post(f"{path}/questions", {"text": "Why?"}).status_code == 403


def test_a_draft_is_for_organisers(client, club, member, organiser):
    draft = factories.make_session(club, state=Session.State.DRAFT)
    path = f"/clubs/ml/sessions/{draft.pk}/live"
    client.force_login(member)
    assert client.get(path).status_code == 404
    client.force_login(organiser)
    assert client.get(path).status_code == 200
