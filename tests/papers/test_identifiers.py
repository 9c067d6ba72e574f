import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papers.identifiers import MAX_VALUE_LENGTH, SCHEMES, Identifier, address, parse, split_arxiv_revision
from papers.models import PaperIdentifier

repeatable = settings(deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # arXiv, since April 2007
        ("2504.12345", "arxiv:2504.12345"),
        ("0704.0001", "arxiv:0704.0001"),
        ("1412.9999", "arxiv:1412.9999"),
        ("2504.12345v3", "arxiv:2504.12345"),
        ("arXiv:2504.12345v3", "arxiv:2504.12345"),
        ("ARXIV: 2504.12345", "arxiv:2504.12345"),
        ("arXiv 2504.12345", "arxiv:2504.12345"),
        ("arXiv:2504.12345v1 [cs.LG]", "arxiv:2504.12345"),
        ("  [arXiv:2504.12345]. ", "arxiv:2504.12345"),
        ("https://arxiv.org/abs/2504.12345", "arxiv:2504.12345"),
        ("http://www.arxiv.org/abs/2504.12345v2?context=cs#x", "arxiv:2504.12345"),
        ("https://arxiv.org/pdf/2504.12345", "arxiv:2504.12345"),
        ("https://arxiv.org/pdf/2504.12345v2.pdf", "arxiv:2504.12345"),
        ("https://arxiv.org/html/2504.12345v1/", "arxiv:2504.12345"),
        ("https://export.arxiv.org/abs/2504.12345", "arxiv:2504.12345"),
        ("arxiv.org/abs/2504.12345", "arxiv:2504.12345"),
        ("https://huggingface.co/papers/2504.12345", "arxiv:2504.12345"),
        ("oai:arXiv.org:2504.12345", "arxiv:2504.12345"),
        ("arXiv:https://arxiv.org/abs/2504.12345", "arxiv:2504.12345"),
        # arXiv, before
        ("hep-th/9901001", "arxiv:hep-th/9901001"),
        ("hep-th/9901001v2", "arxiv:hep-th/9901001"),
        ("math.GT/0309136", "arxiv:math/0309136"),
        ("MATH.gt/0309136", "arxiv:math/0309136"),
        ("cond-mat.mes-hall/0101001", "arxiv:cond-mat/0101001"),
        ("arXiv:astro-ph/0601001v1", "arxiv:astro-ph/0601001"),
        ("https://arxiv.org/abs/math.GT/0309136v1", "arxiv:math/0309136"),
        ("https://arxiv.org/pdf/hep-th/9901001.pdf", "arxiv:hep-th/9901001"),
        ("oai:arXiv.org:math/0309136", "arxiv:math/0309136"),
        # arXiv's own DOIs
        ("10.48550/arXiv.2504.12345", "arxiv:2504.12345"),
        ("https://doi.org/10.48550/ARXIV.2504.12345", "arxiv:2504.12345"),
        ("doi:10.48550/arXiv.hep-th/9901001", "arxiv:hep-th/9901001"),
        ("arxiv:10.48550/arXiv.2504.12345", "arxiv:2504.12345"),
        # DOIs
        ("10.1000/xyz", "doi:10.1000/xyz"),
        ("doi:10.1000/XYZ", "doi:10.1000/xyz"),
        ("DOI: 10.1000/xyz", "doi:10.1000/xyz"),
        ("doi 10.1000/xyz", "doi:10.1000/xyz"),
        ("urn:doi:10.1000/xyz", "doi:10.1000/xyz"),
        ("info:doi/10.1000/xyz", "doi:10.1000/xyz"),
        ("https://doi.org/10.1000/xyz", "doi:10.1000/xyz"),
        ("http://dx.doi.org/10.1000/xyz.", "doi:10.1000/xyz"),
        ("https://www.doi.org/10.1000/xyz/?x=1", "doi:10.1000/xyz"),
        ("doi.org/10.1000/xyz", "doi:10.1000/xyz"),
        ("(10.1000/xyz).", "doi:10.1000/xyz"),
        ("10.1000/xyz./.", "doi:10.1000/xyz"),
        ("<https://doi.org/10.1000/xyz>", "doi:10.1000/xyz"),
        ("“10.1000/xyz”,", "doi:10.1000/xyz"),
        ("10.1000/a(b)c(d)", "doi:10.1000/a(b)c(d)"),
        ("10.1000/a\u2010b", "doi:10.1000/a-b"),
        ("10.1000.10/123456", "doi:10.1000.10/123456"),
        (
            "https://doi.org/10.1002%2F(SICI)1097-4571(199806)49:8%3C693::AID-ASI4%3E3.0.CO;2-O",
            "doi:10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o",
        ),
        ("10.1000/größe", "doi:10.1000/größe"),
        ("10.1000/GRÖSSE", "doi:10.1000/grÖsse"),  # folded in ASCII only
        ("10.1000/gro\u0308ße", "doi:10.1000/größe"),
        # PubMed
        ("pmid:12345678", "pmid:12345678"),
        ("PMID: 012", "pmid:12"),
        ("https://pubmed.ncbi.nlm.nih.gov/12345678/", "pmid:12345678"),
        ("http://www.ncbi.nlm.nih.gov/pubmed/12345678", "pmid:12345678"),
        ("https://europepmc.org/article/MED/12345678", "pmid:12345678"),
        ("PMC123456", "pmcid:PMC123456"),
        ("pmc123456.2", "pmcid:PMC123456"),
        ("PMCID: PMC123456", "pmcid:PMC123456"),
        ("pmcid:123456", "pmcid:PMC123456"),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC123456/", "pmcid:PMC123456"),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC123456/pdf/x.pdf", "pmcid:PMC123456"),
        # OpenReview
        ("https://openreview.net/forum?id=B1xsqj09Fm", "openreview:B1xsqj09Fm"),
        ("https://openreview.net/forum?id=_CDixzkzeyb&noteId=abc", "openreview:_CDixzkzeyb"),
        ("https://openreview.net/pdf?id=B1xsqj09Fm", "openreview:B1xsqj09Fm"),
        ("openreview:B1xsqj09Fm", "openreview:B1xsqj09Fm"),
        # Books
        ("978-0-306-40615-7", "isbn:9780306406157"),
        ("ISBN 0-306-40615-2", "isbn:9780306406157"),
        ("isbn:080442957X", "isbn:9780804429573"),
        ("ISBN-13: 978 0 306 40615 7", "isbn:9780306406157"),
        ("urn:isbn:0306406152", "isbn:9780306406157"),
    ],
)
def test_however_written(text, expected):
    identifier = parse(text)
    assert str(identifier) == expected
    assert parse(expected) == identifier
    assert parse(f"  {text}\n") == identifier
    assert parse(text, identifier.scheme) == identifier


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "banana",
            "12345678",
            "2504",
            "2504.123",
            "2504.123456",
            "2513.12345",
            "2500.12345",
            "0703.0001",
        ),
        *(
            "0808.05394",
            "1501.1234",
            "2504.12345v0",
            "2504.12345x",
            "see 2504.12345",
            "2504.12345 and more",
            "arxiv.org/abs/2504.\n12345",
            "iſbn:0306406152",
        ),
        *("banana/9901001", "hep-th/9913001", "hep-th/99010011", "hep-th/0704001", "hep-th", "cs.LG"),
        *(
            "10.1000",
            "10.1000/",
            "10.1000//",
            "10.10/x",
            "11.1000/x",
            "10.1000/a b",
            "doi:banana",
            "doi:2504.12345",
        ),
        *(
            "10.48550/arXiv.banana",
            "https://example.org/10.1000/xyz",
            "https://doi.org/",
            "https://arxiv.org/",
        ),
        *(
            "https://arxiv.org/list/cs.LG/recent",
            "https://arxiv.org.example.com/abs/2504.12345",
            "pmid:",
            "pmid:0",
        ),
        *(
            "pmid:abc",
            "pmid:1234567890",
            "PMC",
            "PMC0",
            "openreview:x",
            "https://openreview.net/group?id=B1xsqj09Fm",
        ),
        *(
            "9780306406158",
            "isbn:0306406153",
            "979-0-2600-0043-8",
            "isbn:banana",
            "0306406152",
            "1234567890123",
        ),
        *(
            "10.1000/a\0b",
            "10.1000/a\u202eb",
            "10.1000/a\u200bb",
            "10.1000/x\ud800",
            "2504.1234\uff15",
            "10.1000/\u00b9",
        ),
        *(
            "https://doi.org/10.1000/a%00b",
            "https://doi.org/10.1000/%FF",
            "\0",
            "doi:doi:",
            "arxiv:arxiv:2504.12345",
        ),
        *("10.1000/" + "x" * MAX_VALUE_LENGTH, "x" * 1_000_000, "(" * 1_999, "https://[/abs/1"),
    ],
    ids=lambda text: repr(text[:40]),
)
def test_what_is_none(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "scheme", "expected"),
    [
        ("12345678", "pmid", Identifier("pmid", "12345678")),
        ("123456", "pmcid", Identifier("pmcid", "PMC123456")),
        ("B1xsqj09Fm", "openreview", Identifier("openreview", "B1xsqj09Fm")),
        ("0306406152", "isbn", Identifier("isbn", "9780306406157")),
        ("10.48550/arXiv.2504.12345", "doi", Identifier("arxiv", "2504.12345")),
        ("10.1000/xyz", "pmid", None),
        ("pmid:123", "doi", None),
        ("PMC123", "pmid", None),
        ("2504.12345", "doi", None),
        ("https://arxiv.org/abs/2504.12345", "doi", Identifier("arxiv", "2504.12345")),
        ("https://arxiv.org/abs/2504.12345", "pmid", None),
        ("10.1000/xyz", "arxiv", None),
        ("10.1000/xyz", "banana", None),
        ("10.1000/xyz", "", None),
    ],
)
def test_scheme_says_how_a_bare_value_is_read(text, scheme, expected):
    assert parse(text, scheme) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2504.12345v3", ("2504.12345", 3)),
        ("http://arxiv.org/abs/2409.05654v9", ("2409.05654", 9)),
        ("math.GT/0309136v12", ("math/0309136", 12)),
        ("https://arxiv.org/pdf/2504.12345v2.pdf", ("2504.12345", 2)),
        ("2504.12345", ("2504.12345", None)),
        ("10.48550/arXiv.2504.12345v2", ("2504.12345", 2)),
    ],
)
def test_revision_is_split_off(text, expected):
    identifier, revision = split_arxiv_revision(text)
    assert (identifier.value, revision) == expected


@pytest.mark.parametrize("text", ["banana", "10.1000/xyz", "pmid:123", ""])
def test_revision_of_no_arxiv_identifier(text):
    assert split_arxiv_revision(text) is None


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (Identifier("arxiv", "math/0309136"), "https://arxiv.org/abs/math/0309136"),
        (Identifier("doi", "10.1000/xyz"), "https://doi.org/10.1000/xyz"),
        (Identifier("doi", "10.1000/a<b>#c?d"), "https://doi.org/10.1000/a%3Cb%3E%23c%3Fd"),
        (Identifier("pmid", "123"), "https://pubmed.ncbi.nlm.nih.gov/123/"),
        (Identifier("pmcid", "PMC123"), "https://pmc.ncbi.nlm.nih.gov/articles/PMC123/"),
        (Identifier("openreview", "B1xsqj09Fm"), "https://openreview.net/forum?id=B1xsqj09Fm"),
    ],
)
def test_address_leads_back_to_the_identifier(identifier, expected):
    assert address(identifier) == expected
    assert parse(expected) == identifier


def test_every_scheme_has_an_address():
    values = {"arxiv": "2504.12345", "isbn": "9780306406157"}
    assert all(
        address(Identifier(scheme, values.get(scheme, "1"))).startswith("https://") for scheme in SCHEMES
    )
    with pytest.raises(ValueError, match="banana"):
        address(Identifier("banana", "1"))


PIECES = [
    "doi:",
    "arXiv:",
    "https://doi.org/",
    "10.1000/",
    "10.48550/arXiv.",
    "2504.12345",
    "hep-th/",
    "9901001",
]
PIECES += [
    "v3",
    "(",
    ")",
    "]",
    ".",
    ",",
    "%2F",
    "%00",
    "%E2%80%90",
    "?",
    "#",
    "PMC",
    "pmid:",
    "978",
    " ",
    "Ä",
    "İ",
    "ß",
    "\u0308",
]


@repeatable
@given(
    st.one_of(
        st.text(), st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=8).map("".join)
    )
)
def test_values_are_normal_and_storable(text):
    identifier = parse(text)
    if identifier is not None:
        assert parse(str(identifier)) == identifier
        assert parse(identifier.value, identifier.scheme) == identifier
        assert parse(address(identifier), identifier.scheme) in (identifier, None)
        assert 0 < len(identifier.value) <= MAX_VALUE_LENGTH
        assert "\0" not in identifier.value
        identifier.value.encode()


@repeatable
@given(st.from_regex(r"10\.[0-9]{4}/[!-~]{1,20}", fullmatch=True))
def test_dois_survive_their_address(text):
    identifier = parse(text)
    if identifier is not None and identifier.scheme == "doi":
        assert parse(address(identifier)) == identifier
        assert parse(text.upper()) == identifier


def test_the_catalogue_keeps_the_longest_value_and_each_scheme():
    assert PaperIdentifier._meta.get_field("value").max_length == MAX_VALUE_LENGTH
    known = next(rule for rule in PaperIdentifier._meta.constraints if rule.name == "identifier_scheme_known")
    assert known.condition.children == [("scheme__in", list(SCHEMES))]
