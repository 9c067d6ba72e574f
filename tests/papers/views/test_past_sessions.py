"""The lab's old spreadsheet is uploaded, looked at and brought in; and guests become members."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from papers.models import Assignment, Guest, PastImport, Session
from tests import factories

pytestmark = pytest.mark.django_db

TABLE = (
    "Wann;Paper;Wer\n04/05/2024;Attention;Mia Member\n05/05/2024;More attention;Ann Guest\nsoon;Nothing;\n"
)


@pytest.fixture
def as_organiser(client, organiser):
    client.force_login(organiser)
    return client


def upload(client, club, text=TABLE, name="history.csv"):
    file = SimpleUploadedFile(name, text.encode(), "text/csv")
    facts = {"file": file, "starts_at": "14:00", "minutes": "45"}
    return client.post(reverse("papers:past_new", args=[club.slug]), facts)


def choose(client, address, **more):
    columns = {"column-0": "date", "column-1": "paper", "column-2": "presenter"}
    return client.post(address, {**columns, "order": "day", **more})


def test_form_begins_at_the_time_of_the_series(as_organiser, club):
    page = as_organiser.get(reverse("papers:past_new", args=[club.slug])).content.decode()
    assert 'value="12:00"' in page


def test_table_is_looked_at_confirmed_and_brought_in(
    as_organiser, club, member, organiser, django_capture_on_commit_callbacks
):
    answer = upload(as_organiser, club)
    assert answer.status_code == 302
    page = as_organiser.get(answer["Location"]).content.decode()
    assert "Wann" in page and "Attention" in page
    page = choose(as_organiser, answer["Location"], look="1").content.decode()
    assert "2 rows can be read, of 2 days." in page
    assert "Saturday 4 May 2024" in page
    assert "Mia Member" in page and 'Ann Guest <span class="muted">(guest)</span>' in page
    assert "One row cannot be read" in page and "“soon” is no day" in page
    assert not PastImport.objects.exists()

    with django_capture_on_commit_callbacks(execute=True):
        done = choose(as_organiser, answer["Location"])
    run = PastImport.objects.get()
    assert done["Location"] == run.get_absolute_url()
    assert (run.by, run.minutes, run.day_first, run.input_name) == (organiser, 45, True, "history.csv")
    page = as_organiser.get(done["Location"]).content.decode()
    assert "Done, but for one row" in page and "line 4" in page
    assert Session.objects.count() == 2
    assert {str(each.member or each.guest) for each in Assignment.objects.all()} == {
        "Mia Member",
        "Ann Guest",
    }
    assert as_organiser.get(answer["Location"]).status_code == 302  # the file is no longer held


def test_fragment_asks_again_until_it_is_over(as_organiser, club, organiser):
    run = PastImport.objects.create(club=club, by=organiser, input_name="x", columns={}, starts_at="14:00")
    page = as_organiser.get(run.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert page.startswith('<div class="stack" id="past-state"') and 'hx-trigger="every 1s"' in page


def test_date_must_be_chosen(as_organiser, club):
    address = upload(as_organiser, club)["Location"]
    page = as_organiser.post(address, {"column-1": "paper"}).content.decode()
    assert "Say which column is the date." in page
    assert not PastImport.objects.exists()


def test_table_that_is_none_is_said(as_organiser, club):
    answer = as_organiser.get(upload(as_organiser, club, "nothing")["Location"], follow=True)
    assert "The table has no heading" in answer.content.decode()


def test_large_table_is_refused(as_organiser, club):
    page = upload(as_organiser, club, "x" * 2_000_001).content.decode()
    assert "more than 2 MB" in page


def test_held_table_is_for_who_brought_it_and_their_club(
    as_organiser, club, owner, organiser, other_club, client
):
    address = upload(as_organiser, club)["Location"]
    client.force_login(owner)
    assert client.get(address).status_code == 302
    client.force_login(organiser)
    assert client.get(address.replace("/ml/", "/bio/")).status_code == 404
    assert client.get(address.split("?")[0] + "?held=forged").status_code == 302


def test_guest_becomes_a_member(as_organiser, club, member):
    guest = Guest.objects.create(club=club, name="M. Member")
    page = as_organiser.get(reverse("papers:guest_list", args=[club.slug])).content.decode()
    assert "M. Member" in page
    address = reverse("papers:join_guest", args=[club.slug, guest.pk])
    as_organiser.post(address, {"member": member.pk})
    guest.refresh_from_db()
    assert guest.member == member
    as_organiser.post(address, {"member": ""})
    guest.refresh_from_db()
    assert guest.member is None


def test_guest_becomes_no_stranger(as_organiser, club, outsider):
    guest = Guest.objects.create(club=club, name="Ute")
    address = reverse("papers:join_guest", args=[club.slug, guest.pk])
    assert as_organiser.post(address, {"member": outsider.pk}).status_code == 404


def test_queries_of_the_guests_do_not_grow(as_organiser, club, django_assert_max_num_queries):
    for number in range(20):
        Guest.objects.create(club=club, name=f"Guest {number}", member=factories.make_user(club=club))
    with django_assert_max_num_queries(8):
        as_organiser.get(reverse("papers:guest_list", args=[club.slug]))
