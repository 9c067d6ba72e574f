from datetime import UTC, date, datetime
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.importers import arxiv_atom
from papers.records import Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part

SMALL = (DATA / "arxiv-atom.xml").read_bytes()
START = b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">'
read_feed = partial(parse, "arxiv-atom")


def make_entry(number=1, more=b"", title=None):
    title = b"Paper %d" % number if title is None else title
    return b"<entry><id>http://arxiv.org/abs/2504.%05dv1</id><title>%s</title>%s</entry>" % (
        number,
        title,
        more,
    )


def make_feed(*entries, start=START, end=b"</feed>"):
    return start + b"<id>https://arxiv.org/api/x</id>" + b"\n".join(entries) + end


class TestSmallFeed:
    def test_papers_come_in_and_the_broken_ones_are_named(self):
        records, rejections = read_feed(SMALL)
        assert [(record.place, record.key) for record in records] == [
            ("entry 1", "2504.01001"),
            ("entry 3", "math/0309136"),
        ]
        assert [(rejection.place, rejection.reason) for rejection in rejections] == [
            ("entry 2", "The entry is not well-formed XML: Opening and ending tag mismatch: b and title."),
            ("entry 4", "Its id is no arXiv identifier: http://example.org/not-arxiv."),
        ]
        assert "An Entry That <b>Nobody Closed" in rejections[0].raw

    def test_every_field(self):
        assert read_feed(SMALL, date=date(2025, 4, 25))[0][0] == Record(
            key="2504.01001",
            title="Umbrellas That Remember Rain: Retrieval for Weather Diaries",
            abstract="We keep a diary of every shower & let a small model look it up.\n\n"
            r"It forecasts drizzle 12\% better than a barometer, for $p < 0.05$.",
            authors=("Þóra Björk Önnudóttir", "李 小雨"),
            identifiers=(Identifier("arxiv", "2504.01001"), Identifier("doi", "10.1000/drizzle.7")),
            published=date(2025, 4, 1),
            updated=datetime(2025, 4, 24, 21, 30, tzinfo=UTC),
            revision=3,
            categories=("physics.ao-ph", "cs.IR"),  # the primary one first
            journal="J. Appl. Drizzle 7 (2025) 1-12",
            urls=(
                ("page", "https://arxiv.org/abs/2504.01001"),
                ("pdf", "https://arxiv.org/pdf/2504.01001"),
                ("doi", "https://doi.org/10.1000/drizzle.7"),
                ("doi", "https://doi.org/10.1000/drizzle.7-erratum"),
            ),
            comment="12 pages, 3 puddles",
            rank=Rank.PREPRINT,
            place="entry 1",
            listed=date(2025, 4, 25),
        )

    def test_old_identifier_and_withdrawal(self):
        record = read_feed(SMALL)[0][1]
        assert record.identifiers == (Identifier("arxiv", "math/0309136"),)
        assert (record.revision, record.withdrawn) == (2, True)


class TestRealFeeds:
    @pytest.fixture
    def read(self, shared_data):
        def read(name):
            with shared_data(f"arxiv-atom/{name}.xml").open("rb") as stream:
                records, rejections = part(importers.read(stream))
            assert rejections == []
            return records

        return read

    def test_three_pages_hold_30_papers(self, read):
        pages = [read(f"query-all-testing-start0{start}0-max10") for start in range(3)]
        assert [len(page) for page in pages] == [10, 10, 10]
        assert len({record.key for page in pages for record in page}) == 30
        first = {record.key: record for record in pages[0]}
        assert (pages[0][0].key, pages[0][-1].key) == ("2202.12139", "1812.11470")
        assert sum(record.revision >= 2 for record in pages[0]) == 5
        assert sum(len(record.identifiers) == 2 for record in pages[0]) == 6
        assert sum(bool(record.journal) for record in pages[0]) == 6
        assert {"Aurora Ramírez", "José Raúl Romero"} <= set(first["2405.13786"].authors)
        assert any("Katharina Götz" in record.authors for record in pages[1])
        third = {record.key: record for record in pages[2]}
        assert third["2409.05654"].revision == 9
        assert third["2306.03845"].title == "$ω$Test: WebView-Oriented Testing for Android Applications"

    def test_old_identifier(self, read):
        (record,) = read("old-style-id-astro-ph-0601001")
        assert record.identifiers == (Identifier("arxiv", "astro-ph/0601001"),)
        assert record.authors == ("Andrew Gould", "Susan Dorsher", "B. Scott Gaudi", "Andrzej Udalski")
        assert record.journal == "ActaAstron.56:1-50,2006"
        assert record.published == date(2006, 1, 2)
        assert record.abstract.startswith("We derive the frequencies")

    def test_unknown_id_is_left_out(self, read):
        (record,) = read("id-list-two-asked-one-returned")
        assert (record.key, len(record.authors)) == ("1707.08567", 34)
        assert "Dirk Wübben" in record.authors

    def test_older_server_layout(self, read):
        first, second = read("older-server-layout-cs.RO-2025-10-17")
        assert first.title.endswith("Planner Alignment in Long-Horizon Tasks")
        assert first.comment.startswith(
            "39th Conference on Neural Information Processing Systems (NeurIPS 2025);"
        )
        assert first.abstract.startswith("To tackle long-horizon tasks, recent")
        assert "\n" not in first.abstract
        assert first.categories == ("cs.RO", "cs.AI", "cs.CV", "cs.LG", "cs.SY", "eess.SY")
        assert ("page", "https://arxiv.org/abs/2510.14827") in second.urls

    def test_title_may_be_the_digit_zero(self, read):
        assert [record.title for record in read("title-is-the-digit-zero-2104.12255v1")] == ["0"]

    def test_empty_result_gives_nothing(self, read):
        assert read("empty-result-http200") == []

    def test_error_that_looks_like_a_paper(self, read):
        with pytest.raises(
            UnreadableInput, match=r"arXiv answered with an error.*: incorrect id format for abc"
        ):
            read("error-incorrect-id-format-http400")

    def test_announcement_feed_is_another_format(self, shared_data):
        with shared_data("arxiv-rss/atom-cs.AI-2025-08-20-cut-off.xml").open("rb") as stream:
            head = stream.read()
        assert not arxiv_atom.sniff(head)
        with pytest.raises(UnreadableInput, match="announcement feed"):
            read_feed(head)


class TestEntries:
    def test_both_server_layouts_give_the_same_record(self):
        old = make_entry(
            more=b'<link href="http://arxiv.org/abs/2504.00001v1" rel="alternate"/>'
            b"<summary>  One line\nand another.\n</summary>"
            b'<arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.AI"/>'
        )
        new = make_entry(
            more=b'<arxiv:primary_category term="cs.AI"/>'
            b"<summary>One line and another.</summary>"
            b'<link href="https://arxiv.org/abs/2504.00001v1" rel="alternate"/>'
        )
        bare = b'<feed xmlns="http://www.w3.org/2005/Atom">'
        assert read_feed(make_feed(old, start=bare)) == read_feed(make_feed(new))

    def test_prefixed_elements(self):
        data = (
            make_feed(make_entry())
            .replace(b"<", b"<a:")
            .replace(b"<a:/", b"</a:")
            .replace(b"xmlns=", b"xmlns:a=")
        )
        assert read_feed(data) == read_feed(make_feed(make_entry()))

    @pytest.mark.parametrize(
        ("comment", "abstract", "withdrawn"),
        [
            ("This paper has been withdrawn", "We prove it.", True),
            ("12 pages. This paper has been withdrawn by the author due to an error", "We prove it.", True),
            ("Withdrawn by the authors", "We prove it.", True),
            ("", "This submission has been withdrawn by arXiv administrators.", True),
            ("", "This paper was temporarily withdrawn.", True),
            ("", "We study why this paper has been withdrawn, and others like it.", False),
            ("We have withdrawn money", "Withdrawal symptoms of markets.", False),
            ("", "", False),
        ],
    )
    def test_withdrawals(self, comment, abstract, withdrawn):
        more = f"<arxiv:comment>{comment}</arxiv:comment><summary>{abstract}</summary>".encode()
        assert read_feed(make_feed(make_entry(more=more)))[0][0].withdrawn is withdrawn

    def test_arxivs_own_doi_is_no_second_identifier(self):
        more = b"<arxiv:doi>10.48550/arXiv.2504.00001</arxiv:doi>"
        (record,), _ = read_feed(make_feed(make_entry(more=more)))
        assert record.identifiers == (Identifier("arxiv", "2504.00001"),)

    @pytest.mark.parametrize(
        "broken",
        [
            pytest.param(make_entry(9, title=b"A & B"), id="bare-ampersand"),
            pytest.param(make_entry(9, title=b"&nbsp;"), id="html-entity"),
            pytest.param(make_entry(9, title=b"a\xf6b"), id="latin-1-byte"),
            pytest.param(make_entry(9, title=b"a\x0bb"), id="control"),
            pytest.param(make_entry(9, title=b"&#0;"), id="null-reference"),
            pytest.param(make_entry(9, title=b"a\x00b"), id="null-byte"),
            pytest.param(make_entry(9, title=b"<i>x"), id="unclosed"),
            pytest.param(make_entry(9).removesuffix(b"</entry>"), id="no-end"),
            pytest.param(make_entry(9, more=b"<other:x/>"), id="unknown-prefix"),
            pytest.param(make_entry(9, more=b"<b>" * 500 + b"</b>" * 500), id="too-deep"),
            pytest.param(make_entry(9, title=b"  "), id="no-title"),
            pytest.param(b"<entry></entry>", id="empty"),
            pytest.param(b"<entry><!-- </entry> --></entry>", id="comment"),
            pytest.param(make_entry(9, title=b"x" * 9_000_000), id="too-long"),
        ],
    )
    def test_broken_entry_costs_itself(self, broken):
        records, rejections = read_feed(make_feed(make_entry(1), broken, make_entry(2)))
        assert [record.title for record in records] == ["Paper 1", "Paper 2"]
        assert [rejection.place for rejection in rejections] == ["entry 2"]

    def test_bad_byte_is_named(self):
        _, (rejection,) = read_feed(make_feed(make_entry(1, title=b"a\xf6b")))
        assert rejection.reason == "The entry cannot be read: byte 0xF6 is not UTF-8; save the file as UTF-8."


class TestCutOffFeeds:
    def test_feed_cut_off_anywhere_gives_whole_papers_and_says_so(self):
        whole, _ = read_feed(SMALL)
        for size in range(SMALL.index(b"<id>"), SMALL.rindex(b"</feed>") + len(b"</feed")):
            records, rejections = read_feed(SMALL[:size])
            assert records == whole[: len(records)]
            assert rejections[-1].reason in (
                "The file ends in the middle of this entry.",
                "The file ends before the feed does; entries after this place are missing.",
            )

    def test_real_download_that_broke_off(self, shared_data):
        data = shared_data("arxiv-atom/query-all-testing-start000-max10.xml").read_bytes()
        cut = data[: data.index(b"<summary>", data.index(b"2405.13786"))]
        records, rejections = read_feed(cut)
        assert records == read_feed(data)[0][: len(records)]
        assert [rejection.place for rejection in rejections] == [f"entry {len(records) + 1}"]


class TestHostileFeeds:
    @pytest.mark.parametrize(
        "document_type",
        [
            b'<!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
            b'<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            b"<!doctype feed>",
        ],
        ids=["bomb", "local-file", "lower-case"],
    )
    @pytest.mark.parametrize("before", [b"", b'<?xml version="1.0"?>\n<!-- x -->\n'], ids=["first", "later"])
    def test_document_type_is_refused(self, document_type, before):
        data = before + document_type + make_feed(make_entry(title=b"&b;&x;"))
        with pytest.raises(UnreadableInput, match="declares a document type"):
            read_feed(data)

    def test_document_type_within_an_entry_is_not_well_formed(self):
        broken = make_entry(9, more=b'<!DOCTYPE x [<!ENTITY a "b">]>')
        assert len(read_feed(make_feed(broken, make_entry(1)))[1]) == 1

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "no start tag"),
            (b"banana", "no start tag"),
            (b"<feed", "no start tag"),
            (b"<!-- " + b"x" * 100_000, "no start tag"),
            (b"<feed></feed>", "begins with <feed>"),
            (b'<rss version="2.0"></rss>', "begins with <rss>"),
            (b"<a:feed></a:feed>", "no Atom feed"),
            (b'<?xml version="1.0" encoding="rot13"?>' + START, "the encoding 'rot13'"),
        ],
        ids=["empty", "text", "half-a-tag", "endless-comment", "no-namespace", "rss", "prefix", "encoding"],
    )
    def test_what_is_no_feed_is_refused(self, data, message):
        with pytest.raises(UnreadableInput, match=message):
            read_feed(data)

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
    def test_encodings(self, encoding):
        declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n'
        data = (declared + make_feed(make_entry(title="Schrödinger".encode())).decode()).encode(encoding)
        assert [record.title for record in read_feed(data)[0]] == ["Schrödinger"]

    def test_feed_in_one_empty_tag(self):
        assert read_feed(b'<feed xmlns="http://www.w3.org/2005/Atom"/>') == ([], [])


class TestSniff:
    def test_knows_a_feed(self):
        assert arxiv_atom.sniff(SMALL)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"banana",
            b"<html></html>",
            START + b"<id>https://example.org/blog</id>",
            b'<rss version="2.0"/>',
        ],
    )
    def test_leaves_other_data_alone(self, data):
        assert not arxiv_atom.sniff(data)
