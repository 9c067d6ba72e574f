"""Days on which a member is away."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from papers.models import Absence

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(club):
    return reverse("papers:my_dates", args=[club.slug])


def test_days_are_noted_and_removed(signed_in, client, get, address, club, member):
    first = timezone.now().date() + timedelta(days=9)

    client.post(address, {"first_day": first.isoformat(), "last_day": ""})

    absence = Absence.objects.get(club=club, member=member)
    assert (absence.first_day, absence.last_day) == (first, first)
    assert len(get(address).find("//section[@aria-labelledby='away']//li")) == 1
    client.post(reverse("papers:remove_dates", args=[club.slug, absence.pk]))
    assert not Absence.objects.exists()


def test_other_clubs_may_learn_as_well(signed_in, client, get, address, other_club, member):
    assert not get(address).find("//input[@name='everywhere']")
    Membership.objects.create(club=other_club, user=member)
    assert get(address).find("//input[@name='everywhere']")
    day = timezone.now().date().isoformat()

    client.post(address, {"first_day": day, "last_day": day, "everywhere": "on"})
    assert Absence.objects.count() == 2
    Absence.objects.all().delete()
    client.post(address, {"first_day": day, "last_day": day})
    assert Absence.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2031-05-02", "2031-05-01", "before the first"),
        ("soon", "", "valid date"),
        ("", "", "required"),
        ("2031-05-02", "2099-05-01", "ten years"),
    ],
)
def test_odd_days_are_refused(signed_in, client, address, first, last, said):
    response = client.post(address, {"first_day": first, "last_day": last})
    assert response.status_code == 200
    assert said in response.content.decode()
    assert not Absence.objects.exists()


def test_others_days_are_not_removed(signed_in, client, club, organiser):
    day = timezone.now().date()
    theirs = Absence.objects.create(club=club, member=organiser, first_day=day, last_day=day)
    assert client.post(reverse("papers:remove_dates", args=[club.slug, theirs.pk])).status_code == 404
