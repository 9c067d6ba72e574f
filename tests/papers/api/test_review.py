"""Papers that may be one, for scripts."""

import pytest

from papers import catalogue
from papers.models import CandidatePair, Decision, Paper
from tests.factories import make_paper, make_record, make_source

from .conftest import make_script

pytestmark = pytest.mark.django_db

PAIRS = "/api/v1/pairs/"


@pytest.fixture
def papers(source):
    return [make_paper(title, source=source) for title in ("One", "Two")]


@pytest.fixture
def admins_script(administrator):
    return make_script(administrator)


@pytest.fixture
def pair(papers, organisers_script):
    body = {"paper": papers[1].pk, "other": papers[0].pk, "reason": "The same."}
    answer = organisers_script.post(PAIRS, body)
    assert answer.status_code == 201
    return answer.json()


def test_propose_and_list(pair, papers, organisers_script, organiser):
    ends = [{"id": paper.pk, "title": paper.title} for paper in papers]
    assert (pair["papers"], pair["state"], pair["reason"]) == (ends, "open", "The same.")
    assert pair["proposed_by"] == {"id": organiser.pk, "name": "Otto Organiser"}
    assert organisers_script.get(PAIRS).json()["results"] == [pair]
    assert organisers_script.get(f"{PAIRS}{pair['id']}/").json() == pair
    assert organisers_script.get(f"{PAIRS}?state=apart").json()["results"] == []
    assert organisers_script.get(f"{PAIRS}?state=lost").status_code == 400


def test_decide_and_take_back(pair, papers, admins_script, administrator):
    answer = admins_script.put(f"{PAIRS}{pair['id']}/decision/", {"act": "merged"})
    made = answer.json()
    assert (made["act"], made["paper"], made["other"]) == ("merged", papers[0].pk, papers[1].pk)
    assert made["by"]["id"] == administrator.pk
    assert admins_script.get(f"{PAIRS}{pair['id']}/").status_code == 404
    assert admins_script.get(f"/api/v1/papers/{papers[1].pk}/").status_code == 308
    assert admins_script.delete(f"/api/v1/merged/{papers[1].pk}/").status_code == 204
    assert admins_script.get(f"/api/v1/papers/{papers[1].pk}/").status_code == 200
    assert admins_script.delete(f"/api/v1/merged/{papers[1].pk}/").status_code == 404
    acts = [row["act"] for row in admins_script.get("/api/v1/decisions/").json()["results"]]
    assert acts == ["parted", "merged"]
    assert admins_script.get(f"{PAIRS}?state=apart").json()["results"][0]["state"] == "apart"


def test_keep_apart(pair, admins_script):
    for _ in range(2):
        answer = admins_script.put(f"{PAIRS}{pair['id']}/decision/", {"act": "kept_apart"})
        assert (answer.status_code, answer.json()["act"]) == (200, "kept_apart")
    assert CandidatePair.objects.get().state == "apart"
    assert admins_script.put(f"{PAIRS}{pair['id']}/decision/", {"act": "parted"}).status_code == 400


def test_what_cannot_be_is_refused_in_words(papers, admins_script, source):
    same = admins_script.post(PAIRS, {"paper": papers[0].pk, "other": papers[0].pk})
    assert (same.status_code, same.json()["code"]) == (409, "refused")
    absent = admins_script.post(PAIRS, {"paper": papers[0].pk, "other": 10**9})
    assert absent.json()["errors"][0]["field"] == "other"
    catalogue.merge_papers(*papers, reason="")
    catalogue.merge_papers(make_paper("Three", source=source), papers[0], reason="")
    answer = admins_script.delete(f"/api/v1/merged/{papers[1].pk}/")
    assert (answer.status_code, "Take that back first" in answer.json()["detail"]) == (409, True)


def test_what_is_private_to_a_club_is_nobody_elses(club, papers, organiser, organisers_script, outsiders_script,
                                                   admins_script):  # fmt: skip
    [said] = catalogue.add_records(make_source(club=club, kind="upload"), [make_record("Our notes")])
    pair = catalogue.propose_pair(papers[0], Paper.objects.get(pk=said.paper_id), reason="", by=organiser)
    inside = make_script(organiser, clubs=[club])
    for script in (outsiders_script, admins_script):
        assert script.get(PAIRS).json()["results"] == []
        assert script.put(f"{PAIRS}{pair.pk}/decision/", {"act": "merged"}).status_code == 404
    assert inside.put(f"{PAIRS}{pair.pk}/decision/", {"act": "merged"}).status_code == 200
    for script in (outsiders_script, admins_script):
        assert script.get("/api/v1/decisions/").json()["results"] == []
        assert script.delete(f"/api/v1/merged/{said.paper_id}/").status_code == 404
    assert organisers_script.delete(f"/api/v1/merged/{said.paper_id}/").status_code == 204


def test_a_token_for_one_club_decides_nothing_about_everybodys_papers(club, administrator, pair):
    club.memberships.create(user=administrator, role="owner")
    script = make_script(administrator, clubs=[club])
    assert script.put(f"{PAIRS}{pair['id']}/decision/", {"act": "merged"}).status_code == 403
    assert not Decision.objects.exists()


@pytest.mark.parametrize("number", [2, 12])
def test_queries_do_not_depend_on_the_number_of_rows(number, source, organiser, organisers_script,
                                                     django_assert_num_queries):  # fmt: skip
    papers = [make_paper(source=source) for _ in range(number + 1)]
    for paper in papers[1:]:
        catalogue.keep_apart(catalogue.propose_pair(papers[0], paper, reason="", by=organiser), by=organiser)
    organisers_script.get(PAIRS)
    for address in (PAIRS, "/api/v1/decisions/"):
        # The token, what it is limited to; my roles, the clubs I see; the rows with papers and people.
        with django_assert_num_queries(5):
            assert len(organisers_script.get(address).json()["results"]) == number
