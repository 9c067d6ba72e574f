import json
import time
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papers import records
from papers.identifiers import Identifier
from papers.records import (
    PartialDate,
    Precision,
    Rank,
    Record,
    Rejection,
    clean_address,
    clean_line,
    clean_record,
    clean_text,
    content_hash,
    from_data,
    to_data,
)

repeatable = settings(deadline=None, derandomize=True)


def make(**values):
    return clean_record(**({"key": "k", "title": "A Title", "rank": Rank.FILE, "place": "line 1"} | values))


FULL = make(
    abstract="One.\n\nTwo.",
    authors=["Þóra Önnudóttir", "李 小雨"],
    identifiers=[Identifier("doi", "10.1000/x"), Identifier("arxiv", "2504.01001")],
    published=PartialDate(date(2025, 4, 1), Precision.YEAR),
    updated=datetime(2025, 4, 24, 21, 30, tzinfo=UTC),
    revision=3,
    categories=["cs.LG", "stat.ML"],
    journal="J. Appl. Drizzle",
    volume="7",
    issue="1",
    pages="1-12",
    urls=[("page", "https://example.org/x"), ("code", "https://example.org/y")],
    comment="12 pages",
    upvotes=4,
    submitter="rainer",
    withdrawn=True,
    rank=Rank.PUBLISHER,
    place="entry 4",
    listed=date(2025, 4, 25),
    unlisted=True,
    deposited=True,
)


class TestText:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("  a \t b\r\n c\u00a0d\u2003e ", "a b c d e"),
            ("a\0b\x07c\x1b[31m\x7f\x9f", "abc[31m"),
            ("a\ud800b\udfffc", "abc"),
            ("a\ufffeb\U0001ffffc\ufdd0", "abc"),
            ("\ufeffa\u200bb\u00adc\u2060", "abc"),
            ("\u202eevil\u202c \u2066x\u2069", "evil x"),
            ("tag\U000e0041\U000e007f", "tag"),
            ("Scho\u0308n", "Schön"),
            ("می\u200cخواهم \u200fx", "می\u200cخواهم \u200fx"),  # joiners and marks belong to the word
            ("$x_{1}$ \\alpha <b>", "$x_{1}$ \\alpha <b>"),
            ("", ""),
        ],
    )
    def test_line(self, text, expected):
        assert clean_line(text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("one\ntwo", "one two"),
            ("one\n\ntwo", "one\n\ntwo"),
            ("one\r\n \t\r\n\r\n  two\n", "one\n\ntwo"),
            ("one\r\rtwo\rthree", "one\n\ntwo three"),
            ("\n\n \n", ""),
            ("one\n\n\0\n\ntwo", "one\n\ntwo"),
        ],
    )
    def test_paragraphs_of_an_abstract(self, text, expected):
        assert clean_text(text) == expected

    @repeatable
    @given(st.text(st.characters(codec=None, categories=None)))
    def test_cleaning_twice_changes_nothing(self, text):
        assert clean_line(clean_line(text)) == clean_line(text)
        assert clean_text(clean_text(text)) == clean_text(text)
        clean_text(text).encode()

    @pytest.mark.parametrize(
        "text",
        [
            "https://example.org",
            "http://example.org:8080/a?b#c",
            " HTTPS://EXAMPLE.ORG/%20 ",
            "https://пример.рф/x",
        ],
    )
    def test_addresses_fit_for_a_link(self, text):
        assert clean_address(text) == text.strip()

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "",
                "example.org",
                "javascript:alert(1)",
                "data:text/html,x",
                "ftp://example.org",
                "//example.org",
                "http://",
            ),
            *(
                "https://",
                "https:///path",
                "https://a b",
                "https://[",
                "https://x:port/",
                "https:\\\\example.org",
            ),
            *("java\0script:alert(1)", "https://example.org/" + "x" * 2_000),
        ],
    )
    def test_other_addresses_are_none(self, text):
        assert clean_address(text) == ""


class TestCleanRecord:
    def test_side_facts_that_are_of_no_use_are_left_out(self):
        doi = Identifier("doi", "10.1000/x")
        record = make(
            authors=["", " \0", ":", "Ann  Lee", "—"],
            identifiers=[None, doi, doi],
            categories=["cs.LG", "", "cs.LG", "x" * 101],
            urls=[
                ("pdf", "javascript:alert(1)"),
                ("banana", "https://example.org"),
                ("pdf", "https://example.org"),
            ]
            * 2,
            revision=0,
            upvotes=-1,
            updated=datetime(2025, 1, 1, 12, 0, tzinfo=timezone(timedelta(hours=2))),
        )
        assert record.authors == ("Ann Lee",)
        assert record.identifiers == (doi,)
        assert record.categories == ("cs.LG",)
        assert record.urls == (("pdf", "https://example.org"),)
        assert (record.revision, record.upvotes) == (None, None)
        assert record.updated == datetime(2025, 1, 1, 10, 0, tzinfo=UTC)

    def test_time_without_a_zone_is_utc(self):
        assert make(updated=datetime(2025, 1, 1)).updated == datetime(2025, 1, 1, tzinfo=UTC)

    @pytest.mark.parametrize("day", [datetime.min, datetime.max])
    def test_times_at_the_end_of_the_calendar(self, day):
        east, west = (day.replace(tzinfo=timezone(timedelta(hours=hours))) for hours in (14, -12))
        assert {make(updated=east).updated, make(updated=west).updated} >= {None}

    @pytest.mark.parametrize("title", ["0", "?", "∅", "א", "x" * 2_000])
    def test_titles(self, title):
        assert make(title=title).title == title

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"title": ""}, "There is no title."),
            ({"title": "\u202e \0\u200d\u0301"}, "There is no title."),
            ({"title": "x" * 2_001}, "The title has 2,001 characters; at most 2,000 are read."),
            ({"abstract": "x" * 100_001}, "The abstract has 100,001 characters; at most 100,000 are read."),
            ({"journal": "x" * 1_001}, "The journal has 1,001 characters; at most 1,000 are read."),
            ({"comment": "x" * 10_001}, "The comment has 10,001 characters; at most 10,000 are read."),
            ({"key": "x" * 501}, "The key has 501 characters; at most 500 are read."),
            ({"authors": ["A", "x" * 501]}, "The name of author 2 has 501 characters; at most 500 are read."),
            ({"authors": ["A"] * 20_001}, "There are 20,001 authors; at most 20,000 are read."),
            ({"authors": ["x" * 500] * 2_001}, "The record is longer than 1,000,000 characters."),
        ],
        ids=lambda value: value if isinstance(value, str) else "-".join(value),
    )
    def test_what_is_out_of_bounds_is_rejected_not_cut(self, values, reason):
        rejection = make(**values)
        assert (rejection.place, rejection.reason) == ("line 1", reason)

    def test_without_a_key_the_content_is_the_key(self):
        identifier = Identifier("doi", "10.1000/x")
        named, bare = make(key=" ", identifiers=[identifier]), make(key="")
        assert named.key.startswith("doi:10.1000/x#")
        assert bare.key.startswith("#")
        assert make(key="", place="line 99") == replace(bare, place="line 99")
        for change in ({"title": "Another"}, {"pages": "7"}, {"authors": ["Ann Lee"]}):
            assert make(**({"key": ""} | change)).key != bare.key

    @pytest.mark.parametrize("part", ["volume", "issue", "pages"])
    def test_parts_that_are_none_are_left_out(self, part):
        assert getattr(make(**{part: " 12–15 "}), part) == "12–15"
        assert getattr(make(**{part: "–"}), part) == ""
        assert getattr(make(**{part: "9" * 101}), part) == ""

    def test_a_day_is_known_whole_unless_more_is_said(self):
        assert make(published=None).published_precision is Precision.DAY
        dated = make(published=PartialDate(date(2025, 4, 1)))
        assert (dated.published, dated.published_precision) == (date(2025, 4, 1), Precision.DAY)

    def test_longest_list_of_authors_in_physics_fits(self):
        assert len(make(authors=[f"Author {n}" for n in range(5_154)]).authors) == 5_154

    def test_rejection_is_bounded_and_storable(self):
        rejection = Rejection("line\n1" * 100, "why\0" * 1_000, "raw\0\ud800\n" * 1_000)
        assert (len(rejection.place), len(rejection.reason), len(rejection.raw)) == (100, 1_000, 2_000)
        assert rejection.raw.startswith("raw\nraw\n")
        (rejection.place + rejection.reason + rejection.raw).encode()


class TestData:
    def test_full_record_survives(self):
        data = json.loads(json.dumps(to_data(FULL)))
        assert set(data) == {field.name for field in fields(Record)}
        assert from_data(data) == FULL

    def test_least_record_is_small(self):
        assert to_data(make(place="")) == {"key": "k", "title": "A Title", "rank": 10}
        assert from_data(to_data(make())) == make()

    def test_unknown_names_are_passed_over(self):
        assert from_data(to_data(FULL) | {"colour": "red"}) == FULL

    @repeatable
    @given(
        title=st.text(min_size=1),
        abstract=st.text(st.characters(codec=None, categories=None)),
        authors=st.lists(st.text()),
        published=st.none() | st.builds(PartialDate, st.dates(), st.sampled_from(Precision)),
        updated=st.none() | st.datetimes(timezones=st.none() | st.timezones()),
        revision=st.none() | st.integers(),
    )
    def test_any_record_survives(self, **values):
        record = make(**values)
        if isinstance(record, Record):
            data = json.dumps(to_data(record), ensure_ascii=False).encode()
            assert from_data(json.loads(data)) == record
            assert content_hash(from_data(json.loads(data))) == content_hash(record)


class TestHash:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("key", "other"),
            ("title", "Another"),
            ("abstract", "One. Two."),
            ("authors", FULL.authors[::-1]),
            ("identifiers", FULL.identifiers[:1]),
            ("published", date(2025, 4, 2)),
            ("updated", None),
            ("revision", 4),
            ("categories", FULL.categories[::-1]),
            ("journal", ""),
            ("published_precision", Precision.MONTH),
            ("volume", ""),
            ("issue", ""),
            ("pages", ""),
            ("urls", FULL.urls[:1]),
            ("comment", "13 pages"),
            ("submitter", ""),
            ("withdrawn", False),
            ("rank", Rank.HAND),
            ("deposited", False),
        ],
    )
    def test_anything_said_of_the_paper_counts(self, name, value):
        assert content_hash(replace(FULL, **{name: value})) != content_hash(FULL)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("upvotes", 5),
            ("upvotes", None),
            ("place", "entry 5"),
            ("listed", None),
            ("identifiers", FULL.identifiers[::-1]),
        ],
    )
    def test_votes_places_and_order_of_identifiers_do_not(self, name, value):
        assert content_hash(replace(FULL, **{name: value})) == content_hash(FULL)

    def test_is_the_same_in_every_process(self):
        """Stored hashes must stay valid: a change of this number makes every record in every catalogue new."""
        assert (
            content_hash(replace(FULL, deposited=False)).hex()
            == "887b99015cf05a2791914b4496b58253484615d96c58ef9827c1c79083a6d10b"
        )

    def test_every_field_is_either_content_or_not(self):
        tested = {"key", "title", "abstract", "authors", "identifiers", "published", "updated", "revision"}
        tested |= {"published_precision", "volume", "issue", "pages"}
        tested |= {"categories", "journal", "urls", "comment", "submitter", "withdrawn", "rank", "deposited"}
        assert {field.name for field in fields(Record)} == tested | records._NOT_CONTENT


@pytest.mark.parametrize("text", ["x\n" + " " * 300_000 + "y", "a\n \n" * 100_000, "\t\n" * 100_000 + "z"])
def test_white_space_is_cleaned_in_time_that_grows_with_it(text):
    started = time.process_time()
    clean_text(text)
    assert time.process_time() - started < 5
