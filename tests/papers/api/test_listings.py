"""Listings and sources over the API."""

from datetime import date

import pytest

from papers.api.views import catalogue as views
from tests import factories

pytestmark = pytest.mark.django_db


def test_listing_has_its_papers_in_order(script, listing):
    answer = script.get(f"/api/v1/listings/{listing.pk}/").json()
    assert (answer["source"], answer["date"], answer["version"]) == (
        listing.source_id,
        "2025-04-25",
        listing.version,
    )
    assert answer["items"] == [
        {
            "position": item.position,
            "paper": item.paper_id,
            "upvotes": item.upvotes,
            "submitter": item.submitter,
        }
        for item in listing.items.all()
    ]
    assert answer["more_items"] is None


def test_long_listing_goes_on_at_another_address(script, listing, monkeypatch):
    monkeypatch.setattr(views, "ITEMS_EMBEDDED", 2)
    answer = script.get(f"/api/v1/listings/{listing.pk}/").json()
    rest = script.get(answer["more_items"]).json()
    assert [item["position"] for item in answer["items"] + rest["results"]] == [1, 2, 3]
    assert rest["next"] is None


def test_items_page_by_page(script, listing):
    walked, address = [], f"/api/v1/listings/{listing.pk}/items/?limit=1"
    while address:
        page = script.get(address).json()
        walked += [item["position"] for item in page["results"]]
        address = page["next"]
    assert walked == [1, 2, 3]


def test_filters(script, source):
    factories.make_listing(source=source)
    factories.make_listing(source=source, day=date(2025, 4, 24))
    for query, number in [
        ("", 2),
        ("date=2025-04-25", 1),
        ("date=2025-04-26", 0),
        ("date_after=2025-04-25", 1),
        ("date_before=2025-04-24", 1),
        ("source={slug}", 2),
        ("source={pk}", 2),
        ("source=no-such", 0),
        ("source=99999999999999999999", 0),
    ]:
        answer = script.get("/api/v1/listings/?" + query.format(slug=source.slug, pk=source.pk))
        assert len(answer.json()["results"]) == number, query


@pytest.mark.parametrize("day", ["2025-02-30", "yesterday", "25.4.2025", "\x00"])
def test_odd_day_is_an_error(script, day):
    answer = script.get("/api/v1/listings/", {"date": day})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "date"


def test_listing_does_not_name_papers_that_one_may_not_know_of(
    script, outsiders_script, listing, private_paper
):
    """A listing may come to name a club's paper, say after a merge."""
    listing.items.filter(position=2).update(paper=private_paper)
    items = script.get(f"/api/v1/listings/{listing.pk}/").json()["items"]
    assert [item["position"] for item in items] == [1, 2, 3]
    for address in ("", "items/"):
        answer = outsiders_script.get(f"/api/v1/listings/{listing.pk}/{address}").json()
        assert [item["position"] for item in answer.get("items", answer.get("results"))] == [1, 3]


def test_sources(script, outsiders_script, source, club):
    own = factories.make_source(club=club, kind="upload")
    rows = script.get("/api/v1/sources/").json()["results"]
    assert [{name: row[name] for name in ("id", "slug", "name", "kind", "club")} for row in rows] == [
        {"id": source.pk, "slug": source.slug, "name": source.name, "kind": "hugging_face", "club": None},
        {"id": own.pk, "slug": own.slug, "name": own.name, "kind": "upload", "club": "ml"},
    ]
    assert script.get(f"/api/v1/sources/{own.pk}/").json() == rows[1]
    assert [row["id"] for row in outsiders_script.get("/api/v1/sources/").json()["results"]] == [source.pk]
