import time
from datetime import date

import pytest

from papers.identifiers import Identifier
from papers.importers.arxiv_text import read_month, split_authors


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("A. One, B. Two and C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One, B. Two, and C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One; B. Two & C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One,  , B. Two", ["A. One", "B. Two"]),
        ("Roland Anders, Alessandra Ng", ["Roland Anders", "Alessandra Ng"]),
        ("A. One (CERN, Geneva and Bern), B. Two", ["A. One", "B. Two"]),
        (
            "A. One (1), B. Two (1,2) and C. Three (2) ((1) Rome, (2) Bern (CH))",
            ["A. One", "B. Two", "C. Three"],
        ),
        ("A. One (3)((1) Bern; (3) Rome", ["A. One"]),
        ("A. One (Bern, B. Two", ["A. One", "B. Two"]),
        ("A. One), B. Two [Bern]", ["A. One", "B. Two"]),
        (r"J\"org One$^{1,2}$, D. Kr\'al', {\AA}. Two", ["Jörg One", "D. Král'", "Å. Two"]),
        ("A. One, Jr., B. Two III", ["A. One Jr.", "B. Two III"]),
        ("A. One et al", ["A. One"]),
        ("A. One, et al. (Rain collaboration: 136 additional authors)", ["A. One", "Rain collaboration"]),
        ("A. One (for the Rain Collaboration)", ["A. One", "Rain Collaboration"]),
        ("A. One, for the RBC and UKQCD Collaborations", ["A. One", "RBC and UKQCD Collaborations"]),
        ("A. One, B. Two, on behalf of the Rain Team", ["A. One", "B. Two", "Rain Team"]),
        ("A. One and the Rain Collaboration", ["A. One", "Rain Collaboration"]),
        ("Rain Collaboration: A. One, B. Two", ["Rain Collaboration", "A. One", "B. Two"]),
        ("LIGO and Virgo Collaborations", ["LIGO and Virgo Collaborations"]),
        ("The Rain Collaboration", ["The Rain Collaboration"]),
        ("", []),
        ("()", []),
    ],
)
def test_authors_as_their_submitter_typed_them(written, names):
    assert split_authors(written) == names


@pytest.mark.parametrize(
    "piece", ["(", ")", "()", " and ", ", ", "$", "\\", "for the ", "a collaboration", " a"]
)
def test_work_on_authors_grows_no_faster_than_their_list(piece):
    start = time.process_time()
    split_authors(piece * 100_000)
    assert time.process_time() - start < 5


def test_month_of_an_identifier():
    assert read_month(Identifier("arxiv", "2504.01001")).date == date(2025, 4, 1)
    assert read_month(Identifier("arxiv", "hep-th/9108001")).date == date(1991, 8, 1)
    assert read_month(Identifier("arxiv", "math/0309136")).date == date(2003, 9, 1)
