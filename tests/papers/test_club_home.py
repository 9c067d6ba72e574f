import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Club
from papers import discussion, reading_list
from papers.models import Assignment, Attachment, Session, SwapOffer
from papers.scheduling import assignments, attendance, minutes
from papers.scheduling.parts import load_parts
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
    parts = load_parts(club)
    now = timezone.now()

    def fill(number):
        """Let the club read, meet, ask and answer."""
        coming = factories.make_session(club, now + timedelta(days=3), state=Session.State.LOCKED)
        for week in range(1, number + 1):
            entries = [reading_list.note(club, factories.make_paper(source=source)) for _ in range(3)]
            for entry in entries:
                reading_list.cast_vote(entry, value=1, by=organiser)
                discussion.post_comment(entry, text="Read it.", by=organiser)
            session = factories.make_session(club, now - timedelta(weeks=week), state=Session.State.HELD)
            done = factories.make_item(session, entries[0], verdict="Read it.")
            ahead = factories.make_item(coming, entries[1])
            for item in (done, ahead):
                colleague = factories.make_user(club=club)
                ask(item, parts[0], colleague, state="accepted")
                mine = ask(item, parts[1], member)
            SwapOffer.objects.create(assignment=ahead.assignments.get(part=parts[0]), wanted=mine)
            minutes.add_action(session, text="Ask for the code", member=member, by=organiser)

    fill(2)
    page_of(client)
    # user, my clubs; when votes close, the ranking, what I did, rows; the next session, items, who has which part,
    # parts, what I am to do; comments; members
    with django_assert_num_queries(13):
        page_of(client)
    fill(15)
    with django_assert_num_queries(13):
        page_of(client)
    # What is left of a budget; and while totals are secret, what I have acted on
    Club.objects.filter(pk=club.pk).update(vote_budget=5, hides_totals=True)
    with django_assert_num_queries(15):
        page_of(client)


def ask(item, part, member, **facts):
    return Assignment.objects.create(club=item.session.club, item=item, part=part, member=member, **facts)


# The next session


@pytest.fixture
def session(club):
    starts = timezone.now() + timedelta(days=5)
    return factories.make_session(
        club, starts, state=Session.State.LOCKED, place="Room 2.14", video_link="https://video.example.org/1"
    )


@pytest.fixture
def talk(session, entry):
    """The entry on the agenda of the next session."""
    factories.make_item(session, title="News", minutes=5)
    return factories.make_item(session, entry, minutes=30)


@pytest.fixture
def parts(club):
    return load_parts(club)


def card_of(page):
    return page.partition('id="next"')[2].partition("</section>")[0]


def words_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_next_session_tells_when_where_and_who(client, club, member, organiser, session, talk, parts):
    factories.make_session(club, timezone.now() + timedelta(days=9))
    ask(talk, parts[0], organiser, state="accepted")
    ask(talk, parts[1], member, state="accepted")
    attendance.answer(session, organiser, answer="yes")
    client.force_login(member)
    card = card_of(page_of(client))
    said = words_of(card)
    assert "Next session, in 5 days" in said and "Room 2.14 or by video" in said
    assert "You: discussant" in said and "votes are closed" in said
    assert "Otto Organiser (presenter), You (discussant)" in said.replace(" ,", ",")
    assert "1 coming, 0 away, 1 not answered" in said
    assert f'href="/clubs/ml/sessions/{session.pk}/"' in card
    second = date_format(session.starts + timedelta(minutes=5), "H:i")
    assert f">{second}</time>" in card and "30 min" in said


def test_what_is_asked_and_what_is_wanted_are_told_apart(client, member, organiser, talk, parts):
    ask(talk, parts[0], organiser)
    client.force_login(member)
    said = words_of(card_of(page_of(client)))
    assert "Otto Organiser (presenter, asked)" in said and "discussant wanted" in said


def test_papers_to_come_are_said_while_votes_are_open(client, club, member, session, talk):
    Session.objects.filter(pk=session.pk).update(state=Session.State.OPEN, locked_at=None)
    client.force_login(member)
    said = words_of(card_of(page_of(client)))
    assert "votes close" in said and "Papers with the best score" in said and "25 min" in said


def test_a_session_that_is_on_says_so_and_a_draft_nothing(client, club, member, session):
    draft = factories.make_session(club, timezone.now() + timedelta(hours=1), state=Session.State.DRAFT)
    session.set_time(timezone.now() - timedelta(minutes=10), 60)
    session.lock_at = session.starts
    session.save()
    client.force_login(member)
    card = card_of(page_of(client))
    assert ">Now<" in card and 'href="https://video.example.org/1"' in card
    assert f"/sessions/{draft.pk}/" not in card


def test_visitors_learn_neither_place_nor_who_is_asked(client, club, organiser, member, session, talk, parts):
    Club.objects.filter(pk=club.pk).update(is_public=True)
    ask(talk, parts[0], organiser)
    minutes.add_action(session, text="Ask for the code", member=member, by=organiser)
    page = page_of(client)
    card = card_of(page)
    assert "Next session" in card and "Unlearning" in card
    for secret in ("Room 2.14", "video.example.org", "by video", "Organiser (", "not answered"):
        assert secret not in card
    assert 'id="needs"' not in page and "Ask for the code" not in page


def test_visitors_learn_nothing_of_private_papers(client, club, organiser, session, talk, source):
    Club.objects.filter(pk=club.pk).update(is_public=True)
    held = factories.make_session(club, timezone.now() - timedelta(days=7), state=Session.State.HELD)
    factories.make_item(held, talk.entry, verdict="Clean idea")
    talk.entry.paper.private_to = club
    talk.entry.paper.save()
    page = page_of(client)
    assert "Unlearning" not in page and "Clean idea" not in page
    client.force_login(organiser)
    page = page_of(client)
    assert "Unlearning" in card_of(page) and "Clean idea" in page


def test_a_new_club_is_told_how_to_begin(client, club, owner, member):
    client.force_login(member)
    page = page_of(client)
    assert "An organiser schedules them" in page and "/series/new" not in page
    assert "Nothing waits for you" in page
    client.force_login(owner)
    page = page_of(client)
    assert "Set up your meetings" in page and 'href="/clubs/ml/series/new"' in page


def test_a_club_between_two_terms_is_no_new_club(client, club, owner, entry):
    held = factories.make_session(club, timezone.now() - timedelta(days=90), state=Session.State.HELD)
    factories.make_item(held, entry)
    client.force_login(owner)
    page = page_of(client)
    assert "No session is to come" in page and "Set up your meetings" not in page


# What needs the member


def needs_of(page):
    return page.partition('id="needs"')[2].partition("</section>")[0]


def answer(client, about, key, says, **headers):
    return client.post("/clubs/ml/needs", {"about": about, "key": key, "answer": says}, headers=headers)


def test_a_part_is_asked_with_its_reason_and_accepted_in_place(client, member, talk, parts):
    asked = ask(talk, parts[0], member, reason="You voted for it.")
    client.force_login(member)
    needs = needs_of(page_of(client))
    assert f"Presenter on {talk.session.starts:%-d %B}?" in needs and "You voted for it." in needs
    response = answer(client, "part", asked.pk, "accept", HX_Request="true")
    fragment = response.content.decode()
    asked.refresh_from_db()
    assert asked.state == "accepted" and json.loads(response["HX-Trigger"]) == {"said": "Accepted."}
    assert "<html" not in fragment and "Presenter on" not in needs_of(fragment)
    assert 'hx-swap-oob="true"' in fragment and "You: presenter" in words_of(card_of(fragment))


def test_answers_work_without_scripts(client, member, talk, parts):
    asked = ask(talk, parts[0], member)
    client.force_login(member)
    response = answer(client, "part", asked.pk, "decline")
    assert response.url == "/clubs/ml/#needs"
    asked.refresh_from_db()
    assert asked.state == "declined"
    assert "The part is open again." in client.get("/clubs/ml/").content.decode()


def test_a_refusal_is_said_where_the_act_was(client, member, talk, parts):
    asked = ask(talk, parts[0], member)
    Session.objects.filter(pk=talk.session_id).update(
        state=Session.State.CANCELLED, cancelled_at=timezone.now()
    )
    client.force_login(member)
    fragment = answer(client, "part", asked.pk, "accept", HX_Request="true").content.decode()
    assert 'role="alert"' in fragment and "This session is cancelled." in fragment


def test_only_who_was_asked_answers(client, club, member, organiser, outsider, talk, parts):
    asked = ask(talk, parts[0], organiser)
    client.force_login(member)
    assert answer(client, "part", asked.pk, "accept").status_code == 403
    assert answer(client, "part", 10**12, "accept").status_code == 404
    assert answer(client, "part", asked.pk, "perhaps").status_code == 400
    assert answer(client, "weather", asked.pk, "accept").status_code == 400
    client.force_login(outsider)
    assert answer(client, "part", asked.pk, "accept").status_code == 404
    Club.objects.filter(pk=club.pk).update(is_public=True)
    assert answer(client, "part", asked.pk, "accept").status_code == 403
    asked.refresh_from_db()
    assert asked.state == "proposed"


def test_a_swap_offered_to_me_waits_for_me_alone(client, club, member, organiser, talk, parts):
    theirs = ask(talk, parts[0], organiser, state="accepted")
    later = factories.make_session(club, timezone.now() + timedelta(days=12))
    mine = ask(factories.make_item(later, title="Our own results"), parts[0], member, state="accepted")
    offer = assignments.offer_swap(theirs, wanted=mine, by=organiser)
    client.force_login(organiser)
    assert "offers to swap" not in page_of(client)
    assert answer(client, "swap", offer.pk, "accept").status_code == 403
    client.force_login(member)
    needs = needs_of(page_of(client))
    assert "Otto Organiser offers to swap" in needs
    assert f"Your part on {later.starts:%-d %B} (presenter)" in needs
    assert answer(client, "swap", offer.pk, "accept", HX_Request="true").status_code == 200
    mine.refresh_from_db()
    assert mine.member == organiser
    assert "offers to swap" not in page_of(client)


def test_whether_i_come_is_asked_until_i_say_so(client, member, session):
    client.force_login(member)
    assert "Are you coming on" in needs_of(page_of(client))
    fragment = answer(client, "coming", session.pk, "yes", HX_Request="true").content.decode()
    assert "Are you coming on" not in fragment and "1 coming, 0 away" in words_of(card_of(fragment))
    assert "You come" in card_of(fragment)


def test_slides_are_wanted_of_who_presents_within_a_week(client, club, member, organiser, talk, parts):
    ask(talk, parts[0], member, state="accepted")
    ask(talk, parts[1], organiser, state="accepted")
    client.force_login(organiser)
    assert "Slides for" not in page_of(client)
    client.force_login(member)
    assert "Slides for" in needs_of(page_of(client))
    link = "https://slides.example.org/1"
    found = Attachment.objects.create(session=talk.session, item=talk, name="Slides", link=link)
    assert "Slides for" not in page_of(client)
    found.delete()
    talk.session.set_time(timezone.now() + timedelta(days=8), 60)
    talk.session.save()
    assert "Slides for" not in page_of(client)


def test_what_i_am_to_do_stays_until_it_is_done(client, club, member, organiser):
    held = factories.make_session(club, timezone.now() - timedelta(days=7), state=Session.State.HELD)
    late = timezone.now().date() - timedelta(days=2)
    action = minutes.add_action(held, text="Ask for the code", member=member, due=late, by=organiser)
    client.force_login(organiser)
    assert "Ask for the code" not in page_of(client)
    assert answer(client, "action", action.pk, "done").status_code == 404
    client.force_login(member)
    needs = needs_of(page_of(client))
    assert "Ask for the code" in needs and "Was due on" in needs
    answer(client, "action", action.pk, "done")
    assert "Ask for the code" not in page_of(client)


def test_nothing_of_the_past_or_of_drafts_needs_anybody(client, club, member, entry, parts):
    for days, state in [(-7, "held"), (-7, "locked"), (3, "draft"), (3, "cancelled")]:
        session = factories.make_session(club, timezone.now() + timedelta(days=days), state=state)
        ask(factories.make_item(session, entry), parts[0], member)
    client.force_login(member)
    assert "Nothing waits for you." in needs_of(page_of(client))


# What was


def test_recent_papers_tell_who_presented_and_what_came_out(client, club, member, organiser, entry, parts):
    for weeks, title in [(1, "Newer"), (3, "Older")]:
        session = factories.make_session(
            club, timezone.now() - timedelta(weeks=weeks), state=Session.State.HELD
        )
        read = reading_list.note(club, factories.make_paper(title))
        item = factories.make_item(session, read, verdict=f"Verdict on {title}")
        ask(item, parts[0], organiser, state="done")
        ask(item, parts[1], member, state="done")
    client.force_login(member)
    recent = page_of(client).partition('id="recent"')[2].partition("</section>")[0]
    assert recent.index("Newer") < recent.index("Older")
    assert "Otto Organiser" in recent and "Mia Member" not in recent and "“Verdict on Older”" in recent


def test_figures_count_papers_by_week_and_members_by_talks(client, club, member, organiser, owner, parts):
    for weeks in (0, 2, 2, 40):
        session = factories.make_session(
            club, timezone.now() - timedelta(weeks=weeks, hours=2), state=Session.State.HELD
        )
        item = factories.make_item(session, reading_list.note(club, factories.make_paper()))
        ask(item, parts[0], organiser, state="done")
    client.force_login(member)
    figures = page_of(client).partition('id="figures"')[2].partition("</section>")[0]
    assert "3 papers in 12 weeks" in figures
    said = words_of(figures.partition("<tbody>")[2].partition("</tbody>")[2])
    assert "4 talks 1" in said and "none yet (you) 2" in said
