"""“v3 since you discussed it”: whoever voted, commented or offered is told of a newer revision."""

from dataclasses import replace

import pytest

from papers import catalogue, discussion, reading_list, triage
from papers.identifiers import Identifier
from papers.models import Paper
from tests.factories import make_paper, make_record
from tests.papers.api.conftest import make_script

pytestmark = pytest.mark.django_db

ARXIV = Identifier("arxiv", "2504.00001")
FIRST = make_record("In motion", key="a", identifiers=(ARXIV,), revision=1)


@pytest.fixture
def entry(source, club):
    catalogue.add_records(source, [FIRST])
    return reading_list.note(club, Paper.objects.get())


def revise(source, revision):
    catalogue.add_records(source, [replace(FIRST, revision=revision)])


def told(person, club):
    view = triage.Viewpoint(person, club, club, [club.pk], [club.pk])
    [row] = triage.load_rows(view, triage.load_ranks_of(view, [Paper.objects.get().pk]))
    return row.since


def seen(person, entry):
    return make_script(person).get(f"/api/v1/clubs/ml/entries/{entry.pk}/").json()["revision_seen"]


def test_those_concerned_are_told_and_no_others(source, club, entry, member, organiser, owner, administrator):
    discussion.post_comment(entry, text="Why?", by=member)
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.cast_vote(entry, value=-1, by=organiser)
    assert told(member, club) == ""
    revise(source, 3)
    assert told(member, club) == "v3 since you discussed it (v1)"
    assert told(organiser, club) == "v3 since you voted (v1)"
    assert told(owner, club) == told(administrator, club) == ""
    reading_list.volunteer(entry, by=owner)
    assert told(owner, club) == ""
    revise(source, 4)
    assert told(owner, club) == "v4 since you offered to present it (v3)"
    assert (seen(member, entry), seen(organiser, entry), seen(owner, entry)) == (1, 1, 3)


def test_whoever_acts_on_the_new_one_knows_it(source, club, entry, member):
    reading_list.cast_vote(entry, value=1, by=member)
    assert seen(member, entry) == 1
    revise(source, 2)
    discussion.post_comment(entry, text="Better.", by=member)
    assert (told(member, club), seen(member, entry)) == ("", 2)


def test_what_was_taken_back_tells_nothing(source, club, entry, member):
    comment = discussion.post_comment(entry, text="Why?", by=member)
    reading_list.cast_vote(entry, value=1, by=member)
    discussion.remove_comment(comment, by=member)
    reading_list.withdraw_vote(entry, by=member)
    revise(source, 2)
    assert (told(member, club), seen(member, entry)) == ("", None)


def test_a_paper_without_revisions_tells_nothing(source, club, member):
    paper = make_paper("Still", source=source)
    entry = reading_list.note(club, paper)
    discussion.post_comment(entry, text="Why?", by=member)
    assert (told(member, club), seen(member, entry)) == ("", None)


def test_it_shows_on_the_list_and_on_the_papers_page(client, source, club, entry, member):
    reading_list.suggest(entry, by=member)
    discussion.post_comment(entry, text="Why?", by=member)
    revise(source, 2)
    client.force_login(member)
    for address in ("/clubs/ml/list/", f"/clubs/ml/papers/{entry.paper_id}"):
        page = client.get(address).content.decode()
        assert '<span class="new">v2 since you discussed it (v1)</span>' in page


def test_it_goes_with_a_merge_and_back(source, club, entry, member, administrator):
    discussion.post_comment(entry, text="Why?", by=member)
    keep = make_paper("Still in motion", source=source)
    catalogue.merge_papers(keep, entry.paper, reason="The same.")
    revise(source, 2)
    assert told(member, club) == "v2 since you discussed it (v1)"
