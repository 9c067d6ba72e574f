import io
import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.importers.xml_records import MAX_RECORD, XmlReader, read_root
from papers.records import UnreadableInput
from tests.papers.importers.conftest import Dripping, thorough


def cut(data, records=("record",), **options):
    """Give the texts of whole records, the problems of the others, and what is missing at the end."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    reader = XmlReader(stream, records, **options)
    found = list(reader)
    texts = ["".join(one.element.itertext()) for one in found if one.element is not None]
    return texts, [(one.place, one.problem) for one in found if one.problem], reader.problem


class TestCutting:
    def test_records_at_any_depth_and_of_several_names(self):
        data = b"<a><b><record>1</record></b><c><other>x</other><book>2</book></c><record>3</record></a>"
        assert cut(data, ["record", "book"]) == (["1", "2", "3"], [], "")

    def test_bare_record(self):
        reader = XmlReader(io.BytesIO(b"<?xml version='1.0'?><record id='7'>1</record>"), ["record"])
        (found,) = reader
        assert (found.element.get("id"), found.parents, reader.problem) == ("7", (), "")

    def test_every_child_of_the_root(self):
        data = b"<r><a><b>1</b></a><b><a>2</a><b>3</b><b/></b><c/>text<d x='>'>4</d></r>"
        reader = XmlReader(io.BytesIO(data), None)
        assert [found.name for found in reader] == ["a", "b", "c", "d"]
        assert cut(data, None) == (["1", "23", "", "4"], [], "")

    def test_namespaces_and_language_come_from_around(self):
        data = (
            b'<a:r xmlns:a="urn:one" xmlns:c="urn:old" xml:lang="pt"><a:list xmlns="urn:two" xmlns:c="urn:new">'
            b"<a:record><x/><c:y/></a:record></a:list><a:record><c:y/></a:record></a:r>"
        )
        first, second = XmlReader(io.BytesIO(data), ["record"])
        assert (first.element.tag, first.name) == ("{urn:one}record", "record")
        assert [child.tag for child in first.element] == ["{urn:two}x", "{urn:new}y"]
        assert first.element.xpath("string(ancestor-or-self::*[@xml:lang]/@xml:lang)") == "pt"
        assert second.element[0].tag == "{urn:old}y"

    def test_other_elements_outside_the_records(self):
        data = (
            b"<rss><channel><title>Feed</title><image><title>Picture</title></image>"
            b"<item><title>Paper</title></item><token n='3'/></channel></rss>"
        )
        found = list(XmlReader(io.BytesIO(data), ["item"], others=["title", "token"]))
        assert [(one.name, one.parents, one.place) for one in found] == [
            ("title", ("rss", "channel"), ""),
            ("title", ("rss", "channel", "image"), ""),
            ("item", ("rss", "channel"), "record 1"),
            ("token", ("rss", "channel"), ""),
        ]

    def test_what_is_literal_is_no_mark_up(self):
        data = (
            b"<r><!-- <record>0</record> --><![CDATA[<record>0</record>]]><?x <record>0</record> ?>"
            b"<record>1<!-- </record> --><![CDATA[</record><record>]]><?x </record> ?></record></r>"
        )
        assert cut(data) == (["1</record><record>"], [], "")

    def test_attributes_may_hold_what_looks_like_an_end(self):
        assert cut(b"<r a='>'><b c='/>'><record d='/>'>1</record></b></r>") == (["1"], [], "")

    @pytest.mark.parametrize(
        "data",
        [
            b"<r><b><record>1</record></r>",
            b"<r></b><record>1</record></r>",
            b"<r><b a=1><record>1</record></b></r>",
            b"<r>a < b & c<record>1</record></r>",
            b"<r><b c:d='e'><record>1</record></b></r>",
        ],
        ids=["unclosed", "unopened", "bad-tag", "bare-marks", "unknown-prefix"],
    )
    def test_what_is_wrong_around_the_records_costs_none(self, data):
        assert cut(data) == (["1"], [], "")

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
    def test_size_of_chunks_does_not_matter(self, size, monkeypatch):
        monkeypatch.setattr("papers.importers.text.CHUNK", size)
        data = (
            b"<r><!-- <record> --><x:y z='1'><record  a='2' ><![CDATA[]] ]>]]></record ></x:y><record/></r>"
        )
        assert cut(Dripping(data, size)) == (["]] ]>", ""], [], "")


class TestBrokenRecords:
    @pytest.mark.parametrize(
        ("broken", "problem"),
        [
            (b"<record>2", "has no end"),
            (b"<record><b></record>", "not well-formed XML: Opening and ending tag mismatch"),
            (b"<record>\xf6</record>", "byte 0xF6 is not UTF-8"),
            (b"<record>" + b"x" * MAX_RECORD + b"</record>", "longer than 8,000,000 bytes"),
            (b"<record><![CDATA[ </record>", "not well-formed"),
            (b"<record><!-- </record>", "not well-formed"),
            (b"<record a=1>2</record>", "not well-formed"),
            (b"<record>&unknown;</record>", "Entity 'unknown' not defined"),
            (b"<record><!DOCTYPE x [<!ENTITY a 'b'>]></record>", "not well-formed"),
            (b"<record>" + b"<b>" * 300 + b"</b>" * 300 + b"</record>", "not well-formed"),
        ],
        ids=["no-end", "tags", "byte", "long", "cdata", "comment", "attribute", "entity", "doctype", "deep"],
    )
    def test_each_costs_itself(self, broken, problem):
        data = b"<r><record>1</record>" + broken + b"<record>3</record></r>"
        texts, [(place, found)], missing = cut(data)
        assert (texts, place, missing) == (["1", "3"], "record 2", "")
        assert problem in found

    def test_what_is_left_of_an_endless_record_is_no_part_of_the_list(self):
        data = b"<r><a><b>" + b"x" * 2 * MAX_RECORD + b"</b><c><d>0</d></c><d>0</d></a><e>1</e></r>"
        texts, problems, missing = cut(data, None)
        assert (texts, len(problems), missing) == (["1"], 1, "")

    def test_cut_off_in_and_between_records(self):
        assert cut(b"<r><record>1</record><record>2")[1:] == (
            [("record 2", "The file ends in the middle of this record.")],
            "",
        )
        texts, problems, missing = cut(b"<r><record>1</record>")
        assert (texts, problems) == (["1"], [])
        assert missing == "The file ends before the list does; records after this place are missing."


class TestDocumentTypesAndEntities:
    @pytest.mark.parametrize(
        "document_type",
        [
            b'<!DOCTYPE r SYSTEM "http://127.0.0.1:1/r.dtd">',
            b'<!DOCTYPE r PUBLIC "-//X//DTD R, 1st January 2025//EN" "https://example.org/r.dtd">',
            b"<!DOCTYPE r PUBLIC '-//X//DTD R//EN' 'file:///etc/passwd' >",
            b"<!DOCTYPE r>",
            b'<!DOCTYPE r SYSTEM "r.dtd" [ ]>',
        ],
    )
    def test_one_that_declares_nothing_is_passed_over(self, document_type):
        data = b'<?xml version="1.0"?>\n' + document_type + b"<r><record>1</record></r>"
        assert cut(data) == (["1"], [], "")
        assert read_root(data).tag == "r"

    @pytest.mark.parametrize(
        "document_type",
        [
            b'<!DOCTYPE r [<!ENTITY a "b">]>',
            b'<!DOCTYPE r SYSTEM "x" [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>',
            b"<!DOCTYPE r [<!ELEMENT r ANY>]>",
            b"<!doctype r>",
        ],
    )
    def test_one_that_declares_something_is_refused(self, document_type):
        with pytest.raises(UnreadableInput, match="declares a document type"):
            cut(document_type + b"<r><record>&a;</record></r>")

    def test_entities_of_html_are_characters(self):
        data = b"<r><record a='&ouml;'>1&nbsp;&rarr;&amp;lt;<![CDATA[&nbsp;]]></record></r>"
        (found,) = XmlReader(io.BytesIO(data), ["record"])
        assert found.element.text == "1\xa0→&lt;&nbsp;"
        assert found.element.get("a") == "ö"


class TestEncodings:
    @pytest.mark.parametrize(
        ("encoding", "text"),
        [
            ("UTF-8", "Þóra 李"),
            ("utf-16", "Þóra 李"),
            ("ISO-8859-1", "Schrödinger"),
            ("iso-8859-2", "Łukasz Żak"),
            ("ISO-8859-15", "Šé€"),
            ("windows-1252", "“Grün”"),
            ("windows-1251", "Иванов"),
            ("koi8-r", "Иванов"),
            ("Shift_JIS", "表計算"),
            ("EUC-JP", "論文"),
            ("GB2312", "测试期刊"),
            ("Big5", "論文"),
            ("EUC-KR", "논문"),
        ],
    )
    def test_declared(self, encoding, text):
        data = f'<?xml version="1.0" encoding="{encoding}"?><r><record>{text}</record></r>'.encode(encoding)
        assert cut(data) == ([text], [], "")

    def test_latin_1_is_what_browsers_take_it_for(self):
        data = b'<?xml version="1.0" encoding="iso-8859-1"?><r><record>it\x92s</record></r>'
        assert cut(data) == (["it’s"], [], "")

    @pytest.mark.parametrize("encoding", ["rot13", "utf-7", "iso-2022-jp", "unicode_escape", "zip"])
    def test_unknown_one_is_refused(self, encoding):
        with pytest.raises(UnreadableInput, match=f"the encoding '{encoding}'; save it as UTF-8"):
            cut(f'<?xml version="1.0" encoding="{encoding}"?><r/>'.encode())


class TestBounds:
    # Each takes well under a second; a quadratic step would take minutes.
    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"<r>" + b"<record><!-- x</record>" * 10_000, id="unclosed-comments"),
            pytest.param(b"<r><record>" + b"<![CDATA[" * 100_000, id="unclosed-literals"),
            pytest.param(b"<r>" + b"<b>" * 100_000, id="deep"),
            pytest.param(b"<r>" + b"<b a='" * 100_000, id="attributes"),
            pytest.param(b"<r>" + b"<record a" * 40_000, id="half-tags"),
            pytest.param(b"<r>" + b"</b>" * 100_000, id="ends"),
            pytest.param(b"<r><" + b"b" * 3_000_000, id="name"),
            pytest.param(b"<r>" + b"<!" * 300_000, id="half-marks"),
            pytest.param(b"<!DOCTYPE " * 100_000, id="document-types"),
            pytest.param(b"<r>" + b"<record>&a;&b;<!--</record>" * 10_000, id="entities"),
            pytest.param(b"<r" + b" xmlns:a='b'" * 2_000 + b">" + b"<record/>" * 20_000, id="declarations"),
        ],
    )
    def test_time_grows_no_faster_than_the_input(self, data):
        for records in (["record"], None):
            start = time.process_time()
            with suppress(UnreadableInput):
                cut(data, records)
            assert time.process_time() - start < 10

    def test_memory_holds_one_record(self):
        class Endless(io.RawIOBase):
            sent = 0

            def read(self, size=-1):
                self.sent += 1
                return (
                    b"<r>"
                    if self.sent == 1
                    else b"<record>%s</record>" % (b"1" * 180) * 300
                    if self.sent < 40
                    else b""
                )

        tracemalloc.start()
        count = sum(1 for _ in XmlReader(Endless(), ["record"]))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 38 * 300
        assert peak < 1_500_000

    def test_names_that_the_parser_would_keep_for_ever_are_bounded(self):
        data = b"<r>" + b"".join(b"<record><n%d a%d='1'/></record>" % (n, n) for n in range(50_000)) + b"</r>"
        texts, problems, _ = cut(data)
        assert len(texts) < 25_000
        assert "too many different names" in problems[-1][1]

    def test_long_that_is_no_record(self):
        texts, problems, missing = cut(
            io.BytesIO(b"<r>" + b"<b>x</b>" * 2_000_000 + b"<record>1</record></r>")
        )
        assert (texts, problems, missing) == (["1"], [], "")


SPLINTERS = [
    *(
        b"<r>",
        b"</r>",
        b"<record>",
        b"</record>",
        b"<record/>",
        b"<record a='",
        b"<b",
        b"<b>",
        b"</b>",
        b"'",
        b">",
    ),
    *(
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?",
        b"?>",
        b"&nbsp;",
        b"&x;",
        b"&",
        b"\xff",
        b"\0",
        b"text",
        b" ",
    ),
]


@thorough
@given(pieces=st.lists(st.sampled_from(SPLINTERS), max_size=40), size=st.integers(1, 40))
def test_any_heap_of_splinters_is_cut_the_same_way_at_any_size(pieces, size):
    data = b"<r>" + b"".join(pieces)
    for records in (["record"], None):
        whole = cut(data, records)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("papers.importers.text.CHUNK", size)
            assert cut(Dripping(data, size), records) == whole
