import pytest
from django.core.management import CommandError, call_command

from accounts.authentication import find_token
from accounts.models import ApiToken, Club, Invitation, Membership, User
from tests import factories


def run(capsys, *arguments, **options):
    call_command(*arguments, **options)
    said = capsys.readouterr()
    return said.out.splitlines(), said.err


def test_club_prints_its_owners_link(client, db, capsys):
    out, err = run(capsys, "club", "Machine learning", owner="Ada@Example.org", time_zone="Europe/Berlin")
    [link] = out
    club = Club.objects.get()
    assert (club.slug, club.time_zone) == ("machine-learning", "Europe/Berlin")
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.invited_by) == ("ada@example.org", "owner", None)
    assert "http://localhost:8000/clubs/machine-learning/" in err
    assert link.startswith("http://localhost:8000/join/")
    path = link.removeprefix("http://localhost:8000")
    client.force_login(factories.make_user(email="ada@example.org"))
    client.post(path)
    assert Membership.objects.get(club=club).role == "owner"


def test_taken_slug_gets_the_next(club, capsys):
    run(capsys, "club", "ML", owner="ada@example.org")
    assert Club.objects.get(name="ML").slug == "ml-2"


@pytest.mark.parametrize(
    ("name", "owner", "zone", "said"),
    [
        ("ML", "ada", "UTC", "'ada' is not an e-mail address"),
        ("ML", "a@example.org\nBcc: b@example.org", "UTC", "is not an e-mail address"),
        (" ", "ada@example.org", "UTC", "Give the club a name"),
        ("ML", "ada@example.org", "Mars/Olympus", "not a time zone"),
    ],
)
def test_club_says_what_is_wrong_and_makes_nothing(db, name, owner, zone, said):
    with pytest.raises(CommandError, match=said):
        call_command("club", name, owner=owner, time_zone=zone)
    assert not Club.objects.exists() and not Invitation.objects.exists()


def test_token_is_alone_on_the_last_line(member, capsys):
    out, err = run(capsys, "token", member.email.upper(), read_only=True, days=7, name="bot")
    [secret] = out
    token = find_token(secret.encode())
    assert (token.user, token.scope, token.name) == (member, "read", "bot")
    assert (token.expiry - token.created).days in {6, 7}
    assert secret not in err and "read only" in err


def test_token_writes_and_lasts_unless_told_otherwise(member, capsys):
    run(capsys, "token", member.email)
    token = ApiToken.objects.get()
    assert token.scope == "full" and token.expiry is None


@pytest.mark.parametrize(
    ("email", "options", "said"),
    [("nobody@example.org", {}, "Nobody with the address"), ("mia@example.org", {"days": 0}, "1 to")],
)
def test_token_says_what_is_wrong(db, email, options, said):
    factories.make_user("Mia", email="mia@example.org")
    with pytest.raises(CommandError, match=said):
        call_command("token", email, **options)


def test_closed_account_gets_no_token(member):
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="Nobody"):
        call_command("token", member.email)
