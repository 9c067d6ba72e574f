"""One paper or two: side by side, decided, taken back; for whom."""

import pytest
from django.urls import reverse

from accounts.models import Role
from papers import catalogue, reading_list
from papers.identifiers import Identifier
from papers.models import CandidatePair, MergedPaper, Paper
from tests.factories import make_paper, make_record, make_source, make_user

pytestmark = pytest.mark.django_db

PAIRS = reverse("papers:pair_list")
LOG = reverse("papers:decision_list")


@pytest.fixture
def one(source):
    return make_paper(
        "On the nature of light",
        source=source,
        authors=("Ann Alpha", "Bo <b>Beta</b>"),
        journal="Nature",
        identifiers=(Identifier("doi", "10.1000/1"),),
    )


@pytest.fixture
def other(source):
    return make_paper(
        "On the speed of light",
        source=source,
        authors=("Ann Alpha",),
        identifiers=(Identifier("doi", "10.1000/2"),),
    )


@pytest.fixture
def pair(one, other, organiser):
    return catalogue.propose_pair(one, other, reason="The same <i>proof</i>.", by=organiser)


def decide(client, pair, act):
    return client.post(reverse("papers:decide_pair", args=[pair.pk]), {"act": act}, follow=True)


def test_differences_are_marked_and_said_in_words(client, administrator, pair):
    client.force_login(administrator)
    page = client.get(PAIRS).content.decode()
    assert '<mark class="differs">nature</mark>' in page
    assert '<mark class="differs">speed</mark>' in page
    assert '<mark class="differs">Bo &lt;b&gt;Beta&lt;/b&gt;</mark>' in page
    assert '<mark class="differs">Ann Alpha' not in page
    assert '<mark class="differs">doi:10.1000/2</mark>' in page
    assert "not said" in page
    assert page.count("</svg>different</span>") == 3
    assert "The same &lt;i&gt;proof&lt;/i&gt;." in page


def test_merge_and_take_back_without_script(client, administrator, pair, one, other):
    client.force_login(administrator)
    page = decide(client, pair, "merge").content.decode()
    assert "It can be taken back below." in page
    assert Paper.objects.filter(pk=other.pk).count() == 0
    assert reverse("papers:take_back", args=[other.pk]) in page
    response = client.post(reverse("papers:take_back", args=[other.pk]), follow=True)
    assert "is a paper of its own again" in response.content.decode()
    assert Paper.objects.filter(pk__in=[one.pk, other.pk]).count() == 2
    page = client.get(LOG).content.decode()
    assert "Taken apart again" in page
    assert "Take back" not in page
    assert "Ada Administrator" in page


def test_keep_apart_and_ask_again(client, administrator, pair):
    client.force_login(administrator)
    assert "Kept apart: no import" in decide(client, pair, "apart").content.decode()
    assert "Nothing to decide" in client.get(PAIRS).content.decode()
    page = client.get(reverse("papers:pair_detail", args=[pair.pk])).content.decode()
    assert "Merge into one" in page
    assert 'value="apart"' not in page


def test_the_log_leads_back_to_a_pair_that_is_kept_apart(client, administrator, pair):
    client.force_login(administrator)
    decide(client, pair, "apart")
    again = f'href="{reverse("papers:pair_detail", args=[pair.pk])}"'
    assert again in client.get(LOG).content.decode()
    decide(client, pair, "merge")
    assert again not in client.get(LOG).content.decode()


def test_organisers_look_and_only_propose(client, organiser, pair):
    client.force_login(organiser)
    page = client.get(PAIRS).content.decode()
    assert "An administrator decides." in page
    assert "Merge into one" not in page
    assert decide(client, pair, "merge").status_code == 403
    assert CandidatePair.objects.get().state == "open"


@pytest.mark.parametrize("named", ["{pk}", "/papers/{pk}", "https://papers.example.org/clubs/ml/papers/{pk}#c1",
                                   "10.1000/2", "https://doi.org/10.1000/2"])  # fmt: skip
def test_organisers_propose_by_whatever_names_the_other(client, organiser, one, other, named):
    client.force_login(organiser)
    address = reverse("papers:propose_pair", args=[one.pk])
    client.post(address, {"other": named.format(pk=other.pk), "reason": "Look."})
    pair = CandidatePair.objects.get()
    assert ({pair.first, pair.second}, pair.reason, pair.proposed_by) == ({one, other}, "Look.", organiser)


@pytest.mark.parametrize("named", ["", "999999", "nothing", "10.1000/unknown", "{pk}"])
def test_what_names_nothing_says_so(client, organiser, one, named):
    client.force_login(organiser)
    address = reverse("papers:propose_pair", args=[one.pk])
    response = client.post(address, {"other": named.format(pk=one.pk)}, follow=True)
    assert 'role="alert"' in response.content.decode()
    assert not CandidatePair.objects.exists()


def test_a_merged_paper_is_named_by_its_old_id(client, organiser, source, one, other):
    gone = make_paper("Gone", source=source)
    catalogue.merge_papers(other, gone, reason="The same.")
    client.force_login(organiser)
    client.post(reverse("papers:propose_pair", args=[one.pk]), {"other": str(gone.pk)})
    assert CandidatePair.objects.get().second == other


def test_the_old_id_of_what_was_a_clubs_own_names_nothing_to_others(
    client, organiser, outsider, other_club, one, other
):
    private = make_paper("Our secret", source=make_source(club=other_club))
    catalogue.merge_pair(catalogue.propose_pair(other, private, reason="", by=outsider), by=outsider)
    client.force_login(organiser)
    address = reverse("papers:propose_pair", args=[one.pk])
    response = client.post(address, {"other": str(private.pk)}, follow=True)
    assert "No paper here has this" in response.content.decode()
    assert not CandidatePair.objects.exists()


def test_members_find_no_form(client, member, organiser, one):
    for person, expected in [(member, False), (organiser, True)]:
        client.force_login(person)
        page = client.get(one.get_absolute_url()).content.decode()
        assert ("The same as another paper?" in page) is expected


def test_a_clubs_private_pair_is_its_own_and_its_organisers_decide(client, club, other_club, organiser, outsider,
                                                                   administrator, one):  # fmt: skip
    uploads = make_source(club=club, kind="upload")
    [outcome] = catalogue.add_records(uploads, [make_record("Our secret notes")])
    notes = Paper.objects.get(pk=outcome.paper_id)
    pair = catalogue.propose_pair(one, notes, reason="", by=organiser)
    for stranger in (outsider, administrator):
        client.force_login(stranger)
        assert "secret" not in client.get(PAIRS).content.decode()
        assert client.get(reverse("papers:pair_detail", args=[pair.pk])).status_code == 404
        assert decide(client, pair, "merge").status_code == 404
    client.force_login(organiser)
    decide(client, pair, "merge")
    assert MergedPaper.objects.get().paper == one
    for stranger in (outsider, administrator):
        client.force_login(stranger)
        assert "secret" not in client.get(LOG).content.decode()
        assert client.post(reverse("papers:take_back", args=[notes.pk])).status_code == 404
        assert client.get(reverse("papers:paper_detail", args=[notes.pk])).status_code == 404
    client.force_login(organiser)
    client.post(reverse("papers:take_back", args=[notes.pk]))
    assert Paper.objects.get(pk=notes.pk).private_to == club


def test_what_a_clubs_file_brought_up_is_told_to_nobody_else(
    client, club, organiser, administrator, one, other
):
    both = make_record("Both", identifiers=(Identifier("doi", "10.1000/1"), Identifier("doi", "10.1000/2")))
    catalogue.add_records(make_source(club=club, kind="upload"), [both])
    client.force_login(administrator)
    assert "Nothing to decide" in client.get(PAIRS).content.decode()
    client.force_login(organiser)
    assert "sees this" in client.get(PAIRS).content.decode()
    client.post(reverse("papers:propose_pair", args=[one.pk]), {"other": str(other.pk)})
    client.force_login(administrator)
    assert "Merge into one" in client.get(PAIRS).content.decode()


def test_a_merge_that_cannot_be_taken_back_yet_says_why(client, administrator, source, one, other):
    catalogue.merge_papers(one, other, reason="")
    third = make_paper("Third", source=source)
    catalogue.merge_papers(third, one, reason="")
    client.force_login(administrator)
    page = client.post(reverse("papers:take_back", args=[other.pk]), follow=True).content.decode()
    assert "Take that back first" in page


def test_the_number_of_queries_does_not_grow_with_the_pairs(client, administrator, organiser, source,
                                                            django_assert_max_num_queries):  # fmt: skip
    client.force_login(administrator)
    client.get(PAIRS)
    papers = [make_paper(source=source, identifiers=(Identifier("pmid", str(n)),)) for n in range(1, 13)]
    for paper in papers[1:]:
        catalogue.propose_pair(papers[0], paper, reason="", by=organiser)
    for paper in papers[1:3]:
        catalogue.merge_papers(papers[0], paper, reason="", by=organiser)
    # Session, user, clubs; pairs, their identifiers twice; the log, the merges that stand.
    with django_assert_max_num_queries(9):
        client.get(PAIRS)


def test_pages_go_on(client, administrator, organiser, source):
    papers = [make_paper(source=source) for _ in range(13)]
    for paper in papers[1:]:
        catalogue.propose_pair(papers[0], paper, reason="", by=organiser)
    client.force_login(administrator)
    first = client.get(PAIRS)
    second = client.get(PAIRS, {"before": first.context["before"]})
    assert (len(first.context["comparisons"]), len(second.context["comparisons"])) == (10, 2)


def test_votes_of_both_are_there_after_the_merge(client, administrator, club, member, pair, one, other):
    promoter = make_user("Pia Promoter", club=club, role=Role.MEMBER)
    reading_list.cast_vote(reading_list.note(club, one), value=1, by=member)
    reading_list.cast_vote(reading_list.note(club, other), value=1, by=promoter)
    client.force_login(administrator)
    decide(client, pair, "merge")
    assert one.entries.get().promotions == 2


def test_a_papers_page_tells_reviewers_what_was_merged_into_it(
    client, administrator, organiser, member, one, other
):
    catalogue.merge_papers(one, other, reason="The same <i>proof</i>.", by=administrator)
    address = reverse("papers:take_back", args=[other.pk])
    for person, told, may_take_back in [
        (member, False, False),
        (organiser, True, False),
        (administrator, True, True),
    ]:
        client.force_login(person)
        page = client.get(one.get_absolute_url()).content.decode()
        assert ("The same &lt;i&gt;proof&lt;/i&gt;." in page, address in page) == (told, may_take_back)


def test_the_page_of_imports_says_how_many_wait(client, administrator, member, pair):
    for person, expected in [(member, False), (administrator, True)]:
        client.force_login(person)
        assert ("One paper or two (1)" in client.get("/imports/").content.decode()) is expected
