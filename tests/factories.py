"""The smallest valid rows."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

from accounts.models import Club, Membership, Role, User
from papers import catalogue, reading_list
from papers.identifiers import Identifier
from papers.models import AgendaItem, Listing, Paper, Question, Session, Source
from papers.records import Rank, Record

_numbers = count(1)


def make_user(name="", *, club=None, role=Role.MEMBER, **extra):
    number = next(_numbers)
    user = User.objects.create_user(
        extra.pop("email", f"{(name or 'user').split()[0].lower()}{number}@example.org"),
        "reading-list",
        name=name or f"User {number}",
        **extra,
    )
    if club is not None:
        Membership.objects.create(club=club, user=user, role=role)
    return user


def make_club(slug="", **extra):
    slug = slug or f"club-{next(_numbers)}"
    return Club.objects.create(slug=slug, name=extra.pop("name", slug.title()), **extra)


def make_source(*, club=None, kind=Source.Kind.HUGGING_FACE, followers=()):
    number = next(_numbers)
    source = Source.objects.create(slug=f"source-{number}", name=f"Source {number}", kind=kind, club=club)
    source.followers.add(*followers)
    return source


def make_identifier(value, scheme="arxiv"):
    return Identifier(scheme, value)


def make_record(title="", **facts):
    number = next(_numbers)
    facts.setdefault("key", f"key-{number}")
    facts.setdefault("rank", Rank.AGGREGATOR)
    return Record(title=title or f"A paper about matter {number}", **facts)


def make_paper(title="", *, source=None, listed=None, **facts):
    """A paper that came through the door of the catalogue; with `listed`, in the source's listing of that day."""
    source = source or Source.objects.filter(club=None).first() or make_source()
    [outcome] = catalogue.add_records(source, [make_record(title, **facts)], listed=listed)
    return Paper.objects.get(pk=outcome.paper_id)


def make_listing(*, source=None, day=date(2025, 4, 25), number=3):
    """A day's listing of `number` papers."""
    source = source or make_source()
    records = [
        make_record(f"Listed paper {index} of {source.slug}", abstract="Short. " * 5)
        for index in range(number)
    ]
    catalogue.add_records(source, records, listed=day)
    return Listing.objects.get(source=source, date=day)


def make_session(club, starts=None, *, minutes=60, lock_hours=48, state=Session.State.OPEN, **extra):
    """A session of a club, open and in a week unless told otherwise; one that is closed was locked on time."""
    starts = starts or datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=7)
    extra.setdefault("time_zone", club.time_zone)
    extra.setdefault("lock_at", starts - timedelta(hours=lock_hours))
    session = Session(club=club, state=state, **extra)
    session.set_time(starts, minutes)
    if state in {Session.State.LOCKED, Session.State.HELD}:
        session.locked_at = session.locked_at or session.lock_at
    if state == Session.State.CANCELLED:
        session.cancelled_at = session.cancelled_at or session.created
    session.save()
    return session


def make_item(session, entry=None, *, title="", minutes=30, **extra):
    """A point at the end of a session's agenda: an entry, or a topic."""
    last = session.agenda.order_by("-position").first()
    return AgendaItem.objects.create(
        session=session,
        entry=entry,
        title=title or ("" if entry else "News"),
        position=last.position + 1 if last else 1,
        minutes=minutes,
        **extra,
    )


def make_talk(club, weeks=1, title="", *, state=Session.State.LOCKED, **paper):
    """A session in so many weeks with one paper, whose votes are closed; its item is returned."""
    starts = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(weeks=weeks)
    entry = reading_list.note(club, make_paper(title, **paper))
    return make_item(make_session(club, starts, state=state), entry)


def make_question(session, *, text="", votes=0, **extra):
    """A question of nobody who is still there."""
    return Question.objects.create(
        session=session, text=text or f"Question {next(_numbers)}?", vote_count=votes, **extra
    )
