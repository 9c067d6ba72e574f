from datetime import UTC, date, datetime
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.importers import feed
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse

SMALL = (DATA / "feed.xml").read_bytes()
NAMESPACES = (
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/basic/3.0/" '
    b'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)
read_feed = partial(parse, "feed")


def read_item(elements, title=b"<title>A Title</title>"):
    data = b'<rss version="2.0" %s><channel><item>%s%s</item></channel></rss>' % (NAMESPACES, title, elements)
    ((record,), rejections) = read_feed(data)
    assert rejections == []
    return record


def read_atom(elements, start=b'<feed xmlns="http://www.w3.org/2005/Atom">', before=b""):
    ((record,), rejections) = read_feed(start + before + b"<entry>" + elements + b"</entry></feed>")
    assert rejections == []
    return record


class TestSmallFeed:
    def test_entries_come_in_and_the_broken_ones_are_named(self):
        records, rejections = read_feed(SMALL)
        assert [(record.place, record.key) for record in records] == [
            ("entry 1", "drizzle-7"),
            ("entry 2", "https://blog.example.org/week"),
        ]
        assert [(rejection.place, rejection.reason) for rejection in rejections] == [
            ("entry 3", "The entry is not well-formed XML: xmlParseEntityRef: no name."),
            ("entry 4", "There is no title."),
        ]

    def test_every_field_of_an_article(self):
        assert read_feed(SMALL, date=date(2025, 4, 26))[0][0] == Record(
            key="drizzle-7",
            title="Does Salix Drink & Grow?",
            abstract="Willows drink it, as we show for H₂O and a thousand trees.\n\nSo do we.",
            authors=("Þóra Önnudóttir", "Jo van den Regen", "C. Cloud"),
            identifiers=(Identifier("doi", "10.1000/willow.7"),),
            published=date(2025, 5, 1),
            published_precision=Precision.MONTH,
            categories=("Weather",),
            journal="Journal of Drizzle",
            volume="5",
            issue="2",
            pages="12-30",
            urls=(
                ("page", "https://drizzle.example.org/doi/abs/10.1000/Willow.7?af=R"),
                ("pdf", "https://drizzle.example.org/7.pdf"),
                ("doi", "https://doi.org/10.1000/willow.7"),
            ),
            rank=Rank.AGGREGATOR,
            place="entry 1",
            listed=date(2025, 4, 26),
        )

    def test_post_of_a_blog_keeps_no_address_of_its_author(self):
        record = read_feed(SMALL)[0][1]
        assert (record.authors, record.published) == (("Someone Else",), date(2025, 4, 25))
        assert "someone@" not in str(record)


class TestDialects:
    RDF = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" %s ' % NAMESPACES

    @pytest.mark.parametrize(
        "data",
        [
            b"<rss version='0.91'><channel><item><title>T</title><link>https://example.org/1</link></item></channel></rss>",
            b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
            b'"http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>'
            b"<item><title>T</title><link>https://example.org/1</link></item></channel></rss>",
            RDF + b'xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>C</title></channel>'
            b"<item><title>T</title><link>https://example.org/1</link></item></rdf:RDF>",
            RDF
            + b'xmlns="http://purl.org/rss/1.0/"><channel><items><rdf:Seq><rdf:li/></rdf:Seq></items></channel>'
            b'<item rdf:about="https://example.org/1"><title>T</title><link>https://example.org/1</link></item></rdf:RDF>',
            b'<rss xmlns="http://backend.userland.com/rss2" version="2.0"><channel><item><title>T</title>'
            b"<guid>https://example.org/1</guid></item></channel></rss>",
            b'<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title mode="escaped">T</title>'
            b'<link rel="alternate" href="https://example.org/1"/><id>https://example.org/1</id></entry></feed>',
            b'<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>T</a:title>'
            b'<a:link href="https://example.org/1"/><a:id>https://example.org/1</a:id></a:entry></a:feed>',
            b'<entry xmlns="http://www.w3.org/2005/Atom"><title>T</title><link href="https://example.org/1"/>'
            b"<id>https://example.org/1</id></entry>",
        ],
        ids=["0.91", "0.91-dtd", "0.9", "1.0", "2.0-namespace", "atom-0.3", "atom-prefix", "atom-entry"],
    )
    def test_all_say_the_same(self, data):
        assert importers.find_importer(data) is feed
        ((record,), rejections) = read_feed(data)
        assert rejections == []
        assert (record.key, record.title) == ("https://example.org/1", "T")
        assert record.urls == (("page", "https://example.org/1"),)

    def test_feed_without_entries(self):
        assert read_feed(b'<rss version="2.0"><channel><title>C</title></channel></rss>') == ([], [])

    def test_arxivs_old_feeds(self):
        record = read_item(
            b"<link>http://arxiv.org/abs/2401.00001</link>"
            b'<dc:creator>&lt;a href="http://arxiv.org/a/1"&gt;A. One&lt;/a&gt;, B. Two</dc:creator>',
            title=b"<title>A Title. (arXiv:2401.00001v3 [cs.AI] UPDATED)</title>",
        )
        assert (record.title, record.revision) == ("A Title.", 3)
        assert record.authors == ("A. One", "B. Two")
        assert record.identifiers == (Identifier("arxiv", "2401.00001"),)


class TestTexts:
    @pytest.mark.parametrize(
        ("written", "title"),
        [
            (b"<title>For $0 &lt; p &lt; q$</title>", "For $0 < p < q$"),
            (b'<title type="text">A &lt;i&gt; tag</title>', "A <i> tag"),
            (b'<title type="html">&lt;i&gt;Salix&lt;/i&gt; &amp;amp; co</title>', "Salix & co"),
            (
                b'<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <i>Salix</i>&lt;b</div></title>',
                "A Salix<b",
            ),
            (b"<title><![CDATA[A &amp; B]]></title>", "A & B"),
            (b"<title>A &ndash; B</title>", "A – B"),
            (b"<title>0</title>", "0"),
        ],
    )
    def test_titles(self, written, title):
        assert read_atom(written).title == title

    def test_blog_is_known_by_its_summary(self):
        record = read_atom(
            b"<title>T</title><content>All of it, and more.</content><summary>In short.</summary>"
        )
        assert record.abstract == "In short."

    def test_long_post_is_known_by_its_beginning(self):
        post = b"&lt;p&gt;" + b"A sentence. " * 400 + b"&lt;/p&gt;"
        record = read_item(b"<description>" + post * 40 + b"</description>")
        assert 10_000 < len(record.abstract) <= 20_000
        assert record.abstract.endswith("sentence.")

    def test_citation_in_the_place_of_an_abstract(self):
        record = read_item(
            b"<description>&lt;p&gt;Publication date: March 2024&lt;/p&gt;&lt;p&gt;&lt;b&gt;Source:&lt;/b&gt; Drizzle, "
            b"Volume 328&lt;/p&gt;&lt;p&gt;Author(s): A. One, B. Two&lt;/p&gt;</description>"
        )
        assert (record.abstract, record.journal, record.volume) == ("", "Drizzle", "328")
        assert record.authors == ("A. One", "B. Two")


class TestAuthors:
    @pytest.mark.parametrize(
        ("written", "names"),
        [
            (b"<dc:creator>Regen, Jeroen</dc:creator>", ("Jeroen Regen",)),
            (b"<dc:creator>van den Regen, J.</dc:creator>", ("J. van den Regen",)),
            (b"<dc:creator>Li Wei, Jo Ng</dc:creator>", ("Li Wei", "Jo Ng")),
            (b"<dc:creator>Regen, Jo; Ng, Li</dc:creator>", ("Jo Regen", "Li Ng")),
            (b"<dc:creator>A. One</dc:creator><dc:creator>Two, B.</dc:creator>", ("A. One", "B. Two")),
            (b"<dc:creator>By A. One and B. Two</dc:creator>", ("A. One", "B. Two")),
            (b"<author>a@example.org</author>", ()),
            (b"<author>a@example.org (A. One)</author>", ("A. One",)),
            (b"<author>A. One</author>", ("A. One",)),
        ],
    )
    def test_of_rss(self, written, names):
        assert read_item(written).authors == names

    def test_of_atom_and_of_the_whole_feed(self):
        own = b"<author><name>A. One</name><email>a@example.org</email></author><author><name>B. Two</name></author>"
        whole = b"<author><name>C. Three</name></author>"
        assert read_atom(b"<title>T</title>" + own, before=whole).authors == ("A. One", "B. Two")
        assert read_atom(b"<title>T</title>", before=whole).authors == ("C. Three",)


class TestFacts:
    @pytest.mark.parametrize(
        ("written", "doi"),
        [
            (b"<prism:doi>10.1000/A</prism:doi>", "10.1000/a"),
            (b"<prism:doi>https://doi.org/10.1000/A</prism:doi>", "10.1000/a"),
            (b"<dc:identifier>doi:10.1000/a</dc:identifier>", "10.1000/a"),
            (b"<guid isPermaLink='false'>10.1000/a</guid>", "10.1000/a"),
            (b"<link>https://doi.org/10.1000/a</link>", "10.1000/a"),
            (b"<link>http://feeds.example.org/x</link><feedburner:origLink>https://doi.org/10.1000/a"
             b"</feedburner:origLink>", "10.1000/a"),
            (b"<link>https://example.org/doi/full/10.1000/a.b?af=R</link>", "10.1000/a.b"),
            (b"<link>https://example.org/article/10.1007%2Fs1-2</link>", "10.1007/s1-2"),
            (b"<link>https://example.org/articles/10.3389/x.2025.1/full</link>", "10.3389/x.2025.1"),
            (b"<link>https://www.biorxiv.org/content/10.1101/2025.04.01.12v2?rss=1</link>", "10.1101/2025.04.01.12"),
            (b"<link>https://example.org/doi/10.20944/preprints2025.0801.v1</link>", "10.20944/preprints2025.0801.v1"),
            (b"<link>https://journals.plos.org/one/article?id=10.1371/journal.pone.1</link>", "10.1371/journal.pone.1"),
            (b"<link>https://www.nature.com/articles/s41586-025-01234-5</link>", "10.1038/s41586-025-01234-5"),
            (b"<link>https://example.org/j/article/doi/10.1093/x/y1/1234/5678</link>", None),
            (b"<link>https://example.org/doi/10.1000/x1v2</link>", "10.1000/x1v2"),
            (b"<link>https://example.org/about/10.1000/a</link>", None),
            (b"<dc:identifier>ISSN 1234-5679</dc:identifier>", None),
            (b"<dc:identifier>9783161484100</dc:identifier>", None),
        ],
    )  # fmt: skip
    def test_identifiers(self, written, doi):
        assert read_item(written).identifiers == ((Identifier("doi", doi),) if doi else ())

    def test_services_are_known_by_their_addresses(self):
        record = read_item(b"<link>https://pubmed.ncbi.nlm.nih.gov/12345/?utm_source=x</link>")
        assert record.identifiers == (Identifier("pmid", "12345"),)

    def test_second_doi_names_another_work(self):
        record = read_item(
            b"<dc:identifier>10.1000/a</dc:identifier><dc:identifier>10.1000/b</dc:identifier>"
        )
        assert record.identifiers == (Identifier("doi", "10.1000/a"),)

    @pytest.mark.parametrize(
        ("written", "day", "precision"),
        [
            (b"<pubDate>Fri, 25 Apr 2025 23:30:00 EST</pubDate>", date(2025, 4, 26), Precision.DAY),
            (b"<pubDate>2025-04-25</pubDate>", date(2025, 4, 25), Precision.DAY),
            (b"<pubDate>x</pubDate><dc:date>2025-04</dc:date>", date(2025, 4, 1), Precision.MONTH),
            (b"<prism:publicationDate>2025</prism:publicationDate>", date(2025, 1, 1), Precision.YEAR),
            (b"<pubDate>Fri, 25 Apr 99999 00:00:00 GMT</pubDate>", None, Precision.DAY),
        ],
    )
    def test_days(self, written, day, precision):
        record = read_item(written)
        assert (record.published, record.published_precision) == (day, precision)

    def test_day_of_an_entry_that_was_only_updated(self):
        record = read_atom(b"<title>T</title><updated>2025-04-25T10:00:00Z</updated>")
        assert (record.published, record.updated) == (
            date(2025, 4, 25),
            datetime(2025, 4, 25, 10, tzinfo=UTC),
        )

    def test_journal_that_an_entry_was_taken_from(self):
        source = b"<source><title>Blog of Drizzle</title><id>x</id></source>"
        assert read_atom(b"<title>T</title>" + source).journal == "Blog of Drizzle"
        assert read_item(b"<dc:source>10.1000/a</dc:source>").journal == ""

    def test_key_without_any_name_is_made_of_the_content(self):
        assert read_item(b"").key
        assert 0 < len(read_item(b"<guid>" + b"x" * 600 + b"</guid>").key) < 500


class TestSniff:
    @pytest.mark.parametrize(
        "name", ["arxiv-atom.xml", "arxiv-rss.xml", "zotero-rdf.rdf", "oai.xml", "pubmed.xml"]
    )
    def test_what_others_know_better_is_theirs(self, name):
        assert importers.find_importer((DATA / name).read_bytes()) is not feed

    @pytest.mark.parametrize("data", [b"", b"banana", b"<feed/>", b"<html/>", b"<records><item/></records>"])
    def test_leaves_other_data_alone(self, data):
        assert not feed.sniff(data)

    def test_what_is_no_feed_is_refused(self):
        with pytest.raises(UnreadableInput, match="it begins with <html>"):
            read_feed(b"<html/>")

    def test_real_announcements_read_as_any_feed(self, shared_data):
        records, rejections = read_feed(
            shared_data("arxiv-rss/rss2-cs.AI-2026-04-27-first-3.xml").read_bytes()
        )
        assert rejections == []
        assert [len(record.authors) for record in records] == [2, 18, 17]
        assert records[0].identifiers == (Identifier("arxiv", "2604.21935"),)
