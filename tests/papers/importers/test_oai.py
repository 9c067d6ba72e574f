import io
from datetime import UTC, date, datetime
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.importers import oai
from papers.records import Deletion, Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part

SMALL = (DATA / "oai.xml").read_bytes()
START = b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
read_answer = partial(parse, "oai")


def wrap(metadata, named=b"oai:example.org:1", status=b""):
    return b"<record><header%s><identifier>%s</identifier></header><metadata>%s</metadata></record>" % (
        status,
        named,
        metadata,
    )


def read_dublin_core(elements, named=b"oai:example.org:1"):
    dc = (
        b'<d:dc xmlns:d="http://www.openarchives.org/OAI/2.0/oai_dc/"><title>A Title</title>%s</d:dc>'
        % elements
    )
    ((record,), rejections) = read_answer(
        START + b"<GetRecord>" + wrap(dc, named) + b"</GetRecord></OAI-PMH>"
    )
    assert rejections == []
    return record


def read_raw(elements):
    raw = b'<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2504.00001</id><title>T</title>%s</arXivRaw>'
    ((record,), rejections) = read_answer(raw % elements)
    assert rejections == []
    return record


class TestSmallAnswer:
    def test_papers_come_in_and_the_others_are_named(self):
        records, rejections = read_answer(SMALL)
        assert [(record.place, record.key) for record in records] == [
            ("record 1", "oai:2504.03001"),
            ("record 3", "oai:math/0309136"),
            ("record 5", "oai:repository.example.org:1234"),
        ]
        assert [(rejection.place, rejection.reason) for rejection in rejections] == [
            ("record 2", "The repository has deleted this record; what is in the catalogue stays as it is."),
            ("record 4", "The record is not well-formed XML: Opening and ending tag mismatch: b and title."),
        ]
        assert rejections[0].raw == "oai:example.org:17"
        assert [isinstance(rejection, Deletion) for rejection in rejections] == [True, False]

    def test_every_field_of_arxiv_raw(self):
        assert read_answer(SMALL, date=date(2025, 4, 25))[0][0] == Record(
            key="oai:2504.03001",
            title="Weather Diaries & Their Keepers",
            abstract="We read a thousand diaries, for $p < 0.05$, and some twice.\n\nKeepers like rain.",
            authors=("Björn Árnason", "Li Xiaoyu", "C. Cloud", "Rain Collaboration"),
            identifiers=(Identifier("arxiv", "2504.03001"), Identifier("doi", "10.1000/drizzle.7")),
            published=date(2025, 4, 1),
            updated=datetime(2025, 4, 24, 21, 30, tzinfo=UTC),
            revision=10,
            categories=("physics.ao-ph", "cs.IR"),
            journal="J. Appl. Drizzle 7 (2025) 1-12",
            urls=(
                ("page", "https://arxiv.org/abs/2504.03001"),
                ("pdf", "https://arxiv.org/pdf/2504.03001"),
                ("doi", "https://doi.org/10.1000/drizzle.7"),
                ("doi", "https://doi.org/10.1000/drizzle.7-erratum"),
            ),
            comment="12 pages, 3 puddles",
            rank=Rank.PREPRINT,
            place="record 1",
            listed=date(2025, 4, 25),
        )

    def test_arxivs_split_names_and_dates(self):
        record = read_answer(SMALL)[0][1]
        assert record.authors == ("Snow Collaboration", "M. de la Háil Jr")
        assert (record.published, record.updated) == (date(2003, 9, 8), datetime(2025, 4, 24, tzinfo=UTC))
        assert (record.revision, record.withdrawn) == (None, True)

    def test_every_field_of_dublin_core(self):
        assert read_answer(SMALL)[0][2] == Record(
            key="oai:repository.example.org:1234",
            title="Drizzle, and what Salix makes of it",
            abstract="Willows drink it.\n\nSo do we.",
            authors=("Jeroen van den Regen", "Institute of Wet Feet"),
            identifiers=(Identifier("doi", "10.1000/willow.1"), Identifier("pmid", "12345")),
            published=date(2021, 3, 1),
            published_precision=Precision.MONTH,
            categories=("Weather",),
            journal="Journal of Drizzle",
            volume="5",
            issue="2",
            pages="12-30",
            urls=(
                ("page", "https://repository.example.org/record/1234"),
                ("pdf", "https://repository.example.org/record/1234/file.pdf"),
                ("doi", "https://doi.org/10.1000/willow.1"),
            ),
            rank=Rank.AGGREGATOR,
            place="record 5",
        )

    def test_submitter_is_not_kept(self):
        assert not any("Private" in str(record) for record in read_answer(SMALL)[0])


class TestRecords:
    @pytest.mark.parametrize(
        ("source_types", "withdrawn"), [((b"D", b"I"), True), ((b"I", b"D"), False), ((b"DI", b"DI"), False)]
    )
    def test_last_revision_that_holds_nothing_is_a_withdrawal(self, source_types, withdrawn):
        versions = b"".join(
            b'<version version="v%d"><date>Tue, 1 Apr 2025 08:00:00 GMT</date><source_type>%s</source_type></version>'
            % (number, source_type)
            for number, source_type in enumerate(source_types, start=1)
        )
        assert read_raw(versions).withdrawn is withdrawn

    def test_odd_versions_are_no_harm(self):
        record = read_raw(b'<version version="last"><date>soon</date></version><version/>')
        assert (record.revision, record.published, record.updated) == (None, None, None)

    def test_abstract_that_a_program_indented(self):
        abstract = b"<abstract>  One line\n        and another.\n          A paragraph\n        more.\n    </abstract>"
        assert read_raw(abstract).abstract == "One line and another.\n\nA paragraph more."

    @pytest.mark.parametrize(
        ("source", "found"),
        [
            (b"J. Foo; Vol 5, No 2 (2019); 12-30", ("J. Foo", "5", "2", "12-30")),
            (b"J. Foo; Vol. 12 (2019)", ("J. Foo", "12", "", "")),
            ("Revista Céu; v. 3 n. 1 (2020): Chuva; 7".encode(), ("Revista Céu", "3", "1", "7")),
            (b"https://example.org/journal", ("", "", "", "")),
            (b"A scan of the printed volume", ("", "", "", "")),
        ],
    )
    def test_journal_of_dublin_core(self, source, found):
        record = read_dublin_core(b"<source>1234-5679</source><source>%s</source>" % source)
        assert (record.journal, record.volume, record.issue, record.pages) == found

    def test_second_doi_is_a_link(self):
        record = read_dublin_core(b"<identifier>10.1000/a</identifier><identifier>doi:10.1000/b</identifier>")
        assert record.identifiers == (Identifier("doi", "10.1000/a"),)
        assert record.urls == (("doi", "https://doi.org/10.1000/a"), ("doi", "https://doi.org/10.1000/b"))

    @pytest.mark.parametrize(
        ("kind", "count"),
        [(b"info:eu-repo/semantics/book", 1), (b"Book chapter", 0), (b"bookPart", 0), (b"text", 0)],
    )
    def test_isbn_is_of_whole_books(self, kind, count):
        record = read_dublin_core(b"<type>%s</type><identifier>ISBN 978-3-16-148410-0</identifier>" % kind)
        assert len(record.identifiers) == count

    def test_copy_in_a_repository_is_of_the_same_paper_and_another_record(self):
        record = read_dublin_core(b"<identifier>https://arxiv.org/abs/2504.00001v2</identifier>")
        assert (record.key, record.rank) == ("oai:example.org:1", Rank.AGGREGATOR)
        assert record.identifiers == (Identifier("arxiv", "2504.00001"),)

    def test_key_of_a_repository_without_proper_identifiers(self):
        assert read_dublin_core(b"", named=b"https://example.org/1").key == "oai:https://example.org/1"

    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            (wrap(b'<marc xmlns="urn:marc"/>'), "The metadata is in the format <marc>; ask the repository"),
            (wrap(b""), "it has no metadata"),
            (b"<record/>", "it has no metadata"),
            (
                wrap(b"<arXivRaw><title>x</title></arXivRaw>"),
                "Its id is no arXiv identifier: oai:example.org:1",
            ),
            (wrap(b"<dc/>"), "There is no title"),
            (wrap(b"", status=b" status='deleted'"), "The repository has deleted this record"),
        ],
        ids=["marc", "empty", "bare", "no-id", "no-title", "deleted"],
    )
    def test_what_is_no_paper_is_rejected(self, record, reason):
        _, (rejection,) = read_answer(START + b"<ListRecords>" + record + b"</ListRecords></OAI-PMH>")
        assert reason in rejection.reason


class TestBareRecords:
    @pytest.mark.parametrize("start", [b"<record>", b"<arXivRaw xmlns"], ids=["record", "metadata"])
    def test_without_its_envelope(self, start):
        bare = SMALL[SMALL.index(start) :]
        end = b"</" + start[1:].partition(b" ")[0].rstrip(b">") + b">"
        bare = bare[: bare.index(end) + len(end)]
        assert importers.find_importer(bare) is oai
        ((record,), rejections) = read_answer(bare)
        assert rejections == []
        assert (record.key, record.revision) == ("oai:2504.03001", 10)

    def test_dublin_core_alone_is_named_by_its_content(self):
        bare = SMALL[SMALL.index(b"<oai_dc:dc") : SMALL.index(b"</oai_dc:dc>")] + b"</oai_dc:dc>"
        assert importers.find_importer(bare) is oai
        ((record,), _) = read_answer(bare)
        assert record.key.startswith("doi:10.1000/willow.1#")


class TestEnvelopes:
    def test_nothing_new_is_no_error(self):
        assert read_answer(START + b'<error code="noRecordsMatch"/></OAI-PMH>') == ([], [])

    @pytest.mark.parametrize(
        ("inner", "message"),
        [
            (
                b'<error code="badArgument">No such set.</error>',
                r"error instead of records: No such set \(badArgument\)",
            ),
            (b'<error code="idDoesNotExist"/>', "no reason is given"),
            (
                b'<request metadataPrefix="marcxml"/>',
                "in the format 'marcxml'; ask the repository for oai_dc",
            ),
        ],
    )
    def test_errors_are_told(self, inner, message):
        with pytest.raises(UnreadableInput, match=message):
            read_answer(START + inner + b"<ListRecords/></OAI-PMH>")

    def test_error_after_records_leaves_them(self):
        data = SMALL.replace(b"</OAI-PMH>", b'<error code="x">Too late</error></OAI-PMH>')
        records, rejections = read_answer(data)
        assert len(records) == 3
        assert (rejections[-1].place, rejections[-1].reason) == (
            "after record 5",
            "The repository answered with an error instead of records: Too late (x).",
        )

    def test_what_is_no_answer_is_refused(self):
        with pytest.raises(UnreadableInput, match="it begins with <html>"):
            read_answer(b"<html/>")
        assert not oai.sniff(b"<record><title>EndNote</title></record>")
        assert not oai.sniff(b"banana")

    def test_answer_that_breaks_off(self):
        records, rejections = read_answer(SMALL[: SMALL.index(b"<dc:creator>")])
        assert len(records) == 2
        assert rejections[-1].reason == "The file ends in the middle of this record."


class TestRealAnswers:
    @pytest.fixture
    def read(self, shared_data):
        def read(name):
            with shared_data(f"arxiv-oai/{name}.xml").open("rb") as stream:
                records, rejections = part(importers.read(stream))
            assert rejections == []
            return records

        return read

    def test_a_thousand_records_of_all_versions(self, read):
        records = read("arXivRaw-ListRecords-1000-records-2014-01-16")
        by_key = {record.key: record for record in records}
        assert (len(records), len(by_key)) == (1_000, 1_000)
        assert (records[0].key, records[-1].key) == ("oai:0801.3673", "oai:0801.4672")
        assert sum(record.revision > 1 for record in records) == 360
        assert by_key["oai:0801.4174"].revision == max(record.revision for record in records) == 8
        assert sum(len(record.identifiers) == 2 for record in records) == 573
        assert sum(bool(record.journal) for record in records) == 478
        withdrawn = ["4122", "4138", "4243", "4311", "4644"]
        assert [record.key for record in records if record.withdrawn] == [
            f"oai:0801.{last}" for last in withdrawn
        ]
        assert len(by_key["oai:0801.4125"].urls) == 4
        names = [name for record in records for name in record.authors]
        assert not any(set("()\\{}") & set(name) or name.startswith("and ") for name in names)
        assert {"Clément Le Goff", "RBC and UKQCD Collaborations", "H. v. Löhneysen"} <= set(names)

    def test_single_record(self, read):
        (record,) = read("arXivRaw-GetRecord-0804.2273")
        assert record.title == "Object Re-Use & Exchange: A Resource-Centric Approach"
        assert len(record.authors) == 6
        assert "\n" not in record.abstract

    def test_split_names(self, read):
        records = read("arXiv-ListRecords-hep-ex-2017-12-14")
        assert [record.key for record in records] == ["oai:1706.05371", "oai:1706.09418", "oai:1707.00874"]
        assert len(records[0].authors) == 13
        assert Identifier("doi", "10.1140/epjc/s10052-017-5414-4") in records[1].identifiers

    def test_mangled_collaboration(self, read):
        (record,) = read("arXiv-GetRecord-1603.05976-66-authors")
        assert len(record.authors) == 65
        assert record.authors[:3] == ("Keck Array", "BICEP2 Collaborations", "P. Ade")

    def test_dublin_core_of_arxiv(self, read):
        records = read("oai_dc-ListRecords-2023-01-25-with-token")
        assert [record.key for record in records] == ["oai:1009.1022", "oai:1305.6404", "oai:1412.1417"]
        assert records[0].comment == "7 pages"
        assert records[2].journal.startswith("Journal of the London Mathematical Society, Vol 95")
        assert Identifier("doi", "10.1112/jlms.12001") in records[2].identifiers
        assert (records[2].published, records[2].updated.date()) == (date(2014, 12, 3), date(2023, 1, 23))

    def test_protocol_error(self, shared_data):
        with (
            shared_data("arxiv-oai/error-badResumptionToken.xml").open("rb") as stream,
            pytest.raises(UnreadableInput, match=r"This resumptionToken is invalid \(badResumptionToken\)"),
        ):
            part(importers.read(io.BytesIO(stream.read())))
