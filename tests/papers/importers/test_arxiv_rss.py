from datetime import date
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.importers import arxiv_atom, arxiv_rss
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part

SMALL = (DATA / "arxiv-rss.xml").read_bytes()
DAY = date(2025, 4, 25)
read_feed = partial(parse, "arxiv-rss")


def make_item(more=b"", creator=b"A. Author"):
    return (
        b'<rss version="2.0" xmlns:arxiv="http://arxiv.org/schemas/atom" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><item><title>Paper</title>'
        b"<guid>oai:arXiv.org:2504.00001v1</guid><dc:creator>%s</dc:creator>%s</item></channel></rss>"
    ) % (creator, more)


class TestSmallFeed:
    def test_papers_come_in_and_the_broken_ones_are_named(self):
        records, rejections = read_feed(SMALL)
        assert [(record.place, record.key, record.revision) for record in records] == [
            ("entry 1", "rss:2504.02001", 1),
            ("entry 2", "rss:2504.02002", 2),
            ("entry 4", "rss:math/0309136", 7),
            ("entry 5", "rss:2501.02004", 3),
        ]
        assert [(rejection.place, rejection.reason) for rejection in rejections] == [
            ("entry 3", "The entry is not well-formed XML: Opening and ending tag mismatch: b and title."),
            ("entry 6", "Its id is no arXiv identifier: https://example.org/post."),
        ]

    def test_every_field(self):
        assert read_feed(SMALL)[0][0] == Record(
            key="rss:2504.02001",
            title=r"Puddles as a Data Structure of $O(\log n)$ Depth",
            abstract="We store numbers in puddles & find them again. Abstract: the word may come twice.",
            authors=("Jörg Nässe", "Dana Pižura", "李 小雨", "Rain Collaboration"),
            identifiers=(Identifier("arxiv", "2504.02001"), Identifier("doi", "10.1000/puddle.1")),
            published=date(2025, 4, 1),
            published_precision=Precision.MONTH,
            revision=1,
            categories=("cs.IR", "cs.DS"),
            journal="J. Appl. Drizzle 8 (2025) 3",
            urls=(
                ("page", "https://arxiv.org/abs/2504.02001"),
                ("pdf", "https://arxiv.org/pdf/2504.02001"),
                ("doi", "https://doi.org/10.1000/puddle.1"),
                ("doi", "https://doi.org/10.1000/puddle.1-erratum"),
            ),
            rank=Rank.PREPRINT,
            place="entry 1",
            listed=DAY,
        )

    def test_only_new_papers_and_cross_lists_stand_in_the_listing(self):
        records, _ = read_feed(SMALL, date=DAY)
        assert [record.listed for record in records] == [DAY, DAY, None, None]
        assert [record.unlisted for record in records] == [False, False, True, True]

    def test_withdrawal_and_month_of_an_old_identifier(self):
        record = read_feed(SMALL)[0][2]
        assert (record.withdrawn, record.published) == (True, date(2003, 9, 1))


class TestItems:
    @pytest.mark.parametrize(
        ("written", "day"),
        [
            (b"<pubDate>Fri, 25 Apr 2025 00:00:00 -0400</pubDate>", DAY),
            (b"<pubDate>Fri, 25 Apr 2025 04:00:00 GMT</pubDate>", DAY),
            (b"<pubDate>Thu, 24 Apr 2025 23:00:00 -0500</pubDate>", DAY),
            (b"<pubDate>Sat, 26 Apr 2025 03:00:00 GMT</pubDate>", DAY),
            (b"<pubDate>soon</pubDate>", date(2025, 1, 1)),
            (b"<pubDate>Fri, 25 Apr 99999 00:00:00 -0400</pubDate>", date(2025, 1, 1)),
            (b"", date(2025, 1, 1)),
        ],
    )
    def test_day_is_that_of_arxiv(self, written, day):
        ((record,), _) = read_feed(make_item(written), date=date(2025, 1, 1))
        assert record.listed == day

    def test_atom_gives_the_same_record(self):
        rss = make_item(
            b"<description>arXiv:2504.00001v1 Announce Type: cross \nAbstract: One.</description>"
            b"<category>cs.AI</category><pubDate>Fri, 25 Apr 2025 00:00:00 -0400</pubDate>"
        )
        atom = (
            b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            b"<entry><id>oai:arXiv.org:2504.00001v1</id><title>Paper</title>"
            b"<summary>arXiv:2504.00001v1 Announce Type: cross \nAbstract: One.</summary>"
            b'<category term="cs.AI"/><published>2025-04-25T00:00:00-04:00</published>'
            b"<updated>2025-04-25T04:00:19.910019+00:00</updated>"
            b"<dc:creator>A. Author</dc:creator></entry></feed>"
        )
        assert read_feed(atom) == read_feed(rss)

    def test_feed_cut_off_anywhere_gives_whole_papers_and_says_so(self):
        whole, _ = read_feed(SMALL)
        for size in range(SMALL.index(b"<channel>"), SMALL.rindex(b"</rss>")):
            records, rejections = read_feed(SMALL[:size])
            assert records == whole[: len(records)]
            assert rejections[-1].reason in (
                "The file ends in the middle of this entry.",
                "The file ends before the feed does; entries after this place are missing.",
            )


class TestRealFeeds:
    @pytest.fixture
    def read(self, shared_data):
        def read(name):
            with shared_data(f"arxiv-rss/{name}.xml").open("rb") as stream:
                return part(importers.read(stream))

        return read

    def test_atom_that_is_cut_off(self, read):
        records, rejections = read("atom-cs.AI-2025-08-20-cut-off")
        assert [(one.place, one.reason) for one in rejections] == [
            ("entry 87", "The file ends in the middle of this entry.")
        ]
        assert "2508.13435v1" in rejections[0].raw
        assert (len(records), len({record.key for record in records})) == (86, 86)
        assert (records[0].key, records[-1].key) == ("rss:2508.13167", "rss:2508.13434")
        assert {record.listed for record in records} == {date(2025, 8, 20)}
        by_key = {record.key: record for record in records}
        assert "Nikola Pižurica" in by_key["rss:2508.13177"].authors
        assert Identifier("doi", "10.7249/pea3971-1") in by_key["rss:2508.00875"].identifiers
        assert by_key["rss:2508.13303"].journal.startswith("2025 IEEE/RSJ")
        assert not any("Announce Type" in record.abstract or not record.abstract for record in records)
        assert not any("\\" in name for record in records for name in record.authors)

    def test_rss(self, read):
        records, rejections = read("rss2-cs.AI-2026-04-27-first-3")
        assert rejections == []
        assert [(record.key, len(record.authors)) for record in records] == [
            ("rss:2604.21935", 2),
            ("rss:2604.21936", 18),
            ("rss:2604.21937", 17),
        ]
        assert {record.listed for record in records} == {date(2026, 4, 27)}

    def test_weekend_is_empty(self, read):
        assert read("rss2-cs.CL-2026-08-01-weekend-empty") == ([], [])


class TestSniff:
    def test_is_told_from_the_api_and_from_other_feeds(self):
        assert arxiv_rss.sniff(SMALL)
        assert not arxiv_atom.sniff(SMALL)
        assert not arxiv_rss.sniff((DATA / "arxiv-atom.xml").read_bytes())
        assert not arxiv_rss.sniff(
            b'<rss version="2.0"><channel><link>https://example.org</link></channel></rss>'
        )
        assert not arxiv_rss.sniff(b"banana")

    def test_what_is_no_feed_is_refused(self):
        with pytest.raises(UnreadableInput, match="it begins with <html>"):
            read_feed(b"<html/>")
