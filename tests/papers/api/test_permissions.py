"""Every address of the API as each of the cast: who gets what. An address that is not listed here fails.

400 stands for "might have acted, but the body was empty": who may not act never gets so far.
"""

from datetime import date, time
from io import BytesIO

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from accounts import clubs as club_verbs
from accounts.models import Role
from papers import catalogue, discussion, reading_list
from papers.models import DryRun, Import, PlanDraft
from papers.notifications import outbox
from papers.scheduling import (
    absences,
    assignments,
    attachments,
    attendance,
    minutes,
    polls,
    questions,
    series,
)
from papers.scheduling.parts import load_parts
from papers.sources import keeping
from tests import factories

from .conftest import make_script

pytestmark = pytest.mark.django_db

CAST = ["visitor", "outsider", "member", "organiser", "administrator", "reader", "elsewhere", "inside"]

# What the columns say:                visitor outsider member organiser administrator reader elsewhere inside
EVERYBODY_SIGNED_IN = dict(zip(CAST, [401, 200, 200, 200, 200, 200, 200, 200], strict=True))
MEMBERS_READ = dict(zip(CAST, [401, 404, 200, 200, 404, 200, 404, 200], strict=True))
OPEN = dict.fromkeys(CAST, 200)


def members_write(status):
    return dict(zip(CAST, [401, 404, status, status, 404, 403, 404, status], strict=True))


def keepers_write(status):
    """The club's organiser; "inside" is a member."""
    return dict(zip(CAST, [401, 404, 403, status, 404, 403, 404, 403], strict=True))


def keepers_read():
    return keepers_write(200)


ASKED = dict(zip(CAST, [401, 404, 400, 403, 404, 403, 404, 403], strict=True))
INSTALLATION = dict(zip(CAST, [401, 403, 403, 403, 403, 403, 403, 403], strict=True))
NOBODY_KNOWS = dict(zip(CAST, [401, 404, 404, 404, 404, 404, 404, 404], strict=True))

# For organisers of some club, and administrators; only an administrator decides about what is everybody's.
REVIEWERS = dict(zip(CAST, [401, 200, 403, 200, 200, 403, 403, 403], strict=True))


def deciders(status):
    return dict(zip(CAST, [401, 403, 403, 403, status, 403, 403, 403], strict=True))


TABLE = [
    ("GET", "schema", "/api/schema/", OPEN),
    ("GET", "docs", "/api/docs/", OPEN),
    ("GET", "papers", "/api/v1/papers/", EVERYBODY_SIGNED_IN),
    ("POST", "papers", "/api/v1/papers/", {"visitor": 401, "reader": 403} | dict.fromkeys(CAST[1:5] + CAST[6:], 400)),
    ("GET", "paper", "/api/v1/papers/{paper}/", EVERYBODY_SIGNED_IN),
    ("GET", "paper", "/api/v1/papers/{private_paper}/", MEMBERS_READ),
    ("GET", "paper", "/api/v1/papers/999999/", NOBODY_KNOWS),
    ("PATCH", "paper", "/api/v1/papers/{paper}/", deciders(200)),
    ("PATCH", "paper", "/api/v1/papers/{private_paper}/", MEMBERS_READ | {"member": 403, "reader": 403, "inside": 403}),
    ("GET", "deleted", "/api/v1/deleted/", EVERYBODY_SIGNED_IN),
    ("GET", "sources", "/api/v1/sources/", EVERYBODY_SIGNED_IN),
    ("GET", "source", "/api/v1/sources/{source}/", EVERYBODY_SIGNED_IN),
    ("GET", "source", "/api/v1/sources/{private_source}/", MEMBERS_READ),
    ("POST", "sources", "/api/v1/sources/", {"visitor": 401, "reader": 403} | dict.fromkeys(CAST[1:5] + CAST[6:], 400)),
    ("PATCH", "source", "/api/v1/sources/{feed}/", keepers_write(200)),
    ("PATCH", "source", "/api/v1/sources/{source}/", INSTALLATION | {"administrator": 200}),
    ("DELETE", "source", "/api/v1/sources/{feed}/", keepers_write(204)),
    ("POST", "source_run", "/api/v1/sources/{feed}/run/", keepers_write(202)),
    ("GET", "source_dry_run", "/api/v1/sources/{feed}/dry_run/", keepers_write(200) | {"reader": 403}),
    ("POST", "source_dry_run", "/api/v1/sources/{feed}/dry_run/", keepers_write(202)),
    ("GET", "listings", "/api/v1/listings/", EVERYBODY_SIGNED_IN),
    ("GET", "listing", "/api/v1/listings/{listing}/", EVERYBODY_SIGNED_IN),
    ("GET", "listing", "/api/v1/listings/{private_listing}/", MEMBERS_READ),
    ("GET", "listing_items", "/api/v1/listings/{listing}/items/", EVERYBODY_SIGNED_IN),
    ("GET", "listing_items", "/api/v1/listings/{private_listing}/items/", MEMBERS_READ),
    ("GET", "imports", "/api/v1/imports/", EVERYBODY_SIGNED_IN),
    ("POST", "imports", "/api/v1/imports/", {"visitor": 401, "reader": 403} | dict.fromkeys(CAST[1:5] + CAST[6:], 400)),
    ("GET", "import", "/api/v1/imports/{run}/", MEMBERS_READ),
    (
        "POST",
        "cancel_import",
        "/api/v1/imports/{run}/cancel/",
        dict(zip(CAST, [401, 404, 403, 200, 404, 403, 404, 403], strict=True)),
    ),
    ("GET", "submission_items", "/api/v1/imports/{run}/items/", MEMBERS_READ),
    ("GET", "rejections", "/api/v1/imports/{run}/rejections/", MEMBERS_READ),
    ("GET", "pairs", "/api/v1/pairs/", REVIEWERS),
    ("POST", "pairs", "/api/v1/pairs/", REVIEWERS | dict.fromkeys(("outsider", "organiser", "administrator"), 400)),
    ("GET", "pair", "/api/v1/pairs/{pair}/", REVIEWERS),
    ("PUT", "pair_decision", "/api/v1/pairs/{pair}/decision/", deciders(400)),
    ("GET", "decisions", "/api/v1/decisions/", REVIEWERS),
    ("DELETE", "merged", "/api/v1/merged/{merged}/", deciders(204)),
    ("GET", "clubs", "/api/v1/clubs/", EVERYBODY_SIGNED_IN),
    ("GET", "club", "/api/v1/clubs/ml/", MEMBERS_READ),
    ("PATCH", "club", "/api/v1/clubs/ml/", keepers_write(403)),  # owners; see test_clubs.py
    ("GET", "club_window", "/api/v1/clubs/ml/window/", MEMBERS_READ),
    ("GET", "parts", "/api/v1/clubs/ml/parts/", MEMBERS_READ),
    ("POST", "parts", "/api/v1/clubs/ml/parts/", keepers_write(400)),
    ("GET", "part", "/api/v1/clubs/ml/parts/{part}/", MEMBERS_READ),
    ("PATCH", "part", "/api/v1/clubs/ml/parts/{part}/", keepers_write(200)),
    ("DELETE", "part", "/api/v1/clubs/ml/parts/{part}/", keepers_write(204)),
    ("GET", "members", "/api/v1/clubs/ml/members/", MEMBERS_READ),
    ("GET", "mails", "/api/v1/clubs/ml/mails/", keepers_read()),
    ("GET", "mail", "/api/v1/clubs/ml/mails/{mail}/", keepers_read()),
    ("POST", "send_mail_again", "/api/v1/clubs/ml/mails/{mail}/send_again/", keepers_write(200)),
    ("POST", "let_mail_be", "/api/v1/clubs/ml/mails/{mail}/let_be/", keepers_write(200)),
    ("GET", "reminders", "/api/v1/clubs/ml/reminders/", keepers_read()),
    ("PATCH", "reminders", "/api/v1/clubs/ml/reminders/", keepers_write(200)),
    ("GET", "club_deleted", "/api/v1/clubs/ml/deleted/", MEMBERS_READ),
    ("GET", "votes", "/api/v1/clubs/ml/votes/", MEMBERS_READ),
    ("GET", "club_comments", "/api/v1/clubs/ml/comments/", MEMBERS_READ),
    ("PUT", "paper_vote", "/api/v1/clubs/ml/papers/{paper}/vote/", members_write(400)),
    ("DELETE", "paper_vote", "/api/v1/clubs/ml/papers/{paper}/vote/", members_write(204)),
    ("GET", "entries", "/api/v1/clubs/ml/entries/", MEMBERS_READ),
    ("POST", "entries", "/api/v1/clubs/ml/entries/", members_write(400)),
    ("GET", "entry", "/api/v1/clubs/ml/entries/{entry}/", MEMBERS_READ),
    ("POST", "entry_drop", "/api/v1/clubs/ml/entries/{entry}/drop/", keepers_write(200)),
    ("GET", "entry_history", "/api/v1/clubs/ml/entries/{entry}/history/", MEMBERS_READ),
    ("PUT", "entry_vote", "/api/v1/clubs/ml/entries/{entry}/vote/", members_write(400)),
    ("DELETE", "entry_vote", "/api/v1/clubs/ml/entries/{entry}/vote/", members_write(204)),
    ("PUT", "entry_volunteer", "/api/v1/clubs/ml/entries/{entry}/volunteer/", members_write(200)),
    ("DELETE", "entry_volunteer", "/api/v1/clubs/ml/entries/{entry}/volunteer/", members_write(204)),
    ("GET", "entry_tags", "/api/v1/clubs/ml/entries/{entry}/tags/", MEMBERS_READ),
    ("POST", "entry_tags", "/api/v1/clubs/ml/entries/{entry}/tags/", members_write(400)),
    ("DELETE", "entry_tag", "/api/v1/clubs/ml/entries/{entry}/tags/theory/", members_write(204)),
    ("GET", "comments", "/api/v1/clubs/ml/entries/{entry}/comments/", MEMBERS_READ),
    ("POST", "comments", "/api/v1/clubs/ml/entries/{entry}/comments/", members_write(400)),
    ("GET", "comment", "/api/v1/clubs/ml/entries/{entry}/comments/{comment}/", MEMBERS_READ),
    # The comment is the member's: others may not edit it, and only organisers may remove it besides.
    (
        *("PATCH", "comment", "/api/v1/clubs/ml/entries/{entry}/comments/{comment}/"),
        members_write(400) | {"organiser": 403, "inside": 403},
    ),
    ("DELETE", "comment", "/api/v1/clubs/ml/entries/{entry}/comments/{comment}/", members_write(204) | {"inside": 403}),
    ("GET", "comment_history", "/api/v1/clubs/ml/entries/{entry}/comments/{comment}/history/", MEMBERS_READ),
    ("GET", "sessions", "/api/v1/clubs/ml/sessions/", MEMBERS_READ),
    ("POST", "sessions", "/api/v1/clubs/ml/sessions/", keepers_write(400)),
    ("GET", "session", "/api/v1/clubs/ml/sessions/{session}/", MEMBERS_READ),
    ("GET", "session", "/api/v1/clubs/ml/sessions/{draft}/", NOBODY_KNOWS | {"organiser": 200}),
    ("PATCH", "session", "/api/v1/clubs/ml/sessions/{session}/", keepers_write(200)),
    ("DELETE", "session", "/api/v1/clubs/ml/sessions/{session}/", keepers_write(409)),  # not a draft
    ("POST", "open_session", "/api/v1/clubs/ml/sessions/{session}/open/", keepers_write(409)),
    ("POST", "cancel_session", "/api/v1/clubs/ml/sessions/{session}/cancel/", keepers_write(200)),
    ("POST", "reopen_session", "/api/v1/clubs/ml/sessions/{session}/reopen/", keepers_write(409)),
    ("POST", "hold_session", "/api/v1/clubs/ml/sessions/{session}/hold/", keepers_write(409)),
    ("GET", "session_attendances", "/api/v1/clubs/ml/sessions/{session}/attendances/", MEMBERS_READ),
    ("PUT", "session_answer", "/api/v1/clubs/ml/sessions/{session}/answer/", members_write(400)),
    ("DELETE", "session_answer", "/api/v1/clubs/ml/sessions/{session}/answer/", members_write(204)),
    ("POST", "session_guests", "/api/v1/clubs/ml/sessions/{session}/guests/", members_write(400)),
    ("DELETE", "session_guest", "/api/v1/clubs/ml/sessions/{session}/guests/{guest}/", members_write(204)),
    ("GET", "attendances", "/api/v1/clubs/ml/attendances/", MEMBERS_READ),
    ("GET", "polls", "/api/v1/clubs/ml/polls/", MEMBERS_READ),
    ("POST", "polls", "/api/v1/clubs/ml/polls/", keepers_write(400)),
    ("GET", "poll", "/api/v1/clubs/ml/polls/{poll}/", MEMBERS_READ),
    ("DELETE", "poll", "/api/v1/clubs/ml/polls/{poll}/", keepers_write(204)),
    ("PUT", "poll_options", "/api/v1/clubs/ml/polls/{poll}/options/", keepers_write(400)),
    ("PUT", "poll_answers", "/api/v1/clubs/ml/polls/{poll}/answers/", members_write(400)),
    ("POST", "close_poll", "/api/v1/clubs/ml/polls/{poll}/close/", keepers_write(400)),
    ("GET", "series", "/api/v1/clubs/ml/series/", MEMBERS_READ),
    ("POST", "series", "/api/v1/clubs/ml/series/", keepers_write(400)),
    ("GET", "series_detail", "/api/v1/clubs/ml/series/{series}/", MEMBERS_READ),
    ("PATCH", "series_detail", "/api/v1/clubs/ml/series/{series}/", keepers_write(200)),
    ("PUT", "end_series", "/api/v1/clubs/ml/series/{series}/end/", keepers_write(400)),
    ("DELETE", "end_series", "/api/v1/clubs/ml/series/{series}/end/", keepers_write(200)),
    ("GET", "pauses", "/api/v1/clubs/ml/pauses/", MEMBERS_READ),
    ("POST", "pauses", "/api/v1/clubs/ml/pauses/", keepers_write(400)),
    ("GET", "pause", "/api/v1/clubs/ml/pauses/{pause}/", MEMBERS_READ),
    ("DELETE", "pause", "/api/v1/clubs/ml/pauses/{pause}/", keepers_write(204)),
    ("GET", "holidays", "/api/v1/clubs/ml/holidays/?country=DE", MEMBERS_READ),
    # The member was asked; "inside" was not.
    ("GET", "assignments", "/api/v1/clubs/ml/assignments/", MEMBERS_READ),
    ("POST", "assignments", "/api/v1/clubs/ml/assignments/", members_write(400)),
    ("GET", "assignment", "/api/v1/clubs/ml/assignments/{assignment}/", MEMBERS_READ),
    ("DELETE", "assignment", "/api/v1/clubs/ml/assignments/{assignment}/", keepers_write(204)),
    ("PUT", "answer_assignment", "/api/v1/clubs/ml/assignments/{assignment}/answer/", ASKED),
    ("POST", "hand_over", "/api/v1/clubs/ml/assignments/{assignment}/hand_over/", ASKED),
    ("POST", "offer_swap", "/api/v1/clubs/ml/assignments/{assignment}/swap/", ASKED),
    ("POST", "remind", "/api/v1/clubs/ml/assignments/{assignment}/remind/", keepers_write(409)),
    ("PUT", "answer_swap", "/api/v1/clubs/ml/swaps/{swap}/answer/", ASKED | {"organiser": 400}),  # who wants it
    ("GET", "absences", "/api/v1/clubs/ml/absences/", MEMBERS_READ),
    ("POST", "absences", "/api/v1/clubs/ml/absences/", members_write(400)),
    ("GET", "absence", "/api/v1/clubs/ml/absences/{absence}/", MEMBERS_READ),
    ("DELETE", "absence", "/api/v1/clubs/ml/absences/{absence}/", ASKED | {"member": 204}),
    ("GET", "plan", "/api/v1/clubs/ml/plan/", keepers_read()),
    ("POST", "plan", "/api/v1/clubs/ml/plan/", keepers_write(202)),
    ("GET", "plan_draft", "/api/v1/clubs/ml/plan/{plan}/", keepers_read()),
    ("DELETE", "plan_draft", "/api/v1/clubs/ml/plan/{plan}/", keepers_write(204)),
    ("POST", "apply_plan", "/api/v1/clubs/ml/plan/{plan}/apply/", keepers_write(200)),
    ("GET", "agenda", "/api/v1/clubs/ml/sessions/{session}/agenda/", MEMBERS_READ),
    ("PUT", "agenda", "/api/v1/clubs/ml/sessions/{session}/agenda/", keepers_write(400)),
    ("POST", "agenda", "/api/v1/clubs/ml/sessions/{session}/agenda/", keepers_write(400)),
    ("PATCH", "agenda_item", "/api/v1/clubs/ml/sessions/{session}/agenda/{item}/", keepers_write(200)),
    ("DELETE", "agenda_item", "/api/v1/clubs/ml/sessions/{session}/agenda/{item}/", keepers_write(204)),
    ("POST", "agenda_override", "/api/v1/clubs/ml/sessions/{session}/agenda/{item}/override/", keepers_write(400)),
    ("POST", "agenda_swap", "/api/v1/clubs/ml/sessions/{session}/agenda/swap/", keepers_write(400)),
    ("POST", "agenda_lock", "/api/v1/clubs/ml/sessions/{session}/agenda/lock/", keepers_write(200)),
    ("POST", "agenda_unlock", "/api/v1/clubs/ml/sessions/{session}/agenda/unlock/", keepers_write(400)),
    ("POST", "agenda_undo", "/api/v1/clubs/ml/sessions/{session}/agenda/undo/", keepers_write(409)),
    ("GET", "archive", "/api/v1/clubs/ml/archive/", MEMBERS_READ),
    ("GET", "record", "/api/v1/clubs/ml/record/", MEMBERS_READ),
    ("GET", "record_csv", "/api/v1/clubs/ml/record.csv", MEMBERS_READ),
    ("GET", "came", "/api/v1/clubs/ml/sessions/{session}/came/", MEMBERS_READ),
    ("PUT", "came", "/api/v1/clubs/ml/sessions/{session}/came/", keepers_write(400)),
    ("GET", "club_questions", "/api/v1/clubs/ml/questions/", MEMBERS_READ),
    ("GET", "club_attachments", "/api/v1/clubs/ml/attachments/", MEMBERS_READ),
    ("GET", "club_actions", "/api/v1/clubs/ml/actions/", MEMBERS_READ),
    ("GET", "meeting", "/api/v1/clubs/ml/sessions/{session}/meeting/", MEMBERS_READ),
    ("POST", "meeting", "/api/v1/clubs/ml/sessions/{session}/meeting/", keepers_write(400)),
    ("GET", "session_notes", "/api/v1/clubs/ml/sessions/{session}/notes/", MEMBERS_READ),
    ("PUT", "session_notes", "/api/v1/clubs/ml/sessions/{session}/notes/", members_write(400)),
    ("GET", "item_notes", "/api/v1/clubs/ml/sessions/{session}/agenda/{item}/notes/", MEMBERS_READ),
    ("PUT", "item_notes", "/api/v1/clubs/ml/sessions/{session}/agenda/{item}/notes/", members_write(400)),
    ("GET", "conclusion", "/api/v1/clubs/ml/sessions/{session}/agenda/{item}/conclusion/", MEMBERS_READ),
    ("PATCH", "conclusion", "/api/v1/clubs/ml/sessions/{session}/agenda/{item}/conclusion/", keepers_write(200)),
    ("GET", "questions", "/api/v1/clubs/ml/sessions/{session}/questions/", MEMBERS_READ),
    ("POST", "questions", "/api/v1/clubs/ml/sessions/{session}/questions/", members_write(400)),
    ("GET", "question", "/api/v1/clubs/ml/sessions/{session}/questions/{question}/", MEMBERS_READ),
    # The question, the file and the action item are the member's: others may not touch them, but organisers.
    (
        *("PATCH", "question", "/api/v1/clubs/ml/sessions/{session}/questions/{question}/"),
        members_write(400) | {"inside": 403},
    ),
    (
        *("DELETE", "question", "/api/v1/clubs/ml/sessions/{session}/questions/{question}/"),
        members_write(204) | {"inside": 403},
    ),
    ("PUT", "question_vote", "/api/v1/clubs/ml/sessions/{session}/questions/{question}/vote/", members_write(200)),
    ("DELETE", "question_vote", "/api/v1/clubs/ml/sessions/{session}/questions/{question}/vote/", members_write(204)),
    ("GET", "attachments", "/api/v1/clubs/ml/sessions/{session}/attachments/", MEMBERS_READ),
    ("POST", "attachments", "/api/v1/clubs/ml/sessions/{session}/attachments/", keepers_write(400)),
    ("GET", "attachment", "/api/v1/clubs/ml/sessions/{session}/attachments/{attachment}/", MEMBERS_READ),
    (
        *("DELETE", "attachment", "/api/v1/clubs/ml/sessions/{session}/attachments/{attachment}/"),
        members_write(204) | {"inside": 403},
    ),
    ("GET", "attachment_file", "/api/v1/clubs/ml/sessions/{session}/attachments/{attachment}/file", MEMBERS_READ),
    ("GET", "actions", "/api/v1/clubs/ml/sessions/{session}/actions/", MEMBERS_READ),
    ("POST", "actions", "/api/v1/clubs/ml/sessions/{session}/actions/", members_write(400)),
    ("GET", "action", "/api/v1/clubs/ml/sessions/{session}/actions/{action}/", MEMBERS_READ),
    (
        *("PATCH", "action", "/api/v1/clubs/ml/sessions/{session}/actions/{action}/"),
        members_write(200) | {"inside": 403},
    ),
    (
        *("DELETE", "action", "/api/v1/clubs/ml/sessions/{session}/actions/{action}/"),
        members_write(204) | {"inside": 403},
    ),
    ("GET", "agenda_changes", "/api/v1/clubs/ml/sessions/{session}/agenda/changes/", MEMBERS_READ),
    ("GET", "fallback", "/api/v1/no/such/address/", NOBODY_KNOWS),
    ("POST", "fallback", "/api/v1/no/such/address/", NOBODY_KNOWS | {"reader": 403}),
    ("GET", "daily_papers", "/api/daily_papers", EVERYBODY_SIGNED_IN),
    ("GET", "paper_search", "/api/papers/search?q=paper", EVERYBODY_SIGNED_IN),
    ("GET", "paper_info", "/api/papers/{paper}", EVERYBODY_SIGNED_IN),
    ("GET", "paper_info", "/api/papers/{private_paper}", MEMBERS_READ),
]  # fmt: skip


@pytest.fixture
def scripts(club, outsider, member, organiser, administrator, other_club):
    both = factories.make_user("Bo Both", club=club)
    club_verbs.add_member(other_club, both, role=Role.MEMBER)
    return {
        "visitor": make_script(),
        "outsider": make_script(outsider),
        "member": make_script(member),
        "organiser": make_script(organiser),
        "administrator": make_script(administrator),
        "reader": make_script(member, scope="read"),
        "elsewhere": make_script(both, clubs=[other_club]),
        "inside": make_script(both, clubs=[club]),
    }


@pytest.fixture
def places(club, member, organiser, entry, listing, private_paper):
    reading_list.tag(entry, name="theory", by=member)
    comment = discussion.post_comment(entry, text="Why?", by=member)
    private_source = private_paper.source_records.get().source
    feed = keeping.make_source(
        club=club, kind="feed", name="Private feed", address="https://feed.example.org/"
    )
    DryRun.objects.create(source=feed, state="done")
    private_listing = factories.make_listing(source=private_source)
    run = Import.objects.create(source=private_source, club=club, queued_by=organiser, input_name="a.txt")
    gone, other = factories.make_paper(), factories.make_paper()
    catalogue.merge_papers(entry.paper, gone, reason="The same.")
    pair = catalogue.propose_pair(entry.paper, other, reason="The same.", by=organiser)
    session = factories.make_session(club)
    paper_item = factories.make_item(session, entry)
    part = load_parts(club)[1]
    asked = assignments.propose(paper_item, part, member=member, by=organiser)
    theirs = assignments.propose(factories.make_talk(club), part, member=organiser, by=organiser)
    swap = assignments.offer_swap(theirs, wanted=asked, by=organiser)
    [absence] = absences.note_absence(
        [club], first_day=date(2025, 4, 1), last_day=date(2025, 4, 2), by=member
    )
    outbox.put(
        [outbox.Letter("agenda:session 1:user 1", "agenda", member, "Agenda", "Three papers.", club=club)]
    )
    meetings = series.create_series(
        club, rule="FREQ=WEEKLY", starts_on=date(2025, 4, 30), starts_at=time(14), by=organiser
    )
    pause = series.add_pause(club, first_day=date(2025, 5, 1), last_day=date(2025, 5, 1), by=organiser)
    return {
        "mail": club.mails.get().pk,
        "assignment": asked.pk,
        "swap": swap.pk,
        "absence": absence.pk,
        "plan": PlanDraft.objects.create(club=club, made_by=organiser, state="ready").pk,
        "session": session.pk,
        "draft": factories.make_session(club, state="draft").pk,
        "guest": attendance.bring_guest(session, name="Prof. Visitor", by=member).guest_id,
        "series": meetings.pk,
        "pause": pause.pk,
        "question": questions.ask(session, text="Why?", by=member).pk,
        "attachment": attachments.attach(session, upload=BytesIO(b"slides"), size=6, by=member).pk,
        "action": minutes.add_action(session, text="Ask them", by=member).pk,
        "poll": polls.open_poll(club, options=[session.starts, session.ends], by=organiser).pk,
        "item": factories.make_item(session).pk,
        "paper": entry.paper_id,
        "private_paper": private_paper.pk,
        "source": listing.source_id,
        "private_source": private_source.pk,
        "feed": feed.pk,
        "listing": listing.pk,
        "private_listing": private_listing.pk,
        "entry": entry.pk,
        "part": load_parts(club)[0].pk,
        "comment": comment.pk,
        "run": run.pk,
        "pair": pair.pk,
        "merged": gone.pk,
    }


@pytest.mark.parametrize("role", CAST)
def test_every_address_as(role, scripts, places):
    surprises = []
    for method, name, address, expected in TABLE:
        kind = "multipart/form-data; boundary=x" if name == "imports" else "application/json"
        with transaction.atomic():  # taken back, so that no row of the table changes what the next one finds
            answer = scripts[role].generic(method, address.format(**places), "{}", content_type=kind)
            transaction.set_rollback(True)
        if answer.status_code != expected[role]:
            surprises.append((method, address, expected[role], answer.status_code, answer.content[:300]))
        elif answer.status_code >= 400 and not tells_nothing(answer):
            surprises.append((method, address, "tells too much", answer.content[:300]))
    assert surprises == []


def tells_nothing(answer):
    """A refusal gives nothing away, and all 404s are alike."""
    body = answer.json()
    is_alike = body.get("detail", body.get("error")) in {"Not found.", "There is no such paper here."}
    return b"private" not in answer.content.lower() and (answer.status_code != 404 or is_alike)


def test_head_goes_as_far_as_get_and_options_nowhere(scripts, places):
    for method, name, address, expected in TABLE:
        if method == "GET" and name not in {"schema", "docs", "fallback"}:
            for role in ("visitor", "outsider", "member"):
                script, path = scripts[role], address.format(**places)
                assert script.head(path).status_code == expected[role], (role, path)
                assert script.options(path).status_code == (401 if role == "visitor" else 405), (role, path)


def test_every_address_is_in_the_table():
    named = {name for _method, name, _address, _expected in TABLE}
    api = next(each for each in get_resolver().url_patterns if getattr(each, "namespace", None) == "api")
    assert {pattern.name for pattern in api.url_patterns} == named


def test_every_method_of_every_view_is_in_the_table():
    listed = {(name, method) for method, name, _address, _expected in TABLE}
    api = next(each for each in get_resolver().url_patterns if getattr(each, "namespace", None) == "api")
    for pattern in api.url_patterns:
        view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
        if view is None or pattern.name == "fallback":
            continue
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(view, method):
                assert (pattern.name, method.upper()) in listed


def test_every_view_of_v1_is_closed_by_default():
    api = next(each for each in get_resolver().url_patterns if getattr(each, "namespace", None) == "api")
    for pattern in api.url_patterns:
        if str(pattern.pattern).startswith(("v1/", "^v1/")):
            names = [each.__name__ for each in pattern.callback.cls.permission_classes]
            assert names == ["IsAuthenticated", "TokenScope"]
            names = [each.__name__ for each in pattern.callback.cls.authentication_classes]
            assert names == ["BearerAuthentication", "SessionAuthentication"]


def test_session_needs_the_csrf_token_to_write(member, places, settings):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(member)
    address = f"/api/v1/clubs/ml/entries/{places['entry']}/"
    assert browser.get(address).status_code == 200
    body = {"data": {"value": 1}, "content_type": "application/json"}
    answer = browser.put(f"{address}vote/", **body)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    browser.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    assert browser.put(f"{address}vote/", **body, HTTP_X_CSRFTOKEN="b" * 32).status_code == 403
    assert browser.put(f"{address}vote/", **body, HTTP_X_CSRFTOKEN="a" * 32).status_code == 200


def test_member_who_left_loses_everything_at_once(club, member, script, places):
    address = f"/api/v1/clubs/ml/entries/{places['entry']}/"
    assert script.get(address).status_code == 200
    club.memberships.filter(user=member).delete()
    assert script.get(address).status_code == 404
    assert script.get("/api/v1/clubs/").json()["results"] == []
    assert script.get(f"/api/v1/papers/{places['private_paper']}/").status_code == 404


def test_public_club_is_read_by_others_but_not_its_people(club, outsider, member, places):
    club.is_public = True
    club.save()
    script = make_script(outsider)
    entry = script.get(f"/api/v1/clubs/ml/entries/{places['entry']}/").json()
    assert (entry["promotions"], entry["promoters"], entry["volunteers"], entry["suggested_by"]) == (
        1,
        None,
        None,
        None,
    )
    for address in ("members", "votes"):
        assert script.get(f"/api/v1/clubs/ml/{address}/").status_code == 403
    vote = script.put(f"/api/v1/clubs/ml/entries/{places['entry']}/vote/", {"value": 1})
    assert vote.status_code == 403
    assert script.get(f"/api/v1/papers/{places['private_paper']}/").status_code == 404


def test_token_for_one_club_does_not_reach_papers_of_the_other(club, other_club, private_paper):
    both = factories.make_user("Bo Both", club=club)
    club_verbs.add_member(other_club, both, role=Role.MEMBER)
    inside, elsewhere = make_script(both, clubs=[club]), make_script(both, clubs=[other_club])
    assert private_paper.pk in [row["id"] for row in inside.get("/api/v1/papers/").json()["results"]]
    assert private_paper.pk not in [row["id"] for row in elsewhere.get("/api/v1/papers/").json()["results"]]
    assert [row["slug"] for row in elsewhere.get("/api/v1/clubs/").json()["results"]] == ["bio"]


def test_revoked_and_expired_tokens_are_401(member, script, listing):
    assert script.get("/api/v1/papers/").status_code == 200
    member.auth_token_set.all().delete()
    answer = script.get("/api/v1/papers/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "authentication_failed"
