"""Finding a time: a poll is opened, members say which times they can, an organiser chooses one.

Each verb locks the poll, and stamps it with what changed beneath it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club, User
from papers.models import Attendance, DatePoll, PollAnswer, PollOption, Session
from papers.verbs import verb
from papers.versions import stamp

from . import attendance, sessions
from .refusals import Refused

LEAST_OPTIONS = 2
MOST_OPTIONS = 20
SHARED = ("name", "kind", "minutes", "time_zone", "place", "video_link", "capacity")

Answer = PollAnswer.Answer


class BadOptions(Refused):
    """Times that leave nothing to choose, or too much."""

    field = "options"


class PollClosed(Refused):
    """A time was chosen."""


class NotAnOption(Refused):
    """A time that is not, or no longer, proposed."""


@verb
def open_poll(
    club: Club, *, options: Iterable[datetime], by: User, now: datetime | None = None, **facts: Any
) -> DatePoll:
    """Return a new poll of a club with these times, which are aware; the same time twice is once.

    `facts` are of SHARED. Raises BadOptions, `sessions.BadTime`, and ValidationError for what a field cannot hold.
    """
    now = now or timezone.now()
    facts.setdefault("time_zone", club.time_zone)
    poll = DatePoll(club=club, made_by=by, created=now, **facts)
    poll.full_clean(exclude=["club", "made_by"])
    poll.save()
    _set_options(poll, set(options))
    stamp(club, [poll])
    return poll


@verb
def change_options(poll: DatePoll, *, options: Iterable[datetime], by: User) -> DatePoll:
    """Propose these times and no others; what was said of those that stay, stays. Raises PollClosed, BadOptions."""
    poll = _lock(poll)
    if _set_options(poll, set(options)):
        stamp(poll.club, [poll])
    return poll


@verb
def answer_poll(
    poll: DatePoll, member: User, *, answers: Mapping[int, str], now: datetime | None = None
) -> DatePoll:
    """Keep what a member says of times, {option id: yes, maybe, no, or nothing to take it back}; others stay.

    Raises PollClosed, and NotAnOption.
    """
    poll = _lock(poll)
    now = now or timezone.now()
    options = {option.pk: option for option in poll.options.all()}
    if not set(answers) <= set(options):
        raise NotAnOption(_("One of these times is not proposed any more. Look at the poll again."))
    said = {
        row.option_id: row
        for row in PollAnswer.objects.select_for_update().filter(option__poll=poll, member=member)
    }
    is_changed = False
    for pk, answer in answers.items():
        row = said.get(pk)
        if (row.answer if row else "") == answer:
            continue
        is_changed = True
        if not answer:
            assert row is not None
            row.delete()
            continue
        row = row or PollAnswer(option=options[pk], member=member)
        row.answer, row.answered_at = Answer(answer), now
        row.save()
    if is_changed:
        stamp(poll.club, [poll])
    return poll


@verb
def close_poll(poll: DatePoll, option: PollOption, *, by: User, now: datetime | None = None) -> Session:
    """Choose a time: the session is scheduled, and members' answers to it are whether they come.

    A yes that finds no place becomes a perhaps. Raises PollClosed, NotAnOption.
    """
    poll = _lock(poll)
    now = now or timezone.now()
    chosen = poll.options.filter(pk=option.pk).first()
    if chosen is None:
        raise NotAnOption(_("This time is not proposed any more. Look at the poll again."))
    facts = {name: getattr(poll, name) for name in SHARED}
    session = sessions.schedule_session(poll.club, starts=chosen.starts, by=by, now=now, **facts)
    if session.ends > now:
        for row in chosen.answers.select_related("member").order_by("answered_at", "pk"):
            try:
                attendance.answer(session, row.member, answer=row.answer, now=now)
            except attendance.Full:
                attendance.answer(session, row.member, answer=Attendance.Answer.MAYBE, now=now)
    poll.closed_at, poll.session = now, session
    poll.save(update_fields=["closed_at", "session"])
    stamp(poll.club, [poll])
    return session


@verb
def remove_poll(poll: DatePoll, *, by: User) -> None:
    """Forget a poll; a session that came of it stays."""
    gone = (DatePoll, poll.pk)
    if DatePoll.objects.filter(pk=poll.pk).delete()[0]:
        stamp(poll.club, deleted=[gone])


@dataclass(frozen=True, slots=True)
class Tally:
    """What was said of one time, by whom, in the order in which it was."""

    option: PollOption
    yes: tuple[User, ...]
    maybe: tuple[User, ...]
    no: tuple[User, ...]
    is_best: bool = False

    @property
    def rank(self) -> tuple[int, int, int]:
        """Who can come at all counts first, then who can easily; the more, the smaller."""
        return (-len(self.yes) - len(self.maybe), -len(self.yes), len(self.no))


def load_tallies(poll: DatePoll) -> list[Tally]:
    """Return what was said of each time, earliest first; the best are those that most can make. Two queries."""
    answers = PollAnswer.objects.select_related("member").order_by("answered_at", "pk")
    return tally(poll.options.prefetch_related(Prefetch("answers", answers)).order_by("starts", "pk"))


def tally(options: Iterable[PollOption]) -> list[Tally]:
    """Return the same for options whose answers, and their members, are loaded."""
    found = []
    for option in options:
        said: dict[str, list[User]] = {value: [] for value in Answer.values}
        for row in option.answers.all():
            said[row.answer].append(row.member)
        found.append(Tally(option, tuple(said["yes"]), tuple(said["maybe"]), tuple(said["no"])))
    best = min((each.rank for each in found if each.yes or each.maybe), default=None)
    return [Tally(each.option, each.yes, each.maybe, each.no, is_best=each.rank == best) for each in found]


def _set_options(poll: DatePoll, wanted: set[datetime]) -> bool:
    """Make the times of a poll these; return whether that changed any. Raises BadOptions, `sessions.BadTime`."""
    if not LEAST_OPTIONS <= len(wanted) <= MOST_OPTIONS:
        raise BadOptions(
            _("Propose %(least)d to %(most)d different times.")
            % {"least": LEAST_OPTIONS, "most": MOST_OPTIONS}
        )
    for starts in wanted:
        sessions.check_time(starts)
    there = {option.starts: option for option in poll.options.all()}
    gone = [option.pk for starts, option in there.items() if starts not in wanted]
    new = [PollOption(poll=poll, starts=starts) for starts in sorted(wanted - set(there))]
    PollOption.objects.filter(pk__in=gone).delete()
    PollOption.objects.bulk_create(new)
    return bool(gone or new)


def _lock(poll: DatePoll) -> DatePoll:
    """Return the poll, locked, if it is open still."""
    poll = DatePoll.objects.select_for_update(of=("self",)).select_related("club").get(pk=poll.pk)
    if poll.closed_at is not None:
        raise PollClosed(_("A time was chosen already."))
    return poll
