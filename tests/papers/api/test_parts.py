"""Parts over the API: what members are asked to do, kept by organisers, in step with scripts."""

import pytest

from papers.models import Assignment, Part
from papers.scheduling.parts import load_parts
from tests import factories

from .test_sync import Mirror

pytestmark = pytest.mark.django_db

PARTS = "/api/v1/clubs/ml/parts/"


def test_a_club_that_never_had_any_gets_the_usual_ones_and_scripts_see_them(script, club):
    rows = script.get(f"{PARTS}?since=0").json()["results"]
    assert [(row["name"], row["position"]) for row in rows][:2] == [("presenter", 1), ("discussant", 2)]
    assert all(row["version"] > 0 for row in rows)


def test_add_change_and_remove(organisers_script, club):
    load_parts(club)
    answer = organisers_script.post(PARTS, {"name": "time keeper", "kinds": ["lightning"]})
    assert answer.status_code == 201
    row = answer.json()
    assert (row["name"], row["prompt"], row["kinds"], row["position"]) == (
        "time keeper",
        "",
        ["lightning"],
        7,
    )
    address = f"{PARTS}{row['id']}/"
    changed = organisers_script.patch(address, {"prompt": "Watch the clock."}).json()
    assert changed == row | {"prompt": "Watch the clock.", "version": changed["version"]}
    assert organisers_script.get(address).json() == changed
    stale = organisers_script.patch(address, {"prompt": ""}, headers={"If-Unmodified-Since-Version": "1"})
    assert stale.status_code == 412
    assert organisers_script.delete(address).status_code == 204
    assert organisers_script.get(address).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "Presenter"}, {"name": "x" * 51}, {"name": None}], ids=str
)
def test_bad_names_are_errors_of_the_name(organisers_script, club, body):
    load_parts(club)
    answer = organisers_script.post(PARTS, body)
    assert answer.status_code == 400, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == ["name"]


def test_odd_kinds_are_errors(organisers_script, club):
    answer = organisers_script.post(PARTS, {"name": "dancer", "kinds": ["dance"]})
    assert answer.status_code == 400 and not Part.objects.filter(name="dancer").exists()


def test_a_part_in_the_record_is_not_removed(organisers_script, club, member):
    part = load_parts(club)[0]
    item = factories.make_item(factories.make_session(club))
    Assignment.objects.create(club=club, item=item, part=part, member=member)
    answer = organisers_script.delete(f"{PARTS}{part.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")


def test_a_mirror_follows(script, organisers_script, club):
    mirror = Mirror(script, lists=("parts",))
    mirror.sync()
    first = load_parts(club)[0]
    organisers_script.patch(f"{PARTS}{first.pk}/", {"name": "speaker"})
    organisers_script.delete(f"{PARTS}{load_parts(club)[1].pk}/")
    mirror.sync()
    assert {row["name"] for row in mirror.rows["parts"].values()} == {part.name for part in load_parts(club)}
