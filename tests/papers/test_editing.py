"""Edits by hand: before all that sources say, and taken back at will."""

from datetime import date

import pytest

from papers import catalogue
from papers.catalogue import Refused
from papers.identifiers import Identifier
from papers.models import Catalogue, MergedPaper, Paper, PaperEdit, SourceRecord
from papers.records import PartialDate, Precision, Rank
from tests.factories import make_paper, make_record, make_source

pytestmark = pytest.mark.django_db

ARXIV = Identifier("arxiv", "2504.00001")


@pytest.fixture
def paper(source):
    return make_paper(
        "Ligth bridges",
        source=source,
        key="a",
        authors=("A. Author",),
        identifiers=(ARXIV,),
        abstract="We build.",
        journal="Science",
        volume="1",
        pages="5",
    )


def test_an_edit_stands_before_what_sources_say(source, paper, administrator):
    version = Catalogue.objects.get().version
    edited = catalogue.edit_paper(paper, {"title": " Light  bridges "}, by=administrator)
    assert (edited.title, edited.abstract, edited.authors) == ("Light bridges", "We build.", ["A. Author"])
    assert edited.version == Catalogue.objects.get().version == version + 1
    said = make_record(
        "Ligth bridges!", key="a", identifiers=(ARXIV,), abstract="They build.", rank=Rank.PUBLISHER
    )
    catalogue.add_records(source, [said])
    paper.refresh_from_db()
    assert (paper.title, paper.abstract) == ("Light bridges", "They build.")
    assert catalogue.find_edited(paper) == {"title"}


def test_an_emptied_field_is_as_the_sources_say(paper, administrator):
    catalogue.edit_paper(paper, {"title": "Light bridges", "journal": "Nature"}, by=administrator)
    edited = catalogue.edit_paper(paper, {"title": ""}, by=administrator)
    assert (edited.title, edited.journal) == ("Ligth bridges", "Nature")
    edited = catalogue.edit_paper(paper, {"journal": ""}, by=administrator)
    assert (edited.journal, edited.volume) == ("Science", "1")
    assert SourceRecord.objects.count() == 1, "nothing is said by hand any more"


def test_the_same_again_changes_nothing(paper, administrator):
    catalogue.edit_paper(paper, {"title": "Light bridges"}, by=administrator)
    before = Catalogue.objects.get().version
    catalogue.edit_paper(paper, {"title": "Light bridges"}, by=administrator)
    assert Catalogue.objects.get().version == before
    assert PaperEdit.objects.count() == 1


def test_any_edit_is_undone_by_another(paper, administrator, organiser):
    catalogue.edit_paper(paper, {"title": "Light bridges", "volume": "7"}, by=administrator)
    catalogue.edit_paper(paper, {"volume": "8", "pages": "1-9"}, by=administrator)
    first = PaperEdit.objects.earliest("pk")
    paper = catalogue.undo_edit(first, by=organiser)
    assert (paper.title, paper.volume, paper.pages) == ("Ligth bridges", "1", "5")
    paper = catalogue.undo_edit(PaperEdit.objects.first(), by=administrator)
    assert (paper.title, paper.journal, paper.volume, paper.pages) == ("Light bridges", "Science", "8", "1-9")
    assert list(PaperEdit.objects.values_list("by", flat=True)) == [
        administrator.pk, organiser.pk, administrator.pk, administrator.pk
    ]  # fmt: skip


def test_a_date_of_which_only_the_year_is_known(paper, administrator):
    changes = {"published": PartialDate(date(2014, 1, 1), Precision.YEAR)}
    edited = catalogue.edit_paper(paper, changes, by=administrator)
    assert edited.published_as_known == "2014"
    edited = catalogue.edit_paper(paper, {"published": PartialDate(date(2014, 1, 1))}, by=administrator)
    assert edited.published_as_known == "2014-01-01"
    edited = catalogue.undo_edit(PaperEdit.objects.first(), by=administrator)
    assert edited.published_as_known == "2014"
    edited = catalogue.undo_edit(PaperEdit.objects.last(), by=administrator)
    assert (edited.published, edited.published_precision) == (None, Precision.DAY)


@pytest.mark.parametrize("changes", [{"title": "x" * 2001}, {"title": "\u200b"}, {"abstract": "x" * 100_001}])
def test_what_no_record_may_say_is_refused(paper, administrator, changes):
    with pytest.raises(Refused):
        catalogue.edit_paper(paper, changes, by=administrator)
    assert not PaperEdit.objects.exists()


def test_a_paper_that_was_merged_meanwhile_is_not_edited(paper, administrator):
    catalogue.edit_paper(paper, {"title": "Light bridges"}, by=administrator)
    other = make_paper("Bridges of light", source=paper.source_records.first().source, key="b")
    edit = PaperEdit.objects.select_related("paper").get()
    catalogue.merge_papers(other, paper, reason="the same", by=administrator)
    with pytest.raises(Refused, match="merged"):
        catalogue.edit_paper(paper, {"title": "Heavy bridges"}, by=administrator)
    with pytest.raises(Refused, match="merged"):
        catalogue.undo_edit(edit, by=administrator)


def test_an_edit_of_a_private_paper_stays_the_clubs(club, organiser):
    uploads = make_source(club=club, kind="upload")
    [said] = catalogue.add_records(uploads, [make_record("Our draft", key="a")])
    paper = catalogue.edit_paper(Paper.objects.get(pk=said.paper_id), {"title": "Our notes"}, by=organiser)
    assert (paper.title, paper.private_to) == ("Our notes", club)
    catalogue.add_records(make_source(), [make_record("In public", identifiers=(ARXIV,))])
    catalogue.add_records(uploads, [make_record("Our draft", key="a", identifiers=(ARXIV,))])
    assert Paper.objects.get(identifiers__value=ARXIV.value).title == "In public"


def test_an_edit_keeps_the_rest_that_a_clubs_file_brought(club, administrator):
    uploads = make_source(club=club, kind="upload")
    record = make_record("Teh title", key="a", identifiers=(ARXIV,), authors=("A. Author",), abstract="We.")
    [said] = catalogue.add_records(uploads, [record])
    paper = catalogue.edit_paper(
        Paper.objects.get(pk=said.paper_id), {"title": "The title"}, by=administrator
    )
    assert (paper.title, paper.abstract, paper.authors) == ("The title", "We.", ["A. Author"])
    assert {str(each) for each in paper.identifiers.all()} == {str(ARXIV)}


def test_edits_go_with_a_merge_and_back(source, paper, administrator):
    other = make_paper("Other", source=source, key="b")
    catalogue.edit_paper(other, {"journal": "Nature"}, by=administrator)
    catalogue.edit_paper(paper, {"volume": "7"}, by=administrator)
    catalogue.merge_papers(paper, other, reason="The same.")
    paper.refresh_from_db()
    assert (paper.journal, paper.volume) in {("Nature", ""), ("Science", "7")}
    assert paper.edits.count() == 2
    back = catalogue.unmerge(MergedPaper.objects.get(), by=administrator)
    paper.refresh_from_db()
    assert (back.journal, paper.journal, paper.volume) == ("Nature", "Science", "7")
    assert (back.edits.count(), paper.edits.count()) == (1, 1)


def test_one_more_edit_after_a_merge_says_all_by_hand(source, paper, administrator):
    other = make_paper("Other", source=source, key="b")
    catalogue.edit_paper(other, {"journal": "Nature"}, by=administrator)
    catalogue.merge_papers(paper, other, reason="The same.")
    edited = catalogue.edit_paper(paper, {"journal": "Cell"}, by=administrator)
    assert edited.journal == "Cell"
    assert SourceRecord.objects.filter(key__startswith="hand:").count() == 1
