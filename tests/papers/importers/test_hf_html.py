import io
import re
from datetime import date
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.importers import hf_html
from papers.records import Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part

PAGE = (DATA / "hf-html.html").read_bytes()
ARTICLES = re.sub(rb' data-target="DailyPapers" data-props="[^"]*"', b"", PAGE)
HEAD = b"<!doctype html><title>Daily Papers - Hugging Face</title>"
DAY = date(2025, 4, 25)
read_page = partial(parse, "hf-html")


class TestData:
    """The JSON within the page."""

    def test_paper_says_what_the_api_says(self):
        assert read_page(PAGE)[0][0] == Record(
            key="2504.01001",
            title='Umbrellas & "Rain": a <Diary>',
            abstract="We keep a diary. It's long, k < 3.",
            authors=("Wilma van der Drop", "Jörg Schauer"),
            identifiers=(Identifier("arxiv", "2504.01001"),),
            published=date(2025, 4, 2),
            urls=(
                ("code", "https://github.com/example/rain"),
                ("page", "https://huggingface.co/papers/2504.01001"),
                ("pdf", "https://arxiv.org/pdf/2504.01001"),
            ),
            upvotes=3,
            rank=Rank.AGGREGATOR,
            place="item 1",
            listed=DAY,
        )

    def test_broken_item_is_named_and_the_others_come_in(self):
        records, rejections = read_page(PAGE)
        assert [record.title for record in records][1:] == ["Kettles"]
        assert [(each.place, each.reason) for each in rejections] == [("item 2", "The paper has no id.")]

    def test_day_is_that_of_the_address_or_the_one_that_is_given(self):
        assert read_page(PAGE)[0][1].listed == DAY
        assert read_page(PAGE, date=date(2025, 4, 26))[0][1].listed == date(2025, 4, 26)
        without = re.sub(rb'<meta property="og:url"[^>]*>', b"", PAGE)
        assert read_page(without)[0][1].listed is None
        assert (
            read_page(
                b"<!-- saved from url=(0045)https://huggingface.co/papers/date/2025-04-25 -->" + without
            )[0][1].listed
            == DAY
        )

    def test_single_quotes_and_another_order_of_articles(self):
        value = re.search(rb'DailyPapers" data-props="([^"]*)"', PAGE)[1]
        plain = value.replace(b"&quot;", b'"').replace(b"&#x27;", b"&apos;")
        assert read_page(PAGE.replace(b'"' + value + b'"', b"'" + plain + b"'")) == read_page(PAGE)

    @pytest.mark.parametrize("share", [0.3, 0.5, 0.6])
    def test_cut_off_page_keeps_what_is_whole_and_says_so(self, share):
        start = PAGE.index(b"dailyPapers&quot;")
        stop = PAGE.index(b'"><section>')
        records, rejections = read_page(PAGE[: start + int((stop - start) * share)])
        assert records == read_page(PAGE)[0][: len(records)]
        assert any("ends" in each.reason for each in rejections)


class TestArticles:
    """What is seen of the page, where the JSON is gone."""

    def test_titles_and_identifiers_are_read(self):
        records, rejections = read_page(ARTICLES)
        assert [(record.title, record.key, record.place) for record in records] == [
            ('Umbrellas & "Rain": a <Diary>', "2504.01001", "article 1"),
            ("Kettles", "2504.01002", "article 2"),
        ]
        assert {record.listed for record in records} == {DAY}
        assert all(record.identifiers and not record.authors and not record.abstract for record in records)
        assert [(each.place, each.reason) for each in rejections] == [
            ("article 3", "There is no link to a paper with its title.")
        ]

    def test_end_that_is_missing(self):
        whole = read_page(ARTICLES)[0]
        assert read_page(ARTICLES.replace(b"</article>", b""))[0] == whole
        assert read_page(ARTICLES[: ARTICLES.index(b"</section>")])[0] == whole

    def test_page_without_papers_says_what_to_do(self):
        with pytest.raises(UnreadableInput, match=r"no papers in this web page.*as text"):
            read_page(HEAD + b"<p>Nothing</p>" * 50_000)


@pytest.mark.parametrize("data", [PAGE, ARTICLES])
def test_is_told_by_its_content_among_web_pages(data):
    assert importers.find_importer(data) is importers.FORMATS["hf-html"]
    assert part(importers.read(io.BytesIO(data))) == read_page(data)


@pytest.mark.parametrize(
    "data",
    [
        b'<!doctype html><html><a href="https://huggingface.co/papers">papers</a>',
        b"<!doctype html><title>My Daily Papers</title>",
        b'<html><div data-target="Other">',
    ],
)
def test_other_pages_stay_refused(data):
    assert not hf_html.sniff(data)
    with pytest.raises(UnreadableInput, match="This is a web page"):
        importers.read(io.BytesIO(data))


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"<article" * 50_000,
        HEAD + b"<article><h3><a href='/papers/" * 60_000,
        HEAD + b"<div " + b"data-target='DailyPapers' " * 60_000,
        HEAD + b"<div data-target='DailyPapers' data-props='" + b"&" * 1_000_000,
        HEAD + b"<div data-target='DailyPapers' data-props='" + b"{" * 1_000_000,
        HEAD + b"<article>" + b"<h3" * 500_000,
        HEAD + b"x" * 3_000_000,
    ],
    ids=["articles", "links", "targets", "ampersands", "braces", "headings", "text"],
)
def test_work_grows_no_faster_than_the_input(data):
    try:
        read_page(data)
    except UnreadableInput as refusal:
        assert str(refusal).endswith(".")
