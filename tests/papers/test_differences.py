"""What two descriptions say alike and what not."""

from dataclasses import replace

import pytest

from papers.differences import Description, Verdict, compare_facts, explain_doubt
from papers.identifiers import Identifier
from tests.factories import make_record


def describe(title="On light", **facts):
    plain = {
        "authors": (),
        "published": "",
        "journal": "",
        "volume": "",
        "issue": "",
        "pages": "",
        "identifiers": (),
    }
    return Description(title=title, **{**plain, **facts})


def shown(parts):
    return [f"[{part.text}]" if part.differs else part.text for part in parts]


def fact(name, one, other):
    [found] = [each for each in compare_facts(one, other) if each.name == name]
    return found


def test_equal_is_what_titles_count_as_equal():
    found = fact("title", describe("Schrödinger's  CAT"), describe('Schr\\"odinger’s cat'))
    assert (found.verdict, shown(found.one)) == (Verdict.EQUAL, ["Schrödinger's  CAT"])


def test_words_that_the_other_lacks_are_marked():
    found = fact("title", describe("On the nature of light"), describe("On the speed of light, briefly"))
    assert found.verdict is Verdict.DIFFERENT
    assert shown(found.one) == ["On the", "[nature]", "of light"]
    assert shown(found.other) == ["On the", "[speed]", "of light,", "[briefly]"]


def test_authors_that_the_other_lacks_are_marked():
    one, other = describe(authors=("Ann Alpha", "Bo Beta")), describe(authors=("ANN ALPHA", "Cy Gamma"))
    found = fact("authors", one, other)
    assert (shown(found.one), shown(found.other)) == (["Ann Alpha", "[Bo Beta]"], ["ANN ALPHA", "[Cy Gamma]"])


def test_order_of_authors_counts_but_marks_nobody():
    found = fact("authors", describe(authors=("A", "B")), describe(authors=("B", "A")))
    assert (found.verdict, shown(found.one)) == (Verdict.DIFFERENT, ["A", "B"])


def test_what_one_does_not_state_is_unknown():
    found = fact("journal", describe(journal="Nature"), describe())
    assert (found.verdict, shown(found.one), found.other) == (Verdict.UNKNOWN, ["Nature"], ())
    assert [each.name for each in compare_facts(describe(), describe())] == ["title"]


@pytest.mark.parametrize(
    ("names", "verdict", "marked"),
    [
        (["doi:10.1000/a"], Verdict.EQUAL, False),
        (["doi:10.1000/b"], Verdict.DIFFERENT, True),
        (["pmid:12"], Verdict.UNKNOWN, False),
        (["doi:10.1101/2020.01.01.123456"], Verdict.UNKNOWN, False),
    ],
    ids=["equal", "of one kind", "of two kinds", "a preprint server's"],
)
def test_identifiers_differ_only_where_no_work_has_both(names, verdict, marked):
    other = describe(identifiers=tuple(Identifier(*name.split(":", 1)) for name in names))
    found = fact("identifiers", describe(identifiers=(Identifier("doi", "10.1000/a"),)), other)
    assert (found.verdict, found.one[0].differs) == (verdict, marked)


def test_long_lists_take_no_time():
    one, other = (describe(" ".join([word] * 1000), authors=[word] * 20_000) for word in ("one", "two"))
    assert len(compare_facts(one, other)) == 2


def test_doubts_in_words():
    said = make_record("On light", authors=("A. Alpha",), volume="1", identifiers=(Identifier("pmid", "1"),))
    other = make_record(
        "On light", authors=("Ann Alpha",), volume="2", identifiers=(Identifier("pmid", "2"),)
    )
    assert explain_doubt(said, other) == (
        "The titles and the authors' family names are equal, but they have identifiers of one kind that differ and "
        "different places of publication."
    )
    assert explain_doubt(said, make_record("On light", authors=("Cy Gamma",))) == ""
    deposit = replace(other, identifiers=(), deposited=True)
    assert explain_doubt(deposit, other).endswith(" are equal, but one is a deposit, which anybody may make.")
    assert explain_doubt(said, deposit).endswith(
        "they have different places of publication, and one is a deposit, which anybody may make."
    )
