import re

import pytest

from accounts.models import Club


def nav_of(client, path):
    response = client.get(path)
    assert response.status_code == 200, path
    page = response.content.decode()
    assert page.count('class="club-nav"') == 1
    return page.partition('<nav class="club-nav"')[2].partition("</nav>")[0]


def names_of(nav):
    return re.findall(r"<a [^>]*>([^<]+)</a>", nav)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", "Home"),
        ("list/", "Reading list"),
        ("sessions/", "Sessions"),
        ("plan/", "Plan"),
        ("insights/", "Figures"),
        ("members/", "Members"),
        ("calendar/", "Calendar"),
        ("sources/", "Sources"),
        ("parts/", "Parts"),
        ("mail/", "Mails"),
        ("settings/", "Settings"),
    ],
)
def test_each_page_of_a_club_says_where_it_is(client, club, owner, path, name):
    client.force_login(owner)
    nav = nav_of(client, f"/clubs/ml/{path}")
    here = set(re.findall(r'<a [^>]*href="([^"]+)" aria-current="page">([^<]+)</a>', nav))
    assert here == {(f"/clubs/ml/{path}", name)}
    # What the menu holds, it names when it is closed.
    menu = nav.partition("<summary")[2].partition("</summary>")
    assert name in (nav if name not in menu[2] else menu[0])


def test_nobody_is_led_where_they_may_not_go(client, club, member, owner, organiser):
    Club.objects.filter(pk=club.pk).update(is_public=True)
    visitors = set(names_of(nav_of(client, "/clubs/ml/")))
    assert visitors == {"Home", "Reading list", "Sessions"}
    client.force_login(member)
    members = set(names_of(nav_of(client, "/clubs/ml/")))
    places = {"Home", "Reading list", "Sessions", "Plan", "Archive", "Figures", "Members", "Calendar"}
    assert members == places
    client.force_login(organiser)
    assert set(names_of(nav_of(client, "/clubs/ml/"))) == members | {"Sources", "Parts", "Mails"}
    client.force_login(owner)
    owners = set(names_of(nav_of(client, "/clubs/ml/")))
    assert owners == members | {"Sources", "Parts", "Mails", "Settings"}


def test_every_place_answers_whoever_is_led_there(client, club, owner):
    client.force_login(owner)
    for address in set(re.findall(r'href="([^"]+)"', nav_of(client, "/clubs/ml/"))):
        assert client.get(address).status_code == 200, address
