"""Which mails somebody gets, and how they end by a link in one of them."""

import pytest
from django.test import Client

from accounts import mail
from accounts.models import User

pytestmark = pytest.mark.django_db


def wanted(person):
    person = User.objects.get(pk=person.pk)
    return person.mail_wanted, person.calendar_by_mail


def test_everything_but_calendar_mails_is_wanted_at_first(member):
    assert wanted(member) == ("all", False)


def test_member_chooses(client, member):
    client.force_login(member)
    page = client.get("/accounts/mail/").content.decode()
    assert "Only what I have a part in" in page
    client.post("/accounts/mail/", {"mail_wanted": "parts", "calendar_by_mail": "on"})
    assert wanted(member) == ("parts", True)


def test_odd_choice_is_refused(client, member):
    client.force_login(member)
    assert client.post("/accounts/mail/", {"mail_wanted": "some"}).status_code == 200
    assert wanted(member) == ("all", False)


@pytest.mark.parametrize(
    ("group", "expected"),
    [("club", ("parts", True)), ("parts", ("none", True)), ("calendar", ("all", False))],
)
def test_mail_program_ends_mails_by_one_post(group, expected, member):
    """RFC 8058, 3.2: without cookies, and without the form's token."""
    User.objects.update(calendar_by_mail=True)
    link = mail.make_path(member, group)
    program = Client(enforce_csrf_checks=True)
    assert program.get(link).status_code == 200
    assert wanted(member) == ("all", True)  # opening it changes nothing
    answer = program.post(link, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and member.email in answer.content.decode()
    assert wanted(member) == expected
    program.post(link)
    assert wanted(member) == expected


def test_old_link_brings_no_mails_back(member):
    User.objects.update(mail_wanted="none")
    Client().post(mail.make_path(member, "club"))
    assert wanted(member)[0] == "none"


def test_link_of_another_kind_ends_nothing(member):
    link = mail.make_path(member, "club")
    for bad in (link[:-1], f"{link}x", "/accounts/mail/stop/nothing"):
        assert Client().post(bad).status_code == 404
    assert wanted(member) == ("all", False)
