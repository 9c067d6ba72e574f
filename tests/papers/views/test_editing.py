"""A paper edited by hand on its page."""

import pytest
from django.urls import reverse

from papers import catalogue
from papers.models import Paper, PaperEdit
from tests.factories import make_paper, make_record, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper(source):
    return make_paper("Ligth bridges", source=source, authors=("A. Author",), abstract="We <b>build</b>.")


def edit(client, paper, **changes):
    address = reverse("papers:edit_paper", args=[paper.pk])
    form = client.get(address).context["form"]
    return client.post(address, {**form.initial, **changes})


def test_what_is_changed_is_said_by_hand_and_undone(client, administrator, paper):
    client.force_login(administrator)
    response = edit(
        client, paper, title="Light bridges", authors="A. Author\r\n\r\nB. Builder", published="2014-12"
    )
    assert response["Location"] == paper.get_absolute_url()
    paper.refresh_from_db()
    assert (paper.title, paper.authors, paper.published_as_known) == (
        "Light bridges", ["A. Author", "B. Builder"], "2014-12",
    )  # fmt: skip
    assert catalogue.find_edited(paper) == {"title", "authors", "published", "published_precision"}
    page = client.get(reverse("papers:edit_paper", args=[paper.pk])).content.decode()
    assert "By hand so far: Title, Authors, Published." in page
    assert "We &lt;b&gt;build&lt;/b&gt;." in page
    client.post(reverse("papers:undo_edit", args=[PaperEdit.objects.get().pk]))
    paper.refresh_from_db()
    assert (paper.title, paper.authors, paper.published) == ("Ligth bridges", ["A. Author"], None)


def test_mistakes_are_told_beside_the_field(client, administrator, paper):
    client.force_login(administrator)
    page = edit(client, paper, published="soon").content.decode()
    assert "This is no date." in page
    page = edit(client, paper, title="\u200b\u200b").content.decode()
    assert "There is no title." in page
    assert not PaperEdit.objects.exists()


def test_nothing_changed_says_nothing_by_hand(client, administrator, paper):
    client.force_login(administrator)
    edit(client, paper)
    assert not PaperEdit.objects.exists()


def test_the_link_is_for_those_who_may(client, administrator, member, paper):
    address = reverse("papers:edit_paper", args=[paper.pk])
    for person, expected in [(member, False), (administrator, True)]:
        client.force_login(person)
        assert (address in client.get(paper.get_absolute_url()).content.decode()) is expected


def test_a_clubs_own_paper_is_edited_by_its_organisers(
    client, club, organiser, member, administrator, outsider
):
    [said] = catalogue.add_records(make_source(club=club, kind="upload"), [make_record("Our notes")])
    paper = Paper.objects.get(pk=said.paper_id)
    address = reverse("papers:edit_paper", args=[paper.pk])
    for person, status in [(member, 403), (administrator, 404), (outsider, 404)]:
        client.force_login(person)
        assert client.get(address).status_code == status
    client.force_login(organiser)
    edit(client, paper, title="Our better notes")
    assert Paper.objects.get(pk=paper.pk).title == "Our better notes"
    client.force_login(administrator)
    assert client.post(reverse("papers:undo_edit", args=[PaperEdit.objects.get().pk])).status_code == 404
