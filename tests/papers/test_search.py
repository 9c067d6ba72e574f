"""Search by words, names and identifiers; and queries that mean harm or nothing."""

import pytest
from django.contrib.auth.models import AnonymousUser

from papers import search
from papers.markup import MARK_END, MARK_START
from papers.models import Paper
from tests import factories

pytestmark = pytest.mark.django_db


def titles(text, user=None):
    return [paper.title for paper in search.matching(Paper.objects.visible_to(user or AnonymousUser()), text)]


@pytest.fixture
def papers(source):
    def make(title, **facts):
        return factories.make_paper(title, source=source, **facts)

    make("Attention is a resource", authors=("Zoë Müller", "José García"), abstract="On budgets.")
    make("Diffusion for proteins", authors=("Ada Lovelace",), abstract="Attention, spent on folding.")
    make(
        "Graphs of thoughts",
        authors=("Nguyễn Văn A",),
        identifiers=[
            factories.make_identifier("2504.12345"),
            factories.make_identifier("10.1000/xyz", "doi"),
        ],
    )
    make("An older style", identifiers=[factories.make_identifier("hep-th/9901001")])


def test_title_counts_more_than_abstract(papers):
    assert titles("attention") == ["Attention is a resource", "Diffusion for proteins"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("muller", "Attention is a resource"),
        ("Müller", "Attention is a resource"),
        ("MÜLLER zoe", "Attention is a resource"),
        ("garcía", "Attention is a resource"),
        ("garcia jose", "Attention is a resource"),
        ("nguyen van", "Graphs of thoughts"),
        ("protein diffusion", "Diffusion for proteins"),
        ('"diffusion for proteins"', "Diffusion for proteins"),
        ("attention -folding", "Attention is a resource"),
        ("thought or nothingness", "Graphs of thoughts"),
    ],
)
def test_words_names_and_stems(papers, text, found):
    assert titles(text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        *("2504.12345", "arXiv:2504.12345", "arxiv 2504.12345v3", "2504.12345v2", " 2504.12345 "),
        *("https://arxiv.org/abs/2504.12345", "http://arxiv.org/pdf/2504.12345v1.pdf"),
        *("10.48550/arXiv.2504.12345", "https://doi.org/10.48550/ARXIV.2504.12345"),
        *("10.1000/xyz", "doi:10.1000/XYZ", "https://dx.doi.org/10.1000/xyz"),
    ],
)
def test_an_identifier_in_any_spelling_finds_its_paper_once(papers, text):
    assert titles(text) == ["Graphs of thoughts"]


@pytest.mark.parametrize(
    "text", ["hep-th/9901001", "arXiv:hep-th/9901001v2", "https://arxiv.org/abs/hep-th/9901001"]
)
def test_old_identifiers_too(papers, text):
    assert titles(text) == ["An older style"]


def test_the_paper_that_is_named_comes_before_those_that_mention_it(papers, source):
    factories.make_paper("Comment on 2504.12345, 2504.12345 and again 2504.12345", source=source)
    assert titles("2504.12345")[0] == "Graphs of thoughts"
    assert len(titles("2504.12345")) == 2


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\0", "the", "of the and", "''", '"', "!", "&", "|", "()", ":*", "<->", "\\", "-", "- -"),
        *("a & | b", "foo:*bar", "(((((", "'; DROP TABLE papers_paper; --", "%", "_", "\ufffd", "\u202e"),
        *(
            "x" * 10_000,
            "word " * 2_000,
            '"' * 10_000,
            "- " * 5_000,
            "(" * 10_000,
            "(-" * 200,
            "--" * 30,
            "!-" * 30,
            "a\0b",
            "\U0001f600",
        ),
    ],
    ids=lambda text: f"{text[:6]!r}x{len(text)}",
)
def test_senseless_queries_find_nothing_and_do_no_harm(papers, text):
    assert titles(text) == []
    ids = list(Paper.objects.values_list("pk", flat=True))
    assert set(search.mark(text, ids)) == set(ids)


def test_a_null_byte_is_left_out(papers):
    assert titles("diff\0usion") == ["Diffusion for proteins"]


def test_only_what_one_may_know_of_is_found(club, member, outsider, source):
    upload = factories.make_source(club=club)
    private = factories.make_paper("Unfound treasure", source=upload)
    assert private.private_to == club
    assert titles("treasure", member) == ["Unfound treasure"]
    assert titles("treasure", outsider) == titles("treasure") == []


def test_matches_are_marked(papers):
    paper = Paper.objects.get(title="Diffusion for proteins")
    [(title, passage)] = search.mark("protein attention", [paper.pk]).values()
    assert title == f"Diffusion for {MARK_START}proteins{MARK_END}"
    assert passage == f"{MARK_START}Attention{MARK_END}, spent on folding."


def test_search_text_is_what_its_function_makes_of_the_paper(papers):
    """No way of writing a paper leaves its search text behind."""
    for paper in Paper.objects.all():
        [again] = Paper.objects.raw(
            """SELECT id, (search_text = papers_search_text(title, authors, abstract, ARRAY(
                      SELECT lower(value) FROM papers_paperidentifier WHERE paper_id = paper.id))) AS is_same
                 FROM papers_paper AS paper WHERE id = %s""",
            [paper.pk],
        )
        assert again.is_same


def test_the_best_are_chosen_among_the_newest(source, club, monkeypatch):
    monkeypatch.setattr("papers.search._keyword.RANKED", 3)
    old = factories.make_paper(
        "Wheat wheat wheat", source=source, identifiers=[factories.make_identifier("2504.00001")]
    )
    for number in range(3):
        factories.make_paper(f"Bread number {number}", source=source, abstract="Of wheat.")
    factories.make_paper("Wheat of the club alone", source=factories.make_source(club=club))

    def best(text):
        return [paper.title for paper in search.best(Paper.objects.visible_to(AnonymousUser()), text)]

    assert titles("wheat")[0] == old.title and len(titles("wheat")) == 4
    # What one may not see takes nobody's place.
    assert best("wheat") == ["Bread number 2", "Bread number 1", "Bread number 0"]
    assert best("2504.00001") == [old.title]
    assert best("") == best("the") == []
