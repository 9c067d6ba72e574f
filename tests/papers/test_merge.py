import io
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papers import importers
from papers.identifiers import Identifier
from papers.merge import (
    EXCERPT_LENGTH,
    MAX_TITLE_KEY,
    Folded,
    Likeness,
    compare_works,
    family_names,
    fold,
    is_bare,
    make_excerpt,
    title_key,
)
from papers.records import MAX_CATEGORIES, Precision, Rank, Record

repeatable = settings(deadline=None, derandomize=True)

ARXIV = Identifier("arxiv", "2504.01001")
DOI = Identifier("doi", "10.1000/drizzle.7")


def make(title="A Title", rank=Rank.FILE, key="k", **values):
    return Record(key=key, title=title, rank=rank, **values)


class TestFold:
    def test_one_record(self):
        record = make(abstract="One.", authors=("Ann Lee",), identifiers=(ARXIV,), revision=2, comment="x")
        folded = fold([record])
        assert (folded.title, folded.abstract, folded.authors) == ("A Title", "One.", ("Ann Lee",))
        assert (folded.title_key, folded.excerpt) == ("atitle", "One.")
        assert (folded.identifiers, folded.revision, folded.comment) == ((ARXIV,), 2, "x")

    def test_no_record_is_no_paper(self):
        with pytest.raises(ValueError, match="at least one record"):
            fold([])

    def test_better_rank_wins_field_by_field(self):
        ranks = sorted(Rank, reverse=True)
        assert ranks == [Rank.HAND, Rank.PUBLISHER, Rank.PREPRINT, Rank.AGGREGATOR, Rank.FILE]
        records = [
            make("By hand", Rank.HAND),
            make("Published", Rank.PUBLISHER, journal="J. Drizzle", published=date(2025, 9, 1)),
            make(
                "Preprint", Rank.PREPRINT, abstract="Pre.", categories=("cs.IR",), published=date(2025, 4, 1)
            ),
            make("Aggregated", Rank.AGGREGATOR, abstract="Agg.", authors=("Ann Lee",)),
            make("Filed", Rank.FILE, authors=("A. Lee",), comment="12 pages", categories=("x", "y")),
        ]
        for order in permutations(records):
            folded = fold(order)
            assert folded.title == "By hand"
            assert (folded.journal, folded.published) == ("J. Drizzle", date(2025, 9, 1))
            assert (folded.abstract, folded.categories) == ("Pre.", ("cs.IR",))
            assert folded.authors == ("Ann Lee",)
            assert folded.comment == "12 pages"

    def test_within_a_rank_the_newest_wins_then_the_key(self):
        newest = make("Newest", updated=datetime(2025, 2, 1, tzinfo=UTC), key="z")
        older = make("Older", updated=datetime(2025, 1, 1, tzinfo=UTC), key="a")
        undated = make("Undated", key="b")
        also_undated = make("Also undated", key="c")
        for order in permutations([newest, older, undated, also_undated]):
            assert fold(order).title == "Newest"
        for order in permutations([older, undated, also_undated]):
            assert fold(order).title == "Older"
        assert fold([also_undated, undated]).title == fold([undated, also_undated]).title == "Undated"

    def test_place_and_day_are_taken_whole_from_one_record(self):
        publisher = make(
            rank=Rank.PUBLISHER,
            journal="Drizzle",
            published=date(2025, 1, 1),
            published_precision=Precision.YEAR,
        )
        preprint = make(
            rank=Rank.PREPRINT,
            journal="Drizzle",
            volume="7",
            issue="1",
            pages="3",
            published=date(2024, 5, 6),
        )
        folded = fold([preprint, publisher])
        assert (folded.journal, folded.volume, folded.issue, folded.pages) == ("Drizzle", "", "", "")
        assert (folded.published, folded.published_precision) == (date(2025, 1, 1), Precision.YEAR)
        assert fold([preprint, make(rank=Rank.PUBLISHER)]).volume == "7"
        assert fold([make(volume="9"), make(key="z")]).volume == "9"

    def test_identifiers_and_urls_are_of_all_records_in_the_order_of_rank(self):
        file = make(urls=(("page", "https://f"), ("pdf", "https://p")), identifiers=(ARXIV,))
        publisher = make(
            rank=Rank.PUBLISHER,
            urls=(("page", "https://j"), ("page", "https://f")),
            identifiers=(DOI,),
        )
        folded = fold([file, publisher])
        assert folded.urls == (("page", "https://j"), ("page", "https://f"), ("pdf", "https://p"))
        assert folded.identifiers == (DOI, ARXIV)

    def test_categories_are_of_all_but_files_and_the_preprint_servers_come_first(self):
        records = [
            make(rank=Rank.PUBLISHER, categories=("Humans", "cs.LG")),
            make(rank=Rank.PREPRINT, categories=("cs.IR", "cs.LG")),
            make(rank=Rank.AGGREGATOR, categories=("Medicine", "Humans")),
            make(categories=("to read",)),
        ]
        for order in permutations(records):
            assert fold(order).categories == ("cs.IR", "cs.LG", "Humans", "Medicine")
        assert fold([records[3], make(rank=Rank.PREPRINT)]).categories == ("to read",)
        assert fold([records[3], make(key="a", categories=("x",))]).categories == ("x", "to read")

    def test_categories_are_bounded(self):
        many = [
            make(rank=rank, categories=tuple(f"{rank.name} {number}" for number in range(MAX_CATEGORIES)))
            for rank in (Rank.PREPRINT, Rank.PUBLISHER)
        ]
        assert fold(many).categories == many[0].categories

    def test_revision_and_updated_are_the_greatest(self):
        first = make(rank=Rank.PUBLISHER, revision=1, updated=datetime(2025, 1, 1, tzinfo=UTC))
        third = make(revision=3, updated=datetime(2025, 3, 1, tzinfo=UTC))
        folded = fold([first, third, make()])
        assert (folded.revision, folded.updated) == (3, datetime(2025, 3, 1, tzinfo=UTC))

    def test_withdrawal_counts_until_a_later_revision(self):
        withdrawn = make(revision=2, withdrawn=True)
        assert fold([withdrawn, make(rank=Rank.PUBLISHER)]).withdrawn
        assert fold([withdrawn, make(revision=1, rank=Rank.PUBLISHER)]).withdrawn
        assert not fold([withdrawn, make(revision=3)]).withdrawn
        assert fold([make(withdrawn=True), make(revision=3)]).withdrawn
        assert not fold([make()]).withdrawn

    @repeatable
    @given(
        st.lists(
            st.builds(
                Record,
                key=st.sampled_from("ab"),
                title=st.sampled_from(["One", "Two"]),
                abstract=st.sampled_from(["", "x", "y"]),
                authors=st.sampled_from([(), ("A",), ("B", "A")]),
                identifiers=st.lists(st.sampled_from([ARXIV, DOI]), max_size=2).map(tuple),
                published=st.none() | st.dates(date(2025, 1, 1), date(2025, 1, 3)),
                updated=st.none() | st.sampled_from([datetime(2025, 1, day, tzinfo=UTC) for day in (1, 2)]),
                revision=st.none() | st.integers(1, 3),
                categories=st.sampled_from([(), ("a",), ("b",)]),
                journal=st.sampled_from(["", "J"]),
                urls=st.lists(st.sampled_from([("page", "https://a"), ("pdf", "https://b")])).map(tuple),
                comment=st.sampled_from(["", "c", "d"]),
                upvotes=st.none() | st.integers(0, 2),
                submitter=st.sampled_from(["", "s", "t"]),
                withdrawn=st.booleans(),
                rank=st.sampled_from(Rank),
                place=st.sampled_from(["line 1", "line 2"]),
            ),
            min_size=1,
            max_size=5,
        ).flatmap(lambda records: st.tuples(st.just(records), st.permutations(records)))
    )
    def test_order_of_arrival_never_matters(self, both):
        records, shuffled = both
        assert fold(records) == fold(shuffled)
        assert fold([*records, records[0]]) == fold(records)

    def test_real_sources_of_one_paper_fold_the_same_both_ways(self, small_file):
        page = next(importers.read(small_file("hf-page.txt"), today=date(2025, 11, 23)))
        listed = next(importers.read(small_file("hf-json.json")))
        preprint = next(importers.read(small_file("arxiv-atom.xml")))
        for order in permutations([page, listed, preprint]):
            folded = fold(order)
            assert folded.abstract == preprint.abstract
            assert folded.identifiers == (ARXIV, DOI)
            assert folded.urls[:2] == preprint.urls[:2]
            assert ("code", "https://github.com/example/umbrella") in folded.urls

    def test_folded_has_every_field_that_a_paper_keeps(self):
        not_kept = {"key", "upvotes", "rank", "place", "listed", "unlisted", "submitter"}
        made = {"title_key", "excerpt", "form_key"}
        names = {field.name for field in fields(Record)} - not_kept | made
        assert {field.name for field in fields(Folded)} == names


@pytest.fixture
def small_file(request):
    folder = request.path.parents[1] / "data"
    return lambda name: io.BytesIO((folder / name).read_bytes())


LONG = "Some words stand here to fill the room. " * 10


class TestExcerpt:
    @pytest.mark.parametrize("abstract", ["", "Short.", "x" * EXCERPT_LENGTH, "One.\n\nTwo  words."])
    def test_short_abstract_is_its_own_excerpt(self, abstract):
        assert make_excerpt(abstract) == " ".join(abstract.split())

    def test_ends_after_a_sentence(self):
        excerpt = make_excerpt(LONG)
        assert excerpt.endswith("room. …")
        assert 200 < len(excerpt) <= EXCERPT_LENGTH

    def test_ends_after_a_word_where_no_sentence_ends(self):
        excerpt = make_excerpt("a first sentence. " + "word " * 100)
        assert excerpt.endswith("word…")
        assert 230 < len(excerpt) <= EXCERPT_LENGTH

    def test_abbreviations_end_no_sentence(self):
        excerpt = make_excerpt("word " * 38 + "as Lee et al. say, e.g. here and there" + " word" * 40)
        assert excerpt.endswith("word…")

    def test_text_without_blanks_is_cut_between_characters(self):
        excerpt = make_excerpt("深" * 300)
        assert excerpt == "深" * 238 + "…"
        assert make_excerpt("e\u0301" * 300).endswith("e\u0301…")

    @pytest.mark.parametrize("length", range(180, 245, 3))
    @pytest.mark.parametrize(
        "formula",
        ["$x + y = z + w$", r"\( x + y = z + w \)", "$$x + y = z$$", r"\[ x + y = z \]"],
        ids=["dollar", "parenthesis", "double-dollar", "bracket"],
    )
    def test_never_ends_inside_mathematics(self, formula, length):
        before = ("word " * 60)[:length].rstrip() + " "
        excerpt = make_excerpt(before + formula + " word" * 40)
        assert len(excerpt) <= EXCERPT_LENGTH
        assert excerpt.count(formula[:2]) == excerpt.count(formula[-2:])
        assert formula in excerpt or formula[:2] not in excerpt

    def test_environment_is_mathematics(self):
        text = "word " * 40 + r"\begin{equation} " + "x + " * 20 + r"\end{equation}" + " word" * 40
        assert "begin" not in make_excerpt(text)

    def test_money_is_no_mathematics_but_what_follows_may_be(self):
        text = "It costs $5 or more, " + "word " * 42 + "$a + b + c + d + e + f$ " + "word " * 40
        excerpt = make_excerpt(text)
        assert excerpt.startswith("It costs $5 or more, word word")
        assert excerpt.endswith("word…")
        assert excerpt.count("$") == 1

    def test_escaped_dollar_opens_nothing(self):
        text = r"It costs \$5 " + "word " * 100 + r" or \$6."
        assert make_excerpt(text).endswith("word…")

    @pytest.mark.parametrize("length", [240, 300, 1_900])
    def test_formula_at_the_very_start_that_is_too_long(self, length):
        assert make_excerpt(f"${'x + ' * (length // 4)}x$ is long. {LONG}") == "…"

    @repeatable
    @given(st.text(st.sampled_from("ab $\\()[].!é\u0301\u200d深\n"), max_size=900))
    def test_is_bounded_and_one_line(self, text):
        excerpt = make_excerpt(text)
        assert len(excerpt) <= EXCERPT_LENGTH
        assert "\n" not in excerpt
        assert excerpt == " ".join(text.split()) or excerpt.endswith("…")
        assert " ".join(text.split()).startswith(excerpt.removesuffix("…").rstrip())


class TestTitleKey:
    @pytest.mark.parametrize(
        "titles",
        [
            ("Light Schrödinger Bridge", r"Light Schr\"odinger Bridge", r"light SCHR{\"o}DINGER bridge!"),
            (
                "α-Divergence for All",
                r"$\alpha$-Divergence for All",
                "Alpha Divergence for all",
                r"\(\alpha\)-divergence for all",
            ),
            ("H₂O", "H$_2$O", "H_{2}O", "h2o"),
            ("An {\\em Emphatic} Title", "An \\emph{Emphatic} Title", "An Emphatic Title"),
            ("Straße", "STRASSE", r"Stra{\ss}e"),
            ("Łódź and Ærø", r"{\L}\'od\'z and {\AE}r{\o}", "lodz and aero"),
            ("A Title: With Punctuation", "A title — with punctuation.", "atitlewithpunctuation"),
            ("ﬁnding", "finding"),
            ("متجر الكتب", "متجر  الكتب."),
            ("0", "0."),
        ],
        ids=lambda titles: titles[0],
    )
    def test_spellings_of_one_title(self, titles):
        assert len({title_key(title) for title in titles}) == 1
        assert title_key(titles[0])

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Part 1", "Part 2"),
            ("$\\alpha$", "$\\beta$"),
            ("深度学习", "深度"),
            ("a" * 300 + "b", "a" * 300 + "c"),
        ],
    )
    def test_different_titles(self, one, other):
        assert title_key(one) != title_key(other)

    def test_longest_title_still_has_a_key_that_an_index_holds(self):
        assert len(title_key("x" * 2_000)) == MAX_TITLE_KEY
        assert len(title_key("x" * MAX_TITLE_KEY)) == MAX_TITLE_KEY
        assert title_key("x" * MAX_TITLE_KEY) != title_key("x" * (MAX_TITLE_KEY + 1))

    @pytest.mark.parametrize("title", ["", "?!", "$$", "\\", "∅"])
    def test_title_without_letters_or_digits_has_none(self, title):
        assert title_key(title) == ""

    @repeatable
    @given(st.text(max_size=600))
    def test_is_bounded_and_normal(self, title):
        key = title_key(title)
        assert len(key) <= MAX_TITLE_KEY
        assert key == "" or key.isalnum()
        assert title_key(title.upper().lower()) == title_key(title.lower()) or not title.isascii()


class TestCompareWorks:
    """`one` is a preprint; each case changes the other description of it."""

    one = make(
        "Umbrellas That Remember Rain",
        Rank.PREPRINT,
        authors=("Þóra Björk Önnudóttir", "Rainer van der Regen", "Li Wei", "Ann Lee", "Bo Chan"),
        identifiers=(ARXIV,),
        published=date(2025, 4, 1),
    )
    published = make(
        "Umbrellas that remember rain.",
        Rank.PUBLISHER,
        authors=("Önnudóttir, Þ. B.", "van der Regen, R.", "Li Wei", "Lee, A.", "Chan, B., Jr."),
        identifiers=(DOI,),
        published=date(2026, 9, 1),
        journal="Journal of Applied Drizzle 7, 1-12",
    )

    def judge(self, one, other):
        assert compare_works(one, other) is compare_works(other, one)
        return compare_works(one, other)

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            pytest.param({}, Likeness.SAME, id="preprint-and-published"),
            pytest.param({"published": None}, Likeness.SAME, id="no-year"),
            pytest.param({"published": date(2027, 12, 31)}, Likeness.SAME, id="two-years"),
            pytest.param({"published": date(2028, 1, 1)}, Likeness.UNSURE, id="three-years"),
            pytest.param({"published": date(2022, 12, 31)}, Likeness.UNSURE, id="three-years-before"),
            pytest.param({"title": "Umbrellas That Forget Rain"}, Likeness.DIFFERENT, id="other-title"),
            pytest.param({"identifiers": ()}, Likeness.SAME, id="no-identifier"),
            pytest.param(
                {"identifiers": (Identifier("arxiv", "2504.09999"),)},
                Likeness.UNSURE,
                id="two-arxiv-identifiers",
            ),
            pytest.param(
                {"identifiers": (ARXIV,), "title": "Quite Another", "authors": ()},
                Likeness.SAME,
                id="same-identifier",
            ),
            pytest.param({"authors": ("Somebody Else",)}, Likeness.DIFFERENT, id="other-authors"),
            pytest.param({"authors": ()}, Likeness.UNSURE, id="authors-unknown"),
            pytest.param({"authors": published.authors[:4]}, Likeness.SAME, id="one-author-of-five-less"),
            pytest.param({"authors": published.authors[:2]}, Likeness.UNSURE, id="first-authors-only"),
            pytest.param(
                {"authors": published.authors[::-1]}, Likeness.UNSURE, id="authors-in-another-order"
            ),
            pytest.param({"authors": (), "identifiers": ()}, Likeness.TITLE_ONLY, id="bare"),
            pytest.param(
                {"authors": (), "identifiers": (), "published": date(2015, 1, 1)},
                Likeness.UNSURE,
                id="bare-of-another-year",
            ),
            pytest.param(
                {"authors": (), "identifiers": (), "title": "Other"},
                Likeness.DIFFERENT,
                id="bare-other-title",
            ),
        ],
    )
    def test_cases(self, changes, expected):
        other = replace(self.published, **changes)
        assert self.judge(self.one, other) is expected

    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            ("Acta Astronomica", "Acta Astron.", Likeness.SAME),
            ("ActaAstron.56:1-50,2006", "Acta Astronomica, vol. 56, pp. 1-50", Likeness.SAME),
            ("Journal of Applied Drizzle", "J. Appl. Drizzle 7", Likeness.SAME),
            ("J. Appl. Drizzle 7", "J. Appl. Drizzle 8", Likeness.UNSURE),
            ("Nature", "Science", Likeness.UNSURE),
            ("Nature", "", Likeness.SAME),
        ],
    )
    def test_journals(self, one, other, expected):
        assert self.judge(replace(self.one, journal=one), replace(self.published, journal=other)) is expected

    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            pytest.param({"volume": "7"}, {"volume": "07"}, Likeness.SAME, id="same-volume"),
            pytest.param({"issue": "Suppl. 1"}, {"issue": "suppl 1"}, Likeness.SAME, id="same-issue"),
            pytest.param({"pages": "179-91"}, {"pages": "179–191"}, Likeness.SAME, id="same-first-page"),
            pytest.param({"volume": "7"}, {}, Likeness.SAME, id="one-knows-no-volume"),
            pytest.param({"volume": "7"}, {"volume": "8"}, Likeness.DIFFERENT, id="two-volumes"),
            pytest.param({"issue": "1"}, {"issue": "2"}, Likeness.DIFFERENT, id="two-issues"),
            pytest.param({"pages": "1-2"}, {"pages": "3-4"}, Likeness.DIFFERENT, id="two-pages"),
            pytest.param(
                {"volume": "7", "issue": "1", "pages": "3-9"},
                {"volume": "7", "issue": "41", "pages": "3"},
                Likeness.UNSURE,
                id="two-issues-one-page-of-one-volume",
            ),
            pytest.param(
                {"issue": "1", "pages": "3-9"},
                {"issue": "2", "pages": "3-9"},
                Likeness.DIFFERENT,
                id="two-issues-one-page-of-no-volume",
            ),
            pytest.param(
                {"volume": "7", "issue": "1", "pages": "3-9"},
                {"volume": "8", "issue": "2", "pages": "3-9"},
                Likeness.DIFFERENT,
                id="two-volumes-one-page",
            ),
            pytest.param(
                {"volume": "7", "journal": "Drizzle"}, {"volume": "8"}, Likeness.UNSURE, id="two-journals"
            ),
            pytest.param(
                {"volume": "7", "journal": ""}, {"volume": "8"}, Likeness.UNSURE, id="volumes-without-journal"
            ),
            pytest.param(
                {"volume": "7", "pages": "3-9"},
                {"journal": "Drizzle Letters 7, 3-9"},
                Likeness.SAME,
                id="one-line",
            ),
            pytest.param(
                {"volume": "7", "pages": "3-9"},
                {"journal": "Drizzle Letters 8, 3-9"},
                Likeness.UNSURE,
                id="one-line-other-volume",
            ),
            pytest.param({"journal": "bioRxiv"}, {"volume": "3"}, Likeness.SAME, id="preprint-server"),
        ],
    )
    def test_places(self, one, other, expected):
        ours = replace(self.one, **{"journal": "Drizzle Letters", **one})
        assert (
            self.judge(ours, replace(self.published, **{"journal": "Drizzle Letters", **other})) is expected
        )

    def test_a_deposit_is_never_surely_another_work(self):
        """But two deposits of one name, or anything that shares an identifier."""
        deposit = replace(self.published, deposited=True, rank=Rank.FILE)
        assert self.judge(self.one, deposit) is Likeness.UNSURE
        assert self.judge(replace(self.one, deposited=True), deposit) is Likeness.SAME
        assert self.judge(self.published, deposit) is Likeness.SAME
        bare = make("Umbrellas That Remember Rain")
        assert self.judge(bare, deposit) is Likeness.UNSURE
        mended = make("Umbrellas That Remember Rain", Rank.HAND, key="hand:1")
        for said, expected in [
            ([deposit], True),
            ([deposit, mended], True),
            ([deposit, self.one], False),
            ([mended], False),
        ]:
            assert fold(said).deposited is expected

    def test_every_issue_has_its_editorial(self):
        editorials = [
            make("Editorial", journal="TUGboat", volume="2", pages="2", authors=("Ann Lee",)),
            make("Editorial", journal="TUGboat", volume="2", pages="5"),
            make("Editorial", journal="TUGboat", volume="3", pages="2", authors=("Ann Lee",)),
        ]
        for one, other in combinations(editorials, 2):
            assert self.judge(one, other) is Likeness.DIFFERENT

    @pytest.mark.parametrize("doi", ["10.1101/338558", "10.1101/2025.04.10.647997", "10.21203/rs.3.rs-1/v1"])
    def test_dois_of_a_preprint_server_and_of_a_publisher(self, doi):
        ours = replace(self.one, identifiers=(Identifier("doi", doi),))
        assert self.judge(ours, self.published) is Likeness.SAME
        assert (
            self.judge(ours, replace(ours, identifiers=(Identifier("doi", "10.1101/1234567"),)))
            is Likeness.UNSURE
        )
        journal = replace(ours, identifiers=(Identifier("doi", "10.1101/gr.279093.124"),))
        assert self.judge(journal, self.published) is Likeness.UNSURE

    def test_titles_without_letters_match_nothing(self):
        assert (
            self.judge(replace(self.one, title="?!"), replace(self.published, title="?!"))
            is Likeness.DIFFERENT
        )

    def test_bare_records_match_by_title_only(self):
        bare = make("Umbrellas that remember rain")
        assert is_bare(bare)
        assert not is_bare(self.one)
        assert not is_bare(replace(bare, authors=("Ann Lee",)))
        assert not is_bare(replace(bare, identifiers=(DOI,)))
        assert self.judge(bare, bare) is Likeness.TITLE_ONLY

    def test_folded_papers_and_records_compare(self):
        assert self.judge(fold([self.one]), self.published) is Likeness.SAME
        folded = fold([self.one, self.published])
        assert self.judge(folded, self.one) is self.judge(folded, self.published) is Likeness.SAME

    def test_family_names(self):
        names = [
            "Han, J. Z.",
            "Jian Han",
            "van der Berg, Anna",
            "Anna van der Berg",
            "Chan, B., Jr.",
            "Bo Chan Jr.",
            "",
        ]
        names += ["Þóra Önnudóttir", 'Schr{\\"o}dinger, E.', "李 小雨", "The MoTrPAC Study Group", "III"]
        assert family_names(names) == [
            *(
                "han",
                "han",
                "berg",
                "berg",
                "chan",
                "chan",
                "onnudottir",
                "schrodinger",
                "小雨",
                "group",
                "iii",
            )
        ]
