import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import Club, User, list_time_zones
from tests import factories


def test_address_is_kept_in_lower_case(db):
    user = User.objects.create_user("Ada@Example.ORG", "reading-list")
    assert user.email == "ada@example.org"
    assert User.objects.get_by_natural_key("ADA@example.org") == user


def test_database_refuses_upper_case(member):
    with pytest.raises(IntegrityError, match="user_email_lower_case"):
        User.objects.filter(pk=member.pk).update(email="Mia@example.org")


def test_address_belongs_to_one_person(db):
    factories.make_user(email="ada@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("ADA@example.org")
    with pytest.raises(ValidationError, match="signed up with this e-mail address already"):
        User(email="ada@example.org", password="x").full_clean()


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ada Lovelace", "AL"),
        ("Ada", "A"),
        ("Ada King Lovelace", "AL"),
        ("Jean-Luc", "JL"),
        ("", "A"),
        ("!", "?"),
    ],
)
def test_initials(name, initials):
    assert User(name=name, email="ada@example.org").initials == initials


def test_createsuperuser_makes_an_administrator(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-long-password")
    call_command("createsuperuser", interactive=False, email="Root@example.org", verbosity=0)
    root = User.objects.get(email="root@example.org")
    assert root.is_superuser and root.is_staff and root.check_password("a-long-password")
    with pytest.raises(CommandError, match="taken"):
        call_command("createsuperuser", interactive=False, email="root@example.org", verbosity=0)


def test_clubs_visible_to(member, outsider, club, other_club):
    assert set(Club.objects.visible_to(member)) == {club}
    assert set(Club.objects.visible_to(AnonymousUser())) == set()
    Club.objects.filter(pk=other_club.pk).update(is_public=True)
    assert set(Club.objects.visible_to(member)) == {club, other_club}
    assert set(Club.objects.of(member)) == {club}
    assert set(Club.objects.visible_to(AnonymousUser())) == {other_club}


def test_time_zones_are_places():
    zones = list_time_zones()
    assert zones[0] == "UTC"
    assert "Europe/Berlin" in zones
    assert not [zone for zone in zones if zone.startswith(("posix/", "Etc/"))]
