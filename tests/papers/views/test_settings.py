"""What a club sets about itself: its rules, and the parts its members take."""

import pytest

from accounts.models import Club
from papers import reading_list
from papers.models import Assignment, Entry, Part, Tombstone
from papers.scheduling.parts import load_parts
from tests import factories

from .conftest import Page

pytestmark = pytest.mark.django_db

SETTINGS = "/clubs/ml/settings/"
PARTS = "/clubs/ml/parts/"


@pytest.fixture
def owners(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def organisers(client, organiser):
    client.force_login(organiser)
    return client


def fields_of(page):
    """What a browser would send of the settings form, as it stands."""
    [form] = page.find("//main//form")
    return {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}


# The rules


def test_every_rule_is_there_in_its_group_and_explained(owners, get):
    page = get(SETTINGS)
    assert page.words("//legend") == ["The club", "Voting", "Presenters", "Minutes"]
    named = {control.get("name") for control in page.find("//main//form//*[@name]")} - {"csrfmiddlewaretoken"}
    assert named == {
        *("name", "time_zone", "is_public"),
        *("carry_over", "threshold", "vote_budget", "hides_totals", "shows_voters"),
        *("load_months", "parts_cap", "keeps_authors_out", "mixes_seniority", "minutes_template"),
    }
    for name in named - {"name"}:
        [hint] = page.find(f"//*[@id='id_{name}_helptext']")
        assert hint.text_content().strip()


def test_saving_it_as_it_stands_changes_nothing(owners, get, club):
    before = Club.objects.values().get(pk=club.pk)
    response = owners.post(SETTINGS, fields_of(get(SETTINGS)))
    assert response.status_code == 302
    assert Club.objects.values().get(pk=club.pk) == before | {"version": before["version"] + 1}


def test_owner_changes_the_club(owners, get, club):
    told = {
        "name": "Deep learning",
        "time_zone": "Asia/Tokyo",
        "is_public": "on",
        "carry_over": "0",
        "vote_budget": "5",
        "hides_totals": "on",
        "threshold": "3",
        "load_months": "6",
        "minutes_template": "What did we learn?",
    }
    fields = fields_of(get(SETTINGS))
    fields.pop("shows_voters")  # an unticked box is not sent
    page = Page(owners.post(SETTINGS, fields | told, follow=True))
    assert "Saved." in page.text
    club.refresh_from_db()
    assert (club.name, club.time_zone, club.is_public, club.carry_over) == (
        "Deep learning",
        "Asia/Tokyo",
        True,
        0,
    )
    assert (club.vote_budget, club.hides_totals, club.threshold, club.shows_voters) == (5, True, 3, False)
    assert (club.load_months, club.minutes_template) == (6, "What did we learn?")
    assert fields_of(page)["vote_budget"] == "5"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "\u202e"),
        ("time_zone", "Mars/Base"),
        ("carry_over", "101"),
        ("carry_over", ""),
        ("threshold", "-1"),
        ("vote_budget", "0"),
        ("load_months", "61"),
        ("parts_cap", "many"),
        ("minutes_template", "x" * 5_001),
    ],
)
def test_a_mistake_is_said_at_its_field_and_what_was_typed_stays(owners, get, club, field, value):
    fields = fields_of(get(SETTINGS)) | {field: value}
    page = Page(owners.post(SETTINGS, fields))
    assert page.response.status_code == 200
    assert len(page.find("//p[@class='error']")) == 1
    [error] = page.find(f"//*[@id='id_{field}_error']")
    assert error.text_content().strip()
    assert page.words("//p[@class='eyebrow']") == ["Machine learning"], "the club is still called so"
    club.refresh_from_db()
    assert club.name == "Machine learning"


def test_totals_that_are_no_secret_any_more_show_at_once(owners, get, club, member, source):
    Club.objects.update(hides_totals=True)
    entry = reading_list.note(club, factories.make_paper(source=source))
    reading_list.cast_vote(entry, value=1, by=member)
    fields = fields_of(get(SETTINGS))
    fields.pop("hides_totals")
    owners.post(SETTINGS, fields)
    assert Entry.objects.get().shown_promotions == 1


@pytest.mark.parametrize(("who", "status"), [("member", 403), ("organiser", 403), ("outsider", 404)])
def test_others_change_nothing(client, request, club, who, status):
    client.force_login(request.getfixturevalue(who))
    for act in (client.get, client.post):
        assert act("/clubs/ml/settings/", {"name": "Mine", "time_zone": "UTC"}).status_code == status
    assert Club.objects.get(slug="ml").name == "Machine learning"


# Parts


def test_members_read_what_is_expected_and_change_nothing(signed_in, get, club):
    page = get(PARTS)
    names = [part.name for part in load_parts(club)]
    assert page.words("//ol//strong") == names and "presenter" in names
    assert not page.find("//main//form")
    assert "Wanted in: role play" in page.words("//ol/li")[names.index("sceptic")]


def test_organiser_adds_a_part(organisers, get, club):
    load_parts(club)
    fields = {
        "new-name": " time  keeper ",
        "new-prompt": "Watch the clock.",
        "new-kinds": ["paper_talk", "lightning"],
    }
    page = Page(organisers.post(f"{PARTS}new", fields, follow=True))
    assert "Added: time keeper." in page.text
    part = Part.objects.get(name="time keeper")
    assert (part.prompt, part.kinds) == ("Watch the clock.", ["paper_talk", "lightning"])
    assert page.words("//ol//strong")[-1] == "time keeper"
    club.refresh_from_db()
    assert part.version == club.version


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"new-name": ""}, "This field is required."),
        ({"new-name": "PRESENTER"}, "There is a part with this name already."),
        ({"new-name": "a\u202eb"}, "A part needs a name, such as presenter."),
        ({"new-name": "x" * 51}, "at most 50 characters"),
        ({"new-name": "new", "new-kinds": "dance"}, "Select a valid choice."),
    ],
)
def test_a_bad_part_is_refused_at_its_field(organisers, club, fields, error):
    load_parts(club)
    page = Page(organisers.post(f"{PARTS}new", fields))
    assert page.response.status_code == 200
    [shown] = page.words("//p[@class='error']")
    assert error in shown
    assert Part.objects.count() == 6


def test_thirty_parts_are_the_most(organisers, club):
    Part.objects.bulk_create(Part(club=club, name=f"part {n}") for n in range(30))
    assert "at most 30 parts" in Page(organisers.post(f"{PARTS}new", {"new-name": "more"})).text


def test_organiser_changes_a_part(organisers, get, club):
    part = load_parts(club)[0]
    prefix = f"part-{part.pk}"
    path = f"{PARTS}{part.pk}/change"
    organisers.post(
        path, {f"{prefix}-name": "speaker", f"{prefix}-prompt": "Speak.", f"{prefix}-kinds": "own_work"}
    )
    part.refresh_from_db()
    assert (part.name, part.prompt, part.kinds) == ("speaker", "Speak.", ["own_work"])
    page = Page(organisers.post(path, {f"{prefix}-name": "sceptic"}))
    assert page.words("//p[@class='error']") == ["There is a part with this name already."]
    assert page.find(f"//form[contains(@action, '/{part.pk}/change')]/parent::details[@open]")


def test_parts_are_moved_and_ends_stay(organisers, get, club):
    first, second, *_rest = load_parts(club)
    for to, order in (("down", [second, first]), ("up", [first, second]), ("up", [first, second])):
        organisers.post(f"{PARTS}{first.pk}/move", {"to": to})
        assert load_parts(club)[:2] == order
    last = load_parts(club)[-1]
    organisers.post(f"{PARTS}{last.pk}/move", {"to": "down"})
    assert load_parts(club)[-1] == last


def test_a_part_that_nobody_took_is_removed_and_one_in_the_record_stays(organisers, club, member):
    first, second, *rest = load_parts(club)
    item = factories.make_item(factories.make_session(club))
    Assignment.objects.create(club=club, item=item, part=first, member=member)
    page = Page(organisers.post(f"{PARTS}{first.pk}/remove", follow=True))
    assert "stands in the record of a session" in page.text
    page = Page(organisers.post(f"{PARTS}{second.pk}/remove", follow=True))
    assert "Removed: discussant." in page.text
    assert load_parts(club) == [first, *rest]
    assert Tombstone.objects.get().kind == "part"
    assert organisers.post(f"{PARTS}{second.pk}/remove").status_code == 404


def test_the_last_part_stays(organisers, club):
    part = Part.objects.create(club=club, name="presenter")
    page = Page(organisers.post(f"{PARTS}{part.pk}/remove", follow=True))
    assert "This is the only part." in page.text and load_parts(club) == [part]


def test_parts_of_another_club_are_not_there(organisers, club, other_club):
    part = load_parts(other_club)[0]
    for act in ("change", "move", "remove"):
        assert organisers.post(f"{PARTS}{part.pk}/{act}").status_code == 404


def test_the_page_costs_the_same_for_any_number_of_parts(organisers, get, club, django_assert_num_queries):
    for number in (2, 20):
        Part.objects.bulk_create(Part(club=club, name=f"part {number}/{n}") for n in range(number))
        # user, my clubs; parts
        with django_assert_num_queries(3):
            get(PARTS)
