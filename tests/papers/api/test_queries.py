"""What a list costs: the same for 2 rows as for 50."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers import discussion, reading_list
from papers.catalogue import add_records
from papers.identifiers import parse
from papers.models import Catalogue, Import, Listing, Paper, Part, RejectedRecord, Vote
from papers.versions import stamp
from tests import factories

from .conftest import make_script

pytestmark = pytest.mark.django_db

# Every script pays for its token with its person, and for the clubs it is limited to.
TOKEN = 2
# Finding the club of the address.
CLUB = 1

COSTS = [
    # My clubs (for the ETag); the catalogue's version; papers; identifiers; records of those in two forms.
    ("/api/v1/papers/", TOKEN + 5),
    ("/api/v1/papers/?since=0", TOKEN + 5),
    # The version; tombstones. No club matters.
    ("/api/v1/deleted/", TOKEN - 1 + 2),
    # Sources with their clubs.
    ("/api/v1/sources/", TOKEN + 1),
    # My clubs; the version; listings.
    ("/api/v1/listings/", TOKEN + 3),
    # The listing; its items.
    ("/api/v1/listings/{listing}/", TOKEN + 2),
    ("/api/v1/listings/{listing}/items/", TOKEN + 2),
    ("/api/v1/imports/", TOKEN + 1),
    # The import; its rejections.
    ("/api/v1/imports/{run}/rejections/", TOKEN + 2),
    # My roles; clubs.
    ("/api/v1/clubs/", TOKEN + 2),
    # Whether there are any; the parts.
    ("/api/v1/clubs/ml/parts/", TOKEN + CLUB + 2),
    # My role; members with their names.
    ("/api/v1/clubs/ml/members/", TOKEN + CLUB + 2),
    # Entries; promoters; my votes; offers; tags; my role.
    ("/api/v1/clubs/ml/entries/", TOKEN + CLUB + 6),
    ("/api/v1/clubs/ml/entries/?since=0", TOKEN + CLUB + 6),
    # The same, the sessions, the ranking, what the filters leave.
    ("/api/v1/clubs/ml/entries/?order=rank", TOKEN + CLUB + 9),
    # The entry; its changes; my role (and my clubs, by the same query).
    ("/api/v1/clubs/ml/entries/{entry}/history/", TOKEN + CLUB + 3),
    # My role; votes with their entries and members.
    ("/api/v1/clubs/ml/votes/", TOKEN + CLUB + 2),
    ("/api/v1/clubs/ml/comments/", TOKEN + CLUB + 1),
    ("/api/v1/clubs/ml/deleted/", TOKEN + CLUB + 1),
    # The entry; its comments with their authors.
    ("/api/v1/clubs/ml/entries/{entry}/comments/", TOKEN + CLUB + 2),
    # The comment; its revisions.
    ("/api/v1/clubs/ml/entries/{entry}/comments/{comment}/history/", TOKEN + CLUB + 2),
    # What nothing has happened to: no row is read.
    ("/api/v1/papers/ in step", TOKEN - 1 + 1),
    ("/api/v1/clubs/ml/entries/ in step", TOKEN + CLUB),
]


def fill(number, club, source):
    """Make `number` rows of everything, with all that hangs on them."""
    records = [
        factories.make_record(identifiers=(parse(f"2504.{10000 + each}"), parse(f"doi:10.1000/{each}")))
        for each in range(number)
    ]
    add_records(source, records, listed=date(2025, 4, 25))
    papers = list(Paper.objects.all())
    people = [factories.make_user(club=club) for _ in range(number)]
    entries = [reading_list.note(club, paper) for paper in papers]
    for entry, person in zip(entries, people, strict=True):
        reading_list.cast_vote(entry, value=1, by=person)
        reading_list.volunteer(entry, by=person)
        reading_list.tag(entry, name=f"tag-{person.pk}", by=person)
        comment = discussion.post_comment(entries[0], text="Why?", by=person)
        discussion.edit_comment(comment, text="Why not?", by=person)
        run = Import.objects.create(source=source, club=club, input_name="a.txt")
        RejectedRecord.objects.create(run=run, number=1, place="line 1", reason="No title.")
        factories.make_source()
        factories.make_club(is_public=True)
    Part.objects.bulk_create(Part(club=club, name=f"part {each}", version=1) for each in range(number))
    listing = source.listings.get()
    for each in range(1, number):
        Listing.objects.create(source=source, date=date(2025, 4, 25) - timedelta(each))
    run = Import.objects.latest("pk")
    for each in range(2, number + 1):
        RejectedRecord.objects.create(run=run, number=each, place="line", reason="No title.")
    stamp(Catalogue.objects.get(), deleted=[(Paper, 10**6 + each) for each in range(number)])
    stamp(club, deleted=[(Vote, 10**6 + each) for each in range(number)])
    return {
        "listing": listing.pk,
        "run": run.pk,
        "entry": entries[0].pk,
        "comment": entries[0].comments.first().pk,
    }


@pytest.mark.parametrize("number", [2, 50])
def test_queries_do_not_depend_on_the_number_of_rows(number, club, source, member):
    places = fill(number, club, source)
    script = make_script(member)
    script.get("/api/v1/clubs/")  # the first use of a token is noted
    found = []
    for address, _queries in COSTS:
        path, _, is_in_step = address.format(**places).partition(" ")
        headers = {}
        if is_in_step:
            version = script.get(path).headers["Last-Modified-Version"]
            headers = {"HTTP_IF_MODIFIED_SINCE_VERSION": version}
        with CaptureQueriesContext(connection) as queries:
            answer = script.get(path, **headers)
        found.append((address, len(queries)))
        if is_in_step:
            assert answer.status_code == 304
        elif "history" not in address or ("comments" not in address and number < 3):
            rows = answer.json().get("results", answer.json().get("items"))
            assert len(rows) >= number - 1, address
    assert found == COSTS
