"""One paper, once: invariants 1 and 2."""

from dataclasses import replace
from datetime import date
from threading import Barrier, Thread

import pytest
from django.db import OperationalError, connection

from papers import catalogue, reading_list
from papers.catalogue import Change
from papers.identifiers import Identifier
from papers.models import Catalogue, Entry, Listing, MergedPaper, Paper, Source, SourceRecord, Vote
from papers.records import Rank
from tests.factories import make_club, make_record, make_source

pytestmark = pytest.mark.django_db

ARXIV = Identifier("arxiv", "2504.00001")
DOI = Identifier("doi", "10.1000/xyz")


def add(source, *records, listed=None):
    return catalogue.add_records(source, list(records), listed=listed)


def test_new_record_becomes_a_paper(source):
    [outcome] = add(source, make_record("On words", authors=("Ada Lovelace",), identifiers=(ARXIV,)))
    paper = Paper.objects.get()
    assert outcome == catalogue.Outcome(paper.pk, Change.ADDED)
    assert (paper.title, paper.authors, paper.private_to) == ("On words", ["Ada Lovelace"], None)
    assert [str(each) for each in paper.identifiers.all()] == ["arxiv:2504.00001"]


def test_same_records_again_change_nothing(source):
    records = [make_record(f"Paper {n}", upvotes=n) for n in range(5)]
    add(source, *records, listed=date(2025, 4, 25))
    before = snapshot()
    outcomes = add(source, *records, listed=date(2025, 4, 25))
    assert {outcome.change for outcome in outcomes} == {Change.UNCHANGED}
    assert snapshot() == before


def snapshot():
    return (
        list(Paper.objects.order_by("pk").values()),
        list(SourceRecord.objects.order_by("pk").values("pk", "content_hash", "received")),
        list(
            Listing.objects.values_list("pk", "version", "items__position", "items__paper", "items__upvotes")
        ),
        Catalogue.objects.get().version,
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_arrival_order_never_matters(order):
    """A page's bare title, an aggregator's arXiv id, a publisher's DOI: one paper with both identifiers."""
    page, aggregator, server = make_source(), make_source(), make_source()
    said = [
        (page, make_record("Light Bridges", key="page")),
        (aggregator, make_record("Light Bridges", key="hf", authors=("A. Author",), identifiers=(ARXIV,))),
        (server, make_record("Light bridges", key="atom", authors=("Ann Author",), identifiers=(ARXIV, DOI),
                             rank=Rank.PREPRINT, abstract="We build them.")),
    ]  # fmt: skip
    for index in order:
        add(said[index][0], said[index][1])
    paper = Paper.objects.get()
    assert {str(each) for each in paper.identifiers.all()} == {"arxiv:2504.00001", "doi:10.1000/xyz"}
    assert (paper.title, paper.authors, paper.abstract) == ("Light bridges", ["Ann Author"], "We build them.")
    assert paper.source_records.count() == 3


def test_one_batch_names_one_paper_three_times(source):
    outcomes = add(
        source,
        make_record("First", key="a", identifiers=(ARXIV,)),
        make_record("Second", key="b", identifiers=(DOI,)),
        make_record("Third", key="c", identifiers=(ARXIV, DOI)),
    )
    assert len({outcome.paper_id for outcome in outcomes}) == 1
    assert Paper.objects.get().source_records.count() == 3
    assert [outcome.change for outcome in outcomes] == [Change.ADDED, Change.UPDATED, Change.UPDATED]


def test_one_key_twice_in_a_batch_is_one_record(source):
    outcomes = add(source, make_record("Once", key="a"), make_record("Once, mended", key="a"))
    assert Paper.objects.get().title == "Once, mended"
    assert [outcome.change for outcome in outcomes] == [Change.ADDED, Change.UNCHANGED]


def test_record_that_names_two_papers_merges_them(source, club, member, organiser):
    """Votes, comments and addresses survive; of two votes of one member the latest holds."""
    first, second = (Paper.objects.get(pk=each.paper_id) for each in add(
        source, make_record("One", key="a", identifiers=(ARXIV,)), make_record("Two", key="b", identifiers=(DOI,)),
        listed=date(2025, 4, 25),
    ))  # fmt: skip
    reading_list.cast_vote(reading_list.note(club, first), value=1, by=member)
    reading_list.cast_vote(reading_list.note(club, second), value=1, by=organiser)
    reading_list.cast_vote(reading_list.note(club, second), value=-1, by=member)
    add(source, make_record("Both", key="c", identifiers=(ARXIV, DOI)))
    assert list(Paper.objects.values_list("pk", flat=True)) == [first.pk]
    assert MergedPaper.objects.get().id == second.pk
    entry = Entry.objects.get()
    assert (entry.paper_id, entry.promotions, entry.demotions) == (first.pk, 1, 1)
    assert Vote.objects.get(member=member).value == -1
    assert MergedPaper.objects.get().log["lost"]["vote"][0]["fields"]["value"] == 1


def test_changed_record_updates_its_paper(source):
    add(source, make_record("Draft", key="a", identifiers=(ARXIV,)))
    version = Paper.objects.get().version
    [outcome] = add(source, make_record("Final", key="a", identifiers=(ARXIV, DOI)))
    paper = Paper.objects.get()
    assert (outcome.change, paper.title) == (Change.UPDATED, "Final")
    assert paper.version == Catalogue.objects.get().version > version


def test_a_clubs_bare_record_is_private_and_an_identifier_makes_it_everybodys(club, other_club):
    uploads = make_source(club=club, kind="upload")
    add(uploads, make_record("Our draft", key="a", abstract="secret"))
    assert Paper.objects.get().private_to == club
    add(make_source(club=other_club, kind="upload"), make_record("Our draft", key="a"))
    assert Paper.objects.count() == 2, "titles are never matched across clubs"
    add(uploads, make_record("Our draft", key="a", abstract="secret", identifiers=(DOI,)))
    assert Paper.objects.get(identifiers__value=DOI.value).private_to is None


def test_what_a_club_says_without_identifier_never_colours_a_public_paper(source, club):
    add(source, make_record("Known", key="a"))
    add(
        make_source(club=club, kind="upload"),
        make_record("Known", key="b", abstract="our notes", rank=Rank.HAND),
    )
    paper = Paper.objects.get()
    assert (paper.abstract, paper.private_to) == ("", None)


def test_listing_keeps_the_order_and_appends(source):
    records = [make_record(f"Paper {n}", key=f"k{n}", upvotes=n) for n in range(3)]
    add(source, *records[:2], listed=date(2025, 4, 25))
    add(source, records[2], records[0], listed=date(2025, 4, 25))
    listing = Listing.objects.get()
    assert [item.paper.title for item in listing.items.select_related("paper")] == [
        "Paper 0",
        "Paper 1",
        "Paper 2",
    ]
    assert Paper.objects.get(title="Paper 2").upvotes == 2


def test_two_papers_of_one_title_leave_a_bare_record_apart(source):
    add(
        source,
        make_record("Reply", key="a", authors=("A. One",), identifiers=(ARXIV,)),
        make_record("Reply", key="b", authors=("B. Two",), identifiers=(DOI,)),
    )
    add(make_source(), make_record("Reply", key="page"))
    assert Paper.objects.count() == 3


def test_search_text_is_what_the_function_makes(source):
    add(source, make_record("Schrödinger bridges", authors=("Zoë Ångström",), identifiers=(ARXIV,)))
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT search_text = papers_search_text(title, authors, abstract, ARRAY['2504.00001'])
                    , search_text @@ websearch_to_tsquery('papers', 'schrodinger angstrom') FROM papers_paper"""
        )
        assert cursor.fetchone() == (True, True)


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_give_one_paper_each():
    """Invariant 1 under concurrency: overlapping lists from two sources, at the same moment."""
    sources = [make_source(), make_source()]
    batches = [
        [
            make_record(f"Paper {n}", key=f"{side}{n}", authors=("A. Author",),
                        identifiers=(Identifier("arxiv", f"2504.{n:05}"),))
            for n in (range(1, 80) if side else range(79, 0, -1))
        ]
        for side in (0, 1)
    ]  # fmt: skip
    start = Barrier(2)
    failures = []

    def work(side):
        try:
            start.wait()
            for at in range(0, 79, 10):
                catalogue.add_records(sources[side], batches[side][at : at + 10], listed=date(2025, 4, 25))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work, args=(side,)) for side in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Paper.objects.count() == 79
    assert SourceRecord.objects.count() == 158


def test_outsiders_club_does_not_see_the_private_paper(club, outsider, member):
    [outcome] = add(make_source(club=club, kind="upload"), make_record("Ours"))
    assert not Paper.objects.visible_to(outsider).filter(pk=outcome.paper_id).exists()
    assert Paper.objects.visible_to(member).filter(pk=outcome.paper_id).exists()


def test_one_batch_can_join_two_papers_that_were_there(source):
    """The first record ties an identifier to one paper, the second the same identifier to the other."""
    pmid = Identifier("pmid", "12345")
    add(
        source,
        make_record("One", key="a", identifiers=(DOI,)),
        make_record("Two", key="b", identifiers=(pmid,)),
    )
    other = make_source()
    outcomes = add(
        other,
        make_record("One", key="c", identifiers=(DOI, ARXIV)),
        make_record("Two", key="d", identifiers=(pmid, ARXIV)),
    )
    paper = Paper.objects.get()
    assert {outcome.paper_id for outcome in outcomes} == {paper.pk}
    assert {each.scheme for each in paper.identifiers.all()} == {"arxiv", "doi", "pmid"}


def test_an_unchanged_record_of_a_paper_merged_in_its_batch_finds_the_one_that_stays(source):
    two = make_record("Two", key="b", identifiers=(DOI,), upvotes=1)
    add(source, make_record("One", key="a", identifiers=(ARXIV,)), two)
    day = date(2025, 4, 25)
    outcomes = add(source, make_record("Both", key="c", identifiers=(ARXIV, DOI)), two, listed=day)
    paper = Paper.objects.get()
    assert {outcome.paper_id for outcome in outcomes} == {paper.pk}
    assert Listing.objects.get().items.get().paper == paper


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1)])
def test_authors_that_come_later_still_join_two_forms(order):
    """An arXiv id without authors, a DOI with them, the arXiv id with them: one work, whichever came first."""
    sources = [make_source() for _ in range(3)]
    said = [
        make_record("Light Bridges", identifiers=(ARXIV,)),
        make_record("Light bridges", identifiers=(DOI,), authors=("Ann Author", "Bo Bee")),
        make_record("Light bridges", identifiers=(ARXIV,), authors=("Ann Author", "Bo Bee")),
    ]
    for index in order:
        add(sources[index], said[index])
    assert Paper.objects.count() == 1


def test_an_older_revision_never_replaces_a_newer_one(source):
    add(source, make_record("Second thoughts", key="a", identifiers=(ARXIV,), revision=2))
    [outcome] = add(source, make_record("First thoughts", key="a", identifiers=(ARXIV,), revision=1))
    assert (outcome.change, Paper.objects.get().title) == (Change.UNCHANGED, "Second thoughts")


def test_a_clubs_own_listing_moves_nothing_for_others(source, club, member):
    day = date(2025, 4, 25)
    add(source, make_record("Known", key="a", identifiers=(ARXIV,), upvotes=5), listed=day)
    before = Paper.objects.values("upvotes", "heat").get()
    uploads = make_source(club=club, kind="upload")
    add(uploads, make_record("Known", key="b", identifiers=(ARXIV,), upvotes=10**6), listed=date(2030, 1, 1))
    assert Paper.objects.values("upvotes", "heat").get() == before


def test_heat_of_an_entry_follows_the_votes_at_the_source(source, club):
    day = date(2025, 4, 25)
    record = make_record("Rising", key="a", identifiers=(ARXIV,), upvotes=0)
    add(source, record, listed=day)
    entry = reading_list.note(club, Paper.objects.get())
    before = Entry.objects.get(pk=entry.pk).heat
    add(source, replace(record, upvotes=500), listed=day)
    assert Entry.objects.get(pk=entry.pk).heat > before
    assert Paper.objects.get().upvotes == 500


def test_a_clubs_file_changes_and_merges_nothing_that_others_stand_on(source, club):
    """It may claim identifiers as it likes: papers of the installation keep their words, names and number."""
    add(
        source,
        make_record("One", key="a", identifiers=(ARXIV,), rank=Rank.AGGREGATOR),
        make_record("Two", key="b", identifiers=(DOI,)),
        make_record("Bare", key="c"),
    )
    before = list(Paper.objects.order_by("pk").values_list("title", "private_to"))
    uploads = make_source(club=club, kind="upload")
    third = Identifier("arxiv", "2504.09999")
    add(
        uploads,
        make_record("VANDALISED", key="x", identifiers=(ARXIV, DOI), rank=Rank.PREPRINT, revision=9),
        make_record("Bare", key="y", identifiers=(third,), rank=Rank.PREPRINT, abstract="buy pills"),
    )
    assert list(Paper.objects.order_by("pk").values_list("title", "private_to")) == before
    assert not Paper.objects.exclude(abstract="").exists()
    assert {str(each) for each in Paper.objects.get(title="Two").identifiers.all()} == {"doi:10.1000/xyz"}


def test_a_day_far_ahead_is_not_believed(source):
    [outcome] = catalogue.add_records(
        source, [make_record("From the future", listed=date(9999, 12, 31))], fallback=date(2025, 4, 25)
    )
    assert Listing.objects.get().date == date(2025, 4, 25)
    assert outcome.change == Change.ADDED


@pytest.mark.parametrize("listed", [None, date(2025, 4, 26)])
def test_a_revision_of_what_was_announced_before_stands_in_no_listing(source, listed):
    first = make_record("Announced", key="a", revision=1, listed=date(2025, 4, 25))
    again = make_record("Announced", key="a", revision=2, unlisted=True)
    unseen = make_record("Never seen", key="b", revision=3, unlisted=True)
    catalogue.add_records(source, [first])
    outcomes = catalogue.add_records(source, [again, unseen], listed=listed, fallback=date(2025, 4, 26))
    assert [outcome.change for outcome in outcomes] == [Change.UPDATED, Change.ADDED]
    assert [listing.date for listing in Listing.objects.all()] == [date(2025, 4, 25)]


@pytest.mark.django_db(transaction=True)
def test_first_votes_do_not_wait_for_an_import(monkeypatch):
    """An entry's row names its paper, which the import has locked: waiting for each other would be a deadlock."""
    source, club = make_source(), make_club()
    add(source, make_record("Before", key="a", revision=1))
    paper, made = Paper.objects.get(), []

    def note_meanwhile(*_args, **_options):
        def note():
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            made.append(reading_list.note(club, paper))
            connection.close()

        thread = Thread(target=note)
        thread.start()
        thread.join()

    monkeypatch.setattr("papers.catalogue._listings.fill", note_meanwhile)
    add(source, make_record("After", key="a", revision=2))
    assert [entry.paper for entry in made] == [paper]
    assert Paper.objects.get().title == "After"


def test_what_a_club_keeps_to_itself_decides_nothing_for_others(club, other_club):
    everybodys, server = make_source(), make_source()
    add(everybodys, make_record("One small model", key="page"))
    ours = make_source(club=club, kind="upload")
    add(ours, make_record("One small model", key="private", authors=("Nobody Else",)))
    add(server, make_record("One small model", key="atom", authors=("Rita Real",), identifiers=(ARXIV,)))
    assert Paper.objects.filter(private_to=None).count() == 1


def test_what_a_club_keeps_to_itself_answers_no_other_club(club, other_club):
    said = []
    for number, title in enumerate(["Without a secret", "With a secret"]):
        name = Identifier("arxiv", f"2504.0001{number}")
        add(make_source(), make_record(title, key="a", identifiers=(name,), authors=("Ann Alpha",)))
        if number:
            ours = make_source(club=club, kind="upload")
            add(ours, make_record(title, key="b", authors=("Ann Alpha",), journal="Secret Journal 7"))
        theirs = Source.objects.filter(club=other_club).first() or make_source(club=other_club, kind="upload")
        [outcome] = add(
            theirs, make_record(title, key=title, authors=("Ann Alpha",), journal="Other Letters 9")
        )
        said.append(outcome.change)
    assert said == ["updated", "updated"]


@pytest.mark.django_db(transaction=True)
def test_nobody_notes_a_paper_that_is_being_merged_away(monkeypatch):
    source, club, waited = make_source(), make_club(), []
    add(source, make_record("One", key="a"), make_record("Two", key="b"))
    keep, other = Paper.objects.order_by("pk")

    def note_meanwhile(*_args, **_options):
        def note():
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '500ms'")
            try:
                reading_list.note(club, other)
            except OperationalError as error:
                waited.append("lock timeout" in str(error))
            connection.close()

        thread = Thread(target=note)
        thread.start()
        thread.join()

    monkeypatch.setattr("papers.catalogue._merging.Log.lose", note_meanwhile)
    catalogue.merge_papers(keep, other, reason="The same.")
    assert set(waited) == {True}


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_that_no_listing_is_of_is_passed_over(source, day):
    catalogue.add_records(source, [make_record(listed=day)], fallback=date(2025, 4, 25))
    assert [listing.date for listing in Listing.objects.all()] == [date(2025, 4, 25)]


def test_what_a_club_says_of_everybodys_paper_does_not_stamp_it(club):
    add(make_source(), make_record("Of everybody", key="a", identifiers=(ARXIV,)))
    before = Paper.objects.get().version, Catalogue.objects.get().version
    [outcome] = add(make_source(club=club, kind="upload"), make_record("Of everybody", key="secret"))
    assert outcome.change == Change.UPDATED
    assert (Paper.objects.get().version, Catalogue.objects.get().version) == before
