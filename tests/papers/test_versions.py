"""The sync number: it rises with every change, stands on what changed, and tombstones tell what is gone."""

import pytest
from django.db import connection, transaction

from papers import discussion, reading_list, versions
from papers.models import Catalogue, Comment, Entry, Tagging, Tombstone, Volunteer, Vote
from tests import factories
from tests.papers.test_reading_list import run_together

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(club, source):
    return reading_list.note(club, factories.make_paper(source=source))


def version_of(club):
    club.refresh_from_db()
    return club.version


def graves(club):
    return set(Tombstone.objects.filter(club=club).values_list("kind", "object_id", "version"))


@pytest.mark.parametrize(
    "act",
    [
        lambda entry, by: reading_list.cast_vote(entry, value=1, by=by),
        lambda entry, by: reading_list.cast_vote(entry, value=-1, by=by),
        lambda entry, by: reading_list.volunteer(entry, by=by),
        lambda entry, by: reading_list.suggest(entry, by=by),
        lambda entry, by: reading_list.tag(entry, name="x", by=by),
        lambda entry, by: reading_list.drop(entry, by=by),
        lambda entry, by: discussion.post_comment(entry, text="Read it.", by=by).entry,
    ],
    ids=["promote", "demote", "volunteer", "suggest", "tag", "drop", "comment"],
)
def test_every_act_raises_the_number_once_and_writes_it_on_its_rows(club, entry, member, act):
    before = version_of(club)
    act(entry, member)
    now = version_of(club)
    assert now == before + 1
    entry.refresh_from_db()
    assert entry.version == now
    rows = [
        *Vote.objects.filter(entry=entry),
        *Volunteer.objects.filter(entry=entry),
        *Tagging.objects.filter(entry=entry),
        *Comment.objects.filter(entry=entry),
    ]
    assert {row.version for row in rows} <= {now}
    act(entry, member)  # again: only another comment is another change
    assert version_of(club) == now + (1 if Comment.objects.exists() else 0)


def test_a_changed_promotion_is_a_new_row_and_leaves_a_tombstone(club, entry, member):
    reading_list.cast_vote(entry, value=1, by=member)
    old = Vote.objects.get()
    reading_list.cast_vote(entry, value=-1, by=member)
    new = Vote.objects.get()
    assert new.pk != old.pk and new.version == version_of(club)
    assert graves(club) == {("vote", old.pk, club.version)}


def test_a_demotion_leaves_no_tombstone(club, entry, member):
    reading_list.cast_vote(entry, value=-1, by=member)
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.withdraw_vote(entry, by=member)
    reading_list.cast_vote(entry, value=-1, by=member)
    reading_list.withdraw_vote(entry, by=member)
    assert [kind for kind, _, _ in graves(club)] == ["vote"]  # of the one promotion


def test_offers_and_tags_leave_tombstones(club, entry, member):
    reading_list.volunteer(entry, by=member)
    reading_list.tag(entry, name="x", by=member)
    offer, tagging = Volunteer.objects.get().pk, Tagging.objects.get().pk
    reading_list.withdraw_offer(entry, by=member)
    reading_list.untag(entry, name="x", by=member)
    now = version_of(club)
    assert graves(club) == {("volunteer", offer, now - 1), ("tagging", tagging, now)}
    entry.refresh_from_db()
    assert entry.version == now


def test_tombstones_stay_in_their_club(club, other_club, source, member, outsider):
    paper = factories.make_paper(source=source)
    for where, who in ((club, member), (other_club, outsider)):
        reading_list.cast_vote(reading_list.note(where, paper), value=1, by=who)
    reading_list.withdraw_vote(Entry.objects.get(club=club), by=member)
    assert len(graves(club)) == 1 and not graves(other_club)
    assert Tombstone.objects.exclude(club=None).count() == 1


def test_an_act_that_fails_leaves_the_number_alone(club, entry, member):
    before = version_of(club)
    with pytest.raises(RuntimeError), transaction.atomic():
        reading_list.cast_vote(entry, value=1, by=member)
        raise RuntimeError
    assert version_of(club) == before and not Vote.objects.exists()


def test_stamp_gives_all_rows_one_number(club, source):
    entries = [reading_list.note(club, factories.make_paper(source=source)) for _ in range(3)]
    number = versions.stamp(club, entries, deleted=[(Vote, 1), (Vote, 2)])
    assert {row.version for row in Entry.objects.all()} == {number} == {row.version for row in entries}
    assert graves(club) == {("vote", 1, number), ("vote", 2, number)}


def test_the_catalogue_has_a_number_of_its_own(club, source):
    before = Catalogue.objects.get().version
    paper = factories.make_paper(source=source)
    now = Catalogue.objects.get().version
    assert now > before and paper.version == now
    assert version_of(club) == 0


@pytest.mark.django_db(transaction=True)
def test_numbers_rise_strictly_and_none_is_given_twice(club, source):
    people = [factories.make_user(club=club) for _ in range(6)]
    entries = [reading_list.note(club, factories.make_paper(source=source)) for _ in range(6)]
    start = version_of(club)

    def act(person, entry):
        return [reading_list.cast_vote(entry, value=value, by=person).version for value in (1, -1, 1)]

    given = run_together(
        *[lambda person=person, entry=entry: act(person, entry)
          for person, entry in zip(people, entries, strict=True)]
    )  # fmt: skip
    for numbers in given:
        assert numbers == sorted(set(numbers))
    assert sorted(number for numbers in given for number in numbers) == list(range(start + 1, start + 19))
    assert version_of(club) == start + 18


@pytest.mark.django_db(transaction=True)
def test_a_number_is_visible_only_after_all_smaller_ones(club, source):
    """The stamp holds the club's row until the commit: a later number cannot come out first."""
    entry = reading_list.note(club, factories.make_paper(source=source))
    with transaction.atomic():
        versions.stamp(club, [entry])

        def try_stamp():
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
                versions.stamp(club)

        with pytest.raises(Exception, match="lock timeout"):
            run_together(try_stamp)
