"""The administration shows the catalogue, and nothing of a club."""

import pytest
from django.urls import reverse

from papers import catalogue
from papers.models import Import
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", ["paper", "listing", "import", "source"])
def test_lists_and_rows_open_and_hide_what_is_a_clubs(client, administrator, club, listing, model):
    uploads = factories.make_source(club=club, kind="upload")
    factories.make_paper("Ours alone", source=uploads, listed=listing.date)
    Import.objects.create(source=uploads, club=club, input_name="Ours alone")
    public = Import.objects.create(source=listing.source, input_name="open.txt")
    client.force_login(administrator)
    page = client.get(reverse(f"admin:papers_{model}_changelist")).content.decode()
    assert "Ours alone" not in page and uploads.name not in page
    rows = {
        "paper": listing.items.first().paper,
        "listing": listing,
        "import": public,
        "source": listing.source,
    }
    assert client.get(reverse(f"admin:papers_{model}_change", args=[rows[model].pk])).status_code == 200


def test_a_papers_records_of_clubs_are_not_shown(client, administrator, club):
    paper = factories.make_paper("Public paper", identifiers=(factories.make_identifier("2504.00001"),))
    ours = factories.make_source(club=club)
    catalogue.add_records(ours, [factories.make_record("Public paper", key="title:secret")])
    assert paper.source_records.count() == 2
    client.force_login(administrator)
    text = client.get(f"/admin/papers/paper/{paper.pk}/change/").content.decode()
    assert ours.name not in text and "title:secret" not in text
