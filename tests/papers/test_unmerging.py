"""A merge taken back: what came with a paper goes back to it, and what came since stays."""

from dataclasses import replace
from datetime import date

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Club
from papers import catalogue, discussion, reading_list
from papers.catalogue import Change, Refused
from papers.identifiers import Identifier
from papers.models import (
    CandidatePair,
    Comment,
    Decision,
    Entry,
    EntryChange,
    ListingItem,
    MergedPaper,
    Paper,
    PaperIdentifier,
    Skip,
    SourceRecord,
    Tagging,
    Tombstone,
    Volunteer,
    Vote,
)
from tests.factories import make_paper, make_record, make_source, make_user
from tests.papers.api.conftest import make_script
from tests.papers.api.test_sync import walk

pytestmark = pytest.mark.django_db

ARXIV = Identifier("arxiv", "2504.00001")
DOI = Identifier("doi", "10.1000/xyz")
DAY = date(2025, 4, 25)


@pytest.fixture
def keep(source):
    return make_paper(
        "Light bridges", key="a", source=source, listed=DAY, identifiers=(ARXIV,), authors=("A. Author",)
    )


@pytest.fixture
def other(source):
    return make_paper("Bridges of light", key="b", source=source, listed=DAY, identifiers=(DOI,), upvotes=4)


@pytest.fixture
def talk(club, other_club, keep, other, member, organiser, outsider):
    """Two clubs that did this and that with both papers."""
    for paper in (keep, other):
        entry = reading_list.note(club, paper)
        reading_list.cast_vote(entry, value=1 if paper == keep else -1, by=member)
        reading_list.volunteer(entry, by=organiser)
        reading_list.tag(entry, name="theory", by=member)
        comment = discussion.post_comment(entry, text=f"Of {paper.pk}.", by=member)
        discussion.post_comment(entry, text="Indeed.", by=organiser, parent=comment)
    reading_list.cast_vote(reading_list.note(club, other), value=1, by=organiser)
    reading_list.tag(reading_list.note(club, other), name="vision", by=member)
    reading_list.skip(other_club, other, by=outsider)
    reading_list.skip(other_club, keep, by=outsider)
    reading_list.suggest(reading_list.note(other_club, other), by=outsider)
    return reading_list.note(club, keep), reading_list.note(club, other)


def picture():
    """All that a merge touches, without sync numbers."""
    tables = [
        *(Paper, PaperIdentifier, SourceRecord, ListingItem, Skip, Entry, Vote, Volunteer, Tagging, Comment),
        *(EntryChange, MergedPaper),
    ]
    rows = {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}
    return {
        name: [{key: value for key, value in row.items() if key != "version"} for row in each]
        for name, each in rows.items()
    }


def merge(keep, other, by=None):
    catalogue.merge_papers(keep, other, reason="The same proof.", by=by)
    return MergedPaper.objects.get(pk=other.pk)


def test_merge_then_unmerge_is_identity(keep, other, talk, administrator):
    before = picture()
    merged = merge(keep, other)
    assert picture() != before
    back = catalogue.unmerge(merged, by=administrator)
    assert back.pk == other.pk
    assert picture() == before
    assert not Tombstone.objects.exclude(kind="entry").exists()
    assert not Tombstone.objects.filter(object_id__in=Entry.objects.values("pk")).exists()


def test_both_are_logged_with_who_and_why(keep, other, administrator, organiser):
    catalogue.unmerge(merge(keep, other, by=organiser), by=administrator)
    assert list(Decision.objects.order_by("pk").values_list("act", "kept", "other", "reason", "by")) == [
        ("merged", keep.pk, other.pk, "The same proof.", organiser.pk),
        ("parted", keep.pk, other.pk, "The same proof.", administrator.pk),
    ]


def test_a_script_sees_the_paper_and_the_entry_come_back(keep, other, talk, member, administrator):
    script, number = make_script(member), {}
    _rows, number["papers"] = walk(script, "/api/v1/papers/")
    _rows, number["entries"] = walk(script, "/api/v1/clubs/ml/entries/")
    merged = merge(keep, other)
    gone, after_merge = walk(script, f"/api/v1/deleted/?since={number['papers']}")
    assert [(row["kind"], row["id"]) for row in gone] == [("paper", other.pk)]
    catalogue.unmerge(merged, by=administrator)
    for since in (number["papers"], after_merge):
        assert walk(script, f"/api/v1/deleted/?since={since}")[0] == []
        rows, _number = walk(script, f"/api/v1/papers/?since={since}")
        assert {row["id"]: row["title"] for row in rows} == {keep.pk: keep.title, other.pk: other.title}
    rows, _number = walk(script, f"/api/v1/clubs/ml/entries/?since={number['entries']}")
    assert {row["paper"] for row in rows} == {keep.pk, other.pk}
    assert walk(script, f"/api/v1/clubs/ml/deleted/?since={number['entries']}")[0] == []


def test_no_import_merges_them_again(source, keep, other, administrator):
    """Neither a record that names both, nor one whose title and authors are those of both."""
    both = make_record("Both", key="c", identifiers=(ARXIV, DOI))
    catalogue.add_records(source, [both])
    [merged] = MergedPaper.objects.all()
    assert (merged.pk, merged.paper_id, merged.by) == (other.pk, keep.pk, None)
    catalogue.unmerge(merged, by=administrator)
    assert Paper.objects.count() == 2
    catalogue.add_records(source, [replace(both, abstract="Changed.")])
    catalogue.add_records(make_source(), [make_record("Both", identifiers=(DOI, ARXIV))])
    namesake = make_record("Light bridges", key="b", identifiers=(DOI,), authors=("A. Author",))
    catalogue.add_records(source, [namesake])
    catalogue.add_records(source, [replace(namesake, key="d", identifiers=())])
    assert set(Paper.objects.values_list("pk", flat=True)) == {keep.pk, other.pk}
    assert PaperIdentifier.objects.get(value=DOI.value).paper_id == other.pk
    assert CandidatePair.objects.get().state == CandidatePair.State.APART


def test_what_is_kept_apart_stays_so_after_another_merge(source, keep, other, administrator):
    catalogue.unmerge(merge(keep, other), by=administrator)
    third = make_paper("Third", source=source, identifiers=(Identifier("pmid", "12345"),))
    merged = merge(third, keep)
    pair = CandidatePair.objects.get()
    assert ({pair.first_id, pair.second_id}, pair.state) == ({third.pk, other.pk}, "apart")
    catalogue.add_records(source, [make_record("All", identifiers=(ARXIV, DOI, Identifier("pmid", "12345")))])
    assert Paper.objects.count() == 2
    catalogue.unmerge(merged, by=administrator)
    assert {frozenset((each.first_id, each.second_id)) for each in CandidatePair.objects.all()} == {
        frozenset((keep.pk, other.pk)),
        frozenset((keep.pk, third.pk)),
    }


def test_what_came_since_stays_with_the_kept_paper(keep, other, talk, club, owner, member, administrator):
    merged = merge(keep, other)
    entry = Entry.objects.get(club=club)
    reading_list.cast_vote(entry, value=1, by=owner)
    reading_list.tag(entry, name="later", by=owner)
    discussion.post_comment(entry, text="Since.", by=owner)
    catalogue.unmerge(merged, by=administrator)
    stay, back = Entry.objects.get(club=club, paper=keep), Entry.objects.get(club=club, paper=other)
    assert set(stay.votes.values_list("member", "value")) == {(member.pk, 1), (owner.pk, 1)}
    assert (stay.promotions, stay.demotions, stay.comment_count) == (2, 0, 3)
    assert (back.promotions, back.demotions, back.comment_count) == (1, 1, 2)
    assert {tagging.tag.name for tagging in stay.taggings.all()} == {"theory", "later"}
    assert {tagging.tag.name for tagging in back.taggings.all()} == {"theory", "vision"}


def test_answers_go_with_the_comments_they_answer(keep, other, talk, member, administrator):
    comment = Comment.objects.get(text=f"Of {other.pk}.")
    merged = merge(keep, other)
    comment.refresh_from_db()
    answer = discussion.post_comment(comment.entry, text="Late.", by=member, parent=comment)
    catalogue.unmerge(merged, by=administrator)
    answer.refresh_from_db()
    assert answer.entry.paper_id == other.pk


def test_a_vote_changed_since_is_not_given_back(keep, other, talk, club, member, administrator):
    merged = merge(keep, other)
    assert Vote.objects.get(member=member).value == -1, "the later one holds"
    reading_list.withdraw_vote(Entry.objects.get(club=club), by=member)
    catalogue.unmerge(merged, by=administrator)
    assert not Vote.objects.filter(member=member).exists()


def test_an_entry_that_moved_whole_goes_back_and_what_came_since_stays(other_club, outsider, keep, other, talk,
                                                                        administrator):  # fmt: skip
    friend = make_user("Fred Friend", club=other_club)
    merged = merge(keep, other)
    reading_list.cast_vote(Entry.objects.get(club=other_club), value=1, by=friend)
    catalogue.unmerge(merged, by=administrator)
    back, stay = (Entry.objects.get(club=other_club, paper=paper) for paper in (other, keep))
    assert (back.state, back.suggested_by, back.promotions) == ("suggested", outsider, 0)
    assert (stay.state, stay.suggested_by, stay.promotions) == ("suggested", None, 1)


def test_a_record_since_that_names_only_the_other_paper_goes_to_it(keep, other, administrator):
    merged = merge(keep, other)
    pmid = Identifier("pmid", "12345")
    publisher = make_source()
    catalogue.add_records(publisher, [make_record("Bridges of light, printed", identifiers=(DOI, pmid))])
    catalogue.add_records(publisher, [make_record("Light bridges, v2", identifiers=(ARXIV,))])
    catalogue.unmerge(merged, by=administrator)
    assert {str(each) for each in other.identifiers.all()} == {str(DOI), str(pmid)}
    assert {str(each) for each in keep.identifiers.all()} == {str(ARXIV)}
    assert (keep.source_records.count(), other.source_records.count()) == (2, 2)


def test_a_merge_below_another_is_taken_back_after_it(source, keep, other, administrator):
    third = make_paper("Third", source=source)
    below, above = merge(keep, other), merge(third, keep)
    with pytest.raises(Refused, match="Take that back first"):
        catalogue.unmerge(below, by=administrator)
    catalogue.unmerge(above, by=administrator)
    catalogue.unmerge(below, by=administrator)
    assert Paper.objects.count() == 3
    assert not MergedPaper.objects.exists()
    with pytest.raises(Refused, match="already"):
        catalogue.unmerge(below, by=administrator)


def test_a_place_in_a_listing_taken_meanwhile(source, keep, other, administrator):
    merged = merge(keep, other)
    catalogue.add_records(source, [make_record("Next", key="n")], listed=DAY)
    catalogue.unmerge(merged, by=administrator)
    items = ListingItem.objects.order_by("position").values_list("position", "paper__title")
    assert list(items) == [(1, "Light bridges"), (2, "Next"), (3, "Bridges of light")]


def test_a_private_paper_is_private_again(club, keep, outsider, member, administrator):
    [said] = catalogue.add_records(make_source(club=club, kind="upload"), [make_record("Our notes")])
    notes = Paper.objects.get(pk=said.paper_id)
    merged = merge(keep, notes)
    assert not MergedPaper.objects.visible_to(outsider).exists()
    assert not Decision.objects.visible_to(outsider).exists()
    assert MergedPaper.objects.visible_to(member).exists()
    back = catalogue.unmerge(merged, by=administrator)
    assert back.private_to == club
    assert not Tombstone.objects.exists()


def test_papers_of_two_clubs_are_not_merged(club, other_club):
    papers = []
    for owner in (club, other_club):
        [said] = catalogue.add_records(make_source(club=owner, kind="upload"), [make_record("Same")])
        papers.append(Paper.objects.get(pk=said.paper_id))
    with pytest.raises(Refused, match="different clubs"):
        catalogue.merge_papers(*papers, reason="Same.")
    with pytest.raises(Refused, match="one and the same"):
        catalogue.merge_papers(papers[0], papers[0], reason="Same.")


def test_unmerging_stamps_the_libraries_once(keep, other, talk, administrator):
    merged = merge(keep, other)
    before = Club.objects.get(slug="ml").version
    back = catalogue.unmerge(merged, by=administrator)
    assert Club.objects.get(slug="ml").version == before + 1
    keep.refresh_from_db()
    assert back.version == keep.version


def test_everybodys_paper_stays_before_a_clubs(club, source, other):
    """Else the kept one would be private again once the merge is taken back, and others would lose it."""
    [said] = catalogue.add_records(make_source(club=club, kind="upload"), [make_record("Ours", key="o")])
    late = make_paper("Late", source=source, key="late", identifiers=(ARXIV,))
    uploads = SourceRecord.objects.get(paper=said.paper_id).source
    [outcome] = catalogue.add_records(uploads, [make_record("Ours", key="o", identifiers=(ARXIV,))])
    assert outcome.change == Change.UPDATED
    assert Paper.objects.filter(pk=late.pk).exists()


ACTS = (
    "promote",
    "demote",
    "withdraw",
    "offer",
    "unoffer",
    "tag",
    "untag",
    "comment",
    "answer",
    "suggest",
    "drop",
    "skip",
)
acts = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 1), st.integers(0, 1), st.integers(0, 2)), max_size=14
)


def perform(told, papers, clubs, people):
    """Let a member of a club do something with one of the papers that there are."""
    for act, of_paper, in_club, by in told:
        paper, club, who = papers[of_paper % len(papers)], clubs[in_club], people[in_club][by]
        if act == "skip":
            reading_list.skip(club, paper, by=who)
            continue
        entry = reading_list.note(club, paper)
        first = entry.comments.order_by("pk").first()
        match act:
            case "promote" | "demote":
                reading_list.cast_vote(entry, value=1 if act == "promote" else -1, by=who)
            case "withdraw":
                reading_list.withdraw_vote(entry, by=who)
            case "offer":
                reading_list.volunteer(entry, by=who)
            case "unoffer":
                reading_list.withdraw_offer(entry, by=who)
            case "tag":
                reading_list.tag(entry, name=f"tag-{by}", by=who)
            case "untag":
                reading_list.untag(entry, name=f"tag-{by}", by=who)
            case "comment":
                discussion.post_comment(entry, text="Hm.", by=who)
            case "answer" if first is not None:
                discussion.post_comment(entry, text="Indeed.", by=who, parent=first)
            case "suggest":
                reading_list.suggest(entry, by=who)
            case "drop":
                reading_list.drop(entry, by=who)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=acts, since=acts, swapped=st.booleans())
def test_whatever_was_done_before_and_since(club, other_club, administrator, before, since, swapped):
    """Without acts since it is as if there had been no merge; with some, nothing is lost and every total is right."""
    with transaction.atomic():
        source, cache.version = make_source(), cache.version + 1
        papers = [make_paper(title, source=source, listed=DAY) for title in ("One", "Two")]
        clubs = [club, other_club]
        people = [[make_user(club=each) for _ in range(3)] for each in clubs]
        perform(before, papers, clubs, people)
        keep, other = reversed(papers) if swapped else papers
        as_it_was = picture()
        merged = merge(keep, other)
        check_totals()
        perform(since, [keep], clubs, people)
        comments = Comment.objects.count()
        catalogue.unmerge(merged, by=administrator)
        check_totals()
        assert Comment.objects.count() == comments
        if not since:
            assert picture() == as_it_was
        transaction.set_rollback(True)


def check_totals():
    """Totals equal what they count, and a comment answers one of its own entry (invariant 5)."""
    for entry in Entry.objects.all():
        assert entry.promotions == entry.votes.filter(value=1).count()
        assert entry.demotions == entry.votes.filter(value=-1).count()
        assert entry.comment_count == entry.comments.filter(removed_at=None).count()
    assert not Comment.objects.exclude(parent=None).exclude(parent__entry=F("entry")).exists()


def test_a_club_s_own_paper_goes_into_the_one_that_its_record_names_later(source, club, organiser):
    """A feed tells the DOI only when there is one. Nothing without a record is left behind, and all can be undone."""
    public = make_paper("Light", source=source, identifiers=(DOI,))
    feed = make_source(club=club, kind="feed")
    own = make_paper("Our light", source=feed, key="rss:1")
    assert own.private_to == club
    catalogue.add_records(feed, [make_record("Our light", key="rss:1", identifiers=(DOI,))])
    assert list(Paper.objects.all()) == [public]
    back = catalogue.unmerge(MergedPaper.objects.get(), by=organiser)
    assert (back.pk, back.title) == (own.pk, "Our light")


def test_a_paper_without_a_record_comes_back_to_its_club_alone(source, club, keep, organiser):
    own = make_paper("Our light", source=make_source(club=club))
    SourceRecord.objects.filter(paper=own).update(paper=keep)
    merged = merge(keep, own)
    assert catalogue.unmerge(merged, by=organiser).private_to == club


@pytest.mark.parametrize("value", [None, 1, -1])
def test_the_last_of_several_merges_is_taken_back_first(
    source, club, other_club, keep, other, member, organiser, outsider, administrator, value
):
    """Else a vote that gave way twice would be lost."""
    third, fourth = (make_paper(title, source=source) for title in ("Third", "Fourth"))
    if value is not None:
        reading_list.cast_vote(reading_list.note(club, keep), value=value, by=member)
    for paper in (third, other):
        entry = reading_list.note(club, paper)
        reading_list.cast_vote(entry, value=1 if paper == other else -1, by=member)
        reading_list.volunteer(entry, by=organiser)
        reading_list.tag(entry, name="theory", by=member)
    reading_list.cast_vote(reading_list.note(other_club, fourth), value=1, by=outsider)
    before = picture()
    first, second, of_others = merge(keep, other), merge(keep, third), merge(keep, fourth)
    with pytest.raises(Refused, match="later"):
        catalogue.unmerge(first, by=administrator)
    for merged in (second, first, of_others):
        catalogue.unmerge(merged, by=administrator)
    assert picture() == before
