"""The page where papers are submitted by their identifiers, and what came of them."""

import json
import re

import pytest
from django.urls import reverse

from papers import importing, mentions, submissions
from papers.models import Entry, Import, Paper, PaperIdentifier, SubmissionItem
from tests import factories
from tests.papers.sources.test_looking_up import work
from tests.services import atom, crossref_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(client, member):
    client.force_login(member)
    return factories.make_paper("On things", identifiers=(factories.make_identifier("2504.00001"),))


def test_a_known_paper_is_shown_at_once_and_comes_on_the_list(client, club, here, member):
    response = client.post(
        reverse("papers:submit"), {"text": "2504.00001", "club": club.pk, "suggest": "on"}, follow=True
    )
    page = response.content.decode()
    assert "Done. The paper is on the list of Machine learning." in page and "Already here" in page
    assert f'href="/clubs/ml/papers/{here.pk}"' in page
    assert Entry.objects.get(club=club, paper=here).suggested_by == member


def test_what_is_not_here_is_looked_up_and_followed(client, here, registries):
    registries.answer("/arxiv?2504.00002,2504.00003", atom([("2504.00002", "2025-04-02")]))
    response = client.post(reverse("papers:submit"), {"text": "2504.00001 2504.00002\n2504.00003\nnothing"})
    run = Import.objects.get()
    assert response["Location"] == run.get_absolute_url() == f"/submit/{run.pk}"
    page = client.get(run.get_absolute_url()).content.decode()
    assert (
        "2 of 4. Waiting for a worker." in page
        and 'hx-trigger="every 1s"' in page
        and 'http-equiv="refresh"' in page
    )
    assert "Being looked up" in page and "<h1>What came of 3 identifiers</h1>" in page
    work(run)
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Done, but for 2 places" in page and "hx-trigger" not in page and "http-equiv" not in page
    assert "On matter 2504.00002" in page and "On things" in page
    assert "arXiv knows no paper by it." in page and "There is no identifier in this line." in page
    fragment = client.get(run.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert fragment.startswith('<div class="stack" id="submission-state"')


def test_what_was_not_answered_may_be_tried_again(client, member, registries, here):
    registries.answer("/arxiv?2504.00002", b"", status="503 Service Unavailable", Retry_After="7200")
    run = work(submissions.submit(mentions.find("2504.00002\n2504.00001"), by=member))
    page = client.get(run.get_absolute_url()).content.decode()
    assert '<input type="hidden" name="text" value="arxiv:2504.00002">' in page


def test_what_was_cancelled_before_it_was_looked_up_may_be_tried_again(client, member, here):
    run = importing.cancel(submissions.submit(mentions.find("2504.00002\n2504.00001"), by=member))
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Not looked up" in page and "Being looked up" not in page and "hx-trigger" not in page
    assert '<input type="hidden" name="text" value="arxiv:2504.00002">' in page


@pytest.mark.parametrize(
    ("query", "text", "said"),
    [
        (
            {"url": "https://arxiv.org/abs/2504.00001", "title": "On things"},
            "https://arxiv.org/abs/2504.00001",
            "This names arxiv:2504.00001.",
        ),
        (
            {"text": "Look: https://doi.org/10.5555/a", "title": "T"},
            "Look: https://doi.org/10.5555/a",
            "This names doi:10.5555/a.",
        ),
        ({"url": "https://example.org/x", "text": "10.5555/a"}, "10.5555/a", "This names doi:10.5555/a."),
        ({"url": "https://example.org/x", "title": "T"}, "https://example.org/x\nT", "There is no identifier"),
    ],
    ids=["address", "within a text", "what the page says of itself", "nothing"],
)  # fmt: skip
def test_what_is_shared_fills_the_form_in_and_writes_nothing(client, here, query, text, said):
    response = client.get(reverse("papers:submit"), query)
    assert response.context["form"].initial["text"] == text
    assert said in response.content.decode()
    assert not Import.objects.exists() and not SubmissionItem.objects.exists()


def test_shared_text_is_only_text(client, here):
    page = client.get(
        reverse("papers:submit"), {"text": "</textarea><script>x</script> 10.5555/a\0"}
    ).content.decode()
    assert "<script>x" not in page and "&lt;script&gt;x" in page


def test_who_is_signed_out_comes_back_to_what_they_shared(client):
    response = client.get(reverse("papers:submit"), {"url": "https://arxiv.org/abs/2504.00001"})
    assert response["Location"].startswith("/accounts/login/?next=/submit%3Furl%3D")


def test_the_current_club_is_chosen(client, club, here):
    form = client.get(reverse("papers:submit")).context["form"]
    assert (form.initial["club"], form.initial["suggest"]) == (club, True)


def test_without_a_club_there_is_only_the_catalogue(client):
    client.force_login(factories.make_user())
    form = client.get(reverse("papers:submit")).context["form"]
    assert list(form.fields) == ["text"]


def test_no_other_club_is_chosen(client, here, other_club):
    response = client.post(reverse("papers:submit"), {"text": "2504.00001", "club": other_club.pk})
    assert "club" in response.context["form"].errors
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "This field is required."), ("Hello", "There is no identifier in it")],
    ids=["empty", "none"],
)
def test_a_refusal_stands_at_the_field(client, here, text, said):
    response = client.post(reverse("papers:submit"), {"text": text})
    assert response.status_code == 200 and said in response.content.decode()


def test_too_many_in_an_hour_are_refused_in_words(client, here, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_LOOKED_UP", 0)
    assert (
        "At most 0 papers are looked up"
        in client.post(reverse("papers:submit"), {"text": "10.5555/a"}).content.decode()
    )


def test_a_submission_of_a_club_shows_nothing_private_to_another(client, club, member, other_club):
    own = factories.make_user("Both", club=club)
    other_club.memberships.create(user=own)
    paper = factories.make_paper("Secret notes", source=factories.make_source(club=other_club, kind="upload"))
    PaperIdentifier.objects.create(paper=paper, scheme="doi", value="10.5555/a")
    run = submissions.submit(mentions.find("10.5555/a"), by=own, club=club)
    run.items.update(state="here", step="")
    client.force_login(member)
    assert "Secret notes" not in client.get(run.get_absolute_url()).content.decode()
    client.force_login(factories.make_user("Other", club=other_club))
    assert client.get(run.get_absolute_url()).status_code == 404


def test_it_costs_the_same_for_2_papers_as_for_40(
    client, club, member, registries, django_assert_num_queries
):
    runs = []
    for number in (2, 40):
        keys = (
            [f"25{number:02}.{n:05}" for n in range(number)]
            if number < 13
            else [f"2511.{n:05}" for n in range(number)]
        )
        for key in keys:
            factories.make_paper(identifiers=(factories.make_identifier(key),))
        runs.append(submissions.submit(mentions.find(" ".join([*keys, "hello"])), by=member, club=club))
    client.force_login(member)
    client.get(runs[0].get_absolute_url())  # loads what is kept for good
    for run in runs:
        # user, clubs, import, items, identifiers, papers, acts, rows
        with django_assert_num_queries(8):
            client.get(run.get_absolute_url())


def test_the_form_costs_few_queries(client, here, django_assert_num_queries):
    client.get(reverse("papers:submit"))
    # user, clubs, last submissions, choice of clubs
    with django_assert_num_queries(4):
        client.get(reverse("papers:submit"))


def test_it_is_among_the_imports_and_leads_to_its_page(client, here, member, administrator):
    run = submissions.submit(mentions.find("2504.00001"), by=member)
    assert f'href="/submit/{run.pk}"' in client.get(reverse("papers:import_list")).content.decode()
    assert client.get(reverse("papers:import_detail", args=[run.pk]))["Location"] == f"/submit/{run.pk}"
    client.force_login(administrator)
    assert "arxiv:2504.00001" not in client.get(run.source.get_absolute_url()).content.decode()


def test_the_bookmarklet_brings_what_the_page_says_of_itself(client, here):
    page = client.get(reverse("papers:submit")).content.decode()
    [address] = re.findall(r'href="(javascript:[^"]+)"', page)
    assert "http://localhost:8000/submit?url=" in address and "citation_doi" in address
    assert "<script>" not in page


# The web app


def test_the_manifest_shares_to_the_form(client):
    response = client.get(reverse("papers:manifest"))
    assert (response.status_code, response["Content-Type"]) == (200, "application/manifest+json")
    said = json.loads(response.content)
    assert said["share_target"] == {
        "action": "/submit", "method": "GET", "params": {"title": "title", "text": "text", "url": "url"},
    }  # fmt: skip
    assert {icon["sizes"] for icon in said["icons"]} == {"any", "192x192", "512x512"}
    assert (
        "manifest-src 'self'" in response["Content-Security-Policy"]
        or "default-src" in response["Content-Security-Policy"]
    )


def test_every_page_names_the_manifest(client):
    page = client.get(reverse("account_login")).content.decode()
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page


def test_a_doi_of_a_publisher_page_is_taken_to_crossref(client, here, registries):
    registries.answer(
        "/crossref/works/10.5555/a", json.dumps({"message": crossref_work("10.5555/a")}).encode()
    )
    client.post(reverse("papers:submit"), {"text": "https://pub.example/doi/full/10.5555/a"})
    run = work(Import.objects.get())
    assert (run.state, Paper.objects.filter(identifiers__value="10.5555/a").count()) == ("done", 1)


def test_what_a_club_submitted_in_vain_is_not_in_the_quarantine_of_administrators(
    client, club, member, administrator, registries
):
    """It goes to the installation's sources; that the club asked for it is the club's affair."""
    run = work(submissions.submit(mentions.find("2504.00009"), by=member, club=club))
    [rejected] = run.rejections.all()
    client.force_login(administrator)
    assert "2504.00009" not in client.get(run.source.get_absolute_url()).content.decode()
    for act in ("replay", "dismiss"):
        client.post(reverse(f"papers:rejection_{act}", args=[run.source_id, rejected.pk]), {"text": "x"})
    rejected.refresh_from_db()
    assert (rejected.settled, rejected.replayed_in) == (None, None)
    assert Import.objects.count() == 1
