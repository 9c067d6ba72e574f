"""Every page as each of the cast: who gets in, who is sent to sign-in, for whom it does not exist.

An address that nobody listed here fails the test, as does a listed one that is gone. The API has a table of its
own (tests/papers/api/test_permissions.py), Django's administration is asked as a whole.
"""

import re
from datetime import date, time
from io import BytesIO

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts import invitations
from papers import catalogue, discussion, mentions, reading_list, submissions
from papers.models import ActionItem, Guest, Import, PastImport, PlanDraft, RejectedRecord
from papers.notifications import outbox
from papers.scheduling import absences, assignments, attachments, polls, series
from papers.scheduling.parts import load_parts
from papers.sources import keeping
from tests import factories

pytestmark = pytest.mark.django_db

CAST = ["visitor", "outsider", "member", "organiser", "owner", "administrator"]
ELSEWHERE = ("admin:", "api:")  # tested where the docstring says

IN, SIGN_IN, AWAY, FORBIDDEN, NOT_FOUND, NO_GET = "in", "sign in", "away", "forbidden", "not found", "no get"
#                 visitor   outsider   member     organiser  owner      administrator
EVERYBODY = [IN] * 6
LEADS_ON = [AWAY] * 6
PEOPLE = [SIGN_IN, IN, IN, IN, IN, IN]
CLUB = [SIGN_IN, NOT_FOUND, IN, IN, IN, NOT_FOUND]
CLUB_LEADS_ON = [SIGN_IN, NOT_FOUND, AWAY, AWAY, AWAY, NOT_FOUND]
CLUB_POST = [SIGN_IN, NOT_FOUND, NO_GET, NO_GET, NO_GET, NOT_FOUND]
POST = [SIGN_IN, NO_GET, NO_GET, NO_GET, NO_GET, NO_GET]
OWNER = [SIGN_IN, NOT_FOUND, FORBIDDEN, FORBIDDEN, IN, NOT_FOUND]
KEEPERS = [SIGN_IN, NOT_FOUND, FORBIDDEN, IN, IN, NOT_FOUND]
KEEPERS_POST = [SIGN_IN, NOT_FOUND, FORBIDDEN, AWAY, AWAY, NOT_FOUND]
MINE = [SIGN_IN, NOT_FOUND, AWAY, FORBIDDEN, FORBIDDEN, NOT_FOUND]  # the member was asked
VISITORS = [IN, AWAY, AWAY, AWAY, AWAY, AWAY]

PAGES = {
    # Open to everybody
    "papers:healthz": EVERYBODY,
    "papers:manifest": EVERYBODY,
    "papers:readyz": EVERYBODY,
    "accounts:join": EVERYBODY,
    "accounts:demo_mail": [NOT_FOUND] * 6,  # but in the demo
    # The catalogue: whoever signed in; visitors where PUBLIC_CATALOGUE is set
    "papers:home": [SIGN_IN, AWAY, AWAY, AWAY, AWAY, AWAY],
    "papers:newest": [SIGN_IN, AWAY, AWAY, AWAY, AWAY, AWAY],
    "papers:day": PEOPLE,
    "papers:week": PEOPLE,
    "papers:month": PEOPLE,
    "papers:trending": PEOPLE,
    "papers:paper_detail": PEOPLE,
    "papers:paper_by_identifier": [SIGN_IN, AWAY, AWAY, AWAY, AWAY, AWAY],
    "papers:search": PEOPLE,
    # Submissions: everybody's; what came of one is for who made it, and the club it was made for
    "papers:submit": PEOPLE,
    "papers:submission_detail": CLUB,
    # Imports: one's own, one's club's; administrators have the installation's besides
    "papers:import_list": PEOPLE,
    "papers:import_new": [SIGN_IN, IN, FORBIDDEN, IN, IN, IN],  # the outsider owns another club
    "papers:import_columns": [SIGN_IN, AWAY, FORBIDDEN, AWAY, AWAY, AWAY],  # of no file: choose one
    "papers:import_detail": CLUB,
    "papers:import_cancel": POST,
    "papers:edit_paper": [SIGN_IN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, IN],
    # Papers that may be one: organisers and administrators
    "papers:pair_list": [SIGN_IN, IN, FORBIDDEN, IN, IN, IN],
    "papers:pair_detail": [SIGN_IN, IN, FORBIDDEN, IN, IN, IN],
    "papers:decision_list": [SIGN_IN, IN, FORBIDDEN, IN, IN, IN],
    # Sources: the installation's and one's clubs' to look at; those who keep them do the rest. Here it is the club's
    "papers:source_list": PEOPLE,
    "papers:source_new": [SIGN_IN, IN, FORBIDDEN, IN, IN, IN],  # the outsider owns another club
    "papers:source_detail": CLUB,
    "papers:source_edit": KEEPERS,
    "papers:source_dry_run": KEEPERS,
    "papers:club_sources": KEEPERS,
    # Mails of a club: its organisers
    "papers:reminders": KEEPERS,
    "papers:mail_list": KEEPERS,
    # A club
    "papers:club_home": CLUB,
    "papers:answer_need": POST,
    "papers:entry_list": CLUB,
    "papers:club_newest": CLUB_LEADS_ON,
    "papers:club_day": CLUB,
    "papers:club_week": CLUB,
    "papers:club_month": CLUB,
    "papers:club_trending": CLUB,
    "papers:subscribe": CLUB,
    "papers:insights": CLUB,
    "papers:entry_detail": CLUB,
    "papers:live": CLUB,
    "papers:archive": CLUB,
    "papers:record": CLUB,
    "papers:record_csv": CLUB,
    "papers:attachment": CLUB,
    "papers:session_came": KEEPERS,
    "papers:live_state": CLUB,
    "papers:comment_history": CLUB,
    "papers:agenda": CLUB,
    "papers:plan": CLUB,
    "papers:my_dates": CLUB,
    "papers:past_new": KEEPERS,
    "papers:past_columns": [SIGN_IN, NOT_FOUND, FORBIDDEN, AWAY, AWAY, NOT_FOUND],  # of no file: choose one
    "papers:past_import": KEEPERS,
    "papers:guest_list": KEEPERS,
    "papers:edit_comment": [SIGN_IN, NOT_FOUND, IN, FORBIDDEN, FORBIDDEN, NOT_FOUND],  # the member wrote it
    # Sessions and series; what changes them is for organisers
    "papers:session_list": CLUB,
    "papers:session_detail": CLUB,
    "papers:session_new": KEEPERS,
    "papers:session_edit": KEEPERS,
    "papers:poll_detail": CLUB,
    "papers:poll_new": KEEPERS,
    "papers:series_detail": CLUB,
    "papers:series_new": KEEPERS,
    "papers:series_edit": KEEPERS,
    "papers:pause_list": KEEPERS,
    "papers:holiday_list": KEEPERS,
    "accounts:member_list": CLUB,
    "papers:club_settings": OWNER,
    "papers:part_list": CLUB,
    # One's own account
    "accounts:club_create": PEOPLE,
    "accounts:settings": PEOPLE,
    "accounts:tokens": PEOPLE,
    "accounts:mail_settings": PEOPLE,
    "accounts:stop_mail": [NOT_FOUND] * 6,  # by a link that is none
}
ACTS = {  # name: what each of the cast gets for a POST
    "papers:undo_edit": [SIGN_IN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, AWAY],
    "papers:propose_pair": [SIGN_IN, AWAY, FORBIDDEN, AWAY, AWAY, AWAY],
    "papers:decide_pair": [
        SIGN_IN,
        FORBIDDEN,
        FORBIDDEN,
        FORBIDDEN,
        FORBIDDEN,
        AWAY,
    ],  # both papers are everybody's
    "papers:take_back": [SIGN_IN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, AWAY],
    "papers:join_guest": KEEPERS_POST,
    "papers:change_agenda": KEEPERS_POST,
    "papers:change_agenda_item": KEEPERS_POST,
    # Who presents: organisers plan, who was asked answers
    "papers:propose_plan": KEEPERS_POST,
    "papers:apply_plan": KEEPERS_POST,
    "papers:discard_plan": KEEPERS_POST,
    "papers:ask_for_part": KEEPERS_POST,
    "papers:take_part": CLUB_LEADS_ON,
    "papers:answer_assignment": MINE,
    "papers:hand_over": MINE,
    "papers:offer_swap": MINE,
    "papers:answer_swap": MINE,
    "papers:remind": KEEPERS_POST,
    "papers:release": KEEPERS_POST,
    "papers:remove_dates": [SIGN_IN, NOT_FOUND, AWAY, NOT_FOUND, NOT_FOUND, NOT_FOUND],
    "papers:stopped": CLUB,
    "papers:run_meeting": KEEPERS_POST,
    "papers:conclude": KEEPERS_POST,
    "papers:attach": KEEPERS_POST,
    "papers:detach": KEEPERS_POST,
    "papers:add_action": CLUB_LEADS_ON,
    "papers:change_action": KEEPERS_POST,  # nobody's
    "papers:save_notes": CLUB_LEADS_ON,
    "papers:ask_question": CLUB_LEADS_ON,
    "papers:act_on_question": CLUB_LEADS_ON,
    "papers:triage": CLUB_LEADS_ON,
    "papers:tag": CLUB_LEADS_ON,
    "papers:part_new": [SIGN_IN, NOT_FOUND, FORBIDDEN, AWAY, AWAY, NOT_FOUND],
    "papers:part_change": [SIGN_IN, NOT_FOUND, FORBIDDEN, AWAY, AWAY, NOT_FOUND],
    "papers:part_move": [SIGN_IN, NOT_FOUND, FORBIDDEN, AWAY, AWAY, NOT_FOUND],
    "papers:part_remove": [SIGN_IN, NOT_FOUND, FORBIDDEN, AWAY, AWAY, NOT_FOUND],
    "papers:suggest_entry": CLUB_LEADS_ON,
    "papers:drop_entry": KEEPERS_POST,
    "papers:post_comment": CLUB_LEADS_ON,
    "papers:import_cancel": [SIGN_IN, NOT_FOUND, FORBIDDEN, AWAY, AWAY, NOT_FOUND],
    "papers:remove_comment": CLUB_LEADS_ON,  # its author, and organisers
    "papers:session_state": KEEPERS_POST,
    "papers:session_answer": CLUB_LEADS_ON,
    "papers:poll_answer": CLUB_LEADS_ON,
    "papers:poll_close": KEEPERS_POST,
    "papers:series_end": KEEPERS_POST,
    "papers:pause_remove": KEEPERS_POST,
    "papers:source_run": KEEPERS_POST,
    "papers:source_pause": KEEPERS_POST,
    "papers:source_remove": KEEPERS_POST,
    "papers:send_mail_again": KEEPERS_POST,
    "papers:let_mail_be": KEEPERS_POST,
    "papers:rejection_replay": KEEPERS_POST,
    "papers:rejection_dismiss": KEEPERS_POST,
    "accounts:switch_club": CLUB_LEADS_ON,
    "accounts:invite": [SIGN_IN, NOT_FOUND, FORBIDDEN, AWAY, AWAY, NOT_FOUND],
    "accounts:revoke_invitation": [SIGN_IN, NOT_FOUND, FORBIDDEN, AWAY, AWAY, NOT_FOUND],
    "accounts:change_role": [SIGN_IN, NOT_FOUND, FORBIDDEN, FORBIDDEN, AWAY, NOT_FOUND],
    "accounts:remove_member": [SIGN_IN, NOT_FOUND, AWAY, FORBIDDEN, AWAY, NOT_FOUND],  # the member leaves
    "accounts:revoke_token": [SIGN_IN, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND],  # nobody's
}
# django-allauth decides about its own pages; here stands that each is open to visitors, or sends them to sign-in.
ALLAUTH_OPEN = {
    *("account_login", "account_logout", "account_signup", "account_inactive", "account_reset_password"),
    *(
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    ),
    *("account_email_verification_sent", "account_confirm_email", "account_confirm_login_code"),
    *("mfa_authenticate", "mfa_login_webauthn"),
}
ALLAUTH_CLOSED = {
    *("account_email", "account_change_password", "account_set_password", "account_reauthenticate"),
    *(
        "mfa_index",
        "mfa_reauthenticate",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
    ),
    *("mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn"),
    *("mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn"),
}
TESTED_WITH_THE_API = {"papers:paper_markdown", "papers:calendar", "papers:my_calendar"}
PUBLIC_UNDER_PUBLIC_CATALOGUE = [
    *("papers:home", "papers:newest", "papers:day", "papers:week", "papers:month", "papers:trending"),
    *("papers:paper_detail", "papers:paper_by_identifier", "papers:search"),
]


@pytest.fixture
def cast(owner, organiser, member, outsider, administrator):
    people = {"visitor": None, "outsider": outsider, "member": member, "organiser": organiser, "owner": owner,
              "administrator": administrator}  # fmt: skip
    return {role: signed_in(user) for role, user in people.items()}


def signed_in(user):
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def place(club, source, owner, organiser, member):
    """The arguments that addresses take; every id in them is one of the club's own things."""
    paper = factories.make_paper(
        "On access",
        source=source,
        listed=date(2025, 4, 25),
        identifiers=(factories.make_identifier("2504.00001"),),
    )
    comment = discussion.post_comment(reading_list.note(club, paper), text="Mine.", by=member)
    uploads = factories.make_source(club=club, kind="upload")
    run = Import.objects.create(source=uploads, club=club, input_name="list.txt", queued_by=organiser)
    submission = submissions.submit(mentions.find("2504.00001"), by=organiser, club=club)
    other = factories.make_paper("On entry", source=source)
    pair = catalogue.propose_pair(paper, other, reason="", by=organiser)
    catalogue.edit_paper(paper, {"title": "On access to papers"}, by=owner)
    gone = factories.make_paper("On access again", source=source)
    catalogue.merge_papers(paper, gone, reason="")
    feed = keeping.make_source(club=club, kind="feed", name="Feed", address="https://feed.example.org/")
    rejected = RejectedRecord.objects.create(
        run=Import.objects.create(source=feed, club=club, input_name="feed"),
        number=1,
        place="x",
        reason="No title.",
    )
    meetings = series.create_series(
        club, rule="FREQ=WEEKLY", starts_on=date(2025, 4, 30), starts_at=time(14), by=organiser
    )
    session = meetings.sessions.first()
    poll = polls.open_poll(club, options=[session.starts, session.ends], by=organiser)
    pause = series.add_pause(club, first_day=date(2025, 12, 24), last_day=date(2025, 12, 31), by=organiser)
    invitation = invitations.invite(club, email="", role="member", by=owner)
    other = factories.make_user("Max Member", club=club)
    letter = outbox.Letter("agenda:session 1:user 1", "agenda", member, "Agenda", "Three papers.", club=club)
    outbox.put([letter])
    mail = club.mails.get()
    coming = factories.make_session(club)
    [part, second, *_more] = load_parts(club)
    asked = assignments.propose(factories.make_item(coming), part, member=member, by=organiser)
    theirs = assignments.propose(factories.make_item(coming), part, member=other, by=organiser)
    offer = assignments.offer_swap(theirs, wanted=asked, by=other)
    draft = PlanDraft.objects.create(club=club, made_by=organiser, state="ready")
    [absence] = absences.note_absence(
        [club], first_day=date(2025, 4, 1), last_day=date(2025, 4, 2), by=member
    )
    past = PastImport.objects.create(club=club, by=organiser, input_name="x", columns={}, starts_at="14:00")
    guest = Guest.objects.create(club=club, name="Gus Guest")
    return {
        "slug": club.slug,
        "day": "2025-04-25",
        "week": "2025-W17",
        "month": "2025-04",
        "pk": {
            "papers:import_detail": run.pk,
            "papers:import_cancel": run.pk,
            "papers:submission_detail": submission.pk,
            "papers:send_mail_again": mail.pk,
            "papers:let_mail_be": mail.pk,
            **{f"papers:part_{act}": part.pk for act in ("change", "move", "remove")},
            "papers:undo_edit": paper.edits.get().pk,
            "papers:pair_detail": pair.pk,
            "papers:decide_pair": pair.pk,
            "papers:take_back": gone.pk,
            **{
                f"papers:{name}": feed.pk
                for name in (
                    "source_detail",
                    "source_edit",
                    "source_dry_run",
                    "source_run",
                    "source_pause",
                    "source_remove",
                    "rejection_replay",
                    "rejection_dismiss",
                )
            },
            **{f"papers:{name}": session.pk for name in ("agenda", "change_agenda", "change_agenda_item")},
            **{f"papers:session_{name}": session.pk for name in ("detail", "edit", "state", "answer")},
            **{f"papers:series_{name}": meetings.pk for name in ("detail", "edit", "end")},
            "papers:pause_remove": pause.pk,
            **{f"papers:poll_{name}": poll.pk for name in ("detail", "answer", "close")},
            **{
                f"papers:{name}": asked.pk
                for name in ("answer_assignment", "hand_over", "offer_swap", "remind", "release")
            },
            "papers:apply_plan": draft.pk,
            "papers:discard_plan": draft.pk,
            "papers:answer_swap": offer.pk,
            "papers:remove_dates": absence.pk,
            "papers:past_import": past.pk,
            "papers:join_guest": guest.pk,
            **{f"papers:{name}": session.pk for name in ("live", "live_state", "run_meeting", "save_notes")},
            **{f"papers:{name}": session.pk for name in ("session_came", "conclude", "attach", "attachment")},
            **{f"papers:{name}": session.pk for name in ("detach", "add_action", "change_action")},
            **{f"papers:{name}": session.pk for name in ("ask_question", "act_on_question")},
            "papers:edit_comment": comment.pk,
            "papers:remove_comment": comment.pk,
            "papers:comment_history": comment.pk,
            "accounts:revoke_invitation": invitation.pk,
            "accounts:change_role": other.memberships.get().pk,
            "accounts:remove_member": member.memberships.get().pk,
        },
        "paper": paper.pk,
        "rejection": rejected.pk,
        "item": factories.make_item(session).pk,
        "part": second.pk,
        "other": other.pk,
        "theirs": theirs.pk,
        "question": factories.make_question(session).pk,
        "attachment": attachments.attach(session, upload=BytesIO(b"slides"), size=6, by=organiser).pk,
        "action": ActionItem.objects.create(session=session, text="Ask them").pk,
        "name": "2504.00001",
        "token": invitations.make_token(invitation),
        "key": "nobody's",
    }


FIELDS = {
    "papers:part_new": lambda _place: {"new-name": "chair"},
    "papers:part_change": lambda place: {f"part-{place['pk']['papers:part_change']}-name": "chair"},
    "papers:propose_pair": lambda _place: {"other": "2504.00001"},
    "papers:decide_pair": lambda _place: {"act": "apart"},
    "papers:change_agenda": lambda _place: {"act": "add", "title": "News"},
    "papers:change_agenda_item": lambda _place: {"step": "1"},
    "papers:ask_for_part": lambda place: {"member": place["other"]},
    "papers:answer_assignment": lambda _place: {"answer": "accept"},
    "papers:hand_over": lambda place: {"to": place["other"]},
    "papers:offer_swap": lambda place: {"wanted": place["theirs"]},
    "papers:answer_swap": lambda _place: {"answer": "decline"},
    "papers:stopped": lambda place: {"paper": place["paper"]},
    "papers:triage": lambda _place: {"value": "1"},
    "papers:tag": lambda _place: {"tag": "theory"},
    "papers:post_comment": lambda _place: {"text": "Yes."},
    "papers:save_notes": lambda _place: {"text": "Notes.", "base_version": "0"},
    "papers:attach": lambda _place: {"link": "https://example.org/"},
    "papers:add_action": lambda _place: {"text": "Ask them"},
    "papers:change_action": lambda _place: {"act": "done"},
    "papers:run_meeting": lambda _place: {"act": "start"},
    "papers:ask_question": lambda _place: {"text": "Why?"},
    "papers:act_on_question": lambda _place: {"vote": "1"},
    "papers:session_state": lambda _place: {"act": "cancel"},
    "papers:session_answer": lambda _place: {"answer": "yes"},
    "accounts:invite": lambda _place: {"email": "", "role": "member"},
    "accounts:change_role": lambda _place: {"role": "member"},
}


def walk(resolver, namespace="", groups=()):
    for pattern in resolver.url_patterns:
        below = [*groups, *pattern.pattern.regex.groupindex]
        if hasattr(pattern, "url_patterns"):
            yield from walk(
                pattern, namespace + (f"{pattern.namespace}:" if pattern.namespace else ""), below
            )
        else:
            yield f"{namespace}{pattern.name}", below


ADDRESSES = {name: list(groups) for name, groups in walk(get_resolver()) if not name.startswith(ELSEWHERE)}


def address(name, place):
    values = {key: place[key] for key in ADDRESSES[name] if key != "pk"}
    if "pk" in ADDRESSES[name]:
        values["pk"] = place["pk"].get(name, place["paper"])
    return reverse(name, kwargs=values)


def outcome(response):
    if response.status_code in (301, 302):
        return SIGN_IN if "/accounts/login/" in response["Location"] else AWAY
    return {200: IN, 201: IN, 204: IN, 403: FORBIDDEN, 404: NOT_FOUND, 405: NO_GET}[response.status_code]


def test_every_address_is_listed_here():
    listed = set(PAGES) | set(ACTS) | ALLAUTH_OPEN | ALLAUTH_CLOSED | TESTED_WITH_THE_API
    assert set(ADDRESSES) == listed


@pytest.mark.parametrize("name", PAGES)
def test_page(name, cast, place):
    found = {role: outcome(cast[role].get(address(name, place))) for role in CAST}
    assert found == dict(zip(CAST, PAGES[name], strict=True))


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("role", CAST)
def test_act(name, role, cast, place):
    fields = FIELDS.get(name, lambda _place: {})(place)
    assert outcome(cast[role].post(address(name, place), fields)) == ACTS[name][CAST.index(role)]


@pytest.mark.parametrize("name", ACTS)
def test_no_act_by_get(name, cast, place):
    assert outcome(cast["owner"].get(address(name, place))) in {NO_GET, NOT_FOUND, AWAY}
    assert outcome(cast["visitor"].get(address(name, place))) in {NO_GET, SIGN_IN}


@pytest.mark.parametrize("name", PUBLIC_UNDER_PUBLIC_CATALOGUE)
def test_catalogue_is_open_to_visitors_where_it_is_public(name, cast, place, settings):
    settings.PUBLIC_CATALOGUE = True
    assert outcome(cast["visitor"].get(address(name, place))) in {IN, AWAY}


@pytest.mark.parametrize("name", [name for name, expected in PAGES.items() if expected is CLUB])
def test_public_catalogue_opens_no_club(name, cast, place, settings):
    settings.PUBLIC_CATALOGUE = True
    assert outcome(cast["visitor"].get(address(name, place))) == SIGN_IN


@pytest.mark.parametrize(
    "name",
    [
        "papers:club_home",
        "papers:entry_list",
        "papers:club_day",
        "papers:entry_detail",
        "papers:club_trending",
        "papers:comment_history",
        "papers:agenda",
        "papers:session_list",
        "papers:session_detail",
        "papers:series_detail",
    ],
)
def test_public_club_may_be_read_by_all(name, cast, place, club):
    club.is_public = True
    club.save()
    assert {outcome(cast[role].get(address(name, place))) for role in CAST} == {IN}
    assert outcome(cast["outsider"].post(address("papers:triage", place), {"value": "1"})) == FORBIDDEN
    assert outcome(cast["outsider"].get(address("accounts:member_list", place))) in {NOT_FOUND, FORBIDDEN}


@pytest.mark.parametrize("name", sorted(ALLAUTH_OPEN | ALLAUTH_CLOSED))
def test_account_page(name, place):
    values = {"pk": 1, "key": "abc", "uidb36": "1"}
    response = Client().get(reverse(name, kwargs={key: values[key] for key in ADDRESSES[name]}))
    closes = response.status_code == 302 and f"{reverse('account_login')}?next=" in response["Location"]
    assert closes == (name in ALLAUTH_CLOSED)


def test_administration_is_for_administrators(cast):
    found = {role: outcome(cast[role].get(reverse("admin:index"))) for role in CAST}
    assert found.pop("administrator") == IN
    assert IN not in found.values()


def test_what_does_not_exist_looks_the_same_as_what_one_may_not_know_of(cast, place):
    hidden = cast["outsider"].get(address("papers:entry_list", place))
    absent = cast["outsider"].get(reverse("papers:entry_list", args=["no-such-club"]))
    assert hidden.status_code == absent.status_code == 404
    token = re.compile(rb"[A-Za-z0-9]{64}")
    assert token.sub(b"", hidden.content) == token.sub(b"", absent.content).replace(
        b"/no-such-club/", b"/ml/"
    )
