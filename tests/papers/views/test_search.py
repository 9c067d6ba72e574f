from urllib.parse import quote

import pytest

from accounts.models import Membership
from papers import reading_list
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper(source):
    return factories.make_paper(
        "Diffusion of $\\alpha$ <b>particles</b>",
        source=source,
        authors=("Zoë Müller", *(f"Author {number}" for number in range(6))),
        abstract="Particles diffuse & settle. <script>alert(1)</script>",
        identifiers=[
            factories.make_identifier("2504.12345"),
            factories.make_identifier("10.1000/xyz", "doi"),
        ],
    )


@pytest.fixture
def find(get):
    return lambda text, **extra: get(f"/search?q={quote(text)}", **extra)


def test_without_words_there_is_a_form(signed_in, get):
    page = get("/search")
    assert page.words("//h1") == ["Search"] and page.find("//main//input[@name='q' and @autofocus]")
    assert not page.titles and "Nothing found" not in page.text


@pytest.mark.parametrize(
    "text",
    [
        "diffusion",
        "muller",
        "MÜLLER Zoë",
        "2504.12345v2",
        "https://doi.org/10.1000/XYZ",
        '"particles diffuse"',
    ],
)
def test_found_by_title_author_and_identifier(signed_in, find, paper, text):
    page = find(text)
    assert len(page.titles) == 1
    assert page.words("//h2")[0] == "1 paper"
    assert page.words(".paper-authors") == ["Zoë Müller, Author 0, Author 1, Author 2 and 3 more"]
    assert page.find("//main//input[@name='q']")[0].get("value") == text


def test_matches_are_marked_and_the_rest_is_harmless(signed_in, find, paper):
    page = find("particles")
    assert [mark.text for mark in page.find("//mark")] == ["particles", "Particles"]
    assert page.find("//h3//math") and not page.find("//main//b") and not page.find("//main//script")
    assert "<script>alert(1)" not in page.text


def test_what_is_typed_is_not_trusted(signed_in, find, paper):
    for text in ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7|add:7 }}{% now %}"):
        page = find(text)
        assert page.find("//main//input[@name='q']")[0].get("value") == text
        assert (
            not page.find("//script[not(@src)]") and not page.find("//img") and "14" not in page.words("//h2")
        )
        assert text in page.find("//title")[0].text


@pytest.mark.parametrize(
    "query",
    [
        *(
            "%00",
            "diff%00usion%FF",
            "a" * 10_000,
            "%26%7C%21%28%29",
            "-" * 300,
            "%27%3B--",
            "the",
            "%ED%A0%80",
        ),
        *("%22" * 300, "%E2%80%AE", "+" * 500, "(%2D" * 100),
    ],
)
def test_queries_that_mean_harm_or_nothing(signed_in, get, paper, query):
    page = get(f"/search?q={query}")
    assert page.words("//h1") == ["Search"]


def test_nothing_found_says_what_to_do(signed_in, find, paper):
    assert find("unfindable").words("//h2") == ["Nothing found for “unfindable”"]


def test_results_can_be_voted_on_in_the_current_club(signed_in, find, club, member, paper):
    reading_list.cast_vote(reading_list.note(club, paper), value=1, by=member)
    page = find("diffusion")
    assert page.states == ["promoted"] and page.words("//output") == ["1"]
    [form] = page.find(".paper-side")
    assert form.get("action").startswith(f"/clubs/ml/papers/{paper.pk}/triage?n=1")


def test_what_is_private_to_another_of_my_clubs_is_found_but_not_voted_on_here(
    client, find, club, other_club, member, private_paper
):
    Membership.objects.create(club=other_club, user=member)
    for current, forms in ((club, 1), (other_club, 0)):
        member.default_club = current
        member.save()
        client.force_login(member)
        page = find("secret")
        assert (
            page.titles == ["Secret work"]
            and len(page.find("//form[contains(@class, 'paper-side')]")) == forms
        )


def test_who_may_search(client, find, paper, private_paper, outsider, settings):
    assert client.get("/search?q=diffusion").url == "/accounts/login/?next=/search%3Fq%3Ddiffusion"
    settings.PUBLIC_CATALOGUE = True
    page = find("diffusion")
    assert len(page.titles) == 1 and not page.find(".vote")
    assert find("secret").titles == []
    client.force_login(outsider)
    assert find("secret").titles == [] and len(find("diffusion").titles) == 1


def test_the_best_50_are_shown(signed_in, find, source):
    for number in range(52):
        factories.make_paper(f"Ubiquitous matter {number}", source=source)
    page = find("ubiquitous")
    assert len(page.titles) == 50 and page.words("//h2")[0] == "The best 50 papers"
    assert "There are more" in page.text


@pytest.mark.parametrize("number", [2, 50])
def test_it_costs_the_same_for_any_number_of_rows(
    signed_in, find, club, member, source, django_assert_num_queries, number
):
    for index in range(number):
        paper = factories.make_paper(f"Ubiquitous matter {index}", source=source, authors=("A", "B"))
        reading_list.cast_vote(reading_list.note(club, paper), value=1, by=member)
    # user, my clubs; public clubs; papers, what I did, rows, marks
    with django_assert_num_queries(7):
        page = find("ubiquitous")
    assert len(page.titles) == number
