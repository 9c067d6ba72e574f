"""Keeping in step: one number, nothing missed, nothing repeated; conditional reads and writes."""

import random
import threading

import pytest
from django.db import connection

from accounts.models import Club
from papers import discussion, reading_list
from papers.catalogue import Refused, merge_papers, unmerge
from papers.models import Catalogue, Comment, Entry, MergedPaper, Paper, Vote
from papers.versions import stamp
from tests import factories

from .conftest import make_script

pytestmark = pytest.mark.django_db

ENTRIES = "/api/v1/clubs/ml/entries/"


def walk(script, address, between=lambda: None):
    """Read a list to its end as the contract says; return its rows and the first page's number."""
    answer = script.get(address)
    number = int(answer.headers["Last-Modified-Version"])
    rows = answer.json()["results"]
    while link := answer.json()["next"]:
        between()
        answer = script.get(link)
        assert answer.status_code == 200, answer.content
        rows += answer.json()["results"]
    return rows, number


class Mirror:
    """A script that keeps one number for each list of a club, and a copy of its rows."""

    def __init__(self, script, base="/api/v1/clubs/ml/", lists=("entries", "votes", "comments")):
        self.script, self.base = script, base
        self.numbers = dict.fromkeys([*lists, "deleted"], 0)
        self.rows = {name: {} for name in lists}
        self.given = []

    def sync(self, between=lambda: None):
        for name, rows in self.rows.items():
            found, number = walk(
                self.script, f"{self.base}{name}/?since={self.numbers[name]}&limit=3", between
            )
            self.numbers[name] = number
            for row in found:
                self.given.append((name, row["id"], row["version"]))
                rows[row["id"]] = row
        gone, self.numbers["deleted"] = walk(
            self.script, f"{self.base}deleted/?since={self.numbers['deleted']}&limit=3"
        )
        for row in gone:
            lists = {"paper": "papers", "entry": "entries", "vote": "votes", "part": "parts"}
            self.rows.get(lists.get(row["kind"], ""), {}).pop(row["id"], None)


@pytest.fixture
def papers(source):
    return [factories.make_paper(source=source) for _ in range(8)]


@pytest.fixture
def people(club):
    return [factories.make_user(f"Member {number}", club=club) for number in range(4)]


def act_at_random(chance, club, papers, people):
    who, entry = chance.choice(people), reading_list.note(club, chance.choice(papers))
    match chance.randrange(8):
        case 0 | 1:
            reading_list.cast_vote(entry, value=1, by=who)
        case 2:
            reading_list.cast_vote(entry, value=-1, by=who)
        case 3:
            reading_list.withdraw_vote(entry, by=who)
        case 4:
            reading_list.volunteer(entry, by=who)
        case 5:
            reading_list.tag(entry, name=chance.choice(["theory", "vision"]), by=who)
        case 6:
            comment = discussion.post_comment(entry, text="Hm.", by=who)
            discussion.edit_comment(comment, text="Hm?", by=who)
        case 7:
            reading_list.withdraw_offer(entry, by=who)


@pytest.mark.parametrize("seed", range(3))
def test_mirror_equals_the_server_whatever_happens_meanwhile(seed, club, papers, people):
    chance = random.Random(seed)
    script = make_script(people[0])
    mirror = Mirror(script)
    for _round in range(5):
        for _act in range(6):
            act_at_random(chance, club, papers, people)
        mirror.sync(between=lambda: act_at_random(chance, club, papers, people))
    mirror.sync()
    for name, rows in mirror.rows.items():
        found, _number = walk(script, f"/api/v1/clubs/ml/{name}/?limit=3")
        assert rows == {row["id"]: row for row in found}
    assert len(mirror.given) == len(set(mirror.given)), "a row came twice in the same state"
    assert set(mirror.rows["votes"]) == set(Vote.objects.filter(value=1).values_list("pk", flat=True))
    assert set(mirror.rows["comments"]) == set(Comment.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    "seed", [0, 17, 23, 30]
)  # the first three found votes that still told of the old paper
def test_mirrors_equal_the_server_while_papers_are_merged_and_parted(
    seed, club, papers, people, administrator
):
    chance = random.Random(seed)
    script = make_script(people[0])
    of_club, of_catalogue = Mirror(script), Mirror(script, "/api/v1/", ("papers",))

    def act():
        merged = chance.choice([*MergedPaper.objects.order_by("pk"), None])
        there = list(Paper.objects.order_by("pk"))
        try:
            if merged is not None and chance.randrange(3) == 0:
                unmerge(merged, by=administrator)
            elif len(there) > 3 and chance.randrange(2):
                merge_papers(*chance.sample(there, 2), reason="The same.", by=administrator)
            else:
                act_at_random(chance, club, there, people)
        except Refused:  # merged into what was merged since
            pass

    for _round in range(6):
        for _act in range(5):
            act()
        of_club.sync(between=act)
        of_catalogue.sync(between=act)
    for mirror in (of_club, of_catalogue):
        mirror.sync()
        for name, rows in mirror.rows.items():
            found, _number = walk(script, f"{mirror.base}{name}/?limit=3")
            assert rows == {row["id"]: row for row in found}


def test_walk_without_since_skips_nothing_when_rows_change_meanwhile(script, club, papers, member):
    entries = [reading_list.note(club, paper) for paper in papers]
    changes = iter(reversed(entries))

    def change():
        if entry := next(changes, None):
            reading_list.cast_vote(entry, value=1, by=member)

    rows, _number = walk(script, f"{ENTRIES}?limit=2", between=change)
    assert {row["id"] for row in rows} == {entry.pk for entry in entries}
    assert len({(row["id"], row["version"]) for row in rows}) == len(rows)


def test_every_page_answers_with_the_number_of_the_first(script, club, papers, member):
    entries = [reading_list.note(club, paper) for paper in papers]
    for query in ("", "since=0&"):
        first = script.get(f"{ENTRIES}?{query}limit=2")
        reading_list.cast_vote(entries[0], value=1, by=member)
        second = script.get(first.json()["next"])
        assert second.headers["Last-Modified-Version"] == first.headers["Last-Modified-Version"]
        reading_list.withdraw_vote(entries[0], by=member)


def test_since_gives_only_what_changed(script, club, papers, member):
    entries = [reading_list.note(club, paper) for paper in papers]
    _rows, number = walk(script, ENTRIES)
    assert walk(script, f"{ENTRIES}?since={number}")[0] == []
    reading_list.cast_vote(entries[3], value=1, by=member)
    rows, later = walk(script, f"{ENTRIES}?since={number}")
    assert [row["id"] for row in rows] == [entries[3].pk]
    assert later > number
    assert rows[0]["version"] == later


def test_what_happens_in_one_club_moves_no_other_library(script, club, other_club, papers, member):
    before = Catalogue.objects.get().version, Club.objects.get(slug="bio").version
    reading_list.cast_vote(reading_list.note(club, papers[0]), value=1, by=member)
    assert (Catalogue.objects.get().version, Club.objects.get(slug="bio").version) == before


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/papers/",
        "/api/v1/listings/",
        "/api/v1/deleted/",
        ENTRIES,
        "/api/v1/clubs/ml/votes/",
        "/api/v1/clubs/ml/comments/",
        "/api/v1/clubs/ml/deleted/",
    ],
)
def test_since_above_the_present_is_gone_and_garbage_an_error(script, entry, address):
    gone = script.get(f"{address}?since=1000000")
    assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    for garbage in ("-1", "x", "", "1.5", "9" * 30, "1%00", "٣"):
        answer = script.get(f"{address}?since={garbage}")
        assert answer.status_code == 400, garbage
        assert answer.json()["errors"][0]["field"] == "since"


def test_cursor_from_before_a_restore_is_gone(script, club, papers):
    for paper in papers:
        reading_list.note(club, paper)
    link = script.get(f"{ENTRIES}?since=0&limit=2").json()["next"]
    Club.objects.filter(pk=club.pk).update(version=1)
    assert script.get(link).status_code == 410


def test_deletions_are_listed(script, entry, organiser):
    number = int(script.get(ENTRIES).headers["Last-Modified-Version"])
    vote = Vote.objects.get()
    reading_list.withdraw_vote(entry, by=organiser)
    rows, later = walk(script, f"/api/v1/clubs/ml/deleted/?since={number}")
    assert rows == [{"kind": "vote", "id": vote.pk, "version": later}]
    assert walk(script, f"/api/v1/clubs/ml/deleted/?since={later}")[0] == []


@pytest.mark.parametrize(
    "address", ["/api/v1/papers/", ENTRIES, "/api/v1/clubs/ml/votes/", "/api/v1/clubs/ml/deleted/"]
)
def test_list_is_304_for_who_is_in_step(script, entry, address):
    number = script.get(address).headers["Last-Modified-Version"]
    answer = script.get(address, HTTP_IF_MODIFIED_SINCE_VERSION=number)
    assert (answer.status_code, answer.content, answer.headers["Last-Modified-Version"]) == (304, b"", number)
    behind, ahead = str(int(number) - 1), str(int(number) + 1)
    assert script.get(address, HTTP_IF_MODIFIED_SINCE_VERSION=behind).status_code == 200
    # From before a restore, say: it proves nothing.
    assert script.get(address, HTTP_IF_MODIFIED_SINCE_VERSION=ahead).status_code == 200
    assert script.get(address, HTTP_IF_MODIFIED_SINCE_VERSION="soon").status_code == 400


def test_row_is_304_for_who_has_its_version(script, entry, listing):
    for address in (
        f"{ENTRIES}{entry.pk}/",
        f"/api/v1/papers/{entry.paper_id}/",
        f"/api/v1/listings/{listing.pk}/",
        "/api/v1/clubs/ml/",
    ):
        number = script.get(address).headers["Last-Modified-Version"]
        assert script.get(address, HTTP_IF_MODIFIED_SINCE_VERSION=number).status_code == 304
        assert script.get(address, HTTP_IF_MODIFIED_SINCE_VERSION=str(int(number) + 5)).status_code == 304
        assert script.get(address, HTTP_IF_MODIFIED_SINCE_VERSION="0").status_code == 200


def test_write_on_a_stale_row_is_refused_and_changes_nothing(script, entry, member, organiser):
    comment = discussion.post_comment(entry, text="Why?", by=member)
    seen = Entry.objects.get().version
    tagged = reading_list.tag(entry, name="theory", by=organiser)
    discussion.edit_comment(comment, text="Why not?", by=member)
    at, comments = f"{ENTRIES}{entry.pk}/", f"{ENTRIES}{entry.pk}/comments/"
    writes = [
        ("put", f"{at}vote/", {"value": 1}),
        ("delete", f"{at}vote/", None),
        ("put", f"/api/v1/clubs/ml/papers/{entry.paper_id}/vote/", {"value": 1}),
        ("delete", f"/api/v1/clubs/ml/papers/{entry.paper_id}/vote/", None),
        ("put", f"{at}volunteer/", None),
        ("delete", f"{at}volunteer/", None),
        ("post", f"{at}tags/", {"name": "vision"}),
        ("delete", f"{at}tags/theory/", None),
        ("post", ENTRIES, {"paper": entry.paper_id}),
        ("post", comments, {"text": "Hm."}),
        ("patch", f"{comments}{comment.pk}/", {"text": "Hm."}),
        ("delete", f"{comments}{comment.pk}/", None),
    ]
    before = Club.objects.get(slug="ml").version
    for method, address, body in writes:
        answer = getattr(script, method)(address, body, HTTP_IF_UNMODIFIED_SINCE_VERSION=str(seen))
        assert (answer.status_code, answer.json()["code"]) == (412, "stale"), (method, address)
    assert Club.objects.get(slug="ml").version == before
    answer = script.put(f"{at}vote/", {"value": 1}, HTTP_IF_UNMODIFIED_SINCE_VERSION=str(tagged.version))
    assert answer.status_code == 200
    assert script.put(f"{at}vote/", {"value": 1}, HTTP_IF_UNMODIFIED_SINCE_VERSION="x").status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/papers/",
        "/api/v1/papers/{paper}/",
        "/api/v1/listings/",
        "/api/v1/sources/",
        "/api/v1/clubs/",
        "/api/v1/clubs/ml/members/",
        ENTRIES,
        ENTRIES + "{entry}/",
    ],
)
def test_etag(script, organisers_script, entry, member, address):
    address = address.format(paper=entry.paper_id, entry=entry.pk)
    answer = script.get(address)
    etag = answer.headers["ETag"]
    for given in (etag, f"W/{etag}", f'"other", {etag}'):
        again = script.get(address, HTTP_IF_NONE_MATCH=given)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert script.get(address, HTTP_IF_NONE_MATCH='"other"').status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in answer.headers["Vary"]


def test_etag_changes_with_the_row_and_with_the_reader(script, organisers_script, entry, member):
    address = f"{ENTRIES}{entry.pk}/"
    etag = script.get(address).headers["ETag"]
    assert organisers_script.get(address).headers["ETag"] != etag
    reading_list.cast_vote(entry, value=1, by=member)
    assert script.get(address, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_etag_of_papers_changes_with_a_paper_and_with_ones_clubs(
    script, outsider, club, listing, private_paper
):
    etag = script.get("/api/v1/papers/").headers["ETag"]
    stranger = make_script(outsider)
    other = stranger.get("/api/v1/papers/").headers["ETag"]
    assert other != etag
    club.memberships.create(user=outsider)
    answer = stranger.get("/api/v1/papers/", HTTP_IF_NONE_MATCH=other)
    assert answer.status_code == 200
    assert private_paper.pk in [row["id"] for row in answer.json()["results"]]
    paper = Paper.objects.first()
    stamp(Catalogue.objects.get(), [paper])
    assert script.get("/api/v1/papers/", HTTP_IF_NONE_MATCH=etag).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_writes_from_the_same_version_one_is_refused(club, listing):
    members = [factories.make_user(f"Racer {number}", club=club) for number in range(4)]
    entry = reading_list.note(club, listing.items.first().paper)
    barrier, answers = threading.Barrier(len(members)), []

    def promote(script):
        barrier.wait()
        try:
            answers.append(
                script.put(
                    f"{ENTRIES}{entry.pk}/vote/",
                    {"value": 1},
                    HTTP_IF_UNMODIFIED_SINCE_VERSION=str(entry.version),
                ).status_code
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=promote, args=[make_script(member)]) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412, 412, 412]
    entry.refresh_from_db()
    assert (entry.promotions, Vote.objects.count()) == (1, 1)
