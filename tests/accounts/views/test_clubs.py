import pytest

from accounts.models import Club, Membership, Role, User
from tests import factories


def test_member_starts_a_club(client, member):
    client.force_login(member)
    response = client.post("/clubs/new", {"name": "Vision", "time_zone": "Europe/Berlin"})
    assert response.status_code == 302 and response.url == "/clubs/vision/members/"
    assert Membership.objects.get(club__slug="vision").user == member
    assert "Vision is there" in client.get(response.url).content.decode()


def test_bad_name_is_said_at_the_field(client, member):
    client.force_login(member)
    page = client.post("/clubs/new", {"name": "\u202e", "time_zone": "UTC"})
    assert page.status_code == 200
    assert "Give the club a name" in page.content.decode()
    assert Club.objects.count() == 1


def test_visitor_is_sent_to_sign_in(client, club):
    for path in (
        "/clubs/new",
        "/clubs/ml/settings/",
        "/clubs/ml/members/",
        "/accounts/settings/",
        "/accounts/tokens/",
    ):
        response = client.get(path)
        assert (response.status_code, response.url) == (302, f"/accounts/login/?next={path}")


def test_public_club_opens_nothing_here_to_others(client, club, outsider):
    Club.objects.update(is_public=True)
    client.force_login(outsider)
    for path in ("settings/", "members/"):
        assert client.get(f"/clubs/ml/{path}").status_code == 404


@pytest.fixture
def ada(client, club, other_club):
    ada = factories.make_user("Ada", club=club)
    Membership.objects.create(club=other_club, user=ada, role=Role.MEMBER)
    client.force_login(ada)
    return ada


@pytest.mark.parametrize(
    ("came_from", "goes_to"),
    [
        ("/clubs/ml/papers/date/2025-04-25", "/clubs/bio/papers/date/2025-04-25"),
        ("/clubs/ml/papers/week/2025-W17", "/clubs/bio/papers/week/2025-W17"),
        ("/clubs/ml/papers/trending", "/clubs/bio/papers/trending"),
        ("/clubs/ml/papers/date/2025-04-25?source=private", "/clubs/bio/papers/date/2025-04-25"),
        ("/clubs/ml/list/", "/clubs/bio/list/"),
        ("/clubs/ml/members/", "/clubs/bio/members/"),
        ("/clubs/ml/", "/clubs/bio/"),
        ("/clubs/ml/papers/17", "/clubs/bio/"),
        ("/clubs/ml/settings/", "/clubs/bio/"),
        ("/papers/date/2025-04-25?source=hf", "/papers/date/2025-04-25?source=hf"),
        ("/search?q=a%20b", "/search?q=a%20b"),
        ("http://testserver/papers/trending", "/papers/trending"),
        ("", "/clubs/bio/papers/"),
        ("https://elsewhere.example/papers/", "/clubs/bio/papers/"),
        ("//elsewhere.example/", "/clubs/bio/papers/"),
        ("http://testserver//elsewhere.example/", "/clubs/bio/papers/"),
        ("http://testserver/\\elsewhere.example/", "/clubs/bio/papers/"),
        ("javascript:alert(1)", "/clubs/bio/papers/"),
        ("papers", "/clubs/bio/papers/"),
    ],
)
def test_switch_goes_on_at_the_same_place(client, ada, came_from, goes_to):
    for given in ({"data": {"next": came_from}}, {"headers": {"referer": came_from}}):
        response = client.post("/clubs/bio/switch", **given)
        assert (response.status_code, response.url) == (302, goes_to)
    assert User.objects.get(pk=ada.pk).default_club.slug == "bio"


def test_switch_is_for_members_and_a_post(client, ada):
    factories.make_club("third", is_public=True)
    assert client.post("/clubs/third/switch").status_code == 404
    assert client.get("/clubs/bio/switch").status_code == 405
    assert User.objects.get(pk=ada.pk).default_club is None
