"""Identifiers in what people paste."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers import mentions

CASES = {
    "list": ("2504.12345\n10.5555/a\n\npmid: 12", "arxiv:2504.12345 doi:10.5555/a pmid:12"),
    "commas": (
        "10.5555/a,10.5555/b; 2504.12345,hep-th/9901001",
        "doi:10.5555/a doi:10.5555/b arxiv:2504.12345 arxiv:hep-th/9901001",
    ),
    "sentence": (
        "We read arXiv:2504.12345v2 [cs.LG] (see doi:10.5555/XYZ.) first.",
        "arxiv:2504.12345 doi:10.5555/xyz",
    ),
    "brackets of the DOI's own": (
        "10.1002/(SICI)1097(199808)17:15/16<1661::AID>3.0.CO;2-2",
        "doi:10.1002/(sici)1097(199808)17:15/16<1661::aid>3.0.co;2-2",
    ),
    "addresses": (
        "https://arxiv.org/pdf/2504.12345v1.pdf https://doi.org/10.5555/a?utm_source=x "
        "<https://pubmed.ncbi.nlm.nih.gov/12/> https://openreview.net/forum?id=AbC_12&noteId=q "
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC77/ https://huggingface.co/papers/2504.00001",
        "arxiv:2504.12345 doi:10.5555/a pmid:12 openreview:AbC_12 pmcid:PMC77 arxiv:2504.00001",
    ),
    "addresses without https": (
        "arxiv.org/abs/2504.12345, www.openreview.net/forum?id=abcde1 and dx.doi.org/10.5555/a",
        "arxiv:2504.12345 openreview:abcde1 doi:10.5555/a",
    ),
    "addresses in a row": (
        "https://arxiv.org/abs/2504.12345,https://doi.org/10.5555/a",
        "arxiv:2504.12345 doi:10.5555/a",
    ),
    "of the agencies": (
        "https://api.crossref.org/works/10.5555%2Fa https://api.datacite.org/dois/10.5555/b",
        "doi:10.5555/a doi:10.5555/b",
    ),
    "of publishers": (
        "https://www.biorxiv.org/content/10.1101/2025.04.10.647997v1.full.pdf "
        "https://dl.acm.org/doi/pdf/10.5555/a.b https://pub.example/doi/full/10.5555/c "
        "https://journals.plos.org/plosone/article?id=10.1371/journal.pone.0000308",
        "doi:10.1101/2025.04.10.647997 doi:10.5555/a.b doi:10.5555/c doi:10.1371/journal.pone.0000308",
    ),
    "markdown": (
        "- [10.5555/a](https://doi.org/10.5555/a) and [x](https://arxiv.org/abs/2504.12345)",
        "doi:10.5555/a arxiv:2504.12345",
    ),
    "html": ('<a href="https://doi.org/10.5555/a">10.5555/b</a>', "doi:10.5555/a doi:10.5555/b"),
    "wide punctuation": ("见10.5555/a，和“10.5555/b”。", "doi:10.5555/a doi:10.5555/b"),
    "repeated": (
        "10.5555/A https://doi.org/10.5555/a 2504.12345 arXiv:2504.12345v3",
        "doi:10.5555/a arxiv:2504.12345",
    ),
    "a DOI of arXiv": ("10.48550/arXiv.2504.12345", "arxiv:2504.12345"),
    "words": (
        "PMID 12, PMCID: 77, ISBN 978-3-16-148410-0, openreview:rJ4km2R5t7",
        "pmid:12 pmcid:PMC77 isbn:9783161484100 openreview:rJ4km2R5t7",
    ),
    "numbers that are none": (
        "In 2024 and/or 1234567, version 3.14159, 2024/1234567, openreview papers, 9999.12345",
        "",
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_what_is_found(text, expected):
    assert " ".join(str(each.identifier) for each in mentions.find(text).mentions) == expected


def test_an_arxiv_id_with_a_digit_too_many_is_told():
    found = mentions.find("2504.12345 and 0808.05394")
    assert [each.written for each in found.unknown] == ["0808.05394"]


def test_each_is_told_with_its_place():
    found = mentions.find("To read:\n\n10.5555/a\nhttps://example.org/x and arXiv:2513.00001")
    assert [(each.written, each.place) for each in found.mentions] == [("10.5555/a", "line 3")]
    assert [(each.written, each.place, each.reason.split(".")[0]) for each in found.unknown] == [
        ("To read:", "line 1", "There is no identifier in this line"),
        ("https://example.org/x", "line 4",
         "This address is of no service that is looked up here, and no DOI stands in it"),
        ("2513.00001", "line 4", "It looks like an identifier and is none"),
    ]  # fmt: skip


BIBTEX = """
@article{a, title = {One}, author = {A, B}, doi = {10.5555/A}, eprint = {2504.12345}, archiveprefix = {arXiv}}
@misc{b, title = {Two}, eprint = {2504.54321}, archivePrefix = {arXiv}}
@book{c, title = {Three}, author = {C, D}}
"""


def test_references_are_asked_for_by_their_best_identifier():
    found = mentions.find(BIBTEX)
    assert [str(each.identifier) for each in found.mentions] == ["doi:10.5555/a", "arxiv:2504.54321"]
    [unknown] = found.unknown
    assert (unknown.written, unknown.reason.split(".")[0]) == (
        "Three", "This reference names no identifier to look it up by",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "TY  - JOUR\nTI  - One\nDO  - 10.5555/a\nER  - \n",
        '[{"type": "article-journal", "title": "One", "DOI": "10.5555/a"}]',
    ],
    ids=["ris", "csl-json"],
)
def test_other_references(text):
    assert [str(each.identifier) for each in mentions.find(text).mentions] == ["doi:10.5555/a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2504.12345", "arxiv:2504.12345"), ("doi:10.5555/a", "doi:10.5555/a"), ("PMID: 12", "pmid:12"),
        ("https://pub.example/doi/full/10.5555/c", "doi:10.5555/c"), ("papers.bib", None), ("../10.5555/a/b.bib", None),
        ("https://example.org/papers.bib", None), ("", None), ("two words", None),
    ],
)  # fmt: skip
def test_one(text, expected):
    found = mentions.find_one(text)
    assert (str(found) if found else None) == expected


def test_what_is_not_understood_is_told_so_many_times_and_then_counted():
    found = mentions.find("nothing\n" * (mentions.MOST_UNKNOWN + 5))
    assert (len(found.unknown), found.more_unknown) == (mentions.MOST_UNKNOWN, 5)


HOSTILE = {
    "DOIs in a DOI": "10.1000/" * 12_000,
    "one word": "a" * 100_000,
    "digits": "10." + "1" * 90_000,
    "words": "isbn " * 20_000,
    "numbers": "97 " * 30_000,
    "schemes": "https://" * 12_000,
    "brackets": "[](" * 30_000,
    "queries": "https://x.example/?" + "a&" * 40_000,
    "null bytes and surrogates": "10.5555/a\x00b \ud800 https://[::1 " * 2_000,
    "lines": "\n" * 99_999,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_no_time(text):
    begun = time.monotonic()
    mentions.find(text)
    mentions.find_in_each([text])
    mentions.find_one(text)
    assert time.monotonic() - begun < 2


PARTS = [
    *(
        "10.5555/",
        "https://",
        "arxiv.org/abs/",
        "2504.12345",
        "pmid",
        ":",
        ",",
        "](",
        "</",
        " ",
        "\n",
        "%2F",
        "?id=",
    ),
    "[",
]


@given(st.text(max_size=300) | st.lists(st.sampled_from(PARTS)).map("".join))
def test_any_text_is_read(text):
    found = mentions.find(text)
    assert len({each.identifier for each in found.mentions}) == len(found.mentions)
    mentions.find_one(text)
